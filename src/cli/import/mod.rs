//! `rules import`: rules written for gitleaks become rules of ours, and it is said of each what it
//! became or why it could not.
//!
//! file ([`gitleaks`]) -> syntax tree, cut into branches ([`regex`]) -> the parts of a rule
//! ([`parts`], [`print`]) -> compiled ([`draft`]) -> tried on made-up examples ([`sample`], [`tried`])
//! -> files. Allow-lists become a file of their own ([`lists`]).

mod draft;
mod gitleaks;
mod lists;
mod parts;
mod print;
mod regex;
mod sample;
mod tried;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use self::draft::Draft;
use self::gitleaks::{File, Given};
use self::lists::Lists;
use super::args::Import;
use super::completions::print;
use super::failure::{self, Failure};
use super::filter::write_whole;
use crate::engine::redactor::Redactor;

/// What became of a rule: drafts that passed, and reasons.
struct Done<'a> {
    given: &'a Given,
    drafts: Vec<Draft>,
    refused: Vec<String>,
    /// With their lines.
    notes: Vec<(usize, String)>,
}

/// Imports a file.
///
/// # Errors
/// A file that cannot be read or written, or that is no TOML.
pub fn run(asked: &Import) -> Result<u8, Failure> {
    let name = asked.file.display().to_string();
    let text = fs::read_to_string(&asked.file).map_err(|e| Failure::usage(format!("{name}: {e}")))?;
    let file = gitleaks::read(&name, &text).map_err(Failure::usage)?;
    let mut done = rules(&file, asked)?;
    let lists = lists(&file, &mut done, asked);
    let mut out = format!(
        "# Made by `logveil rules import` from {}; the examples are made up from the regexes.\n",
        base(&asked.file)
    );
    out.push_str("family = \"custom\"\n");
    for draft in done.iter().flat_map(|d| &d.drafts) {
        out.push_str(&draft.toml().map_err(Failure::usage)?);
    }
    let said = told(&file, &done, &name, &lists.1);
    match &asked.report {
        Some(path) => write_whole(path, said.as_bytes())?,
        None => said.lines().for_each(failure::say_plain),
    }
    if let Some(path) = &asked.allow_out {
        write_whole(path, lists.0.as_bytes())?;
    }
    let imported = done.iter().filter(|d| !d.drafts.is_empty()).count();
    failure::say(format!("{imported} of {} rules were imported", done.len()));
    match &asked.out {
        Some(path) => write_whole(path, out.as_bytes()).map(|()| failure::OK),
        None => print(out.as_bytes()),
    }
}

fn base(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn rules<'a>(file: &'a File, asked: &Import) -> Result<Vec<Done<'a>>, Failure> {
    let link = base(&asked.file);
    let mut ids: HashSet<String> = Redactor::builtin().rules().iter().map(|r| r.id.clone()).collect();
    let (mut done, mut open) = (Vec::new(), Vec::new());
    for (n, given) in file.rules.iter().enumerate() {
        let mut id = draft::id(&asked.prefix, &given.id);
        let first = id.clone();
        // Branches are numbered from two.
        let mut again = 100;
        while ids.contains(&id) {
            id = draft::numbered(&first, again);
            again += 1;
        }
        let outcome = draft::of(given, &id, &link);
        ids.insert(id);
        for draft in outcome.drafts {
            ids.insert(draft.0.id.clone());
            open.push((n, draft));
        }
        done.push(Done { given, drafts: Vec::new(), refused: outcome.refused, notes: Vec::new() });
    }
    let (of, drafts): (Vec<usize>, Vec<_>) = open.into_iter().unzip();
    for (n, verdict) in of.into_iter().zip(tried::all(drafts)?) {
        match verdict {
            Ok(draft) => done[n].drafts.push(draft),
            Err(why) => done[n].refused.push(why),
        }
    }
    Ok(done)
}

/// The allow-lists as a file, and what is to be said of those for all rules.
fn lists(file: &File, done: &mut [Done<'_>], asked: &Import) -> (String, Vec<(usize, String)>) {
    let mut lists = Lists::default();
    let (mut all, mut of) = (BTreeSet::new(), BTreeMap::new());
    for d in done.iter_mut() {
        let ids: BTreeSet<String> = d.drafts.iter().map(|d| d.id.clone()).collect();
        let whole = d.drafts.iter().all(|d| d.parts.keep.is_empty());
        for list in &d.given.lists {
            lists.add(list, &ids, whole, &mut d.notes);
        }
        all.extend(ids.iter().cloned());
        of.entry(d.given.id.as_str()).or_insert_with(BTreeSet::new).extend(ids);
    }
    let mut notes = Vec::new();
    for list in &file.lists {
        let named = list.rules.iter().filter_map(|id| of.get(id.as_str())).flatten().cloned().collect();
        lists.add(list, if list.rules.is_empty() { &all } else { &named }, false, &mut notes);
    }
    let text = lists.toml();
    if !text.is_empty() && asked.allow_out.is_none() {
        notes.push((1, "its allow-lists are left out; --allow-out FILE writes them for --allow".into()));
    }
    (text, notes)
}

/// One line for every rule, and for everything else the file says.
fn told(file: &File, done: &[Done<'_>], name: &str, lists: &[(usize, String)]) -> String {
    let all = file.notes.iter().chain(lists);
    let mut lines: Vec<(usize, String)> = all.map(|(line, note)| (*line, format!("{name}:{line}: {note}"))).collect();
    for d in done {
        let line = d.given.line;
        let mut say = |what: String| lines.push((line, format!("{name}:{line}: rule `{}` {what}", d.given.id)));
        d.drafts.iter().for_each(|draft| say(format!("became {}", draft.told())));
        let part = if d.drafts.is_empty() { "was not imported" } else { "was imported in part" };
        d.refused.iter().for_each(|why| say(format!("{part}: {why}")));
        let rule = |line: &usize, note: &str| format!("{name}:{line}: rule `{}` {note}", d.given.id);
        lines.extend(d.notes.iter().map(|(line, note)| (*line, rule(line, note))));
    }
    lines.sort_by_key(|(line, _)| *line);
    lines.into_iter().map(|(_, text)| text).fold(String::new(), |out, text| out + &text + "\n")
}
