//! A checked span, and why a place that looked like one was let go.

use crate::rules::judge::candidate::Kind;
use crate::rules::judge::features::Group;
use crate::rules::judge::table::Score;
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
    /// The key's rule would mask the value, but too little speaks for it.
    Judged,
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
            Refusal::Judged => "what stands around the value, and what it looks like, speak against a secret",
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

/// A value that was weighed, for `explain`: offsets, a rule and numbers, never bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// Offset of the value's first byte.
    pub start: usize,
    /// Offset of the first byte behind it.
    pub end: usize,
    /// The rule of its key.
    pub rule: RuleId,
    /// Whether the rule by itself would mask it.
    pub secret: bool,
    /// How it came to be weighed.
    pub(crate) kind: Kind,
    /// What speaks for it.
    pub(crate) score: Score,
    /// What each group of its features says.
    pub(crate) why: Vec<(Group, Score)>,
}

impl Weighed {
    /// What speaks for it in bits, and the three things that say most, as in `-3.1 bits: +1.2 length,
    /// -4.0 words before, -0.9 byte behind`.
    pub fn reason(&self) -> String {
        let bits = |score: Score| format!("{:+.1}", f64::from(score.0) / 100.0);
        let most: Vec<String> = self.why.iter().take(3).map(|(g, s)| format!("{} {}", bits(*s), g.name())).collect();
        format!("{} bits for a secret: {}", bits(self.score), most.join(", "))
    }
}
