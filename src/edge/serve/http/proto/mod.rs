//! Protobuf without structs: a [`table`] says what each field of a message is, [`wire`] takes a message apart, [`lines`]
//! writes its records as lines of JSON, which the engine knows how to judge, and [`rewrite`] puts what it found into the
//! bytes that came ([`place`] says where). All else stays as it is: unknown fields, their order, numbers that are written longer than need be.

mod lines;
#[cfg(test)]
mod oracle;
mod place;
mod rewrite;
pub mod table;
#[cfg(test)]
mod tests;
mod wire;

use std::borrow::Cow;

use self::lines::{Line, Lines};
use self::place::{Kind, Leaf, Span};
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
    let mut judge = Judge { source, redactor, tally, edits: Vec::new(), spans: Vec::new() };
    let judged = judge.lines(&lines);
    let Judge { edits, mut spans, .. } = judge;
    wipe(&mut lines.text);
    judged?;
    if edits.is_empty() {
        return Ok(None);
    }
    spans.append(&mut lines.spans);
    Ok(Some(rewrite::apply(source, spans, edits)))
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
    /// Messages around what is edited.
    spans: Vec<Span>,
}

impl Judge<'_> {
    /// All lines in one call; then those that are not what they were, leaf by leaf.
    fn lines(&mut self, lines: &Lines<'_>) -> Result<(), Refusal> {
        let mut counted = Tally::default();
        let mut masked = self.redactor.redact_counted(&lines.text, &mut counted);
        if !lines.any_long() && matches!(masked, Cow::Borrowed(_)) {
            self.tally.add(&counted);
            return Ok(());
        }
        let feeds = |text: &[u8]| memchr::memchr_iter(b'\n', text).count();
        let whole = feeds(&masked) == feeds(&lines.text);
        if whole {
            self.tally.add(&counted);
        }
        let judged = self.each(lines, whole.then_some(&masked[..]));
        if let Cow::Owned(masked) = &mut masked {
            wipe(masked);
        }
        judged
    }

    /// Line by line, as all of them were masked; by itself where what was found spans lines.
    fn each(&mut self, lines: &Lines<'_>, mut masked: Option<&[u8]>) -> Result<(), Refusal> {
        for (line, text) in lines.each() {
            match &mut masked {
                Some(rest) => {
                    let (there, others) = rest.split_at(memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1));
                    *rest = others;
                    self.line(lines, (line, text), there)?;
                }
                None => {
                    let masked = self.redactor.redact_counted(text, self.tally);
                    self.line(lines, (line, text), &masked)?;
                }
            }
        }
        Ok(())
    }

    /// One line with its text, and that as it was masked.
    fn line(&mut self, lines: &Lines<'_>, (line, text): (&Line, &[u8]), masked: &[u8]) -> Result<(), Refusal> {
        if text == masked && !line.long {
            return Ok(());
        }
        let (leaves, mut spans) = lines.leaves(line)?;
        self.spans.append(&mut spans);
        let Some(places) = align(text, leaves.iter().map(|leaf| leaf.place.range()), masked) else {
            leaves.iter().for_each(|leaf| self.cover(leaf));
            return Ok(());
        };
        for (leaf, there) in leaves.iter().zip(places) {
            let (before, after) = (&text[leaf.place.range()], &masked[there]);
            if leaf.long && (before == after || !self.is_all_masked(text, &leaf.place.range())) {
                // Nothing around it makes all of it a secret: it is a text by itself.
                let body = &self.source[leaf.body.range()];
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
        Ok(())
    }

    /// Whether a finding covers what stands in quotes there.
    fn is_all_masked(&self, line: &[u8], place: &std::ops::Range<usize>) -> bool {
        let inner = place.start + 1..place.end - 1;
        self.redactor.findings(line).iter().any(|f| f.start <= inner.start && f.end >= inner.end)
    }

    /// Of what cannot be told apart nothing stays.
    fn cover(&mut self, leaf: &Leaf) {
        if !leaf.body.range().is_empty() {
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
            Kind::Text => rewrite::field(&self.source[leaf.tag.range()], text),
            Kind::Number => rewrite::field(table::STRING_VALUE, text),
        };
        self.edits.push(Edit { place: leaf.whole(), with, parent: leaf.parent });
    }
}

/// Messages written and read by hand, for tests.
#[cfg(test)]
pub mod drawn {
    pub use super::oracle::fields;
    pub use super::tests::{SECRET, len, pair, text};
}
