//! The kernel for AVX-512BW.
#![allow(unsafe_code, reason = "vector loads, and calls behind the check for the feature")]

use std::arch::x86_64::*;

use super::super::bits::{MASK, READ};
use super::super::candidate::Candidate;
use super::super::classes::{Class, Signs};
use super::super::confirm::{Confirm, Groups};
use super::super::driver::{Chunk, Text, each_chunk};
use super::super::fingerprint::Fingerprint;
use super::super::lines::Lines;
use super::{NibbleClasses, NibbleTables, for_groups};
use crate::rules::plan::WINDOW;

/// Tables for AVX-512BW. There is one only where the processor has it.
pub(in super::super) struct Avx512 {
    groups: Groups,
    tables: NibbleTables,
}

impl Avx512 {
    pub(in super::super) fn is_available() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
    }

    pub(in super::super) fn new(groups: Groups, windows: &[Fingerprint]) -> Option<Self> {
        Self::is_available().then(|| Avx512 { groups, tables: NibbleTables::new(windows) })
    }
}

impl Avx512 {
    /// Appends what the prefilter finds in a block; the candidates of a piece are sorted.
    pub(in super::super) fn find(&self, confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
        // SAFETY: the processor has the features; `new` is the only source of a `self`.
        unsafe { self.find_pieces(confirm, block, found) }
    }

    #[target_feature(enable = "avx512f,avx512bw,bmi1,bmi2,popcnt")]
    fn find_pieces(&self, confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
        let tables = &self.tables;
        each_chunk::<false>(confirm, block, found, |text, first, count, piece| {
            for_groups!(self.groups, scan(confirm, tables, (text, first, count), piece));
        });
    }
}

#[target_feature(enable = "avx512f,avx512bw,bmi1,bmi2,popcnt")]
fn scan<const PLAIN: usize, const BEGIN: usize>(
    confirm: &Confirm,
    tables: &NibbleTables,
    (text, first, count): (&Text<'_>, usize, usize),
    piece: &mut Chunk<'_>,
) {
    let plain = Vectors::<PLAIN>::new(tables, 0);
    let begin = Vectors::<BEGIN>::new(tables, PLAIN);
    piece.fill(
        (text, first, count),
        |text| note(text),
        |text, begins| {
            let windows = plain.windows(text);
            if BEGIN > 0 { windows | begin.windows(text) & begins } else { windows }
        },
        |text| confirm.may_be(text),
    );
}

/// The tables as the vectors that are looked up.
struct Vectors<const GROUPS: usize> {
    low: [[__m512i; WINDOW]; GROUPS],
    high: [[__m512i; WINDOW]; GROUPS],
    any: [__m512i; GROUPS],
}

impl<const GROUPS: usize> Vectors<GROUPS> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn new(tables: &NibbleTables, first: usize) -> Self {
        let mut vectors = Vectors {
            low: [[_mm512_setzero_si512(); WINDOW]; GROUPS],
            high: [[_mm512_setzero_si512(); WINDOW]; GROUPS],
            any: [_mm512_setzero_si512(); GROUPS],
        };
        for group in 0..GROUPS {
            for n in 0..WINDOW {
                vectors.low[group][n] = four_times(&tables.low[first + group][n]);
                vectors.high[group][n] = four_times(&tables.high[first + group][n]);
            }
            vectors.any[group] = _mm512_set1_epi8(tables.any[first + group].cast_signed());
        }
        vectors
    }

    /// Where among the 64 bytes some bucket lets a window through.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn windows(&self, text: &[u8; READ]) -> u64 {
        let nibble = _mm512_set1_epi8(0x0F);
        let mut found = [_mm512_setzero_si512(); GROUPS];
        for n in (0..WINDOW).rev() {
            // SAFETY: 64 bytes from `n` end at `MASK + WINDOW - 1`, the end of the text, or before.
            let bytes = unsafe { _mm512_loadu_si512(text.as_ptr().add(n).cast()) };
            let (low, high) =
                (_mm512_and_si512(bytes, nibble), _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), nibble));
            for (group, found) in found.iter_mut().enumerate() {
                let by_low = _mm512_shuffle_epi8(self.low[group][n], low);
                let by_high = _mm512_shuffle_epi8(self.high[group][n], high);
                let here = _mm512_and_si512(by_low, by_high);
                *found = if n == WINDOW - 1 {
                    _mm512_or_si512(here, self.any[group])
                } else {
                    _mm512_and_si512(here, *found)
                };
            }
        }
        let found = found.into_iter().fold(_mm512_setzero_si512(), |a, b| _mm512_or_si512(a, b));
        _mm512_test_epi8_mask(found, found)
    }
}

/// The same sixteen bytes in all quarters, as each quarter is looked up by itself.
#[inline]
#[target_feature(enable = "avx512f")]
fn four_times(table: &[u8; 16]) -> __m512i {
    // SAFETY: the load is of the sixteen bytes of the array.
    _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}

/// Says of which classes the first 64 bytes are, by the bits of [`NibbleClasses`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn note(text: &[u8; READ]) -> Class {
    const { assert!(READ >= MASK) };
    // SAFETY: the load is of the first 64 bytes of the text.
    let bytes = unsafe { _mm512_loadu_si512(text.as_ptr().cast()) };
    let high = _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), all(0x0F));
    let low = _mm512_shuffle_epi8(four_times(&NibbleClasses::LOW), bytes);
    let found = _mm512_and_si512(low, _mm512_shuffle_epi8(four_times(&NibbleClasses::HIGH), high));
    let has = |bits| _mm512_test_epi8_mask(found, all(bits));
    Class {
        digits: _mm512_movepi8_mask(found),
        ats: has(NibbleClasses::AT),
        lines: has(NibbleClasses::LINE),
        signs: Signs { words: has(NibbleClasses::WORDS), marks: has(NibbleClasses::MARKS) },
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn all(byte: u8) -> __m512i {
    _mm512_set1_epi8(byte.cast_signed())
}
