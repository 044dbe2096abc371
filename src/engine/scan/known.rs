//! Known values as findings of a record: found in a block in one pass, put in where their record is judged.

use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memrchr};

use crate::engine::detect::ruleset::RuleSet;
use crate::engine::found::finding::{EndState, Finding};
use crate::engine::found::notes::Notes;
use crate::engine::known::form::Hit;
use crate::engine::known::rule::KNOWN;
use crate::engine::known::values::Values;
use crate::engine::notation::Record;
use crate::engine::notation::context::number_notation;
use crate::rules::mask::Notation;

/// The longest label that is looked for around a value, in bytes.
const LABEL_BYTES_MAX: usize = 256;

/// What a look knows of known values: nothing, in most programs.
#[derive(Default)]
pub(crate) struct Known {
    /// The values of this look.
    pub(crate) values: Option<Arc<Values>>,
    /// Where they stand in the block, in order.
    hits: Vec<Hit>,
    /// Where they stand in a record as it would leave.
    again: Vec<Hit>,
}

impl Known {
    /// Looks for them in a block of records.
    #[inline]
    pub(crate) fn find(&mut self, block: &[u8]) {
        match &self.values {
            Some(values) => values.find(block, &mut self.hits),
            None => self.hits.clear(),
        }
    }

    /// Whether the block has any.
    #[inline]
    pub(crate) fn any(&self) -> bool {
        !self.hits.is_empty()
    }

    /// Where the first one from there on stands.
    #[inline]
    pub(crate) fn next(&self, at: usize) -> Option<usize> {
        let next = self.hits.partition_point(|hit| hit.start < at);
        self.hits.get(next).map(|hit| hit.start)
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        (self.hits.capacity() + self.again.capacity()) * size_of::<Hit>()
    }

    /// Forgets them all.
    pub(crate) fn leave(&mut self) {
        self.values = None;
        self.hits.clear();
        self.again.clear();
    }
}

impl Known {
    /// Adds those of a record to its findings; whether there are any.
    #[inline]
    pub(crate) fn put(
        &self,
        set: &RuleSet,
        rec: &Record<'_>,
        to: &mut Vec<Finding>,
        notes: &mut Option<Notes>,
    ) -> bool {
        if !self.any() {
            return false;
        }
        let own = &self.hits[self.hits.partition_point(|hit| hit.start < rec.start)..];
        let own = &own[..own.partition_point(|hit| hit.start < rec.end)];
        put(set, rec, own, to, notes);
        !own.is_empty()
    }

    /// The same for a record as it would leave.
    pub(crate) fn put_again(&mut self, set: &RuleSet, masked: &Record<'_>, to: &mut Vec<Finding>) {
        if let Some(values) = &self.values {
            values.find(masked.bytes(), &mut self.again);
            put(set, masked, &self.again, to, &mut None);
        }
    }
}

fn put(set: &RuleSet, rec: &Record<'_>, hits: &[Hit], to: &mut Vec<Finding>, notes: &mut Option<Notes>) {
    for hit in hits {
        let (start, end) = (hit.start, hit.end.min(rec.end));
        if is_in_label(set, rec, start..end) {
            continue;
        }
        let finding = match hit.unjudged {
            true => Finding { end_state: EndState::Unjudged, ..Finding::new(start, end, KNOWN, Notation::Text) },
            false => Finding::new(start, end, KNOWN, number_notation(rec, start, end)),
        };
        to.push(finding);
        if let Some(notes) = notes {
            notes.found(finding);
        }
    }
}

/// Whether a value stands inside the name of a rule in a label that was put here: `private-key` in
/// `[REDACTED:private-key]`.
fn is_in_label(set: &RuleSet, rec: &Record<'_>, at: Range<usize>) -> bool {
    let before = rec.last(at.start, LABEL_BYTES_MAX);
    let Some(open) = memrchr(b'[', before).map(|open| at.start - before.len() + open) else { return false };
    let Some(label) = rec.up_to(open, LABEL_BYTES_MAX).strip_prefix(b"[REDACTED:") else { return false };
    let Some(close) = memchr(b']', label) else { return false };
    let id = label[..close].split(|b| *b == b':').next().unwrap_or_default();
    let ours = || id == b"unjudged" || set.rules.iter().any(|rule| rule.id.as_bytes() == id);
    at.end <= open + b"[REDACTED:".len() + id.len() && ours()
}
