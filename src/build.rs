//! Compiles `patterns/*.toml` into the built-in pack, so that no automaton is built at run time.

#![allow(missing_docs, reason = "the library says them")]

use std::path::{Path, PathBuf};
use std::{env, fs};

#[allow(dead_code, reason = "what only run time uses looks dead in a build script")]
mod rules;

#[cfg(feature = "compile")]
use rules::compile;
// The library may do without the compiler; the build never can.
#[cfg(not(feature = "compile"))]
#[allow(dead_code, reason = "what only run time uses looks dead in a build script")]
#[path = "rules/compile/mod.rs"]
mod compile;

/// Notations that are data, beside the rules.
const NOTATIONS: &str = "notations.toml";

fn main() {
    println!("cargo::rerun-if-changed=patterns");
    println!("cargo::rerun-if-changed=src/rules");
    let mut files: Vec<PathBuf> = fs::read_dir("patterns")
        .expect("patterns/ is part of the package")
        .map(|entry| entry.expect("patterns/ is readable").path())
        // Notations and words are data of their own; the latter are read by `rules/words.rs` while it is compiled.
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter(|path| !path.ends_with(NOTATIONS) && !path.ends_with("words.toml"))
        .collect();
    files.sort();
    let mut all = Vec::new();
    let mut refused = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path).expect("a rule file is UTF-8");
        match compile::each(&path.display().to_string(), &text) {
            Ok(verdicts) => verdicts.into_iter().for_each(|v| match v {
                Ok(rule) => all.push(rule),
                Err(e) => refused.push(e.to_string()),
            }),
            Err(e) => refused.push(e.to_string()),
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    if cfg!(not(feature = "descriptions")) {
        all.iter_mut().for_each(rules::rule::Rule::forget_descriptions);
    }
    // Families in the order of reports: a token's own name beats its key's.
    all.sort_by_key(|r| r.family);
    if let Err(e) = compile::unique(&all) {
        panic!("{e}");
    }
    let pack = compile::to_pack(&all);
    let text =
        fs::read_to_string(Path::new("patterns").join(NOTATIONS)).expect("the notations are part of the package");
    let forms = compile::notation::to_pack(NOTATIONS, &text).unwrap_or_else(|e| panic!("{e}"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("builtin.pack"), pack).expect("OUT_DIR is writable");
    fs::write(out.join("notations.pack"), forms).expect("OUT_DIR is writable");
}
