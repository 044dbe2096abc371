//! Which bytes of a text are of which class, as bit masks.

/// Where the bytes of some classes are.
pub(super) struct Classes<'a> {
    pub(super) digits: &'a mut [u64],
    pub(super) ats: &'a mut [u64],
    /// ASCII letters, digits and `_`.
    pub(super) words: &'a mut [u64],
    /// What escapes begin with: a backslash or a `%`.
    pub(super) marks: &'a mut [u64],
    /// What colour codes end with: an `m` or a `K`, in either case.
    pub(super) ends: &'a mut [u64],
    pub(super) lines: &'a mut [u64],
}

/// The classes of 64 bytes.
#[derive(Default)]
pub(super) struct Class {
    pub(super) digits: u64,
    pub(super) ats: u64,
    pub(super) words: u64,
    pub(super) marks: u64,
    pub(super) ends: u64,
    pub(super) lines: u64,
}

impl Classes<'_> {
    /// The first `count` masks of each, so that the compiler knows all of them to be as long.
    #[inline(always)]
    pub(super) fn first(&mut self, count: usize) -> Classes<'_> {
        Classes {
            digits: &mut self.digits[..count],
            ats: &mut self.ats[..count],
            words: &mut self.words[..count],
            marks: &mut self.marks[..count],
            ends: &mut self.ends[..count],
            lines: &mut self.lines[..count],
        }
    }

    #[inline(always)]
    pub(super) fn set(&mut self, near: usize, class: Class) {
        self.digits[near] = class.digits;
        self.ats[near] = class.ats;
        self.words[near] = class.words;
        self.marks[near] = class.marks;
        self.ends[near] = class.ends;
        self.lines[near] = class.lines;
    }
}
