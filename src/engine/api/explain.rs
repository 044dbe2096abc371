//! Why something was found, or was not; and whether rules keep what their examples promise.

use crate::engine::found::allowed::Spared;
use crate::engine::found::finding::{Finding, Refused, Weighed};
use crate::engine::found::notes::Notes;
use crate::engine::redactor::Redactor;
use crate::engine::stream::batch;

/// What was found in an input and which candidates were let go. Shows no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// One span each, in order.
    pub findings: Vec<Finding>,
    /// Every finding before overlapping ones were joined.
    pub all: Vec<Finding>,
    /// Candidates that were let go, in order.
    pub refused: Vec<Refused>,
    /// Findings that the user's allow-list let go, in order.
    pub spared: Vec<Spared>,
    /// Values that were weighed, in order.
    pub weighed: Vec<Weighed>,
}

impl Redactor {
    /// Looks through the input and says what was found and what was let go, and why.
    pub fn explain(&self, input: &[u8]) -> Explanation {
        let mut scratch = self.scratch();
        scratch.notes = Some(Notes::default());
        batch::scan(&self.set, input, &mut None, &mut scratch);
        let Notes { mut all, mut refused, mut weighed } = scratch.notes.take().unwrap_or_default();
        all.sort_by_key(|f| (f.start, f.end, f.rule));
        refused.sort_by_key(|r| (r.at, r.why));
        refused.dedup();
        weighed.sort_by_key(|w| (w.start, w.end));
        weighed.dedup();
        let mut spared = std::mem::take(&mut scratch.spared);
        spared.sort_unstable();
        spared.dedup();
        let findings = std::mem::take(&mut scratch.findings);
        scratch.leave();
        Explanation { findings, all, refused, spared, weighed }
    }
}

/// Tries the rules from index `first` on on their own examples.
#[cfg(feature = "compile")]
pub(crate) fn examples_hold(redactor: &Redactor, first: usize) -> Result<(), crate::rules::error::RuleError> {
    let all = redactor.set.rules.iter().enumerate().skip(first);
    all.filter(|(i, _)| redactor.set.on[*i]).try_for_each(|(_, rule)| redactor.examples_of(&rule.id))
}

#[cfg(feature = "compile")]
impl Redactor {
    /// Whether the rule of that id, which must be on, keeps what its examples promise: finds
    /// something in each of `finds`, and nothing is found in any of `spares`.
    ///
    /// # Errors
    /// Names the example by its number.
    pub fn examples_of(&self, id: &str) -> Result<(), crate::rules::error::RuleError> {
        use crate::rules::compile::example::expand;
        use crate::rules::error::RuleError;
        use crate::rules::rule::Kind;
        let Some(rule) = self.rules().iter().find(|r| r.id == id) else {
            return Err(RuleError::new("there is no such rule").in_rule(id));
        };
        let fail = |why: String| Err(RuleError::new(why).in_rule(id));
        if rule.finds.is_empty() && !matches!(rule.kind, Kind::Known) {
            return fail("its examples are not linked into this program (feature `descriptions`)".into());
        }
        for (n, line) in rule.finds.iter().enumerate() {
            let line = expand(line).map_err(|e| RuleError::new(e).in_rule(id))?;
            let seen = self.explain(line.as_bytes());
            let found = seen.all.iter().map(|f| f.rule).chain(seen.spared.iter().map(|s| s.rule));
            if !found.into_iter().any(|rule| self.rule(rule).id == id) {
                let why = seen
                    .refused
                    .iter()
                    .find(|r| r.rule.is_none_or(|r| self.rule(r).id == id))
                    .map_or("no literal of it is in the line", |r| r.why.reason());
                return fail(format!("finds nothing in example {} of `finds`: {why}", n + 1));
            }
        }
        for (n, line) in rule.spares.iter().enumerate() {
            let line = expand(line).map_err(|e| RuleError::new(e).in_rule(id))?;
            if let Some(f) = self.explain(line.as_bytes()).findings.first() {
                return fail(format!(
                    "rule `{}` masks bytes {}..{} of example {} of `spares`",
                    self.rule(f.rule).id,
                    f.start,
                    f.end,
                    n + 1
                ));
            }
        }
        Ok(())
    }
}
