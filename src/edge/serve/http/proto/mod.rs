//! Protobuf without structs: a [`table`] says what each field of a message is, [`wire`] takes a message apart, [`lines`]
//! writes its records as lines of JSON, which the engine knows how to judge, and [`rewrite`] puts what it found into the
//! bytes that came. All else stays as it is: unknown fields, their order, numbers that are written longer than need be.

mod lines;
#[cfg(test)]
mod oracle;
mod rewrite;
pub mod table;
#[cfg(test)]
mod tests;
mod wire;

use std::borrow::Cow;

use self::lines::{Kind, Leaf, Lines};
use self::rewrite::Edit;
use self::table::Message;
use super::refusal::Refusal;
use crate::edge::serve::fluent::text::{align, unescape};
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::engine::wipe::wipe;

/// What stands for a text that could not be judged.
const UNJUDGED: &[u8] = b"[REDACTED:unjudged]";

/// `google.rpc.Status`: how OTLP says why a request was not taken.
pub fn status(code: u16, message: &str) -> Vec<u8> {
    let mut out = vec![0x08];
    wire::put_varint(u64::from(code), &mut out);
    out.extend_from_slice(&rewrite::field(&[0x12], message.as_bytes()));
    out
}

/// A message, masked; None where it holds no secret.
///
/// # Errors
/// When it is no message, or one that nests too deep.
pub fn mask(
    source: &[u8],
    message: &'static Message,
    redactor: &Redactor,
    tally: &mut Tally,
) -> Result<Option<Vec<u8>>, Refusal> {
    let mut lines = Lines::of(source, message)?;
    let mut judge = Judge { source, redactor, tally, edits: Vec::new() };
    judge.lines(&lines);
    let edits = std::mem::take(&mut judge.edits);
    wipe(&mut lines.text);
    if edits.is_empty() {
        return Ok(None);
    }
    Ok(Some(rewrite::apply(source, &lines.spans, edits)))
}

/// A push of one line to Loki, for tests.
#[cfg(test)]
pub fn push(line: &str) -> Vec<u8> {
    tests::len(1, tests::len(2, tests::len(2, line)))
}

/// Finds what is to be changed.
struct Judge<'a> {
    source: &'a [u8],
    redactor: &'a Redactor,
    tally: &'a mut Tally,
    edits: Vec<Edit>,
}

impl Judge<'_> {
    /// All lines in one call; then those that are not what they were, leaf by leaf.
    fn lines(&mut self, lines: &Lines<'_>) {
        let any_long = lines.leaves.iter().any(|leaf| leaf.long);
        let mut counted = Tally::default();
        let masked = self.redactor.redact_counted(&lines.text, &mut counted);
        if !any_long && matches!(masked, Cow::Borrowed(_)) {
            self.tally.add(&counted);
            return;
        }
        let feeds = |text: &[u8]| memchr::memchr_iter(b'\n', text).count();
        let whole = feeds(&masked) == feeds(&lines.text);
        if whole {
            self.tally.add(&counted);
        }
        let mut rest = &masked[..];
        let mut leaves = &lines.leaves[..];
        for (start, end) in lines.ends() {
            let own = leaves.iter().take_while(|leaf| leaf.place.start < end).count();
            let (mine, others) = leaves.split_at(own);
            leaves = others;
            let line = &lines.text[start..end];
            if whole {
                let there = memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
                self.line(line, start, mine, &rest[..there]);
                rest = &rest[there..];
            } else {
                // What was found spans lines: each by itself then.
                let masked = self.redactor.redact_counted(line, self.tally);
                self.line(line, start, mine, &masked);
            }
        }
        if let Cow::Owned(mut masked) = masked {
            wipe(&mut masked);
        }
    }

    /// One line that begins at `start`, and as it was masked.
    fn line(&mut self, line: &[u8], start: usize, leaves: &[Leaf], masked: &[u8]) {
        if line == masked && leaves.iter().all(|leaf| !leaf.long) {
            return;
        }
        let place = |leaf: &Leaf| leaf.place.start - start..leaf.place.end - start;
        let Some(places) = align(line, leaves.iter().map(place), masked) else {
            return leaves.iter().for_each(|leaf| self.cover(leaf));
        };
        for (leaf, there) in leaves.iter().zip(places) {
            let (before, after) = (&line[place(leaf)], &masked[there]);
            if leaf.long && (before == after || !self.is_all_masked(line, &place(leaf))) {
                // Nothing around it makes all of it a secret: it is a text by itself.
                let body = &self.source[leaf.body.clone()];
                if let Cow::Owned(masked) = self.redactor.redact_counted(body, self.tally) {
                    self.edit(leaf, &masked);
                }
                continue;
            }
            if before == after {
                continue;
            }
            match after.strip_prefix(b"\"").and_then(|a| a.strip_suffix(b"\"")) {
                None => self.edit(leaf, after),
                Some(inner) => match unescape(inner) {
                    Some(text) => self.edit(leaf, &text),
                    None => self.cover(leaf),
                },
            }
        }
    }

    /// Whether a finding covers what stands in quotes there.
    fn is_all_masked(&self, line: &[u8], place: &std::ops::Range<usize>) -> bool {
        let inner = place.start + 1..place.end - 1;
        self.redactor.findings(line).iter().any(|f| f.start <= inner.start && f.end >= inner.end)
    }

    /// Of what cannot be told apart nothing stays.
    fn cover(&mut self, leaf: &Leaf) {
        if !leaf.body.is_empty() {
            self.tally.unjudged += 1;
            self.edit(leaf, UNJUDGED);
        }
    }

    fn edit(&mut self, leaf: &Leaf, text: &[u8]) {
        let with = match leaf.kind {
            // Nobody knows what belongs there.
            Kind::Unknown => {
                self.tally.unjudged += u64::from(text != UNJUDGED);
                Vec::new()
            }
            Kind::Text => rewrite::field(&self.source[leaf.whole.start..leaf.tag_end], text),
            Kind::Number => rewrite::field(table::STRING_VALUE, text),
        };
        self.edits.push(Edit { place: leaf.whole.clone(), with, span: leaf.span });
    }
}

/// Messages written and read by hand, for tests.
#[cfg(test)]
pub mod drawn {
    pub use super::oracle::fields;
    pub use super::tests::{SECRET, len, pair, text};
}
