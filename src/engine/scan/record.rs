//! Hits of the gate -> findings: the way of one record through the rules.

use crate::engine::detect::armor;
use crate::engine::detect::card;
use crate::engine::detect::context::{Doubt, Scanner};
use crate::engine::detect::continuation::Carry;
use crate::engine::detect::key_value;
use crate::engine::detect::ruleset::RuleSet;
use crate::engine::detect::token;
use crate::engine::detect::userinfo;
use crate::engine::found::finding::{Finding, Mark, Refusal};
use crate::engine::notation::Record;
use crate::engine::prefilter::Hit;
use crate::engine::scan::scratch::Scratch;
use crate::rules::mask::Notation;
use crate::rules::rule::{Kind, RuleId};

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
            let target = &set.targets[word as usize];
            for shape in &target.shapes {
                token::scan(s, shape, at);
            }
            for &rule in &target.blocks {
                armor::open_block(s, rule, at);
            }
            if target.key {
                key_value::scan(s, at);
            }
            if target.escape {
                key_value::escaped(s, at);
            }
        }
    }
}

/// The work at which the rest of a record of that many bytes is masked unjudged.
pub(crate) fn budget(scratch: &Scratch, len: usize) -> u64 {
    scratch.work + WORK_FACTOR_MAX * len as u64 + WORK_FREE
}

/// Finds the secrets of one record in one look; `masks` stand in it already. Findings come in no
/// order and may overlap. Returns whether a look at the masked record may find more.
#[inline(always)] // the record's bounds stay in registers
pub(crate) fn look(
    set: &RuleSet,
    rec: Record<'_>,
    hits: &[Hit],
    masks: &[(usize, usize)],
    carry: &mut Option<Carry>,
    budget: u64,
    scratch: &mut Scratch,
) -> bool {
    let from = scratch.findings.len();
    let mut scanner = Scanner {
        set,
        value_end: rec.start,
        key_end: rec.start,
        last_at: None,
        doubt: Doubt::default(),
        budget,
        rec,
        findings: &mut scratch.findings,
        verdicts: &mut scratch.verdicts,
        notes: &mut scratch.notes,
        spared: &mut scratch.spared,
        masks,
        site: None,
        work: &mut scratch.work,
        carry: None,
    };
    if let Some(open) = carry.take() {
        match open {
            Carry::Block(open) => armor::block_line(&mut scanner, open),
            Carry::Value(below) => key_value::below(&mut scanner, below),
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
    scanner.doubt.any() || scanner.rec.was_json() && hides_object(&scanner.rec, &scanner.findings[from..])
}

/// Whether a mask hides where an object begins, behind which the record may be JSON no longer.
fn hides_object(rec: &Record<'_>, findings: &[Finding]) -> bool {
    findings.iter().any(|f| rec.buf[f.start.saturating_sub(1).max(rec.start)..f.end].contains(&b'{'))
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
            let notation = crate::engine::notation::context::number_notation(&s.rec, start, end);
            s.found(Finding::new(start, end, id, notation));
        }
        at = end.max(at + 1);
    }
}
