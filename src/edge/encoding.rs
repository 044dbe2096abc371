//! Is this UTF-16? Its secrets would be hidden from a filter of bytes.

use std::fmt;

use super::late::{Late, Turn, is_text};
use super::wtf8::Order;

/// How much of an input's head is looked at, in bytes.
pub const HEAD_BYTES: usize = 4096;

/// The fewest characters with a NUL beside them that make a text UTF-16.
const PAIRS_MIN: usize = 4;

/// What an input was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wide {
    /// UTF-16, in the order of its bytes.
    Utf16(Order),
    /// UTF-32.
    Utf32,
    /// Something else first, then UTF-16 or UTF-32.
    Mixed,
}

impl fmt::Display for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, advice) = match self {
            Wide::Utf16(Order::Little) => ("UTF-16 (little-endian)", "give --encoding utf-16le to mask it in place"),
            Wide::Utf16(Order::Big) => ("UTF-16 (big-endian)", "give --encoding utf-16be to mask it in place"),
            Wide::Utf32 => ("UTF-32", "convert it to UTF-8 first"),
            Wide::Mixed => ("UTF-16 or UTF-32 from some place on", "convert that part to UTF-8 first"),
        };
        write!(
            f,
            "looks like {name}, in which a filter of bytes would miss secrets: {advice}, or --assume-bytes to filter \
             it as bytes all the same"
        )
    }
}

/// Watches an input, however it is cut, for a byte order mark and for NULs beside text as UTF-16 has them: a few at
/// its head, more of them in a row behind that. A run of NULs alone (common in rotated files) is no sign.
#[derive(Default)]
pub struct Detector {
    /// The first four bytes.
    mark: Vec<u8>,
    seen: usize,
    /// The byte at the last even offset, if its neighbour is still to come.
    even: Option<u8>,
    /// Pairs of a character and a NUL, by order, and all pairs that are not two NULs.
    little: usize,
    big: usize,
    pairs: usize,
    late: Late,
}

impl Detector {
    /// Takes the next bytes; says what the input is as soon as that shows.
    pub fn look(&mut self, bytes: &[u8]) -> Option<Wide> {
        let late = self.late.look(bytes).map(|turn| match turn {
            Turn::Whole(order) => Wide::Utf16(order),
            Turn::Part => Wide::Mixed,
        });
        self.head(bytes).or(late)
    }

    fn head(&mut self, bytes: &[u8]) -> Option<Wide> {
        let bytes = &bytes[..bytes.len().min(HEAD_BYTES - self.seen)];
        if bytes.is_empty() {
            return None;
        }
        self.seen += bytes.len();
        let missing = 4 - self.mark.len();
        self.mark.extend_from_slice(&bytes[..missing.min(bytes.len())]);
        for &b in bytes {
            match self.even.take() {
                None => self.even = Some(b),
                Some(a) => self.pair(a, b),
            }
        }
        self.marked().or_else(|| self.striped())
    }

    fn pair(&mut self, a: u8, b: u8) {
        self.pairs += usize::from((a, b) != (0, 0));
        self.little += usize::from(is_text(a) && b == 0);
        self.big += usize::from(a == 0 && is_text(b));
    }

    fn marked(&self) -> Option<Wide> {
        match self.mark.as_slice() {
            [0xFF, 0xFE, 0, 0] | [0, 0, 0xFE, 0xFF] => Some(Wide::Utf32),
            [0xFF, 0xFE, ..] => Some(Wide::Utf16(Order::Little)),
            [0xFE, 0xFF, ..] => Some(Wide::Utf16(Order::Big)),
            _ => None,
        }
    }

    /// Most of what is there are characters with a NUL beside them, on the same side.
    fn striped(&self) -> Option<Wide> {
        let most = |n: usize| n >= PAIRS_MIN && n * 4 >= self.pairs * 3;
        if most(self.little) {
            Some(Wide::Utf16(Order::Little))
        } else if most(self.big) {
            Some(Wide::Utf16(Order::Big))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Detector, Wide};
    use crate::edge::wtf8::Order;

    fn units(text: &str, order: Order) -> Vec<u8> {
        let bytes = |u: u16| if order == Order::Little { u.to_le_bytes() } else { u.to_be_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn both_orders_with_and_without_a_mark_however_cut() {
        for order in [Order::Little, Order::Big] {
            for text in ["\u{FEFF}a", "hello world\r\n"] {
                let bytes = units(text, order);
                assert_eq!(Detector::default().look(&bytes), Some(Wide::Utf16(order)));
                let mut slow = Detector::default();
                let seen = bytes.iter().find_map(|b| slow.look(std::slice::from_ref(b)));
                assert_eq!(seen, Some(Wide::Utf16(order)));
            }
        }
        assert_eq!(Detector::default().look(b"\xFF\xFE\0\0a\0\0\0"), Some(Wide::Utf32));
    }

    #[test]
    fn bytes_and_runs_of_nuls_are_no_sign() {
        let rotated = [vec![0; 1001], b"a line of text\n".to_vec()].concat();
        let binary: Vec<u8> = (0..=255).collect();
        for bytes in
            [&b"plain"[..], b"a\0b", &[0; 5000], &rotated, &binary, b"\xEF\xBB\xBFabc", b"find -print0\0x\0yy\0zz"]
        {
            assert_eq!(Detector::default().look(bytes), None);
        }
    }
}
