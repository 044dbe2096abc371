//! How `--check` lists findings: a line each, for people and for programs that read such lists.

use serde_json::{Value, json};

use super::names::ListFormat;
use crate::engine::redactor::Redactor;
use crate::rules::rule::{Rule, RuleId};

/// What stands for a rule where none judged what is masked, as reports have it.
pub const UNJUDGED: &str = "unjudged";

/// A finding as it is listed; nothing of what it is.
pub struct Listed<'a> {
    /// The input's name.
    pub file: &'a str,
    /// Line and column in bytes, both from 1.
    pub line: u64,
    /// See `line`.
    pub column: u64,
    /// None where no rule judged it.
    pub rule: Option<&'a Rule>,
    /// Its keyed hash.
    pub fingerprint: &'a str,
}

impl Listed<'_> {
    fn id(&self) -> &str {
        self.rule.map_or(UNJUDGED, |rule| &rule.id)
    }

    fn about(&self) -> &str {
        self.rule.map_or("what could not be judged", |rule| &rule.about)
    }

    /// As one item; `first` of all or not.
    pub fn text(&self, format: ListFormat, first: bool) -> String {
        let (file, line, column) = (self.file, self.line, self.column);
        let behind = if first { "\n" } else { ",\n" };
        match format {
            ListFormat::Text => format!("{file}:{line}:{column}: {} {}\n", self.id(), self.fingerprint),
            ListFormat::Github => {
                let (file, title) = (property(trimmed(file)), property(self.id()));
                let about = escaped(self.about());
                format!("::error file={file},line={line},col={column},title={title}::{about} {}\n", self.fingerprint)
            }
            ListFormat::Json => {
                let family = self.rule.map(|rule| rule.family.name());
                let object = json!({"file": file, "line": line, "column": column, "rule": self.id(), "family": family,
                    "fingerprint": self.fingerprint});
                format!("{behind}{object}")
            }
            ListFormat::Sarif => format!("{behind}{}", self.sarif()),
        }
    }

    fn sarif(&self) -> Value {
        json!({
            "ruleId": self.id(),
            "level": "error",
            "message": {"text": format!("{}, fingerprint {}", self.about(), self.fingerprint)},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": uri(trimmed(self.file))},
                "region": {"startLine": self.line, "startColumn": self.column},
            }}],
            "partialFingerprints": {"logveil/v1": self.fingerprint},
        })
    }
}

/// What comes before the first finding. `key` is the public id of the fingerprints' key, if it is not of this run alone.
pub fn head(format: ListFormat, redactor: &Redactor, key: Option<&str>) -> String {
    match format {
        ListFormat::Text | ListFormat::Github => String::new(),
        ListFormat::Json => format!("{{\"version\":1,\"key\":{},\"findings\":[", json!(key)),
        ListFormat::Sarif => {
            let on = (0..redactor.rules().len()).filter(|i| redactor.is_on(RuleId(*i as u16)));
            let rule =
                |rule: &Rule| json!({"id": rule.id, "shortDescription": {"text": rule.about}, "helpUri": rule.link});
            let rules: Vec<Value> = on.map(|i| rule(&redactor.rules()[i])).collect();
            let driver = json!({"name": "logveil", "version": env!("CARGO_PKG_VERSION"), "rules": rules});
            format!(
                "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[\
                 {{\"tool\":{{\"driver\":{driver}}},\"results\":["
            )
        }
    }
}

/// What comes behind the last finding.
pub fn tail(format: ListFormat) -> &'static str {
    match format {
        ListFormat::Text | ListFormat::Github => "",
        ListFormat::Json => "\n]}\n",
        ListFormat::Sarif => "\n]}]}\n",
    }
}

/// Names below the working directory, as those who read such lists know them.
fn trimmed(file: &str) -> &str {
    file.trim_start_matches("./")
}

/// A value in a command of GitHub's.
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A path as a relative reference.
fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    path.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::{Listed, head, tail, uri};
    use crate::cli::names::ListFormat;
    use crate::engine::redactor::Redactor;

    fn all(format: ListFormat) -> String {
        let redactor = Redactor::builtin();
        let rule = redactor.rules().iter().find(|r| r.id == "password");
        let one = Listed { file: "./a b,c%.log", line: 3, column: 7, rule, fingerprint: "abc" };
        let two = Listed { rule: None, ..one };
        let items = [one.text(format, true), two.text(format, false)].concat();
        [head(format, &redactor, Some("kaei")), items, tail(format).to_owned()].concat()
    }

    #[test]
    fn lists_are_what_programs_read() {
        assert!(all(ListFormat::Text).starts_with("./a b,c%.log:3:7: password abc\n./a b"));
        assert!(all(ListFormat::Github).starts_with("::error file=a b%2Cc%25.log,line=3,col=7,title=password::"));
        let json: serde_json::Value = serde_json::from_str(&all(ListFormat::Json)).unwrap();
        assert_eq!((&json["key"], &json["findings"][1]["rule"]), (&"kaei".into(), &"unjudged".into()));
        let sarif: serde_json::Value = serde_json::from_str(&all(ListFormat::Sarif)).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        let at = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!((results.len(), &at["region"]["startLine"]), (2, &3.into()));
        assert_eq!(at["artifactLocation"]["uri"], "a%20b%2Cc%25.log");
        assert!(sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap().len() > 500);
        for format in [ListFormat::Json, ListFormat::Sarif] {
            let none = [head(format, &Redactor::builtin(), None), tail(format).to_owned()].concat();
            assert!(serde_json::from_str::<serde_json::Value>(&none).is_ok(), "{none}");
        }
        assert_eq!(uri("\u{e4}/x"), "%C3%A4/x");
    }
}
