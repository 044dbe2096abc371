//! The state of one byte stream: records that are not whole yet, and what the last one left open.

pub(crate) mod batch;
mod long_record;
#[cfg_attr(not(feature = "serve"), allow(dead_code, reason = "sources without a header are the sidecar's"))]
mod sources;

use std::fmt;

use memchr::{memchr, memrchr};

use crate::engine::detect::continuation::Continuation;
use crate::engine::found::tally::Tally;
use crate::engine::mask::emit::{Out, put};
use crate::engine::redactor::Redactor;
use crate::engine::scan::scratch::Scratch;
use crate::engine::stream::long_record::{RECORD_BYTES_MAX, Window};
use crate::engine::stream::sources::Sources;
use crate::engine::wipe::wipe;

/// The most bytes looked through in one go: they stay in the second-level cache.
const BLOCK_BYTES_MAX: usize = 256 << 10;

/// Filters bytes that come in pieces; the output is the same however they are cut.
///
/// Complete records leave with the `push` that completes them; an unfinished one waits, at most
/// 1 MiB of it. Newline ends a record and is kept.
///
/// ```
/// let mut stream = logveil::Stream::new(&logveil::Redactor::builtin());
/// let mut out = Vec::new();
/// stream.push(b"a line\npass", &mut out);
/// stream.push(b"word: hunter2", &mut out);
/// assert_eq!(out, b"a line\n");
/// stream.finish(&mut out);
/// assert_eq!(out, b"a line\npassword: [REDACTED:password]");
/// ```
pub struct Stream {
    pub(super) redactor: Redactor,
    /// The record that has not ended.
    held: Vec<u8>,
    /// Its state, once it is over the limit.
    window: Option<Window>,
    pub(super) continuation: Option<Continuation>,
    /// Where sources are told apart: what they have left open. Between two records it is all there.
    sources: Option<Box<Sources>>,
    pub(super) tally: Tally,
}

impl Stream {
    /// A stream at its beginning.
    pub fn new(redactor: &Redactor) -> Stream {
        Stream {
            redactor: redactor.clone(),
            held: Vec::new(),
            window: None,
            continuation: None,
            sources: None,
            tally: Tally::default(),
        }
    }

    /// Takes the next bytes and appends what may leave.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.push_with(bytes, &mut |b| out.extend_from_slice(b));
    }

    /// Ends the stream: the last record leaves, newline or not. The stream is at its beginning
    /// again; its tally goes on.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.finish_with(&mut |b| out.extend_from_slice(b));
    }

    /// Like [`Stream::push`]; what may leave goes to `sink`, clean stretches uncopied.
    pub fn push_with(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8])) {
        self.tally.bytes_in += bytes.len() as u64;
        let mut scratch = self.redactor.scratch();
        for part in bytes.chunks(BLOCK_BYTES_MAX) {
            self.part(part, &mut scratch, sink);
        }
        self.put_away(scratch);
    }

    /// Like [`Stream::finish`], into `sink`.
    pub fn finish_with(&mut self, sink: &mut impl FnMut(&[u8])) {
        self.end_record_with(sink);
        self.continuation = None;
        if let Some(sources) = &mut self.sources {
            sources.clear();
        }
    }

    /// What a record leaves open is asked in the next one of its source, as its syslog header says: the
    /// stream carries records of several programs, which take turns.
    pub(crate) fn tell_sources_apart(&mut self) {
        self.sources.get_or_insert_default();
    }

    /// The same, where the source does not stand in the record: that of all that follow.
    #[cfg(feature = "serve")]
    pub(crate) fn name_source(&mut self, source: &[u8]) {
        self.sources.get_or_insert_default().name(source);
    }

    /// Ends the record that has not ended by a newline: for records that come as frames of their own. What it leaves open (a
    /// key block over several records) is asked in the next one, which [`Stream::finish`] forgets.
    ///
    /// ```
    /// let mut stream = logveil::Stream::new(&logveil::Redactor::builtin());
    /// let mut out = Vec::new();
    /// for frame in ["-----BEGIN PRIVATE<<>> KEY-----", "MIIEvQIBADANBgkqhkiG9w0B", "-----END PRIVATE<<>> KEY-----"] {
    ///     stream.push(frame.replace("<<>>", "").as_bytes(), &mut out);
    ///     stream.end_record(&mut out);
    ///     out.push(b'|');
    /// }
    /// assert!(!out.windows(4).any(|bytes| bytes == b"MIIE"));
    /// ```
    pub fn end_record(&mut self, out: &mut Vec<u8>) {
        self.end_record_with(&mut |b| out.extend_from_slice(b));
    }

    /// Like [`Stream::end_record`], into `sink`.
    pub fn end_record_with(&mut self, sink: &mut impl FnMut(&[u8])) {
        if !self.held.is_empty() {
            self.tally.records += 1;
            let mut scratch = self.redactor.scratch();
            self.end_held(&mut scratch, sink);
            self.put_away(scratch);
        }
    }

    /// What it masks by.
    #[cfg(feature = "cli")]
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Takes a whole record, where no other is open, without its line end; `out` is told how many bytes each mask stands for.
    pub(crate) fn record_to(&mut self, record: &[u8], out: &mut impl Out) {
        self.tally.bytes_in += record.len() as u64;
        self.tally.records += 1;
        let mut scratch = self.redactor.scratch();
        self.block(record, &mut scratch, out);
        self.put_away(scratch);
    }

    /// Whether it stands between two records, and the last one left nothing open: nothing that came before has a say in
    /// what comes next.
    pub fn is_between(&self) -> bool {
        let open = self.sources.as_ref().is_some_and(|sources| !sources.is_empty());
        self.held.is_empty() && self.window.is_none() && self.continuation.is_none() && !open
    }

    /// The counts since the last call.
    #[cfg(feature = "serve")]
    pub(crate) fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// Gives back memory that a large record took.
    #[cfg(feature = "serve")]
    pub(crate) fn trim(&mut self, keep: usize) {
        if self.held.len() <= keep && self.held.capacity() > keep {
            self.held.shrink_to(keep);
        }
    }

    /// Counts so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Bytes of the unfinished record that wait for its end.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn part(&mut self, mut part: &[u8], scratch: &mut Scratch, sink: &mut impl FnMut(&[u8])) {
        if !self.held.is_empty() {
            let Some(end) = memchr(b'\n', part) else {
                return self.hold(part, scratch, sink);
            };
            self.hold(&part[..=end], scratch, sink);
            self.tally.records += 1;
            self.end_held(scratch, sink);
            part = &part[end + 1..];
        }
        let whole = memrchr(b'\n', part).map_or(0, |i| i + 1);
        let (block, rest) = part.split_at(whole);
        if !block.is_empty() {
            self.block(block, scratch, sink);
            self.tally.records += scratch.lines.count();
        }
        if !rest.is_empty() {
            self.hold(rest, scratch, sink);
        }
    }

    fn block(&mut self, block: &[u8], scratch: &mut Scratch, sink: &mut impl Out) {
        let set = &self.redactor.set;
        scratch.findings.clear();
        batch::scan_sources(set, block, &mut self.continuation, &mut self.sources, scratch);
        scratch.count_spared(0..block.len(), &mut self.tally);
        let masking = set.masking().by(scratch.known.values.as_deref());
        put(masking, block, &scratch.findings, &mut self.tally, sink);
    }

    /// Keeps bytes of the unfinished record; sends windows of it once it is over the limit.
    fn hold(&mut self, bytes: &[u8], scratch: &mut Scratch, sink: &mut impl FnMut(&[u8])) {
        self.held.extend_from_slice(bytes);
        // One more byte than fits: the line end is not part of the record.
        while self.held.len() > RECORD_BYTES_MAX && self.held[RECORD_BYTES_MAX] != b'\n' {
            if self.window.is_none() {
                self.tally.records_over_limit += 1;
            }
            self.step(false, self.held.len(), scratch, sink);
        }
    }

    /// The held record is whole.
    fn end_held(&mut self, scratch: &mut Scratch, sink: &mut impl FnMut(&[u8])) {
        if self.window.is_none() {
            let held = std::mem::take(&mut self.held);
            self.block(&held, scratch, sink);
            self.held = held;
        } else {
            let line_end = if self.held.ends_with(b"\r\n") { 2 } else { usize::from(self.held.ends_with(b"\n")) };
            let body = self.held.len() - line_end;
            let tail: [u8; 2] = [b'\r', b'\n'];
            self.step(true, body, scratch, sink);
            if let Some(sources) = &mut self.sources {
                sources.leave_again(self.continuation.take());
            }
            self.tally.bytes_out += line_end as u64;
            sink(&tail[2 - line_end..]);
            self.window = None;
        }
        wipe(&mut self.held);
    }

    fn step(&mut self, last: bool, len: usize, scratch: &mut Scratch, sink: &mut impl FnMut(&[u8])) {
        let set = &self.redactor.set;
        if let (None, Some(sources)) = (&self.window, &mut self.sources) {
            self.continuation = sources.enter_long(&self.held);
        }
        let window = self.window.get_or_insert_with(|| Window::new(scratch.known.values.clone()));
        let work = (scratch, &mut self.tally);
        let done = window.step(set, &self.held[..len], last, &mut self.continuation, work, sink);
        self.held.drain(..done);
    }

    /// Counts the work, and leaves the working memory to the thread.
    fn put_away(&mut self, mut scratch: Box<Scratch>) {
        self.tally.work += std::mem::take(&mut scratch.work);
        scratch.leave();
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("held", &self.held.len()).field("tally", &self.tally).finish_non_exhaustive()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        wipe(&mut self.held);
        Scratch::forget();
    }
}

/// A stretch of an input that is at hand as a whole.
pub(crate) enum Piece<'a> {
    /// Whole records.
    Records(&'a [u8]),
    /// One record over the limit.
    Long(&'a [u8]),
}

impl Piece<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Piece::Records(b) | Piece::Long(b) => b.len(),
        }
    }
}

/// Cuts an input into pieces as a stream would see them.
pub(crate) struct Pieces<'a> {
    rest: &'a [u8],
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Pieces { rest: input }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let window = &self.rest[..self.rest.len().min(BLOCK_BYTES_MAX)];
        let mut end = window.len();
        let mut long = false;
        if window.len() < self.rest.len() {
            end = match memrchr(b'\n', window) {
                Some(i) => i + 1,
                None => memchr(b'\n', self.rest).map_or(self.rest.len(), |i| i + 1),
            };
            let line_end = usize::from(self.rest[..end].ends_with(b"\n"));
            long = end - line_end > RECORD_BYTES_MAX;
        }
        let (piece, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(if long { Piece::Long(piece) } else { Piece::Records(piece) })
    }
}
