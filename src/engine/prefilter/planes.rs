//! The masks of a kernel that says all of 64 bytes at once.
//!
//! Where a word may begin follows from the bytes before, so such a kernel says where windows may begin if one does,
//! and arithmetic on masks, for which compilers make vectors of eight, does the rest.

use super::classes::Codes;

/// What a kernel says of 64 bytes.
pub(super) struct BitPlanes {
    pub(super) codes: Codes,
    /// Where windows may begin, and where they may if a word begins there.
    pub(super) plain: u64,
    pub(super) begin: u64,
}

/// What it says of each mask of a piece, of the one before and of the one behind it.
pub(super) struct Rows<'a> {
    pub(super) codes: [&'a mut [u64]; 3],
    pub(super) plain: &'a mut [u64],
    pub(super) begin: &'a mut [u64],
}

impl Rows<'_> {
    /// Those of so many masks; what was behind the last piece, or zeros, is before them.
    #[inline(always)]
    pub(super) fn next(&mut self, count: usize) -> Rows<'_> {
        let codes = self.codes.each_mut().map(|row| {
            row[0] = row[row.len() - 2];
            &mut row[..count + 2]
        });
        Rows { codes, plain: &mut self.plain[..count + 2], begin: &mut self.begin[..count + 2] }
    }

    /// Takes what is said of the mask of that number, the first of the piece being one.
    #[inline(always)]
    pub(super) fn set(&mut self, mask: usize, said: BitPlanes) {
        let Codes([first, second, third]) = said.codes;
        self.codes[0][mask] = first;
        self.codes[1][mask] = second;
        self.codes[2][mask] = third;
        self.plain[mask] = said.plain;
        self.begin[mask] = said.begin;
    }

    /// Tells digits, `@`, ends of lines, and where windows begin, in all but the mask before.
    #[inline(always)]
    pub(super) fn tell(&self, digits: &mut [u64], ats: &mut [u64], lines: &mut [u64], windows: &mut [u64]) {
        let count = self.plain.len();
        let (digits, ats, lines, windows) =
            (&mut digits[..count], &mut ats[..count], &mut lines[..count], &mut windows[..count]);
        let [first, second, third] = self.codes.each_ref().map(|row| &row[..count]);
        let (plain, begin) = (&self.plain[..count], &self.begin[..count]);
        for n in 1..count {
            let before = Codes([first[n - 1], second[n - 1], third[n - 1]]);
            let codes = Codes([first[n], second[n], third[n]]);
            let class = codes.class();
            (digits[n], ats[n], lines[n]) = (class.digits, class.ats, class.lines);
            windows[n] = plain[n] | begin[n] & class.signs.begins(before.signs());
        }
    }
}
