//! Findings -> masked bytes: clean stretches go in one piece each.

use crate::engine::detect::ruleset::RuleSet;
use crate::engine::found::finding::{EndState, Finding};
use crate::engine::found::tally::Tally;
use crate::engine::mask::policy::Masks;
use crate::engine::shortcuts::Shortcut;
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
    let mut drawn = Vec::new();
    for f in findings {
        if at < f.start {
            tally.bytes_out += (f.start - at) as u64;
            sink(&block[at..f.start]);
        }
        put_mask(set, f, &block[f.start..f.end], tally, &mut drawn, sink);
        at = f.end;
    }
    if at < block.len() {
        tally.bytes_out += (block.len() - at) as u64;
        sink(&block[at..]);
    }
}

/// Sends the mask of one finding and counts it. `drawn` is room for a mask that is not ready.
pub(crate) fn put_mask(
    set: &RuleSet,
    f: &Finding,
    secret: &[u8],
    tally: &mut Tally,
    drawn: &mut Vec<u8>,
    sink: &mut impl FnMut(&[u8]),
) {
    if let Some(observer) = &set.masks.observer {
        (observer.0)((f.end_state != EndState::Unjudged).then_some(f.rule), secret);
    }
    match f.end_state {
        EndState::Unjudged => tally.unjudged += 1,
        EndState::Closed | EndState::Open(_) => tally.count(f.rule),
    }
    let mask = match ready(set, f) {
        Some(mask) => mask,
        None => {
            drawn.clear();
            draw(set, f, secret, drawn);
            drawn
        }
    };
    tally.bytes_out += mask.len() as u64;
    sink(mask);
}

/// Appends what stands in place of a finding.
pub(crate) fn render(set: &RuleSet, f: &Finding, secret: &[u8], out: &mut Vec<u8>) {
    match ready(set, f) {
        Some(mask) => out.extend_from_slice(mask),
        None => draw(set, f, secret, out),
    }
}

/// The mask of a finding whose rule has one text for all of them.
#[inline]
fn ready<'a>(set: &'a RuleSet, f: &Finding) -> Option<&'a [u8]> {
    let as_it_is = matches!(f.notation, Notation::Text | Notation::Bare | Notation::BareInJson | Notation::Quoted);
    if set.shortcuts.take(Shortcut::ReadyMasks) && as_it_is && !f.force_label && f.end_state != EndState::Unjudged {
        set.prerendered.of(f.rule)
    } else {
        None
    }
}

fn draw(set: &RuleSet, f: &Finding, secret: &[u8], out: &mut Vec<u8>) {
    match (f.end_state, f.notation) {
        (EndState::Unjudged, Notation::Authority) => out.extend_from_slice(b"REDACTED-unjudged"),
        (EndState::Unjudged, _) => out.extend_from_slice(UNJUDGED),
        _ if f.force_label => Masks::default().render(set.rule(f.rule), secret, f.notation, out),
        _ => set.masks.render(set.rule(f.rule), secret, f.notation, out),
    }
}

#[cfg(test)]
mod tests {
    use super::{draw, render};
    use crate::engine::api::builder::Builder;
    use crate::engine::found::finding::{EndState, Finding, Until};
    use crate::rules::mask::{Mask, Notation};
    use crate::rules::rule::RuleId;

    /// A mask that is ready is the mask as it is drawn, for every rule, notation and mark.
    #[test]
    fn what_is_ready_is_what_is_drawn() {
        let gone = Mask::parse("text:GONE").unwrap();
        for mask in [Mask::Label, gone, Mask::Stars, Mask::Keep { first: 2, last: 2 }, Mask::Remove] {
            let redactor = Builder::default().mask(mask).build().unwrap();
            let set = &redactor.set;
            let notations = [
                Notation::Text,
                Notation::Bare,
                Notation::BareInJson,
                Notation::Quoted,
                Notation::Number(1),
                Notation::Authority,
            ];
            for (i, notation) in (0..set.rules.len()).flat_map(|i| notations.map(|n| (i, n))) {
                for (end_state, force_label) in [
                    (EndState::Closed, false),
                    (EndState::Closed, true),
                    (EndState::Open(Until::Bare), false),
                    (EndState::Unjudged, false),
                ] {
                    let f = Finding { end_state, force_label, ..Finding::new(0, 16, RuleId(i as u16), notation) };
                    let (mut ready, mut drawn) = (Vec::new(), Vec::new());
                    render(set, &f, b"q8Zr1Lw0mXv93TbN", &mut ready);
                    draw(set, &f, b"q8Zr1Lw0mXv93TbN", &mut drawn);
                    assert_eq!(ready, drawn, "{}", set.rules[i].id);
                }
            }
        }
    }
}
