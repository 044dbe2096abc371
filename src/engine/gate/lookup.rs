//! From a place where a window may begin to the words that are there.

use super::{Hit, MASK, push};
use crate::rules::plan::{Place, WINDOW, Word, may_begin};

/// What the gate looks for instead of a whole word.
#[derive(Clone, Copy)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the tables of vector kernels"))]
pub(super) struct Window {
    /// The bytes as they are in the word; if there are but three, then a zero.
    pub(super) bytes: [u8; WINDOW],
    /// Three or four.
    pub(super) len: usize,
    pub(super) fold: bool,
    pub(super) place: Place,
}

#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the tables of vector kernels"))]
impl Window {
    pub(super) fn new(word: &Word, place: Place) -> Window {
        let len = word.window_len();
        let mut bytes = [0; WINDOW];
        bytes[..len].copy_from_slice(&word.bytes[usize::from(place.offset)..][..len]);
        Window { bytes, len, fold: word.fold, place }
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

/// A hash of the three bytes at `text`, whatever their case, and five bits of the fourth, which tell
/// all letters apart.
///
/// The fourth byte is apart so that a window of three bytes can be entered once, with all of them.
#[derive(Clone, Copy)]
struct Key {
    slot: usize,
    bit: u32,
}

/// Bits of a slot number. 32 KiB of slots, few of which a log asks for.
const SLOT_BITS: u32 = 13;

impl Key {
    #[inline(always)]
    fn of(text: u32) -> Key {
        let folded = text | 0x2020_2020;
        Key { slot: ((folded << 8).wrapping_mul(0x9E37_79B1) >> (32 - SLOT_BITS)) as usize, bit: folded >> 24 & 31 }
    }
}

/// A word as it is compared.
struct Entry {
    /// The first eight bytes of the word, and zeros if it has less.
    text: u64,
    /// The bits that make small letters of what stands where a small letter must.
    fold: u64,
    /// All bits of the bytes that the word has.
    mask: u64,
    word: u16,
    /// Where in the word its window is.
    offset: u8,
    begins: bool,
}

impl Entry {
    fn new(index: usize, word: &Word, offset: u8) -> Entry {
        let mut entry = Entry { text: 0, fold: 0, mask: 0, word: index as u16, offset, begins: word.begins };
        for (n, &byte) in word.bytes.iter().take(size_of::<u64>()).enumerate() {
            let small = if word.fold { byte.to_ascii_lowercase() } else { byte };
            let bit = if word.fold && byte.is_ascii_alphabetic() { 0x20 } else { 0 };
            entry.text |= u64::from(small) << (8 * n);
            entry.fold |= bit << (8 * n);
            entry.mask |= 0xFF << (8 * n);
        }
        entry
    }
}

/// All words, by the hash of their window.
pub(super) struct Lookup {
    words: Vec<Word>,
    /// For each slot the fourth bytes that some window of the slot has.
    seen: Box<[u32; 1 << SLOT_BITS]>,
    /// The entries of a slot are those from its start to the next one's.
    starts: Vec<u16>,
    entries: Vec<Entry>,
}

impl Lookup {
    pub(super) fn new(words: Vec<Word>, windows: &[Window]) -> Lookup {
        let mut seen = Box::new([0; 1 << SLOT_BITS]);
        let mut starts = vec![0; (1 << SLOT_BITS) + 1];
        let mut keyed = Vec::with_capacity(windows.len());
        for (word, window) in windows.iter().enumerate() {
            let key = Key::of(u32::from_le_bytes(window.bytes));
            seen[key.slot] |= if window.len < WINDOW { u32::MAX } else { 1 << key.bit };
            starts[key.slot + 1] += 1;
            keyed.push((key.slot, Entry::new(word, &words[word], window.place.offset)));
        }
        for slot in 0..1 << SLOT_BITS {
            starts[slot + 1] += starts[slot];
        }
        keyed.sort_by_key(|&(slot, _)| slot);
        Lookup { words, seen, starts, entries: keyed.into_iter().map(|(_, entry)| entry).collect() }
    }

    /// Whether a window that begins with these four bytes passes the hash check.
    #[inline(always)]
    pub(super) fn may_be(&self, text: u32) -> bool {
        let key = Key::of(text);
        self.seen[key.slot] >> key.bit & 1 != 0
    }

    /// Appends the words whose windows are where `masks` says, of the text from `at`.
    ///
    /// In steps that do without a branch for each place, as no processor can foresee such a branch:
    /// the places of a batch of masks, those of them that pass the hash check, and then the words.
    #[inline(always)]
    pub(super) fn check(&self, block: &[u8], at: usize, masks: &[u64], hits: &mut Vec<Hit>) {
        let mut places = [0; BATCH * MASK + WRITTEN];
        for (number, batch) in masks.chunks(BATCH).enumerate() {
            let from = at + number * BATCH * MASK;
            let count = write_places(batch, &mut places);
            let mut kept = 0;
            for n in 0..count {
                let place = places[n];
                places[kept] = place;
                kept += usize::from(self.may_be(text_at(block, from + usize::from(place))));
            }
            for &place in &places[..kept] {
                self.compare(block, from + usize::from(place), hits);
            }
        }
    }

    /// Appends the words whose window is at `at`.
    fn compare(&self, block: &[u8], at: usize, hits: &mut Vec<Hit>) {
        let slot = Key::of(text_at(block, at)).slot;
        let entries = usize::from(self.starts[slot])..usize::from(self.starts[slot + 1]);
        for entry in &self.entries[entries] {
            let Some(begin) = at.checked_sub(usize::from(entry.offset)) else {
                continue;
            };
            let same = (eight_at(block, begin) | entry.fold) & entry.mask == entry.text;
            if same && self.is_word(entry, block, begin) {
                push(hits, begin, entry.word);
            }
        }
    }

    /// Whether the whole word is there, of which the first eight bytes are the same.
    fn is_word(&self, entry: &Entry, block: &[u8], begin: usize) -> bool {
        let word = &self.words[usize::from(entry.word)];
        let Some(text) = block.get(begin..begin + word.bytes.len()) else {
            return false;
        };
        let first = word.bytes.len().min(size_of::<u64>());
        let same = match word.fold {
            true => text[first..].eq_ignore_ascii_case(&word.bytes[first..]),
            false => text[first..] == word.bytes[first..],
        };
        same && (!entry.begins || may_begin(block, begin))
    }
}

/// Masks in a batch.
const BATCH: usize = 16;

/// How many places are written for a mask, were there fewer: few masks have more.
const WRITTEN: usize = 4;

/// Writes where bits are set in the masks of a batch; says how many are.
#[inline(always)]
fn write_places(batch: &[u64], places: &mut [u16; BATCH * MASK + WRITTEN]) -> usize {
    let mut count = 0;
    for (number, &mask) in batch.iter().enumerate() {
        let base = (number * MASK) as u16;
        let mut left = mask;
        let mut written = count;
        count += mask.count_ones() as usize;
        loop {
            for place in &mut places[written..written + WRITTEN] {
                *place = base + left.trailing_zeros() as u16;
                left &= left.wrapping_sub(1);
            }
            if left == 0 {
                break;
            }
            written += WRITTEN;
        }
    }
    count
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
