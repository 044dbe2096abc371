//! Working memory: one holder a thread, with one limit and one wipe.
//!
//! Whoever looks at bytes takes it ([`Scratch::take`]) and gives it back ([`Scratch::leave`]), so that the next call on the
//! thread allocates nothing. What it remembers of the input stays until the thread goes idle and says so
//! ([`Scratch::forget`]), or ends.

use std::cell::Cell;
use std::ops::Range;

use crate::engine::found::allowed::Spared;
use crate::engine::found::finding::Finding;
use crate::engine::found::notes::Notes;
use crate::engine::found::tally::Tally;
use crate::engine::keys::cache::KeyCache;
use crate::engine::prefilter::candidate::Candidate;
use crate::engine::prefilter::lines::Lines;
use crate::engine::scan::known::Known;
use crate::engine::scan::reject_cache::RejectCache;
use crate::engine::wipe::wipe;

/// The most working memory that a thread keeps, in bytes; more is given back to the system.
const KEPT_BYTES_MAX: usize = 1 << 20;

thread_local! {
    /// What this thread keeps. A fresh one costs a page fault each 4 KiB.
    static KEPT: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// The working memory of one look at a batch of records.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) candidates: Vec<Candidate>,
    /// What stands at some of them.
    pub(crate) literals: Vec<Candidate>,
    pub(crate) lines: Lines,
    pub(crate) findings: Vec<Finding>,
    /// Bytes looked at by everything but the prefilter.
    pub(crate) work: u64,
    /// What keys are, as far as met.
    pub(crate) key_cache: KeyCache,
    /// Places that led nowhere.
    pub(crate) reject_cache: RejectCache,
    /// Collected only for `explain`.
    pub(crate) notes: Option<Notes>,
    /// Findings that the user's allow-list let go.
    pub(crate) spared: Vec<Spared>,
    /// A record as it would leave, when it is looked through again.
    pub(crate) masked: Vec<u8>,
    /// Where the masks stand in it.
    pub(crate) masks: Vec<(u32, u32)>,
    /// What is known, and where it stands.
    pub(crate) known: Known,
}

impl Scratch {
    /// Takes what this thread keeps, or new working memory.
    pub(crate) fn take() -> Box<Scratch> {
        Scratch::kept().unwrap_or_default()
    }

    /// What this thread keeps. One that ends keeps nothing more, while a stream of its own may end still.
    fn kept() -> Option<Box<Scratch>> {
        KEPT.try_with(Cell::take).ok().flatten()
    }

    /// Keeps it, unless the thread ends.
    fn keep(self: Box<Self>) {
        let _ = KEPT.try_with(|place| place.set(Some(self)));
    }

    /// Leaves it to the thread for its next look, or gives it back to the system if it is large.
    pub(crate) fn leave(mut self: Box<Self>) {
        let bytes = (self.candidates.capacity() + self.literals.capacity()) * size_of::<Candidate>()
            + self.lines.capacity()
            + self.findings.capacity() * size_of::<Finding>()
            + self.masked.capacity()
            + self.known.bytes();
        wipe(&mut self.masked); // of what looked again, which has done so itself
        (self.notes, self.work) = (None, 0);
        self.known.leave();
        self.spared.clear();
        if bytes <= KEPT_BYTES_MAX {
            self.findings.clear();
            self.keep();
        }
    }

    /// Overwrites what this thread's working memory remembers of the input: for a thread that goes idle.
    pub(crate) fn forget() {
        if let Some(mut kept) = Scratch::kept() {
            kept.key_cache.forget();
            kept.reject_cache.forget();
            kept.keep();
        }
    }

    /// Whether the working memory that this thread keeps, if it does, remembers anything of the input.
    #[cfg(test)]
    pub(crate) fn remembers() -> Option<bool> {
        let kept = Scratch::kept()?;
        let remembers = !kept.key_cache.is_empty() || !kept.reject_cache.is_empty();
        kept.keep();
        Some(remembers)
    }

    /// Counts what the allow-list let go and begins in `part`, but for what is masked as a whole for
    /// another reason; forgets all of it. The findings are resolved by now.
    pub(crate) fn count_spared(&mut self, part: Range<usize>, tally: &mut Tally) {
        if self.spared.is_empty() {
            return;
        }
        // Two rules may have found the same value.
        self.spared.sort_unstable_by_key(|s| (s.start, s.end, s.entry));
        self.spared.dedup_by_key(|s| (s.start, s.end, s.entry));
        for s in self.spared.drain(..).filter(|s| part.contains(&s.start)) {
            let behind = self.findings.partition_point(|f| f.start <= s.start);
            let masked = self.findings[..behind].last().is_some_and(|f| s.end <= f.end);
            if !masked {
                tally.spare(s.entry, s.by);
            }
        }
    }
}
