//! One value: between its marks, or bare.

use super::Record;
use super::bare::{bare_end, template_end};
use super::context::mask_len;
use super::escape::{GAP_BYTES_MAX, skip_gap};
use super::quote::{Close, Quote};
use crate::rules::mask::Notation;

/// The most marks that are looked at for a text's end.
const MARKS_MAX: usize = 64;

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The mark it is quoted with.
    pub(crate) quote: Option<Quote>,
    /// How a mask must be written in its place.
    pub(crate) notation: Notation,
    /// It did not end before the record did, so that it may go on.
    pub(crate) open: bool,
}

/// The value between the mark at `at` and its closing one.
pub(crate) fn quoted(rec: &Record<'_>, at: usize, quote: Quote) -> Value {
    let start = at + quote.width();
    let (end, open) = closed(rec, start, quote);
    Value { start, end, quote: Some(quote), notation: Notation::Quoted, open }
}

/// Where the value ends that the mark right before `start` began, and whether nothing ended it.
pub(crate) fn closed(rec: &Record<'_>, start: usize, quote: Quote) -> (usize, bool) {
    // What a `"` began ends at one in any record.
    let json = quote.sign != b'"' && rec.is_json();
    match rec.close(quote, start, rec.end, json) {
        Close::Mark(end) | Close::Cut(end) => (end, false),
        Close::Open => (rec.end, true),
    }
}

/// Behind the value and the mark that closes it, if one does.
pub(super) fn behind(rec: &Record<'_>, value: &Value) -> usize {
    let mark = value.quote.filter(|quote| rec.quote_at(value.end, rec.end) == Some(*quote));
    value.end + mark.map_or(0, Quote::width)
}

/// Where the text of JSON ends that `at` stands in, if the record is JSON and it does before `limit`: at a mark behind
/// which another one's key, or an end, follows.
pub(super) fn text_end(rec: &Record<'_>, at: usize, limit: usize) -> Option<usize> {
    let rest = &rec.from(at)[..limit - at];
    let marks = memchr::memchr_iter(b'"', if rec.is_json() { rest } else { &[] });
    let ends = |mark: &usize| {
        let next = skip_gap(rec, at + mark + 1, GAP_BYTES_MAX);
        matches!(rec.get(next), None | Some(b',' | b':' | b']' | b'}' | b'\\'))
    };
    let mark = marks.take(MARKS_MAX).find(ends)?;
    Some(at + mark - rest[..mark].iter().rev().take_while(|b| **b == b'\\').count())
}

/// A bare value: ends where its notation says.
pub(crate) fn bare(rec: &Record<'_>, at: usize, percent: bool, notation: Notation) -> Value {
    let p = at + mask_len(rec, at);
    let mut p = bare_end(rec, p, rec.end, percent);
    // A template is one value, blanks and all.
    if p == at || matches!(rec.byte(at), b'{' | b'$' | b'<' | b'#' | b'%') {
        let template = template_end(rec, at);
        let cut = rec.is_json() && rec.from(at)[..template - at].contains(&b'"');
        if template > at && template >= p && !cut {
            // More of a value behind it belongs to the value.
            p = bare_end(rec, template, rec.end, percent);
        }
    }
    // `(hunter2)`, `(null)`: what the value opens it closes.
    if rec.get(at) == Some(b'(')
        && rec.get(p) == Some(b')')
        && memchr::memchr(b'(', &rec.from(at + 1)[..p - at - 1]).is_none()
    {
        p = bare_end(rec, p + 1, rec.end, percent);
    }
    Value { start: at, end: p, quote: None, notation, open: p == rec.end }
}
