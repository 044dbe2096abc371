//! What the README says of the rules is what the rules are.

use std::collections::BTreeMap;
use std::fmt::Write;

use logveil::{Family, Mask, Redactor};

use crate::kit::hash_key;

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
        let many = family == Family::Token;
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

/// Each mask has its row in the README, which shows what it makes of a password; and no row is of anything else.
#[test]
fn the_table_of_masks_is_true() {
    let readme = include_str!("../../README.md");
    let table = readme.split("\n## Masks\n").nth(1).and_then(|text| text.split("|---|---|\n").nth(1)).unwrap();
    let rows: BTreeMap<&str, &str> = table
        .lines()
        .take_while(|line| line.starts_with('|'))
        .map(|row| row.split('`').collect::<Vec<_>>())
        .map(|parts| (parts[1], parts[3]))
        .collect();
    let became = |written: &str| {
        let mask = Mask::parse(written).unwrap();
        let r = Redactor::builder().mask(mask).hash_key(hash_key()).build().unwrap();
        String::from_utf8(r.redact(b"password=correct-horse").into_owned()).unwrap()
    };
    for (written, shown) in &rows {
        let became = became(written);
        // Of a tag the front is shown; another key makes another.
        match shown.strip_suffix("...]") {
            Some(front) => {
                let label = front.rsplitn(3, ':').nth(2).expect("the label, the key's id and the tag");
                assert!(became.starts_with(&format!("{label}:")), "{written}");
            }
            None => assert_eq!(became, *shown, "{written}"),
        }
    }
    let examples: Vec<&str> = Mask::FORMS.iter().map(|form| form.example).collect();
    assert!(examples.iter().all(|example| rows.contains_key(example)), "{examples:?} have a row in the README");
    assert_eq!(rows.len(), examples.len());
}

/// What `--mask` says in its help is what the masks say of themselves.
#[test]
fn the_help_of_masks_is_true() {
    let source = include_str!("../../src/cli/args.rs");
    let comments = source.lines().filter_map(|line| line.trim_start().strip_prefix("///"));
    let text = comments.collect::<String>();
    let wanted: Vec<String> = Mask::FORMS.iter().map(|form| format!("{}: {}.", form.written, form.help)).collect();
    assert!(text.contains(&wanted.join(" ")), "the help of --mask in src/cli/args.rs says: {}", wanted.join(" "));
}
