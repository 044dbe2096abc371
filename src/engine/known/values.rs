//! The values and their forms, ready to be looked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::form::{Form, Hit};
use super::secret::Bytes;
use super::windows::Windows;

/// Secrets that are known as such: what [`Redactor::with_values`](crate::Redactor::with_values) masks wherever it stands,
/// with or without a key, in all encodings at once.
///
/// Immutable. All of it is overwritten when it is dropped; what the caller read the values from is the caller's.
///
/// ```
/// use logveil::{Redactor, Values, Verdict};
///
/// let mut values = Values::builder();
/// assert_eq!(values.add("tr0ub4dor&3"), Verdict::Taken);
/// assert_eq!(values.add("localhost"), Verdict::Word);
/// let redactor = Redactor::builtin().with_values(values.build());
/// assert_eq!(&redactor.redact(b"said tr0ub4dor&3 aloud")[..], b"said [REDACTED:known-value] aloud");
/// assert_eq!(&redactor.redact(b"GET /?q=tr0ub4dor%263 HTTP")[..], b"GET /?q=[REDACTED:known-value] HTTP");
/// ```
pub struct Values {
    /// All forms and values, one behind the other.
    pub(super) bytes: Bytes,
    pub(super) forms: Vec<Form>,
    /// Where each value itself stands in `bytes`.
    pub(super) values: Vec<(u32, u32)>,
    pub(super) windows: Windows,
    /// What each value is called, in the order of `values`; shorter where the last ones have no name.
    pub(super) names: Vec<Option<Arc<str>>>,
}

impl Values {
    /// How many there are; each line of a value of several lines is one more.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// In how many ways they are written, all together.
    pub fn forms(&self) -> usize {
        self.forms.len()
    }

    /// Bytes of memory that they take.
    pub fn memory(&self) -> usize {
        let forms = self.forms.capacity() * size_of::<Form>() + self.values.capacity() * size_of::<(u32, u32)>();
        let names = self.names.capacity() * size_of::<Option<Arc<str>>>();
        let names = names + self.names.iter().flatten().map(|name| name.len()).sum::<usize>();
        self.bytes.capacity() + forms + names + self.windows.memory()
    }

    /// Every place in the text where one stands, in order; they may overlap.
    pub(crate) fn find(&self, text: &[u8], hits: &mut Vec<Hit>) {
        hits.clear();
        self.windows.each(text, &self.forms, self.bytes.as_slice(), &mut |hit, _| hits.push(hit));
        hits.sort_unstable();
        hits.dedup();
    }

    /// Calls `f` with the name of each value that a masked text holds, once a name; where no value has one this costs nothing.
    pub(crate) fn names_in(&self, text: &[u8], f: &mut dyn FnMut(&Arc<str>)) {
        if self.names.is_empty() {
            return;
        }
        let mut found = BTreeSet::new();
        self.windows.each(text, &self.forms, self.bytes.as_slice(), &mut |hit, value| {
            let name = self.names.get(value as usize).and_then(Option::as_ref);
            found.extend(name.filter(|_| !hit.unjudged));
        });
        found.into_iter().for_each(f);
    }

    /// The value itself that a masked text holds, the first and longest one, whatever its encoding: so that all
    /// encodings of a value share a tag.
    pub(crate) fn value_in(&self, text: &[u8]) -> Option<&[u8]> {
        let mut best: Option<(usize, std::cmp::Reverse<usize>, u32)> = None;
        self.windows.each(text, &self.forms, self.bytes.as_slice(), &mut |hit, value| {
            let this = (hit.start, std::cmp::Reverse(hit.end), value);
            if !hit.unjudged && best.is_none_or(|best| this < best) {
                best = Some(this);
            }
        });
        let (start, len) = self.values[best?.2 as usize];
        Some(&self.bytes.as_slice()[start as usize..(start + len) as usize])
    }
}
