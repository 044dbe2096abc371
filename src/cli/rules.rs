//! `rules list`, `show`, `check`, `compile` and `import`.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::args::{Args, Rules};
use super::completions::print;
use super::failure::{self, Failure};
use super::filter::write_whole;
use super::import;
use super::rules_check::{self, Checked};
use super::setup;
use crate::engine::redactor::Redactor;
use crate::rules::compile;
use crate::rules::rule::{Kind, Rule, RuleId};

/// Does what was asked with the rules.
///
/// # Errors
/// A rule that does not exist, a file that cannot be read or written.
pub fn run(args: &Args, what: &Rules) -> Result<u8, Failure> {
    match what {
        Rules::List { json } => {
            let redactor = setup::builder(&args.choice)?.build().map_err(Failure::usage)?;
            setup::tell_found(&args.choice, &redactor);
            print(if *json { list_json(&redactor) } else { list(&redactor) }.as_bytes())
        }
        Rules::Show { id } => {
            let redactor = setup::builder(&args.choice)?.build().map_err(Failure::usage)?;
            setup::tell_found(&args.choice, &redactor);
            let rule = redactor.rules().iter().enumerate().find(|(_, r)| r.id == *id);
            let Some((index, rule)) = rule else {
                return Err(Failure::usage(format!("there is no rule `{id}`; `logveil rules list` shows all")));
            };
            print(show(rule, redactor.is_on(RuleId(index as u16))).as_bytes())
        }
        Rules::Check { files } => {
            let checked = rules_check::check(files)?;
            say(&checked);
            Ok(if checked.refused.is_empty() { failure::OK } else { failure::USAGE })
        }
        Rules::Compile { files, out } => compiled(files, out),
        Rules::Import(asked) => import::run(asked),
    }
}

fn compiled(files: &[PathBuf], out: &std::path::Path) -> Result<u8, Failure> {
    let checked = rules_check::check(files)?;
    say(&checked);
    if !checked.refused.is_empty() {
        return Ok(failure::USAGE);
    }
    write_whole(out, &compile::to_pack(&checked.rules))?;
    Ok(failure::OK)
}

fn say(checked: &Checked) {
    checked.refused.iter().for_each(failure::say_plain);
    checked.notes.iter().for_each(failure::say);
    failure::say(format!("{} rules are good, {} are refused", checked.good, checked.refused.len()));
}

fn on(redactor: &Redactor) -> impl Iterator<Item = (&Rule, bool)> {
    redactor.rules().iter().enumerate().map(|(i, r)| (r, redactor.is_on(RuleId(i as u16))))
}

fn list(redactor: &Redactor) -> String {
    let width = redactor.rules().iter().map(|r| r.id.len()).max().unwrap_or(0);
    on(redactor).fold(String::new(), |mut out, (r, on)| {
        let off = if on { "" } else { " (off)" };
        let _ = writeln!(out, "{:width$}  {:6}  {}{off}", r.id, r.family.name(), r.about);
        out
    })
}

fn list_json(redactor: &Redactor) -> String {
    let object = |(r, on): (&Rule, bool)| json!({"id": r.id, "family": r.family.name(), "about": r.about, "link": r.link, "on": on});
    format!("{}\n", serde_json::Value::Array(on(redactor).map(object).collect()))
}

fn show(rule: &Rule, on: bool) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            _ = writeln!(out, "{name:12}{value}");
        }
    };
    let bytes: usize = rule.automata().iter().map(|a| a.raw().len()).sum();
    line("id", &rule.id);
    line("family", rule.family.name());
    line("on", if on { "yes" } else { "no" });
    line("about", &rule.about);
    line("link", &rule.link);
    line("found by", &found_by(&rule.kind));
    line("literals", &rule.literals().0.join("  "));
    line("checks", &rule.checks.iter().map(|c| c.name()).collect::<Vec<_>>().join(", "));
    line("mask", &rule.mask.as_ref().map(|m| m.name()).unwrap_or_default());
    line("longest", &format!("{} bytes", rule.max));
    if bytes > 0 {
        line("automata", &format!("{bytes} bytes"));
    }
    line("covered by", &rule.covered_by.join(", "));
    // As written: templates stand for made-up characters.
    rule.finds.iter().for_each(|e| line("finds", &e.escape_debug().to_string()));
    rule.spares.iter().for_each(|e| line("spares", &e.escape_debug().to_string()));
    out
}

fn found_by(kind: &Kind) -> String {
    match kind {
        Kind::Shape(s) => match (s.start_word, s.end_word) {
            (true, true) => "its shape, as a whole word".into(),
            _ => "its shape".into(),
        },
        Kind::Scan(_) => "a search of every record".into(),
        Kind::Key(k) => {
            format!("its key, if the value is {}: {}", k.value.name(), [&k.keys[..], &k.glued].concat().join(", "))
        }
        Kind::Userinfo => "its place in a URL".into(),
        Kind::Card => "issuer, length, grouping, check digit and context".into(),
        Kind::Known => "values that were given as secrets".into(),
        Kind::Block(b) => format!("its header line, up to `{}`", b.until),
    }
}
