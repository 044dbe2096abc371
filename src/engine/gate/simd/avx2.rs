//! The kernel for AVX2.
#![allow(unsafe_code, reason = "vector loads, and calls behind the check for the feature")]

use std::arch::x86_64::*;
use std::hint::black_box;

use super::super::classes::Class;
use super::super::lookup::{Lookup, Window};
use super::super::masks::READ;
use super::super::{Groups, Hit, Lines, MASK, Masks, Text, each_piece};
use super::{NibbleTables, for_groups};
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

    pub(in super::super) fn new(groups: Groups, windows: &[Window]) -> Option<Self> {
        Self::is_available().then(|| Avx2 { groups, tables: NibbleTables::new(windows) })
    }
}

impl Avx2 {
    /// Appends what the gate finds in a block; the hits of a piece are sorted.
    pub(in super::super) fn find(&self, lookup: &Lookup, block: &[u8], found: (&mut Vec<Hit>, &mut Lines)) {
        // SAFETY: the processor has the features; `new` is the only source of a `self`.
        unsafe { self.find_pieces(lookup, block, found) }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn find_pieces(&self, lookup: &Lookup, block: &[u8], found: (&mut Vec<Hit>, &mut Lines)) {
        let tables = &self.tables;
        each_piece(lookup, block, found, |text, first, count, masks| {
            for_groups!(self.groups, scan(tables, text, first, count, masks));
        });
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn scan<const PLAIN: usize, const BEGIN: usize>(
    tables: &NibbleTables,
    text: &Text<'_>,
    first: usize,
    count: usize,
    masks: &mut Masks<'_>,
) {
    // Mask number -1 has no text; there is nothing in it.
    let mut all = masks.classes.first(count + 2);
    for near in usize::from(first == 0)..count + 2 {
        all.set(near, classes(text.at(first + near - 1)));
    }
    masks.derive(count, BEGIN > 0);
    let plain = Vectors::<PLAIN>::new(tables, 0);
    let begin = Vectors::<BEGIN>::new(tables, PLAIN);
    let masks = masks.windows[..count].iter_mut().zip(&masks.begins[1..]);
    for (mask, (windows, begins)) in masks.enumerate() {
        let text = text.at(first + mask);
        // Opaque: LLVM would make vectors of single bits of the rest, which AVX2 has not, bit by bit.
        *windows = black_box(plain.windows(text)) | black_box(begin.windows(text)) & begins;
    }
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

/// Of which classes the first 64 bytes are.
///
/// Looked up as windows are, by nibbles, with a bit for each set of bytes that is one of high nibbles
/// with one of low nibbles. Not compared: LLVM makes of such comparisons what takes ten times as long.
#[inline]
#[target_feature(enable = "avx2")]
fn classes(text: &[u8; READ]) -> Class {
    // Bits 7 to 4: digits, A-O and a-o, P-Z and p-z, `_`; 3: `@`; 2 and 1: `\\`, `%`; 0: k and m.
    const LOW: [u8; 16] =
        [0xA8, 0xE0, 0xE0, 0xE0, 0xE0, 0xE2, 0xE0, 0xE0, 0xE0, 0xE0, 0x60, 0x41, 0x44, 0x41, 0x40, 0x50];
    const HIGH: [u8; 16] = [0, 0, 0x02, 0x80, 0x49, 0x34, 0x41, 0x20, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut class = Class::default();
    for from in [0, 32] {
        // SAFETY: the 32 bytes end at the 64th byte of the text or before.
        let bytes = unsafe { _mm256_loadu_si256(text.as_ptr().add(from).cast()) };
        let all = |byte: u8| _mm256_set1_epi8(byte.cast_signed());
        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), all(0x0F));
        let found = _mm256_and_si256(_mm256_shuffle_epi8(twice(&LOW), bytes), _mm256_shuffle_epi8(twice(&HIGH), high));
        let mask = |found| u64::from(_mm256_movemask_epi8(found).cast_unsigned()) << from;
        // The highest bit is what counts: a sum that reaches it has one of the bits kept.
        let any = |bits, rest| _mm256_adds_epu8(_mm256_and_si256(found, all(bits)), all(rest));
        class.digits |= mask(found);
        class.ats |= mask(_mm256_slli_epi16::<4>(found));
        class.words |= mask(any(0xF0, 0x70));
        class.marks |= mask(any(0x06, 0x7E));
        class.ends |= mask(_mm256_slli_epi16::<7>(found));
        class.lines |= mask(_mm256_cmpeq_epi8(bytes, all(b'\n')));
    }
    class
}
