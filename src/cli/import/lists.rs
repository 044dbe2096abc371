//! Allow-lists given to gitleaks -> entries of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use toml::Value;

use super::gitleaks::List;
use super::regex::from_re2;
use crate::rules::allow::Allow;

/// How many words go into one regex at first; half as many where that is too large.
const WORDS: usize = 24;

/// The regexes that say what lists say, each with the rules it is for.
#[derive(Default)]
pub struct Lists {
    regexes: BTreeMap<String, BTreeSet<String>>,
}

impl Lists {
    /// Takes a list for these rules. `whole` says that their secret is all of their match. What
    /// cannot be said is told in `notes`.
    pub fn add(&mut self, list: &List, rules: &BTreeSet<String>, whole: bool, notes: &mut Vec<(usize, String)>) {
        notes.extend(list.notes.iter().map(|note| (list.line, note.clone())));
        let mut leave = |what: &str, why: &str| notes.push((list.line, format!("allow-list: {what} left out: {why}")));
        if list.all && (list.files || (!list.regexes.is_empty() && !list.stopwords.is_empty())) {
            return leave("all of it", "several of its conditions must hold at once");
        }
        if list.files {
            leave("paths and commits", "a stream has none");
        }
        if rules.is_empty() {
            return leave("all of it", "none of its rules was imported");
        }
        match list.target.as_str() {
            "secret" => {}
            "match" if whole => {}
            _ if list.regexes.is_empty() => {}
            target => leave(
                &format!("{} regexes over the {target}", list.regexes.len()),
                "an entry is asked about the value alone",
            ),
        }
        if list.target == "secret" || (whole && list.target == "match") {
            for regex in &list.regexes {
                let anywhere = format!("(?s:.*)(?:{})(?s:.*)", from_re2(regex));
                match Allow::new("x").regex(&anywhere) {
                    Ok(_) => self.regexes.entry(anywhere).or_default().extend(rules.iter().cloned()),
                    Err(e) => leave(&format!("the regex `{regex}`"), e.reason()),
                }
            }
        }
        let words: Vec<String> = list.stopwords.iter().map(|w| escaped(w)).collect();
        for part in words.chunks(WORDS) {
            if let Err(why) = self.words(part, rules) {
                leave("words", &why);
            }
        }
    }

    /// Values that hold one of these words.
    fn words(&mut self, words: &[String], rules: &BTreeSet<String>) -> Result<(), String> {
        let regex = format!("(?is:.*)(?i:{})(?s:.*)", words.join("|"));
        match Allow::new("x").regex(&regex) {
            Ok(_) => self.regexes.entry(regex).or_default().extend(rules.iter().cloned()),
            Err(e) if words.len() == 1 => return Err(e.reason().to_owned()),
            Err(_) => {
                let (a, b) = words.split_at(words.len() / 2);
                self.words(a, rules)?;
                self.words(b, rules)?;
            }
        }
        Ok(())
    }

    /// The entries as a file, empty if there are none.
    pub fn toml(&self) -> String {
        let mut by_rules: BTreeMap<&BTreeSet<String>, Vec<String>> = BTreeMap::new();
        self.regexes.iter().for_each(|(regex, rules)| by_rules.entry(rules).or_default().push(regex.clone()));
        let mut out = String::new();
        for (n, (rules, regexes)) in by_rules.into_iter().enumerate() {
            let name = match rules.iter().next() {
                Some(one) if rules.len() == 1 => one.clone(),
                _ => format!("gitleaks-{}", n + 1),
            };
            let rules: Vec<String> = rules.iter().cloned().collect();
            let _ = writeln!(out, "\n[[allow]]\nname = {}", Value::from(name));
            let _ = writeln!(out, "rules = {}\nregexes = {}", Value::from(rules), Value::from(regexes));
        }
        out
    }
}

/// A word that stands for itself in a regex.
fn escaped(word: &str) -> String {
    let sign =
        |c: char| if c.is_ascii_alphanumeric() || c == '_' { c.to_string() } else { format!("\\x{{{:x}}}", c as u32) };
    word.chars().map(sign).collect()
}
