//! Tables of the configuration file, read key by key, so that whatever is wrong is named with its
//! line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::failure::Failure;

/// The keys of `[[listen]]`.
pub const LISTEN: [&str; 21] = [
    "address",
    "name",
    "mode",
    "owner",
    "group",
    "framing",
    "flush-after",
    "foreign",
    "protocol",
    "shared-key-file",
    "shared-key-env",
    "hostname",
    "paths",
    "formats",
    "certificate",
    "key",
    "client-ca",
    "client-names",
    "only",
    "except",
    "with",
];
/// The keys of `[[upstream]]`.
pub const UPSTREAM: [&str; 13] = [
    "address",
    "name",
    "framing",
    "protocol",
    "shared-key-file",
    "shared-key-env",
    "hostname",
    "acknowledge",
    "host",
    "ca",
    "server-name",
    "certificate",
    "key",
];

/// The configuration file: its name and its text.
pub struct Source<'a> {
    /// For messages; other paths are relative to its folder.
    pub path: &'a Path,
    /// What it holds.
    pub text: &'a str,
}

impl Source<'_> {
    /// File and line of a place in the text.
    pub fn at(&self, offset: usize) -> String {
        let line = self.text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1;
        format!("{}:{line}", self.path.display())
    }
}

/// One table, whose keys are taken one by one.
pub struct Section<'a> {
    source: &'a Source<'a>,
    /// As it is written: `[limits]`.
    title: &'static str,
    begin: usize,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// The tables under a key: one, or as many as an array has; none where the key is missing.
    ///
    /// # Errors
    /// When something else stands there.
    pub fn all(
        source: &'a Source<'a>,
        root: &'a DeTable<'a>,
        key: &str,
        title: &'static str,
    ) -> Result<Vec<Section<'a>>, Failure> {
        let Some((key, value)) = root.iter().find(|(k, _)| k.get_ref().as_ref() == key) else {
            return Ok(Vec::new());
        };
        let section = |value: &'a Spanned<DeValue<'a>>| match value.get_ref() {
            DeValue::Table(table) => {
                let begin = value.span().start.max(key.span().start);
                Ok(Section { source, title, begin, table })
            }
            _ => {
                let place = source.at(value.span().start);
                Err(Failure::usage(format!("{place}: `{}`: write a table, {title}", key.get_ref())))
            }
        };
        match (value.get_ref(), title.starts_with("[[")) {
            (DeValue::Array(many), true) => many.iter().map(section).collect(),
            (DeValue::Table(_), true) => {
                let place = source.at(key.span().start);
                Err(Failure::usage(format!("{place}: write {title}, with two brackets, for each")))
            }
            _ => section(value).map(|one| vec![one]),
        }
    }

    /// Something is wrong with the table as a whole.
    pub fn wrong(&self, why: impl Display) -> Failure {
        Failure::usage(format!("{}: {}: {why}", self.source.at(self.begin), self.title))
    }

    /// Something is wrong with a key's value.
    pub fn wrong_at(&self, key: &str, why: impl Display) -> Failure {
        let found = self.table.iter().find(|(k, _)| k.get_ref().as_ref() == key);
        let place = self.source.at(found.map_or(self.begin, |(k, _)| k.span().start));
        Failure::usage(format!("{place}: `{key}`: {why}"))
    }

    fn take(&self, key: &'static str) -> Option<&'a DeValue<'a>> {
        self.table.iter().find(|(k, _)| k.get_ref().as_ref() == key).map(|(_, v)| v.get_ref())
    }

    /// A text.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text(&mut self, key: &'static str) -> Result<Option<String>, Failure> {
        match self.take(key) {
            None => Ok(None),
            Some(DeValue::String(text)) => Ok(Some(text.to_string())),
            Some(_) => Err(self.wrong_at(key, "write a text in quotes")),
        }
    }

    /// True or false.
    ///
    /// # Errors
    /// When it is something else.
    pub fn flag(&mut self, key: &'static str) -> Result<Option<bool>, Failure> {
        match self.take(key) {
            None => Ok(None),
            Some(DeValue::Boolean(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.wrong_at(key, "write true or false")),
        }
    }

    /// A path, relative to the file's folder.
    ///
    /// # Errors
    /// When it is something else.
    pub fn path(&mut self, key: &'static str) -> Result<Option<PathBuf>, Failure> {
        let folder = self.source.path.parent().unwrap_or(Path::new(""));
        Ok(self.text(key)?.map(|text| folder.join(text)))
    }

    /// A list of texts, or one.
    ///
    /// # Errors
    /// When it is something else.
    pub fn texts(&mut self, key: &'static str) -> Result<Option<Vec<String>>, Failure> {
        let text = |value: &DeValue<'_>| match value {
            DeValue::String(text) => Some(text.to_string()),
            _ => None,
        };
        let Some(value) = self.take(key) else { return Ok(None) };
        let all = match value {
            DeValue::Array(many) => many.iter().map(|one| text(one.get_ref())).collect(),
            one => text(one).map(|one| vec![one]),
        };
        all.map(Some).ok_or_else(|| self.wrong_at(key, "write a list of texts in quotes"))
    }

    /// A table of texts.
    ///
    /// # Errors
    /// When it is something else.
    pub fn pairs(&mut self, key: &'static str) -> Result<Option<BTreeMap<String, String>>, Failure> {
        let pair = |(k, v): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| match v.get_ref() {
            DeValue::String(text) => Some((k.get_ref().to_string(), text.to_string())),
            _ => None,
        };
        let all = match self.take(key) {
            None => return Ok(None),
            Some(DeValue::Table(table)) => table.iter().map(pair).collect::<Option<_>>(),
            Some(_) => None,
        };
        all.map(Some).ok_or_else(|| self.wrong_at(key, "write a table of texts: { \"/path\" = \"text\" }"))
    }

    /// A time in seconds.
    ///
    /// # Errors
    /// When it is something else, or none that makes sense.
    pub fn seconds(&mut self, key: &'static str) -> Result<Option<Duration>, Failure> {
        let text = match self.take(key) {
            None => return Ok(None),
            Some(DeValue::Integer(n)) => n.as_str().replace('_', ""),
            Some(DeValue::Float(x)) => x.as_str().replace('_', ""),
            Some(_) => String::new(),
        };
        match text.parse::<f64>() {
            Ok(seconds) if (0.01..=1e7).contains(&seconds) => Ok(Some(Duration::from_secs_f64(seconds))),
            _ => Err(self.wrong_at(key, "write seconds from 0.01 to 10000000")),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// When it is something else.
    pub fn number(&mut self, key: &'static str) -> Result<Option<u64>, Failure> {
        match self.take(key) {
            None => Ok(None),
            Some(DeValue::Integer(n)) if n.radix() == 10 => {
                n.as_str().replace('_', "").parse().map(Some).map_err(|_| self.wrong_at(key, "write a whole number"))
            }
            Some(_) => Err(self.wrong_at(key, "write a whole number")),
        }
    }

    /// Every key with its number, as text; for tables that hold numbers only.
    ///
    /// # Errors
    /// When something else stands there.
    pub fn numbers(&self) -> Result<Vec<(&'a str, String)>, Failure> {
        let number = |key: &str, value: &DeValue<'_>| match value {
            DeValue::Integer(n) if n.radix() == 10 => Ok(n.as_str().to_owned()),
            DeValue::Float(x) => Ok(x.as_str().to_owned()),
            _ => Err(self.wrong_at(key, "write a decimal number")),
        };
        self.table.iter().map(|(k, v)| Ok((k.get_ref().as_ref(), number(k.get_ref(), v.get_ref())?))).collect()
    }

    /// Whether all keys are of these: one that is misspelt is named, not the one that is missing for it.
    ///
    /// # Errors
    /// The first other key, with the one that is nearest to it.
    pub fn only(&self, keys: &[&str]) -> Result<(), Failure> {
        match self.table.iter().map(|(k, _)| k.get_ref().as_ref()).find(|k| !keys.contains(k)) {
            None => Ok(()),
            Some(key) => Err(self.wrong_at(key, unknown(key, keys, self.title))),
        }
    }
}

/// That there is no such key, and which one may have been meant.
pub fn unknown(key: &str, keys: &[&str], title: &str) -> String {
    let nearest = keys.iter().map(|k| (distance(key, k), k)).min().filter(|(far, _)| *far <= 1 + key.len() / 4);
    let meant = nearest.map(|(_, k)| format!(" (`{k}`?)")).unwrap_or_default();
    format!("there is no such key in {title}{meant}; there are: {}", keys.join(", "))
}

/// How many letters must be added, taken away or changed to make one of the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let here = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], here);
        }
    }
    row[b.len()]
}
