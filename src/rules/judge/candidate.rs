//! What is judged: a value and a few bytes before and behind it. Nothing else is ever read.

use std::ops::Range;

use super::follows::Follows;
use super::words::{Word, Words};
use crate::rules::words::words;

/// How much before a value is read, in bytes.
pub const BEFORE_BYTES: usize = 48;
/// How much of a value is read, in bytes.
pub const VALUE_BYTES: usize = 64;

/// How much behind a value is read, in bytes.
pub const BEHIND_BYTES: usize = 24;

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
    /// At most [`BEHIND_BYTES`] behind it.
    pub(super) behind: &'a [u8],
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
        let behind = &text[to..end.min(to + BEHIND_BYTES)];
        Candidate { before: &text[low..from], value: &text[from..cut], behind, kind }
    }

    /// What the words before a number say that it is: a card's, or something else's.
    pub fn is_called(&self) -> Called {
        let words = Words::before(self.before);
        let near = words.near();
        let is = |words: &[&str], word: &Word<'_>| words.iter().any(|w| word.text.eq_ignore_ascii_case(w.as_bytes()));
        // `order number: X`, `card no. X`: the word before says which.
        let first = near.iter().find(|w| !is(NUMBER_WORDS, w));
        if near.iter().any(|w| is(CARD_WORDS, w)) {
            // `payment_id`, but not `card_id`.
            let id = first.is_some_and(|w| is(ID_WORDS, w) && !is(CARD_WORDS, w));
            let card = near.iter().any(|w| is(&["card", "cards", "pan", "cc"], w));
            return if id && !card { Called::Other } else { Called::Card };
        }
        match first {
            Some(w) if is(ID_WORDS, w) || is_glued_id(w.text) => Called::Other,
            _ => Called::Nothing,
        }
    }

    /// Whether one of the last two words before it is a session's: `;jsessionid=X`, `session_id: X`, `connect.sid=X`.
    pub fn is_called_session(&self) -> bool {
        let session =
            |word: &[u8]| word.eq_ignore_ascii_case(b"sid") || word.windows(4).any(|w| w.eq_ignore_ascii_case(b"sess"));
        Words::before(self.before).near().iter().take(2).any(|w| session(w.text))
    }

    /// Whether a client's token stands before it, as in `clientToken` and `clientRequestToken`.
    pub fn is_called_clients_token(&self) -> bool {
        let words = Words::before(self.before);
        let is = |at: usize, text: &[u8]| words.near().get(at).is_some_and(|w| w.text.eq_ignore_ascii_case(text));
        is(0, b"token") && (is(1, b"client") || is(1, b"request") && is(2, b"client"))
    }

    /// Whether a word of a text follows it.
    pub fn goes_on(&self) -> bool {
        Follows::of(self.behind).0 == Follows::Word
    }

    /// What is read of a value at `value` in a record that begins at `start`.
    pub fn reach(start: usize, value: &Range<usize>) -> Range<usize> {
        value.start.saturating_sub(BEFORE_BYTES).max(start.min(value.start))..value.end + BEHIND_BYTES
    }
}

/// What a number is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called {
    /// A payment card's: `visa X`, `cardNumber: X`.
    Card,
    /// An identifier's, a quantity's, a time's: `trace_id=X`, `offset X`.
    Other,
    /// Nothing that says which.
    Nothing,
}

/// Words that say that a number is a card's.
const CARD_WORDS: &[&str] = words!("called-card");
/// Words that say that a number is something else.
const ID_WORDS: &[&str] = words!("called-other");
/// Words that say nothing of what is numbered.
const NUMBER_WORDS: &[&str] = words!("called-number");

/// `queryid`, `traceid`: a word that ends so, which no word of prose does.
fn is_glued_id(word: &[u8]) -> bool {
    const PROSE: &[&str] = words!("words-in-id");
    let end = word.len().saturating_sub(2);
    word.len() > 3
        && word[end..].eq_ignore_ascii_case(b"id")
        && !PROSE.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()))
}
