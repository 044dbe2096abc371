//! What the README says of the rules is what the rules are.

use std::collections::BTreeMap;
use std::fmt::Write;

use logveil::{Family, Redactor};

const BEGIN: &str = "<!-- rules -->\n";
const END: &str = "<!-- /rules -->";

/// The table as it must stand: families, how many rules, and the providers or kinds they are for.
fn table() -> String {
    let r = Redactor::builtin();
    let mut out = String::from("| family | rules | among them |\n|---|---|---|\n");
    for family in Family::ALL {
        let ids: Vec<&str> = r.rules().iter().filter(|rule| rule.family == family).map(|rule| &rule.id[..]).collect();
        if ids.is_empty() {
            continue;
        }
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for id in &ids {
            let kind = if family == Family::Token { id.split('-').next().unwrap_or(id) } else { id };
            *kinds.entry(kind).or_default() += 1;
        }
        let many = kinds.len() > 40;
        let named: Vec<&str> = kinds.iter().filter(|(_, n)| !many || **n > 1).map(|(k, _)| *k).collect();
        let off = if family.on_by_default() { "" } else { " (only with `--with person`)" };
        let rest = if many { format!(" and {} more", kinds.len() - named.len()) } else { String::new() };
        writeln!(out, "| {}{off} | {} | {}{rest} |", family.name(), ids.len(), named.join(", ")).unwrap();
    }
    out
}

/// `UPDATE_README=1 cargo test --test it readme` writes the table.
#[test]
fn the_table_of_rules_is_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (head, rest) = readme.split_once(BEGIN).expect("README.md has the marker <!-- rules -->");
    let (now, tail) = rest.split_once(END).expect("README.md has the marker <!-- /rules -->");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(path, format!("{head}{BEGIN}{}{END}{tail}", table())).unwrap();
    } else {
        assert_eq!(
            now,
            table(),
            "the README's table is not that of the rules: UPDATE_README=1 cargo test --test it readme"
        );
    }
}

/// The rule in the README's section on rules of one's own.
#[test]
fn the_readmes_rule_is_accepted() {
    let readme = include_str!("../../README.md");
    let rule = readme.split("```toml\n").nth(1).and_then(|t| t.split("```").next()).expect("a rule in TOML");
    let r = Redactor::builder().rules_toml("README.md", rule).unwrap().build().unwrap();
    assert!(r.rules().iter().any(|r| r.id == "acme-token"));
}
