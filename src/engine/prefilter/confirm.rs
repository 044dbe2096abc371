//! From a place where a window may begin to the literals that are there.

use super::bits::{MASK, bits};
use super::candidate::{Candidate, push};
use crate::engine::footprint::Footprint;
use crate::rules::plan::{Literal, Place, WINDOW, may_begin, may_begin_sees};

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

/// What the prefilter looks for instead of a whole word.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64")),
    allow(dead_code, reason = "for the tables of vector kernels")
)]
pub(super) struct Fingerprint {
    /// The bytes as they are in the word; if there are but three, then a zero.
    pub(super) bytes: [u8; WINDOW],
    /// Three or four.
    pub(super) len: usize,
    pub(super) fold: bool,
    pub(super) place: Place,
}

#[cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64")),
    allow(dead_code, reason = "for the tables of vector kernels")
)]
impl Fingerprint {
    pub(super) fn new(word: &Literal, place: Place) -> Fingerprint {
        let len = word.window_len();
        let mut bytes = [0; WINDOW];
        bytes[..len].copy_from_slice(&word.bytes[usize::from(place.offset)..][..len]);
        Fingerprint { bytes, len, fold: word.fold, place }
    }

    /// The texts of four bytes that it is, a zero behind three: in all cases, if it ignores them.
    fn texts(&self) -> impl Iterator<Item = u32> {
        let text = u32::from_le_bytes(self.bytes);
        // Bit 5 is what makes a small letter. That of the fourth byte is in no key.
        let cases = (self.bytes.iter().take(WINDOW - 1).enumerate())
            .filter(|(_, byte)| self.fold && byte.is_ascii_alphabetic())
            .fold(0, |cases, (n, _)| cases | 0x20 << (8 * n));
        subsets(cases).map(move |case| text & !cases | case)
    }

    /// For each of four positions, the bytes it accepts; `None` where it accepts any.
    pub(super) fn accepts(&self) -> [Option<[u8; 2]>; WINDOW] {
        std::array::from_fn(|n| {
            let byte = self.bytes[n];
            (n < self.len).then(|| match self.fold {
                true => [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()],
                false => [byte, byte],
            })
        })
    }
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

/// All choices among the bits of a mask.
fn subsets(mask: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(mask), move |&choice| (choice != 0).then(|| (choice - 1) & mask))
}

/// How many bytes of a word are compared at first, all at once.
const FIRST: usize = size_of::<u64>();

/// A word as it is compared: of `password for `, whose window is `rd f`, at first ` for ` and the three bytes before it. A
/// slot has the words with one window, and what stands around it tells `password for ` from `password was `.
struct Entry {
    /// The bytes of the word that are compared at first, and zeros if it has less than eight.
    text: u64,
    /// The bits that make small letters of what stands where a small letter must.
    fold: u64,
    /// All bits of the bytes that the word has.
    mask: u64,
    word: u32,
    /// Where in the word its window is.
    offset: u8,
    /// Where in the word the bytes are that are compared at first.
    first: u8,
    /// Whether it has more bytes than these.
    long: bool,
    begins: bool,
    /// Whether the slot has another entry behind it.
    more: bool,
}

impl Entry {
    fn new(index: usize, word: &Literal, offset: u8) -> Entry {
        let (long, begins) = (word.bytes.len() > FIRST, word.begins);
        let first = offset.min(word.bytes.len().saturating_sub(FIRST) as u8);
        let mut entry =
            Entry { text: 0, fold: 0, mask: 0, word: index as u32, offset, first, long, begins, more: false };
        for (n, &byte) in word.bytes[usize::from(first)..].iter().take(FIRST).enumerate() {
            let small = if word.fold { byte.to_ascii_lowercase() } else { byte };
            let bit = if word.fold && byte.is_ascii_alphabetic() { 0x20 } else { 0 };
            entry.text |= u64::from(small) << (8 * n);
            entry.fold |= bit << (8 * n);
            entry.mask |= 0xFF << (8 * n);
        }
        entry
    }

    /// Where its word begins, if around the window at `at` stand the bytes of it that are compared at first.
    #[inline(always)]
    fn begin(&self, block: &[u8], at: usize) -> Option<usize> {
        let begin = at.wrapping_sub(usize::from(self.offset));
        let text = eight_at(block, begin.wrapping_add(usize::from(self.first)));
        (begin <= at && (text | self.fold) & self.mask == self.text).then_some(begin)
    }
}

/// All literals, by the hash of their window.
pub(super) struct Confirm {
    literals: Vec<Literal>,
    slots: Box<[Slot; 1 << SLOT_BITS]>,
    /// Where the entries of a slot begin, if it has some: apart, as few are asked for.
    starts: Box<[u32; 1 << SLOT_BITS]>,
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
        let mut entries: Vec<Entry> = keyed.iter().map(entry).collect();
        for at in (0..keyed.len()).rev() {
            starts[usize::from(keyed[at].0)] = at as u32;
            entries[at].more = keyed.get(at + 1).is_some_and(|next| next.0 == keyed[at].0);
        }
        Confirm { literals, slots, starts, entries }
    }

    /// Whether a window that begins with these four bytes passes the hash check.
    #[inline(always)]
    pub(super) fn may_be(&self, text: u32) -> bool {
        let key = Key::of(text);
        let slot = &self.slots[key.slot];
        (slot.seen >> key.bit & 1 != 0) | (slot.three == text & THREE)
    }

    /// Appends those of these places of the text from `at` that pass the hash check.
    ///
    /// In steps that do without a branch for each place, as no processor can foresee such a branch.
    #[inline(never)]
    pub(super) fn check(&self, block: &[u8], at: usize, places: &mut [u16], candidates: &mut Vec<Candidate>) {
        let mut kept = 0;
        // From `at` on, so that no sum of offsets may be too large for what the compiler knows.
        let text = &block[at..];
        for n in 0..places.len() {
            let place = places[n];
            places[kept] = place;
            kept += usize::from(self.may_be(text_at(text, usize::from(place))));
        }
        let hashed = std::mem::take(&mut kept);
        for n in 0..hashed {
            let place = places[n];
            places[kept] = place;
            kept += usize::from(self.is_near(block, at + usize::from(place), text_at(text, usize::from(place))));
        }
        candidates.extend(places[..kept].iter().map(|place| {
            let place = usize::from(*place);
            Candidate::fingerprint(at + place, self.start(text_at(text, place)))
        }));
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
                if self.may_be(text) && self.is_near(block, at, text) {
                    candidates.push(Candidate::fingerprint(at, self.start(text)));
                }
            }
        }
    }

    /// Whether eight bytes of a literal stand around the window at `at`, which begins with these four bytes and
    /// passes the hash check: three of four do in other words of real logs, as `mission ` for `permission `.
    #[inline(always)]
    fn is_near(&self, block: &[u8], at: usize, text: u32) -> bool {
        let may_be =
            |entry: &Entry| entry.begin(block, at).is_some_and(|begin| !entry.begins || may_begin(block, begin));
        self.entries(self.start(text) as usize).any(may_be)
    }

    /// Appends the literals whose window is at `at`; the first of its slot is `first`.
    #[inline(always)]
    pub(super) fn literals(&self, block: &[u8], at: usize, first: usize, literals: &mut Vec<Candidate>) {
        for entry in &self.entries[first..] {
            if let Some(begin) = entry.begin(block, at)
                && self.is_whole(entry, block, begin)
            {
                push(literals, begin, entry.word);
            }
            if !entry.more {
                break;
            }
        }
    }

    /// The bytes that say what `literals` finds, with those that the slot follows from.
    pub(super) fn footprint(&self, block: &[u8], at: usize, first: usize) -> Footprint {
        let mut seen = Footprint::new(at, at + WINDOW);
        for entry in self.entries(first) {
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

    /// The entries of the slot whose first one is given.
    #[inline(always)]
    fn entries(&self, first: usize) -> impl Iterator<Item = &Entry> {
        let mut more = true;
        self.entries[first..].iter().take_while(move |entry| std::mem::replace(&mut more, entry.more))
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

/// The four bytes at `at`; zeros after the end of the block.
#[inline(always)]
fn text_at(block: &[u8], at: usize) -> u32 {
    match block.get(at..at + WINDOW) {
        Some(text) => u32::from_le_bytes([text[0], text[1], text[2], text[3]]),
        None => u32::from_le_bytes(last_bytes(block, at)),
    }
}

/// The eight bytes at `at`; zeros after the end of the block.
#[inline(always)]
fn eight_at(block: &[u8], at: usize) -> u64 {
    match block.get(at..).and_then(|text| text.first_chunk()) {
        Some(text) => u64::from_le_bytes(*text),
        None => u64::from_le_bytes(last_bytes(block, at)),
    }
}

/// The bytes from `at`, of which there are less than `N`, and zeros.
#[cold]
fn last_bytes<const N: usize>(block: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    let rest = block.get(at..).unwrap_or_default();
    bytes[..rest.len()].copy_from_slice(rest);
    bytes
}
