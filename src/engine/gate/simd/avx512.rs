//! The kernel for AVX-512BW.
#![allow(unsafe_code, reason = "vector loads, and calls behind the check for the feature")]

use std::arch::x86_64::*;

use super::super::lookup::{Lookup, Window};
use super::super::{Hit, MASK, Masks, digits, each_piece};
use super::{NibbleTables, READ, text};
use crate::rules::plan::WINDOW;

/// Tables for AVX-512BW. There is one only where the processor has it.
pub(in super::super) struct Avx512 {
    groups: usize,
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

    pub(in super::super) fn new(groups: usize, windows: &[Window]) -> Option<Self> {
        Self::is_available().then(|| Avx512 { groups, tables: NibbleTables::new(windows) })
    }
}

impl Avx512 {
    /// Appends what the gate finds in a block; the hits of a piece are not sorted.
    pub(in super::super) fn find(&self, lookup: &Lookup, block: &[u8], hits: &mut Vec<Hit>) {
        // SAFETY: the processor has the features; `new` is the only source of a `self`.
        unsafe { self.find_pieces(lookup, block, hits) }
    }

    #[target_feature(enable = "avx512f,avx512bw,bmi1,bmi2,popcnt")]
    fn find_pieces(&self, lookup: &Lookup, block: &[u8], hits: &mut Vec<Hit>) {
        let tables = &self.tables;
        each_piece(lookup, block, hits, |first, count, masks| match self.groups {
            1 => scan::<1>(tables, block, first, count, masks),
            2 => scan::<2>(tables, block, first, count, masks),
            3 => scan::<3>(tables, block, first, count, masks),
            _ => scan::<4>(tables, block, first, count, masks),
        });
    }
}

#[target_feature(enable = "avx512f,avx512bw,bmi1,bmi2,popcnt")]
fn scan<const GROUPS: usize>(tables: &NibbleTables, block: &[u8], first: usize, count: usize, masks: &mut Masks) {
    let tables = Vectors::<GROUPS>::new(tables);
    let mut spare = [0; READ];
    for (mask, windows) in masks.windows[..count].iter_mut().enumerate() {
        *windows = tables.windows(text(block, first + mask, &mut spare));
    }
    // Mask number -1 has no text; there are no digits in it.
    for near in usize::from(first == 0)..count + 3 {
        let text = text(block, first + near - 1, &mut spare);
        (masks.digits[near], masks.ats[near]) = classes(text);
    }
    digits::find_joints(count, masks);
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
    fn new(tables: &NibbleTables) -> Self {
        let mut vectors = Vectors {
            low: [[_mm512_setzero_si512(); WINDOW]; GROUPS],
            high: [[_mm512_setzero_si512(); WINDOW]; GROUPS],
            any: [_mm512_setzero_si512(); GROUPS],
        };
        for group in 0..GROUPS {
            for n in 0..WINDOW {
                vectors.low[group][n] = four_times(&tables.low[group][n]);
                vectors.high[group][n] = four_times(&tables.high[group][n]);
            }
            vectors.any[group] = _mm512_set1_epi8(tables.any[group].cast_signed());
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
            let high = _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), nibble);
            for (group, found) in found.iter_mut().enumerate() {
                let low = _mm512_shuffle_epi8(self.low[group][n], bytes);
                let high = _mm512_shuffle_epi8(self.high[group][n], high);
                *found = if n == WINDOW - 1 {
                    _mm512_or_si512(_mm512_and_si512(low, high), self.any[group])
                } else {
                    _mm512_and_si512(_mm512_and_si512(low, high), *found)
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

/// Where a digit is and where an `@` is.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn classes(text: &[u8; READ]) -> (u64, u64) {
    const { assert!(READ >= MASK) };
    // SAFETY: the load is of the first 64 bytes of the text.
    let bytes = unsafe { _mm512_loadu_si512(text.as_ptr().cast()) };
    let value = _mm512_sub_epi8(bytes, _mm512_set1_epi8(b'0' as i8));
    (_mm512_cmplt_epu8_mask(value, _mm512_set1_epi8(10)), _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'@' as i8)))
}
