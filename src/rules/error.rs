//! Why rules were refused.

use std::fmt;

/// A rule or a pack that was refused: where, which rule, and why.
///
/// Never carries bytes of the input that is filtered; it speaks of rules only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    file: String,
    line: Option<usize>,
    rule: Option<String>,
    reason: String,
}

impl RuleError {
    /// A refusal for `reason`; the reason says what to do about it.
    pub fn new(reason: impl Into<String>) -> Self {
        RuleError { file: String::new(), line: None, rule: None, reason: reason.into() }
    }

    /// Names the file, if no inner place did.
    pub fn in_file(mut self, file: &str) -> Self {
        if self.file.is_empty() {
            self.file = file.to_owned();
        }
        self
    }

    /// Names the line, counted from 1.
    pub fn at_line(mut self, line: usize) -> Self {
        self.line.get_or_insert(line);
        self
    }

    /// Names the rule.
    pub fn in_rule(mut self, rule: &str) -> Self {
        self.rule.get_or_insert_with(|| rule.to_owned());
        self
    }

    /// The reason alone.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            f.write_str(&self.file)?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
        }
        if let Some(rule) = &self.rule {
            write!(f, "rule `{rule}`: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for RuleError {}
