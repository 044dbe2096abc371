//! A value of MessagePack as one line of JSON, which the engine knows how to judge, and back.
//!
//! Bytes that are no UTF-8 stay as they are, as they do in any record. What JSON has no word for is
//! `null`, and keys are texts.

use std::io::Write;
use std::ops::Range;

use memchr::{memchr2, memchr3};
use wide::u8x16;

use super::Refusal;
use super::msgpack::{
    DEPTH_MAX, Kind, Reader, Token, put_bool, put_float, put_int, put_like, put_nil, put_str, put_uint,
};
use crate::engine::wipe::wipe;

/// Text of which only the head is written into the line: the rest is judged on its own.
pub const LONG_BYTES: usize = 64 << 10;
/// As much of it as says what kind of value it is.
const HEAD_BYTES: usize = 256;

/// A text, number or the like: where it stands in the line.
#[derive(Clone)]
pub struct Leaf {
    /// In the lines, quotes included.
    pub place: Range<usize>,
    /// Only the head stands there.
    pub long: bool,
}

/// Lines, one behind the other, and what stands where in them.
#[derive(Default)]
pub struct Lines {
    /// JSON.
    pub text: Vec<u8>,
    /// In the order of the values' bytes.
    pub leaves: Vec<Leaf>,
    /// Containers of the value that is being written: kept for its room.
    open: Vec<Open>,
}

/// One of them.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// It.
    pub text: &'a [u8],
    /// Its leaves.
    pub leaves: &'a [Leaf],
    /// Where it begins among the lines.
    pub start: usize,
}

/// A container that is being written.
struct Open {
    left: u64,
    map: bool,
}

/// What came of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is a line.
    Whole,
    /// The line would be longer than may be.
    Over,
    /// A key is a container, which JSON has no way to say.
    Odd,
}

impl Line<'_> {
    /// A leaf's text.
    pub fn leaf(&self, leaf: &Leaf) -> &[u8] {
        &self.text[leaf.place.start - self.start..leaf.place.end - self.start]
    }

    /// Where each leaf stands in the line as it was masked; None when more than leaves has changed.
    pub fn align(&self, masked: &[u8]) -> Option<Vec<Range<usize>>> {
        let place = |leaf: &Leaf| leaf.place.start - self.start..leaf.place.end - self.start;
        align(self.text, self.leaves.iter().map(place), masked)
    }
}

impl Lines {
    /// Forgets what was written and overwrites it.
    pub fn wipe(&mut self) {
        wipe(&mut self.text);
        self.leaves.clear();
    }

    /// Forgets what was written behind this place.
    pub fn cut_back(&mut self, text: usize, leaves: usize) {
        self.text[text..].fill(0);
        std::hint::black_box(&self.text[text..]);
        self.text.truncate(text);
        self.leaves.truncate(leaves);
    }

    /// A line of those that were written.
    pub fn line(&self, text: Range<usize>, leaves: Range<usize>) -> Line<'_> {
        Line { start: text.start, text: &self.text[text], leaves: &self.leaves[leaves] }
    }

    /// Appends the next value as a line without an end, as long as that is at most `limit` bytes; the reader stands behind
    /// the value then, and anywhere in it otherwise. Containers are in `outer` others already.
    ///
    /// # Errors
    /// When it is no value, or nested too deeply.
    pub fn put(&mut self, reader: &mut Reader<'_>, limit: usize, outer: usize) -> Result<Written, Refusal> {
        let limit = self.text.len() + limit;
        let mut open = std::mem::take(&mut self.open);
        open.clear();
        let written = self.put_in(reader, limit, outer, &mut open);
        self.open = open;
        written
    }

    fn put_in(
        &mut self,
        reader: &mut Reader<'_>,
        limit: usize,
        outer: usize,
        open: &mut Vec<Open>,
    ) -> Result<Written, Refusal> {
        loop {
            let token = reader.token()?;
            let key = open.last().is_some_and(|o| o.map && o.left.is_multiple_of(2));
            match token.kind {
                Kind::Array(_) | Kind::Map(_) if key => return Ok(Written::Odd),
                Kind::Array(_) | Kind::Map(_) => {
                    let map = matches!(token.kind, Kind::Map(_));
                    if token.children() > 0 && open.len() + outer >= DEPTH_MAX {
                        return Err(Refusal::Malformed("nested too deeply"));
                    }
                    self.text.push(if map { b'{' } else { b'[' });
                    open.push(Open { left: token.children(), map });
                }
                _ => {
                    self.leaf(&token, key);
                    if let Some(o) = open.last_mut() {
                        o.left -= 1;
                    }
                }
            }
            if self.text.len() > limit {
                return Ok(Written::Over);
            }
            if token.children() == 0 && self.close(open) {
                return Ok(Written::Whole);
            }
        }
    }

    /// Behind a value: closes what is done, or writes what stands between two values. True: all is done.
    fn close(&mut self, open: &mut Vec<Open>) -> bool {
        while let Some(o) = open.last() {
            if o.left > 0 {
                self.text.push(if o.map && !o.left.is_multiple_of(2) { b':' } else { b',' });
                return false;
            }
            self.text.push(if o.map { b'}' } else { b']' });
            open.pop();
            if let Some(outer) = open.last_mut() {
                outer.left -= 1;
            }
        }
        true
    }

    fn leaf(&mut self, token: &Token<'_>, key: bool) {
        let start = self.text.len();
        let long = token.body.len() > LONG_BYTES;
        let is_text = matches!(token.kind, Kind::Str | Kind::Bin);
        if key && !is_text {
            self.text.push(b'"');
        }
        // Writing into a vector cannot fail.
        let _ = match token.kind {
            Kind::Bool(b) => write!(self.text, "{b}"),
            Kind::Uint(n) => write!(self.text, "{n}"),
            Kind::Int(n) => write!(self.text, "{n}"),
            Kind::Float(x) if x.is_finite() => write!(self.text, "{x:?}"),
            Kind::Str | Kind::Bin => {
                self.text.push(b'"');
                escape(if long { head(token.body) } else { token.body }, &mut self.text);
                self.text.push(b'"');
                Ok(())
            }
            _ => write!(self.text, "null"),
        };
        if key && !is_text {
            self.text.push(b'"');
        }
        self.leaves.push(Leaf { place: start..self.text.len(), long: long && is_text });
    }
}

/// Where each leaf of a text stands in it as it was masked; None when more than leaves has changed.
pub fn align(text: &[u8], leaves: impl Iterator<Item = Range<usize>>, masked: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut places = Vec::with_capacity(leaves.size_hint().0);
    let (mut here, mut there) = (0, 0);
    for leaf in leaves {
        let between = &text[here..leaf.start];
        let start = there + between.len();
        if masked.get(there..start)? != between {
            return None;
        }
        there = leaf_end(masked, start)?;
        here = leaf.end;
        places.push(start..there);
    }
    (text[here..] == masked[there..]).then_some(places)
}

/// As much of a long text as says what kind of value it is.
pub fn head(body: &[u8]) -> &[u8] {
    // Not inside a character.
    let end = (0..4).map(|n| HEAD_BYTES - n).find(|n| body[*n] & 0xC0 != 0x80).unwrap_or(HEAD_BYTES);
    &body[..end]
}

/// Where the leaf ends that begins at `start`.
fn leaf_end(text: &[u8], start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    if rest.first() != Some(&b'"') {
        let end = rest.iter().position(|b| matches!(b, b',' | b']' | b'}' | b':')).unwrap_or(rest.len());
        return (end > 0).then_some(start + end);
    }
    let mut at = 1;
    loop {
        at += memchr2(b'"', b'\\', rest.get(at..)?)?;
        if rest[at] == b'"' {
            return Some(start + at + 1);
        }
        at += 2;
    }
}

/// A bit for each byte that JSON's texts hold escaped only: marks and control characters.
#[inline(always)]
fn special(text: [u8; 16]) -> u32 {
    let text = u8x16::new(text);
    let is = |b: u8| text.simd_eq(u8x16::splat(b));
    (text.min(u8x16::splat(0x1F)).simd_eq(text) | is(b'"') | is(b'\\')).to_bitmask()
}

/// How far a text goes without such a byte. Most are short: what is no multiple of sixteen is looked at from its end, too.
fn plain_end(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(piece) = text[at..].first_chunk() {
        let found = special(*piece);
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += 16;
    }
    let (found, from) = match (text.last_chunk::<16>(), text.first_chunk::<8>(), text.last_chunk::<8>()) {
        _ if at == text.len() => return at,
        (Some(last), ..) => (special(*last), text.len() - 16),
        (None, Some(first), Some(last)) => {
            let mut both = [0; 16];
            both[..8].copy_from_slice(first);
            both[8..].copy_from_slice(last);
            let found = special(both);
            if found & 0xFF != 0 {
                return found.trailing_zeros() as usize;
            }
            (found >> 8, text.len() - 8)
        }
        _ => return text.iter().position(|b| matches!(b, 0..0x20 | b'"' | b'\\')).unwrap_or(text.len()),
    };
    if found == 0 { text.len() } else { from + found.trailing_zeros() as usize }
}

/// Appends what a text is between the quotes of JSON.
pub fn escape(mut text: &[u8], out: &mut Vec<u8>) {
    loop {
        let i = plain_end(text);
        if i == text.len() {
            break;
        }
        out.extend_from_slice(&text[..i]);
        match text[i] {
            b @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', b]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            b => out.extend_from_slice(format!("\\u{b:04x}").as_bytes()),
        }
        text = &text[i + 1..];
    }
    out.extend_from_slice(text);
}

/// What stands between the quotes of a leaf; None when it is not well-formed.
pub fn unescape(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    while let Some(i) = memchr3(b'\\', b'"', b'\n', text) {
        out.extend_from_slice(&text[..i]);
        let escaped = text.get(i + 1).filter(|_| text[i] == b'\\')?;
        let mut used = 2;
        out.push(match escaped {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'"' | b'\\' | b'/' => *escaped,
            b'u' => {
                used = 6;
                let digits = std::str::from_utf8(text.get(i + 2..i + 6)?).ok()?;
                // Only control characters were written so.
                u8::from_str_radix(digits, 16).ok().filter(u8::is_ascii)?
            }
            _ => return None,
        });
        text = &text[i + used..];
    }
    out.extend_from_slice(text);
    Some(out)
}

/// Appends a leaf as it was masked: in the kind it had where it is still text, else in the kind it
/// has now. False: it is neither.
pub fn put_masked(kind: Kind, masked: &[u8], out: &mut Vec<u8>) -> bool {
    if let Some(inner) = masked.strip_prefix(b"\"").and_then(|m| m.strip_suffix(b"\"")) {
        return match unescape(inner) {
            Some(text) => {
                put_like(out, kind, &text);
                true
            }
            None => false,
        };
    }
    let Ok(word) = std::str::from_utf8(masked) else { return false };
    match word {
        "null" => put_nil(out),
        "true" | "false" => put_bool(out, word == "true"),
        _ => {
            if let Ok(n) = word.parse() {
                put_uint(out, n);
            } else if let Ok(n) = word.parse() {
                put_int(out, n);
            } else if let Ok(x) = word.parse() {
                put_float(out, x);
            } else {
                put_str(out, masked);
            }
        }
    }
    true
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
mod tests {
    use super::plain_end;

    #[test]
    fn it_is_where_a_look_at_each_byte_says() {
        for len in 0..50 {
            let plain: Vec<u8> = (0..len).map(|n| b"a\x7F\xFF !#[]"[n % 8]).collect();
            assert_eq!(plain_end(&plain), len);
            for at in 0..len {
                for b in [0, 0x1F, b'"', b'\\', b'\n'] {
                    let mut text = plain.clone();
                    (text[at], text[len - 1]) = (b, b'"');
                    assert_eq!(plain_end(&text), at, "{b} at {at} of {len}");
                }
            }
        }
    }
}
