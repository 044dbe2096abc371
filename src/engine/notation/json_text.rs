//! The texts of a record that is a JSON document: what begins in one ends in it, whatever notation it has.

use memchr::{memchr, memchr_iter};

use super::Record;

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
        memchr(b'"', rec.slice(start..end))?;
        if !is_document(rec) {
            return None;
        }
        if self.at < rec.start || self.at > start {
            *self = JsonTexts { at: rec.start, open: false };
        }
        *work += (start - self.at) as u64;
        let marks = memchr_iter(b'"', rec.slice(self.at..start)).map(|n| self.at + n);
        let open = marks.filter(|mark| is_mark(rec, *mark)).count() % 2 == 1;
        *self = JsonTexts { at: start, open: self.open != open };
        let mut marks = memchr_iter(b'"', rec.slice(start..end)).map(|n| start + n);
        marks.find(|mark| is_mark(rec, *mark)).filter(|_| self.open)
    }
}

/// Whether the record is a JSON document from its first byte on: a text before one may have marks of its own, and so may
/// what is cut out of a record that is longer than any.
fn is_document(rec: &Record<'_>) -> bool {
    let begun = rec.start == 0 || matches!(rec.chunk_before::<1>(rec.start), Ok([b'\n' | b'\r' | 0]));
    begun && matches!(rec.bytes().trim_ascii_start().first(), Some(b'{' | b'[')) && rec.is_json()
}

/// Whether no backslash makes the mark at `at` one of a text's own.
fn is_mark(rec: &Record<'_>, at: usize) -> bool {
    rec.run_back(at, usize::MAX, |b| b == b'\\').is_multiple_of(2)
}
