//! One record on its way through the rules: what is found in it, what it costs, what it leaves open.

use std::ops::Range;

use super::allow::{Key, Spared};
use super::carry::Carry;
use super::finding::{Finding, Mark, Refusal, Refused, Until};
use super::gate::Hit;
use super::keys::Known;
use super::notation::Record;
use super::notation::key::{KeySite, Words};
use super::notation::value::Value;
use super::ruleset::RuleSet;
use super::tally::Tally;
use crate::rules::mask::Notation;
use crate::rules::rule::RuleId;

/// The caller's working memory: kept from block to block, so that a clean block allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) hits: Vec<Hit>,
    pub(crate) findings: Vec<Finding>,
    /// Bytes looked at by everything but the gate.
    pub(crate) work: u64,
    /// Candidates that were let go; collected only for `explain`.
    pub(crate) refused: Option<Vec<Refused>>,
    /// Findings that the user's allow-list let go.
    pub(crate) spared: Vec<Spared>,
}

impl Scratch {
    /// Counts what the allow-list let go and begins in `part`, but for what is masked as a whole for
    /// another reason; forgets all of it. The findings are resolved by now.
    pub(crate) fn count_spared(&mut self, part: Range<usize>, tally: &mut Tally) {
        if self.spared.is_empty() {
            return;
        }
        // Two rules may have found the same value.
        self.spared.sort_unstable_by_key(|s| (s.start, s.end, s.entry));
        self.spared.dedup_by_key(|s| (s.start, s.end, s.entry));
        for s in self.spared.drain(..).filter(|s| part.contains(&s.start)) {
            let behind = self.findings.partition_point(|f| f.start <= s.start);
            let masked = self.findings[..behind].last().is_some_and(|f| s.end <= f.end);
            if !masked {
                tally.spare(s.entry, s.by);
            }
        }
    }
}

/// Looks through one record at a time.
pub(crate) struct Scanner<'a> {
    pub(crate) set: &'a RuleSet,
    pub(crate) rec: Record<'a>,
    pub(crate) findings: &'a mut Vec<Finding>,
    pub(crate) refused: &'a mut Option<Vec<Refused>>,
    pub(crate) spared: &'a mut Vec<Spared>,
    pub(crate) work: &'a mut u64,
    /// The key whose value is being judged.
    pub(crate) site: Option<KeySite>,
    /// What this record leaves open for the next.
    pub(crate) carry: Option<Carry>,
    /// End of the last value behind a key: keys inside it are part of it.
    pub(crate) value_end: usize,
    /// End of the last identifier looked at.
    pub(crate) key_end: usize,
    /// The work at which the rest of the record is masked unjudged.
    pub(crate) budget: u64,
    /// Where the last `@` stands, and the authority it closes if it does.
    pub(crate) last_at: Option<(usize, Option<usize>)>,
}

impl Scanner<'_> {
    /// Notes a finding.
    pub(crate) fn found(&mut self, finding: Finding) {
        if !self.is_allowed(&finding, None) {
            self.findings.push(finding);
        }
    }

    /// Notes a value behind a key as a finding; keys inside it are part of it.
    pub(crate) fn found_value(&mut self, known: &Known, value: &Value) {
        if value.start >= value.end {
            return;
        }
        let mark = match (value.open, value.quote) {
            (false, _) => Mark::Whole,
            (true, Some(q)) => Mark::Open(Until::Quote(q)),
            (true, None) => Mark::Open(Until::Bare),
        };
        let finding = Finding { mark, ..Finding::new(value.start, value.end, known.rule, value.notation) };
        // Inside what stays, keys are asked.
        if !self.is_allowed(&finding, Some(known)) {
            self.value_end = self.value_end.max(value.end);
            self.findings.push(finding);
        }
    }

    /// Whether the user's allow-list lets a finding go, which is noted.
    fn is_allowed(&mut self, finding: &Finding, known: Option<&Known>) -> bool {
        let Some(allowed) = &self.set.allowed else { return false };
        let key = known.filter(|_| allowed.asks_keys()).and_then(|known| self.key(known));
        let kind = &self.set.rule(finding.rule).kind;
        let spared = allowed.judge(&self.rec, finding, kind, key.as_ref(), self.work);
        self.spared.extend(spared);
        spared.is_some()
    }

    /// The key whose value is being judged.
    fn key(&self, known: &Known) -> Option<Key> {
        let site = self.site.as_ref().filter(|site| site.start < site.end)?;
        let own = Words::of(&Record::new(self.rec.buf, site.start, self.rec.end), site);
        let alone = self.set.keys.classify(&own).as_ref() == Some(known);
        Some(Key { with: Words::of(&self.rec, site), own: alone.then_some(own) })
    }

    /// Notes why a candidate was let go.
    pub(crate) fn refuse(&mut self, at: usize, rule: Option<RuleId>, why: Refusal) {
        if let Some(list) = self.refused {
            list.push(Refused { at, rule, why });
        }
    }

    /// Masks the record's rest when it has cost more than its length allows, so that no input and
    /// no rule takes more than linear time. True when it did.
    pub(crate) fn spent(&mut self, at: usize, rule: RuleId) -> bool {
        let spent = *self.work > self.budget;
        if spent {
            let rest = Finding::new(at, self.rec.end.max(at), rule, Notation::Text);
            self.found(Finding { mark: Mark::Unjudged, ..rest });
        }
        spent
    }
}
