//! Lines with their expected output, from `vectors/*.toml`.
//!
//! A group has `lines`; in each, `⟦rule|secret⟧` stands for a secret that becomes the rule's label,
//! `⟦=text|secret⟧` for one that becomes that text, and everything else must stay. `<<CLASS N>>` are
//! templates as in rules; `defects` numbers the lines that show a defect of the engine; with `raw = true`, `\xNN` is a
//! byte. Each line runs as it is and, up to `depth` times, inside a JSON string; `parse` names a parser that must see the
//! same keys before and after.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::kit::line;

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
pub struct Case {
    pub name: String,
    pub parse: Option<String>,
    pub input: Vec<u8>,
    pub output: Vec<u8>,
    pub defect: bool,
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

/// All of them, at every depth.
pub fn cases() -> Vec<Case> {
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
