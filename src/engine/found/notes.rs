//! What `explain` tells besides the findings.

use crate::engine::found::finding::{Finding, Refusal, Refused};
use crate::rules::rule::RuleId;

/// What was met on the way, collected only for `explain`.
#[derive(Default)]
pub(crate) struct Notes {
    /// Every finding before overlapping ones were joined.
    pub(crate) all: Vec<Finding>,
    /// Candidates that were let go.
    pub(crate) refused: Vec<Refused>,
}

impl Notes {
    /// Notes a finding.
    #[cold]
    pub(crate) fn found(&mut self, finding: Finding) {
        self.all.push(finding);
    }

    /// Notes a candidate that was let go.
    #[cold]
    pub(crate) fn refused(&mut self, at: usize, rule: Option<RuleId>, why: Refusal) {
        self.refused.push(Refused { at, rule, why });
    }
}
