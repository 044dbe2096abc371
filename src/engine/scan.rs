//! Hits of the gate -> findings: the way of a block through the rules.

use super::carry::{self, Carry};
use super::finding::{Finding, Refusal, Refused};
use super::gate::Hit;
use super::notation::Record;
use super::ruleset::RuleSet;
use super::{card, keyed, shape, userinfo};
use crate::rules::rule::{Kind, RuleId};
use memchr::{memchr, memrchr};

/// The caller's working memory: kept from block to block, so that a clean block allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) hits: Vec<Hit>,
    pub(crate) findings: Vec<Finding>,
    /// Bytes looked at by everything but the gate.
    pub(crate) work: u64,
    /// Candidates that were let go; collected only for `explain`.
    pub(crate) refused: Option<Vec<Refused>>,
}

/// Looks through one record at a time.
pub(crate) struct Scanner<'a> {
    pub(crate) set: &'a RuleSet,
    pub(crate) rec: Record<'a>,
    pub(crate) findings: &'a mut Vec<Finding>,
    pub(crate) refused: &'a mut Option<Vec<Refused>>,
    pub(crate) work: &'a mut u64,
    /// What this record leaves open for the next.
    pub(crate) carry: Option<Carry>,
    /// End of the last value behind a key: keys inside it are part of it.
    pub(crate) value_end: usize,
    /// End of the last identifier looked at.
    pub(crate) key_end: usize,
    /// Where the last `@` stands, and the authority it closes if it does.
    pub(crate) last_at: Option<(usize, Option<usize>)>,
}

impl Scanner<'_> {
    /// Notes a finding.
    pub(crate) fn found(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Notes why a candidate was let go.
    pub(crate) fn refuse(&mut self, at: usize, rule: Option<RuleId>, why: Refusal) {
        if let Some(list) = self.refused {
            list.push(Refused { at, rule, why });
        }
    }

    fn hit(&mut self, hit: Hit) {
        let at = hit.at as usize;
        match hit.kind {
            Hit::DIGITS => card::scan(self, at),
            Hit::AT => userinfo::scan(self, at),
            word => {
                let set = self.set;
                let target = &set.targets[usize::from(word)];
                for &rule in &target.shapes {
                    shape::scan(self, rule, at);
                }
                for &rule in &target.blocks {
                    carry::open_block(self, rule, at);
                }
                if target.key {
                    keyed::scan(self, at);
                }
                if target.escape {
                    keyed::escaped(self, at);
                }
            }
        }
    }
}

/// Finds the secrets of a block of whole records; findings come in no order and may overlap.
///
/// 1. The gate names the places worth a look.
/// 2. For each, the record around it is cut out, once a record.
/// 3. What the record before left open is asked first.
/// 4. Rules without a literal look through every record.
pub(crate) fn block(set: &RuleSet, block: &[u8], carry: &mut Option<Carry>, scratch: &mut Scratch) {
    scratch.hits.clear();
    set.gate.find(block, &mut scratch.hits);
    let every = !set.scans.is_empty();
    let mut hits = std::mem::take(&mut scratch.hits);
    let mut next = 0;
    let mut at = 0; // first byte of the next record not looked at
    while at < block.len() {
        let waiting = carry.is_some() || every;
        let Some(place) = (if waiting { Some(at) } else { hits.get(next).map(|h| h.at as usize) }) else {
            break;
        };
        let start = memrchr(b'\n', &block[at..place]).map_or(at, |i| at + i + 1);
        let end = memchr(b'\n', &block[place..]).map_or(block.len(), |i| place + i);
        let upto = next + hits[next..].iter().take_while(|h| (h.at as usize) < end).count();
        record(set, Record::new(block, start, trimmed(block, start, end)), &hits[next..upto], carry, scratch);
        next = upto;
        at = end + 1;
        // A hit of a line end itself cannot be; hits behind it belong to later records.
        while hits.get(next).is_some_and(|h| (h.at as usize) < at) {
            next += 1;
        }
    }
    hits.clear();
    scratch.hits = hits;
}

/// A record's end without its carriage return.
fn trimmed(block: &[u8], start: usize, end: usize) -> usize {
    if end > start && block[end - 1] == b'\r' { end - 1 } else { end }
}

/// Finds the secrets of one record.
pub(crate) fn record(set: &RuleSet, rec: Record<'_>, hits: &[Hit], carry: &mut Option<Carry>, scratch: &mut Scratch) {
    let mut scanner = Scanner {
        set,
        value_end: rec.start,
        key_end: rec.start,
        last_at: None,
        rec,
        findings: &mut scratch.findings,
        refused: &mut scratch.refused,
        work: &mut scratch.work,
        carry: None,
    };
    if let Some(open) = carry.take() {
        carry::go_on(&mut scanner, open);
    }
    for &hit in hits {
        scanner.hit(hit);
    }
    for &rule in &set.scans {
        search(&mut scanner, rule);
    }
    *carry = scanner.carry;
}

/// A rule without a literal: its automaton runs over the whole record.
fn search(s: &mut Scanner<'_>, id: RuleId) {
    let rule = s.set.rule(id);
    let Kind::Scan(scan) = &rule.kind else { return };
    let mut at = s.rec.start;
    while at < s.rec.end {
        let found = scan.forward.search(s.rec.buf, at, s.rec.end, s.work);
        let Ok(Some(end)) = found else {
            if found.is_err() {
                let end = s.rec.end;
                s.found(Finding {
                    mark: super::finding::Mark::Unjudged,
                    ..Finding::new(at, end, id, crate::rules::mask::Notation::Text)
                });
            }
            return;
        };
        let low = at.max(end.saturating_sub(rule.max as usize));
        let start = scan.backward.longest_back(s.rec.buf, low, end, s.work).ok().flatten().unwrap_or(low);
        let secret = &s.rec.buf[start..end];
        if !rule.checks.iter().all(|c| c.holds(secret, secret)) {
            s.refuse(start, Some(id), Refusal::Check);
        } else if s.set.masks.spares(secret) {
            s.refuse(start, Some(id), Refusal::Placeholder);
        } else {
            let notation = super::notation::value::number_notation(&s.rec, start, end);
            s.found(Finding::new(start, end, id, notation));
        }
        at = end.max(at + 1);
    }
}
