//! A hash of a choice of rules: two sidecars with the same one mask the same.

use crate::engine::redactor::Redactor;
use crate::rules::allow::Allow;
use crate::rules::rule::RuleId;

/// Letters of it that are shown: 64 bits tell rule sets apart, and give nothing back of what went in.
const SHOWN: usize = 16;

/// What was chosen, part by part. Of the key of hash masks only its public id goes in.
#[derive(Default)]
pub struct Print(blake3::Hasher);

impl Print {
    /// One part, with its length, so that none runs into the next.
    pub fn part(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// Any number of parts.
    pub fn list<T: AsRef<[u8]>>(&mut self, parts: impl ExactSizeIterator<Item = T>) {
        self.0.update(&(parts.len() as u64).to_le_bytes());
        parts.for_each(|part| self.part(part));
    }

    /// An allow-list, wherever it was written.
    pub fn allow(&mut self, entries: &[Allow]) {
        for entry in entries {
            self.part(&entry.name);
            self.list(entry.values.iter().map(|i| &i.what));
            self.list(entry.regexes.iter().map(|i| &i.what.0));
            self.list(entry.keys.iter().map(|i| &i.what));
            self.list(entry.rules.iter());
        }
    }

    /// All of it with the rules that came of it, as text. Automata of built-in rules stay unread: what
    /// they were made of is in the rule besides, and they are megabytes that most logs never need.
    pub fn text(mut self, redactor: &Redactor) -> String {
        self.part(env!("CARGO_PKG_VERSION"));
        for (i, rule) in redactor.rules().iter().enumerate() {
            self.part([u8::from(redactor.is_on(RuleId(i as u16)))]);
            let said = (&rule.id, rule.family, rule.max, &rule.checks, &rule.mask, &rule.finds, &rule.spares);
            self.part(format!("{said:?} {:?}", rule.literals()));
            self.list(rule.automata().iter().map(|a| (a.raw().len() as u64).to_le_bytes()));
        }
        self.0.finalize().to_hex()[..SHOWN].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Print;
    use crate::engine::redactor::Redactor;
    use crate::rules::allow::Allow;

    #[test]
    fn whatever_is_chosen_shows() {
        let all = Redactor::builtin();
        let fewer = Redactor::builder().except(["place"]).build().unwrap();
        let with = |what: &dyn Fn(&mut Print), redactor: &Redactor| {
            let mut print = Print::default();
            what(&mut print);
            print.text(redactor)
        };
        let prints = [
            with(&|_| {}, &all),
            with(&|_| {}, &fewer),
            with(&|p| p.part("a rule"), &all),
            with(&|p| p.list(["ab", "c"].iter()), &all),
            with(&|p| p.list(["a", "bc"].iter()), &all),
            with(&|p| p.allow(&[Allow::new("x").value("v")]), &all),
            with(&|p| p.allow(&[Allow::new("x").key("v")]), &all),
        ];
        let each: std::collections::BTreeSet<_> = prints.iter().collect();
        assert_eq!(each.len(), prints.len());
        assert_eq!(prints[0], with(&|_| {}, &all));
        assert_eq!(prints[0].len(), super::SHOWN);
    }
}
