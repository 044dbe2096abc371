//! Places that led nowhere, remembered by the bytes around them: logs are written from templates, so
//! that the same bytes stand around the same words over and over.
//!
//! Which words stand at a place, and that each of them leads nowhere, follows from a few bytes around
//! it. These are what it is remembered by: all of them, not a hash.

use super::notation::run;
use super::wipe::forget;

/// The most bytes before a place that are remembered, and how many in all.
const BEFORE: usize = 24;
const AROUND: usize = 64;
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

/// The bytes that a verdict follows from.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    /// 0 where it cannot be said.
    pub(crate) from: usize,
    /// Behind the last byte that may be no other.
    pub(crate) to: usize,
    /// Behind the last byte that was looked at. From `to` on each may be another that [`group`] does
    /// not tell from it.
    pub(crate) loose: usize,
    /// At `to` stands a number, and behind it `}`: it may be any of at most [`DIGITS_MAX`] digits.
    pub(crate) number: bool,
}

impl Seen {
    pub(crate) fn new(from: usize, to: usize) -> Seen {
        Seen { from, to, loose: to, number: false }
    }

    /// Whether it can be remembered of a place at `at`. What begins with the block may have been cut there.
    pub(crate) fn fits(&self, at: usize) -> bool {
        self.from > 0 && self.from + BEFORE >= at && self.loose + BEFORE <= at + AROUND
    }

    /// What both have seen.
    pub(crate) fn and(self, other: Seen) -> Seen {
        let to = self.to.max(other.to);
        let loose = self.loose.max(other.loose);
        // A number that one of them took for any other must be the last that either looked at.
        let last = |seen: Seen| !seen.number || seen.to == loose;
        let from = if last(self) && last(other) { self.from.min(other.from) } else { 0 };
        Seen { from, to, loose, number: self.number || other.number }
    }
}

/// The bits of a byte that tell it from those of other groups. Where all that counts of a byte is that
/// it is no sign, blank or line end, as behind a word in prose, many letters may stand for each other.
pub(crate) const fn group(b: u8) -> u8 {
    match b {
        b'@'..=b'O' | b'`'..=b'o' => 0xF0,
        b'0'..=b'7' | b'P'..=b'W' | b'p'..=b'w' => 0xF8,
        _ => 0xFF,
    }
}

/// The places met last that led nowhere.
#[derive(Default)]
pub(crate) struct Memo {
    /// Under which rules they did ([`Keys::id`](super::keys::Keys::id)).
    rules: u64,
    /// By [`Name::of`], the last one first; none before the first place.
    pairs: Vec<Pair>,
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
    number: u64,
}

impl Default for Slot {
    /// What nothing is like.
    fn default() -> Self {
        Slot { text: [u64::MAX; AROUND / WORD], mask: Default::default(), number: 0 }
    }
}

impl Memo {
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
        let Some(around) = around(text, at) else { return false };
        let (pair, name) = Name::of(around);
        let Some(pair) = self.pairs.get(pair) else { return false };
        // Which of both has the name could not be foreseen, and seldom do both.
        let first = usize::from(pair.names[0] != name);
        let is = |slot: usize| pair.names[slot] == name && pair.slots[slot].is(around);
        let Some(slot) = (if is(first) { Some(first) } else { (first == 0 && is(1)).then_some(1) }) else {
            return false;
        };
        let slot = &pair.slots[slot];
        slot.number == 0 || is_number(text, at + slot.number as usize)
    }

    /// Whether to remember what is at `at`. One of a few is, drawn by its place: what comes often is
    /// kept soon, and what comes once seldom takes its place.
    pub(crate) fn wants(at: usize) -> bool {
        (at as u32).wrapping_mul(0x9E37_79B9) >> (u32::BITS - SHARE_BITS) == 0
    }

    /// Remembers a place that leads nowhere.
    pub(crate) fn keep(&mut self, text: &[u8], at: usize, seen: Seen) {
        let Some(around) = around(text, at).filter(|_| seen.fits(at)) else { return };
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
        let mut slot = Slot { text: words(around), mask, number: 0 };
        slot.text.iter_mut().zip(mask).for_each(|(text, mask)| *text &= mask);
        if seen.number {
            slot.number = (seen.to - at) as u64;
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

impl Drop for Memo {
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

/// The bytes around a place, if it is not near an end of the block.
#[inline(always)]
fn around(text: &[u8], at: usize) -> Option<&[u8; AROUND]> {
    text.get(at.checked_sub(BEFORE)?..)?.first_chunk()
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
