//! Counts of what was done; never content.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::found::allowed::AllowedBy;
use crate::rules::rule::{Family, RuleId};

/// Counts by rule, and of records and bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Bytes that came in.
    pub bytes_in: u64,
    /// Bytes that left.
    pub bytes_out: u64,
    /// Records, an unfinished last one included.
    pub records: u64,
    /// Records longer than the limit, filtered through windows.
    pub records_over_limit: u64,
    /// Spans that could not be judged and were masked.
    pub unjudged: u64,
    /// Bytes all automata and parsers looked at, the prefilter apart.
    pub work: u64,
    /// Of those that found something, in order: few of some hundred do.
    by_rule: Vec<(RuleId, u64)>,
    /// By entry of the allow-list, then by what of it.
    spared: Vec<[u64; AllowedBy::ALL.len()]>,
    /// By name of known values that have one.
    known: BTreeMap<Arc<str>, u64>,
}

impl Tally {
    /// Findings of all rules, and spans that could not be judged.
    pub fn findings(&self) -> u64 {
        self.by_rule.iter().map(|(_, n)| n).sum::<u64>() + self.unjudged
    }

    /// Findings of one rule.
    pub fn of(&self, rule: RuleId) -> u64 {
        self.place_of(rule).map_or(0, |n| self.by_rule[n].1)
    }

    /// Findings of one family, given each rule's.
    pub fn of_family(&self, family: Family, rules: &[crate::rules::rule::Rule]) -> u64 {
        let is_of = |id: &RuleId| rules.get(id.index()).is_some_and(|rule| rule.family == family);
        self.by_rule.iter().filter(|(id, _)| is_of(id)).map(|(_, n)| n).sum()
    }

    /// Findings that the user's allow-list let go, each once an entry.
    pub fn spared(&self) -> u64 {
        self.spared.iter().flatten().sum()
    }

    /// Findings that one entry let go for that reason.
    pub fn spared_by(&self, entry: usize, by: AllowedBy) -> u64 {
        self.spared.get(entry).map_or(0, |counts| counts[by as usize])
    }

    /// The names of known values ([`ValuesBuilder::add_named`](crate::ValuesBuilder::add_named)) that were masked, and how many
    /// masks hold each, whichever rule they are of.
    pub fn known(&self) -> impl Iterator<Item = (&str, u64)> {
        self.known.iter().map(|(name, n)| (&**name, *n))
    }

    pub(crate) fn count_known(&mut self, name: &Arc<str>) {
        match self.known.get_mut(name) {
            Some(n) => *n += 1,
            None => _ = self.known.insert(Arc::clone(name), 1),
        }
    }

    pub(crate) fn spare(&mut self, entry: usize, by: AllowedBy) {
        if self.spared.len() <= entry {
            self.spared.resize(entry + 1, [0; AllowedBy::ALL.len()]);
        }
        self.spared[entry][by as usize] += 1;
    }

    pub(crate) fn count(&mut self, rule: RuleId) {
        self.count_of(rule, 1);
    }

    fn count_of(&mut self, rule: RuleId, more: u64) {
        match self.place_of(rule) {
            Ok(n) => self.by_rule[n].1 += more,
            Err(n) => self.by_rule.insert(n, (rule, more)),
        }
    }

    /// Where a rule's count stands, or belongs.
    fn place_of(&self, rule: RuleId) -> Result<usize, usize> {
        self.by_rule.binary_search_by_key(&rule.index(), |(id, _)| id.index())
    }

    /// Adds another tally of the same rules.
    pub fn add(&mut self, other: &Tally) {
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.records += other.records;
        self.records_over_limit += other.records_over_limit;
        self.unjudged += other.unjudged;
        self.work += other.work;
        for &(rule, more) in &other.by_rule {
            self.count_of(rule, more);
        }
        if self.spared.len() < other.spared.len() {
            self.spared.resize(other.spared.len(), [0; AllowedBy::ALL.len()]);
        }
        for (name, more) in &other.known {
            *self.known.entry(Arc::clone(name)).or_default() += more;
        }
        for (mine, more) in self.spared.iter_mut().flatten().zip(other.spared.iter().flatten()) {
            *mine += more;
        }
    }
}
