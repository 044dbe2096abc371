//! What `explain` tells besides the findings.

use crate::engine::found::finding::{Finding, Refusal, Refused, Weighed};
use crate::rules::rule::RuleId;

/// What was met on the way, collected only for `explain`.
#[derive(Default)]
pub(crate) struct Notes {
    /// Every finding before overlapping ones were joined.
    pub(crate) all: Vec<Finding>,
    /// Candidates that were let go.
    pub(crate) refused: Vec<Refused>,
    /// Values that were weighed.
    pub(crate) weighed: Vec<Weighed>,
}

impl Notes {
    /// Notes a finding.
    #[cold]
    pub(crate) fn found(&mut self, finding: Finding) {
        self.all.push(finding);
    }

    /// Notes a value that was weighed.
    #[cold]
    pub(crate) fn weighed(&mut self, weighed: Weighed) {
        self.weighed.push(weighed);
    }

    /// Notes a candidate that was let go.
    #[cold]
    pub(crate) fn refused(&mut self, at: usize, rule: Option<RuleId>, why: Refusal) {
        self.refused.push(Refused { at, rule, why });
    }
}
