//! `judge features`: what the judge reads of a candidate, for its trainer in `tools/judge`. Hidden.
//!
//! Each line of standard input is `{"text": T}`, of which all values are told that the engine weighs, or
//! `{"text": T, "at": [START, END], "kind": K}` for one value. Offsets are in bytes. The answer's lines are
//! `{"line": N, "start": S, "end": E, "kind": K, "rule": R, "secret": S, "bits": B, "at": [...]}`: which line it
//! is of, whether the key's rule alone would mask the value, and the places of its features in the table.

use std::io::{BufRead, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::args::Judge;
use super::completions::print;
use super::failure::Failure;
use crate::engine::redactor::Redactor;
use crate::rules::judge::candidate::{Candidate, Kind};
use crate::rules::judge::table::Table;

/// Runs the subcommand.
///
/// # Errors
/// A table that is none, or input that is no such JSON.
pub fn run(what: &Judge) -> Result<u8, Failure> {
    let Judge::Features { table, names } = what else { return origin() };
    if let Some(path) = table {
        replace(path)?;
    }
    let (redactor, mut out) = (Redactor::builtin(), BufWriter::new(std::io::stdout().lock()));
    for (n, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.map_err(|e| Failure::input("standard input", e))?;
        let wrong = |why: &str| Failure::usage(format!("standard input, line {}: {why}", n + 1));
        let given: Value = serde_json::from_str(&line).map_err(|e| wrong(&e.to_string()))?;
        for told in tell(&redactor, &given, *names).map_err(wrong)? {
            let told = with_line(told, n);
            writeln!(out, "{told}").map_err(|e| Failure::output("standard output", &e))?;
        }
    }
    out.flush().map_err(|e| Failure::output("standard output", &e))?;
    Ok(0)
}

fn origin() -> Result<u8, Failure> {
    let origin = Table::shipped().origin();
    let corpora: String = origin.corpora.iter().map(|b| format!("{b:02x}")).collect();
    let (all, secret) = origin.learnt;
    print(
        format!("{}, corpora {corpora}, {all} candidates learnt from, {secret} of them secrets\n", origin.date)
            .as_bytes(),
    )
}

fn with_line(mut told: Value, n: usize) -> Value {
    told["line"] = n.into();
    told
}

fn tell(redactor: &Redactor, given: &Value, names: bool) -> Result<Vec<Value>, &'static str> {
    let text = given["text"].as_str().ok_or("no `text`")?.as_bytes();
    let Some(at) = given["at"].as_array() else {
        let weighed = redactor.explain(text).weighed;
        let told = weighed.iter().map(|w| {
            let mut told = features(text, w.start, w.end, w.kind, names);
            told["rule"] = redactor.rule(w.rule).id.as_str().into();
            told["secret"] = w.secret.into();
            told
        });
        return Ok(told.collect());
    };
    let place = |i: usize| at.get(i).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let (Some(start), Some(end)) = (place(0), place(1)) else { return Err("`at` is no [START, END]") };
    let kind = Kind::ALL.into_iter().find(|k| given["kind"] == k.name()).ok_or("no such `kind`")?;
    Ok(vec![features(text, start, end, kind, names)])
}

fn features(text: &[u8], start: usize, end: usize, kind: Kind, names: bool) -> Value {
    let line = |at: usize| &text[..at.min(text.len())];
    let from = memchr::memrchr(b'\n', line(start)).map_or(0, |i| i + 1);
    let rest = &text[start.min(text.len())..];
    let to = memchr::memchr2(b'\n', b'\r', rest).map_or(text.len(), |i| start + i).max(end);
    let table = Table::shipped();
    let candidate = Candidate::new(text, from..to, start..end, kind);
    let (at, called): (Vec<usize>, Vec<String>) = table.features(&candidate).into_iter().unzip();
    let mut told =
        json!({ "start": start, "end": end, "kind": kind.name(), "bits": table.bits(&candidate).0, "at": at });
    if names {
        told["names"] = called.into();
    }
    told
}

fn replace(path: &Path) -> Result<(), Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    let table = Table::read(&bytes).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    Table::replace(table);
    Ok(())
}

/// Takes the table that the variable names instead of the shipped one, in builds for development: what was
/// trained without a source is measured on it.
///
/// # Errors
/// A table that is none.
#[cfg(debug_assertions)]
pub fn other_table() -> Result<(), Failure> {
    std::env::var_os("LOGVEIL_JUDGE_TABLE").map_or(Ok(()), |path| replace(Path::new(&path)))
}

/// Nothing, in builds for use.
///
/// # Errors
/// Never.
#[cfg(not(debug_assertions))]
pub fn other_table() -> Result<(), Failure> {
    Ok(())
}
