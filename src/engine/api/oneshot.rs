//! One call for bytes that are at hand: block by block, and nothing is copied before the first
//! finding.

use std::borrow::Cow;

use bytes::Bytes;

use crate::engine::detect::continuation::Continuation;
use crate::engine::found::finding::Finding;
use crate::engine::found::tally::Tally;
use crate::engine::mask::emit::{count_in, put};
use crate::engine::redactor::Redactor;
use crate::engine::scan::scratch::Scratch;
use crate::engine::stream::batch;
use crate::engine::stream::{Piece, Pieces, Stream};

impl Redactor {
    /// The input with its secrets masked; borrowed, and nothing allocated, when there are none.
    pub fn redact<'a>(&self, input: &'a [u8]) -> Cow<'a, [u8]> {
        self.redact_counted(input, &mut Tally::default())
    }

    /// Like [`Redactor::redact`], and adds to the counts.
    pub fn redact_counted<'a>(&self, input: &'a [u8], tally: &mut Tally) -> Cow<'a, [u8]> {
        let mut out: Option<Vec<u8>> = None;
        self.each_block(input, |at, piece, continuation, scratch| {
            scratch.count_spared(0..piece.len(), tally);
            tally.work += std::mem::take(&mut scratch.work);
            let findings = &scratch.findings;
            let text = match &piece {
                Piece::Records(block) if findings.is_empty() && out.is_none() => {
                    count_in(block, scratch.lines.count(), tally);
                    tally.bytes_out += block.len() as u64;
                    return;
                }
                Piece::Records(block) => *block,
                Piece::Long(record) => *record,
            };
            let out = out.get_or_insert_with(|| {
                let mut begun = Vec::with_capacity(input.len() + 64);
                begun.extend_from_slice(&input[..at]);
                begun
            });
            let ends = match piece {
                Piece::Records(_) => scratch.lines.count(),
                Piece::Long(record) => u64::from(record.ends_with(b"\n")),
            };
            count_in(text, ends, tally);
            match piece {
                Piece::Records(block) => {
                    put(self.set.masking(), block, findings, tally, &mut |b| out.extend_from_slice(b))
                }
                Piece::Long(record) => {
                    let mut stream = Stream::new(self);
                    // What the record before left open, and what this one does for the next.
                    stream.continuation = continuation.take();
                    stream.push_with(record, &mut |b| out.extend_from_slice(b));
                    stream.end_record(&mut |b| out.extend_from_slice(b));
                    *continuation = stream.continuation.take();
                    let mut counts = stream.tally().clone();
                    (counts.bytes_in, counts.records) = (0, 0);
                    tally.add(&counts);
                }
            }
        });
        match out {
            Some(bytes) => Cow::Owned(bytes),
            None => Cow::Borrowed(input),
        }
    }

    /// Like [`Redactor::redact`] for text. Masks are ASCII and spans end at character boundaries,
    /// so that the result is text again.
    pub fn redact_str<'a>(&self, input: &'a str) -> Cow<'a, str> {
        match self.redact(input.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(input),
            Cow::Owned(bytes) => Cow::Owned(match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
            }),
        }
    }

    /// Like [`Redactor::redact`] for shared bytes: a clean input is handed back as it is.
    pub fn redact_bytes(&self, input: Bytes) -> Bytes {
        match self.redact(&input) {
            Cow::Borrowed(_) => input,
            Cow::Owned(bytes) => Bytes::from(bytes),
        }
    }

    /// Where the secrets are and which rules say so; no bytes. Records over the limit are looked
    /// through as a whole here.
    pub fn findings(&self, input: &[u8]) -> Vec<Finding> {
        let mut continuation = None;
        let mut scratch = Scratch::take();
        batch::scan(&self.set, input, &mut continuation, &mut scratch);
        let findings = std::mem::take(&mut scratch.findings);
        scratch.leave();
        findings
    }

    /// Calls `f` with each block of whole records, where it begins, what is open behind it, and its findings.
    fn each_block<'a>(
        &self,
        input: &'a [u8],
        mut f: impl FnMut(usize, Piece<'a>, &mut Option<Continuation>, &mut Scratch),
    ) {
        let mut scratch = Scratch::take();
        let mut continuation: Option<Continuation> = None;
        let mut at = 0;
        for piece in Pieces::new(input) {
            scratch.findings.clear();
            if let Piece::Records(block) = &piece {
                batch::scan(&self.set, block, &mut continuation, &mut scratch);
            }
            let len = piece.len();
            f(at, piece, &mut continuation, &mut scratch);
            at += len;
        }
        scratch.leave();
    }
}
