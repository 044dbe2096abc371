//! Records over the limit: windows whose edges depend on the byte's offset in the record alone.
//!
//! A window is looked through like a record of its own. What begins in its front part is masked;
//! its last part is looked at again by the next window, which also sees some bytes before its own,
//! so that a key and its value, or a token, are never cut by an edge. A secret that is still open
//! where a window ends is masked until its notation ends it.

use std::sync::Arc;

use crate::engine::detect::continuation::Continuation;
use crate::engine::detect::ruleset::RuleSet;
use crate::engine::found::finding::{EndState, Until};
use crate::engine::found::tally::Tally;
use crate::engine::known::values::Values;
use crate::engine::mask::emit::put_mask;
use crate::engine::notation::Record;
use crate::engine::notation::bare::bare_end;
use crate::engine::notation::quote::Close;
use crate::engine::scan::scratch::Scratch;
use crate::engine::stream::batch;
use crate::rules::rule::RULE_BYTES_MAX;

/// The longest record that is looked through as a whole, in bytes: the size of a window.
pub(crate) const RECORD_BYTES_MAX: usize = 1 << 20;
/// Bytes at a window's end that the next one looks at again: more than the longest rule.
const OVERLAP_BYTES: usize = 2 * RULE_BYTES_MAX as usize;
/// Bytes before its own that a window sees.
const BEHIND_BYTES: usize = RULE_BYTES_MAX as usize;

/// The state of a record that is longer than a window.
#[derive(Default)]
pub(crate) struct Window {
    /// Bytes at the front of the held ones that have left already.
    sent: usize,
    /// Bytes at the front that a mask stands for already.
    covered: usize,
    /// What ends the secret that the last window cut.
    until: Option<Until>,
    /// What is known: the same for the whole record.
    known: Option<Arc<Values>>,
}

impl Window {
    /// Before the first one of a record.
    pub(crate) fn new(known: Option<Arc<Values>>) -> Window {
        Window { known, ..Window::default() }
    }

    /// Looks through the first window of `held` and sends its front part; `last` says that the
    /// record ends with `held`. Returns how many bytes of `held` are done with.
    pub(crate) fn step(
        &mut self,
        set: &RuleSet,
        held: &[u8],
        last: bool,
        continuation: &mut Option<Continuation>,
        work: (&mut Scratch, &mut Tally),
        sink: &mut impl FnMut(&[u8]),
    ) -> usize {
        let (scratch, tally) = work;
        let present = std::mem::replace(&mut scratch.known.values, self.known.clone());
        let window = &held[..held.len().min(RECORD_BYTES_MAX)];
        let commit = if last { window.len() } else { RECORD_BYTES_MAX - OVERLAP_BYTES };
        self.end_open(window);
        scratch.candidates.clear();
        set.prefilter.find(window, &mut scratch.candidates, &mut scratch.lines);
        scratch.known.find(window);
        let candidates = std::mem::take(&mut scratch.candidates);
        scratch.findings.clear();
        scratch.findings.reserve_exact(candidates.len());
        batch::record(set, window, 0..window.len(), &candidates, continuation, scratch);
        scratch.candidates = candidates;
        let mut at = self.sent.max(self.covered);
        scratch.count_spared(at..commit.max(at), tally);
        let mut drawn = Vec::new();
        let masking = set.masking().by(self.known.as_deref());
        for f in &scratch.findings {
            if f.start >= commit {
                break;
            }
            if f.end <= at {
                continue;
            }
            let start = f.start.max(self.sent);
            if start >= self.covered || self.covered == 0 {
                tally.bytes_out += (start - at.min(start)) as u64;
                sink(&window[at.min(start)..start]);
                put_mask(masking, f, &window[f.start..f.end], tally, &mut drawn, sink);
            }
            at = at.max(f.end);
            self.covered = self.covered.max(f.end);
            if let (EndState::Open(until), false) = (f.end_state, last)
                && f.end == window.len()
            {
                self.until = Some(until);
            }
        }
        if at < commit {
            tally.bytes_out += (commit - at) as u64;
            sink(&window[at..commit]);
        }
        scratch.known.values = present;
        let done = if last { window.len() } else { commit - BEHIND_BYTES };
        self.covered = self.covered.saturating_sub(done);
        self.sent = commit - done;
        done
    }

    /// Finds the end of the secret the last window cut, if it is in this one.
    fn end_open(&mut self, window: &[u8]) {
        let Some(until) = self.until else { return };
        let rec = Record::window(window);
        let end = match until {
            Until::Bare => Some(bare_end(&rec, self.covered, window.len(), false)).filter(|p| *p < window.len()),
            Until::Quote(quote) => match quote.close(window, self.covered, window.len(), false) {
                Close::Mark(end) | Close::Cut(end) => Some(end),
                Close::Open => None,
            },
        };
        self.covered = end.unwrap_or(window.len());
        if end.is_some() {
            self.until = None;
        }
    }
}
