//! The kernel for AVX-512VBMI.
//!
//! `vpermb` looks bytes up in a table of 64, so that one lookup does what takes two by nibbles and
//! an `and`. ASCII has 128 bytes; those that differ in bit 5 alone share an entry, which are the
//! letters in both cases, and control characters with digits and punctuation. What passes by that
//! (`akia` for `AKIA`) the hash check and the comparison refuse; in logs it is little.
#![allow(unsafe_code, reason = "vector loads, and calls behind the check for the feature")]

use std::arch::x86_64::*;

use super::super::lookup::{Lookup, Window};
use super::super::masks::READ;
use super::super::{Groups, Hit, Lines, Masks, Text, each_piece};
use super::avx512::classes;
use super::{Tables, bucket, for_groups};
use crate::rules::plan::{MAX_GROUPS, WINDOW};

/// Tables for AVX-512VBMI. There is one only where the processor has it.
pub(in super::super) struct Avx512Vbmi {
    groups: Groups,
    tables: Tables<64>,
}

impl Avx512Vbmi {
    pub(in super::super) fn is_available() -> bool {
        super::Avx512::is_available() && is_x86_feature_detected!("avx512vbmi")
    }

    pub(in super::super) fn new(groups: Groups, windows: &[Window]) -> Option<Self> {
        Self::is_available().then(|| Avx512Vbmi { groups, tables: tables(windows) })
    }
}

fn tables(windows: &[Window]) -> Tables<64> {
    let mut tables = [[[0; 64]; WINDOW]; MAX_GROUPS];
    for window in windows {
        let (group, bit) = bucket(window);
        for (table, accepted) in tables[group].iter_mut().zip(window.accepts()) {
            match accepted {
                Some(bytes) => bytes.into_iter().for_each(|byte| table[entry(byte)] |= bit),
                None => table.iter_mut().for_each(|entry| *entry |= bit),
            }
        }
    }
    tables
}

/// The entry of a byte: the byte without bit 5, closed up. Bit 7 goes too: words are ASCII.
fn entry(byte: u8) -> usize {
    usize::from(byte & 0x1F | byte >> 1 & 0x20)
}

impl Avx512Vbmi {
    /// Appends what the gate finds in a block; the hits of a piece are sorted.
    pub(in super::super) fn find(&self, lookup: &Lookup, block: &[u8], found: (&mut Vec<Hit>, &mut Lines)) {
        // SAFETY: the processor has the features; `new` is the only source of a `self`.
        unsafe { self.find_pieces(lookup, block, found) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,bmi1,bmi2,popcnt")]
    fn find_pieces(&self, lookup: &Lookup, block: &[u8], found: (&mut Vec<Hit>, &mut Lines)) {
        let tables = &self.tables;
        each_piece(lookup, block, found, |text, first, count, masks| {
            for_groups!(self.groups, scan(tables, text, first, count, masks));
        });
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,bmi1,bmi2,popcnt")]
fn scan<const PLAIN: usize, const BEGIN: usize>(
    tables: &Tables<64>,
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
        *windows = plain.windows(text) | begin.windows(text) & begins;
    }
}

/// The tables as the vectors that are looked up.
struct Vectors<const GROUPS: usize>([[__m512i; WINDOW]; GROUPS]);

impl<const GROUPS: usize> Vectors<GROUPS> {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(tables: &Tables<64>, first: usize) -> Self {
        let mut vectors = [[_mm512_setzero_si512(); WINDOW]; GROUPS];
        for (vectors, tables) in vectors.iter_mut().zip(&tables[first..]) {
            for (vector, table) in vectors.iter_mut().zip(tables) {
                // SAFETY: the load is of the 64 bytes of the array.
                *vector = unsafe { _mm512_loadu_si512(table.as_ptr().cast()) };
            }
        }
        Vectors(vectors)
    }

    /// Where among the 64 bytes some bucket lets a window through.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn windows(&self, text: &[u8; READ]) -> u64 {
        let bit = _mm512_set1_epi8(0x20);
        let mut found = [_mm512_set1_epi8(-1); GROUPS];
        for n in 0..WINDOW {
            // SAFETY: 64 bytes from `n` end at `MASK + WINDOW - 1`, the end of the text, or before.
            let bytes = unsafe { _mm512_loadu_si512(text.as_ptr().add(n).cast()) };
            // `entry`: bit 5 from the byte shifted, the others from the byte. `vpermb` ignores the
            // highest two. (0xCA: where the first has a one the second, else the third.)
            let shifted = _mm512_srli_epi16::<1>(bytes);
            let entries = _mm512_ternarylogic_epi32::<0xCA>(bit, shifted, bytes);
            for (group, found) in found.iter_mut().enumerate() {
                let here = _mm512_permutexvar_epi8(entries, self.0[group][n]);
                *found = _mm512_and_si512(*found, here);
            }
        }
        let found = found.into_iter().fold(_mm512_setzero_si512(), |a, b| _mm512_or_si512(a, b));
        _mm512_test_epi8_mask(found, found)
    }
}
