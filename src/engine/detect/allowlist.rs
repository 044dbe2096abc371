//! The user's allow-lists: what a rule finds and the user knows. A finding is let go as a whole or
//! not at all; what another rule finds inside it or across its edge is masked as ever.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::engine::found::allowed::{AllowedBy, Spared};
use crate::engine::found::finding::{EndState, Finding};
use crate::engine::notation::Record;
use crate::engine::notation::key::{KeySite, WORDS_MAX, Words};
use crate::rules::allow::{Allow, Item};
use crate::rules::automaton::Automaton;
use crate::rules::error::RuleError;
use crate::rules::rule::{Family, Kind, RULE_BYTES_MAX, Rule};

/// The longest value that is ever let go, in bytes: less than the windows of a long record overlap,
/// so that what is judged is the whole of it.
const VALUE_BYTES_MAX: usize = RULE_BYTES_MAX as usize;
/// The longest key of an entry, in bytes: keys that are read only in part are longer.
const KEY_BYTES_MAX: usize = 64;
/// The longest name of an entry, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// Every entry, ready to be asked.
pub(crate) struct Allowed {
    /// The entries' names.
    pub(crate) names: Vec<String>,
    values: FxHashMap<Vec<u8>, usize>,
    /// Whole keys, their words written together.
    keys: FxHashMap<Vec<u8>, usize>,
    regexes: Vec<(Automaton, usize)>,
    /// By entry, then by rule: whether it is for that rule. Nothing means every rule.
    scopes: Vec<Vec<bool>>,
}

impl Allowed {
    /// The entries, checked together; none if there are none.
    ///
    /// # Errors
    /// With file and line where they are known; never with what is allowed.
    pub(crate) fn new(entries: &[Allow], rules: &[Rule]) -> Result<Option<Allowed>, RuleError> {
        if entries.is_empty() {
            return Ok(None);
        }
        let mut all = Allowed {
            names: Vec::new(),
            values: FxHashMap::default(),
            keys: FxHashMap::default(),
            regexes: Vec::new(),
            scopes: Vec::new(),
        };
        let mut regexes = BTreeSet::new();
        for entry in entries {
            let at = |e: RuleError| match entry.line {
                Some(line) => e.in_file(&entry.file).at_line(line),
                None => e.in_file(&format!("allow-list entry `{}`", entry.name)),
            };
            all.add(entry, rules, &mut regexes).map_err(at)?;
        }
        Ok(Some(all))
    }

    fn add<'a>(&mut self, entry: &'a Allow, rules: &[Rule], regexes: &mut BTreeSet<&'a str>) -> Result<(), RuleError> {
        let index = self.names.len();
        if entry.name.is_empty() || entry.name.len() > NAME_BYTES_MAX || entry.name.contains(char::is_control) {
            return Err(RuleError::new("`name` has 1 to 256 bytes and no control characters"));
        }
        if self.names.contains(&entry.name) {
            return Err(RuleError::new("another entry has this name"));
        }
        if entry.values.is_empty() && entry.regexes.is_empty() && entry.keys.is_empty() {
            return Err(RuleError::new("it allows nothing; give it `values`, `regexes` or `keys`"));
        }
        self.scopes.push(scope(&entry.rules, rules)?);
        self.names.push(entry.name.clone());
        for value in &entry.values {
            value_is_one(&value.what).map_err(|e| on_line(e, value))?;
            once(self.values.insert(value.what.clone(), index).is_none(), "value", value)?;
        }
        for key in &entry.keys {
            let joined = joined(&key.what).map_err(|e| on_line(e, key))?;
            once(self.keys.insert(joined, index).is_none(), "key", key)?;
        }
        for regex in &entry.regexes {
            once(regexes.insert(&regex.what.0), "regex", regex)?;
            self.regexes.push((regex.what.1.clone(), index));
        }
        Ok(())
    }

    /// Whether an entry lets the finding go. `key` is for what was found behind one.
    ///
    /// Never let go: what could not be judged, lines of key blocks, and values that are longer than
    /// 64 KiB.
    pub(crate) fn judge(
        &self,
        rec: &Record<'_>,
        f: &Finding,
        kind: &Kind,
        key: Option<&Key>,
        work: &mut u64,
    ) -> Option<Spared> {
        let value = rec.slice(f.start..f.end);
        if f.end_state == EndState::Unjudged || matches!(kind, Kind::Block(_)) || value.len() > VALUE_BYTES_MAX {
            return None;
        }
        *work += value.len() as u64;
        let spared = |entry: usize, by| Spared { start: f.start, end: f.end, rule: f.rule, entry, by };
        let is_for = |entry: &usize| self.scopes[*entry].get(f.rule.index()).copied().unwrap_or(true);
        if let Some(entry) = self.values.get(value).filter(|e| is_for(e)) {
            return Some(spared(*entry, AllowedBy::Value));
        }
        let named = key.and_then(|key| key.readings().find_map(|text| self.keys.get(text).filter(|e| is_for(e))));
        if let Some(entry) = named {
            return Some(spared(*entry, AllowedBy::Key));
        }
        let fits =
            |(automaton, entry): &&(Automaton, usize)| is_for(entry) && automaton.is_whole(value, work) == Ok(true);
        self.regexes.iter().find(fits).map(|(_, entry)| spared(*entry, AllowedBy::Pattern))
    }

    /// Whether an entry names keys.
    pub(crate) fn asks_keys(&self) -> bool {
        !self.keys.is_empty()
    }
}

/// The key of a value that was found behind one.
pub(crate) struct Key {
    /// With the word that stands a blank before it: `API key: `.
    pub(crate) with: Words,
    /// Without, if it is the same rule's so: `user token=`.
    pub(crate) own: Option<Words>,
}

impl Key {
    /// How it reads, words written together.
    fn readings(&self) -> impl Iterator<Item = &[u8]> {
        // Of a key with the most words the first ones may be missing.
        let whole = |words: &&Words| words.len() < WORDS_MAX;
        let all = std::iter::once(&self.with).chain(&self.own);
        all.filter(whole).map(|words| words.joined(0, words.len()))
    }
}

/// The rules that names of rules and families stand for.
fn scope(names: &[String], rules: &[Rule]) -> Result<Vec<bool>, RuleError> {
    let known = |name: &String| Family::from_name(name).is_some() || rules.iter().any(|r| r.id == *name);
    if let Some(name) = names.iter().find(|n| !known(n)) {
        return Err(RuleError::new(format!(
            "`{name}` is neither a rule nor a family; `logveil rules list` shows both"
        )));
    }
    let named = |r: &Rule| names.iter().any(|n| *n == r.id || *n == r.family.name());
    Ok(if names.is_empty() { Vec::new() } else { rules.iter().map(named).collect() })
}

fn value_is_one(value: &[u8]) -> Result<(), RuleError> {
    match value {
        [] => Err(RuleError::new("a value is empty; nothing is masked there")),
        _ if value.contains(&b'\n') => Err(RuleError::new("a value holds a line end, which no found value does")),
        _ if value.len() > VALUE_BYTES_MAX => Err(RuleError::new("a value is longer than 64 KiB")),
        _ => Ok(()),
    }
}

/// A key's words, written together.
fn joined(key: &str) -> Result<Vec<u8>, RuleError> {
    let rec = Record::new(key.as_bytes(), 0, key.len());
    let words = Words::of(&rec, &KeySite { start: 0, end: key.len(), dashes: 0, quote: None, open: 0 });
    let together = words.joined(0, words.len());
    if together.is_empty() || key.len() > KEY_BYTES_MAX || words.len() >= WORDS_MAX {
        return Err(RuleError::new("a key has words of letters and digits, at most 11 in 64 bytes"));
    }
    Ok(together.to_vec())
}

fn once<T>(first: bool, what: &str, item: &Item<T>) -> Result<(), RuleError> {
    match first {
        true => Ok(()),
        false => Err(on_line(RuleError::new(format!("this {what} is allowed already; say it once")), item)),
    }
}

fn on_line<T>(e: RuleError, item: &Item<T>) -> RuleError {
    match item.line {
        Some(line) => e.at_line(line),
        None => e,
    }
}
