//! The three or four bytes of a word that the prefilter looks for.

use crate::rules::plan::{Literal, Place, WINDOW};

/// What the prefilter looks for instead of a whole word.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64")),
    allow(dead_code, reason = "for the tables of vector kernels")
)]
pub(super) struct Fingerprint {
    /// The bytes as they are in the word; if there are but three, then a zero.
    pub(super) bytes: [u8; WINDOW],
    /// Three or four.
    pub(super) len: usize,
    pub(super) fold: bool,
    pub(super) place: Place,
}

#[cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64")),
    allow(dead_code, reason = "for the tables of vector kernels")
)]
impl Fingerprint {
    pub(super) fn new(word: &Literal, place: Place) -> Fingerprint {
        let len = word.window_len();
        let mut bytes = [0; WINDOW];
        bytes[..len].copy_from_slice(&word.bytes[usize::from(place.offset)..][..len]);
        Fingerprint { bytes, len, fold: word.fold, place }
    }

    /// The texts of four bytes that it is, a zero behind three: in all cases, if it ignores them.
    pub(super) fn texts(&self) -> impl Iterator<Item = u32> {
        let text = u32::from_le_bytes(self.bytes);
        // Bit 5 is what makes a small letter. That of the fourth byte is in no key.
        let cases = (self.bytes.iter().take(WINDOW - 1).enumerate())
            .filter(|(_, byte)| self.fold && byte.is_ascii_alphabetic())
            .fold(0, |cases, (n, _)| cases | 0x20 << (8 * n));
        subsets(cases).map(move |case| text & !cases | case)
    }

    /// For each of four positions, the bytes it accepts; `None` where it accepts any.
    pub(super) fn accepts(&self) -> [Option<[u8; 2]>; WINDOW] {
        std::array::from_fn(|n| {
            let byte = self.bytes[n];
            (n < self.len).then(|| match self.fold {
                true => [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()],
                false => [byte, byte],
            })
        })
    }
}

/// All choices among the bits of a mask.
fn subsets(mask: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(mask), move |&choice| (choice != 0).then(|| (choice - 1) & mask))
}
