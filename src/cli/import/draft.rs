//! A rule given to gitleaks -> rules of ours, compiled, before they were tried.

use std::fmt::Write;

use toml::Value;

use super::gitleaks::Given;
use super::parts::{self, Parts};
use super::print::pattern;
use super::regex::{self, Branch, widened};
use crate::rules::compile;
use crate::rules::rule::Rule;

/// Counts are opened above these, one after the other, when an automaton is too large.
const WIDENED: [Option<u32>; 4] = [None, Some(96), Some(32), Some(12)];
/// The longest id.
const ID_BYTES_MAX: usize = 64;

/// A rule on its way.
#[derive(Clone)]
pub struct Draft {
    pub id: String,
    pub about: String,
    pub link: String,
    pub parts: Parts,
    /// Shannon bits per byte, 0 for none.
    pub entropy: f64,
    pub finds: Vec<String>,
    pub spares: Vec<String>,
    pub covered_by: Vec<String>,
    pub notes: Vec<String>,
}

/// What became of a rule.
#[derive(Default)]
pub struct Outcome {
    pub drafts: Vec<(Draft, Rule)>,
    /// Why nothing became of it, or of some of its branches.
    pub refused: Vec<String>,
}

/// The rules that find what the given one does, `id` and `id-2` and so on where it has branches.
pub fn of(given: &Given, id: &str, link: &str) -> Outcome {
    let mut outcome = Outcome::default();
    let refuse = |why: &str| Outcome { refused: vec![why.to_owned()], ..Outcome::default() };
    if given.unreported {
        return refuse("gitleaks does not report it either (skipReport)");
    }
    let Some(regex) = &given.regex else {
        return refuse("it has no regex: it goes by the file's name, and a stream has none");
    };
    let tree = match regex::parse(regex) {
        Ok(tree) => tree,
        Err(why) => return refuse(&format!("its regex is refused: {why}")),
    };
    let mut open = regex::branches(&tree, given.group);
    open.reverse();
    let mut number = 0;
    while let Some(branch) = open.pop() {
        let name = if number == 0 { id.to_owned() } else { numbered(id, number + 1) };
        match compiled(given, &name, link, &branch) {
            Ok(draft) => {
                number += 1;
                outcome.drafts.push(draft);
            }
            // As several it may have literals, or room.
            Err(why) => match regex::split(&branch) {
                Some(several) => open.extend(several.into_iter().rev()),
                None => outcome.refused.push(why),
            },
        }
    }
    outcome.refused.sort();
    outcome.refused.dedup();
    outcome
}

fn compiled(given: &Given, id: &str, link: &str, branch: &Branch) -> Result<(Draft, Rule), String> {
    let parts = parts::of(branch)?;
    let mut notes = given.notes.clone();
    notes.extend(parts.notes.iter().map(|n| (*n).to_owned()));
    let entropy = entropy(given.entropy, &parts);
    if entropy < given.entropy {
        notes.push(format!("entropy {} of all of it became {entropy} of what follows the literal", given.entropy));
    }
    let has = |k: &String| parts.literals.iter().any(|l| l.to_lowercase().contains(k) || k.contains(&l.to_lowercase()));
    if !given.keywords.is_empty() && !given.keywords.iter().any(has) {
        notes.push("its key words are not asked for".into());
    }
    if given.path {
        notes.push("it is for all text, not for files of some names".into());
    }
    let about = if given.about.is_empty() { format!("As {} of gitleaks", given.id) } else { given.about.clone() };
    let mut draft = Draft {
        id: id.to_owned(),
        about,
        link: link.to_owned(),
        entropy,
        // Until it was tried.
        finds: vec!["x".into()],
        spares: vec!["x".into()],
        covered_by: Vec::new(),
        parts,
        notes,
    };
    let exact = draft.parts.clone();
    let mut last = String::new();
    for most in WIDENED {
        if let Some(most) = most {
            draft.parts = exact.map(|hir| widened(hir, most));
        }
        match draft.compiled() {
            Ok(rule) => {
                draft
                    .notes
                    .extend(most.map(|n| format!("counts over {n} were opened: they took too large an automaton")));
                return Ok((draft, rule));
            }
            Err(why) => last = why,
        }
        if !last.contains("its automaton has") {
            break;
        }
    }
    Err(last)
}

/// What the bytes behind the literal must have, so that every match passes whose bytes together have
/// what is asked: the check looks at those alone.
fn entropy(asked: f64, parts: &Parts) -> f64 {
    // As a check is written, in thousandths.
    let asked = (asked.clamp(0.0, 8.0) * 1000.0).round() / 1000.0;
    let literal = parts.literals.iter().map(String::len).max().unwrap_or(0) as f64;
    let all = parts.shortest() as f64;
    if asked == 0.0 || !parts.keep.is_empty() || !parts.before.is_empty() || all <= literal {
        return asked;
    }
    // Of two parts with shares p and q: H = p H1 + q H2 + h(p) at most, and H1 is at most log2 of its length.
    let (p, q) = (literal / all, 1.0 - literal / all);
    let between = -(p * p.log2() + q * q.log2());
    let behind = (asked - p * literal.log2() - between) / q;
    (behind.max(0.0) * 100.0).floor() / 100.0
}

impl Draft {
    fn compiled(&self) -> Result<Rule, String> {
        let text = format!("family = \"custom\"\n{}", self.toml()?);
        let rules = compile::file("import", &text).map_err(|e| e.reason().to_owned())?;
        rules.into_iter().next().ok_or_else(|| "it makes no rule".into())
    }

    /// The rule as it is written in a file.
    ///
    /// # Errors
    /// What a pattern cannot say.
    pub fn toml(&self) -> Result<String, String> {
        let p = &self.parts;
        let mut out = String::from("\n[[rule]]\n");
        let mut line = |key: &str, value: String| _ = writeln!(out, "{key} = {value}");
        let text = |t: &str| Value::from(t).to_string();
        let texts = |all: &[String]| Value::from(all.to_vec()).to_string();
        line("id", text(&self.id));
        line("about", text(&self.about));
        line("link", text(&self.link));
        line("literals", texts(&p.literals));
        if p.fold {
            line("fold", "true".into());
        }
        for (key, part) in [("before", &p.before), ("keep", &p.keep), ("pattern", &p.pattern)] {
            if !part.is_empty() || key == "pattern" {
                line(key, format!("'{}'", pattern(part)?));
            }
        }
        for (key, word) in [("start", p.start_word), ("end", p.end_word)] {
            if !word {
                line(key, text("any"));
            }
        }
        line("max", p.max.to_string());
        if self.entropy > 0.0 {
            line("check", texts(&[format!("entropy:{}", self.entropy)]));
        }
        line("finds", texts(&self.finds));
        line("spares", texts(&self.spares));
        if !self.covered_by.is_empty() {
            line("covered_by", texts(&self.covered_by));
        }
        Ok(out)
    }

    /// In one line, for a report.
    pub fn told(&self) -> String {
        let p = &self.parts;
        let mut said = vec![format!("literals {}", p.literals.join(" "))];
        let has = [(p.fold, "case ignored"), (!p.before.is_empty(), "before"), (!p.keep.is_empty(), "keep")];
        said.extend(has.iter().filter(|(is, _)| *is).map(|(_, what)| (*what).to_owned()));
        if self.entropy > 0.0 {
            said.push(format!("entropy:{}", self.entropy));
        }
        said.extend(self.notes.iter().cloned());
        if !self.covered_by.is_empty() {
            said.push(format!("its examples are found without it by {}", self.covered_by.join(", ")));
        }
        format!("`{}`: {}", self.id, said.join("; "))
    }
}

/// An id of ours: lower-case letters, digits and dashes, behind a prefix.
pub fn id(prefix: &str, given: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let mut id: String = prefix.chars().chain(given.chars()).map(letter).collect();
    id.truncate(ID_BYTES_MAX);
    id
}

/// The id of another branch, or of another rule that has the same.
pub fn numbered(id: &str, n: usize) -> String {
    let tail = format!("-{n}");
    format!("{}{tail}", &id[..id.len().min(ID_BYTES_MAX - tail.len())])
}
