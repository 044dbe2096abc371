//! One record on its way through the rules: what is found in it, what it costs, what it leaves open.

use super::carry::Carry;
use super::finding::{Finding, Mark, Refusal, Refused, Until};
use super::gate::Hit;
use super::keys::Known;
use super::notation::Record;
use super::notation::value::Value;
use super::ruleset::RuleSet;
use crate::rules::mask::Notation;
use crate::rules::rule::RuleId;

/// The caller's working memory: kept from block to block, so that a clean block allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) hits: Vec<Hit>,
    pub(crate) findings: Vec<Finding>,
    /// Bytes looked at by everything but the gate.
    pub(crate) work: u64,
    /// Candidates that were let go; collected only for `explain`.
    pub(crate) refused: Option<Vec<Refused>>,
}

#[cfg(feature = "serve")]
impl Scratch {
    /// Gives back what is more than about `keep` bytes.
    pub(crate) fn trim(&mut self, keep: usize) {
        if self.hits.capacity() * size_of::<Hit>() > keep {
            self.hits = Vec::new();
        }
        if self.findings.capacity() * size_of::<Finding>() > keep {
            self.findings = Vec::new();
        }
    }
}

/// Looks through one record at a time.
pub(crate) struct Scanner<'a> {
    pub(crate) set: &'a RuleSet,
    pub(crate) rec: Record<'a>,
    pub(crate) findings: &'a mut Vec<Finding>,
    pub(crate) refused: &'a mut Option<Vec<Refused>>,
    pub(crate) work: &'a mut u64,
    /// What this record leaves open for the next.
    pub(crate) carry: Option<Carry>,
    /// End of the last value behind a key: keys inside it are part of it.
    pub(crate) value_end: usize,
    /// End of the last identifier looked at.
    pub(crate) key_end: usize,
    /// The work at which the rest of the record is masked unjudged.
    pub(crate) budget: u64,
    /// Where the last `@` stands, and the authority it closes if it does.
    pub(crate) last_at: Option<(usize, Option<usize>)>,
}

impl Scanner<'_> {
    /// Notes a finding.
    pub(crate) fn found(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Notes a value behind a key as a finding; keys inside it are part of it.
    pub(crate) fn found_value(&mut self, known: &Known, value: &Value) {
        if value.start >= value.end {
            return;
        }
        let mark = match (value.open, value.quote) {
            (false, _) => Mark::Whole,
            (true, Some(q)) => Mark::Open(Until::Quote(q)),
            (true, None) => Mark::Open(Until::Bare),
        };
        self.value_end = self.value_end.max(value.end);
        self.found(Finding { mark, ..Finding::new(value.start, value.end, known.rule, value.notation) });
    }

    /// Notes why a candidate was let go.
    pub(crate) fn refuse(&mut self, at: usize, rule: Option<RuleId>, why: Refusal) {
        if let Some(list) = self.refused {
            list.push(Refused { at, rule, why });
        }
    }

    /// Masks the record's rest when it has cost more than its length allows, so that no input and
    /// no rule takes more than linear time. True when it did.
    pub(crate) fn spent(&mut self, at: usize, rule: RuleId) -> bool {
        let spent = *self.work > self.budget;
        if spent {
            let rest = Finding::new(at, self.rec.end.max(at), rule, Notation::Text);
            self.found(Finding { mark: Mark::Unjudged, ..rest });
        }
        spent
    }
}
