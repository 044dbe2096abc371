//! Other fields in place of some of a body's, and the lengths of the messages around them. What else there is stays.

use std::ops::Range;

use super::UNJUDGED;
use super::place::{Id, Span};
use super::wire::{put_varint, varint_len};

/// Other bytes in place of some of the body's.
pub struct Edit {
    /// The field.
    pub place: Range<usize>,
    /// What stands there then.
    pub with: Vec<u8>,
    /// The message around it.
    pub parent: Id,
}

/// A field with a length, behind its number.
pub fn field(tag: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(tag.len() + body.len() + 2);
    out.extend_from_slice(tag);
    put_varint(body.len() as u64, &mut out);
    out.extend_from_slice(body);
    out
}

/// The body with these edits, and the messages around them, some of which may be given twice.
pub fn apply(source: &[u8], mut spans: Vec<Span>, mut edits: Vec<Edit>) -> Vec<u8> {
    spans.sort_unstable_by_key(|span| span.id());
    spans.dedup_by_key(|span| span.id());
    edits.sort_by_key(|edit| edit.place.start);
    edits.dedup_by(|later, first| {
        let same = later.place == first.place;
        // Judged twice, under two keys, with two answers: neither counts.
        if same && later.with != first.with && !first.with.is_empty() {
            first.with = field(&first.with[..1], UNJUDGED);
        }
        same
    });
    lengths(&spans, &mut edits);
    let grown: usize = edits.iter().map(|edit| edit.with.len()).sum();
    let mut out = Vec::with_capacity(source.len() + grown);
    let mut from = 0;
    for edit in &edits {
        out.extend_from_slice(&source[from..edit.place.start]);
        out.extend_from_slice(&edit.with);
        from = edit.place.end;
    }
    out.extend_from_slice(&source[from..]);
    out
}

/// Adds the edits of lengths, from the inside out: each message begins behind the one around it.
fn lengths(spans: &[Span], edits: &mut Vec<Edit>) {
    let at = |id: Id| spans.partition_point(|span| span.id() < id);
    let mut more = vec![0_isize; spans.len()];
    for edit in edits.iter() {
        more[at(edit.parent)] += edit.with.len() as isize - edit.place.len() as isize;
    }
    for (n, span) in spans.iter().enumerate().rev().filter(|(_, span)| !span.len().is_empty()) {
        if more[n] == 0 {
            continue;
        }
        let len = span.body().len().saturating_add_signed(more[n]) as u64;
        let mut with = Vec::with_capacity(varint_len(len));
        put_varint(len, &mut with);
        more[at(span.parent)] += more[n] + with.len() as isize - span.len().len() as isize;
        edits.push(Edit { place: span.len(), with, parent: span.parent });
    }
    edits.sort_by_key(|edit| edit.place.start);
}
