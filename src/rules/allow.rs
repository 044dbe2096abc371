//! What a user allows to stay: an entry of an allow-list, checked where it is used.

use std::fmt;

use super::automaton::Automaton;

/// An entry of an allow-list: whole secret values that stay although a rule finds them, told by the
/// value itself, by a regex over the whole of it, or by its key. What stays is counted under the
/// entry's name.
///
/// ```
/// use logveil::{Allow, Redactor};
///
/// # fn main() -> Result<(), logveil::RuleError> {
/// let redactor = Redactor::builder().allow(Allow::new("canary").value("hunter2").rules(["password"])).build()?;
/// assert_eq!(&redactor.redact(b"password=hunter2")[..], b"password=hunter2");
/// assert_eq!(&redactor.redact(b"password=hunter23")[..], b"password=[REDACTED:password]");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Allow {
    pub(crate) name: String,
    /// Where it is written; empty for entries made by calls.
    pub(crate) file: String,
    pub(crate) line: Option<usize>,
    pub(crate) values: Vec<Item<Vec<u8>>>,
    pub(crate) regexes: Vec<Item<(String, Automaton)>>,
    pub(crate) keys: Vec<Item<String>>,
    /// Rules or families it is for; all if empty.
    pub(crate) rules: Vec<String>,
}

/// Something with the line it is written on.
#[derive(Clone)]
pub(crate) struct Item<T> {
    pub(crate) what: T,
    pub(crate) line: Option<usize>,
}

impl Allow {
    /// An entry that allows nothing yet; `name` is what counts and explanations say, so that it
    /// should not be the value.
    pub fn new(name: &str) -> Allow {
        Allow {
            name: name.to_owned(),
            file: String::new(),
            line: None,
            values: Vec::new(),
            regexes: Vec::new(),
            keys: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// Allows this value, as a whole and byte for byte.
    pub fn value(mut self, value: impl AsRef<[u8]>) -> Self {
        self.values.push(Item { what: value.as_ref().to_vec(), line: None });
        self
    }

    /// Allows whatever stands behind this key, which is compared like the keys of rules: casing and
    /// the signs between its words do not count. It is the whole key, not its last word.
    pub fn key(mut self, key: &str) -> Self {
        self.keys.push(Item { what: key.to_owned(), line: None });
        self
    }

    /// Only what these rules or families find.
    pub fn rules<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.rules.extend(names.into_iter().map(Into::into));
        self
    }
}

impl fmt::Debug for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values are what logs hold.
        let counts = (self.values.len(), self.regexes.len(), self.keys.len());
        f.debug_struct("Allow").field("values_regexes_keys", &counts).finish_non_exhaustive()
    }
}
