//! The rules that are on and their masks, ready to be used: immutable, shared, cheap to clone.

use std::fmt;
use std::sync::Arc;

use crate::engine::detect::ruleset::RuleSet;
use crate::engine::known::live::LiveValues;
use crate::engine::known::rule::KNOWN;
use crate::engine::known::values::Values;
use crate::engine::scan::scratch::Scratch;
use crate::rules::rule::{Rule, RuleId};

/// Finds and masks secrets.
///
/// `Send + Sync`; a clone shares everything. Each call is whole in itself: the input's lines are
/// its records, and a key block may span them. For bytes that come in pieces use [`Stream`](crate::Stream).
///
/// ```
/// let redactor = logveil::Redactor::builtin();
/// let line = b"login user=alice password=hunter2 from 203.0.113.9";
/// assert_eq!(&redactor.redact(line)[..], b"login user=alice password=[REDACTED:password] from 203.0.113.9");
///
/// let clean = b"Failed password for root from 203.0.113.9 port 22 ssh2";
/// assert!(matches!(redactor.redact(clean), std::borrow::Cow::Borrowed(_)));
/// ```
#[derive(Clone)]
pub struct Redactor {
    pub(crate) set: Arc<RuleSet>,
    /// The values that are known, if any were given.
    pub(crate) known: Option<LiveValues>,
}

impl Redactor {
    /// The same rules, and these values: each is masked wherever it stands, with or without a key and in all encodings,
    /// whatever an allow-list says. See [`Values`].
    pub fn with_values(&self, values: Values) -> Redactor {
        self.with_live_values(&LiveValues::new(values))
    }

    /// The same, for values that somebody else replaces.
    pub fn with_live_values(&self, values: &LiveValues) -> Redactor {
        Redactor { set: self.set.clone(), known: Some(values.clone()) }
    }

    /// The values that are known, to be replaced; none if none were given.
    pub fn values(&self) -> Option<&LiveValues> {
        self.known.as_ref()
    }

    /// Working memory for a look by these rules and the values of this moment.
    pub(crate) fn scratch(&self) -> Box<Scratch> {
        let mut scratch = Scratch::take();
        if let (Some(known), true) = (&self.known, self.set.on[KNOWN.index()]) {
            scratch.known.values = Some(known.get()).filter(|values| !values.is_empty());
        }
        scratch
    }

    /// Overwrites what this thread remembers of the input: for a thread that goes idle for long.
    ///
    /// Between calls a thread keeps working memory (at most 1 MiB), so that a clean line allocates nothing, and remembers in
    /// it keys and bytes around places that led nowhere: pieces of the input that are no secrets. Dropping a
    /// [`Stream`](crate::Stream) and ending the thread overwrite them, too.
    ///
    /// ```
    /// let redactor = logveil::Redactor::builtin();
    /// redactor.redact(b"token_type=bearer");
    /// logveil::Redactor::forget();
    /// ```
    pub fn forget() {
        Scratch::forget();
    }

    /// Whether this thread remembers anything of the input.
    #[cfg(all(test, feature = "serve"))]
    pub(crate) fn remembers() -> bool {
        Scratch::remembers() == Some(true)
    }

    /// Lets the rules live as long as the program: taking them apart is a tenth of a short run. A
    /// hash key is dropped all the same, which wipes it.
    #[cfg(feature = "cli")]
    pub(crate) fn outlive(&self) {
        if self.set.masks.key.is_none() {
            std::mem::forget(self.set.clone());
        }
    }

    /// The rules, on or off; a [`RuleId`] is an index into them.
    pub fn rules(&self) -> &[Rule] {
        &self.set.rules
    }

    /// Whether the rule is on.
    pub fn is_on(&self, rule: RuleId) -> bool {
        let given = rule != KNOWN || self.known.is_some();
        given && self.set.on.get(rule.index()).copied().unwrap_or(false)
    }

    /// The names of the allow-list's entries; [`Spared`](crate::Spared) and [`Tally::spared_by`](crate::Tally::spared_by)
    /// speak of them by index.
    pub fn allowed(&self) -> &[String] {
        self.set.allowed.as_ref().map_or(&[], |allowed| &allowed.names)
    }

    /// The rule of that id.
    pub fn rule(&self, id: RuleId) -> &Rule {
        self.set.rule(id)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("rules", &self.set.rules.len()).finish_non_exhaustive()
    }
}
