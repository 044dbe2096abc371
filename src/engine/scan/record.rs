//! Hits of the prefilter -> findings: the way of one record through the rules.

use crate::engine::detect::armor;
use crate::engine::detect::below;
use crate::engine::detect::card;
use crate::engine::detect::context::{RecordContext, Rescan};
use crate::engine::detect::continuation::Continuation;
use crate::engine::detect::key_value;
use crate::engine::detect::repeated;
use crate::engine::detect::ruleset::{RuleSet, ShapeAt};
use crate::engine::detect::token;
use crate::engine::detect::userinfo;
use crate::engine::found::finding::{EndState, Finding, Refusal};
use crate::engine::notation::Record;
use crate::engine::notation::json_text::JsonTexts;
use crate::engine::prefilter::candidate::Candidate;
use crate::engine::scan::scratch::Scratch;
use crate::rules::mask::Notation;
use crate::rules::rule::{Kind, RuleId};

/// How often a record's bytes may be looked at before its rest is masked unjudged.
const WORK_FACTOR_MAX: u64 = 12;
/// Bytes that any record may cost besides.
const WORK_FREE: u64 = 4096;

/// Sends a candidate to the rules it concerns.
fn candidate(s: &mut RecordContext<'_>, candidate: Candidate) {
    let at = candidate.at as usize;
    match candidate.kind {
        Candidate::DIGITS => card::scan(s, at),
        Candidate::AT => userinfo::scan(s, at),
        word => {
            let set = s.set;
            let target = &set.targets[word as usize];
            if !s.body.contains(&at) && !target.shapes.is_empty() {
                shapes(s, &target.shapes, at);
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

/// Runs the rules at one of their literals. Where one finds a secret, what the others saw around it says nothing of the
/// masked record: their literal is gone.
fn shapes(s: &mut RecordContext<'_>, shapes: &[ShapeAt], at: usize) {
    let (before, from, spared) = (s.rescan, s.findings.len(), s.spared.len());
    for shape in shapes {
        token::scan(s, shape, at);
    }
    let found = &s.findings[from..];
    if s.spared.len() == spared && found.iter().any(|f| f.start <= at && at < f.end) {
        s.rescan = before;
        found.iter().for_each(|f| s.rescan.found(f));
    }
}

/// The work at which the rest of a record of that many bytes is masked unjudged.
pub(crate) fn budget(scratch: &Scratch, len: usize) -> u64 {
    scratch.work + WORK_FACTOR_MAX * len as u64 + WORK_FREE
}

/// Finds the secrets of one record in one look; `masks` stand in it already. Findings come in no
/// order and may overlap. Returns whether a look at the masked record may find more, and what looks at every byte have cost,
/// which no budget counts.
#[inline(always)] // the record's bounds stay in registers
pub(crate) fn scan_record(
    set: &RuleSet,
    rec: Record<'_>,
    candidates: &[Candidate],
    masks: &[(u32, u32)],
    continuation: &mut Option<Continuation>,
    budget: u64,
    scratch: &mut Scratch,
) -> (bool, u64) {
    let (from, spared) = (scratch.findings.len(), scratch.spared.len());
    let mut context = RecordContext {
        set,
        value_end: rec.start,
        key_end: rec.start,
        body: 0..0,
        last_at: None,
        texts: JsonTexts::default(),
        key_text: None,
        rescan: Rescan::default(),
        budget,
        rec,
        findings: &mut scratch.findings,
        key_cache: &mut scratch.key_cache,
        notes: &mut scratch.notes,
        spared: &mut scratch.spared,
        masks,
        site: None,
        work: &mut scratch.work,
        continuation: None,
    };
    if let Some(open) = continuation.take() {
        match open {
            Continuation::Block(open) => armor::block_line(&mut context, open),
            Continuation::Value(value) => below::read(&mut context, value),
        }
    }
    for &candidate in candidates {
        if context.spent(candidate.at as usize, RuleId(0)) {
            break;
        }
        self::candidate(&mut context, candidate);
    }
    let before = *context.work;
    for &rule in &set.scans {
        // Each has a budget of its own: they all look at every byte.
        context.budget = *context.work + WORK_FACTOR_MAX * (context.rec.end - context.rec.start) as u64 + WORK_FREE;
        search(&mut context, rule);
    }
    repeated::find(&mut context, from, spared);
    *continuation = context.continuation;
    let scans = *context.work - before;
    let doubt = context.rescan.any() || context.rec.was_json() && hides_object(&context.rec, &context.findings[from..]);
    (doubt, scans)
}

/// Whether a mask hides where an object begins, behind which the record may be JSON no longer.
fn hides_object(rec: &Record<'_>, findings: &[Finding]) -> bool {
    findings.iter().any(|f| rec.slice(f.start.saturating_sub(1).max(rec.start)..f.end).contains(&b'{'))
}

/// A rule without a literal: its automaton runs over the whole record.
fn search(s: &mut RecordContext<'_>, id: RuleId) {
    let rule = s.set.rule(id);
    let Kind::Scan(scan) = &rule.kind else { return };
    let mut at = s.rec.start;
    while at < s.rec.end && !s.spent(at, id) {
        let found = s.rec.search(&scan.forward, at, s.work);
        let Ok(Some(end)) = found else {
            if found.is_err() {
                let end = s.rec.end;
                s.found(Finding { end_state: EndState::Unjudged, ..Finding::new(at, end, id, Notation::Text) });
            }
            return;
        };
        let low = at.max(end.saturating_sub(rule.max as usize));
        let start = s.rec.longest_back(&scan.backward, low, end, s.work).ok().flatten().unwrap_or(low);
        let secret = s.rec.slice(start..end);
        if !rule.checks.iter().all(|c| c.holds(secret, secret)) {
            s.refuse(start, Some(id), Refusal::Check);
        } else if s.set.masks.spares(secret) {
            s.refuse(start, Some(id), Refusal::Placeholder);
        } else {
            let notation = s.number_notation(start, end);
            s.found(Finding::new(start, end, id, notation));
        }
        at = end.max(at + 1);
    }
}
