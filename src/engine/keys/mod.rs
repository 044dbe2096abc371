//! Secrets known by their key: which keys are a secret's, and which values are.

pub(crate) mod cache;

use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::engine::mask::policy::Masks;
use crate::engine::notation::Record;
use crate::engine::notation::key::{LastWord, Words};
use crate::engine::notation::separator::Separator;
use crate::engine::notation::value::Value;
use crate::engine::shortcuts::Shortcuts;
use crate::rules::check::{names, prose, random};
use crate::rules::mask::Notation;
use crate::rules::rule::{Key, Kind, Rule, RuleId, ValuePolicy};

/// The most words behind a key that are passed over: `password_confirmation_2`.
const MODIFIERS_MAX: usize = 3;
/// The most words that make a key: `shared access key`.
const KEY_WORDS_MAX: usize = 4;

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
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    rule: RuleId,
    policy: ValuePolicy,
    /// Whether every value of its keys is a secret.
    sure: bool,
    not_after: FxHashSet<Box<[u8]>>,
    /// How these end.
    not_after_tails: Pairs,
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
        let sure = Entry { rule, policy: ValuePolicy::Any, sure: true, not_after: not_after.clone(), not_after_tails };
        self.entries.push(Entry { rule, policy: key.value, sure: false, not_after, not_after_tails });
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
    }

    /// What the key with these words is for, if it is a secret's.
    pub(crate) fn classify(&self, words: &Words) -> Option<SecretKey> {
        let mut end = words.len();
        for _ in 0..=MODIFIERS_MAX {
            if end == 0 {
                return None;
            }
            if let Some(known) = self.ending_at(words, end) {
                return known;
            }
            let last = words.joined(end - 1, end);
            // `password2`, but not `sig2`: a short word with a number is another word.
            let number = last.iter().all(u8::is_ascii_digit) && end > 1 && words.joined(end - 2, end - 1).len() > 3;
            if !(number || self.modifiers.contains(last)) {
                return None;
            }
            end -= 1;
        }
        None
    }

    /// The longest key that ends with word `end - 1`; `Some(None)` where a word before it makes it
    /// harmless.
    fn ending_at(&self, words: &Words, end: usize) -> Option<Option<SecretKey>> {
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
            return Some(self.known(entry, words, from, plural, singular.len() <= 4));
        }
        let last = words.joined(end - 1, end);
        if !self.glued_tails.may_have(last) {
            return None;
        }
        let (entry, rest) = self.glued.iter().find_map(|(g, e)| Some((*e, last.strip_suffix(&g[..])?)))?;
        let harmless = self.entries[usize::from(entry)].not_after.contains(rest);
        Some(if harmless { None } else { self.known(entry, words, end - 1, false, false) })
    }

    fn known(&self, entry: u16, words: &Words, from: usize, plural: bool, short: bool) -> Option<SecretKey> {
        let entry = &self.entries[usize::from(entry)];
        let harmless = (0..from).any(|i| {
            let word = words.joined(i, i + 1);
            entry.not_after_tails.may_have(word) && entry.not_after.contains(word)
        });
        (!harmless).then_some(SecretKey { rule: entry.rule, policy: entry.policy, plural, short: short && !entry.sure })
    }
}

/// Whether a value stands for one: a placeholder, a mask, a constant's name.
pub(crate) fn is_stand_in(text: &[u8], masks: &Masks) -> bool {
    masks.spares(text) || is_constant(text)
}

/// Whether the value is a secret, as its key's policy sees it. For the policies that look inside
/// the value see `crate::engine::detect::header`.
pub(crate) fn is_secret(
    rec: &Record<'_>,
    known: &SecretKey,
    joint: Separator,
    value: &Value,
    key: &[u8],
    masks: &Masks,
) -> bool {
    let text = rec.slice(value.start..value.end);
    if masks.spares(text) || text.eq_ignore_ascii_case(key) && is_constant(text) {
        return false;
    }
    let bare = matches!(value.notation, Notation::Bare | Notation::BareInJson);
    // A reference has signs.
    let signs = bare && rec.alphanumerics_end(value.start, value.end) < value.end;
    if signs && prose::is_code_reference(text) {
        return false;
    }
    // `password: required`: a colon and a blank, as in prose.
    let colon = bare && joint == Separator::Colon;
    if colon && prose::is_status(text) {
        return false;
    }
    if names::is_reference(text) {
        return false;
    }
    if bare && (names::is_metavariable(key, text) || joint != Separator::Assign && names::is_type(text)) {
        return false;
    }
    let digits = text.iter().all(u8::is_ascii_digit);
    match known.policy {
        ValuePolicy::Any => {
            // `pass=12` counts tests, `passwords: 3` counts passwords, `pwd=/home` is a folder.
            let count = digits && text.len() <= if known.short || known.plural { 4 } else { 0 };
            let count = count || known.short && random::is_share(text);
            let folder = (known.short || is_folder_key(key)) && matches!(text.first(), Some(b'/' | b'~'));
            let line = digits && text.len() <= 4 && joint == Separator::Colon && is_file_of(rec, value, key);
            !count && !folder && !line && !prose::is_message(text)
        }
        ValuePolicy::Likely if is_decimal(text) => false,
        ValuePolicy::Likely if digits => text.len() >= if bare { 10 } else { 7 } && !known.plural,
        ValuePolicy::Likely if bare => random::has_marks(text) && !is_object(text) && !names::is_name(text),
        ValuePolicy::Likely => {
            let word = random::is_prose(text) || is_url(text) || prose::is_state(text) || is_name_of(key, text);
            !word && !names::is_name(text)
        }
        // What looks drawn is asked first: behind such keys most does not.
        ValuePolicy::Random => {
            let drawn = random::looks_random(text) && !random::is_plain_id(text) && !is_object(text);
            drawn && !names::is_name(text) && !names::is_digest_of_key(key, text)
        }
        ValuePolicy::CardCode => digits && matches!(text.len(), 3 | 4),
        ValuePolicy::Pin => digits && (4..=12).contains(&text.len()),
        ValuePolicy::Credential | ValuePolicy::Cookie => true,
    }
}

/// `/etc/passwd:3`, `POST /password: 204`: the last of a path, and a line or a status behind it.
fn is_file_of(rec: &Record<'_>, value: &Value, key: &[u8]) -> bool {
    let head = rec.slice(value.start.saturating_sub(key.len() + 3).max(rec.start)..value.start);
    let at = head.len() - head.iter().rev().take_while(|b| matches!(b, b' ' | b':')).count();
    at > key.len() && head[..at].ends_with(key) && head[at - key.len() - 1] == b'/'
}

/// `OLDPWD=/home/al`: the folder before.
fn is_folder_key(key: &[u8]) -> bool {
    key.len() > 3 && key[key.len() - 3..].eq_ignore_ascii_case(b"pwd")
}

/// `"secret":"myapp-tls"`: what a secret is called that lies elsewhere.
fn is_name_of(key: &[u8], text: &[u8]) -> bool {
    key.eq_ignore_ascii_case(b"secret")
        && text.contains(&b'-')
        && text.iter().all(|b| b.is_ascii_lowercase() || *b == b'-')
        && random::is_words(text)
}

/// `s3://bucket/x`: an address; a secret in it is found by its place.
fn is_url(text: &[u8]) -> bool {
    let scheme = text.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')).count();
    text.first().is_some_and(u8::is_ascii_alphabetic) && text[scheme..].starts_with(b"://")
}

/// `29.0007`: a quantity.
fn is_decimal(text: &[u8]) -> bool {
    let point = text.iter().position(|b| *b == b'.');
    point.is_some_and(|p| p > 0 && text.iter().enumerate().all(|(i, b)| i == p || b.is_ascii_digit()))
}

/// The fewest letters of what a type is called.
const TYPE_BYTES_MIN: usize = 3;

/// `Token{a64f992`: a program's print of an object, or a pointer.
fn is_object(text: &[u8]) -> bool {
    let name = text.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let typed = name >= TYPE_BYTES_MIN && text[0].is_ascii_alphabetic() && random::is_words(&text[..name]);
    text.starts_with(b"0x") && random::is_plain_id(text) || typed && matches!(text.get(name), Some(b'{' | b'('))
}

/// `API_KEY` as a value is a constant's name.
fn is_constant(text: &[u8]) -> bool {
    text.contains(&b'_') && text.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
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
