//! All that is wrong with rule files, at once.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use super::failure::Failure;
use crate::engine::api::builder::Builder;
use crate::engine::redactor::Redactor;
use crate::rules::compile::{self, example, syntax};
use crate::rules::error::RuleError;
use crate::rules::rule::{Kind, Rule};
use crate::rules::sample;

/// How much text a rule without a literal is timed on, in bytes.
const TIMED_BYTES: usize = 4 << 20;

/// What was found out.
pub struct Checked {
    /// Rules that compile.
    pub rules: Vec<Rule>,
    /// Why rules are refused, also those that compile.
    pub refused: Vec<RuleError>,
    /// How many of `rules` nothing was said against.
    pub good: usize,
    /// What is good to know.
    pub notes: Vec<String>,
}

/// Where a rule is written.
struct Place {
    file: String,
    line: usize,
}

/// Checks the files' rules, alone and together with the built-in ones.
///
/// # Errors
/// A file that cannot be read.
pub fn check(files: &[PathBuf]) -> Result<Checked, Failure> {
    let mut checked = Checked { rules: Vec::new(), refused: Vec::new(), good: 0, notes: Vec::new() };
    let (mut places, mut ids) = (Vec::new(), HashSet::new());
    for path in files {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|e| Failure::usage(format!("{name}: {e}")))?;
        let verdicts = match compile::each(&name, &text) {
            Ok(verdicts) => verdicts,
            Err(e) => {
                checked.refused.push(e);
                continue;
            }
        };
        let lines: Vec<usize> = syntax::parse(&name, &text)
            .map(|file| file.rule.iter().map(|r| syntax::line_of(&text, r.span().start)).collect())
            .unwrap_or_default();
        for (verdict, line) in verdicts.into_iter().zip(lines) {
            match verdict {
                Ok(rule) if !ids.insert(rule.id.clone()) => {
                    let twice = RuleError::new("another file has a rule of this id").in_rule(&rule.id);
                    checked.refused.push(twice.in_file(&name).at_line(line));
                }
                Ok(rule) => {
                    places.push(Place { file: name.clone(), line });
                    checked.rules.push(rule);
                }
                Err(e) => checked.refused.push(e),
            }
        }
    }
    if !checked.rules.is_empty() {
        try_out(&mut checked, &places)?;
    }
    Ok(checked)
}

/// The examples through the engine, and what rules without a literal cost.
fn try_out(checked: &mut Checked, places: &[Place]) -> Result<(), Failure> {
    let builtin = Redactor::builtin();
    let ids: Vec<&str> = checked.rules.iter().map(|r| r.id.as_str()).collect();
    let again = ids.iter().find(|id| builtin.rules().iter().any(|r| r.id == **id));
    let mut base = Builder::default().pack("the rules", compile::to_pack(&checked.rules)).with(ids.iter().copied());
    if let Some(id) = again {
        base = base.without_builtin();
        checked.notes.push(format!("tried without the built-in rules, since `{id}` is one of them"));
    }
    let all = base.clone().build().map_err(Failure::usage)?;
    let mut refused = Vec::new();
    for (rule, place) in checked.rules.iter().zip(places) {
        let here = |e: RuleError| e.in_file(&place.file).at_line(place.line);
        if let Err(e) = all.examples_of(&rule.id) {
            refused.push(here(e));
        } else if rule.covered_by.is_empty() && shared(rule, &all) {
            let without = base.clone().except([rule.id.as_str()]).build().map_err(Failure::usage)?;
            refused.extend(needless(rule, &without).map(here));
        }
        if matches!(rule.kind, Kind::Scan(_)) {
            let alone = base.clone().only([rule.id.as_str()]).build().map_err(Failure::usage)?;
            checked.notes.push(cost(rule, &alone));
        }
    }
    checked.good = checked.rules.len() - refused.len();
    checked.refused.extend(refused);
    Ok(())
}

/// Whether another rule finds something in an example, too: without one there is no need to load
/// the rules again with this one off, which takes a while.
fn shared(rule: &Rule, all: &Redactor) -> bool {
    let mut lines = rule.finds.iter().filter_map(|line| example::expand(line).ok());
    lines.any(|line| all.explain(line.as_bytes()).all.iter().any(|f| all.rule(f.rule).id != rule.id))
}

/// An example that is found without the rule proves nothing about it.
fn needless(rule: &Rule, without: &Redactor) -> Option<RuleError> {
    rule.finds.iter().enumerate().find_map(|(n, line)| {
        let line = example::expand(line).ok()?;
        let found = without.findings(line.as_bytes()).first().map(|f| without.rule(f.rule).id.clone())?;
        let why = format!(
            "rule `{found}` finds something in example {} of `finds` without it; take another example, or name what \
             covers it in `covered_by`",
            n + 1
        );
        Some(RuleError::new(why).in_rule(&rule.id))
    })
}

fn cost(rule: &Rule, alone: &Redactor) -> String {
    let text = sample::text(TIMED_BYTES, 1);
    let begun = Instant::now();
    std::hint::black_box(alone.redact(text.as_bytes()));
    let speed = text.len() as f64 / begun.elapsed().as_secs_f64() / 1e6;
    format!("rule `{}` has no literal and searches every record: {speed:.0} MB/s by itself on one core", rule.id)
}
