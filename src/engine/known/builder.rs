//! Values, one by one -> their forms in one place.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::form::{Ends, Form};
use super::forms::{self, Encoding};
use super::guards::{self, Verdict};
use super::secret::{Bytes, Secret};
use super::values::Values;
use super::windows::Windows;
use crate::engine::wipe::forget;

/// The most values.
const VALUES_MAX: usize = 100_000;
/// The most bytes of all forms together.
const FORMS_BYTES_MAX: usize = 64 << 20;
/// The longest form, in bytes: less than the windows of a long record overlap.
const FORM_BYTES_MAX: usize = 64 << 10;
/// Values of fewer bytes count between other signs than letters and digits only.
const ANYWHERE_BYTES_MIN: usize = 8;
/// Characters of base64 that are found without anything around them.
const BASE64_MIN: usize = 8;

/// Takes values, or says why not.
///
/// ```
/// use logveil::{Values, Verdict};
///
/// let mut values = Values::builder();
/// assert_eq!(values.add("hunter2"), Verdict::Taken);
/// assert_eq!(values.add("hunter2"), Verdict::Doubled);
/// assert_eq!(values.add("abc"), Verdict::TooShort);
/// assert_eq!(values.add("${DB_PASSWORD}"), Verdict::Template);
/// assert_eq!(values.build().len(), 1);
/// ```
pub struct ValuesBuilder {
    bytes: Bytes,
    forms: Vec<Form>,
    values: Vec<(u32, u32)>,
    names: Vec<Option<Arc<str>>>,
    /// Hashes of the values: of two that are the same the second is none.
    seen: FxHashSet<[u8; 16]>,
    encodings: Vec<Encoding>,
    min_bytes: usize,
}

impl Values {
    /// None yet.
    pub fn builder() -> ValuesBuilder {
        ValuesBuilder::default()
    }
}

impl Default for ValuesBuilder {
    fn default() -> Self {
        ValuesBuilder {
            bytes: Bytes::default(),
            forms: Vec::new(),
            values: Vec::new(),
            names: Vec::new(),
            seen: FxHashSet::default(),
            encodings: Encoding::ALL.to_vec(),
            min_bytes: guards::BYTES_MIN,
        }
    }
}

impl ValuesBuilder {
    /// The encodings besides the value as it is; all of them by default.
    pub fn encodings(mut self, encodings: impl IntoIterator<Item = Encoding>) -> Self {
        self.encodings = encodings.into_iter().collect();
        self
    }

    /// The fewest bytes of a value: 6 by default, never less than 4. Whatever it is, a value of fewer than 8 bytes counts
    /// between other signs than letters and digits only, and one of digits alone needs 8.
    pub fn min_bytes(mut self, bytes: usize) -> Self {
        self.min_bytes = bytes.max(guards::BYTES_LEAST);
        self
    }

    /// Takes a value, or says why not: a word or a short text would eat the log. Of a value of several lines each line is
    /// one by itself, too, since a record is one line.
    pub fn add(&mut self, value: impl Into<Secret>) -> Verdict {
        let secret: Secret = value.into();
        let value = secret.bytes();
        let verdict = match guards::verdict(value, self.min_bytes) {
            Verdict::Taken => self.take(value),
            refused => refused,
        };
        if verdict == Verdict::Taken && (value.contains(&b'\n') || value.ends_with(b"\r")) {
            for line in value.split(|b| *b == b'\n').map(<[u8]>::trim_ascii) {
                if line.len() >= ANYWHERE_BYTES_MIN && guards::verdict(line, self.min_bytes) == Verdict::Taken {
                    self.take(line);
                }
            }
        }
        verdict
    }

    /// The same, of a value that masks are counted under: see [`Tally::known`](crate::Tally::known). A name says what leaked,
    /// so it never stands in what leaves. Of two values that are the same the first one's name holds.
    ///
    /// ```
    /// use logveil::{Redactor, Tally, Values};
    ///
    /// let mut values = Values::builder();
    /// values.add_named("db", "tr0ub4dor&3");
    /// let redactor = Redactor::builtin().with_values(values.build());
    /// let mut tally = Tally::default();
    /// redactor.redact_counted(b"said tr0ub4dor&3 and q=tr0ub4dor%263", &mut tally);
    /// assert_eq!(tally.known().collect::<Vec<_>>(), [("db", 2)]);
    /// ```
    pub fn add_named(&mut self, name: &str, value: impl Into<Secret>) -> Verdict {
        let before = self.values.len();
        let verdict = self.add(value);
        if self.values.len() > before {
            self.names.resize(before, None);
            self.names.resize(self.values.len(), Some(name.into()));
        }
        verdict
    }

    fn take(&mut self, value: &[u8]) -> Verdict {
        let mut hash = [0; 16];
        hash.copy_from_slice(&blake3::hash(value).as_bytes()[..16]);
        if self.seen.contains(&hash) {
            return Verdict::Doubled;
        }
        if self.values.len() >= VALUES_MAX || self.bytes.len() + value.len() > FORMS_BYTES_MAX {
            return Verdict::Full;
        }
        self.seen.insert(hash);
        let (start, index) = (self.bytes.len(), self.values.len() as u32);
        self.bytes.put(value);
        self.values.push((start as u32, value.len() as u32));
        let plain = if value.len() < ANYWHERE_BYTES_MIN { Ends::Words } else { Ends::Anywhere };
        let first = self.forms.len();
        if is_in_a_record(value) {
            self.forms.push(Form { start: start as u32, len: value.len() as u32, value: index, ends: plain });
        }
        let (bytes, all) = (&mut self.bytes, &mut self.forms);
        forms::each(value, &self.encodings, &mut |form, base64| {
            let ends = if base64 { Ends::Run } else { plain };
            let short = base64 && form.len() < BASE64_MIN;
            let long = form.len() > FORM_BYTES_MAX || bytes.len() + form.len() > FORMS_BYTES_MAX;
            if short || long || form.len() < guards::BYTES_LEAST || !is_in_a_record(form) {
                return;
            }
            let text = |f: &Form| &bytes.as_slice()[f.start as usize..(f.start + f.len) as usize];
            if all[first..].iter().any(|f| f.ends == ends && text(f) == form) {
                return;
            }
            all.push(Form { start: bytes.len() as u32, len: form.len() as u32, value: index, ends });
            bytes.put(form);
        });
        Verdict::Taken
    }

    /// All that were taken, ready to be looked for.
    pub fn build(mut self) -> Values {
        let (bytes, forms) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.forms));
        let windows = Windows::new(&forms, bytes.as_slice());
        let (values, names) = (std::mem::take(&mut self.values), std::mem::take(&mut self.names));
        Values { bytes, forms, values, windows, names }
    }
}

impl Drop for ValuesBuilder {
    fn drop(&mut self) {
        let mut seen: Vec<[u8; 16]> = self.seen.drain().collect();
        forget(&mut seen);
    }
}

/// A record has no line end, nor a carriage return at its own.
fn is_in_a_record(form: &[u8]) -> bool {
    !form.contains(&b'\n') && !form.ends_with(b"\r")
}
