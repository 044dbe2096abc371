//! A value of MessagePack -> the same value with its secrets masked.
//!
//! Records are judged as JSON lines of one stream, so that keys are context and a key block that
//! spans records is one block. What was not found stays byte for byte.

use std::ops::Range;

use super::Refusal;
use super::msgpack::{Kind, Reader, Token, put_like};
use super::text::{Leaf, Line, Lines, Written, put_masked};
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::engine::stream::Stream;
use crate::engine::wipe::wipe;

/// The longest line that is judged as a whole: with its end, what the engine looks at as one record.
pub(super) const LINE_BYTES: usize = (1 << 20) - 1;
/// What stands for a text that could not be judged.
const UNJUDGED: &[u8] = b"[REDACTED:unjudged]";
/// The header of a map of one pair.
const ONE_PAIR: u8 = 0x81;
/// A value of which there is nothing to tell.
const NIL: &[u8] = &[0xC0];
/// What is kept of buffers between values.
const KEEP_BYTES: usize = 8 << 10;

/// Masks the values of one connection.
pub struct Masker {
    redactor: Redactor,
    pub(super) stream: Stream,
    /// Of what was judged beside the stream.
    tally: Tally,
    /// Those of a batch (`batch.rs`), and what became of them.
    pub(super) lines: Lines,
    pub(super) masked: Vec<u8>,
}

/// What of a pair is to be appended.
#[derive(Clone, Copy)]
enum Wanted {
    Key,
    Value,
    Both,
}

/// Texts of one line as they leave: by leaf.
struct Judged<'a> {
    line: Line<'a>,
    masked: &'a [u8],
    places: Vec<Range<usize>>,
    /// The leaf that comes next.
    next: usize,
}

impl Masker {
    /// With these rules.
    pub fn new(redactor: &Redactor) -> Masker {
        Masker {
            stream: Stream::new(redactor),
            redactor: redactor.clone(),
            tally: Tally::default(),
            lines: Lines::default(),
            masked: Vec::new(),
        }
    }

    /// Which tag the records have that follow: what one of another tag has left open is none of theirs.
    pub fn tag(&mut self, tag: &[u8]) {
        self.stream.name_source(tag);
    }

    /// Whether nothing spans from the last record to the next.
    pub fn is_between(&self) -> bool {
        self.stream.is_between()
    }

    /// The rules in force.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Leaves working memory to the thread.
    pub fn trim(&mut self) {
        self.stream.trim(KEEP_BYTES);
        if self.lines.text.capacity().max(self.masked.capacity()) > KEEP_BYTES {
            (self.lines, self.masked) = (Lines::default(), Vec::new());
        }
    }

    /// What was counted since it was last asked.
    pub fn take_tally(&mut self) -> Tally {
        let mut tally = self.stream.take_tally();
        tally.add(&std::mem::take(&mut self.tally));
        tally
    }

    /// Appends a text by itself, masked: a tag.
    pub fn text(&mut self, token: &Token<'_>, out: &mut Vec<u8>) -> bool {
        let masked = self.redactor.redact_counted(token.body, &mut self.tally);
        let changed = *masked != *token.body;
        if changed {
            put_like(out, token.kind, &masked)
        } else {
            out.extend_from_slice(token.raw)
        }
        changed
    }

    /// A value whose line is too long: its parts one by one, each under its key.
    pub(super) fn part_by_part(&mut self, key: Option<&[u8]>, value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let mut reader = Reader(value);
        let token = reader.token()?;
        out.extend_from_slice(token.raw);
        let is_map = matches!(token.kind, Kind::Map(_));
        while !reader.is_empty() {
            let own = if is_map { Some(reader.value()?) } else { None };
            let part = reader.value()?;
            let wanted = if is_map { Wanted::Both } else { Wanted::Value };
            match self.pair(own.or(key), part, wanted, out)? {
                Written::Whole => {}
                Written::Odd => {
                    if let Some(own) = own {
                        self.cover(own, out)?;
                    }
                    self.cover(part, out)?;
                }
                // Longer than a line may be is only what has parts.
                Written::Over => {
                    if let Some(own) = own {
                        self.pair(Some(own), NIL, Wanted::Key, out)?;
                    }
                    self.part_by_part(own.or(key), part, out)?;
                }
            }
        }
        Ok(())
    }

    /// One value under a key, if there is one, as a record of its own.
    fn pair(
        &mut self,
        key: Option<&[u8]>,
        value: &[u8],
        wanted: Wanted,
        out: &mut Vec<u8>,
    ) -> Result<Written, Refusal> {
        // A map of one pair, or the value alone.
        let mut whole = Vec::with_capacity(value.len() + key.map_or(0, <[u8]>::len) + 1);
        whole.extend(key.map(|_| ONE_PAIR));
        whole.extend_from_slice(key.unwrap_or_default());
        whole.extend_from_slice(value);
        let mut lines = Lines::default();
        let written = lines.put(&mut Reader(&whole), LINE_BYTES, 0);
        wipe(&mut whole);
        let written = written?;
        if written != Written::Whole {
            return Ok(written);
        }
        let mut masked = self.redactor.redact_counted(&lines.text, &mut self.tally).into_owned();
        let line = lines.line(0..lines.text.len(), 0..lines.leaves.len());
        match (key, wanted) {
            (Some(key), Wanted::Both) => self.settle(&[key, value], line, &masked, 0, out)?,
            (Some(key), Wanted::Key) => self.settle(&[key], line, &masked, 0, out)?,
            (Some(_), Wanted::Value) => self.settle(&[value], line, &masked, 1, out)?,
            (None, _) => self.settle(&[value], line, &masked, 0, out)?,
        }
        wipe(&mut masked);
        Ok(Written::Whole)
    }

    /// Appends values of the line as it was masked, from the leaf `first` on.
    pub(super) fn settle(
        &mut self,
        values: &[&[u8]],
        line: Line<'_>,
        masked: &[u8],
        first: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        if masked == line.text && line.leaves.iter().all(|leaf| !leaf.long) {
            values.iter().for_each(|value| out.extend_from_slice(value));
            return Ok(());
        }
        let Some(places) = line.align(masked) else {
            return values.iter().try_for_each(|value| self.cover(value, out));
        };
        let mut judged = Judged { line, masked, places, next: first };
        for value in values {
            let mut reader = Reader(value);
            while !reader.is_empty() {
                let token = reader.token()?;
                match token.kind {
                    Kind::Array(_) | Kind::Map(_) => out.extend_from_slice(token.raw),
                    _ => judged.leaf(&token, &self.redactor, &mut self.tally, out),
                }
            }
        }
        Ok(())
    }

    /// Appends a value of which nothing can be told: no text and no number of it stays.
    pub(super) fn cover(&mut self, value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let mut reader = Reader(value);
        while !reader.is_empty() {
            let token = reader.token()?;
            match token.kind {
                Kind::Nil | Kind::Bool(_) | Kind::Ext | Kind::Array(_) | Kind::Map(_) => {
                    out.extend_from_slice(token.raw)
                }
                Kind::Str | Kind::Bin if token.body.is_empty() => out.extend_from_slice(token.raw),
                _ => unjudged(token.kind, &mut self.tally, out),
            }
        }
        Ok(())
    }
}

impl Drop for Masker {
    fn drop(&mut self) {
        wipe(&mut self.masked);
    }
}

impl Judged<'_> {
    /// Appends the next leaf: as it was where it is the same.
    fn leaf(&mut self, token: &Token<'_>, redactor: &Redactor, tally: &mut Tally, out: &mut Vec<u8>) {
        let (leaf, place) = (&self.line.leaves[self.next], self.places[self.next].clone());
        self.next += 1;
        let (before, after) = (self.line.leaf(leaf), &self.masked[place]);
        if leaf.long && (before == after || !self.is_all_masked(leaf, redactor)) {
            // Nothing around it makes all of it a secret: it is a text by itself.
            let masked = redactor.redact_counted(token.body, tally);
            let same = *masked == *token.body;
            return if same { out.extend_from_slice(token.raw) } else { put_like(out, token.kind, &masked) };
        }
        if before == after {
            return out.extend_from_slice(token.raw);
        }
        if !put_masked(token.kind, after, out) {
            unjudged(token.kind, tally, out);
        }
    }

    /// Whether a finding covers what stands in quotes there.
    fn is_all_masked(&self, leaf: &Leaf, redactor: &Redactor) -> bool {
        let start = self.line.start;
        let inner = leaf.place.start - start + 1..leaf.place.end - start - 1;
        redactor.findings(self.line.text).iter().any(|f| f.start <= inner.start && f.end >= inner.end)
    }
}

fn unjudged(kind: Kind, tally: &mut Tally, out: &mut Vec<u8>) {
    tally.unjudged += 1;
    put_like(out, kind, UNJUDGED);
}
