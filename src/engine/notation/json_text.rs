//! The texts of a record that is a JSON document: what begins in one ends in it, whatever notation it has.

use memchr::{memchr_iter, memchr3, memrchr3};

use super::Record;
use super::escape::{GAP_BYTES_MAX, skip_gap};

/// Where something that was found in a document has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// At the mark of the text it begins in.
    Text(usize),
    /// It begins in none: where the number or word ends that it begins with.
    Bare(usize),
}

/// How far the marks of a document are read, whether a text is open there, and where the next one ends: each byte is read
/// once, as long as what is asked goes forward.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct JsonTexts {
    at: usize,
    open: bool,
    ahead: Option<Ahead>,
    /// The last sign that a document has behind a value, sought once.
    last: Option<Option<usize>>,
}

/// What was seen of a record's bytes `from..to`: none of their marks ends a text, but the one at `to`, if one stands there.
#[derive(Debug, Clone, Copy)]
struct Ahead {
    from: usize,
    to: usize,
    mark: bool,
}

impl JsonTexts {
    /// Where the text ends that `start` stands in, if it does before `end`. `work` grows by the bytes read.
    pub(crate) fn end(&mut self, rec: &Record<'_>, start: usize, end: usize, work: &mut u64) -> Option<usize> {
        if !self.may_be_inside(rec, start) {
            return None;
        }
        match self.bound(rec, start, end, work)? {
            Bound::Text(mark) => Some(mark),
            Bound::Bare(_) => None,
        }
    }

    /// What ends before `end` that `start` stands in.
    pub(crate) fn bound(&mut self, rec: &Record<'_>, start: usize, end: usize, work: &mut u64) -> Option<Bound> {
        if !self.may_be_inside(rec, start) || !is_document(rec) {
            return None;
        }
        if self.is_open(rec, start, work) {
            return self.next_end(rec, start, end, work).map(Bound::Text);
        }
        let text = rec.slice(start..end);
        // Of what is cut out of a document, not all is looked at.
        if end < rec.end && memchr3(b'"', b']', b'}', text).is_none() {
            return None;
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

    /// Whether `start` may stand in a document: a cheap look, as most records are none.
    fn may_be_inside(&mut self, rec: &Record<'_>, start: usize) -> bool {
        may_be_document(rec)
            && *self.last.get_or_insert_with(|| memrchr3(b'"', b']', b'}', rec.slice(rec.start..rec.end)))
                >= Some(start - rec.start)
    }

    /// The first mark from `start` on that ends a text, if it stands before `end`.
    fn next_end(&mut self, rec: &Record<'_>, start: usize, end: usize, work: &mut u64) -> Option<usize> {
        let known =
            self.ahead.filter(|ahead| (ahead.from..=ahead.to).contains(&start) && (ahead.mark || end <= ahead.to));
        let ahead = known.unwrap_or_else(|| {
            let mut marks = memchr_iter(b'"', rec.slice(start..end)).map(|n| start + n);
            let mark = marks.find(|mark| is_mark(rec, *mark) && ends_text(rec, *mark));
            let to = mark.unwrap_or(end);
            *work += (to - start) as u64;
            Ahead { from: start, to, mark: mark.is_some() }
        });
        self.ahead = Some(ahead);
        (ahead.mark && ahead.to < end).then_some(ahead.to)
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
            (self.at, self.open) = (0, false);
        }
        let from = self.at.max(rec.start);
        *work += (at - from) as u64;
        let marks = memchr_iter(b'"', rec.slice(from..at)).map(|n| from + n);
        let changes = marks.filter(|mark| is_mark(rec, *mark)).count() % 2 == 1;
        (self.at, self.open) = (at, self.open != changes);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{JsonTexts, Record};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

        /// What was seen ahead, or is sought anew: whatever was asked before, forwards or back.
        #[test]
        fn what_is_kept_is_what_would_be_found(
            text in "[{]\"(a|bb|\"|\\\\|\\\\\"|,|:|[]]|[}]|[{]\"| ){0,30}",
            asked in prop::collection::vec(any::<[prop::sample::Index; 2]>(), 1..12),
        ) {
            let rec = Record::new(text.as_bytes(), 0, text.len());
            let mut kept = JsonTexts::default();
            for places in asked {
                let [a, b] = places.map(|place| place.index(text.len() + 1));
                for (start, end) in [(a.min(b), a.max(b)), (a, text.len())] {
                    let own = kept.bound(&rec, start, end, &mut 0);
                    prop_assert_eq!(own, JsonTexts::default().bound(&rec, start, end, &mut 0), "{} {}..{}", text, start, end);
                    let own = kept.end(&rec, start, end, &mut 0);
                    prop_assert_eq!(own, JsonTexts::default().end(&rec, start, end, &mut 0), "{} {}..{}", text, start, end);
                }
            }
        }
    }
}
