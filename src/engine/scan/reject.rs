//! Most candidates lead nowhere: a cheap look that tells them apart before their record is cut out.
//!
//! It looks at the text right around a candidate, in which a line end is a byte like any other that ends
//! what is looked at; what it cannot tell it leaves to the context. So it never turns away what the
//! context would find, which its tests hold it to.

use std::ops::Range;

use crate::engine::detect::below;
use crate::engine::detect::card;
use crate::engine::detect::key_value;
use crate::engine::detect::ruleset::RuleSet;
use crate::engine::detect::token::{self, HEAD_BYTES};
use crate::engine::detect::userinfo;
use crate::engine::footprint::Footprint;
use crate::engine::notation::Record;
use crate::engine::prefilter::candidate::Candidate;
use crate::engine::prefilter::lines::Lines;
use crate::engine::scan::scratch::Scratch;
use crate::engine::shortcuts::Shortcut;

/// The most records that go on without a look.
const WAIT_MAX: u32 = 15;

/// The way through the candidates of one block.
pub(crate) struct RejectStage<'a> {
    set: &'a RuleSet,
    lines: &'a Lines,
    block: &'a [u8],
    /// The block, as if it were one record.
    text: Record<'a>,
    /// The last identifier looked at, from its key word on.
    key: Range<usize>,
    /// From a place of the line looked at last to its end: in one that is long, it is sought once.
    line: Range<usize>,
    /// The place of the line looked at last from which its rest was looked through: once a line, so that a line of nothing
    /// but key words takes time in proportion to its length.
    looked_through: Option<(usize, usize)>,
    /// Where the last `@` stands.
    last_at: usize,
    /// How many records go on to the context without a look: after the last look that did not pay, and
    /// still.
    wait: u32,
    rest: u32,
    /// Whether this one does.
    rests: bool,
}

impl<'a> RejectStage<'a> {
    pub(crate) fn new(set: &'a RuleSet, block: &'a [u8], lines: &'a Lines) -> Self {
        RejectStage {
            set,
            lines,
            block,
            text: Record::new(block, 0, block.len()),
            key: 0..0,
            line: 0..0,
            looked_through: None,
            last_at: 0,
            wait: 0,
            rest: 0,
            rests: false,
        }
    }

    /// How many of the first candidates lead to nothing. Where the look did not pay the last time, as in logs
    /// with a secret in every record, none is looked at for a while.
    pub(crate) fn rejected(&mut self, candidates: &[Candidate], scratch: &mut Scratch) -> usize {
        self.rests = self.rest > 0;
        if self.rests {
            self.rest -= 1;
            return 0;
        }
        candidates.iter().take_while(|candidate| self.rejects(**candidate, scratch)).count()
    }

    /// Takes notice of whether the last look passed over a record.
    pub(crate) fn learn(&mut self, paid: bool) {
        if paid {
            self.wait = 0;
        } else if !self.rests {
            self.wait = (2 * self.wait + 1).min(WAIT_MAX);
            self.rest = self.wait;
        }
    }

    #[inline(always)]
    fn rejects(&mut self, candidate: Candidate, scratch: &mut Scratch) -> bool {
        let at = candidate.at as usize;
        match candidate.kind {
            Candidate::DIGITS => card::rejects(&self.text, at, &mut scratch.work),
            Candidate::AT => {
                userinfo::rejects(self.set, &self.text, std::mem::replace(&mut self.last_at, at), at, &mut scratch.work)
            }
            _ => {
                let known =
                    self.set.shortcuts.take(Shortcut::RejectCache) && scratch.reject_cache.knows(self.block, at);
                (known || self.leads_nowhere(candidate, scratch)) && !self.announces(at)
            }
        }
    }

    /// Whether the line that a word stands in announces what is below it: `Use the following password:`.
    fn announces(&mut self, at: usize) -> bool {
        let end = self.line_end(at);
        below::may_announce(&self.block[at..end])
    }

    /// Where the line ends that `at` stands in.
    fn line_end(&mut self, at: usize) -> usize {
        if !self.line.contains(&at) {
            self.line = at..self.lines.end(at).unwrap_or(self.block.len());
        }
        self.line.end
    }

    /// Whether all words at a window lead to nothing; if so, its place is remembered.
    fn leads_nowhere(&mut self, window: Candidate, scratch: &mut Scratch) -> bool {
        let (at, before) = (window.at as usize, self.key.clone());
        let Some(seen) = self.verdict(window, scratch) else { return false };
        // A verdict on what is left of an identifier is none on the place.
        let again = scratch.literals.iter().any(|word| before.contains(&(word.at as usize)));
        if !again && scratch.reject_cache.wants() {
            scratch.reject_cache.keep(self.block, at, seen.and(self.set.prefilter.footprint(self.block, window)));
        }
        true
    }

    /// What was read of the block since this was asked last.
    #[cfg(test)]
    pub(crate) fn take_read(&self) -> Range<usize> {
        self.text.take_read()
    }

    /// What says that all words at a window lead to nothing, besides what says which words these are.
    /// They are left in `scratch`.
    pub(crate) fn verdict(&mut self, window: Candidate, scratch: &mut Scratch) -> Option<Footprint> {
        let at = window.at as usize;
        let mut words = std::mem::take(&mut scratch.literals);
        words.clear();
        self.set.prefilter.literals_at(self.block, window, &mut words);
        let seen =
            words.iter().try_fold(Footprint::new(at, at), |seen, word| Some(seen.and(self.word(*word, scratch)?)));
        scratch.literals = words;
        seen
    }

    /// What says that a word's candidate leads to nothing, if it does; nothing new where it stands in the
    /// identifier that was looked at last.
    fn word(&mut self, candidate: Candidate, scratch: &mut Scratch) -> Option<Footprint> {
        let (at, target) = (candidate.at as usize, &self.set.targets[candidate.kind as usize]);
        if self.key.contains(&at) && target.key_alone() {
            return Some(Footprint::new(at, at));
        }
        let (end, seen) = self.look(candidate, scratch)?;
        if end > at {
            self.key = at..end;
        }
        Some(seen)
    }

    /// The end of the identifier at a word's candidate that leads to nothing, and what says so.
    fn look(&mut self, candidate: Candidate, scratch: &mut Scratch) -> Option<(usize, Footprint)> {
        let (at, target) = (candidate.at as usize, &self.set.targets[candidate.kind as usize]);
        if !target.simple {
            return None;
        }
        let again = target.key && self.key.contains(&at);
        let (end, mut seen) = match target.key && !again {
            true => key_value::reject(self.set, &self.text, at, &mut scratch.key_cache, &mut scratch.work)?,
            false => (at, Footprint::new(at, at)),
        };
        let line_end = self.line_end(at);
        let whole = self.looked_through.is_none_or(|(from, end)| end != line_end || from == at);
        for shape in &target.shapes {
            let before = scratch.work;
            let rejected = token::reject(self.set, &self.text, shape, at, line_end, whole, &mut scratch.work);
            if scratch.work - before > HEAD_BYTES as u64 {
                self.looked_through = Some((at, line_end));
            }
            seen = seen.and(rejected?);
        }
        Some((end, seen))
    }
}
