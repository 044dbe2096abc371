//! What is judged: a value, the bytes before it and the one behind it. Nothing else is ever read.

use std::ops::Range;

use super::words::Words;

/// How much before a value is read, in bytes.
pub const BEFORE_BYTES: usize = 48;
/// How much of a value is read, in bytes.
pub const VALUE_BYTES: usize = 64;

/// How a candidate came to be one. Each kind has its own thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Behind a password's key.
    Any,
    /// Behind a token's or another secret's key.
    Likely,
    /// Behind a key that is seldom a secret's.
    Random,
    /// Behind a key's words with nothing but a blank between, or what people write for it: `api key is X`.
    Prose,
    /// A number that passes for a payment card's.
    Card,
    /// Any other token of a text, which only training knows.
    #[cfg_attr(
        not(feature = "cli"),
        allow(dead_code, reason = "a place in the table, which the library alone never asks")
    )]
    Other,
}

impl Kind {
    /// All of them, in the order of the table's thresholds.
    pub const ALL: [Kind; 6] = [Kind::Any, Kind::Likely, Kind::Random, Kind::Prose, Kind::Card, Kind::Other];

    /// What the trainer calls it.
    #[cfg(feature = "cli")]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Any => "any",
            Kind::Likely => "likely",
            Kind::Random => "random",
            Kind::Prose => "prose",
            Kind::Card => "card",
            Kind::Other => "other",
        }
    }
}

/// A value that may be a secret, and what stands around it.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// At most [`BEFORE_BYTES`] before it.
    pub(super) before: &'a [u8],
    /// At most [`VALUE_BYTES`] of it.
    pub(super) value: &'a [u8],
    pub(super) behind: Option<u8>,
    pub(super) kind: Kind,
}

impl<'a> Candidate<'a> {
    /// The value at `value` in `text`, of which nothing before `start` and nothing from `end` on is read.
    /// Bounds that lie outside are taken for the nearest inside.
    pub fn new(text: &'a [u8], record: Range<usize>, value: Range<usize>, kind: Kind) -> Candidate<'a> {
        let end = record.end.min(text.len());
        let (from, to) = (value.start.min(end), value.end.clamp(value.start.min(end), end));
        let low = from.saturating_sub(BEFORE_BYTES).max(record.start.min(from));
        let cut = to.min(from + VALUE_BYTES);
        let behind = if to < end { Some(text[to]) } else { None };
        Candidate { before: &text[low..from], value: &text[from..cut], behind, kind }
    }

    /// Whether a payment card's word is among the last before it: `visa X`, `cardNumber: X`.
    pub fn is_called_card(&self) -> bool {
        const WORDS: [&[u8]; 15] = [
            b"visa",
            b"mastercard",
            b"maestro",
            b"amex",
            b"unionpay",
            b"jcb",
            b"diners",
            b"discover",
            b"card",
            b"cards",
            b"pan",
            b"cc",
            b"credit",
            b"debit",
            b"payment",
        ];
        Words::before(self.before).near().iter().any(|w| WORDS.iter().any(|c| w.text.eq_ignore_ascii_case(c)))
    }

    /// Whether one of the last two words before it is a session's: `;jsessionid=X`, `session_id: X`, `connect.sid=X`.
    pub fn is_called_session(&self) -> bool {
        let session =
            |word: &[u8]| word.eq_ignore_ascii_case(b"sid") || word.windows(4).any(|w| w.eq_ignore_ascii_case(b"sess"));
        Words::before(self.before).near().iter().take(2).any(|w| session(w.text))
    }

    /// What is read of a value at `value` in a record that begins at `start`.
    pub fn reach(start: usize, value: &Range<usize>) -> Range<usize> {
        value.start.saturating_sub(BEFORE_BYTES).max(start.min(value.start))..value.end + 1
    }
}
