//! The kernel for AVX2.
#![allow(unsafe_code, reason = "vector loads, and calls behind the check for the feature")]

use std::arch::x86_64::*;

use super::super::lookup::{Lookup, Window};
use super::super::{Hit, MASK, Masks, digits, each_piece};
use super::{NibbleTables, READ, text};
use crate::rules::plan::WINDOW;

/// Tables for AVX2. There is one only where the processor has AVX2.
pub(in super::super) struct Avx2 {
    groups: usize,
    tables: NibbleTables,
}

impl Avx2 {
    pub(in super::super) fn is_available() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
    }

    pub(in super::super) fn new(groups: usize, windows: &[Window]) -> Option<Self> {
        Self::is_available().then(|| Avx2 { groups, tables: NibbleTables::new(windows) })
    }
}

impl Avx2 {
    /// Appends what the gate finds in a block; the hits of a piece are not sorted.
    pub(in super::super) fn find(&self, lookup: &Lookup, block: &[u8], hits: &mut Vec<Hit>) {
        // SAFETY: the processor has the features; `new` is the only source of a `self`.
        unsafe { self.find_pieces(lookup, block, hits) }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
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

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
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
    low: [[__m256i; WINDOW]; GROUPS],
    high: [[__m256i; WINDOW]; GROUPS],
    any: [__m256i; GROUPS],
}

impl<const GROUPS: usize> Vectors<GROUPS> {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(tables: &NibbleTables) -> Self {
        let mut vectors = Vectors {
            low: [[_mm256_setzero_si256(); WINDOW]; GROUPS],
            high: [[_mm256_setzero_si256(); WINDOW]; GROUPS],
            any: [_mm256_setzero_si256(); GROUPS],
        };
        for group in 0..GROUPS {
            for n in 0..WINDOW {
                vectors.low[group][n] = twice(&tables.low[group][n]);
                vectors.high[group][n] = twice(&tables.high[group][n]);
            }
            vectors.any[group] = _mm256_set1_epi8(tables.any[group].cast_signed());
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

/// Where a digit is and where an `@` is.
#[inline]
#[target_feature(enable = "avx2")]
fn classes(text: &[u8; READ]) -> (u64, u64) {
    let (mut digits, mut ats) = (0, 0);
    for from in [0, 32] {
        // SAFETY: the 32 bytes end at the 64th byte of the text or before.
        let bytes = unsafe { _mm256_loadu_si256(text.as_ptr().add(from).cast()) };
        let value = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0' as i8));
        let digit = _mm256_cmpeq_epi8(_mm256_min_epu8(value, _mm256_set1_epi8(9)), value);
        let at = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'@' as i8));
        digits |= u64::from(_mm256_movemask_epi8(digit).cast_unsigned()) << from;
        ats |= u64::from(_mm256_movemask_epi8(at).cast_unsigned()) << from;
    }
    (digits, ats)
}
