//! One value: between its marks, or bare.

use super::Record;
use super::bare::{bare_end, template_end};
use super::context::mask_len;
use super::quote::{Close, Quote};
use crate::rules::mask::Notation;

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
    match quote.close(rec.buf, start, rec.end, json) {
        Close::Mark(end) | Close::Cut(end) => (end, false),
        Close::Open => (rec.end, true),
    }
}

/// A bare value: ends where its notation says.
pub(crate) fn bare(rec: &Record<'_>, at: usize, percent: bool, notation: Notation) -> Value {
    let p = at + mask_len(rec, at);
    let mut p = bare_end(rec, p, rec.end, percent);
    // A template is one value, blanks and all.
    if p == at || matches!(rec.buf[at], b'{' | b'$' | b'<' | b'#' | b'%') {
        let template = template_end(rec, at);
        if template > at && template >= p {
            // More of a value behind it belongs to the value.
            p = bare_end(rec, template, rec.end, percent);
        }
    }
    Value { start: at, end: p, quote: None, notation, open: p == rec.end }
}
