//! The rule that known values are found by: it is made here, since what it looks for is not known before it runs.

use crate::rules::rule::{Family, Kind, RULE_BYTES_MAX, Rule, RuleId};

/// Its place among the rules: the first, so that a value that another rule finds, too, has its mask.
pub(crate) const KNOWN: RuleId = RuleId(0);

/// The rule.
pub(crate) fn rule() -> Rule {
    Rule {
        id: "known-value".into(),
        family: Family::Known,
        about: "A value that was given as a secret, in whatever encoding".into(),
        link: String::new(),
        kind: Kind::Known,
        max: RULE_BYTES_MAX,
        checks: Vec::new(),
        mask: None,
        finds: Vec::new().into(),
        spares: Vec::new().into(),
        covered_by: Vec::new().into(),
    }
}
