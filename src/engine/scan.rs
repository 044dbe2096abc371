//! Hits of the gate -> findings: the way of a block through the rules.

use super::carry::Carry;
use super::finding::{Finding, Mark, Refusal};
use super::gate::Hit;
use super::notation::Record;
use super::ruleset::RuleSet;
use super::scanner::Scanner;
pub(crate) use super::scanner::Scratch;
use super::{card, fence, keyed, shape, userinfo};
use crate::rules::mask::Notation;
use crate::rules::rule::{Kind, RuleId};
use memchr::{memchr, memrchr};

/// How often a record's bytes may be looked at before its rest is masked unjudged.
const WORK_FACTOR_MAX: u64 = 12;
/// Bytes that any record may cost besides.
const WORK_FREE: u64 = 4096;

/// Sends a hit to the rules it concerns.
fn hit(s: &mut Scanner<'_>, hit: Hit) {
    let at = hit.at as usize;
    match hit.kind {
        Hit::DIGITS => card::scan(s, at),
        Hit::AT => userinfo::scan(s, at),
        word => {
            let set = s.set;
            let target = &set.targets[usize::from(word)];
            for &rule in &target.shapes {
                shape::scan(s, rule, at);
            }
            for &rule in &target.blocks {
                fence::open_block(s, rule, at);
            }
            if target.key {
                keyed::scan(s, at);
            }
            if target.escape {
                keyed::escaped(s, at);
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
        budget: scratch.work + WORK_FACTOR_MAX * (rec.end - rec.start) as u64 + WORK_FREE,
        rec,
        findings: &mut scratch.findings,
        refused: &mut scratch.refused,
        spared: &mut scratch.spared,
        site: None,
        work: &mut scratch.work,
        carry: None,
    };
    if let Some(open) = carry.take() {
        match open {
            Carry::Block(open) => fence::block_line(&mut scanner, open),
            Carry::Value(below) => keyed::below(&mut scanner, below),
        }
    }
    for &hit in hits {
        if scanner.spent(hit.at as usize, RuleId(0)) {
            break;
        }
        self::hit(&mut scanner, hit);
    }
    for &rule in &set.scans {
        // Each has a budget of its own: they all look at every byte.
        scanner.budget = *scanner.work + WORK_FACTOR_MAX * (scanner.rec.end - scanner.rec.start) as u64 + WORK_FREE;
        search(&mut scanner, rule);
    }
    *carry = scanner.carry;
}

/// A rule without a literal: its automaton runs over the whole record.
fn search(s: &mut Scanner<'_>, id: RuleId) {
    let rule = s.set.rule(id);
    let Kind::Scan(scan) = &rule.kind else { return };
    let mut at = s.rec.start;
    while at < s.rec.end && !s.spent(at, id) {
        let found = scan.forward.search(s.rec.buf, at, s.rec.end, s.work);
        let Ok(Some(end)) = found else {
            if found.is_err() {
                let end = s.rec.end;
                s.found(Finding { mark: Mark::Unjudged, ..Finding::new(at, end, id, Notation::Text) });
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
            let notation = super::notation::form::number_notation(&s.rec, start, end);
            s.found(Finding::new(start, end, id, notation));
        }
        at = end.max(at + 1);
    }
}
