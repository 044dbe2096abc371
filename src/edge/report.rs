//! A tally as text and as JSON: counts, never content.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::engine::found::allowed::AllowedBy;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::rules::rule::{Family, Rule};

/// A tally with the rules it counts.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    tally: &'a Tally,
    rules: &'a [Rule],
    allowed: &'a [String],
    named: bool,
}

impl<'a> Report<'a> {
    /// Of this tally, made by this redactor.
    pub fn new(tally: &'a Tally, redactor: &'a Redactor) -> Report<'a> {
        Report { tally, rules: redactor.rules(), allowed: redactor.allowed(), named: false }
    }

    /// With the names of the known values that were masked.
    pub fn named(self, named: bool) -> Report<'a> {
        Report { named, ..self }
    }

    /// For people: one count a line, rules under their family.
    pub fn text(&self) -> String {
        let t = self.tally;
        let mut out = String::new();
        let mut line = |name: &str, n: u64| _ = writeln!(out, "{name:<40} {n:>12}");
        line("findings", t.findings());
        for (family, rules) in self.families() {
            line(&format!("  {}", family.name()), rules.iter().map(|(_, n)| n).sum());
            rules.iter().for_each(|(rule, n)| line(&format!("    {}", rule.id), *n));
        }
        if self.named {
            line("known values, by name", t.known().map(|(_, n)| n).sum());
            t.known().for_each(|(name, n)| line(&format!("  {name}"), n));
        }
        line("unjudged", t.unjudged);
        line("spared by the allow-list", t.spared());
        for (name, by, n) in self.spared() {
            line(&format!("  {name} ({})", by.name()), n);
        }
        line("records", t.records);
        line("records over the limit", t.records_over_limit);
        line("bytes in", t.bytes_in);
        line("bytes out", t.bytes_out);
        out
    }

    /// For programs: one object on one line.
    pub fn json(&self) -> String {
        let t = self.tally;
        let (mut by_rule, mut by_family) = (Map::new(), Map::new());
        for (family, rules) in self.families() {
            by_family.insert(family.name().into(), rules.iter().map(|(_, n)| n).sum::<u64>().into());
            rules.iter().for_each(|(rule, n)| _ = by_rule.insert(rule.id.clone(), Value::from(*n)));
        }
        let mut by_entry = Map::new();
        for (name, by, n) in self.spared() {
            by_entry.entry(name).or_insert_with(|| json!({}))[by.name()] = n.into();
        }
        let mut object = json!({
            "version": 1,
            "findings": t.findings(),
            "by_family": by_family,
            "by_rule": by_rule,
            "unjudged": t.unjudged,
            "spared": t.spared(),
            "spared_by": by_entry,
            "records": t.records,
            "records_over_limit": t.records_over_limit,
            "bytes_in": t.bytes_in,
            "bytes_out": t.bytes_out,
        });
        if self.named {
            object["by_known"] =
                t.known().map(|(name, n)| (name.to_owned(), Value::from(n))).collect::<Map<_, _>>().into();
        }
        format!("{object}\n")
    }

    /// Entries of the allow-list that spared something, and for what.
    fn spared(&self) -> impl Iterator<Item = (&'a str, AllowedBy, u64)> {
        let counts = |(entry, name): (usize, &'a String)| {
            AllowedBy::ALL.map(|by| (name.as_str(), by, self.tally.spared_by(entry, by)))
        };
        self.allowed.iter().enumerate().flat_map(counts).filter(|(_, _, n)| *n > 0)
    }

    /// Rules that found something, by family.
    fn families(&self) -> Vec<(Family, Vec<(&'a Rule, u64)>)> {
        let counted = |family| {
            let of = |(id, rule): (_, &'a Rule)| (rule.family == family).then(|| (rule, self.tally.of(id)));
            ids(self.rules).filter_map(of).filter(|(_, n)| *n > 0).collect::<Vec<_>>()
        };
        Family::ALL.into_iter().map(|f| (f, counted(f))).filter(|(_, rules)| !rules.is_empty()).collect()
    }
}

/// Rules with their ids.
fn ids(rules: &[Rule]) -> impl Iterator<Item = (crate::rules::rule::RuleId, &Rule)> {
    rules.iter().enumerate().map(|(i, r)| (crate::rules::rule::RuleId(i as u16), r))
}

#[cfg(test)]
mod tests {
    use super::Report;
    use crate::engine::found::tally::Tally;
    use crate::engine::redactor::Redactor;

    #[test]
    fn counts_by_rule_and_family_without_content() {
        let redactor = Redactor::builtin();
        let mut tally = Tally::default();
        redactor.redact_counted(b"password=hunter2\nplain\npassword=hunter3", &mut tally);
        let report = Report::new(&tally, &redactor);
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(json["by_rule"]["password"], 2);
        assert_eq!(json["by_family"]["key"], 2);
        assert_eq!(json["records"], 3);
        assert!(report.text().contains("    password"));
        assert!(!report.text().contains("hunter") && !report.json().contains("hunter"));
    }
}
