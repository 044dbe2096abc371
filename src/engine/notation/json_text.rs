//! The texts of a record that is a JSON document: what begins in one ends in it, whatever notation it has.

use memchr::{memchr, memchr_iter, memchr3};

use super::Record;
use super::escape::skip_gap;
use super::separator::GAP_BYTES_MAX;

/// Where something that was found in a document has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// At the mark of the text it begins in.
    Text(usize),
    /// It begins in none: where the number or word ends that it begins with.
    Bare(usize),
}

/// How far the marks of a document are read, and whether a text is open there: each byte is read once, as long as what
/// is asked goes forward.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct JsonTexts {
    at: usize,
    open: bool,
}

impl JsonTexts {
    /// Where the text ends that `start` stands in, if it does before `end`. `work` grows by the bytes read.
    pub(crate) fn end(&mut self, rec: &Record<'_>, start: usize, end: usize, work: &mut u64) -> Option<usize> {
        if !may_be_document(rec) {
            return None;
        }
        memchr(b'"', rec.slice(start..end))?;
        match self.bound(rec, start, end, work)? {
            Bound::Text(mark) => Some(mark),
            Bound::Bare(_) => None,
        }
    }

    /// What ends before `end` that `start` stands in.
    pub(crate) fn bound(&mut self, rec: &Record<'_>, start: usize, end: usize, work: &mut u64) -> Option<Bound> {
        if !may_be_document(rec) {
            return None;
        }
        let text = rec.slice(start..end);
        if memchr3(b'"', b']', b'}', text).is_none() || !is_document(rec) {
            return None;
        }
        if self.is_open(rec, start, work) {
            let mut marks = memchr_iter(b'"', text).map(|n| start + n);
            return marks.find(|mark| is_mark(rec, *mark) && ends_text(rec, *mark)).map(Bound::Text);
        }
        // Right behind a text's end stands no value, whatever rule took its mark for one that opens.
        if rec.before(start) == Some(b'"') && matches!(text.first(), Some(b',' | b':' | b']' | b'}')) {
            return Some(Bound::Bare(start));
        }
        if !is_value(rec, start) {
            return None;
        }
        let len = text.iter().position(|b| matches!(b, b'"' | b',' | b']' | b'}'));
        len.map(|len| Bound::Bare(start + len))
    }

    /// Whether a document's number stands at `at`, and no text does.
    pub(crate) fn is_bare(&mut self, rec: &Record<'_>, at: usize, work: &mut u64) -> bool {
        may_be_document(rec) && is_value(rec, at) && is_document(rec) && !self.is_open(rec, at, work)
    }

    /// Whether a document's text stands at `at`.
    pub(crate) fn is_inside(&mut self, rec: &Record<'_>, at: usize, work: &mut u64) -> bool {
        may_be_document(rec) && is_document(rec) && self.is_open(rec, at, work)
    }

    /// Whether a text of the document is open at `at`.
    fn is_open(&mut self, rec: &Record<'_>, at: usize, work: &mut u64) -> bool {
        if self.at > at {
            *self = JsonTexts::default();
        }
        let from = self.at.max(rec.start);
        *work += (at - from) as u64;
        let marks = memchr_iter(b'"', rec.slice(from..at)).map(|n| from + n);
        let changes = marks.filter(|mark| is_mark(rec, *mark)).count() % 2 == 1;
        *self = JsonTexts { at, open: self.open != changes };
        self.open
    }
}

/// Whether `to` stands in another text than `from` does, or in none.
pub(crate) fn is_apart(rec: &Record<'_>, from: usize, to: usize) -> bool {
    may_be_document(rec) && memchr_iter(b'"', rec.slice(from..to)).any(|n| is_mark(rec, from + n)) && is_document(rec)
}

/// Whether the record is a JSON document from its first byte on: a text before one may have marks of its own, and so may
/// what is cut out of a record that is longer than any. `[2024-05-02] {"a":1}` is none.
fn is_document(rec: &Record<'_>) -> bool {
    let behind = |at: usize| at + rec.run(at, GAP_BYTES_MAX, |b| matches!(b, b' ' | b'\t'));
    let begun = behind(rec.start);
    let goes_on = match rec.get(begun) {
        Some(b'{') => matches!(rec.get(behind(begun + 1)), Some(b'"' | b'}')),
        Some(b'[') => matches!(rec.get(behind(begun + 1)), Some(b'"' | b'{' | b'[')),
        _ => false,
    };
    goes_on && !rec.is_window() && rec.is_json()
}

/// The same by the first byte alone.
#[inline(always)]
fn may_be_document(rec: &Record<'_>) -> bool {
    matches!(rec.get(rec.start), Some(b'{' | b'[' | b' ' | b'\t'))
}

/// Whether a text's end can be at this mark: what comes behind one follows. In what only looks like JSON, as a message that
/// nobody escaped, marks are anywhere: `{"msg":"he said "hi", password="x""}`.
fn ends_text(rec: &Record<'_>, mark: usize) -> bool {
    matches!(rec.get(skip_gap(rec, mark + 1, GAP_BYTES_MAX)), None | Some(b',' | b':' | b']' | b'}'))
}

/// Whether a value without marks may begin at `at`, by what stands before it; a text behind a document has none.
fn is_value(rec: &Record<'_>, at: usize) -> bool {
    let blanks = |at: usize| at - rec.run_back(at, GAP_BYTES_MAX, |b| matches!(b, b' ' | b'\t'));
    let sign = blanks(at);
    let before = |sign: usize| rec.before(blanks(sign - 1));
    match rec.before(sign) {
        Some(b':') => before(sign) == Some(b'"'),
        Some(b',') => matches!(before(sign), Some(b'"' | b']' | b'}' | b'0'..=b'9' | b'e' | b'l')),
        Some(b'[') => matches!(before(sign), None | Some(b':' | b',' | b'[')),
        _ => false,
    }
}

/// Whether no backslash makes the mark at `at` one of a text's own.
fn is_mark(rec: &Record<'_>, at: usize) -> bool {
    rec.run_back(at, usize::MAX, |b| b == b'\\').is_multiple_of(2)
}
