//! Hits that led nowhere, remembered by the bytes around them: logs are written from templates, so
//! that the same bytes stand around the same words over and over.
//!
//! That a hit leads nowhere follows from a few bytes around it. These are what it is remembered by:
//! all of them, not a hash.

use super::gate::Hit;
use super::notation::run;
use super::wipe::forget;

/// The most bytes before a hit that are remembered, and how many in all.
const BEFORE: usize = 24;
const AROUND: usize = 64;
/// Bytes that tell where a hit is remembered.
const WORD: usize = size_of::<u64>();
/// The most digits of a number that may be another one each time.
const DIGITS_MAX: usize = 16;
/// Pairs of hits remembered.
const PAIRS: usize = 256;
/// One of so many hits is remembered, as a power of two.
const SHARE_BITS: u32 = 2;

/// The bytes that a verdict on a hit follows from.
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

    /// Whether it can be remembered of a hit at `at`. What begins with the block may have been cut there.
    pub(crate) fn fits(&self, at: usize) -> bool {
        self.from > 0 && self.from + BEFORE >= at && self.loose + BEFORE <= at + AROUND
    }

    /// What both have seen.
    pub(crate) fn and(self, other: Seen) -> Seen {
        let from = self.from.min(other.from);
        match self.number {
            true if other.loose <= self.to => Seen { from, ..self },
            true => Seen::new(0, self.to),
            false => Seen::new(from, self.loose.max(other.loose)),
        }
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

/// The hits met last that led nowhere.
#[derive(Default)]
pub(crate) struct Memo {
    /// Under which rules they did ([`Keys::id`](super::keys::Keys::id)).
    rules: u64,
    /// By [`Name::of`], the last one first.
    pairs: Vec<[Slot; 2]>,
}

#[derive(Clone, Copy)]
struct Slot {
    /// What was seen, and which bits of it count; zeros around it.
    text: [u64; AROUND / WORD],
    mask: [u64; AROUND / WORD],
    name: Name,
    /// Bytes from the hit to the end of its identifier.
    key: u8,
    /// Bytes from the hit to a number that may be another one, if not zero.
    number: u8,
}

/// What tells most hits from each other: so that a text is looked at only where it is likely the same.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name {
    /// Of the bytes from the hit on.
    hash: u16,
    kind: u16,
}

impl Default for Slot {
    /// What no hit is like: runs of digits are not remembered.
    fn default() -> Self {
        let name = Name { hash: 0, kind: Hit::DIGITS };
        Slot { text: Default::default(), mask: Default::default(), name, key: 0, number: 0 }
    }
}

impl Memo {
    /// Makes ready for hits under these rules.
    pub(crate) fn begin(&mut self, rules: u64) {
        if self.rules != rules {
            self.forget();
            self.rules = rules;
        }
    }

    /// The end of the identifier of a hit that leads nowhere, if it is known to do.
    #[inline(always)]
    pub(crate) fn find(&self, text: &[u8], hit: Hit) -> Option<usize> {
        let at = hit.at as usize;
        let around = around(text, at)?;
        let (pair, name) = Name::of(around, hit.kind);
        let slot = self.pairs.get(pair)?.iter().find(|slot| slot.is(around, name))?;
        if slot.number > 0 && !is_number(text, at + usize::from(slot.number)) {
            return None;
        }
        Some(at + usize::from(slot.key))
    }

    /// Remembers a hit that leads nowhere; `key` is where its identifier ends.
    pub(crate) fn keep(&mut self, text: &[u8], hit: Hit, key: usize, seen: Seen) {
        let at = hit.at as usize;
        let Some(around) = around(text, at) else { return };
        let Some(key) = key.checked_sub(at).and_then(|key| u8::try_from(key).ok()).filter(|_| seen.fits(at)) else {
            return;
        };
        let base = at - BEFORE;
        // One of a few is kept, drawn by its place: what comes often is kept soon, and what comes once
        // seldom takes its place.
        if hit.at.wrapping_mul(0x9E37_79B9) >> (u32::BITS - SHARE_BITS) != 0 {
            return;
        }
        if self.pairs.is_empty() {
            self.pairs.resize(PAIRS, Default::default());
        }
        let mut mask = [0; AROUND];
        mask[seen.from - base..seen.to - base].fill(0xFF);
        for n in seen.to - base..seen.loose - base {
            mask[n] = group(around[n]);
        }
        let mask = words(&mask);
        let (pair, name) = Name::of(around, hit.kind);
        let mut slot = Slot { text: words(around), mask, name, key, number: 0 };
        slot.text.iter_mut().zip(mask).for_each(|(text, mask)| *text &= mask);
        if seen.number {
            slot.number = (seen.to - at) as u8;
        }
        let [last, before] = &mut self.pairs[pair];
        *before = std::mem::replace(last, slot);
    }

    /// Whether none is remembered.
    #[cfg(all(test, feature = "serve"))]
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
    /// Whether what it remembers is the same around a hit.
    #[inline(always)]
    fn is(&self, around: &[u8; AROUND], name: Name) -> bool {
        if self.name != name {
            return false;
        }
        let same = words(around).into_iter().zip(&self.text).zip(&self.mask);
        let differs = same.fold(0, |differs, ((word, text), mask)| differs | word & mask ^ text);
        differs == 0
    }
}

/// The bytes around a hit, if it is not near an end of the block.
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
    /// Where a hit is remembered, and by which name.
    #[inline(always)]
    fn of(around: &[u8; AROUND], kind: u16) -> (usize, Name) {
        let mixed = words(around)[BEFORE / WORD].wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let pair = mixed >> (u64::BITS - PAIRS.ilog2());
        (pair as usize, Name { hash: (mixed >> 32) as u16, kind })
    }
}

/// Whether at `at` stands a number that an object ends with.
#[inline(always)]
fn is_number(text: &[u8], at: usize) -> bool {
    let end = run::digits_end(text, at, text.len().min(at + DIGITS_MAX));
    end > at && text.get(end) == Some(&b'}')
}
