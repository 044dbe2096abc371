//! One record on its way through the rules: what is found in it, what it costs, what it leaves open.

use std::ops::Range;

use crate::engine::detect::allowlist::{Allowed, Key};
use crate::engine::detect::continuation::Continuation;
use crate::engine::detect::ruleset::RuleSet;
use crate::engine::found::allowed::Spared;
use crate::engine::found::finding::{EndState, Finding, Refusal, Until};
use crate::engine::found::notes::Notes;
use crate::engine::keys::SecretKey;
use crate::engine::keys::cache::KeyCache;
use crate::engine::notation::Record;
use crate::engine::notation::context::{in_text, number_notation, plain};
use crate::engine::notation::escape::{GAP_BYTES_MAX, skip_gap};
use crate::engine::notation::json_text::{Bound, JsonTexts, is_apart};
use crate::engine::notation::key::{KeySite, Words};
use crate::engine::notation::value::Value;
use crate::rules::mask::Notation;
use crate::rules::rule::RuleId;

/// Looks through one record at a time.
pub(crate) struct RecordContext<'a> {
    pub(crate) set: &'a RuleSet,
    pub(crate) rec: Record<'a>,
    pub(crate) findings: &'a mut Vec<Finding>,
    pub(crate) key_cache: &'a mut KeyCache,
    pub(crate) notes: &'a mut Option<Notes>,
    pub(crate) spared: &'a mut Vec<Spared>,
    /// Where masks stand in the record already, in order.
    pub(crate) masks: &'a [(u32, u32)],
    pub(crate) work: &'a mut u64,
    /// The key whose value is being judged.
    pub(crate) site: Option<KeySite>,
    /// What this record leaves open for the next.
    pub(crate) continuation: Option<Continuation>,
    /// End of the last value behind a key: keys inside it are part of it.
    pub(crate) value_end: usize,
    /// End of the last identifier looked at.
    pub(crate) key_end: usize,
    /// The piece of a key block's body that was found last.
    pub(crate) body: Range<usize>,
    /// The work at which the rest of the record is masked unjudged.
    pub(crate) budget: u64,
    /// Whether a look at the masked record may find more.
    pub(crate) rescan: Rescan,
    /// Where the last `@` stands, and the authority it closes if it does.
    pub(crate) last_at: Option<(usize, Option<usize>)>,
    /// Where its texts are, if it is JSON.
    pub(crate) texts: JsonTexts,
    /// Where the one ends that the key is a part of whose value is being judged, if it does and the key is not all of it.
    pub(crate) key_text: Option<usize>,
}

impl RecordContext<'_> {
    /// Notes a finding.
    pub(crate) fn found(&mut self, finding: Finding) {
        let Some(finding) = self.within_bound(finding) else { return };
        if !self.is_allowed(finding, None) {
            self.keep(finding);
        }
    }

    /// The finding without what stands behind the text of JSON that it begins in: `{"url":"/?password=","next":"x"}`. None
    /// is left where it begins at the text's end. What could not be judged stays as it is.
    #[inline(always)]
    fn within_text(&mut self, finding: Finding) -> Option<Finding> {
        let Finding { start, end, end_state, .. } = finding;
        match self.texts.end(&self.rec, start, end, self.work) {
            Some(mark) if end_state != EndState::Unjudged => cut(&self.rec, finding, Bound::Text(mark)),
            _ => Some(finding),
        }
    }

    /// How the mask of digits is written: as a text where they are a number of JSON.
    pub(crate) fn number_notation(&mut self, start: usize, end: usize) -> Notation {
        let ends = skip_gap(&self.rec, end, GAP_BYTES_MAX);
        let number = matches!(self.rec.get(ends), Some(b',' | b'}' | b']'));
        match number && self.texts.is_bare(&self.rec, start, self.work) {
            true => Notation::Number(0),
            false => match number_notation(&self.rec, start, end) {
                // A text of the document holds no list of it: `["],[4111",7]`.
                Notation::Number(0) if self.texts.is_inside(&self.rec, start, self.work) => in_text(&self.rec, start),
                notation => notation,
            },
        }
    }

    /// Whether what begins at `start` is a member's name, and none of what stands at `from`.
    pub(crate) fn is_other_name(&mut self, from: usize, start: usize) -> bool {
        if !is_apart(&self.rec, from, start) {
            return false;
        }
        match self.texts.bound(&self.rec, start, self.rec.end, self.work) {
            Some(Bound::Text(mark)) => self.rec.get(skip_gap(&self.rec, mark + 1, GAP_BYTES_MAX)) == Some(b':'),
            _ => false,
        }
    }

    /// The same of what was found by its place, which may lie behind the text that says so.
    #[inline(always)]
    fn within_bound(&mut self, finding: Finding) -> Option<Finding> {
        let Finding { start, end, end_state, .. } = finding;
        match self.texts.bound(&self.rec, start, end, self.work) {
            Some(bound) if end_state != EndState::Unjudged => cut(&self.rec, finding, bound),
            _ => Some(finding),
        }
    }

    /// Inlined, so that a finding's parts are written where they stay: read as a whole right after they
    /// were written, they would have to be waited for.
    #[inline(always)]
    fn keep(&mut self, finding: Finding) {
        self.rescan.found(&finding);
        self.findings.push(finding);
        if let Some(notes) = self.notes {
            notes.found(finding);
        }
    }

    /// Notes a value behind a key as a finding; keys inside it are part of it.
    pub(crate) fn found_value(&mut self, known: &SecretKey, value: &Value) {
        // What stands behind the text that ends with the key and its sign is another member: `{"url":"/?password=","n":"x"}`.
        if value.start >= value.end || self.key_text.is_some_and(|end| value.start > end) {
            return;
        }
        let end_state = match (value.open, value.quote) {
            (false, _) => EndState::Closed,
            (true, Some(q)) => EndState::Open(Until::Quote(q)),
            (true, None) => EndState::Open(Until::Bare),
        };
        // No JSON has a mark right behind a number: one behind the mask's own would be doubled, as those in a
        // value are.
        let glued = value.notation == Notation::Number(0) && self.rec.get(value.end) == Some(b'"');
        let notation = if glued { plain(&self.rec) } else { value.notation };
        let finding = Finding { end_state, ..Finding::new(value.start, value.end, known.rule, notation) };
        let Some(finding) = self.within_text(finding) else { return };
        // Inside what stays, keys are asked.
        if !self.is_allowed(finding, Some(known)) {
            self.value_end = self.value_end.max(finding.end);
            self.keep(finding);
        }
    }

    /// Whether the user's allow-list lets a finding go, which is noted.
    #[inline(always)]
    fn is_allowed(&mut self, finding: Finding, known: Option<&SecretKey>) -> bool {
        self.set.allowed.as_ref().is_some_and(|allowed| self.is_allowed_by(allowed, &{ finding }, known))
    }

    #[cold]
    fn is_allowed_by(&mut self, allowed: &Allowed, finding: &Finding, known: Option<&SecretKey>) -> bool {
        // What holds a mask is not the value that came.
        let behind = self.masks.partition_point(|mask| mask.1 as usize <= finding.start);
        if self.masks.get(behind).is_some_and(|mask| (mask.0 as usize) < finding.end) {
            return false;
        }
        let key = known.filter(|_| allowed.asks_keys()).and_then(|known| self.key(known));
        let kind = &self.set.rule(finding.rule).kind;
        let spared = allowed.judge(&self.rec, finding, kind, key.as_ref(), self.work);
        if spared.is_some() {
            self.rescan.raise(); // what is masked inside it makes another value of it
        }
        self.spared.extend(spared);
        spared.is_some()
    }

    /// The key whose value is being judged.
    fn key(&self, known: &SecretKey) -> Option<Key> {
        let site = self.site.as_ref().filter(|site| site.start < site.end)?;
        let own = Words::of(&self.rec.since(site.start), site);
        let alone = self.set.keys.classify(&own) == Some(SecretKey { denied: false, ..*known });
        Some(Key { with: Words::of(&self.rec, site), own: alone.then_some(own) })
    }

    /// Notes why a value was let go, whose key's notation begins at `open`.
    pub(crate) fn let_go(&mut self, open: usize, value: &Value, rule: RuleId, why: Refusal) {
        self.rescan.let_go(open, value);
        self.note(value.start, Some(rule), why);
    }

    /// Notes why a candidate was let go.
    pub(crate) fn refuse(&mut self, at: usize, rule: Option<RuleId>, why: Refusal) {
        self.rescan.any |= !matches!(why, Refusal::Separator | Refusal::Key);
        self.refuse_within(at, rule, why, at.saturating_sub(REACH_BYTES)..at + REACH_BYTES);
    }

    /// Notes why a candidate was let go, where no more than `seen` was looked at for it.
    pub(crate) fn refuse_within(&mut self, at: usize, rule: Option<RuleId>, why: Refusal, seen: Range<usize>) {
        self.rescan.refused(seen);
        self.note(at, rule, why);
    }

    /// Takes notice of what was looked at, besides what is found or let go itself.
    pub(crate) fn saw(&mut self, seen: Range<usize>) {
        self.rescan.refused(seen);
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
        self.found(Finding { end_state: EndState::Unjudged, ..rest });
    }
}

/// The finding, ended at its bound; none where it begins there.
#[cold]
fn cut(rec: &Record<'_>, finding: Finding, bound: Bound) -> Option<Finding> {
    // In a text a mask has no marks of its own; elsewhere it must become one.
    let (end, notation) = match (bound, finding.notation) {
        (Bound::Text(end), Notation::Number(_)) => (end, plain(rec)),
        (Bound::Text(end), notation) => (end, notation),
        (Bound::Bare(end), _) => (end, Notation::Number(0)),
    };
    let cut = Finding { end, end_state: EndState::Closed, notation, ..finding };
    (end > finding.start).then_some(cut)
}

/// How far around a mask a rule may look that asks for no value, or before a key, in bytes.
const REACH_BYTES: usize = 64;

/// Whether what was let go could be judged otherwise once the findings around it are masked. Most
/// records have none, and are not looked through twice.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Rescan {
    /// Something may be.
    any: bool,
    /// End of the furthest finding.
    found_end: usize,
    /// End of the furthest that was looked at for what was refused.
    refused_end: usize,
    /// Behind what ends the furthest value that was let go.
    let_go_end: usize,
}

impl Rescan {
    /// Whether there is one.
    pub(crate) fn any(&self) -> bool {
        self.any
    }

    /// What was read holds several values, or none by itself.
    pub(crate) fn raise(&mut self) {
        self.any = true;
    }

    /// Takes notice of a finding.
    pub(crate) fn found(&mut self, f: &Finding) {
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
