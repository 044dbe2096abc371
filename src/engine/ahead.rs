//! Blocks looked through ahead of their turn, by other threads.
//!
//! What is found in whole records depends on those before them only through what these left open,
//! which is seldom anything. So a block is judged as if they left nothing; when its turn comes and
//! they did, it is looked through again.

use super::allow::Spared;
use super::block;
use super::carry::Carry;
use super::emit::put;
use super::finding::Finding;
use super::redactor::Redactor;
use super::scanner::Scratch;
use super::stream::Stream;

/// What was found in a block of whole records that nothing was left open for.
pub struct Judged {
    findings: Vec<Finding>,
    spared: Vec<Spared>,
    records: u64,
    work: u64,
    carry: Option<Carry>,
}

/// Looks through blocks out of turn; one a thread.
pub struct Judge {
    redactor: Redactor,
    scratch: Scratch,
}

impl Judge {
    /// With working memory of its own.
    pub fn new(redactor: &Redactor) -> Judge {
        Judge { redactor: redactor.clone(), scratch: Scratch::default() }
    }

    /// Judges a block of whole records.
    pub fn judge(&mut self, block: &[u8]) -> Judged {
        let mut carry = None;
        let scratch = &mut self.scratch;
        scratch.findings.clear();
        scratch.spared.clear();
        block::scan(&self.redactor.set, block, &mut carry, scratch);
        Judged {
            findings: std::mem::take(&mut scratch.findings),
            spared: std::mem::take(&mut scratch.spared),
            records: scratch.lines.count(),
            work: std::mem::take(&mut scratch.work),
            carry,
        }
    }
}

impl Stream {
    /// Like [`Stream::push_with`] for a block of whole records that is judged already.
    pub(crate) fn push_judged(&mut self, block: &[u8], judged: Judged, sink: &mut impl FnMut(&[u8])) {
        if self.held() > 0 || self.carry.is_some() {
            return self.push_with(block, sink);
        }
        self.tally.bytes_in += block.len() as u64;
        self.tally.records += judged.records;
        self.tally.work += judged.work;
        self.carry = judged.carry;
        (self.scratch.findings, self.scratch.spared) = (judged.findings, judged.spared);
        self.scratch.count_spared(0..block.len(), &mut self.tally);
        put(&self.redactor.set, block, &self.scratch.findings, &mut self.tally, sink);
    }
}
