//! Where forms stand in a text: windows of a few bytes in a table, asked for at every n-th byte.
//!
//! With `shortest` the bytes of the shortest form and `q` those of a window, each form gives `step = shortest - q + 1`
//! windows in a row to the table. Whatever stands in the text then has exactly one of them at a multiple of `step`: to ask
//! there is enough, and the answer is exact. Three bits of a word say whether a window may be one; what they pass is told by
//! sixteen bits of hash, and then compared. The windows in a row are taken where a form has the rarest.

use memchr::memchr;

use super::digits::is_base64;
use super::form::{Ends, Form, Hit};
use super::guards::log_sample;
use crate::engine::wipe::forget;

/// The most windows in a row: more would take memory and no longer time.
const STEP_MAX: usize = 16;
/// How far from a form's front or its end its windows may begin: tokens are alike in front, addresses often behind.
const BEGIN_MAX: usize = 8;
/// Forms from which on windows have a byte more: texts are full of hexadecimal digits and base64, and a time of day is like
/// many a window of digits with colons.
const FORMS_OF_FIVE: usize = 4_000;
const FORMS_OF_SIX: usize = 60_000;
/// Bits for each window, of which three are set, so that one in 150 others passes, and the most bits: they stay in the
/// second-level cache.
const BITS_EACH: usize = 16;
const BITS_MAX_LOG2: u32 = 24;
const BITS_MIN_LOG2: u32 = 12;
/// The bits of a window, by eight bits of its hash: three of 64, any two windows' mostly others.
const BITS: [u64; 256] = {
    let mut bits = [0; 256];
    let mut n = 0;
    while n < bits.len() {
        let drawn = (n as u64 + 1).wrapping_mul(0xD129_42F9_0BB5_A3C7);
        bits[n] = 1 << (drawn >> 58) | 1 << (drawn >> 40 & 63) | 1 << (drawn >> 24 & 63);
        n += 1;
    }
    bits
};
/// Bytes that are compared in one go.
const COMPARED_AT_ONCE: usize = 64;
/// Bytes compared for each byte of text behind which a line is masked unjudged, and those that any text may cost.
const COMPARE_FACTOR_MAX: usize = 16;
const COMPARE_FREE: usize = 64 << 10;

/// One window of a form.
#[derive(Clone, Copy, Default)]
struct Entry {
    /// Of its hash; what it is itself stands in the form.
    print: u16,
    offset: u16,
    form: u32,
}

/// The table.
#[derive(Default)]
pub(super) struct Windows {
    step: usize,
    q: usize,
    bits: Vec<u64>,
    /// What of a hash is no word's number.
    bits_shift: u32,
    /// Where each bucket's entries begin.
    starts: Vec<u32>,
    buckets_shift: u32,
    entries: Vec<Entry>,
}

impl Windows {
    pub(super) fn new(forms: &[Form], bytes: &[u8]) -> Windows {
        let Some(shortest) = forms.iter().map(|f| f.len as usize).min() else {
            return Windows::default();
        };
        let wanted = 4 + usize::from(forms.len() > FORMS_OF_FIVE) + usize::from(forms.len() > FORMS_OF_SIX);
        let q = wanted.min(shortest);
        let step = (shortest - q + 1).min(STEP_MAX);
        let text = |f: &Form| &bytes[f.start as usize..(f.start + f.len) as usize];
        let rarity = Rarity::new(forms.iter().map(text), q, step);
        let count = forms.len() * step;
        let log2 = |n: usize| n.next_power_of_two().trailing_zeros();
        let bits_log2 = log2(count * BITS_EACH).clamp(BITS_MIN_LOG2, BITS_MAX_LOG2);
        let buckets_log2 = log2(count).max(6);
        let mut table = Windows {
            step,
            q,
            bits: vec![0; 1 << (bits_log2 - 6)],
            bits_shift: 64 - (bits_log2 - u64::BITS.ilog2()),
            starts: vec![0; (1 << buckets_log2) + 1],
            buckets_shift: 64 - buckets_log2,
            entries: vec![Entry::default(); count],
        };
        let begins: Vec<u16> = forms.iter().map(|f| rarity.begin(text(f), step) as u16).collect();
        let each = |f: &mut dyn FnMut(u64, Entry)| {
            for (n, form) in forms.iter().enumerate() {
                let begin = usize::from(begins[n]);
                for offset in begin..begin + step {
                    let hash = hash(window(text(form), offset, q));
                    f(hash, Entry { print: print(hash), offset: offset as u16, form: n as u32 });
                }
            }
        };
        each(&mut |hash, _| {
            let (word, bits) = table.bits_of(hash);
            table.bits[word] |= bits;
            table.starts[(hash >> table.buckets_shift) as usize + 1] += 1;
        });
        for n in 1..table.starts.len() {
            table.starts[n] += table.starts[n - 1];
        }
        let mut next = table.starts.clone();
        each(&mut |hash, entry| {
            let place = &mut next[(hash >> table.buckets_shift) as usize];
            table.entries[*place as usize] = entry;
            *place += 1;
        });
        table
    }

    pub(super) fn memory(&self) -> usize {
        self.bits.capacity() * 8 + self.starts.capacity() * 4 + self.entries.capacity() * size_of::<Entry>()
    }

    /// Calls `f` with each place of a form and the value it is of.
    pub(super) fn each(&self, text: &[u8], forms: &[Form], bytes: &[u8], f: &mut dyn FnMut(Hit, u32)) {
        if self.entries.is_empty() || text.len() < self.q {
            return;
        }
        let mut look = Look { table: self, text, forms, bytes, compared: 0, run: (0, 0), skip: 0, f };
        let mask = u64::MAX >> (64 - 8 * self.q);
        let (step, mut at) = (self.step, 0);
        let load = |at: usize| text.get(at..).and_then(|text| text.first_chunk()).map_or(0, |b| u64::from_le_bytes(*b));
        // Four at a time: most texts have none.
        while at + 3 * step + 8 <= text.len() {
            let hashes = [0, 1, 2, 3].map(|n| hash(load(at + n * step) & mask));
            if hashes.iter().fold(false, |any, hash| any | self.may_be(*hash)) {
                for (n, hash) in hashes.into_iter().enumerate() {
                    if self.may_be(hash) {
                        look.ask(at + n * step, hash);
                    }
                }
            }
            at += 4 * step;
        }
        while at + self.q <= text.len() {
            let hash = hash(window(text, at, self.q));
            if self.may_be(hash) {
                look.ask(at, hash);
            }
            at += step;
        }
    }

    #[inline(always)]
    fn may_be(&self, hash: u64) -> bool {
        let (word, bits) = self.bits_of(hash);
        self.bits[word] & bits == bits
    }

    /// The word of a window, and its bits there.
    #[inline(always)]
    fn bits_of(&self, hash: u64) -> (usize, u64) {
        ((hash >> self.bits_shift) as usize, BITS[(hash >> 26) as usize & (BITS.len() - 1)])
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        forget(&mut self.bits);
        forget(&mut self.entries);
        forget(&mut self.starts);
    }
}

/// One look through a text.
struct Look<'a> {
    table: &'a Windows,
    text: &'a [u8],
    forms: &'a [Form],
    bytes: &'a [u8],
    /// Bytes compared so far.
    compared: usize,
    /// The last run of base64 that was masked as a whole.
    run: (usize, usize),
    /// End of the line that was given up.
    skip: usize,
    f: &'a mut dyn FnMut(Hit, u32),
}

impl Look<'_> {
    /// A window that may be one.
    #[inline(never)]
    fn ask(&mut self, at: usize, hash: u64) {
        if at < self.skip {
            return;
        }
        let bucket = (hash >> self.table.buckets_shift) as usize;
        let range = self.table.starts[bucket] as usize..self.table.starts[bucket + 1] as usize;
        for n in range {
            let entry = self.table.entries[n];
            if entry.print == print(hash) {
                self.compare(at, entry);
            }
            if self.compared > COMPARE_FACTOR_MAX * at + COMPARE_FREE {
                return self.give_up(at);
            }
        }
    }

    fn compare(&mut self, at: usize, entry: Entry) {
        let form = self.forms[entry.form as usize];
        let len = form.len as usize;
        let Some(start) = at.checked_sub(usize::from(entry.offset)) else { return };
        let Some(there) = self.text.get(start..start + len) else { return };
        let own = &self.bytes[form.start as usize..form.start as usize + len];
        for (there, own) in there.chunks(COMPARED_AT_ONCE).zip(own.chunks(COMPARED_AT_ONCE)) {
            self.compared += own.len();
            if there != own {
                return;
            }
        }
        let (start, end) = match form.ends {
            Ends::Anywhere => (start, start + len),
            Ends::Words => {
                let word = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
                if word(start.checked_sub(1).and_then(|at| self.text.get(at))) || word(self.text.get(start + len)) {
                    return;
                }
                (start, start + len)
            }
            Ends::Run => self.run(start, start + len),
        };
        (self.f)(Hit { start, end, unjudged: false }, form.value);
    }

    /// The run of base64 around a place.
    fn run(&mut self, start: usize, end: usize) -> (usize, usize) {
        if !(self.run.0 <= start && end <= self.run.1) {
            let before = self.text[..start].iter().rev().take_while(|b| is_base64(**b)).count();
            let behind = self.text[end..].iter().take_while(|b| is_base64(**b)).count();
            self.run = (start - before, end + behind);
        }
        self.run
    }

    /// So many bytes were compared, as where values repeat themselves, that the rest of the line is masked.
    #[cold]
    fn give_up(&mut self, at: usize) {
        let from = memchr::memrchr(b'\n', &self.text[..at]).map_or(0, |line| line + 1);
        let end = memchr(b'\n', &self.text[at..]).map_or(self.text.len(), |line| at + line);
        self.skip = end;
        (self.f)(Hit { start: from, end, unjudged: true }, 0);
    }
}

/// How often windows stand in forms and in logs, roughly.
struct Rarity {
    counts: Vec<u16>,
    q: usize,
}

impl Rarity {
    fn new<'a>(forms: impl Iterator<Item = &'a [u8]>, q: usize, step: usize) -> Rarity {
        let mut rarity = Rarity { counts: vec![0; 1 << 16], q };
        let sample = log_sample().text();
        (0..=sample.len() - q).for_each(|at| rarity.count(sample, at, 8));
        for form in forms {
            let windows = form.len() - q + 1;
            let front = windows.min(BEGIN_MAX + step);
            let behind = windows.saturating_sub(BEGIN_MAX + step).max(front);
            (0..front).chain(behind..windows).for_each(|at| rarity.count(form, at, 1));
        }
        rarity
    }

    fn count(&mut self, text: &[u8], at: usize, weight: u16) {
        let place = (hash(window(text, at, self.q)) >> 48) as usize;
        self.counts[place] = self.counts[place].saturating_add(weight);
    }

    /// Where a form's windows in a row begin: where they are the rarest together. What stands in a text has any one of them
    /// where it is asked for; the commonest may be counted with another's, as a count is of a hash.
    fn begin(&self, form: &[u8], step: usize) -> usize {
        let last = form.len() - (step + self.q - 1);
        let front = 0..(last + 1).min(BEGIN_MAX);
        let behind = (last + 1).saturating_sub(BEGIN_MAX).max(front.end)..last + 1;
        let mut best = (u32::MAX, 0);
        for begins in [front, behind].into_iter().filter(|begins| !begins.is_empty()) {
            // Each window is part of many rows.
            let mut counts = [0; BEGIN_MAX + STEP_MAX];
            let counts = &mut counts[..begins.len() + step - 1];
            for (n, count) in counts.iter_mut().enumerate() {
                *count = self.counts[(hash(window(form, begins.start + n, self.q)) >> 48) as usize];
            }
            for (begin, row) in begins.zip(counts.windows(step)) {
                best = best.min((row.iter().copied().map(u32::from).sum(), begin));
            }
        }
        best.1
    }
}

#[inline(always)]
fn hash(window: u64) -> u64 {
    window.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn print(hash: u64) -> u16 {
    (hash >> 24) as u16
}

/// The `q` bytes at a place.
#[inline]
fn window(text: &[u8], at: usize, q: usize) -> u64 {
    if let Some(eight) = text[at..].first_chunk() {
        return u64::from_le_bytes(*eight) & (u64::MAX >> (64 - 8 * q));
    }
    let mut eight = [0; 8];
    eight[..q].copy_from_slice(&text[at..at + q]);
    u64::from_le_bytes(eight)
}
