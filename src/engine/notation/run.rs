//! Runs of the bytes that identifiers, and numbers, are made of, eight at a time.

use crate::rules::bytes::{HIGH, no_alphanumerics, within};

/// Bytes looked at together.
const WIDTH: usize = size_of::<u64>();

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

const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Other; 256];
    let mut b = 0;
    while b < 256 {
        kinds[b] = match b as u8 {
            b'_' => Kind::Line,
            b'a'..=b'z' => Kind::Lower,
            b'A'..=b'Z' => Kind::Upper,
            b'0'..=b'9' => Kind::Digit,
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

/// Whether identifiers are made of this byte: ASCII letters, digits, `_`, and all beyond ASCII.
pub(crate) fn inner(b: u8) -> bool {
    Kind::of(b) != Kind::Other
}

/// The high bit of each byte that is none of an identifier.
fn others(eight: u64) -> u64 {
    let text = eight & !HIGH;
    no_alphanumerics(eight) & !within(text, b'_', b'_') & !eight
}

/// Where the digits that go on at `at` end, `most` if they do not before.
pub(crate) fn digits_end(buf: &[u8], at: usize, most: usize) -> usize {
    let others = |eight: u64| !(within(eight & !HIGH, b'0', b'9') & !eight) & HIGH;
    forth(buf, at, most, others, |b| b.is_ascii_digit())
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
    fn has(self, b: u8) -> bool {
        match self {
            Run::Lower => b.is_ascii_lowercase(),
            Run::Upper => b.is_ascii_uppercase(),
            Run::Alphanumeric => b.is_ascii_alphanumeric(),
        }
    }

    /// The high bit of each byte that is none of it.
    fn others(self, eight: u64) -> u64 {
        let text = eight & !HIGH;
        let own = match self {
            Run::Lower => within(text, b'a', b'z'),
            Run::Upper => within(text, b'A', b'Z'),
            Run::Alphanumeric => return no_alphanumerics(eight),
        };
        !(own & !eight) & HIGH
    }

    /// Where the run that ends at `at` begins, `low` if it does not behind.
    pub(crate) fn start(self, buf: &[u8], low: usize, at: usize) -> usize {
        back(buf, low, at, |eight| self.others(eight), |b| self.has(b))
    }
}

/// Where the run that goes on at `at` ends, `most` if it does not before.
pub(crate) fn end(buf: &[u8], at: usize, most: usize) -> usize {
    forth(buf, at, most, others, inner)
}

/// Where what goes on at `at` ends: `others` has the high bit of each byte that is none of it.
fn forth(buf: &[u8], at: usize, most: usize, others: impl Fn(u64) -> u64, has: impl Fn(u8) -> bool) -> usize {
    let mut p = at;
    while let Some(eight) = buf.get(p..).and_then(|rest| rest.first_chunk()).filter(|_| p < most) {
        let others = others(u64::from_le_bytes(*eight));
        if others != 0 {
            return most.min(p + others.trailing_zeros() as usize / 8);
        }
        p += WIDTH;
    }
    p += buf[p.min(most)..most].iter().take_while(|b| has(**b)).count();
    p.min(most)
}

/// Where the run that ends at `at` begins, `low` if it does not behind.
pub(crate) fn start(buf: &[u8], low: usize, at: usize) -> usize {
    back(buf, low, at, others, inner)
}

/// Where what ends at `at` begins: `others` has the high bit of each byte that is none of it.
fn back(buf: &[u8], low: usize, at: usize, others: impl Fn(u64) -> u64, has: impl Fn(u8) -> bool) -> usize {
    let mut p = at;
    while let Some(eight) = buf[..p].last_chunk().filter(|_| p > low) {
        let others = others(u64::from_le_bytes(*eight));
        if others != 0 {
            return low.max(p - others.leading_zeros() as usize / 8);
        }
        p -= WIDTH;
    }
    p -= buf[low.min(p)..p].iter().rev().take_while(|b| has(**b)).count();
    p.max(low)
}

#[cfg(test)]
mod tests {
    use super::{Run, digits_end, end, inner, start};
    use proptest::prelude::*;

    proptest! {
        /// Byte by byte gives the same.
        #[test]
        fn runs_are_as_long_as_byte_by_byte(
            text in prop::collection::vec(prop_oneof![8 => prop::sample::select(b"aZ0909_\xC3\xFF\x80".to_vec()), 1 => any::<u8>()], 0..40),
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
                let back = text[low..at].iter().rev().take_while(|b| run.has(**b)).count();
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
            prop_assert_eq!(Run::Alphanumeric.start(&text, 0, 8), if Run::Alphanumeric.has(byte) { 0 } else { place + 1 });
        }
    }
}
