//! A checked span, and why a place that looked like one was let go.

use crate::rules::mask::Notation;
use crate::rules::rule::RuleId;

/// A secret's place: offsets and a rule, never bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Offset of its first byte.
    pub start: usize,
    /// Offset of the first byte behind it.
    pub end: usize,
    /// The rule whose mask it gets.
    pub rule: RuleId,
    /// How the mask must be written.
    pub(crate) notation: Notation,
    /// It had not ended where its record was cut, or could not be judged.
    pub(crate) end_state: EndState,
    /// Gets the label whatever its rule's mask is, which would show something that looks like a
    /// secret.
    pub(crate) force_label: bool,
}

/// What is special about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndState {
    /// Nothing.
    Closed,
    /// Goes on behind the cut of an over-long record, until this ends it.
    Open(Until),
    /// Could not be judged; gets the fixed marker.
    Unjudged,
}

/// What ends an open finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// What ends a bare value.
    Bare,
    /// Its own closing mark.
    Quote(crate::engine::notation::quote::Quote),
}

impl Finding {
    pub(crate) fn new(start: usize, end: usize, rule: RuleId, notation: Notation) -> Finding {
        Finding { start, end, rule, notation, end_state: EndState::Closed, force_label: false }
    }
}

/// Why a candidate was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Part of a longer word.
    Edge,
    /// The rest does not have the shape.
    Shape,
    /// A check did not hold.
    Check,
    /// A placeholder, a mask, or filler.
    Placeholder,
    /// The word belongs to no key of a secret.
    Key,
    /// No separator behind the key, or no value.
    Separator,
    /// The value is no secret's.
    Value,
    /// No payment-card number: issuer, length, check digit or context.
    Card,
}

impl Refusal {
    /// One sentence for a reader.
    pub fn reason(self) -> &'static str {
        match self {
            Refusal::Edge => "part of a longer word",
            Refusal::Shape => "the rest does not have the shape",
            Refusal::Check => "a check of the rule does not hold",
            Refusal::Placeholder => "a placeholder, a mask or filler",
            Refusal::Key => "the word belongs to no key of a secret",
            Refusal::Separator => "no separator and value behind the key",
            Refusal::Value => "the value is no secret's",
            Refusal::Card => "no card number: issuer, length, check digit or context",
        }
    }
}

/// A candidate that was let go, for `explain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Where the candidate stands.
    pub at: usize,
    /// The rule that asked, if one is known.
    pub rule: Option<RuleId>,
    /// Why.
    pub why: Refusal,
}
