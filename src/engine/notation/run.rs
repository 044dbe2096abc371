//! Runs of the bytes that identifiers, and numbers, are made of.

use wide::u8x16;

use crate::rules::byteset::{alphanumerics, run_end, run_start, within};

/// What a byte is to an identifier.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing.
    Other,
    /// `_`.
    Line,
    Lower,
    Upper,
    Digit,
    /// Part of a character beyond ASCII.
    Beyond,
}

/// What full-width signs begin with, such as `：` and `，`, and hardly a letter.
pub(super) const WIDE: u8 = 0xEF;

const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Other; 256];
    let mut b = 0;
    while b < 256 {
        kinds[b] = match b as u8 {
            b'_' => Kind::Line,
            b'a'..=b'z' => Kind::Lower,
            b'A'..=b'Z' => Kind::Upper,
            b'0'..=b'9' => Kind::Digit,
            WIDE => Kind::Other,
            0x80.. => Kind::Beyond,
            _ => Kind::Other,
        };
        b += 1;
    }
    kinds
};

impl Kind {
    pub(crate) fn of(b: u8) -> Kind {
        KINDS[usize::from(b)]
    }
}

/// Whether identifiers are made of this byte: ASCII letters, digits, `_`, and all beyond ASCII but what full-width signs
/// begin with.
pub(crate) fn inner(b: u8) -> bool {
    Kind::of(b) != Kind::Other
}

/// Where the digits that go on at `at` end, `most` if they do not before.
pub(crate) fn digits_end(buf: &[u8], at: usize, most: usize) -> usize {
    run_end(buf, at, most, |text| within(text, b'0', b'9'))
}

/// Letters and digits that stand behind each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    Lower,
    Upper,
    /// Letters of both cases, digits.
    Alphanumeric,
}

impl Run {
    /// Where the run that ends at `at` begins, `low` if it does not behind.
    pub(crate) fn start(self, buf: &[u8], low: usize, at: usize) -> usize {
        run_start(buf, low, at, |text| match self {
            Run::Lower => within(text, b'a', b'z'),
            Run::Upper => within(text, b'A', b'Z'),
            Run::Alphanumeric => alphanumerics(text),
        })
    }
}

/// Those that identifiers are made of; beyond ASCII the high bit says it.
#[inline(always)]
fn inners(text: u8x16) -> u8x16 {
    (alphanumerics(text) | within(text, b'_', b'_') | text) & !within(text, WIDE, WIDE)
}

/// Where the run that goes on at `at` ends, `most` if it does not before.
pub(crate) fn end(buf: &[u8], at: usize, most: usize) -> usize {
    run_end(buf, at, most, inners)
}

/// Where the run that ends at `at` begins, `low` if it does not behind.
pub(crate) fn start(buf: &[u8], low: usize, at: usize) -> usize {
    run_start(buf, low, at, inners)
}

#[cfg(test)]
mod tests {
    use super::{Run, digits_end, end, inner, start};
    use proptest::prelude::*;

    proptest! {
        /// Byte by byte gives the same.
        #[test]
        fn runs_are_as_long_as_byte_by_byte(
            text in prop::collection::vec(prop_oneof![8 => prop::sample::select(b"aZ0909_\xC3\xEF\xFF\x80".to_vec()), 1 => any::<u8>()], 0..40),
            at in 0..40usize,
            bound in 0..40usize,
        ) {
            let at = at.min(text.len());
            let most = (at + bound).min(text.len());
            let low = at.saturating_sub(bound);
            let forward = text[at..most].iter().take_while(|b| inner(**b)).count();
            let back = text[low..at].iter().rev().take_while(|b| inner(**b)).count();
            prop_assert_eq!(end(&text, at, most), at + forward);
            prop_assert_eq!(start(&text, low, at), at - back);
            let digits = text[at..most].iter().take_while(|b| b.is_ascii_digit()).count();
            prop_assert_eq!(digits_end(&text, at, most), at + digits);
            for run in [Run::Lower, Run::Upper, Run::Alphanumeric] {
                let has = |b: &&u8| match run {
                    Run::Lower => b.is_ascii_lowercase(),
                    Run::Upper => b.is_ascii_uppercase(),
                    Run::Alphanumeric => b.is_ascii_alphanumeric(),
                };
                let back = text[low..at].iter().rev().take_while(has).count();
                prop_assert_eq!(run.start(&text, low, at), at - back);
            }
        }

        #[test]
        fn each_byte_is_told_by_itself(byte in any::<u8>(), place in 0..8usize) {
            let mut text = [b'a'; 8];
            text[place] = byte;
            prop_assert_eq!(end(&text, 0, 8), if inner(byte) { 8 } else { place });
            text = [b'7'; 8];
            text[place] = byte;
            prop_assert_eq!(digits_end(&text, 0, 8), if byte.is_ascii_digit() { 8 } else { place });
            prop_assert_eq!(Run::Alphanumeric.start(&text, 0, 8), if byte.is_ascii_alphanumeric() { 0 } else { place + 1 });
        }
    }
}
