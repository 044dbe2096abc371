//! From a place where a window may begin to the literals that are there.

use super::bits::{MASK, bits};
use super::candidate::{Candidate, push};
use super::entry::{Entry, FIRST, Window, text_at};
use super::fingerprint::Fingerprint;
use crate::engine::footprint::Footprint;
use crate::rules::plan::{Literal, WINDOW, may_begin, may_begin_sees};

/// How many groups of buckets there are: for windows anywhere, and where a word may begin.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64")),
    allow(dead_code, reason = "for the tables of vector kernels")
)]
pub(super) struct Groups {
    pub(super) plain: usize,
    pub(super) begin: usize,
}

/// A hash of the three bytes at `text`, and five bits of the fourth, which tell all letters apart.
///
/// The fourth byte is apart so that a window of three bytes is in one slot, whatever stands behind it.
/// Case counts, as it tells most literals from prose: a word that ignores it is entered in all its cases.
#[derive(Clone, Copy)]
struct Key {
    slot: usize,
    bit: u32,
}

/// Bits of a slot number. 64 KiB of slots, few of which a log asks for.
const SLOT_BITS: u32 = 13;

impl Key {
    #[inline(always)]
    fn of(text: u32) -> Key {
        Key { slot: ((text << 8).wrapping_mul(0x9E37_79B1) >> (32 - SLOT_BITS)) as usize, bit: text >> 24 & 31 }
    }
}

/// The most entries that a word has.
pub(super) const CASES_MAX: usize = 1 << (WINDOW - 1);

/// All literals, by the hash of their window.
pub(super) struct Confirm {
    literals: Vec<Literal>,
    slots: Box<[Slot; 1 << SLOT_BITS]>,
    /// Where the entries of a slot begin, if it has some: apart, as few are asked for.
    starts: Box<[u32; 1 << SLOT_BITS]>,
    /// Side by side, those of a slot behind each other.
    windows: Vec<Window>,
    entries: Vec<Entry>,
}

/// What is known of a slot, side by side.
#[derive(Clone, Copy)]
struct Slot {
    /// The fourth bytes that some window of four bytes has.
    seen: u32,
    /// The window of three bytes, behind which any byte may stand, or [`Slot::NONE`]. `access` would pass for `pw"`,
    /// with which it shares a slot, in every other line.
    three: u32,
}

impl Slot {
    /// What no three bytes are: zeros are what a kernel reads behind a block.
    const NONE: u32 = u32::MAX;
    const EMPTY: Slot = Slot { seen: 0, three: Slot::NONE };

    /// Takes notice of a window that begins with these four bytes.
    fn add(&mut self, text: u32, len: usize) {
        let three = text & THREE;
        match len < WINDOW {
            true if self.three == Slot::NONE || self.three == three => self.three = three,
            // Two of them do not share a slot but by accident.
            true => self.seen = u32::MAX,
            false => self.seen |= 1 << Key::of(text).bit,
        }
    }
}

/// The bits of a window's first three bytes.
const THREE: u32 = 0xFF_FFFF;

impl Confirm {
    pub(super) fn new(literals: Vec<Literal>, windows: &[Fingerprint]) -> Confirm {
        let mut slots = Box::new([Slot::EMPTY; 1 << SLOT_BITS]);
        let mut starts = Box::new([0; 1 << SLOT_BITS]);
        let mut keyed = Vec::with_capacity(windows.len());
        for (word, window) in windows.iter().enumerate() {
            for text in window.texts() {
                let slot = Key::of(text).slot;
                slots[slot].add(text, window.len);
                // In a slot the short ones come first: `key` is met more often than `key-string`.
                keyed.push((slot as u16, literals[word].bytes.len() as u16, word as u32));
            }
        }
        keyed.sort_unstable();
        // Two cases of a word may share a slot, where it is to be found once.
        keyed.dedup();
        let entry = |&(_, _, word): &(u16, u16, u32)| {
            Entry::new(word as usize, &literals[word as usize], windows[word as usize].place.offset)
        };
        let entries = keyed.iter().map(entry).collect();
        let mut windows: Vec<Window> = keyed.iter().map(|&(_, _, word)| Window::new(&windows[word as usize])).collect();
        for at in (0..keyed.len()).rev() {
            starts[usize::from(keyed[at].0)] = at as u32;
            windows[at].more = keyed.get(at + 1).is_some_and(|next| next.0 == keyed[at].0);
        }
        Confirm { literals, slots, starts, windows, entries }
    }

    /// Whether a window that begins with these four bytes passes the hash check.
    #[inline(always)]
    pub(super) fn may_be(&self, text: u32) -> bool {
        let key = Key::of(text);
        let slot = &self.slots[key.slot];
        (slot.seen >> key.bit & 1 != 0) | (slot.three == text & THREE)
    }

    /// Keeps those of these places of the text from `at` that pass the hash check, and says how many are.
    ///
    /// Without a branch for each place, as no processor can foresee such a branch.
    #[inline(never)]
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that lists places at once"))]
    pub(super) fn hash(&self, block: &[u8], at: usize, places: &mut [u16]) -> usize {
        let mut kept = 0;
        // From `at` on, so that no sum of offsets may be too large for what the compiler knows.
        let text = &block[at..];
        for n in 0..places.len() {
            let place = places[n];
            places[kept] = place;
            kept += usize::from(self.may_be(text_at(text, usize::from(place))));
        }
        kept
    }

    /// Appends those of these places of the text from `at` around which eight bytes of a literal stand; they pass the hash
    /// check.
    #[inline(never)]
    pub(super) fn compare(&self, block: &[u8], at: usize, places: &[u16], candidates: &mut Vec<Candidate>) {
        for &place in places {
            let at = at + usize::from(place);
            let text = text_at(block, at);
            let start = self.start(text);
            if self.is_near(block, at, text, start) {
                candidates.push(Candidate::fingerprint(at, start));
            }
        }
    }

    /// The same for a short block, of which these masks have the places: there are so few that one branch
    /// for each costs less than several steps.
    #[inline(always)]
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for kernels that take a line in one pass"))]
    pub(super) fn check_line(&self, block: &[u8], windows: &[u64], candidates: &mut Vec<Candidate>) {
        for (mask, &windows) in windows.iter().enumerate() {
            for bit in bits(windows) {
                let at = mask * MASK + bit;
                let text = text_at(block, at);
                if self.may_be(text) {
                    let start = self.start(text);
                    if self.is_near(block, at, text, start) {
                        candidates.push(Candidate::fingerprint(at, start));
                    }
                }
            }
        }
    }

    /// Whether eight bytes of a literal stand around the window at `at`, which begins with these four bytes and whose slot's
    /// first entry is given: three of four that pass the hash check stand in other words of real logs, as `mission ` for
    /// `permission `.
    #[inline(always)]
    fn is_near(&self, block: &[u8], at: usize, text: u32, first: u32) -> bool {
        let may_be =
            |entry: &Entry| entry.begin(block, at).is_some_and(|begin| !entry.begins || may_begin(block, begin));
        self.entries(first as usize, text).any(may_be)
    }

    /// Appends the literals whose window is at `at`; the first of its slot is `first`.
    #[inline(always)]
    pub(super) fn literals(&self, block: &[u8], at: usize, first: usize, literals: &mut Vec<Candidate>) {
        for entry in self.entries(first, text_at(block, at)) {
            if let Some(begin) = entry.begin(block, at)
                && self.is_whole(entry, block, begin)
            {
                push(literals, begin, entry.word);
            }
        }
    }

    /// The bytes that say what `literals` finds, with those that the slot and its windows follow from.
    pub(super) fn footprint(&self, block: &[u8], at: usize, first: usize) -> Footprint {
        let mut seen = Footprint::new(at, at + WINDOW);
        for entry in self.entries(first, text_at(block, at)) {
            let len = self.literals[entry.word as usize].bytes.len();
            seen = seen.and(match entry.begin(block, at) {
                Some(begin) => {
                    let before = if entry.begins { may_begin_sees(block, begin) } else { 0 };
                    Footprint::new(begin.saturating_sub(before), begin + len)
                }
                None => {
                    // Before the block there are no bytes, which elsewhere there are.
                    let near = (at + usize::from(entry.first)).saturating_sub(usize::from(entry.offset));
                    Footprint::new(near, near + len.min(FIRST))
                }
            });
        }
        seen
    }

    /// Where the entries begin of the slot of a window that begins with these four bytes.
    #[inline(always)]
    fn start(&self, text: u32) -> u32 {
        self.starts[Key::of(text).slot]
    }

    /// Those entries of the slot whose first one is given that have the window which these four bytes begin with.
    #[inline(always)]
    fn entries(&self, first: usize, text: u32) -> impl Iterator<Item = &Entry> {
        let mut next = Some(first);
        std::iter::from_fn(move || {
            while let Some(at) = next {
                let window = self.windows.get(at)?;
                next = window.more.then_some(at + 1);
                if window.is(text) {
                    return self.entries.get(at);
                }
            }
            None
        })
    }

    /// Whether all of a word is there, of which some bytes are.
    #[inline(always)]
    fn is_whole(&self, entry: &Entry, block: &[u8], begin: usize) -> bool {
        (!entry.long || is_long(&self.literals[entry.word as usize], block, begin))
            && (!entry.begins || may_begin(block, begin))
    }
}

/// Whether the whole of a long word is there, of which some bytes are.
#[inline(never)]
fn is_long(word: &Literal, block: &[u8], begin: usize) -> bool {
    let Some(text) = block.get(begin..).and_then(|text| text.get(..word.bytes.len())) else {
        return false;
    };
    match word.fold {
        true => text.eq_ignore_ascii_case(&word.bytes),
        false => *text == *word.bytes,
    }
}
