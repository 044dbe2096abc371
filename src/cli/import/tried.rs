//! Drafts tried on made-up examples, together with each other and with the built-in rules.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::sample::Sample;
use crate::cli::failure::Failure;
use crate::engine::api::builder::Builder;
use crate::engine::redactor::Redactor;
use crate::rules::compile::{self, example};
use crate::rules::rule::Rule;

/// How many examples are made up before a rule is given up.
const SEEDS: u64 = 48;
/// How many it keeps.
const FINDS: usize = 2;

/// Gives each draft the examples it finds, or says why it finds none.
///
/// # Errors
/// When the rules cannot be loaded together.
pub fn all(drafts: Vec<(Draft, Rule)>) -> Result<Vec<Result<Draft, String>>, Failure> {
    let (drafts, rules): (Vec<Draft>, Vec<Rule>) = drafts.into_iter().unzip();
    let redactor = Builder::default().pack("import", compile::to_pack(&rules)).build().map_err(Failure::usage)?;
    Ok(drafts.into_iter().map(|draft| tried(draft, &redactor)).collect())
}

fn tried(mut draft: Draft, redactor: &Redactor) -> Result<Draft, String> {
    let mut others = BTreeSet::new();
    let mut why = "no example is made of bytes that can be written down";
    draft.finds.clear();
    for seed in 0..SEEDS {
        let Some((written, line)) = example_of(&draft, seed) else { continue };
        let seen = redactor.explain(line.as_bytes());
        let ids: BTreeSet<&str> = seen.all.iter().map(|f| &redactor.rule(f.rule).id[..]).collect();
        if !ids.contains(&draft.id[..]) {
            let own = seen.refused.iter().find(|r| r.rule.is_some_and(|r| redactor.rule(r).id == draft.id));
            why = own.map_or("nothing leads to it", |r| r.why.reason());
            continue;
        }
        others.extend(ids.into_iter().filter(|id| *id != draft.id).map(str::to_owned));
        draft.finds.push(written);
        if draft.finds.len() == FINDS {
            break;
        }
    }
    if draft.finds.is_empty() {
        return Err(format!("what is made up from its regex is not found on one line: {why}"));
    }
    draft.finds.dedup();
    draft.covered_by = others.into_iter().collect();
    let literal = &draft.parts.literals[0];
    let spares = [format!("the word {literal} alone"), format!("see {} of the list", draft.id), "nothing here".into()];
    let stays = |line: &String| example::expand(line).is_ok_and(|line| redactor.findings(line.as_bytes()).is_empty());
    draft.spares = spares.into_iter().filter(stays).take(FINDS).collect();
    Ok(draft)
}

/// A line that the draft's regex matches a part of: as written in the rule, split where a hosting
/// site would know its beginning, and as it is.
fn example_of(draft: &Draft, seed: u64) -> Option<(String, String)> {
    let mut sample = Sample::new(seed);
    draft.parts.all().for_each(|part| sample.add(part));
    let secret = String::from_utf8(sample.text).ok()?;
    if secret.contains("<<") || secret.contains(|c: char| c.is_control()) {
        return None;
    }
    let line = format!("is {secret} so");
    let low = line.to_ascii_lowercase();
    let at = draft.parts.literals.iter().find_map(|l| low.find(&l.to_ascii_lowercase())).map(|at| at + 2);
    let split = at.map(|at| format!("{}<<>>{}", &line[..at], &line[at..]));
    let written = split.filter(|s| example::expand(s).as_ref() == Ok(&line)).unwrap_or_else(|| line.clone());
    Some((written, line))
}
