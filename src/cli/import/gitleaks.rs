//! The file that gitleaks reads. Nothing in it is passed over in silence: what is not known is noted.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::rules::compile::syntax::line_of;
use crate::rules::error::RuleError;

/// A file.
#[derive(Default)]
pub struct File {
    pub rules: Vec<Given>,
    pub lists: Vec<List>,
    /// What it says besides, and that nothing becomes of it.
    pub notes: Vec<(usize, String)>,
}

/// A rule as it is given.
#[derive(Default)]
pub struct Given {
    pub line: usize,
    pub id: String,
    pub about: String,
    pub regex: Option<String>,
    pub group: Option<u32>,
    pub entropy: f64,
    pub keywords: Vec<String>,
    pub lists: Vec<List>,
    /// It is for files of certain names.
    pub path: bool,
    /// Gitleaks keeps what it finds for itself.
    pub unreported: bool,
    pub notes: Vec<String>,
}

/// An allow-list.
#[derive(Default)]
pub struct List {
    pub line: usize,
    pub regexes: Vec<String>,
    pub stopwords: Vec<String>,
    /// `secret`, `match` or `line`.
    pub target: String,
    /// All of it must fit, not one.
    pub all: bool,
    /// It names files or commits.
    pub files: bool,
    /// The rules it is for.
    pub rules: Vec<String>,
    pub notes: Vec<String>,
}

type Value<'a> = Spanned<DeValue<'a>>;

/// Reads a file.
///
/// # Errors
/// With file and line, when it is not TOML.
pub fn read(name: &str, text: &str) -> Result<File, RuleError> {
    let table = DeTable::parse(text).map_err(|e| {
        let at = e.span().map_or(0, |s| s.start);
        RuleError::new(e.message().to_owned()).in_file(name).at_line(line_of(text, at))
    })?;
    let mut file = File::default();
    for (key, value) in table.get_ref() {
        let line = line_of(text, key.span().start);
        match lower(key.get_ref()).as_str() {
            "title" | "description" | "minversion" => {}
            "rules" => file.rules = tables(value).map(|t| rule(t, text)).collect(),
            "allowlist" | "allowlists" => file.lists.extend(tables(value).map(|t| list(t, text))),
            "extend" => tables(value).for_each(|t| extend(t.get_ref(), line, &mut file.notes)),
            other => file.notes.push((line, format!("`{other}` is not known and left out"))),
        }
    }
    Ok(file)
}

fn extend(value: &DeValue<'_>, line: usize, notes: &mut Vec<(usize, String)>) {
    for (key, value) in value.as_table().into_iter().flatten() {
        let why = match lower(key.get_ref()).as_str() {
            "usedefault" => {
                "gitleaks' own rules are not in this file; import its config/gitleaks.toml too, or rely on \
                             those that are built in"
                    .into()
            }
            "disabledrules" => format!(
                "left out; where you import these rules too, switch them off with --except: {}",
                texts(value).join(", ")
            ),
            _ => "left out; import the other file too".to_owned(),
        };
        notes.push((line, format!("[extend] {}: {why}", key.get_ref())));
    }
}

fn rule(value: &Value<'_>, text: &str) -> Given {
    let mut rule = Given { line: line_of(text, value.span().start), ..Given::default() };
    for (key, value) in value.get_ref().as_table().into_iter().flatten() {
        match lower(key.get_ref()).as_str() {
            "id" => rule.id = one(value),
            "description" => rule.about = one(value),
            "regex" => rule.regex = Some(one(value)).filter(|r| !r.is_empty()),
            "secretgroup" | "reportgroup" => rule.group = number(value).map(|n| n as u32).filter(|n| *n > 0),
            "entropy" => rule.entropy = number(value).unwrap_or(0.0),
            "keywords" => rule.keywords = texts(value).iter().map(|k| k.to_lowercase()).collect(),
            "allowlist" | "allowlists" => rule.lists.extend(tables(value).map(|t| list(t, text))),
            "path" | "file" => rule.path = !one(value).is_empty(),
            "skipreport" => rule.unreported = value.get_ref().as_bool() == Some(true),
            "tags" => rule.notes.push(format!("tags left out: {}", texts(value).join(", "))),
            "required" => rule.notes.push("the other rules it requires nearby are not asked for".into()),
            other => rule.notes.push(format!("`{other}` is not known and left out")),
        }
    }
    rule
}

fn list(value: &Value<'_>, text: &str) -> List {
    let mut list = List { line: line_of(text, value.span().start), target: "secret".into(), ..List::default() };
    for (key, value) in value.get_ref().as_table().into_iter().flatten() {
        match lower(key.get_ref()).as_str() {
            "description" | "id" => {}
            "regexes" => list.regexes = texts(value),
            "stopwords" => list.stopwords = texts(value),
            "regextarget" => list.target = Some(lower(&one(value))).filter(|t| !t.is_empty()).unwrap_or(list.target),
            "condition" => list.all = matches!(lower(&one(value)).as_str(), "and" | "&&"),
            "paths" | "commits" => list.files |= !texts(value).is_empty(),
            "targetrules" => list.rules = texts(value),
            other => list.notes.push(format!("`{other}` is not known and left out")),
        }
    }
    list
}

/// The settings' names are compared without case.
fn lower(key: &str) -> String {
    key.to_ascii_lowercase()
}

/// A table, or the tables of a list.
fn tables<'v, 'a>(value: &'v Value<'a>) -> Box<dyn Iterator<Item = &'v Value<'a>> + 'v> {
    match value.get_ref() {
        DeValue::Array(many) => Box::new(many.iter()),
        _ => Box::new(std::iter::once(value)),
    }
}

fn one(value: &Value<'_>) -> String {
    match value.get_ref() {
        DeValue::String(text) => Cow::clone(text).into_owned(),
        _ => String::new(),
    }
}

fn texts(value: &Value<'_>) -> Vec<String> {
    match value.get_ref() {
        DeValue::Array(many) => many.iter().map(one).collect(),
        _ => Some(one(value)).filter(|t| !t.is_empty()).into_iter().collect(),
    }
}

fn number(value: &Value<'_>) -> Option<f64> {
    match value.get_ref() {
        DeValue::Integer(n) => n.as_str().parse().ok(),
        DeValue::Float(n) => n.as_str().parse().ok(),
        _ => None,
    }
}
