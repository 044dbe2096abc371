//! Findings -> masked bytes: clean stretches go in one piece each.

use super::finding::{Finding, Mark};
use super::masks::Masks;
use super::ruleset::RuleSet;
use super::tally::Tally;
use crate::rules::mask::Notation;

/// What stands in place of a span that could not be judged.
const UNJUDGED: &[u8] = b"[REDACTED:unjudged]";

/// Counts what came in, with so many line ends in it.
pub(crate) fn count_in(block: &[u8], ends: u64, tally: &mut Tally) {
    tally.bytes_in += block.len() as u64;
    tally.records += ends + u64::from(block.last().is_some_and(|b| *b != b'\n'));
}

/// Sends a block with its findings masked: clean stretches go in one piece each.
pub(crate) fn put(set: &RuleSet, block: &[u8], findings: &[Finding], tally: &mut Tally, sink: &mut impl FnMut(&[u8])) {
    let mut at = 0;
    for f in findings {
        if at < f.start {
            tally.bytes_out += (f.start - at) as u64;
            sink(&block[at..f.start]);
        }
        put_mask(set, f, &block[f.start..f.end], tally, &mut |b| sink(b));
        at = f.end;
    }
    if at < block.len() {
        tally.bytes_out += (block.len() - at) as u64;
        sink(&block[at..]);
    }
}

/// Sends the mask of one finding and counts it.
pub(crate) fn put_mask(set: &RuleSet, f: &Finding, secret: &[u8], tally: &mut Tally, sink: &mut impl FnMut(&[u8])) {
    if let Some(observer) = &set.masks.observer {
        (observer.0)(f.rule, secret);
    }
    match f.mark {
        Mark::Unjudged => tally.unjudged += 1,
        Mark::Whole | Mark::Open(_) => tally.count(f.rule),
    }
    let mut mask = Vec::with_capacity(48);
    render(set, f, secret, &mut mask);
    tally.bytes_out += mask.len() as u64;
    sink(&mask);
}

/// Appends what stands in place of a finding.
pub(crate) fn render(set: &RuleSet, f: &Finding, secret: &[u8], out: &mut Vec<u8>) {
    match (f.mark, f.notation) {
        (Mark::Unjudged, Notation::Authority) => out.extend_from_slice(b"REDACTED-unjudged"),
        (Mark::Unjudged, _) => out.extend_from_slice(UNJUDGED),
        _ if f.shut => Masks::default().render(set.rule(f.rule), secret, f.notation, out),
        _ => set.masks.render(set.rule(f.rule), secret, f.notation, out),
    }
}
