//! One record inside a block, and the verbs that read it.
//!
//! All reading goes through these verbs, so that a test can hold what an answer says it follows from (a
//! [`crate::engine::footprint::Footprint`], a range that a rescan minds) against what was read for it.

use std::cell::OnceCell;
use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::quote::{Close, Quote};
use super::run::{self, Run};
use crate::rules::automaton::{Automaton, Unjudged};
use crate::rules::byteset::{self, ByteSet};

/// One record inside a block: its bounds and what is known of its notation.
///
/// ```text
/// block:   ...\nts=1 password=x\r\n...
///               ^start           ^end
/// ```
pub(crate) struct Record<'a> {
    /// The block.
    buf: &'a [u8],
    /// First byte of the record.
    pub(crate) start: usize,
    /// First byte behind it, its line end not counted.
    pub(crate) end: usize,
    json: OnceCell<bool>,
    /// A part of a record that is longer than any: it may begin anywhere.
    window: bool,
    /// From the first byte read to behind the last one.
    #[cfg(test)]
    read: std::cell::Cell<Option<(usize, usize)>>,
}

impl<'a> Record<'a> {
    /// The record at `start..end` of `buf`.
    pub(crate) fn new(buf: &'a [u8], start: usize, end: usize) -> Self {
        Record {
            buf,
            start,
            end,
            json: OnceCell::new(),
            window: false,
            #[cfg(test)]
            read: std::cell::Cell::default(),
        }
    }

    /// A part of a record that is too long to be looked at as a whole.
    pub(crate) fn window(buf: &'a [u8]) -> Self {
        Record { window: true, ..Record::new(buf, 0, buf.len()) }
    }

    /// Whether it is such a part.
    pub(crate) fn is_window(&self) -> bool {
        self.window
    }

    /// The record as if it began at `start`.
    pub(crate) fn since(&self, start: usize) -> Record<'a> {
        Record::new(self.buf, start, self.end)
    }

    /// Takes notice that these bytes were read: in tests alone. Bytes outside of the record tell where it ends.
    #[inline(always)]
    pub(crate) fn note(&self, read: Range<usize>) {
        #[cfg(test)]
        if !read.is_empty() {
            let (from, to) = self.read.get().unwrap_or((usize::MAX, 0));
            self.read.set(Some((from.min(read.start), to.max(read.end))));
        }
        let _ = read;
    }

    /// What was read since this was asked last.
    #[cfg(test)]
    pub(crate) fn take_read(&self) -> Range<usize> {
        self.read.take().map_or(0..0, |(from, to)| from..to)
    }

    /// What `look` tells; where it tells nothing, what was read for it decides nothing and is not noted.
    #[inline(always)]
    pub(crate) fn tried<T>(&self, look: impl FnOnce() -> Option<T>) -> Option<T> {
        #[cfg(test)]
        let before = self.read.get();
        let told = look();
        #[cfg(test)]
        if told.is_none() {
            self.read.set(before);
        }
        told
    }

    /// The block, for an automaton or a judge that tells by itself what it reads of it ([`Record::note`]).
    #[inline(always)]
    pub(crate) fn text(&self) -> &'a [u8] {
        self.buf
    }

    /// End of the longest match that begins at `at` and ends at or before `limit`. The record's bounds are those of the
    /// text, whatever line comes next: `$` is its end.
    #[inline(always)]
    pub(crate) fn longest(
        &self,
        automaton: &Automaton,
        at: usize,
        limit: usize,
        work: &mut u64,
    ) -> Result<Option<usize>, Unjudged> {
        let text = &self.buf[self.start..self.end];
        let end = automaton.longest(text, at - self.start, limit - self.start, work)?;
        Ok(end.map(|end| end + self.start))
    }

    /// Start of the longest match that ends at `at` and begins at or behind `low`: `^` is the record's start.
    #[inline(always)]
    pub(crate) fn longest_back(
        &self,
        automaton: &Automaton,
        low: usize,
        at: usize,
        work: &mut u64,
    ) -> Result<Option<usize>, Unjudged> {
        let text = &self.buf[self.start..self.end];
        let start = automaton.longest_back(text, low - self.start, at - self.start, work)?;
        Ok(start.map(|start| start + self.start))
    }

    /// End of a match that begins at or behind `at`.
    #[inline(always)]
    pub(crate) fn search(&self, automaton: &Automaton, at: usize, work: &mut u64) -> Result<Option<usize>, Unjudged> {
        let text = &self.buf[self.start..self.end];
        let end = automaton.search(text, at - self.start, text.len(), work)?;
        Ok(end.map(|end| end + self.start))
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.slice(self.start..self.end)
    }

    /// The bytes at `range`, which lie in the block.
    #[inline(always)]
    pub(crate) fn slice(&self, range: Range<usize>) -> &'a [u8] {
        self.note(range.clone());
        &self.buf[range]
    }

    /// The bytes at `range`, if it lies before the record's end.
    #[inline(always)]
    pub(crate) fn part(&self, range: Range<usize>) -> Option<&'a [u8]> {
        self.note(range.clone());
        self.buf.get(..self.end)?.get(range)
    }

    /// The byte at `at`, which lies in the block.
    #[inline(always)]
    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.note(at..at + 1);
        self.buf[at]
    }

    /// The byte at `at`, none at or behind its end.
    #[inline(always)]
    pub(crate) fn get(&self, at: usize) -> Option<u8> {
        self.note(at..at + 1);
        if at < self.end { Some(self.buf[at]) } else { None }
    }

    /// The byte before `at`, none at its start.
    #[inline(always)]
    pub(crate) fn before(&self, at: usize) -> Option<u8> {
        self.note(at.saturating_sub(1)..at);
        if at > self.start { Some(self.buf[at - 1]) } else { None }
    }

    /// The byte behind the record: its line end's first.
    pub(crate) fn behind(&self) -> Option<u8> {
        self.buf.get(self.end).copied()
    }

    /// The bytes from `at` on.
    pub(crate) fn from(&self, at: usize) -> &'a [u8] {
        self.slice(at.min(self.end)..self.end)
    }

    /// The bytes from `at` on, at most `most`.
    #[inline(always)]
    pub(crate) fn up_to(&self, at: usize, most: usize) -> &'a [u8] {
        let at = at.min(self.end);
        self.slice(at..self.end.min(at + most))
    }

    /// The bytes before `at`, at most `most`.
    #[inline(always)]
    pub(crate) fn last(&self, at: usize, most: usize) -> &'a [u8] {
        self.slice(at.saturating_sub(most).max(self.start)..at)
    }

    /// The bytes of the block before `end`, of other records too: for one who tells by himself which of them
    /// he goes by.
    #[inline(always)]
    pub(crate) fn chunk_before<const N: usize>(&self, end: usize) -> Result<&'a [u8; N], &'a [u8]> {
        let head = &self.buf[..end];
        head.last_chunk().ok_or(head)
    }

    /// The first `N` bytes from `at` on.
    #[inline(always)]
    pub(crate) fn chunk<const N: usize>(&self, at: usize) -> Option<&'a [u8; N]> {
        self.note(at..at + N);
        self.buf[at.min(self.end)..self.end].first_chunk()
    }

    /// Whether `text` stands at `at`.
    #[inline(always)]
    pub(crate) fn starts_with(&self, at: usize, text: &[u8]) -> bool {
        let rest = &self.buf[at.min(self.end)..self.end];
        #[cfg(test)]
        self.note(at..at + text.len().min(1 + rest.iter().zip(text).take_while(|(a, b)| a == b).count()));
        rest.starts_with(text)
    }

    /// Whether `text` ends right before `at`.
    #[inline(always)]
    pub(crate) fn ends_with(&self, at: usize, text: &[u8]) -> bool {
        let head = &self.buf[self.start..at];
        #[cfg(test)]
        {
            let same = head.iter().rev().zip(text.iter().rev()).take_while(|(a, b)| a == b).count();
            self.note(at.saturating_sub(text.len().min(same + 1))..at);
        }
        head.ends_with(text)
    }

    /// How many bytes from `at` on are such ones, at most `most`.
    #[inline(always)]
    pub(crate) fn run(&self, at: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
        let at = at.min(self.end);
        let len = self.buf[at..self.end].iter().take(most).take_while(|b| is(**b)).count();
        self.note(at..at + most.min(len + 1));
        len
    }

    /// How many bytes right before `at` are such ones, at most `most`.
    #[inline(always)]
    pub(crate) fn run_back(&self, at: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
        let len = self.buf[self.start..at].iter().rev().take(most).take_while(|b| is(**b)).count();
        self.note(at.saturating_sub(most.min(len + 1))..at);
        len
    }

    /// Where from `at` on the first of `stops` stands, `limit` if there is none before.
    #[inline(always)]
    pub(crate) fn find_byteset(&self, at: usize, limit: usize, stops: &ByteSet) -> usize {
        self.run_to(at, limit, byteset::find_byteset(self.buf, at, limit, stops))
    }

    /// Where from `at` on a byte stands, if it does before `limit`.
    #[inline(always)]
    pub(crate) fn find_byte(&self, byte: u8, at: usize, limit: usize) -> Option<usize> {
        let found = memchr(byte, &self.buf[at..limit]).map(|n| at + n);
        self.note(at..found.map_or(limit, |at| at + 1));
        found
    }

    /// Where the ASCII letters and digits that go on at `at` end, `limit` if they do not before.
    #[inline(always)]
    pub(crate) fn alphanumerics_end(&self, at: usize, limit: usize) -> usize {
        self.run_to(at, limit, byteset::alphanumerics_end(self.buf, at, limit))
    }

    /// Where the digits that go on at `at` end.
    #[inline(always)]
    pub(crate) fn digits_end(&self, at: usize) -> usize {
        self.run_to(at, self.end, run::digits_end(self.buf, at, self.end))
    }

    /// Where the identifier's bytes that go on at `at` end, `limit` if they do not before.
    #[inline(always)]
    pub(crate) fn inners_end(&self, at: usize, limit: usize) -> usize {
        self.run_to(at, limit, run::end(self.buf, at, limit))
    }

    /// Where the identifier's bytes that end at `at` begin, `low` if they do not behind.
    #[inline(always)]
    pub(crate) fn inners_start(&self, low: usize, at: usize) -> usize {
        self.run_from(low, at, run::start(self.buf, low, at))
    }

    /// Where the run that ends at `at` begins, `low` if it does not behind.
    #[inline(always)]
    pub(crate) fn run_start(&self, run: Run, low: usize, at: usize) -> usize {
        self.run_from(low, at, run.start(self.buf, low, at))
    }

    /// `end`, behind which stands what ended a run from `at` on, or its limit.
    #[inline(always)]
    fn run_to(&self, at: usize, limit: usize, end: usize) -> usize {
        self.note(at..limit.min(end + 1));
        end
    }

    /// `start`, before which stands what a run up to `at` began behind, or its limit.
    #[inline(always)]
    pub(crate) fn run_from(&self, low: usize, at: usize, start: usize) -> usize {
        self.note(low.max(start.saturating_sub(1))..at);
        start
    }

    /// The quote mark that begins at `at`, before `limit`.
    #[inline(always)]
    pub(crate) fn quote_at(&self, at: usize, limit: usize) -> Option<Quote> {
        let quote = Quote::at(self.buf, at, limit);
        #[cfg(test)]
        self.note(at..at + quote.map_or_else(|| Quote::looked(self.buf, at, limit), Quote::width));
        quote
    }

    /// The quote mark that ends right before `at`.
    #[inline(always)]
    pub(crate) fn quote_before(&self, at: usize) -> Option<Quote> {
        let quote = Quote::before(self.buf, self.start, at);
        #[cfg(test)]
        self.note(at.saturating_sub(quote.map_or(1, |quote| quote.width() + 1))..at);
        quote
    }

    /// Where a value ends that this mark opened and that begins at `at` ([`Quote::close`]).
    #[inline(always)]
    pub(crate) fn close(&self, quote: Quote, at: usize, limit: usize, json: bool) -> Close {
        let close = quote.close(self.buf, at, limit, json);
        #[cfg(test)]
        self.note(match close {
            Close::Mark(end) => at..end + quote.width(),
            Close::Cut(end) => at..end + 1,
            Close::Open => at..limit,
        });
        close
    }

    /// Whether [`Record::is_json`] was asked and said yes.
    pub(crate) fn was_json(&self) -> bool {
        self.json.get() == Some(&true)
    }

    /// Whether an object is written in it as JSON does. It reads all of the record; what minds masks asks
    /// [`Record::was_json`] instead of where it read.
    pub(crate) fn is_json(&self) -> bool {
        let text = &self.buf[self.start..self.end];
        *self.json.get_or_init(|| memchr_iter(b'{', text).any(|at| text.get(at + 1) == Some(&b'"')))
    }
}
