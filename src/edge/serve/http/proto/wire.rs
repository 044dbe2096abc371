//! A message of protobuf -> its fields, one by one. Stricter than it need be: groups, the field 0 and numbers that are
//! longer than any are refused, since nobody sends them and each is a way to hide something.

use std::ops::Range;

use crate::edge::serve::http::refusal::Refusal;

const BROKEN: Refusal = Refusal::Malformed("the body is no message of protobuf, or is cut off; nothing of it left");

/// How a field's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// A number of any length.
    Varint,
    /// Eight bytes.
    Fixed64,
    /// A length and so many bytes.
    Len,
    /// Four bytes.
    Fixed32,
}

/// A field: where it stands in the body.
#[derive(Clone)]
pub struct Field {
    /// Its number.
    pub number: u32,
    /// How its value is written.
    pub wire: Wire,
    /// All of it.
    pub whole: Range<usize>,
    /// Where its number ends.
    pub tag_end: usize,
    /// Its value, without a length.
    pub body: Range<usize>,
}

/// Fields of one message.
pub struct Fields<'a> {
    source: &'a [u8],
    left: Range<usize>,
}

impl<'a> Fields<'a> {
    /// Of the message that is this part of the body.
    pub fn new(source: &'a [u8], message: Range<usize>) -> Fields<'a> {
        Fields { source, left: message }
    }

    /// Whether there are no more.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// The next one.
    ///
    /// # Errors
    /// When it is none.
    #[inline]
    pub fn take(&mut self) -> Result<Option<Field>, Refusal> {
        if self.left.is_empty() {
            return Ok(None);
        }
        let start = self.left.start;
        let tag = self.number()?;
        let tag_end = self.left.start;
        let number = u32::try_from(tag >> 3).ok().filter(|n| (1..1 << 29).contains(n)).ok_or(BROKEN)?;
        let (wire, len) = match tag & 7 {
            0 => {
                let from = self.left.start;
                self.number()?;
                let len = self.left.start - from;
                self.left.start = from;
                (Wire::Varint, len)
            }
            1 => (Wire::Fixed64, 8),
            2 => (Wire::Len, usize::try_from(self.number()?).map_err(|_| BROKEN)?),
            5 => (Wire::Fixed32, 4),
            _ => return Err(BROKEN),
        };
        if len > self.left.len() {
            return Err(BROKEN);
        }
        let body = self.left.start..self.left.start + len;
        self.left.start = body.end;
        Ok(Some(Field { number, wire, whole: start..body.end, tag_end, body }))
    }

    /// A number of any length, which is passed.
    #[inline]
    fn number(&mut self) -> Result<u64, Refusal> {
        let bytes = &self.source[self.left.clone()];
        let (n, len) = varint(bytes).ok_or(BROKEN)?;
        self.left.start += len;
        Ok(n)
    }
}

/// The number that bytes begin with, and how long it is.
#[inline]
pub fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    // Most are small.
    match bytes {
        [b, ..] if *b < 0x80 => Some((u64::from(*b), 1)),
        _ => long_varint(bytes),
    }
}

fn long_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut n = 0;
    for (i, b) in bytes.iter().take(10).enumerate() {
        if i == 9 && *b > 1 {
            return None;
        }
        n |= u64::from(b & 0x7F) << (7 * i);
        if b & 0x80 == 0 {
            return Some((n, i + 1));
        }
    }
    None
}

/// Appends a number.
pub fn put_varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// How long a number is.
pub fn varint_len(n: u64) -> usize {
    (64 - (n | 1).leading_zeros() as usize).div_ceil(7)
}

/// A field of less than 128 bytes whose number is written so, and what stands behind it.
fn short(tag: u8, body: &[u8]) -> Option<(&[u8], &[u8])> {
    match body {
        [first, len @ 0..0x80, rest @ ..] if *first == tag => rest.split_at_checked(usize::from(*len)),
        _ => None,
    }
}

/// A short key and a short value, and nothing else.
pub fn short_pair(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, rest) = short(0x0A, body)?;
    let (value, rest) = short(0x12, rest)?;
    rest.is_empty().then_some((key, value))
}

/// A short text as a value of OTLP, and nothing else.
pub fn short_text(value: &[u8]) -> Option<&[u8]> {
    short(0x0A, value).filter(|(_, rest)| rest.is_empty()).map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::{Fields, put_varint, short_pair, short_text, varint, varint_len};

    #[test]
    fn numbers_come_back() {
        for n in [0, 1, 127, 128, 300, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put_varint(n, &mut out);
            assert_eq!((varint(&out), varint_len(n)), (Some((n, out.len())), out.len()));
        }
        assert!(varint(&[0x80; 10]).is_none() && varint(&[0xFF; 9]).is_none() && varint(&[]).is_none());
    }

    #[test]
    fn what_is_short_is_read_at_once() {
        assert_eq!(short_pair(b"\x0a\x01k\x12\x03\x0a\x01v"), Some((&b"k"[..], &b"\x0a\x01v"[..])));
        assert_eq!(short_text(b"\x0a\x01v"), Some(&b"v"[..]));
        for other in [
            &b"\x12\x00\x0a\x00"[..],
            b"\x0a\x01k",
            b"\x0a\x80\x00\x12\x00",
            b"\x0a\x00\x12\x01",
            b"\x0a\x00\x12\x00\x12\x00",
        ] {
            assert!(short_pair(other).is_none(), "{other:?}");
        }
        for other in [&b""[..], b"\x12\x00", b"\x0a\x01", b"\x0a\x00\x0a\x00"] {
            assert!(short_text(other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn what_is_no_field_is_refused() {
        for bad in [
            &[0x00, 0][..],
            &[0x0B],
            &[0x0C],
            &[0x0A, 5, 1],
            &[0x09, 1],
            &[0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
            &[0x08],
        ] {
            assert!(Fields::new(bad, 0..bad.len()).take().is_err(), "{bad:?}");
        }
    }
}
