//! Blocks looked through ahead of their turn, by other threads.
//!
//! What is found in whole records depends on those before them only through what these left open,
//! which is seldom anything. So a block is judged as if they left nothing; when its turn comes and
//! they did, it is looked through again.

use std::sync::Arc;

use crate::engine::detect::continuation::Continuation;
use crate::engine::found::allowed::Spared;
use crate::engine::found::finding::Finding;
use crate::engine::known::values::Values;
use crate::engine::mask::emit::put;
use crate::engine::redactor::Redactor;
use crate::engine::scan::scratch::Scratch;
use crate::engine::stream::Stream;
use crate::engine::stream::batch;

/// What was found in a block of whole records that nothing was left open for.
pub struct Judged {
    findings: Vec<Finding>,
    spared: Vec<Spared>,
    records: u64,
    work: u64,
    /// What is known, as it was judged by.
    known: Option<Arc<Values>>,
    continuation: Option<Continuation>,
}

/// Looks through blocks out of turn; one a thread.
pub struct Judge {
    redactor: Redactor,
}

impl Judge {
    /// A judge by these rules.
    pub fn new(redactor: &Redactor) -> Judge {
        Judge { redactor: redactor.clone() }
    }

    /// Judges a block of whole records.
    pub fn judge(&self, block: &[u8]) -> Judged {
        let mut continuation = None;
        let mut scratch = self.redactor.scratch();
        batch::scan(&self.redactor.set, block, &mut continuation, &mut scratch);
        let judged = Judged {
            findings: std::mem::take(&mut scratch.findings),
            spared: std::mem::take(&mut scratch.spared),
            records: scratch.lines.count(),
            work: std::mem::take(&mut scratch.work),
            known: scratch.known.values.take(),
            continuation,
        };
        scratch.leave();
        judged
    }
}

impl Stream {
    /// Like [`Stream::push_with`] for a block of whole records that is judged already.
    pub(crate) fn push_judged(&mut self, block: &[u8], judged: Judged, sink: &mut impl FnMut(&[u8])) {
        if self.held() > 0 || self.continuation.is_some() {
            return self.push_with(block, sink);
        }
        self.tally.bytes_in += block.len() as u64;
        self.tally.records += judged.records;
        self.tally.work += judged.work;
        self.continuation = judged.continuation;
        let mut scratch = Scratch::take();
        (scratch.findings, scratch.spared) = (judged.findings, judged.spared);
        scratch.count_spared(0..block.len(), &mut self.tally);
        let masking = self.redactor.set.masking().by(judged.known.as_deref());
        put(masking, block, &scratch.findings, &mut self.tally, sink);
        scratch.leave();
    }
}
