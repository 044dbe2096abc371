//! A block of whole records -> its findings, one record at a time.

use std::ops::Range;

use crate::engine::detect::continuation::Continuation;
use crate::engine::detect::ruleset::RuleSet;
use crate::engine::found::finding::Finding;
use crate::engine::found::resolve::resolve;
use crate::engine::notation::Record;
use crate::engine::prefilter::candidate::Candidate;
use crate::engine::scan::record::{budget, scan_record};
use crate::engine::scan::reject::RejectStage;
use crate::engine::scan::rescan::rescan;
use crate::engine::scan::scratch::Scratch;
use crate::engine::shortcuts::Shortcut;
use crate::engine::stream::sources::Sources;
use crate::rules::mask::Notation;

/// Finds the secrets of a block of whole records; findings are in order and apart. Where lines end is
/// left in `scratch`.
///
/// 1. The prefilter names the places worth a look.
/// 2. Those that lead nowhere are passed over ([`RejectStage`]); around the others the record is cut out,
///    once a record.
/// 3. What the record before left open is asked first, rules without a literal look through every
///    record ([`scan_record`]).
/// 4. Overlapping findings are joined, and the record is looked through again as it will leave
///    ([`rescan`]).
pub(crate) fn scan(set: &RuleSet, block: &[u8], continuation: &mut Option<Continuation>, scratch: &mut Scratch) {
    scan_sources(set, block, continuation, &mut None, scratch);
}

/// The same; with `sources`, what a record leaves open is asked in the next one of its source.
pub(crate) fn scan_sources(
    set: &RuleSet,
    block: &[u8],
    continuation: &mut Option<Continuation>,
    sources: &mut Option<Box<Sources>>,
    scratch: &mut Scratch,
) {
    scratch.candidates.clear();
    set.prefilter.find(block, &mut scratch.candidates, &mut scratch.lines);
    scratch.known.find(block);
    let rejects = set.shortcuts.take(Shortcut::RejectStage);
    let every = !set.scans.is_empty() || scratch.notes.is_some();
    // Most lines that come by themselves.
    let open = |sources: &Option<Box<Sources>>| sources.as_ref().is_some_and(|sources| !sources.is_empty());
    if scratch.candidates.is_empty() && continuation.is_none() && !open(sources) && !every && !scratch.known.any() {
        return;
    }
    let (mut candidates, lines) = (std::mem::take(&mut scratch.candidates), std::mem::take(&mut scratch.lines));
    scratch.reject_cache.begin(set.keys.id());
    let mut stage = RejectStage::new(set, block, &lines);
    let mut next = 0;
    let mut at = 0; // first byte of the next record not looked at
    while at < block.len() {
        let waiting = continuation.is_some() || open(sources) || every;
        // The next known value is a place worth a look, too.
        let known = scratch.known.next(at);
        let ahead = &candidates[next..];
        let ahead = known.map_or(ahead, |known| &ahead[..ahead.partition_point(|h| (h.at as usize) < known)]);
        let looked = if waiting || !rejects { 0 } else { stage.rejected(ahead, scratch) };
        let Some(place) = (if waiting { Some(at) } else { ahead.get(looked).map(|h| h.at as usize).or(known) }) else {
            break;
        };
        let start = lines.start(place);
        let end = lines.end(place).unwrap_or(block.len());
        // What is rejected by itself may be a secret beside a finding.
        let rejected = candidates[next..next + looked].partition_point(|h| (h.at as usize) < start);
        stage.learn(rejected > 0);
        next += rejected;
        let whole = start..trimmed(block, start, end);
        if let Some(sources) = sources {
            *continuation = sources.enter(&block[whole.clone()]);
        }
        next += record(set, block, whole.clone(), &candidates[next..], continuation, scratch);
        if let Some(sources) = sources {
            sources.leave(&block[whole], continuation.take());
        }
        at = end + 1;
        // Those of a record that was not looked at to its end.
        while candidates.get(next).is_some_and(|h| (h.at as usize) < at) {
            next += 1;
        }
    }
    candidates.clear();
    (scratch.candidates, scratch.lines) = (candidates, lines);
}

/// A record's end without its carriage return.
fn trimmed(block: &[u8], start: usize, end: usize) -> usize {
    if end > start && block[end - 1] == b'\r' { end - 1 } else { end }
}

/// Finds the secrets of the record at `at`, to which the first of `candidates` belong; findings are in order
/// and apart. Returns how many candidates these are.
pub(crate) fn record(
    set: &RuleSet,
    block: &[u8],
    at: Range<usize>,
    candidates: &[Candidate],
    continuation: &mut Option<Continuation>,
    scratch: &mut Scratch,
) -> usize {
    let from = scratch.findings.len();
    let before = if continuation.is_some() { continuation.clone() } else { None };
    let mut budget = budget(scratch, at.end - at.start);
    let whole = Record::new(block, at.start, at.end);
    let mut words = std::mem::take(&mut scratch.literals);
    words.clear();
    let own = set.prefilter.literals(block, candidates, at.end, &mut words);
    // A word over a line end is none of this record's.
    let over = words.iter().take_while(|word| (word.at as usize) < at.start).count();
    let (doubt, scans) =
        scan_record(set, Record::new(block, at.start, at.end), &words[over..], &[], continuation, budget, scratch);
    scratch.literals = words;
    budget += scans;
    let doubt = scratch.known.put(set, &whole, &mut scratch.findings, &mut scratch.notes) || doubt;
    if scratch.findings.len() > from {
        // Most have one.
        let joined = scratch.findings.len() > from + 1 && resolve(&mut scratch.findings, from);
        let found = &scratch.findings[from..];
        // What ends one is no longer there if another begins with it.
        let alone =
            !joined && found.iter().all(|f| is_self_delimited(&whole, f)) && found.is_sorted_by(|f, g| f.end < g.start);
        let settled = set.shortcuts.take(Shortcut::Settled) && alone && !doubt && before.is_none() && set.labels_only;
        // A record that was too dear to judge is not looked through again: its rest is masked.
        if !settled && scratch.work <= budget {
            let open = rescan(set, &whole, from, before.as_ref(), budget, scratch);
            // The next record is to be seen as it would be behind the masked one, but a block whose
            // header the mask hides stays open.
            *continuation = open.or(continuation.take());
        }
    }
    own
}

/// Whether the finding ends at what ends any value, so that a label in its place is read as it was.
fn is_self_delimited(rec: &Record<'_>, f: &Finding) -> bool {
    let (before, after) = (rec.before(f.start), rec.get(f.end));
    match before {
        Some(b'"' | b'\'') => after == before,
        Some(b':') if f.notation == Notation::Authority => after == Some(b'@'),
        _ => {
            before.is_none_or(|b| matches!(b, b' ' | b'\t' | b'=' | b':' | b'&' | b',' | b';'))
                && after.is_none_or(|b| matches!(b, b' ' | b'\t' | b'"' | b'&' | b',' | b';'))
        }
    }
}
