//! The built-in rules keep what they promise, each through the public API.

use std::collections::{BTreeMap, BTreeSet};

use logveil::{Family, Finding, Redactor, Rule};

use crate::kit::{example, report};

#[test]
fn examples_hold() {
    let r = Redactor::builtin();
    let on: Vec<&Rule> = r.rules().iter().filter(|rule| rule.family.on_by_default()).collect();
    assert!(on.len() > 500, "rules are missing: {}", on.len());
    let failures: Vec<_> = on.iter().filter_map(|rule| r.examples_of(&rule.id).err()).map(|e| e.to_string()).collect();
    report("examples", &failures);
}

#[test]
fn examples_hold_of_what_is_off_by_default() {
    let off: Vec<&str> = Family::ALL.into_iter().filter(|f| !f.on_by_default()).map(Family::name).collect();
    let r = Redactor::builder().with(off).build().unwrap();
    let failures = r.rules().iter().filter(|rule| !rule.family.on_by_default());
    let failures: Vec<_> = failures.filter_map(|rule| r.examples_of(&rule.id).err()).map(|e| e.to_string()).collect();
    report("examples", &failures);
}

/// A rule that can be taken away unnoticed is none: in each of its examples some byte of what it
/// finds is found by nobody else but the rules that it names.
#[test]
fn each_rule_is_needed_for_its_own_examples() {
    let r = Redactor::builtin();
    let mut failures = Vec::new();
    for rule in r.rules().iter().filter(|rule| rule.family.on_by_default()) {
        for (n, text) in rule.finds.iter().enumerate() {
            let line = example(text);
            let all = r.explain(line.as_bytes()).all;
            let (own, others): (Vec<&Finding>, Vec<&Finding>) = all.iter().partition(|f| r.rule(f.rule).id == rule.id);
            let covers = |f: &Finding| {
                let theirs = others.iter().filter(|o| !rule.covered_by.contains(&r.rule(o.rule).id));
                let mut left: BTreeSet<usize> = (f.start..f.end).collect();
                theirs.for_each(|o| left.retain(|p| !(o.start..o.end).contains(p)));
                left.is_empty()
            };
            if !own.is_empty() && own.iter().all(|f| covers(f)) {
                let ids: BTreeSet<_> = others.iter().map(|o| r.rule(o.rule).id.as_str()).collect();
                failures.push(format!("{} {}: also found by {ids:?}", rule.id, n + 1));
            }
        }
    }
    report("covered unsaid", &failures);
}

/// Really switched off, for a rule of each kind: the example stays.
#[test]
fn a_rule_that_is_off_finds_nothing() {
    for id in ["github-pat", "password", "url-password", "card-number", "private-key", "cookie"] {
        let all = Redactor::builtin();
        let rule = all.rules().iter().find(|rule| rule.id == id).unwrap();
        let r = Redactor::builder().except([id]).build().unwrap();
        for text in &rule.finds {
            let line = example(text);
            let seen = r.explain(line.as_bytes()).all;
            assert!(seen.iter().all(|f| r.rule(f.rule).id != id), "{id}");
            let count = |f: &[Finding]| f.iter().map(|f| f.end - f.start).sum::<usize>();
            assert!(count(&r.findings(line.as_bytes())) < count(&all.findings(line.as_bytes())), "{id}: {text}");
        }
    }
}

/// `--except` and `--mask-for` take rules and families by one name, so that none may have two.
#[test]
fn no_rule_has_the_name_of_a_family() {
    let r = Redactor::builtin();
    let both: Vec<_> = r.rules().iter().filter(|rule| Family::from_name(&rule.id).is_some()).map(|r| &r.id).collect();
    assert!(both.is_empty(), "{both:?}");
}

#[test]
fn ids_are_unique_and_examples_enough() {
    let r = Redactor::builtin();
    let mut seen = BTreeMap::new();
    let mut failures = Vec::new();
    // What is given when the program runs has no examples.
    for rule in r.rules().iter().filter(|rule| rule.family != Family::Known) {
        *seen.entry(rule.id.as_str()).or_insert(0) += 1;
        if rule.finds.len() < 2 || rule.spares.len() < 2 {
            failures.push(format!("{}: {} finds, {} spares", rule.id, rule.finds.len(), rule.spares.len()));
        }
        if !rule.link.starts_with("https://") {
            failures.push(format!("{}: link `{}`", rule.id, rule.link));
        }
        for other in &rule.covered_by {
            if !r.rules().iter().any(|o| o.id == *other) {
                failures.push(format!("{}: covered by `{other}`, which is no rule", rule.id));
            }
        }
    }
    failures.extend(seen.iter().filter(|(_, n)| **n > 1).map(|(id, n)| format!("{id}: {n} times")));
    report("rules", &failures);
}

/// What a hosting site's push protection would take for real: a token rule that finds something in
/// the example as it is written, its templates left as they are.
#[test]
fn no_example_holds_what_looks_like_a_real_secret() {
    let r = Redactor::builder().only(["token", "block"]).except(["key"]).build().unwrap();
    let mut failures = Vec::new();
    for rule in Redactor::builtin().rules() {
        for text in rule.finds.iter().chain(&rule.spares) {
            if let Some(f) = r.findings(text.as_bytes()).first() {
                failures.push(format!("{}: `{}` finds something in {text}", rule.id, r.rule(f.rule).id));
            }
        }
    }
    report("written out", &failures);
}

/// Every find is found wherever a value may stand.
#[test]
fn finds_are_found_in_other_surroundings() {
    let r = Redactor::builtin();
    let mut failures = Vec::new();
    let mut each = |rule: &Rule, n: usize, how: &str, line: String| {
        let seen = r.explain(line.as_bytes()).all;
        if !seen.iter().any(|f| r.rule(f.rule).id == rule.id) {
            failures.push(format!("{} {}: {how}", rule.id, n + 1));
        }
    };
    for rule in r.rules().iter().filter(|rule| rule.family == Family::Token) {
        for (n, text) in rule.finds.iter().enumerate() {
            let text = example(text);
            each(rule, n, "between lines", format!("before\n{text}\nafter"));
            each(rule, n, "with CRLF", format!("{text}\r\n"));
            // What is escaped already would be escaped twice.
            if !text.contains('\\') {
                each(rule, n, "in a JSON string", serde_json::json!({ "m": text }).to_string());
            }
            each(rule, n, "in brackets", format!("({text})"));
            each(rule, n, "behind a prefix", format!("2026-11-22T05:25:33Z stdout F {text}"));
        }
    }
    report("surroundings", &failures);
}

/// A record's bounds are those of what a rule looks at: whatever lines come before and behind, it finds the same.
#[test]
fn examples_hold_between_other_lines() {
    let r = Redactor::builtin();
    let mut failures = Vec::new();
    for rule in r.rules().iter().filter(|rule| rule.family.on_by_default()) {
        for (n, text) in rule.finds.iter().chain(&rule.spares).enumerate() {
            let line = example(text);
            // What a line leaves open is asked in the next.
            let alone = r.redact(line.as_bytes());
            let among = r.redact(format!("one line\n{line}\nanother: 1\n").as_bytes()).into_owned();
            if !among.starts_with(&[&b"one line\n"[..], &alone, b"\n"].concat()) {
                failures.push(format!("{} {}", rule.id, n + 1));
            }
        }
    }
    report("told apart by their neighbours", &failures);
}
