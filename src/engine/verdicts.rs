//! What keys are, remembered: logs write the same keys over and over.
//!
//! A verdict follows from a key's own bytes and a word that stands a blank before it, so these are
//! what it is remembered by: all of them, not a hash.

use super::keys::{Keys, Known};
use super::notation::Record;
use super::notation::key::{self, KeySite, LastWord, Words};
use super::wipe::forget;

/// Pairs of keys remembered.
const PAIRS: usize = 256;
/// The longest text remembered, in bytes.
const TEXT_BYTES_MAX: usize = 4 * size_of::<u64>();

/// From `TEXT_BYTES_MAX - len` on, the bits of the first `len` bytes.
const BYTES: [u8; 2 * TEXT_BYTES_MAX] = {
    let mut bytes = [0; 2 * TEXT_BYTES_MAX];
    let mut n = 0;
    while n < TEXT_BYTES_MAX {
        bytes[n] = 0xFF;
        n += 1;
    }
    bytes
};

/// The verdicts on the keys met last.
#[derive(Default)]
pub(crate) struct Verdicts {
    /// Whose verdicts they are ([`Keys::id`]).
    keys: u64,
    /// By [`Text::pair`], the last one first; none before the first key.
    slots: Vec<[Slot; 2]>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    text: Text,
    known: Option<Known>,
}

/// A key and what stands a blank before it, zeros behind.
#[derive(Clone, Copy, Default)]
struct Text {
    bytes: [u64; 4],
    len: u8,
    /// How much of it is the key.
    key: u8,
}

/// A key's verdict, and where what was looked at for it begins.
pub(crate) struct Judged {
    pub(crate) known: Option<Known>,
    pub(crate) from: usize,
    /// The key without its quotes, if nothing before it but a blank and a word was looked at.
    pub(crate) plain: Option<KeySite>,
}

impl Verdicts {
    /// What the key is for, if it is a secret's, whose word stands at `at` and which ends at `end`.
    pub(crate) fn judge(&mut self, keys: &Keys, rec: &Record<'_>, at: usize, end: usize) -> Judged {
        let begin = key::begin(rec, at);
        // What an escape leaves of itself in the identifier is no part of the key.
        if matches!(rec.before(begin), Some(b'\\' | b'%' | b'[' | b';')) {
            let known = judge(keys, rec, &key::around(rec, at, end));
            return Judged { known, from: begin.saturating_sub(key::REMNANT_REACH_BYTES), plain: None };
        }
        let site = key::plain_site(rec, begin, at, end);
        let start = key::blank_word(rec, &site).unwrap_or(site.start);
        // A word that is longer than any that is taken along was looked at as far as those go.
        let long =
            start == site.start && matches!(rec.buf[rec.start..start], [.., b, b' '] if b.is_ascii_alphanumeric());
        let begun = if long { start.saturating_sub(key::BLANK_WORD_BYTES_MAX) } else { start.min(begin) };
        let from = begun.saturating_sub(2);
        let Some(text) = Text::of(rec.buf, start, &site) else {
            return Judged { known: judge(keys, rec, &site), from, plain: Some(site) };
        };
        if self.keys != keys.id() || self.slots.is_empty() {
            self.forget();
            self.slots.resize(PAIRS, Default::default());
            self.keys = keys.id();
        }
        let [last, before] = &mut self.slots[text.pair()];
        let known = if last.text.is(&text) {
            last.known
        } else if before.text.is(&text) {
            before.known
        } else {
            *before = *last;
            *last = Slot { text, known: judge(keys, rec, &site) };
            last.known
        };
        Judged { known, from, plain: Some(site) }
    }
}

impl Verdicts {
    /// Whether none is remembered.
    #[cfg(all(test, feature = "serve"))]
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Forgets all of them and gives their memory back. A key is a piece of the input: it is overwritten.
    pub(crate) fn forget(&mut self) {
        forget(&mut self.slots);
    }
}

/// The verdict on the key at `site`.
#[cold]
fn judge(keys: &Keys, rec: &Record<'_>, site: &KeySite) -> Option<Known> {
    if !keys.may_end(&LastWord::of(rec, site.end)) {
        return None;
    }
    keys.classify(&Words::of(rec, site))
}

impl Text {
    #[inline(always)]
    fn of(buf: &[u8], start: usize, site: &KeySite) -> Option<Text> {
        let len = site.end - start;
        let bytes: &[u8; TEXT_BYTES_MAX] = buf.get(start..)?.first_chunk().filter(|_| len <= TEXT_BYTES_MAX)?;
        let mut text = Text { bytes: [0; 4], len: len as u8, key: (site.end - site.start) as u8 };
        let own = BYTES[TEXT_BYTES_MAX - len..].first_chunk::<TEXT_BYTES_MAX>()?.as_chunks().0;
        for (word, (bytes, own)) in text.bytes.iter_mut().zip(bytes.as_chunks().0.iter().zip(own)) {
            *word = u64::from_le_bytes(*bytes) & u64::from_le_bytes(*own);
        }
        Some(text)
    }

    /// Whether it is the same, word by word: as a whole it would be read from where it has just been written.
    #[inline(always)]
    fn is(&self, other: &Text) -> bool {
        let ([a, b, c, d], [e, f, g, h]) = (self.bytes, other.bytes);
        (a ^ e) | (b ^ f) | (c ^ g) | (d ^ h) == 0 && (self.len, self.key) == (other.len, other.key)
    }

    #[inline(always)]
    fn pair(&self) -> usize {
        let [a, b, c, d] = self.bytes;
        let mixed =
            (a ^ b.rotate_left(21) ^ c.rotate_left(42) ^ d ^ u64::from(self.len)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> (u64::BITS - PAIRS.ilog2())) as usize
    }
}

impl Drop for Verdicts {
    fn drop(&mut self) {
        self.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::{Verdicts, judge};
    use crate::engine::notation::Record;
    use crate::engine::notation::key::{around, end_of};
    use crate::engine::redactor::Redactor;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

        /// What is remembered is what would be said anew, whatever was asked before.
        #[test]
        fn a_verdict_is_the_same_again(
            texts in prop::collection::vec(
                "[ \"\\\\%{]?((api|public|db|max|the|x|[a-z]{20,30})[_. -]{1,2}){0,3}(key|Key|token|tokens|sig|password|pass)(_?(2|id|value|[a-z]{9})){0,2}[ =:]{1,40}",
                1..30,
            )
        ) {
            let redactor = Redactor::builtin();
            let keys = &redactor.set.keys;
            let mut verdicts = Verdicts::default();
            for text in texts.iter().chain(&texts) {
                let rec = Record::new(text.as_bytes(), 0, text.len());
                let lower = text.to_lowercase();
                let places = ["key", "token", "sig", "pass"].iter().flat_map(|word| lower.match_indices(word));
                for (at, _) in places {
                    let end = end_of(&rec, at);
                    let again = verdicts.judge(keys, &rec, at, end).known;
                    prop_assert_eq!(again, judge(keys, &rec, &around(&rec, at, end)), "{}", text);
                }
            }
        }
    }
}
