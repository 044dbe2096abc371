//! The kernel for AVX2.
#![allow(unsafe_code, reason = "vector loads, and calls behind the check for the feature")]

use std::arch::x86_64::*;

use super::super::bits::{MASK, READ};
use super::super::candidate::Candidate;
use super::super::classes::{Class, Signs};
use super::super::confirm::{Confirm, Groups};
use super::super::driver::{Chunk, LINE, LONG_LINE, LineMasks, Text, each_chunk};
use super::super::fingerprint::Fingerprint;
use super::super::lines::Lines;
use super::{NibbleClasses, NibbleTables, for_groups};
use crate::rules::plan::{MAX_GROUPS, WINDOW};

/// Tables for AVX2. There is one only where the processor has AVX2.
pub(in super::super) struct Avx2 {
    groups: Groups,
    tables: Vectors,
}

impl Avx2 {
    pub(in super::super) fn is_available() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
    }

    pub(in super::super) fn new(groups: Groups, windows: &[Fingerprint]) -> Option<Self> {
        // SAFETY: the processor has the feature.
        Self::is_available().then(|| Avx2 { groups, tables: unsafe { Vectors::new(&NibbleTables::new(windows)) } })
    }
}

impl Avx2 {
    /// Appends what the prefilter finds in a block; the candidates of a piece are sorted.
    pub(in super::super) fn find(&self, confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
        // SAFETY: the processor has the features; `new` is the only source of a `self`.
        unsafe {
            if block.len() <= LINE {
                self.find_line::<{ LINE / MASK + 2 }>(confirm, block, found);
            } else if block.len() <= LONG_LINE {
                self.find_line::<{ LONG_LINE / MASK + 2 }>(confirm, block, found);
            } else {
                self.find_pieces(confirm, block, found);
            }
        }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn find_line<const ROOM: usize>(&self, confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
        let (tables, text) = (&self.tables, Text::new(block));
        let mut masks = LineMasks::<ROOM>::new();
        for_groups!(self.groups, scan_line[ROOM](tables, &text, block.len().div_ceil(MASK), &mut masks));
        masks.find(confirm, block, found);
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn find_pieces(&self, confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
        let tables = &self.tables;
        each_chunk::<false>(confirm, block, found, |text, first, count, piece| {
            for_groups!(self.groups, scan(confirm, tables, (text, first, count), piece));
        });
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn scan<const PLAIN: usize, const BEGIN: usize>(
    confirm: &Confirm,
    tables: &Vectors,
    (text, first, count): (&Text<'_>, usize, usize),
    piece: &mut Chunk<'_>,
) {
    piece.fill(
        (text, first, count),
        |text| note(text),
        |text, begins| tables.all_windows::<PLAIN, BEGIN>(text, begins),
        |text| confirm.may_be(text),
    );
}

/// The same for a block of at most as many masks as there is room for.
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn scan_line<const PLAIN: usize, const BEGIN: usize, const ROOM: usize>(
    tables: &Vectors,
    text: &Text<'_>,
    count: usize,
    masks: &mut LineMasks<ROOM>,
) {
    let mut before = Signs::default();
    for mask in 0..count.min(LineMasks::<ROOM>::COUNT) {
        let text = text.at(mask);
        let class = note(text);
        let begins = class.signs.begins_here(before);
        before = class.signs;
        masks.set(mask, class, tables.all_windows::<PLAIN, BEGIN>(text, begins));
    }
}

/// The tables as the vectors that are looked up, the plain groups' first.
struct Vectors {
    low: [[__m256i; WINDOW]; MAX_GROUPS],
    high: [[__m256i; WINDOW]; MAX_GROUPS],
    any: [__m256i; MAX_GROUPS],
}

impl Vectors {
    #[target_feature(enable = "avx2")]
    fn new(tables: &NibbleTables) -> Self {
        let mut vectors = Vectors {
            low: [[_mm256_setzero_si256(); WINDOW]; MAX_GROUPS],
            high: [[_mm256_setzero_si256(); WINDOW]; MAX_GROUPS],
            any: [_mm256_setzero_si256(); MAX_GROUPS],
        };
        for group in 0..MAX_GROUPS {
            for n in 0..WINDOW {
                vectors.low[group][n] = twice(&tables.low[group][n]);
                vectors.high[group][n] = twice(&tables.high[group][n]);
            }
            vectors.any[group] = _mm256_set1_epi8(tables.any[group].cast_signed());
        }
        vectors
    }

    /// Where among the 64 bytes some bucket lets a window through, of those that are to begin a word where one may.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn all_windows<const PLAIN: usize, const BEGIN: usize>(&self, text: &[u8; READ], begins: u64) -> u64 {
        let plain = self.windows::<PLAIN>(0, text);
        if BEGIN > 0 { plain | self.windows::<BEGIN>(PLAIN, text) & begins } else { plain }
    }

    /// Where among the 64 bytes some bucket of the groups from `first` on lets a window through. Both halves are looked
    /// up in a table at once: it is loaded for them only.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn windows<const GROUPS: usize>(&self, first: usize, text: &[u8; READ]) -> u64 {
        const HALVES: usize = 2;
        const { assert!(HALVES * 32 == MASK && MASK + WINDOW - 1 <= READ) };
        let nibble = all(0x0F);
        let mut found = [[_mm256_setzero_si256(); HALVES]; GROUPS];
        for n in (0..WINDOW).rev() {
            // SAFETY: 32 bytes from `32 + n` end at `MASK + WINDOW - 1`, the end of the text, or before.
            let bytes: [_; HALVES] =
                std::array::from_fn(|half| unsafe { _mm256_loadu_si256(text.as_ptr().add(32 * half + n).cast()) });
            let low = bytes.map(|bytes| _mm256_and_si256(bytes, nibble));
            let high = bytes.map(|bytes| _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble));
            for (group, found) in found.iter_mut().enumerate() {
                let (by_low, by_high) = (self.low[first + group][n], self.high[first + group][n]);
                for half in 0..HALVES {
                    let here = _mm256_and_si256(
                        _mm256_shuffle_epi8(by_low, low[half]),
                        _mm256_shuffle_epi8(by_high, high[half]),
                    );
                    found[half] = if n == WINDOW - 1 {
                        _mm256_or_si256(here, self.any[first + group])
                    } else {
                        _mm256_and_si256(here, found[half])
                    };
                }
            }
        }
        let none = _mm256_setzero_si256();
        let there = |half: usize| {
            let found = found.iter().fold(none, |any, found| _mm256_or_si256(any, found[half]));
            u64::from(!_mm256_movemask_epi8(_mm256_cmpeq_epi8(found, none)).cast_unsigned())
        };
        there(0) | there(1) << 32
    }
}

/// The same sixteen bytes in both halves, as each half is looked up by itself.
#[inline]
#[target_feature(enable = "avx2")]
fn twice(table: &[u8; 16]) -> __m256i {
    // SAFETY: the load is of the sixteen bytes of the array.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}

/// Says of which classes the first 64 bytes are, by the bits of [`NibbleClasses`].
///
/// Looked up, not compared: LLVM makes of such comparisons what takes ten times as long.
#[inline]
#[target_feature(enable = "avx2")]
fn note(text: &[u8; READ]) -> Class {
    let mut class = Class { digits: 0, ats: 0, lines: 0, signs: Signs::default() };
    for from in [0, 32] {
        // SAFETY: the 32 bytes end at the 64th byte of the text or before.
        let bytes = unsafe { _mm256_loadu_si256(text.as_ptr().add(from).cast()) };
        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), all(0x0F));
        let low = _mm256_shuffle_epi8(twice(&NibbleClasses::LOW), bytes);
        let found = _mm256_and_si256(low, _mm256_shuffle_epi8(twice(&NibbleClasses::HIGH), high));
        // The highest bit is what counts.
        let mask = |found| u64::from(_mm256_movemask_epi8(found).cast_unsigned()) << from;
        let has = |bits| mask(_mm256_cmpgt_epi8(_mm256_and_si256(found, all(bits)), all(0)));
        class.digits |= mask(found);
        class.ats |= mask(_mm256_slli_epi16::<{ NibbleClasses::AT.leading_zeros() as i32 }>(found));
        class.lines |= mask(_mm256_slli_epi16::<{ NibbleClasses::LINE.leading_zeros() as i32 }>(found));
        // Of the bits of words the highest is that of digits, which makes a number negative.
        class.signs.words |= has(NibbleClasses::WORDS & i8::MAX as u8);
        class.signs.marks |= has(NibbleClasses::MARKS);
    }
    class.signs.words |= class.digits;
    class
}

#[inline]
#[target_feature(enable = "avx2")]
fn all(byte: u8) -> __m256i {
    _mm256_set1_epi8(byte.cast_signed())
}
