//! Rules as written: TOML, one file a family.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::rules::error::RuleError;

/// A rule file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The family of every rule in it.
    pub family: String,
    /// Longest span in bytes of the rules that name none.
    pub max: Option<u32>,
    /// Words after a key that leave it a secret's, for every key rule in the file.
    #[serde(default)]
    pub modifiers: Vec<String>,
    /// Words after a key that make it another thing's name, for every key rule in the file that is `named`.
    #[serde(default)]
    pub not_before: Vec<String>,
    /// Pieces of patterns by name: `{{gap}}` in a pattern stands for the piece `gap`.
    #[serde(default)]
    pub parts: BTreeMap<String, String>,
    /// The rules.
    #[serde(default)]
    pub rule: Vec<Spanned<Written>>,
}

/// A rule as written. Which fields go together is checked by the compiler.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Unique name.
    pub id: String,
    /// What it is.
    #[serde(default)]
    pub about: String,
    /// Where the format is documented.
    #[serde(default)]
    pub link: String,
    /// What the prefilter looks for.
    #[serde(default)]
    pub literals: Vec<String>,
    /// Ignore ASCII case.
    #[serde(default)]
    pub fold: bool,
    /// The secret, in verbose mode.
    pub pattern: Option<String>,
    /// What comes first and stays.
    pub keep: Option<String>,
    /// What stands before the literal.
    pub before: Option<String>,
    /// What must follow the secret.
    pub behind: Option<String>,
    /// `word` or `any`.
    pub start: Option<String>,
    /// `word` or `any`.
    pub end: Option<String>,
    /// No literal: search every record.
    #[serde(default)]
    pub scan: bool,
    /// Longest span in bytes.
    pub max: Option<u32>,
    /// Names of checks.
    #[serde(default)]
    pub check: Vec<String>,
    /// A mask of its own.
    pub mask: Option<String>,
    /// Whole keys.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Words that may end a longer word.
    #[serde(default)]
    pub glued: Vec<String>,
    /// Words before the key that make it harmless.
    #[serde(default)]
    pub not_after: Vec<String>,
    /// Whether a key may go on with the name of what it is for.
    #[serde(default)]
    pub named: bool,
    /// What the key's value must look like.
    pub value: Option<String>,
    /// Those of the keys whose every value is a secret.
    #[serde(default)]
    pub sure: Vec<String>,
    /// `userinfo` or `card`: found by code of its own.
    pub found_by: Option<String>,
    /// What closes a block.
    pub until: Option<String>,
    /// Lines it must find something in.
    #[serde(default)]
    pub finds: Vec<String>,
    /// Lines that must stay.
    #[serde(default)]
    pub spares: Vec<String>,
    /// Rules that find this rule's examples too.
    #[serde(default)]
    pub covered_by: Vec<String>,
}

/// Reads a rule file.
///
/// # Errors
/// With file and line, when it is not TOML or has a field that is none.
pub fn parse(name: &str, text: &str) -> Result<File, RuleError> {
    toml::from_str(text).map_err(|e| {
        let refusal = RuleError::new(e.message().to_owned()).in_file(name);
        match e.span() {
            Some(span) => refusal.at_line(line_of(text, span.start)),
            None => refusal,
        }
    })
}

impl Written {
    /// Puts the parts that its patterns name in their places; a part may name those whose names come before its own.
    pub fn fill(&mut self, parts: &BTreeMap<String, String>) {
        for pattern in [&mut self.pattern, &mut self.keep, &mut self.before, &mut self.behind].into_iter().flatten() {
            for (name, part) in parts.iter().rev() {
                *pattern = pattern.replace(&format!("{{{{{name}}}}}"), &format!("(?:{part})"));
            }
        }
    }
}

/// An entry of an allow-list as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenAllow {
    /// What counts and explanations say.
    pub name: Option<String>,
    /// Rules or families it is for.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Whole values.
    #[serde(default)]
    pub values: Vec<Spanned<String>>,
    /// Regexes over whole values.
    #[serde(default)]
    pub regexes: Vec<Spanned<String>>,
    /// Keys whose values stay.
    #[serde(default)]
    pub keys: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowFile {
    #[serde(default)]
    allow: Vec<Spanned<WrittenAllow>>,
}

#[derive(Deserialize)]
struct AllowAmongOthers {
    #[serde(default)]
    allow: Vec<Spanned<WrittenAllow>>,
}

/// Reads the `[[allow]]` of a file; other keys are refused unless it may hold `others`.
///
/// # Errors
/// With file and line; never with a value, which is what logs hold.
pub fn parse_allow(name: &str, text: &str, others: bool) -> Result<Vec<Spanned<WrittenAllow>>, RuleError> {
    let parsed = match others {
        true => toml::from_str(text).map(|file: AllowAmongOthers| file.allow),
        false => toml::from_str(text).map(|file: AllowFile| file.allow),
    };
    parsed.map_err(|e| {
        // What has a wrong type is repeated in the message.
        let typed = e.message().starts_with("invalid type") || e.message().starts_with("invalid value");
        let why = if typed { "write lists of texts in quotes, `name` as one text" } else { e.message() };
        let refusal = RuleError::new(why).in_file(name);
        match e.span() {
            Some(span) => refusal.at_line(line_of(text, span.start)),
            None => refusal,
        }
    })
}

/// The line a byte offset is on, from 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count() + 1
}
