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
        let mut out = Vec::new();
        match self.mask_into(input, &mut None, tally, &mut out) {
            true => Cow::Owned(out),
            false => Cow::Borrowed(input),
        }
    }

    /// Appends the masked input to `out` and says whether it holds a secret: for callers that keep the memory of one
    /// call for the next. Without a secret nothing is appended; the input itself is the answer.
    ///
    /// ```
    /// let redactor = logveil::Redactor::builtin();
    /// let mut out = Vec::new();
    /// assert!(!redactor.redact_into(b"login user=alice", &mut out) && out.is_empty());
    /// assert!(redactor.redact_into(b"login password=hunter2", &mut out));
    /// assert_eq!(out, b"login password=[REDACTED:password]");
    /// ```
    pub fn redact_into(&self, input: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask_into(input, &mut None, &mut Tally::default(), out)
    }

    /// Appends the masked input to `out` if it holds a secret. `continuation` is what the text before left open, then what
    /// this one does.
    pub(super) fn mask_into(
        &self,
        input: &[u8],
        continuation: &mut Option<Continuation>,
        tally: &mut Tally,
        out: &mut Vec<u8>,
    ) -> bool {
        let mut masked = false;
        self.each_block(input, continuation, |at, piece, continuation, scratch| {
            scratch.count_spared(0..piece.len(), tally);
            tally.work += std::mem::take(&mut scratch.work);
            if let Piece::Records(block) = &piece
                && scratch.findings.is_empty()
                && !masked
            {
                count_in(block, scratch.lines.count(), tally);
                tally.bytes_out += block.len() as u64;
                return;
            }
            if !std::mem::replace(&mut masked, true) {
                out.reserve(input.len() + 64);
                out.extend_from_slice(&input[..at]);
            }
            match piece {
                Piece::Records(block) => {
                    count_in(block, scratch.lines.count(), tally);
                    let masking = self.set.masking().by(scratch.known.values.as_deref());
                    put(masking, block, &scratch.findings, tally, &mut |b: &[u8]| out.extend_from_slice(b));
                }
                Piece::Long(record) => {
                    count_in(record, u64::from(record.ends_with(b"\n")), tally);
                    long(self, record, continuation, tally, out);
                }
            }
        });
        masked
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
        let mut scratch = self.scratch();
        scratch.findings.clear();
        batch::scan(&self.set, input, &mut continuation, &mut scratch);
        // A copy, so that the next call finds the memory.
        let findings = scratch.findings.clone();
        scratch.leave();
        findings
    }

    /// Calls `f` with each block of whole records, where it begins, what the one before left open, and its findings.
    fn each_block<'a>(
        &self,
        input: &'a [u8],
        continuation: &mut Option<Continuation>,
        mut f: impl FnMut(usize, Piece<'a>, &mut Option<Continuation>, &mut Scratch),
    ) {
        let mut scratch = self.scratch();
        let mut at = 0;
        for piece in Pieces::new(input) {
            scratch.findings.clear();
            if let Piece::Records(block) = &piece {
                batch::scan(&self.set, block, continuation, &mut scratch);
            }
            let len = piece.len();
            f(at, piece, continuation, &mut scratch);
            at += len;
        }
        scratch.leave();
    }
}

/// Masks a record over the limit by the windows of a stream.
fn long(
    redactor: &Redactor,
    record: &[u8],
    continuation: &mut Option<Continuation>,
    tally: &mut Tally,
    out: &mut Vec<u8>,
) {
    let mut stream = Stream::new(redactor);
    stream.continuation = continuation.take();
    stream.push_with(record, &mut |b| out.extend_from_slice(b));
    stream.end_record_with(&mut |b| out.extend_from_slice(b));
    *continuation = stream.continuation.take();
    let mut counts = stream.tally().clone();
    (counts.bytes_in, counts.records) = (0, 0);
    tally.add(&counts);
}
