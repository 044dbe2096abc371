//! Most hits lead nowhere: a cheap look that tells them apart before their record is cut out.
//!
//! It looks at the text right around a hit, in which a line end is a byte like any other that ends
//! what is looked at; what it cannot tell it leaves to the scanner. So it never turns away what the
//! scanner would find, which its tests hold it to.

use std::ops::Range;

use crate::engine::detect::card;
use crate::engine::detect::key_value;
use crate::engine::detect::ruleset::RuleSet;
use crate::engine::detect::token;
use crate::engine::detect::userinfo;
use crate::engine::footprint::Seen;
use crate::engine::notation::Record;
use crate::engine::prefilter::{Hit, Lines};
use crate::engine::scan::reject_cache::Memo;
use crate::engine::scan::scratch::Scratch;
use crate::engine::shortcuts::Shortcut;

/// The most records that go on without a look.
const WAIT_MAX: u32 = 127;

/// The way through the hits of one block.
pub(crate) struct Triage<'a> {
    set: &'a RuleSet,
    lines: &'a Lines,
    /// The block, as if it were one record.
    text: Record<'a>,
    /// The last identifier looked at, from its key word on.
    key: Range<usize>,
    /// Where the last `@` stands.
    last_at: usize,
    /// How many records go on to the scanner without a look: after the last look that did not pay, and
    /// still.
    wait: u32,
    rest: u32,
    /// Whether this one does.
    rests: bool,
}

impl<'a> Triage<'a> {
    pub(crate) fn new(set: &'a RuleSet, block: &'a [u8], lines: &'a Lines) -> Self {
        Triage {
            set,
            lines,
            text: Record::new(block, 0, block.len()),
            key: 0..0,
            last_at: 0,
            wait: 0,
            rest: 0,
            rests: false,
        }
    }

    /// How many of the first hits lead to nothing. Where the look did not pay the last time, as in logs
    /// with a secret in every record, none is looked at for a while.
    pub(crate) fn idle(&mut self, hits: &[Hit], scratch: &mut Scratch) -> usize {
        self.rests = self.rest > 0;
        if self.rests {
            self.rest -= 1;
            return 0;
        }
        hits.iter().take_while(|hit| self.is_idle(**hit, scratch)).count()
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
    fn is_idle(&mut self, hit: Hit, scratch: &mut Scratch) -> bool {
        let at = hit.at as usize;
        match hit.kind {
            Hit::DIGITS => card::is_idle(&self.text, at, &mut scratch.work),
            Hit::AT => {
                userinfo::is_idle(self.set, &self.text, std::mem::replace(&mut self.last_at, at), at, &mut scratch.work)
            }
            _ => {
                (self.set.shortcuts.take(Shortcut::RejectCache) && scratch.memo.knows(self.text.buf, at))
                    || self.leads_nowhere(hit, scratch)
            }
        }
    }

    /// Whether all words at a window lead to nothing; if so, its place is remembered.
    fn leads_nowhere(&mut self, window: Hit, scratch: &mut Scratch) -> bool {
        let (at, before) = (window.at as usize, self.key.clone());
        let Some(seen) = self.verdict(window, scratch) else { return false };
        // A verdict on what is left of an identifier is none on the place.
        let again = scratch.words.iter().any(|word| before.contains(&(word.at as usize)));
        if !again && Memo::wants(at) {
            scratch.memo.keep(self.text.buf, at, seen.and(self.set.gate.seen(self.text.buf, window)));
        }
        true
    }

    /// What says that all words at a window lead to nothing, besides what says which words these are.
    /// They are left in `scratch`.
    fn verdict(&mut self, window: Hit, scratch: &mut Scratch) -> Option<Seen> {
        let at = window.at as usize;
        let mut words = std::mem::take(&mut scratch.words);
        words.clear();
        self.set.gate.words_at(self.text.buf, window, &mut words);
        let seen = words.iter().try_fold(Seen::new(at, at), |seen, word| Some(seen.and(self.word(*word, scratch)?)));
        scratch.words = words;
        seen
    }

    /// What says that a word's hit leads to nothing, if it does; nothing new where it stands in the
    /// identifier that was looked at last.
    fn word(&mut self, hit: Hit, scratch: &mut Scratch) -> Option<Seen> {
        let (at, target) = (hit.at as usize, &self.set.targets[hit.kind as usize]);
        if self.key.contains(&at) && target.key_alone() {
            return Some(Seen::new(at, at));
        }
        let (end, seen) = self.look(hit, scratch)?;
        if end > at {
            self.key = at..end;
        }
        Some(seen)
    }

    /// The end of the identifier at a word's hit that leads to nothing, and what says so.
    fn look(&self, hit: Hit, scratch: &mut Scratch) -> Option<(usize, Seen)> {
        let (at, target) = (hit.at as usize, &self.set.targets[hit.kind as usize]);
        if !target.simple {
            return None;
        }
        let again = target.key && self.key.contains(&at);
        let (end, mut seen) = match target.key && !again {
            true => key_value::idle_end(self.set, &self.text, at, scratch)?,
            false => (at, Seen::new(at, at)),
        };
        let line_end = self.lines.end(at).unwrap_or(self.text.end);
        for shape in &target.shapes {
            seen = seen.and(token::idle(self.set, &self.text, shape, at, line_end, &mut scratch.work)?);
        }
        Some((end, seen))
    }
}

#[cfg(test)]
mod tests;
