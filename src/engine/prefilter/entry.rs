//! What is compared at a place that passed the hash check: the window, then eight bytes of its word.

use super::fingerprint::Fingerprint;
use crate::rules::plan::{Literal, WINDOW};

/// How many bytes of a word are compared at first, all at once.
pub(super) const FIRST: usize = size_of::<u64>();

/// A word as it is compared: of `password for `, whose window is `rd f`, at first ` for ` and the three bytes before it. A
/// slot has the words with one window, and what stands around it tells `password for ` from `password was `.
pub(super) struct Entry {
    /// The bytes of the word that are compared at first, and zeros if it has less than eight.
    text: u64,
    /// The bits that make small letters of what stands where a small letter must.
    fold: u64,
    /// All bits of the bytes that the word has.
    mask: u64,
    pub(super) word: u32,
    /// Where in the word its window is.
    pub(super) offset: u8,
    /// Where in the word the bytes are that are compared at first.
    pub(super) first: u8,
    /// Whether it has more bytes than these.
    pub(super) long: bool,
    pub(super) begins: bool,
}

impl Entry {
    pub(super) fn new(index: usize, word: &Literal, offset: u8) -> Entry {
        let (long, begins) = (word.bytes.len() > FIRST, word.begins);
        let first = offset.min(word.bytes.len().saturating_sub(FIRST) as u8);
        let mut entry = Entry { text: 0, fold: 0, mask: 0, word: index as u32, offset, first, long, begins };
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
    pub(super) fn begin(&self, block: &[u8], at: usize) -> Option<usize> {
        let begin = at.wrapping_sub(usize::from(self.offset));
        let text = eight_at(block, begin.wrapping_add(usize::from(self.first)));
        (begin <= at && (text | self.fold) & self.mask == self.text).then_some(begin)
    }
}

/// The window of an entry, apart from the rest: a slot has up to some thirty entries, as all windows that begin with the same
/// three bytes share it (`rd f` of `password for`, `rd w`), and nearly all of them have another window than the text.
#[derive(Clone, Copy)]
pub(super) struct Window {
    /// Its bytes, the bits that make small letters of them, and all bits of the bytes that it has.
    text: u32,
    fold: u32,
    mask: u32,
    /// Whether the slot has another entry behind it.
    pub(super) more: bool,
}

impl Window {
    pub(super) fn new(window: &Fingerprint) -> Window {
        let mut key = Window { text: 0, fold: 0, mask: 0, more: false };
        for (n, &byte) in window.bytes[..window.len].iter().enumerate() {
            let small = if window.fold { byte.to_ascii_lowercase() } else { byte };
            let bit = if window.fold && byte.is_ascii_alphabetic() { 0x20 } else { 0 };
            key.text |= u32::from(small) << (8 * n);
            key.fold |= bit << (8 * n);
            key.mask |= 0xFF << (8 * n);
        }
        key
    }

    #[inline(always)]
    pub(super) fn is(&self, text: u32) -> bool {
        (text | self.fold) & self.mask == self.text
    }
}

/// The four bytes at `at`; zeros after the end of the block.
#[inline(always)]
pub(super) fn text_at(block: &[u8], at: usize) -> u32 {
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
