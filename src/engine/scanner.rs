//! One record on its way through the rules: what is found in it, what it costs, what it leaves open.

#[cfg(feature = "serve")]
use std::cell::Cell;
use std::ops::Range;

use super::allow::{Allowed, Key, Spared};
use super::carry::Carry;
use super::finding::{Finding, Mark, Refusal, Refused, Until, Weighed};
use super::gate::{Hit, Lines};
use super::keys::Known;
use super::memo::Memo;
use super::notation::Record;
use super::notation::form::plain;
use super::notation::key::{KeySite, Words};
use super::notation::value::Value;
use super::resolve::stronger;
use super::ruleset::RuleSet;
use super::tally::Tally;
use super::verdicts::Verdicts;
use crate::rules::mask::Notation;
use crate::rules::rule::RuleId;

/// The caller's working memory: kept from block to block, so that a clean block allocates nothing.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) hits: Vec<Hit>,
    /// What stands at some of them.
    pub(crate) words: Vec<Hit>,
    pub(crate) lines: Lines,
    pub(crate) findings: Vec<Finding>,
    /// Bytes looked at by everything but the gate.
    pub(crate) work: u64,
    /// What keys are, as far as met.
    pub(crate) verdicts: Verdicts,
    /// Places that led nowhere.
    pub(crate) memo: Memo,
    /// Collected only for `explain`.
    pub(crate) notes: Option<Notes>,
    /// Findings that the user's allow-list let go.
    pub(crate) spared: Vec<Spared>,
    /// A record as it would leave, when it is looked through again.
    pub(crate) masked: Vec<u8>,
    /// Where the masks stand in it.
    pub(crate) masks: Vec<(usize, usize)>,
}

impl Scratch {
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

/// What `explain` tells besides the findings.
#[derive(Default)]
pub(crate) struct Notes {
    /// Every finding before overlapping ones were joined.
    pub(crate) all: Vec<Finding>,
    /// Candidates that were let go.
    pub(crate) refused: Vec<Refused>,
    /// Values that were weighed.
    pub(crate) weighed: Vec<Weighed>,
}

impl Notes {
    #[cold]
    fn found(&mut self, finding: Finding) {
        self.all.push(finding);
    }

    #[cold]
    pub(crate) fn weighed(&mut self, weighed: Weighed) {
        self.weighed.push(weighed);
    }

    #[cold]
    fn refused(&mut self, at: usize, rule: Option<RuleId>, why: Refusal) {
        self.refused.push(Refused { at, rule, why });
    }
}

#[cfg(feature = "serve")]
impl Scratch {
    /// Working memory that its thread keeps for the next stream in need of some, in bytes.
    const KEPT_BYTES: usize = 256 << 10;

    /// Takes over what this thread keeps, if there is nothing here yet.
    pub(crate) fn warm(&mut self) {
        if self.lines.capacity() == 0
            && let Some(spare) = SPARE.take()
        {
            *self = spare;
        }
    }

    /// Leaves it to its thread, or gives it back to the system if it is large: a stream that waits for
    /// its next bytes needs none.
    pub(crate) fn leave(self) {
        let large = [
            (self.hits.capacity() + self.words.capacity()) * size_of::<Hit>(),
            self.lines.capacity(),
            self.findings.capacity() * size_of::<Finding>(),
            self.masked.capacity(),
        ];
        if large.iter().sum::<usize>() <= Scratch::KEPT_BYTES {
            SPARE.set(Some(self));
        }
    }

    /// Whether the working memory that this thread keeps, if it does, remembers anything of the input.
    #[cfg(test)]
    pub(crate) fn remembers() -> Option<bool> {
        let spare = SPARE.take()?;
        let remembers = !spare.verdicts.is_empty() || !spare.memo.is_empty();
        SPARE.set(Some(spare));
        Some(remembers)
    }

    /// Overwrites what this thread's working memory remembers of the input: for a thread that goes idle.
    pub(crate) fn forget() {
        if let Some(mut spare) = SPARE.take() {
            spare.verdicts.forget();
            spare.memo.forget();
            SPARE.set(Some(spare));
        }
    }
}

#[cfg(feature = "serve")]
thread_local! {
    /// A fresh one costs a page fault each 4 KiB.
    static SPARE: Cell<Option<Scratch>> = const { Cell::new(None) };
}

/// Looks through one record at a time.
pub(crate) struct Scanner<'a> {
    pub(crate) set: &'a RuleSet,
    pub(crate) rec: Record<'a>,
    pub(crate) findings: &'a mut Vec<Finding>,
    pub(crate) verdicts: &'a mut Verdicts,
    pub(crate) notes: &'a mut Option<Notes>,
    pub(crate) spared: &'a mut Vec<Spared>,
    /// Where masks stand in the record already, in order.
    pub(crate) masks: &'a [(usize, usize)],
    pub(crate) work: &'a mut u64,
    /// The key whose value is being judged.
    pub(crate) site: Option<KeySite>,
    /// What this record leaves open for the next.
    pub(crate) carry: Option<Carry>,
    /// End of the last value behind a key: keys inside it are part of it.
    pub(crate) value_end: usize,
    /// End of the last identifier looked at.
    pub(crate) key_end: usize,
    /// The work at which the rest of the record is masked unjudged.
    pub(crate) budget: u64,
    /// Whether a look at the masked record may find more.
    pub(crate) doubt: Doubt,
    /// Where the last `@` stands, and the authority it closes if it does.
    pub(crate) last_at: Option<(usize, Option<usize>)>,
}

impl Scanner<'_> {
    /// Notes a finding.
    pub(crate) fn found(&mut self, finding: Finding) {
        if !self.is_allowed(finding, None) {
            self.keep(finding);
        }
    }

    /// Inlined, so that a finding's parts are written where they stay: read as a whole right after they
    /// were written, they would have to be waited for.
    #[inline(always)]
    fn keep(&mut self, finding: Finding) {
        self.doubt.found(&finding);
        self.findings.push(finding);
        if let Some(notes) = self.notes {
            notes.found(finding);
        }
    }

    /// Notes that another rule, which would not be asked for its mask, found the last finding again.
    pub(crate) fn found_again(&mut self, notation: Notation) {
        if let Some(last) = self.findings.last_mut() {
            last.notation = stronger(last.notation, notation);
            self.doubt.found(last);
        }
    }

    /// Notes a value behind a key as a finding; keys inside it are part of it.
    pub(crate) fn found_value(&mut self, known: &Known, value: &Value) {
        if value.start >= value.end {
            return;
        }
        let mark = match (value.open, value.quote) {
            (false, _) => Mark::Whole,
            (true, Some(q)) => Mark::Open(Until::Quote(q)),
            (true, None) => Mark::Open(Until::Bare),
        };
        // No JSON has a mark right behind a number: one behind the mask's own would be doubled, as those in a
        // value are.
        let glued = value.notation == Notation::Number(0) && self.rec.get(value.end) == Some(b'"');
        let notation = if glued { plain(&self.rec) } else { value.notation };
        let finding = Finding { mark, ..Finding::new(value.start, value.end, known.rule, notation) };
        // Inside what stays, keys are asked.
        if !self.is_allowed(finding, Some(known)) {
            self.value_end = self.value_end.max(value.end);
            self.keep(finding);
        }
    }

    /// Whether the user's allow-list lets a finding go, which is noted.
    #[inline(always)]
    fn is_allowed(&mut self, finding: Finding, known: Option<&Known>) -> bool {
        self.set.allowed.as_ref().is_some_and(|allowed| self.is_allowed_by(allowed, &{ finding }, known))
    }

    #[cold]
    fn is_allowed_by(&mut self, allowed: &Allowed, finding: &Finding, known: Option<&Known>) -> bool {
        // What holds a mask is not the value that came.
        let behind = self.masks.partition_point(|mask| mask.1 <= finding.start);
        if self.masks.get(behind).is_some_and(|mask| mask.0 < finding.end) {
            return false;
        }
        let key = known.filter(|_| allowed.asks_keys()).and_then(|known| self.key(known));
        let kind = &self.set.rule(finding.rule).kind;
        let spared = allowed.judge(&self.rec, finding, kind, key.as_ref(), self.work);
        if spared.is_some() {
            self.doubt.raise(); // what is masked inside it makes another value of it
        }
        self.spared.extend(spared);
        spared.is_some()
    }

    /// The key whose value is being judged.
    fn key(&self, known: &Known) -> Option<Key> {
        let site = self.site.as_ref().filter(|site| site.start < site.end)?;
        let own = Words::of(&Record::new(self.rec.buf, site.start, self.rec.end), site);
        let alone = self.set.keys.classify(&own).as_ref() == Some(known);
        Some(Key { with: Words::of(&self.rec, site), own: alone.then_some(own) })
    }

    /// Notes why a value was let go, whose key's notation begins at `open`.
    pub(crate) fn let_go(&mut self, open: usize, value: &Value, rule: RuleId, why: Refusal) {
        self.doubt.let_go(open, value);
        self.note(value.start, Some(rule), why);
    }

    /// Notes why a candidate was let go.
    pub(crate) fn refuse(&mut self, at: usize, rule: Option<RuleId>, why: Refusal) {
        self.doubt.any |= !matches!(why, Refusal::Joint | Refusal::Key);
        self.refuse_seen(at, rule, why, at.saturating_sub(REACH_BYTES)..at + REACH_BYTES);
    }

    /// Notes why a candidate was let go, where no more than `seen` was looked at for it.
    pub(crate) fn refuse_seen(&mut self, at: usize, rule: Option<RuleId>, why: Refusal, seen: Range<usize>) {
        self.doubt.refused(seen);
        self.note(at, rule, why);
    }

    /// Takes notice of what was looked at, besides what is found or let go itself.
    pub(crate) fn saw(&mut self, seen: Range<usize>) {
        self.doubt.refused(seen);
    }

    /// Notes why a candidate was let go, where what was looked at for it is told already.
    pub(crate) fn note(&mut self, at: usize, rule: Option<RuleId>, why: Refusal) {
        if let Some(notes) = self.notes {
            notes.refused(at, rule, why);
        }
    }

    /// Masks the record's rest when it has cost more than its length allows, so that no input and
    /// no rule takes more than linear time. True when it did.
    pub(crate) fn spent(&mut self, at: usize, rule: RuleId) -> bool {
        let spent = *self.work > self.budget;
        if spent {
            self.give_up(at, rule);
        }
        spent
    }

    #[cold]
    fn give_up(&mut self, at: usize, rule: RuleId) {
        let rest = Finding::new(at, self.rec.end.max(at), rule, Notation::Text);
        self.found(Finding { mark: Mark::Unjudged, ..rest });
    }
}

/// How far around a mask a rule may look that asks for no value, or before a key, in bytes.
const REACH_BYTES: usize = 64;

/// Whether what was let go could be judged otherwise once the findings around it are masked. Most
/// records have none, and are not looked through twice.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Doubt {
    /// Something may be.
    any: bool,
    /// End of the furthest finding.
    found_end: usize,
    /// End of the furthest that was looked at for what was refused.
    refused_end: usize,
    /// Behind what ends the furthest value that was let go.
    let_go_end: usize,
}

impl Doubt {
    /// Whether there is one.
    pub(crate) fn any(&self) -> bool {
        self.any
    }

    /// What was read holds several values, or none by itself.
    pub(crate) fn raise(&mut self) {
        self.any = true;
    }

    fn found(&mut self, f: &Finding) {
        self.any |= f.start < self.let_go_end.max(self.refused_end);
        self.found_end = self.found_end.max(f.end);
    }

    fn let_go(&mut self, open: usize, value: &Value) {
        self.any |= open.saturating_sub(REACH_BYTES) < self.found_end;
        // What ends it was looked at, too.
        self.let_go_end = self.let_go_end.max(value.end + 1);
    }

    fn refused(&mut self, seen: Range<usize>) {
        self.any |= seen.start < self.found_end;
        self.refused_end = self.refused_end.max(seen.end);
    }
}
