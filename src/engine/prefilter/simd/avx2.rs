//! The kernel for AVX2.
#![allow(unsafe_code, reason = "vector loads, and calls behind the check for the feature")]

use std::arch::x86_64::*;

use super::super::bits::{BACK, MASK, READ};
use super::super::candidate::Candidate;
use super::super::classes::Class;
use super::super::confirm::{Confirm, Fingerprint, Groups};
use super::super::driver::{Chunk, Text, each_chunk};
use super::super::lines::Lines;
use super::{NibbleClasses, NibbleTables, for_groups};
use crate::rules::plan::WINDOW;

/// Tables for AVX2. There is one only where the processor has AVX2.
pub(in super::super) struct Avx2 {
    groups: Groups,
    tables: NibbleTables,
}

impl Avx2 {
    pub(in super::super) fn is_available() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
    }

    pub(in super::super) fn new(groups: Groups, windows: &[Fingerprint]) -> Option<Self> {
        Self::is_available().then(|| Avx2 { groups, tables: NibbleTables::new(windows) })
    }
}

impl Avx2 {
    /// Appends what the prefilter finds in a block; the candidates of a piece are sorted.
    pub(in super::super) fn find(&self, confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
        // SAFETY: the processor has the features; `new` is the only source of a `self`.
        unsafe { self.find_pieces(confirm, block, found) }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn find_pieces(&self, confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
        let tables = &self.tables;
        each_chunk::<true>(confirm, block, found, |text, first, count, piece| {
            for_groups!(self.groups, scan(tables, text, first, count, piece));
        });
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn scan<const PLAIN: usize, const BEGIN: usize>(
    tables: &NibbleTables,
    text: &Text<'_>,
    first: usize,
    count: usize,
    piece: &mut Chunk<'_>,
) {
    let plain = Vectors::<PLAIN>::new(tables, 0);
    let begin = Vectors::<BEGIN>::new(tables, PLAIN);
    piece.fill(
        (text, first, count),
        |text, notes| note(text, notes),
        |text, notes| {
            let windows = plain.windows(text);
            if BEGIN > 0 { windows | begin.windows(text) & begins(notes) } else { windows }
        },
    );
}

/// The tables as the vectors that are looked up.
struct Vectors<const GROUPS: usize> {
    low: [[__m256i; WINDOW]; GROUPS],
    high: [[__m256i; WINDOW]; GROUPS],
    any: [__m256i; GROUPS],
}

impl<const GROUPS: usize> Vectors<GROUPS> {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(tables: &NibbleTables, first: usize) -> Self {
        let mut vectors = Vectors {
            low: [[_mm256_setzero_si256(); WINDOW]; GROUPS],
            high: [[_mm256_setzero_si256(); WINDOW]; GROUPS],
            any: [_mm256_setzero_si256(); GROUPS],
        };
        for group in 0..GROUPS {
            for n in 0..WINDOW {
                vectors.low[group][n] = twice(&tables.low[first + group][n]);
                vectors.high[group][n] = twice(&tables.high[first + group][n]);
            }
            vectors.any[group] = _mm256_set1_epi8(tables.any[first + group].cast_signed());
        }
        vectors
    }

    /// Where among the 64 bytes some bucket lets a window through.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn windows(&self, text: &[u8; READ]) -> u64 {
        u64::from(self.half::<0>(text)) | u64::from(self.half::<32>(text)) << 32
    }

    /// Where among the 32 bytes from `FROM` some bucket lets a window through.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn half<const FROM: usize>(&self, text: &[u8; READ]) -> u32 {
        const { assert!(FROM + 32 <= MASK) };
        let nibble = _mm256_set1_epi8(0x0F);
        let mut found = [_mm256_setzero_si256(); GROUPS];
        for n in (0..WINDOW).rev() {
            // SAFETY: 32 bytes from `FROM + n` end at `MASK + WINDOW - 1`, the end of the text, or before.
            let bytes = unsafe { _mm256_loadu_si256(text.as_ptr().add(FROM + n).cast()) };
            let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
            for (group, found) in found.iter_mut().enumerate() {
                let here = _mm256_and_si256(
                    _mm256_shuffle_epi8(self.low[group][n], bytes),
                    _mm256_shuffle_epi8(self.high[group][n], high),
                );
                *found = if n == WINDOW - 1 {
                    _mm256_or_si256(here, self.any[group])
                } else {
                    _mm256_and_si256(here, *found)
                };
            }
        }
        let found = found.into_iter().fold(_mm256_setzero_si256(), |a, b| _mm256_or_si256(a, b));
        let none = _mm256_cmpeq_epi8(found, _mm256_setzero_si256());
        !_mm256_movemask_epi8(none).cast_unsigned()
    }
}

/// The same sixteen bytes in both halves, as each half is looked up by itself.
#[inline]
#[target_feature(enable = "avx2")]
fn twice(table: &[u8; 16]) -> __m256i {
    // SAFETY: the load is of the sixteen bytes of the array.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}

/// Says of which classes the first 64 bytes are, and notes the bits of [`NibbleClasses`].
///
/// Looked up, not compared: LLVM makes of such comparisons what takes ten times as long.
#[inline]
#[target_feature(enable = "avx2")]
fn note(text: &[u8; READ], notes: &mut [u8; MASK]) -> Class {
    let mut class = Class { digits: 0, ats: 0, lines: 0 };
    for from in [0, 32] {
        // SAFETY: the 32 bytes end at the 64th byte of the text or before.
        let bytes = unsafe { _mm256_loadu_si256(text.as_ptr().add(from).cast()) };
        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), all(0x0F));
        let low = _mm256_shuffle_epi8(twice(&NibbleClasses::LOW), bytes);
        let found = _mm256_and_si256(low, _mm256_shuffle_epi8(twice(&NibbleClasses::HIGH), high));
        // SAFETY: the 32 bytes end at the 64th of the notes or before.
        unsafe { _mm256_storeu_si256(notes.as_mut_ptr().add(from).cast(), found) };
        // The highest bit is what counts.
        let mask = |found| u64::from(_mm256_movemask_epi8(found).cast_unsigned()) << from;
        class.digits |= mask(found);
        class.ats |= mask(_mm256_slli_epi16::<{ NibbleClasses::AT.leading_zeros() as i32 }>(found));
        class.lines |= mask(_mm256_slli_epi16::<{ NibbleClasses::LINE.leading_zeros() as i32 }>(found));
    }
    class
}

/// Where a word of the text may begin, by notes from `BACK` bytes before on.
#[inline]
#[target_feature(enable = "avx2")]
fn begins(notes: &[u8; BACK + READ]) -> u64 {
    let mut begins = 0;
    for from in [0, 32] {
        // SAFETY: 32 bytes from `BACK - by + from`, of which `by` is 1 to `BACK`, are within the notes.
        let behind = |by: usize| unsafe { _mm256_loadu_si256(notes.as_ptr().add(BACK - by + from).cast()) };
        let near = _mm256_or_si256(_mm256_or_si256(behind(2), behind(3)), behind(4));
        let escaped = _mm256_or_si256(near, _mm256_or_si256(behind(5), behind(6)));
        let escaped = _mm256_cmpgt_epi8(_mm256_and_si256(escaped, all(NibbleClasses::MARKS)), all(0));
        let gaps = _mm256_cmpeq_epi8(_mm256_and_si256(behind(1), all(NibbleClasses::WORDS)), all(0));
        begins |= u64::from(_mm256_movemask_epi8(_mm256_or_si256(escaped, gaps)).cast_unsigned()) << from;
    }
    begins
}

#[inline]
#[target_feature(enable = "avx2")]
fn all(byte: u8) -> __m256i {
    _mm256_set1_epi8(byte.cast_signed())
}
