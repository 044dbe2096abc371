//! Values of one source -> the same values masked, judged together: a line each, so many lines in one call of the engine.
//!
//! The stream's answer does not depend on how it is cut, so what becomes of each is what would become of it by itself.

use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::Refusal;
use super::mask::{LINE_BYTES, Masker};
use super::msgpack::{Reader, Token, may_hold_text};
use super::text::{Lines, Written};
use crate::engine::wipe::wipe;

/// Lines that are judged in one call, as far as they are whole: they stay in the second-level cache.
const BATCH_BYTES: usize = 64 << 10;

/// Values that are judged together.
pub struct Batch<'a> {
    masker: &'a mut Masker,
    source: &'a [u8],
    reader: Reader<'a>,
    out: &'a mut Vec<u8>,
    /// Those that have not left.
    parts: Vec<Part>,
    /// Up to here the source has left.
    left: usize,
}

/// A value in a batch: what it is in the source, and among the lines.
struct Part {
    value: Range<usize>,
    line: Range<usize>,
    leaves: Range<usize>,
    written: Written,
}

impl Masker {
    /// Appends a value, masked. True: it is not what it was.
    ///
    /// # Errors
    /// When it is no value; none has come this far.
    pub fn value(&mut self, value: &[u8], out: &mut Vec<u8>) -> Result<bool, Refusal> {
        let start = out.len();
        let mut batch = self.batch(value, out);
        batch.value(0)?;
        batch.end()?;
        Ok(out[start..] != *value)
    }

    /// Takes values of a source that are to be appended, masked.
    pub fn batch<'a>(&'a mut self, source: &'a [u8], out: &'a mut Vec<u8>) -> Batch<'a> {
        self.lines.wipe();
        wipe(&mut self.masked);
        Batch { masker: self, source, reader: Reader(source), out, parts: Vec::new(), left: 0 }
    }
}

impl Batch<'_> {
    /// How much of the source was read.
    fn at(&self) -> usize {
        self.source.len() - self.reader.0.len()
    }

    /// Whether nothing of the source is left.
    pub fn is_empty(&self) -> bool {
        self.reader.is_empty()
    }

    /// Takes a header alone, which stays as it is.
    ///
    /// # Errors
    /// When it is cut off.
    pub fn token(&mut self) -> Result<Token<'_>, Refusal> {
        self.reader.token()
    }

    /// Takes the next value, which is in `outer` containers; what can hold no text, as a time, stays as it is.
    ///
    /// # Errors
    /// When it is none, or nested too deeply.
    pub fn part(&mut self, outer: usize) -> Result<(), Refusal> {
        if may_hold_text(self.reader.0) { self.value(outer) } else { self.token().map(|_| ()) }
    }

    /// Takes the next value, which is in `outer` containers.
    ///
    /// # Errors
    /// When it is none, or nested too deeply.
    pub fn value(&mut self, outer: usize) -> Result<(), Refusal> {
        let start = self.at();
        let lines = &mut self.masker.lines;
        let (text, leaves) = (lines.text.len(), lines.leaves.len());
        let written = lines.put(&mut self.reader, LINE_BYTES, outer)?;
        if written == Written::Whole {
            lines.text.push(b'\n');
        } else {
            lines.cut_back(text, leaves);
            self.reader = Reader(&self.source[start..]);
            self.reader.value()?;
        }
        let (line, leaves) = (text..lines.text.len(), leaves..lines.leaves.len());
        let full = line.end >= BATCH_BYTES;
        self.parts.push(Part { value: start..self.at(), line, leaves, written });
        if full { self.leave() } else { Ok(()) }
    }

    /// Appends what has not left.
    ///
    /// # Errors
    /// When a value is none; none has come this far.
    pub fn end(mut self) -> Result<(), Refusal> {
        self.leave()
    }

    fn leave(&mut self) -> Result<(), Refusal> {
        let Masker { stream, lines, masked, .. } = &mut *self.masker;
        let text = &lines.text[..];
        let mut same = text.is_empty();
        stream.push_with(text, &mut |piece| {
            // All of it, where it stands.
            same = piece.as_ptr() == text.as_ptr() && piece.len() == text.len();
            if !same {
                masked.extend_from_slice(piece);
            }
        });
        let whole = |part: &Part| part.written == Written::Whole;
        if !(same && self.parts.iter().all(whole) && lines.leaves.iter().all(|leaf| !leaf.long)) {
            // Taken out, so that values may be judged by themselves beside.
            let (lines, mut masked) = (std::mem::take(lines), std::mem::take(masked));
            let settled = self.settle(&lines, if same { &lines.text } else { &masked });
            wipe(&mut masked);
            (self.masker.lines, self.masker.masked) = (lines, masked);
            settled?;
        }
        self.out.extend_from_slice(&self.source[self.left..self.at()]);
        self.left = self.at();
        self.parts.clear();
        self.masker.lines.wipe();
        wipe(&mut self.masker.masked);
        Ok(())
    }

    /// Appends value by value.
    fn settle(&mut self, lines: &Lines, masked: &[u8]) -> Result<(), Refusal> {
        let feeds = |text: &[u8]| memchr_iter(b'\n', text).count();
        let told = feeds(&lines.text) == feeds(masked);
        let mut rest = masked;
        for part in std::mem::take(&mut self.parts) {
            self.out.extend_from_slice(&self.source[self.left..part.value.start]);
            let value = &self.source[part.value.clone()];
            self.left = part.value.end;
            match part.written {
                Written::Over => self.masker.part_by_part(None, value, self.out)?,
                Written::Whole if told => {
                    let (own, others) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |n| n + 1));
                    rest = others;
                    let line = lines.line(part.line, part.leaves);
                    self.masker.settle(&[value], line, own, 0, self.out)?;
                }
                // A mask over a line's end: no rule has one, and whose it were could not be told.
                Written::Whole | Written::Odd => self.masker.cover(value, self.out)?,
            }
        }
        Ok(())
    }
}
