//! Findings -> masked bytes: clean stretches go in one piece each.

use crate::engine::found::finding::{EndState, Finding};
use crate::engine::found::tally::Tally;
use crate::engine::known::rule::KNOWN;
use crate::engine::known::values::Values;
use crate::engine::mask::policy::{Masks, Prerendered};
use crate::engine::shortcuts::{Shortcut, Shortcuts};
use crate::rules::mask::{Mask, Notation};
use crate::rules::rule::Rule;

/// What masks are written with.
#[derive(Clone, Copy)]
pub(crate) struct Masking<'a> {
    pub(crate) masks: &'a Masks,
    pub(crate) prerendered: &'a Prerendered,
    pub(crate) rules: &'a [Rule],
    pub(crate) shortcuts: Shortcuts,
    /// What the text was judged by besides rules.
    pub(crate) known: Option<&'a Values>,
}

impl<'a> Masking<'a> {
    /// The same, of a text that was judged by these values.
    pub(crate) fn by(self, known: Option<&'a Values>) -> Masking<'a> {
        Masking { known, ..self }
    }

    /// What a hash is taken of: of a known value the value itself, so that all its encodings have one.
    fn hashed<'b>(&self, f: &Finding, secret: &'b [u8]) -> &'b [u8]
    where
        'a: 'b,
    {
        let known = self.known.filter(|_| f.rule == KNOWN);
        known.and_then(|values| values.value_in(secret)).unwrap_or(secret)
    }
}

/// What stands in place of a span that could not be judged.
pub(crate) const UNJUDGED: &[u8] = b"[REDACTED:unjudged]";

/// Counts what came in, with so many line ends in it.
pub(crate) fn count_in(block: &[u8], ends: u64, tally: &mut Tally) {
    tally.bytes_in += block.len() as u64;
    tally.records += ends + u64::from(block.last().is_some_and(|b| *b != b'\n'));
}

/// What takes what leaves.
pub(crate) trait Out {
    /// Clean text.
    fn clean(&mut self, text: &[u8]);

    /// A mask, and how many bytes it stands for.
    fn mask(&mut self, mask: &[u8], covers: usize);
}

impl<F: FnMut(&[u8])> Out for F {
    fn clean(&mut self, text: &[u8]) {
        self(text);
    }

    fn mask(&mut self, mask: &[u8], _: usize) {
        self(mask);
    }
}

/// Sends a block with its findings masked: clean stretches go in one piece each.
pub(crate) fn put(with: Masking<'_>, block: &[u8], findings: &[Finding], tally: &mut Tally, sink: &mut impl Out) {
    let mut at = 0;
    let mut drawn = Vec::new();
    for f in findings {
        if at < f.start {
            tally.bytes_out += (f.start - at) as u64;
            sink.clean(&block[at..f.start]);
        }
        put_mask(with, f, &block[f.start..f.end], tally, &mut drawn, sink);
        at = f.end;
    }
    if at < block.len() {
        tally.bytes_out += (block.len() - at) as u64;
        sink.clean(&block[at..]);
    }
}

/// Sends the mask of one finding and counts it. `drawn` is room for a mask that is not ready.
pub(crate) fn put_mask(
    with: Masking<'_>,
    f: &Finding,
    secret: &[u8],
    tally: &mut Tally,
    drawn: &mut Vec<u8>,
    sink: &mut impl Out,
) {
    if let Some(observer) = &with.masks.observer {
        (observer.0)((f.end_state != EndState::Unjudged).then_some(f.rule), secret, with.hashed(f, secret));
    }
    match f.end_state {
        EndState::Unjudged => tally.unjudged += 1,
        EndState::Closed | EndState::Open(_) => tally.count(f.rule),
    }
    if let Some(known) = with.known {
        known.names_in(secret, &mut |name| tally.count_known(name));
    }
    let mask = match ready(with, f) {
        Some(mask) => mask,
        None => {
            drawn.clear();
            draw(with, f, secret, drawn);
            drawn
        }
    };
    tally.bytes_out += mask.len() as u64;
    sink.mask(mask, secret.len());
}

/// Appends what stands in place of a finding.
pub(crate) fn render(with: Masking<'_>, f: &Finding, secret: &[u8], out: &mut Vec<u8>) {
    match ready(with, f) {
        Some(mask) => out.extend_from_slice(mask),
        None => draw(with, f, secret, out),
    }
}

/// The mask of a finding whose rule has one text for all of them.
#[inline]
fn ready<'a>(with: Masking<'a>, f: &Finding) -> Option<&'a [u8]> {
    let as_it_is = matches!(f.notation, Notation::Text | Notation::Bare | Notation::BareInJson | Notation::Quoted);
    if with.shortcuts.take(Shortcut::ReadyMasks) && as_it_is && !f.force_label && f.end_state != EndState::Unjudged {
        with.prerendered.of(f.rule)
    } else {
        None
    }
}

/// Appends it anew, ready or not.
pub(crate) fn draw(with: Masking<'_>, f: &Finding, secret: &[u8], out: &mut Vec<u8>) {
    match (f.end_state, f.notation) {
        (EndState::Unjudged, Notation::Authority) => out.extend_from_slice(b"REDACTED-unjudged"),
        (EndState::Unjudged, _) => out.extend_from_slice(UNJUDGED),
        _ if f.force_label => Masks::default().render(&with.rules[f.rule.index()], secret, f.notation, out),
        _ => {
            let rule = &with.rules[f.rule.index()];
            let hash = *with.masks.of(rule) == Mask::Hash;
            let secret = if hash { with.hashed(f, secret) } else { secret };
            with.masks.render(rule, secret, f.notation, out);
        }
    }
}
