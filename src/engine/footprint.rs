//! The bytes that an answer follows from.

/// The most bytes before a place that a footprint may have to be remembered, and how many in all.
pub(crate) const BEFORE: usize = 24;
pub(crate) const AROUND: usize = 64;

/// The bytes that a verdict follows from.
#[derive(Clone, Copy)]
pub(crate) struct Footprint {
    /// 0 where it cannot be said.
    pub(crate) from: usize,
    /// Behind the last byte that may be no other.
    pub(crate) to: usize,
    /// Behind the last byte that was looked at. From `to` on each may be another that [`group`] does
    /// not tell from it.
    pub(crate) loose: usize,
    /// At `to` stands a number, and behind it `}`: it may be any of at most [`DIGITS_MAX`] digits.
    pub(crate) number: bool,
}

impl Footprint {
    pub(crate) fn new(from: usize, to: usize) -> Footprint {
        Footprint { from, to, loose: to, number: false }
    }

    /// Whether it can be remembered of a place at `at`. What begins with the block may have been cut there.
    pub(crate) fn fits(&self, at: usize) -> bool {
        self.from > 0 && self.from + BEFORE >= at && self.loose + BEFORE <= at + AROUND
    }

    /// What both have seen.
    pub(crate) fn and(self, other: Footprint) -> Footprint {
        let to = self.to.max(other.to);
        let loose = self.loose.max(other.loose);
        // A number that one of them took for any other must be the last that either looked at.
        let last = |seen: Footprint| !seen.number || seen.to == loose;
        let from = if last(self) && last(other) { self.from.min(other.from) } else { 0 };
        Footprint { from, to, loose, number: self.number || other.number }
    }
}

/// The bits of a byte that tell it from those of other groups. Where all that counts of a byte is that
/// it is no sign, blank or line end, as behind a word in prose, many letters may stand for each other.
pub(crate) const fn group(b: u8) -> u8 {
    match b {
        b'@'..=b'O' | b'`'..=b'o' => 0xF0,
        b'0'..=b'7' | b'P'..=b'W' | b'p'..=b'w' => 0xF8,
        _ => 0xFF,
    }
}
