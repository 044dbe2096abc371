//! What keys are, remembered: logs write the same keys over and over.
//!
//! A verdict follows from a key's own bytes, a word that stands a blank before it, and a byte or two
//! before these, so this is what it is remembered by: all of them, not a hash. A remembered key is known
//! by the bytes before its end, without a look at where it begins.

use crate::engine::keys::{Keys, SecretKey};
use crate::engine::notation::Record;
use crate::engine::notation::key::{self, KeySite, LastWord, Words};
use crate::engine::notation::run::inner;
use crate::engine::shortcuts::Shortcut;
use crate::engine::wipe::forget;

/// Pairs of keys remembered.
const PAIRS: usize = 256;
/// The most bytes a verdict may follow from that is remembered.
const TAIL_BYTES: usize = 4 * size_of::<u64>();
/// The most of them that lead to its pair.
const HASH_BYTES: usize = 2 * size_of::<u64>();

/// From `len` on, the bits of the last `len` bytes of a tail.
const LAST: [u8; 2 * TAIL_BYTES] = {
    let mut bytes = [0; 2 * TAIL_BYTES];
    let mut n = TAIL_BYTES;
    while n < bytes.len() {
        bytes[n] = 0xFF;
        n += 1;
    }
    bytes
};

/// The verdicts on the keys met last.
#[derive(Default)]
pub(crate) struct KeyCache {
    /// Whose verdicts they are ([`Keys::id`]).
    keys: u64,
    /// By [`Tail::pair`], the last one first; none before the first key.
    slots: Vec<[Slot; 2]>,
}

/// What was said of a key; places count from its end back.
#[derive(Clone, Copy, Default)]
struct Slot {
    /// What the verdict follows from, zeros before it.
    tail: Tail,
    /// How much that is.
    seen: u8,
    /// Where the word of the key stands by which it was found.
    word: u8,
    start: u8,
    open: u8,
    dashes: u8,
    known: Option<SecretKey>,
}

/// The bytes before a key's end.
#[derive(Clone, Copy, Default)]
struct Tail([u64; 4]);

/// A key's verdict, and where what was looked at for it begins.
pub(crate) struct KeyClass {
    pub(crate) known: Option<SecretKey>,
    pub(crate) from: usize,
    /// The key without its quotes, if nothing before it but a blank and a word was looked at.
    pub(crate) plain: Option<KeySite>,
}

impl KeyCache {
    /// What the key is for, if it is a secret's, whose word stands at `at` and which ends at `end`.
    pub(crate) fn judge(&mut self, keys: &Keys, rec: &Record<'_>, at: usize, end: usize) -> KeyClass {
        if !keys.shortcuts.take(Shortcut::KeyCache) {
            return judge(keys, rec, at, end);
        }
        let (tail, word) = (Tail::of(rec, end), end - at);
        if self.keys != keys.id() || self.slots.is_empty() {
            self.forget();
            self.slots.resize(PAIRS, Default::default());
            self.keys = keys.id();
        }
        let pair = &mut self.slots[tail.pair(rec.before(at), word)];
        for slot in &*pair {
            if slot.is(&tail, word) {
                return slot.judged(end);
            }
        }
        let judged = judge(keys, rec, at, end);
        if let Some(slot) = Slot::of(&judged, &tail, word, end) {
            pair[1] = pair[0];
            pair[0] = slot;
        }
        judged
    }

    /// Whether none is remembered.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Forgets all of them and gives their memory back. A key is a piece of the input: it is overwritten.
    pub(crate) fn forget(&mut self) {
        forget(&mut self.slots);
    }
}

/// The verdict on the key whose word stands at `at` and which ends at `end`.
#[cold]
pub(crate) fn judge(keys: &Keys, rec: &Record<'_>, at: usize, end: usize) -> KeyClass {
    let begin = key::begin(rec, at);
    // What an escape leaves of itself in the identifier is no part of the key.
    if matches!(rec.before(begin), Some(b'\\' | b'%' | b'[' | b';')) {
        let known = classify(keys, rec, &key::around(rec, at, end));
        return KeyClass { known, from: begin.saturating_sub(key::REMNANT_REACH_BYTES), plain: None };
    }
    let site = key::plain_site(rec, begin, at, end);
    // The byte before what is the key's was looked at; where that is a blank, one word more, and its end.
    let begun = match key::blank_word(rec, &site) {
        Some(word) => word,
        None if site.dashes > 0 || rec.before(site.start) != Some(b' ') => begin,
        None if matches!(rec.last(site.start, 2), [b, b' '] if b.is_ascii_alphanumeric()) => {
            // A word that is longer than any that is taken along.
            site.start.saturating_sub(key::BLANK_WORD_BYTES_MAX + 1)
        }
        None => site.start - 1,
    };
    // Behind a sign beyond ASCII all was read that may be one word with the key.
    let before = if rec.before(begun).is_none_or(|b| b.is_ascii()) { 1 } else { key::KEY_BYTES_MAX };
    KeyClass { known: classify(keys, rec, &site), from: begun.saturating_sub(before), plain: Some(site) }
}

pub(crate) fn classify(keys: &Keys, rec: &Record<'_>, site: &KeySite) -> Option<SecretKey> {
    let words = Words::of(rec, site);
    match keys.may_end(&LastWord::of(rec, site.end)) {
        true => keys.classify(&words),
        false => keys.classify_named(&words),
    }
}

impl Slot {
    /// What is to be remembered of a verdict, if there is room for it.
    fn of(judged: &KeyClass, tail: &Tail, word: usize, end: usize) -> Option<Slot> {
        let site = judged.plain.as_ref()?;
        let before = |at: usize| u8::try_from(end - at).ok();
        // Where nothing stands before it, the line end in place of that was looked at.
        let seen = if judged.from == 0 { end + 1 } else { end - judged.from };
        Some(Slot {
            tail: tail.last(seen)?,
            seen: seen as u8,
            word: u8::try_from(word).ok()?,
            start: before(site.start)?,
            open: before(site.open)?,
            dashes: site.dashes,
            known: judged.known,
        })
    }

    /// Whether this is the key that ends with the tail, and the same word of it.
    #[inline(always)]
    fn is(&self, tail: &Tail, word: usize) -> bool {
        let own = tail.last(usize::from(self.seen)).is_some_and(|last| last.is(&self.tail));
        own && usize::from(self.word) == word
    }

    #[inline(always)]
    fn judged(&self, end: usize) -> KeyClass {
        let at = |before: u8| end - usize::from(before);
        let plain = KeySite { start: at(self.start), end, dashes: self.dashes, quote: None, open: at(self.open) };
        KeyClass { known: self.known, from: end.saturating_sub(usize::from(self.seen)), plain: Some(plain) }
    }
}

impl Tail {
    /// The bytes before `end`; before the first one it is as if a line ended.
    #[inline(always)]
    fn of(rec: &Record<'_>, end: usize) -> Tail {
        match rec.chunk_before(end) {
            Ok(bytes) => Tail::new(bytes),
            Err(bytes) => Tail::short(bytes),
        }
    }

    #[cold]
    fn short(bytes: &[u8]) -> Tail {
        let mut tail = [b'\n'; TAIL_BYTES];
        tail[TAIL_BYTES - bytes.len()..].copy_from_slice(bytes);
        Tail::new(&tail)
    }

    #[inline(always)]
    fn new(bytes: &[u8; TAIL_BYTES]) -> Tail {
        let mut tail = Tail::default();
        for (word, bytes) in tail.0.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        tail
    }

    /// The last bytes of it, zeros before them, if it has as many.
    #[inline(always)]
    fn last(&self, len: usize) -> Option<Tail> {
        let mask = Tail::new(LAST.get(len..)?.first_chunk()?);
        Some(Tail(std::array::from_fn(|n| self.0[n] & mask.0[n])))
    }

    /// Whether it is the same, word by word: as a whole it would be read from where it has just been written.
    #[inline(always)]
    fn is(&self, other: &Tail) -> bool {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        (a ^ e) | (b ^ f) | (c ^ g) | (d ^ h) == 0
    }

    /// Where the key is remembered that ends here, behind a byte and its last `word` ones.
    #[inline(always)]
    fn pair(&self, before: Option<u8>, word: usize) -> usize {
        // What tells keys of one last word apart stands before it.
        let more = before.is_some_and(|b| inner(b) || matches!(b, b'-' | b'.' | b' '));
        let len = if more { HASH_BYTES } else { HASH_BYTES.min(word + 1) };
        let [.., c, d] = self.last(len).unwrap_or_default().0;
        let mixed = (c.rotate_left(21) ^ d ^ word as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> (u64::BITS - PAIRS.ilog2())) as usize
    }
}

impl Drop for KeyCache {
    fn drop(&mut self) {
        self.forget();
    }
}
