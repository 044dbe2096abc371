//! Lines with their expected output, from `vectors/*.toml`.
//!
//! A group has `lines`; in each, `⟦rule|secret⟧` stands for a secret that becomes the rule's label,
//! `⟦=text|secret⟧` for one that becomes that text, and everything else must stay. `<<CLASS N>>` are
//! templates as in rules; `defects` numbers the lines that show a defect of the engine; with `raw = true`, `\xNN` is a byte. Each line runs as it is and, up to
//! `depth` times, inside a JSON string; `parse` names a parser that must see the same keys before
//! and after.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use logveil::Redactor;
use proptest::prelude::*;
use serde::Deserialize;

use crate::kit::{every_way, line, masked, report, shown};
use crate::parsers::shape;
use crate::texts;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    about: String,
    #[serde(default = "two")]
    depth: usize,
    parse: Option<String>,
    #[serde(default)]
    raw: bool,
    /// Numbers of the lines that show a defect of the engine, from 1.
    #[serde(default)]
    defects: Vec<usize>,
    lines: Vec<String>,
    /// Nothing in the lines stands for anything else.
    #[serde(default)]
    literal: bool,
}

fn two() -> usize {
    2
}

/// One run: what goes in and what must come out.
struct Case {
    name: String,
    parse: Option<String>,
    input: Vec<u8>,
    output: Vec<u8>,
    defect: bool,
}

fn sides(marked: &str, literal: bool) -> (String, String) {
    let text = if literal { marked.to_owned() } else { line(marked) };
    let (mut input, mut output) = (String::new(), String::new());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('⟦') {
        let (mark, tail) = after.split_once('⟧').expect("`⟦` without `⟧`");
        let (rule, secret) = mark.split_once('|').expect("⟦rule|secret⟧");
        input.push_str(before);
        input.push_str(secret);
        output.push_str(before);
        match rule.strip_prefix('=') {
            Some(text) => output.push_str(text),
            None => output.push_str(&format!("[REDACTED:{rule}]")),
        }
        rest = tail;
    }
    (input + rest, output + rest)
}

fn nested(text: &str) -> String {
    serde_json::json!({ "msg": text, "n": 1 }).to_string()
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'\\' && tail.first() == Some(&b'x')).then(|| std::str::from_utf8(&tail[1..3]).unwrap());
        match hex.map(|h| u8::from_str_radix(h, 16).expect("\\xNN")) {
            Some(byte) => {
                out.push(byte);
                rest = &tail[3..];
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/vectors");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let file: File = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        for group in file.group {
            group_cases(&name, &group, &mut cases);
        }
    }
    notations(&mut cases);
    cases
}

/// The examples of the notations that are data are vectors, too.
fn notations(cases: &mut Vec<Case>) {
    #[derive(Deserialize)]
    struct Notations {
        notation: Vec<Notation>,
    }
    #[derive(Deserialize)]
    struct Notation {
        id: String,
        reads: Vec<String>,
        spares: Vec<String>,
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/notations.toml");
    let file: Notations = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for Notation { id, reads, spares } in file.notation {
        assert!(reads.iter().all(|line| line.contains('⟦')) && !spares.iter().any(|line| line.contains('⟦')), "{id}");
        let lines = reads.into_iter().chain(spares).collect();
        let group = Group { about: id, depth: 2, parse: None, raw: false, defects: Vec::new(), lines, literal: true };
        group_cases("notation", &group, cases);
    }
}

fn group_cases(file: &str, group: &Group, cases: &mut Vec<Case>) {
    for (n, marked) in group.lines.iter().enumerate() {
        let (mut input, mut output) = sides(marked, group.literal);
        for depth in 0..=if group.raw { 0 } else { group.depth } {
            if depth > 0 {
                (input, output) = (nested(&input), nested(&output));
            }
            let parse = if depth > 0 { Some("json".to_owned()) } else { group.parse.clone() };
            let (i, o) = if group.raw {
                (unescaped(&input), unescaped(&output))
            } else {
                (input.clone().into_bytes(), output.clone().into_bytes())
            };
            let name = format!("{file}: {} {}, depth {depth}", group.about, n + 1);
            cases.push(Case { name, parse, input: i, output: o, defect: group.defects.contains(&(n + 1)) });
        }
    }
}

fn same_keys(notation: &str, before: &[u8], after: &[u8]) -> Result<(), String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|e| e.to_string());
    let (was, is) = (shape(notation, &text(before)?)?, shape(notation, &text(after)?));
    match is {
        Ok(is) if is == was => Ok(()),
        Ok(is) => Err(format!("the keys were {was:?} and are {is:?}")),
        Err(e) => Err(format!("{e} in {}", shown(after))),
    }
}

fn holds(r: &Redactor, case: &Case) -> Result<(), String> {
    every_way(r, &case.input, &case.output)?;
    case.parse.as_ref().map_or(Ok(()), |notation| same_keys(notation, &case.input, &case.output))
}

#[test]
fn every_vector_holds_however_it_is_cut() {
    let redactor = Redactor::builtin();
    let run = |case: &Case| holds(&redactor, case).err().map(|why| format!("{}: {why}", case.name));
    let (known, sound): (Vec<_>, Vec<_>) = cases().into_iter().partition(|c| c.defect);
    assert!(sound.len() > 500, "vectors are missing: {}", sound.len());
    for case in known.iter().filter(|c| run(c).is_none()) {
        eprintln!("no defect any more: {}", case.name);
    }
    report("vectors", &sound.iter().filter_map(run).collect::<Vec<_>>());
}

#[test]
fn vectors_that_show_a_defect() {
    let redactor = Redactor::builtin();
    let known = cases().into_iter().filter(|c| c.defect);
    let failures: Vec<_> =
        known.filter_map(|c| holds(&redactor, &c).err().map(|why| format!("{}: {why}", c.name))).collect();
    report("known defects", &failures);
}

#[test]
fn every_mask_masks_every_vector_once() {
    let mut failures = Vec::new();
    for case in &cases() {
        for (name, redactor) in masked() {
            let once = redactor.redact(&case.input);
            let twice = redactor.redact(&once);
            if once != twice {
                let (a, b) = (shown(&once), shown(&twice));
                failures.push(format!("{}: mask {name} twice\n once: {a}\ntwice: {b}", case.name));
            }
        }
    }
    report("masked twice", &failures);
}

/// What stands between the pieces of vectors that are put together.
const BETWEEN: &[&str] = &[
    "",
    " ",
    "\"",
    "'",
    "=",
    ":",
    ",",
    ";",
    "{",
    "}",
    "@",
    "://",
    "\\",
    "%22",
    "ENV ",
    " Token g =\"",
    "password",
    "\n",
];

/// Pieces of vectors, put together anyhow.
pub fn splices() -> impl Strategy<Value = Vec<u8>> {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(cases);
    let index = any::<prop::sample::Index>;
    let part = (index(), index(), index(), prop::sample::select(BETWEEN)).prop_map(|(case, from, to, between)| {
        let input = &case.get(&CASES).input;
        let (from, to) = (from.index(input.len() + 1), to.index(input.len() + 1));
        [&input[from.min(to)..from.max(to)], between.as_bytes()].concat()
    });
    prop::collection::vec(part, 1..5).prop_map(|parts| parts.concat())
}

/// What goes in, of every vector at every depth.
pub fn inputs() -> Vec<Vec<u8>> {
    cases().into_iter().map(|case| case.input).collect()
}

proptest! {
    #![proptest_config(texts::cases(1500))]

    /// Pieces of vectors, put together anyhow: no mask hides what another one's place was told by.
    #[test]
    fn spliced_vectors_are_masked_once(text in splices()) {
        for (name, redactor) in masked() {
            let once = redactor.redact(&text);
            prop_assert_eq!(shown(&redactor.redact(&once)), shown(&once), "mask {} on {}", name, shown(&text));
        }
    }
}

/// Where a mask leaves something that is not what it was before.
fn invalid(masks: impl Fn(&str) -> bool) -> Vec<String> {
    let mut failures = Vec::new();
    for case in cases().iter().filter(|c| !c.defect) {
        for (name, redactor) in masked().iter().filter(|(name, _)| masks(name)) {
            let once = redactor.redact(&case.input);
            if let Some(Err(why)) = case.parse.as_ref().map(|p| same_keys(p, &case.input, &once)) {
                failures.push(format!("{}: mask {name}: {why}", case.name));
            }
        }
    }
    failures
}

#[test]
fn every_mask_keeps_every_vector_valid() {
    report("no longer valid", &invalid(|name| name != "remove"));
}

#[test]
fn removing_keeps_every_vector_valid() {
    report("no longer valid", &invalid(|name| name == "remove"));
}
