//! Findings that the user's allow-list let go.

use crate::rules::rule::RuleId;

/// What of an entry let a finding go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AllowedBy {
    /// Its exact value.
    Value,
    /// A regex over its whole value.
    Pattern,
    /// Its key.
    Key,
}

impl AllowedBy {
    /// All of them, in the order of reports.
    pub const ALL: [AllowedBy; 3] = [AllowedBy::Value, AllowedBy::Pattern, AllowedBy::Key];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            AllowedBy::Value => "value",
            AllowedBy::Pattern => "regex",
            AllowedBy::Key => "key",
        }
    }
}

/// A finding that an entry of an allow-list let go: offsets and names, never bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spared {
    /// Offset of its first byte.
    pub start: usize,
    /// Offset of the first byte behind it.
    pub end: usize,
    /// The rule that found it.
    pub rule: RuleId,
    /// Index of the entry in [`Redactor::allowed`](crate::Redactor::allowed).
    pub entry: usize,
    /// What of the entry.
    pub by: AllowedBy,
}
