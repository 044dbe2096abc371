//! Which keys are a secret's.

pub(crate) mod cache;
pub(crate) mod values;

use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::engine::notation::key::{LastWord, Words};
use crate::engine::shortcuts::Shortcuts;
use crate::rules::rule::{Key, Kind, Rule, RuleId, ValuePolicy};
use crate::rules::words::words;

/// The most words behind a key that are passed over: `password_confirmation_2`.
const MODIFIERS_MAX: usize = 3;
/// Short keys of which there may be several.
const NUMBERED: &[&str] = words!("numbered-keys");
/// The most words behind a key that say what its secret is for: `password_mail_relay`, `password_for_mail_relay`.
const NAME_WORDS_MAX: usize = 3;
/// What stands between a key and what its secret is for, whatever that is called.
const FOR: &[u8] = b"for";
/// The most words that make a key: `shared access key`.
const KEY_WORDS_MAX: usize = 4;
/// The most letters of a key's last word where capitals stand anywhere: `clientSecrET`.
const LETTERS_MAX: usize = 3;

/// Every key of every key rule, ready to be looked up.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// No other keys have it.
    id: u64,
    /// Whether what a key is for is remembered.
    pub(crate) shortcuts: Shortcuts,
    /// Keys written together (`apikey`) -> entry.
    whole: FxHashMap<Box<[u8]>, u16>,
    /// How these begin.
    heads: Pairs,
    /// Words that may end a longer one.
    glued: Vec<(Box<[u8]>, u16)>,
    modifiers: FxHashSet<Box<[u8]>>,
    /// The last words of all keys, and the modifiers: what a key cannot be without.
    last: FxHashSet<Box<[u8]>>,
    /// How these end, and how the glued words do.
    last_tails: Pairs,
    glued_tails: Pairs,
    /// The last letters of keys, which stand by themselves where somebody writes `PaSsWoRd`.
    letters: FxHashSet<Box<[u8]>>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    rule: RuleId,
    policy: ValuePolicy,
    /// Whether every value of its keys is a secret.
    sure: bool,
    not_after: FxHashSet<Box<[u8]>>,
    /// How these end.
    not_after_tails: Pairs,
    /// What may not stand behind it; none where nothing may.
    not_before: FxHashSet<Box<[u8]>>,
}

/// The last two letters of words, or the two that they begin with, as bits: most have others.
#[derive(Debug, Default, Clone, Copy)]
struct Pairs([u64; 16]);

impl Pairs {
    fn bit(word: &[u8]) -> (usize, u64) {
        let letter = |back: usize| word.len().checked_sub(back).map_or(0, |at| usize::from(word[at] & 31));
        let bit = letter(2) << 5 | letter(1);
        (bit / 64, 1 << (bit % 64))
    }

    fn add(&mut self, word: &[u8]) {
        // A word of one letter may be the end of any.
        let (at, bit) = Self::bit(word);
        match word.len() {
            0 | 1 => self.0 = [u64::MAX; 16],
            _ => self.0[at] |= bit,
        }
    }

    fn may_have(&self, word: &[u8]) -> bool {
        let (at, bit) = Self::bit(word);
        self.0[at] & bit != 0
    }
}

/// A key that is a secret's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SecretKey {
    pub(crate) rule: RuleId,
    pub(crate) policy: ValuePolicy,
    /// The key is written in the plural: `tokens`.
    pub(crate) plural: bool,
    /// The key's last word is short for another thing too: `pass`, `pwd`.
    pub(crate) short: bool,
    /// It is what tests do, too: `PASS: TestLogin2`.
    pub(crate) verb: bool,
    /// The word a blank before it says that there is none: `wrong password`. A value may be set all the same:
    /// `wrong password=hunter2`.
    pub(crate) denied: bool,
}

impl Keys {
    /// The keys of those of `rules` that are on.
    pub(crate) fn new(rules: &[Rule], on: impl Fn(RuleId) -> bool, shortcuts: Shortcuts) -> Keys {
        static KEYS: AtomicU64 = AtomicU64::new(1);
        let mut keys = Keys { id: KEYS.fetch_add(1, Ordering::Relaxed), shortcuts, ..Keys::default() };
        for (i, rule) in rules.iter().enumerate() {
            if let (Kind::Key(key), true) = (&rule.kind, on(RuleId(i as u16))) {
                keys.add(RuleId(i as u16), key);
            }
        }
        keys
    }

    /// What tells these keys from all others of this process.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    fn add(&mut self, rule: RuleId, key: &Key) {
        let entry = self.entries.len() as u16;
        let boxed = |s: &String| s.as_bytes().into();
        let mut not_after_tails = Pairs::default();
        key.not_after.iter().for_each(|word| not_after_tails.add(word.as_bytes()));
        let not_after: FxHashSet<_> = key.not_after.iter().map(boxed).collect();
        let not_before: FxHashSet<_> = key.not_before.iter().map(boxed).collect();
        let own = Entry { rule, policy: key.value, sure: false, not_after, not_after_tails, not_before };
        let sure = Entry { policy: ValuePolicy::Any, sure: true, ..own.clone() };
        self.entries.push(own);
        self.entries.extend(Some(sure).filter(|_| !key.sure.is_empty()));
        for k in &key.keys {
            let entry = entry + u16::from(key.sure.contains(k));
            let together: Vec<u8> = k.bytes().filter(|b| *b != b' ').collect();
            // However a key's words are joined, the last word it shows is the end of it.
            for (i, _) in k.match_indices(' ').chain([(0, "")]) {
                let end: Vec<u8> = k[i..].bytes().filter(|b| *b != b' ').collect();
                self.last.insert(end.into());
            }
            self.heads.add(&together[..together.len().min(2)]);
            let letters = (1..=LETTERS_MAX).filter(|_| together.is_ascii() && together.len() > 2 * LETTERS_MAX);
            self.letters.extend(letters.map(|count| together[together.len() - count..].into()));
            self.whole.entry(together.into()).or_insert(entry);
        }
        self.glued.extend(key.glued.iter().map(|g| (boxed(g), entry)));
        self.modifiers.extend(key.modifiers.iter().map(boxed));
        self.last.extend(key.modifiers.iter().map(boxed));
        self.last.iter().for_each(|word| self.last_tails.add(word));
        self.glued.iter().for_each(|(word, _)| self.glued_tails.add(word));
    }

    /// Whether a key with this last word can be a secret's: a cheap look before [`Keys::classify`].
    pub(crate) fn may_end(&self, last: &LastWord) -> bool {
        let word = last.letters();
        let plural = word.strip_suffix(b"s").unwrap_or(word);
        // The `I` of `APIkey` belongs to the word before.
        let behind = plural.get(1..).unwrap_or_default();
        let whole = |word: &[u8]| self.last_tails.may_have(word) && self.last.contains(word);
        whole(plural)
            || whole(behind)
            || (plural.len() < word.len() && whole(word))
            || self.glued_tails.may_have(word) && self.glued.iter().any(|(g, _)| word.ends_with(g))
            || word.len() <= LETTERS_MAX && self.letters.contains(word)
    }

    /// What the key with these words is for, if it is a secret's.
    pub(crate) fn classify(&self, words: &Words) -> Option<SecretKey> {
        let mut end = words.len();
        for _ in 0..=MODIFIERS_MAX {
            if end == 0 {
                return None;
            }
            if let Some(known) = self.ending_at(words, end) {
                return known.map(|(_, known)| known);
            }
            let last = words.joined(end - 1, end);
            // `password2`, `key1`, but not `sig2`: a short word with a number is mostly another word.
            let numbered = |word: &[u8]| word.len() > 3 || NUMBERED.iter().any(|short| word == short.as_bytes());
            let number = last.iter().all(u8::is_ascii_digit) && end > 1 && numbered(words.joined(end - 2, end - 1));
            if !(number || self.modifiers.contains(last)) {
                return None;
            }
            end -= 1;
        }
        None
    }

    /// The same of a key that does not end with a secret's, but goes on with what the secret is for: `password_smtp`.
    /// Its value must look drawn.
    pub(crate) fn classify_named(&self, words: &Words) -> Option<SecretKey> {
        let count = words.len();
        let ends = (count.saturating_sub(NAME_WORDS_MAX)..count).rev().filter(|end| *end > 0);
        let (end, (entry, known)) = ends.filter_map(|end| Some((end, self.ending_at(words, end)??))).next()?;
        let not_before = &self.entries[usize::from(entry)].not_before;
        let said = words.joined(end, end + 1) == FOR;
        if !said && count - end == NAME_WORDS_MAX {
            return None;
        }
        let other = !said && (end..count).any(|i| not_before.contains(words.joined(i, i + 1)));
        (!not_before.is_empty() && !other && !known.short && !words.apart)
            .then_some(SecretKey { policy: ValuePolicy::Random, ..known })
    }

    /// The longest key that ends with word `end - 1`; `Some(None)` where a word before it makes it
    /// harmless.
    fn ending_at(&self, words: &Words, end: usize) -> Option<Option<(u16, SecretKey)>> {
        for from in end.saturating_sub(KEY_WORDS_MAX)..end {
            let text = words.joined(from, end);
            if !self.heads.may_have(&text[..text.len().min(2)]) {
                continue;
            }
            let (singular, plural) = match text.strip_suffix(b"s") {
                Some(one) if !self.whole.contains_key(text) && words.joined(end - 1, end) != b"s" => (one, true),
                _ => (text, false),
            };
            let Some(&entry) = self.whole.get(singular) else {
                continue;
            };
            // A single word that stands a blank apart is prose, not the key's first word.
            if from == 0 && words.apart && end == 1 {
                continue;
            }
            let known = self.known(entry, words, from, plural, singular.len() <= 4);
            return Some(known.map(|known| (entry, SecretKey { verb: singular == b"pass", ..known })));
        }
        let last = words.joined(end - 1, end);
        if !self.glued_tails.may_have(last) {
            return None;
        }
        let (entry, rest) = self.glued.iter().find_map(|(g, e)| Some((*e, last.strip_suffix(&g[..])?)))?;
        let harmless = self.entries[usize::from(entry)].not_after.contains(rest);
        let known = if harmless { None } else { self.known(entry, words, end - 1, false, false) };
        Some(known.map(|known| (entry, known)))
    }

    fn known(&self, entry: u16, words: &Words, from: usize, plural: bool, short: bool) -> Option<SecretKey> {
        let entry = &self.entries[usize::from(entry)];
        let harmless = |i| {
            let word = words.joined(i, i + 1);
            entry.not_after_tails.may_have(word) && entry.not_after.contains(word)
        };
        let denied = words.apart && from > 0 && harmless(0);
        let none = denied && entry.policy != ValuePolicy::Any || (usize::from(words.apart)..from).any(harmless);
        let short = short && !entry.sure;
        let known = SecretKey { rule: entry.rule, policy: entry.policy, plural, short, verb: false, denied };
        (!none).then_some(known)
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Keys, RuleId, ValuePolicy};
    use crate::engine::notation::Record;
    use crate::engine::notation::key::{LastWord, Words, around, end_of};
    use proptest::prelude::*;

    fn keys() -> Keys {
        let texts = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let mut keys = Keys::default();
        keys.add(
            RuleId(0),
            &Key {
                literals: texts(&["key", "pass"]),
                keys: texts(&["password", "api key", "shared access key", "key"]),
                glued: texts(&["password"]),
                modifiers: texts(&["confirm", "value"]),
                not_after: texts(&["public"]),
                not_before: texts(&["policy"]),
                value: ValuePolicy::Any,
                sure: Vec::new(),
            },
        );
        keys
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        /// The cheap look never turns away what the whole look would know.
        #[test]
        fn the_cheap_look_turns_away_no_key(
            text in "((db|my|DB|Api|api|API|access|Shared|public|x|9)[_. -]?){0,3}(key|Key|KEY|password|PASSWORD|Password|apikey|keys|s)([_.-]?(confirm|Value|VALUE|[0-9]|s)){0,3}"
        ) {
            let rec = Record::new(text.as_bytes(), 0, text.len());
            let at = text.to_lowercase().find("key").or(text.to_lowercase().find("pass"));
            if let Some(at) = at {
                let end = end_of(&rec, at);
                let words = Words::of(&rec, &around(&rec, at, end));
                let keys = keys();
                if keys.classify(&words).is_some() {
                    prop_assert!(keys.may_end(&LastWord::of(&rec, end)), "{text}");
                }
            }
        }
    }
}
