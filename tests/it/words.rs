//! Words that decide (`patterns/words.toml`): each list is used, says what it is, and does what its examples say.

use std::collections::BTreeSet;

use logveil::Redactor;
use serde::Deserialize;

use crate::kit::{line, report, shown};
use crate::tidy::sources;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    list: Vec<List>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    name: String,
    about: String,
    link: Option<String>,
    words: Vec<String>,
    finds: Vec<String>,
    spares: Vec<String>,
}

fn lists() -> Vec<List> {
    toml::from_str::<File>(include_str!("../../patterns/words.toml")).unwrap().list
}

#[test]
fn each_list_says_what_it_is_and_no_word_twice() {
    let mut bad = Vec::new();
    let mut names = BTreeSet::new();
    for list in lists() {
        let name = &list.name;
        if list.about.is_empty() || list.finds.is_empty() || list.spares.is_empty() || list.words.is_empty() {
            bad.push(format!("{name}: a list has `about`, `words`, `finds` and `spares`"));
        }
        if list.link.is_some_and(|link| !link.starts_with("https://")) {
            bad.push(format!("{name}: the link is none"));
        }
        if !list.finds.iter().chain(&list.spares).any(|text| text.contains("<<word>>")) {
            bad.push(format!("{name}: no example is tried with each word"));
        }
        let mut seen = BTreeSet::new();
        bad.extend(list.words.iter().filter(|w| !seen.insert(w.as_str())).map(|w| format!("{name}: `{w}` twice")));
        if !names.insert(name.clone()) {
            bad.push(format!("{name}: twice"));
        }
    }
    report("lists", &bad);
}

#[test]
fn each_list_is_used_in_one_place() {
    let sources = sources("src");
    let uses = |name: &str| {
        let called = format!("words!(\"{name}\");");
        sources.iter().filter(|s| s.path != "src/rules/words.rs").map(|s| s.text.matches(&called).count()).sum()
    };
    let bad: Vec<String> = lists()
        .iter()
        .map(|list| (&list.name, uses(&list.name)))
        .filter(|(_, uses): &(_, usize)| *uses != 1)
        .map(|(name, uses)| format!("{name}: {uses} uses"))
        .collect();
    report("uses", &bad);
}

#[test]
fn examples_hold_for_each_word() {
    let r = Redactor::builder().keep_samples(true).build().unwrap();
    let mut bad = Vec::new();
    for list in lists() {
        for word in &list.words {
            let tried = list.finds.iter().map(|text| (text, true)).chain(list.spares.iter().map(|text| (text, false)));
            for (text, found) in tried {
                let text = line(&text.replace("<<word>>", word));
                if (*r.redact(text.as_bytes()) != *text.as_bytes()) != found {
                    let wanted = if found { "finds nothing in" } else { "finds something in" };
                    bad.push(format!("{}, `{word}`: {wanted} {}", list.name, shown(text.as_bytes())));
                }
            }
        }
    }
    report("examples", &bad);
}
