//! Masking twice changes nothing: a record is looked through again as it will leave.
//!
//! A mask may end a value earlier, or bring two halves together, so that a rule sees in the masked
//! record what it did not see before. What it finds there is taken back to the record as it came and
//! joined with what was found first, until a look at the masked record finds nothing more. Where the record's budget
//! ends before that, what this look found and all behind it is masked unjudged.

use crate::engine::detect::continuation::Continuation;
use crate::engine::detect::ruleset::RuleSet;
use crate::engine::found::allowed::Spared;
use crate::engine::found::finding::{EndState, Finding};
use crate::engine::found::resolve::resolve;
use crate::engine::mask::emit::{Masking, render};
use crate::engine::notation::Record;
use crate::engine::scan::record::scan_record;
use crate::engine::scan::scratch::Scratch;
use crate::engine::wipe::wipe;
use crate::rules::mask::Notation;

/// How often a record is looked through again before it is masked as a whole.
const PASSES_MAX: usize = 8;
/// What a mask is longer than its secret, or a little less: how much room a record as it would leave takes.
const MASK_BYTES: usize = 24;
/// The most candidates that are held once it is known what stands there: those of a window full of secrets are megabytes.
const CANDIDATES_KEPT_MAX: usize = 1 << 13;

/// Joins the findings of `rec`, which begin at `from`, with what a look at the masked record finds.
/// `continuation` is what the record before left open; `budget` ends the work as it does in the first look.
/// Returns what the masked record leaves open.
#[inline(never)] // most records are settled
pub(crate) fn rescan(
    set: &RuleSet,
    rec: &Record<'_>,
    from: usize,
    continuation: Option<&Continuation>,
    mut budget: u64,
    scratch: &mut Scratch,
) -> Option<Continuation> {
    // A copy of those of a large record would be megabytes.
    let mut first = match from {
        0 => std::mem::take(&mut scratch.findings),
        _ => scratch.findings.split_off(from),
    };
    let mut draft = Draft { masked: std::mem::take(&mut scratch.masked), masks: std::mem::take(&mut scratch.masks) };
    let mut notes = scratch.notes.take();
    // Where what cannot be judged begins.
    let mut unjudged = Some(rec.start);
    let mut open = None;
    for _ in 0..PASSES_MAX {
        draft.write(set.masking().by(scratch.known.values.as_deref()), rec, &first);
        let masked = Record::new(&draft.masked, 0, draft.end(rec));
        let mut words = std::mem::take(&mut scratch.literals);
        words.clear();
        set.prefilter.find_literals(&draft.masked, &mut scratch.candidates, &mut words, &mut scratch.lines);
        scratch.candidates.shrink_to(CANDIDATES_KEPT_MAX);
        open = continuation.cloned();
        let spared = scratch.spared.len();
        budget += scan_record(set, masked, &words, &draft.masks, &mut open, budget, scratch).1;
        scratch.literals = words;
        scratch.known.put_again(set, &Record::new(&draft.masked, 0, draft.end(rec)), &mut scratch.findings);
        draft.take_back_spared(rec, &first, spared, &mut scratch.spared);
        let Some(start) = scratch.findings[from..].iter().map(|again| again.start).min() else {
            unjudged = None;
            break;
        };
        if scratch.work > budget {
            let (mask, start) = draft.original(rec, &first, start, false);
            unjudged = Some(mask.map_or(start, |i| first[i].start));
            break;
        }
        for again in scratch.findings.drain(from..) {
            if let Some(added) = draft.take_back(rec, &mut first, again)
                && let Some(notes) = &mut notes
            {
                notes.all.push(added);
            }
        }
        resolve(&mut first, 0);
    }
    scratch.findings.truncate(from);
    if let Some(start) = unjudged {
        let cut = first.iter().map(|f| f.end_state).find(|m| matches!(m, EndState::Open(_)));
        let rest = Finding::new(start, rec.end, first[0].rule, Notation::Text);
        first.retain(|f| f.end <= start);
        first.push(Finding { end_state: cut.unwrap_or(EndState::Unjudged), force_label: true, ..rest });
    }
    match from {
        0 => scratch.findings = first,
        _ => scratch.findings.append(&mut first),
    }
    scratch.notes = notes;
    wipe(&mut draft.masked);
    (scratch.masked, scratch.masks) = (draft.masked, draft.masks);
    open
}

/// A record as it would leave.
struct Draft {
    masked: Vec<u8>,
    /// Where each finding's mask stands in it.
    masks: Vec<(u32, u32)>,
}

impl Draft {
    fn write(&mut self, with: Masking<'_>, rec: &Record<'_>, findings: &[Finding]) {
        // It may hold what only this look found.
        wipe(&mut self.masked);
        self.masks.clear();
        // A vector that grows is copied: beside a window full of secrets that takes megabytes.
        self.masks.reserve_exact(findings.len());
        self.masked.reserve_exact(rec.end - rec.start + findings.len() * MASK_BYTES);
        let mut at = rec.start;
        for f in findings {
            self.masked.extend_from_slice(rec.slice(at..f.start));
            let start = self.masked.len();
            render(with, f, rec.slice(f.start..f.end), &mut self.masked);
            self.masks.push((start as u32, self.masked.len() as u32));
            at = f.end;
        }
        self.masked.extend_from_slice(rec.slice(at..rec.end));
    }

    /// Where the record ends: what a mask uncovers may be the first half of its line end.
    fn end(&self, rec: &Record<'_>) -> usize {
        let cut = rec.behind() != Some(b'\r') && self.masked.ends_with(b"\r");
        self.masked.len() - usize::from(cut)
    }

    /// Adds what was found in the masked record to `first`, where it stands in the record as it
    /// came. What lies in a mask alone makes that mask escalate.
    fn take_back(&self, rec: &Record<'_>, first: &mut Vec<Finding>, again: Finding) -> Option<Finding> {
        let (head, start) = self.original(rec, first, again.start, false);
        let (tail, end) = self.original(rec, first, again.end, true);
        match (head, tail) {
            (Some(i), Some(j)) if i == j => escalate(&mut first[i]),
            _ => {
                let start = head.map_or(start, |i| first[i].start);
                let end = tail.map_or(end, |i| first[i].end);
                first.push(Finding { start, end, ..again });
                return first.last().copied();
            }
        }
        None
    }

    /// Moves what the allow-list let go in the masked record, from index `begin` on, to where it
    /// stands in the record as it came. No mask is part of it.
    fn take_back_spared(&self, rec: &Record<'_>, first: &[Finding], begin: usize, spared: &mut Vec<Spared>) {
        for s in spared.split_off(begin) {
            let (head, start) = self.original(rec, first, s.start, false);
            let (tail, end) = self.original(rec, first, s.end, true);
            if head.is_none() && tail.is_none() {
                spared.push(Spared { start, end, ..s });
            }
        }
    }

    /// Where offset `at` of the masked record stands in the record as it came, as a span's start or
    /// its end, and the finding whose mask it is part of, if it is.
    fn original(&self, rec: &Record<'_>, first: &[Finding], at: usize, end: bool) -> (Option<usize>, usize) {
        let place = at as u32;
        let i = self.masks.partition_point(|mask| mask.1 < place || (!end && mask.1 == place));
        let inside = self.masks.get(i).is_some_and(|mask| mask.0 < place || (!end && mask.0 == place));
        let (masked, came) = match i.checked_sub(1) {
            Some(before) => (self.masks[before].1 as usize, first[before].end),
            None => (0, rec.start),
        };
        (inside.then_some(i), came + at.saturating_sub(masked))
    }
}

/// Chooses a mask in which less can be found: the label, the label without brackets, the mark for
/// what could not be judged.
fn escalate(f: &mut Finding) {
    if !f.force_label {
        f.force_label = true;
    } else if f.notation != Notation::Authority {
        f.notation = Notation::Authority;
    } else {
        f.end_state = EndState::Unjudged;
    }
}
