//! Every vector ([`crate::cases`]), however it is cut and under every mask.

use std::sync::LazyLock;

use logveil::Redactor;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::cases::{Case, cases};
use crate::kit::{every_way, masked, report, shown};
use crate::parsers::shape;
use crate::texts;

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

/// What bindings run (`.ci/run bindings`): all vectors as one file of hexadecimal texts, which any language reads, and lines
/// that are drawn, with what becomes of them. They are never committed: a hosting site would take them for live secrets.
#[test]
fn they_are_written_down_for_other_languages() {
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let sound = cases().into_iter().filter(|c| !c.defect);
    let all: Vec<_> = sound
        .map(|c| serde_json::json!({ "name": c.name, "input": hex(&c.input), "output": hex(&c.output) }))
        .collect();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let text =
        serde_json::to_string(&serde_json::json!({ "version": env!("CARGO_PKG_VERSION"), "cases": all })).unwrap();
    std::fs::write(folder.join("vectors.json"), text.replace("},{", "},\n{")).unwrap();

    let config = texts::cases(LINES);
    let (count, mut runner) = (config.cases, proptest::test_runner::TestRunner::new(config));
    let redactor = Redactor::builtin();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for n in 0..count {
        let strategy = if n % 2 == 0 { splices().boxed() } else { texts::text().boxed() };
        let mut line = strategy.new_tree(&mut runner).expect("nothing is filtered").current();
        line.iter_mut().filter(|b| **b == b'\n').for_each(|b| *b = b' ');
        before.extend_from_slice(&line);
        before.push(b'\n');
        after.extend_from_slice(&redactor.redact(&line));
        after.push(b'\n');
    }
    std::fs::write(folder.join("drawn.in"), before).unwrap();
    std::fs::write(folder.join("drawn.out"), after).unwrap();
}

/// How many lines are drawn, where `PROPTEST_CASES` says nothing else.
const LINES: u32 = 1_000;

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
