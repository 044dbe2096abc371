//! Places that led nowhere, remembered by the bytes around them: logs are written from templates, so
//! that the same bytes stand around the same words over and over.
//!
//! Which words stand at a place, and that each of them leads nowhere, follows from a few bytes around
//! it. These are what it is remembered by: all of them, not a hash.

use crate::engine::footprint::{AROUND, BEFORE, Footprint, group};
use crate::engine::notation::run;
use crate::engine::wipe::forget;

const WORD: usize = size_of::<u64>();
/// Of the bytes that tell where a place is remembered, how many stand before it. What comes before a
/// word says as much of it as its rest: a key of an object stands behind a quote.
const NAMED_BEFORE: usize = 2;
/// The most digits of a number that may be another one each time.
const DIGITS_MAX: usize = 16;
/// Pairs of places remembered.
const PAIRS: usize = 256;
/// One of so many places is remembered, as a power of two.
const SHARE_BITS: u32 = 2;
/// The golden ratio, whose multiples are spread evenly whatever the step between them.
const GOLDEN: u32 = 0x9E37_79B9;

/// The places met last that led nowhere.
#[derive(Default)]
pub(crate) struct RejectCache {
    /// Under which rules they did ([`Keys::id`](crate::engine::keys::Keys::id)).
    rules: u64,
    /// By [`Name::of`], the last one first; none before the first place.
    pairs: Vec<Pair>,
    /// What is drawn from.
    turn: u32,
}

#[derive(Clone, Copy, Default)]
struct Pair {
    names: [Name; 2],
    slots: [Slot; 2],
}

/// What tells most places from each other: so that a text is looked at only where it is likely the same.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Name(u32);

#[derive(Clone, Copy)]
struct Slot {
    /// What was seen, and which bits of it count; zeros around it.
    text: [u64; AROUND / WORD],
    mask: [u64; AROUND / WORD],
    /// Bytes from the place to a number that may be another one, if not zero.
    number: u32,
    /// How many bytes from the place on count: there must be as many.
    behind: u32,
}

impl Default for Slot {
    /// What nothing is like.
    fn default() -> Self {
        Slot { text: [u64::MAX; AROUND / WORD], mask: Default::default(), number: 0, behind: 0 }
    }
}

impl RejectCache {
    /// Makes ready for places under these rules.
    pub(crate) fn begin(&mut self, rules: u64) {
        if self.rules != rules {
            self.forget();
            self.rules = rules;
        }
    }

    /// Whether the place is known to lead nowhere.
    #[inline(always)]
    pub(crate) fn knows(&self, text: &[u8], at: usize) -> bool {
        let mut room = [0; AROUND];
        let Some(around) = around(text, at, &mut room) else { return false };
        let (pair, name) = Name::of(around);
        let Some(pair) = self.pairs.get(pair) else { return false };
        // Which of both has the name could not be foreseen, and seldom do both.
        let first = usize::from(pair.names[0] != name);
        let is = |slot: usize| pair.names[slot] == name && pair.slots[slot].is(around);
        let Some(slot) = (if is(first) { Some(first) } else { (first == 0 && is(1)).then_some(1) }) else {
            return false;
        };
        let slot = &pair.slots[slot];
        at + slot.behind as usize <= text.len() && (slot.number == 0 || is_number(text, at + slot.number as usize))
    }

    /// Whether to remember the next place. One of a few is, drawn by turns: what comes often is kept soon, and what comes
    /// once seldom takes its place.
    pub(crate) fn wants(&mut self) -> bool {
        self.turn = self.turn.wrapping_add(GOLDEN);
        self.turn >> (u32::BITS - SHARE_BITS) == 0
    }

    /// Remembers a place that leads nowhere, unless the text's end is part of what says so.
    pub(crate) fn keep(&mut self, text: &[u8], at: usize, seen: Footprint) {
        let mut room = [0; AROUND];
        let fits = seen.fits(at) && seen.loose <= text.len();
        let Some(around) = around(text, at, &mut room).filter(|_| fits) else { return };
        let base = at - BEFORE;
        if self.pairs.is_empty() {
            self.pairs.resize(PAIRS, Default::default());
        }
        let mut mask = [0; AROUND];
        mask[seen.from - base..seen.to - base].fill(0xFF);
        for n in seen.to - base..seen.loose - base {
            mask[n] = group(around[n]);
        }
        let mask = words(&mask);
        let mut slot = Slot { text: words(around), mask, number: 0, behind: seen.loose.saturating_sub(at) as u32 };
        slot.text.iter_mut().zip(mask).for_each(|(text, mask)| *text &= mask);
        if seen.number {
            slot.number = (seen.to - at) as u32;
            // How far behind the number was looked, its digits do not tell.
            slot.behind = (AROUND - BEFORE) as u32;
        }
        let (pair, name) = Name::of(around);
        let Pair { names, slots } = &mut self.pairs[pair];
        *names = [name, names[0]];
        *slots = [slot, slots[0]];
    }

    /// Whether none is remembered.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Forgets all of them and gives their memory back: pieces of the input, which are overwritten.
    pub(crate) fn forget(&mut self) {
        forget(&mut self.pairs);
    }
}

impl Drop for RejectCache {
    fn drop(&mut self) {
        self.forget();
    }
}

impl Slot {
    /// Whether what it remembers is the same around a place.
    #[inline(always)]
    fn is(&self, around: &[u8; AROUND]) -> bool {
        let same = words(around).into_iter().zip(&self.text).zip(&self.mask);
        let differs = same.fold(0, |differs, ((word, text), mask)| differs | word & mask ^ text);
        differs == 0
    }
}

/// The bytes around a place, if it is not near the begin of the block; behind the end of one, zeros. `room` is for those:
/// a logger's line comes by itself, and most of its places are near its end.
#[inline(always)]
fn around<'a>(text: &'a [u8], at: usize, room: &'a mut [u8; AROUND]) -> Option<&'a [u8; AROUND]> {
    let text = text.get(at.checked_sub(BEFORE)?..)?;
    if let Some(around) = text.first_chunk() {
        return Some(around);
    }
    room[..text.len()].copy_from_slice(text);
    Some(room)
}

#[inline(always)]
fn words(bytes: &[u8; AROUND]) -> [u64; AROUND / WORD] {
    let mut words = [0; AROUND / WORD];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<WORD>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

impl Name {
    /// Where a place is remembered, and by which name.
    #[inline(always)]
    fn of(around: &[u8; AROUND]) -> (usize, Name) {
        let near = around[BEFORE - NAMED_BEFORE..].first_chunk().map_or(0, |near| u64::from_le_bytes(*near));
        let mixed = near.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed >> (u64::BITS - PAIRS.ilog2())) as usize, Name((mixed >> 24) as u32))
    }
}

/// Whether at `at` stands a number that an object ends with.
#[inline(always)]
fn is_number(text: &[u8], at: usize) -> bool {
    let end = run::digits_end(text, at, text.len().min(at + DIGITS_MAX));
    end > at && text.get(end) == Some(&b'}')
}
