//! Which bytes of a text are of which class, as bit masks, and where by that a word may begin.

use super::bits::MASK;
use crate::rules::plan::BEGIN_BYTES;

/// The classes of 64 bytes; bit `n` of a mask stands for byte `n`.
pub(super) struct Class {
    pub(super) digits: u64,
    pub(super) ats: u64,
    pub(super) lines: u64,
    pub(super) signs: Signs,
}

/// What tells where a word of the text may begin. None of a kernel that leaves that to the comparison: then it is everywhere.
#[derive(Clone, Copy, Default)]
pub(super) struct Signs {
    /// Bytes of literals, digits, letters and `_`; but no letter that a colour code ends with, behind which a word may
    /// begin. (Whether one does the comparison asks, which looks further back.)
    pub(super) words: u64,
    /// What escapes begin with, `\\` and `%`.
    pub(super) marks: u64,
}

impl Signs {
    /// Where a word may begin, by these and those of the mask before.
    #[inline(always)]
    pub(super) fn begins(self, before: Signs) -> u64 {
        self.behind_word(before) | self.behind_mark(before)
    }

    /// The same for a mask by itself: few have marks.
    #[inline(always)]
    pub(super) fn begins_here(self, before: Signs) -> u64 {
        let begins = self.behind_word(before);
        if before.marks | self.marks == 0 { begins } else { begins | self.behind_mark(before) }
    }

    #[inline(always)]
    fn behind_word(self, before: Signs) -> u64 {
        !behind(before.words, self.words, 1)
    }

    #[inline(always)]
    fn behind_mark(self, before: Signs) -> u64 {
        const { assert!(BEGIN_BYTES == 6) };
        let behind = |by| behind(before.marks, self.marks, by);
        behind(2) | behind(3) | behind(4) | behind(5) | behind(6)
    }
}

/// The bits that are `by` further back, of a mask and the one before it.
#[inline(always)]
fn behind(before: u64, mask: u64, by: usize) -> u64 {
    mask << by | before >> (MASK - by)
}

/// The classes of 64 bytes, and what tells where literals begin, as three masks instead of five: those of the bits of
/// each byte's code, the highest first.
#[derive(Clone, Copy)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that makes few masks"))]
pub(super) struct Codes(pub(super) [u64; 3]);

#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that makes few masks"))]
impl Codes {
    /// The code of a byte. No code is zero but that of all other bytes.
    pub(super) const fn of(byte: u8) -> u8 {
        match byte {
            b'0'..=b'9' => 0b110,
            // What a colour code ends with.
            b'm' | b'M' | b'k' | b'K' => 0,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => 0b100,
            b'\n' => 0b010,
            b'@' => 0b001,
            b'\\' | b'%' => 0b011,
            _ => 0,
        }
    }

    #[inline(always)]
    pub(super) fn class(self) -> Class {
        let [literals, second, third] = self.0;
        Class {
            digits: literals & second,
            ats: !literals & !second & third,
            lines: !literals & second & !third,
            signs: self.signs(),
        }
    }

    #[inline(always)]
    pub(super) fn signs(self) -> Signs {
        Signs { words: self.0[0], marks: !self.0[0] & self.0[1] & self.0[2] }
    }
}
