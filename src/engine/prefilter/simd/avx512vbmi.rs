//! The kernel for AVX-512VBMI.
//!
//! `vpermb` looks bytes up in a table of 64, so that one confirm does what takes two by nibbles and
//! an `and`. Bytes that differ in bits 5 and 7 alone share an entry, which are the letters in both
//! cases, control characters with digits and punctuation, and what is beyond ASCII with what is not.
//! What passes by that (`akia` for `AKIA`) the hash check and the comparison refuse; in logs it is little.
//!
//! Permutations and tests of bytes go through one port of the processor, which is what the time goes into. So the
//! kernel goes over the text once, makes as few masks as tell all classes, and leaves the rest to arithmetic on masks.
//! It also needs AVX-512VBMI2 and GFNI, which all such processors have but the very first ones.
#![allow(unsafe_code, reason = "vector loads, and calls behind the check for the feature")]

use std::arch::x86_64::*;

use super::super::bits::{MASK, bits};
use super::super::candidate::Candidate;
use super::super::classes::{Codes, Signs};
use super::super::confirm::{Confirm, Groups};
use super::super::driver::{Chunk, LINE, LONG_LINE, LineMasks, Text, each_chunk};
use super::super::fingerprint::Fingerprint;
use super::super::lines::Lines;
use super::super::planes::BitPlanes;
use super::{Tables, bucket, for_groups};
use crate::rules::plan::{MAX_GROUPS, WINDOW};

/// Tables for AVX-512VBMI. There is one only where the processor has it.
pub(in super::super) struct Avx512Vbmi {
    groups: Groups,
    tables: Aligned,
}

/// Each table in a cache line of its own.
#[repr(align(64))]
struct Aligned(Tables<64>);

impl Avx512Vbmi {
    pub(in super::super) fn is_available() -> bool {
        super::Avx512::is_available()
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("gfni")
    }

    pub(in super::super) fn new(groups: Groups, windows: &[Fingerprint]) -> Option<Self> {
        Self::is_available().then(|| Avx512Vbmi { groups, tables: Aligned(tables(windows)) })
    }
}

fn tables(windows: &[Fingerprint]) -> Tables<64> {
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

/// The entry of a byte: the byte without bits 5 and 7, closed up.
const fn entry(byte: u8) -> usize {
    (byte & 0x1F | byte >> 1 & 0x20) as usize
}

impl Avx512Vbmi {
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

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,gfni,bmi1,bmi2,popcnt")]
    fn find_line<const ROOM: usize>(&self, confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
        let mut masks = LineMasks::<ROOM>::new();
        for_groups!(self.groups, scan_line[ROOM](&self.tables.0, block, &mut masks));
        masks.find(confirm, block, found);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,gfni,bmi1,bmi2,popcnt")]
    fn find_pieces(&self, confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
        let tables = &self.tables.0;
        each_chunk::<true>(confirm, block, found, |text, first, count, piece| {
            for_groups!(self.groups, scan(tables, text, first, count, piece));
        });
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,gfni,bmi1,bmi2,popcnt")]
fn scan<const PLAIN: usize, const BEGIN: usize>(
    tables: &Tables<64>,
    text: &Text<'_>,
    first: usize,
    count: usize,
    piece: &mut Chunk<'_>,
) {
    let kernel = Kernel::<PLAIN, BEGIN>::new(tables);
    piece.fill_at_once(
        (text, first, count),
        // SAFETY: 64 bytes from `n` end with the text or before.
        |text| kernel.look(std::array::from_fn(|n| unsafe { _mm512_loadu_si512(text.as_ptr().add(n).cast()) })),
        |block, at| kernel.look(std::array::from_fn(|n| load(block, at + n))),
        |masks, places| list(masks, places),
    );
}

/// The same for a block of as many masks as there is room for, which leaves nothing in memory but them.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,gfni,bmi1,bmi2,popcnt")]
fn scan_line<const PLAIN: usize, const BEGIN: usize, const ROOM: usize>(
    tables: &Tables<64>,
    block: &[u8],
    masks: &mut LineMasks<ROOM>,
) {
    let kernel = Kernel::<PLAIN, BEGIN>::new(tables);
    let mut before = Signs::default();
    for mask in 0..block.len().div_ceil(MASK).min(LineMasks::<ROOM>::COUNT) {
        let BitPlanes { codes, plain, begin } = kernel.look(std::array::from_fn(|n| load(block, mask * MASK + n)));
        let class = codes.class();
        let begins = class.signs.begins_here(before);
        before = class.signs;
        masks.set(mask, class, plain | begin & begins);
    }
}

/// Writes where bits are set in masks, and says how many are.
///
/// Of half a mask at a time, without a branch for each bit, as no processor can foresee such a branch.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,bmi2,popcnt")]
fn list(masks: &[u64], places: &mut [u16]) -> usize {
    const HALF: usize = MASK / 2;
    const OFFSETS: [u16; HALF] = {
        let mut offsets = [0; HALF];
        let mut n = 0;
        while n < HALF {
            offsets[n] = n as u16;
            n += 1;
        }
        offsets
    };
    assert!(places.len() >= (masks.len() + 1) * MASK, "no room");
    // SAFETY: the load is of the 64 bytes of the array.
    let offsets = unsafe { _mm512_loadu_si512(OFFSETS.as_ptr().cast()) };
    let mut found = 0;
    for (number, masks) in masks.chunks(HALF).enumerate() {
        // Which halves show something.
        let mut shown = 0;
        for (n, eight) in masks.chunks(8).enumerate() {
            let there = _bzhi_u32(0xFF, eight.len() as u32) as u8;
            // SAFETY: the masks loaded are those that are there; what is masked out is not read.
            let eight = unsafe { _mm512_maskz_loadu_epi64(there, eight.as_ptr().cast()) };
            shown |= u64::from(_mm512_test_epi32_mask(eight, eight)) << (16 * n);
        }
        for half in bits(shown) {
            // SAFETY: half a mask of those that are there: no other shows something.
            let mask = unsafe { *masks.as_ptr().cast::<u32>().add(half) };
            let base = (number * MASK + half) * HALF;
            let at = _mm512_add_epi16(offsets, _mm512_set1_epi16(base as i16));
            // SAFETY: there is room for all bits of all masks, of which at most `found` come before this half, and for
            // half a mask more.
            unsafe {
                _mm512_storeu_si512(places.as_mut_ptr().add(found).cast(), _mm512_maskz_compress_epi16(mask, at));
            }
            found += mask.count_ones() as usize;
        }
    }
    found
}

/// The 64 bytes at `at`, zeros after the end of the block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,bmi2")]
fn load(block: &[u8], at: usize) -> __m512i {
    let left = block.len().saturating_sub(at).min(MASK) as u32;
    let there = _bzhi_u64(u64::MAX, left);
    // SAFETY: the bytes loaded are those that are there; what is masked out is not read, so that it
    // may be anywhere.
    unsafe { _mm512_maskz_loadu_epi8(there, block.as_ptr().wrapping_add(at).cast()) }
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

    /// Where among 64 bytes some bucket lets a window through, by the entries of each of its bytes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn find(&self, entries: &[__m512i; WINDOW]) -> u64 {
        let mut found = [_mm512_set1_epi8(-1); GROUPS];
        for (n, entries) in entries.iter().enumerate() {
            for (group, found) in found.iter_mut().enumerate() {
                let here = _mm512_permutexvar_epi8(*entries, self.0[group][n]);
                *found = _mm512_and_si512(*found, here);
            }
        }
        let found = found.into_iter().fold(_mm512_setzero_si512(), |a, b| _mm512_or_si512(a, b));
        _mm512_test_epi8_mask(found, found)
    }
}

/// The code of a byte, in the three highest bits.
const fn code(byte: u8) -> u8 {
    Codes::of(byte) << 5
}

/// The codes of the bytes of an entry together, and those of four bytes side by side, by the six high bits. What both
/// have is the byte's own.
const CODES: ([u8; 64], [u8; 64]) = {
    let (mut entries, mut fours) = ([0; 64], [0; 64]);
    let mut byte = 0;
    while byte < 256 {
        entries[entry(byte as u8)] |= code(byte as u8);
        fours[byte >> 2] |= code(byte as u8);
        byte += 1;
    }
    while byte > 0 {
        byte -= 1;
        assert!(entries[entry(byte as u8)] & fours[byte >> 2] == code(byte as u8));
    }
    (entries, fours)
};

/// The tables of [`CODES`] as vectors.
struct CodeVectors {
    entries: __m512i,
    fours: __m512i,
}

impl CodeVectors {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new() -> Self {
        // SAFETY: the loads are of the 64 bytes of arrays.
        unsafe {
            CodeVectors {
                entries: _mm512_loadu_si512(CODES.0.as_ptr().cast()),
                fours: _mm512_loadu_si512(CODES.1.as_ptr().cast()),
            }
        }
    }

    /// The codes of bytes, of which these are the entries.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn of(&self, bytes: __m512i, entries: __m512i) -> Codes {
        let by_entry = _mm512_permutexvar_epi8(entries, self.entries);
        let by_four = _mm512_permutexvar_epi8(_mm512_srli_epi16::<2>(bytes), self.fours);
        let codes = _mm512_and_si512(by_entry, by_four);
        let is = |bit: u8| _mm512_test_epi8_mask(codes, _mm512_set1_epi8(bit.cast_signed()));
        Codes([is(0x80), is(0x40), is(0x20)])
    }
}

/// All tables as vectors.
struct Kernel<const PLAIN: usize, const BEGIN: usize> {
    plain: Vectors<PLAIN>,
    begin: Vectors<BEGIN>,
    codes: CodeVectors,
}

impl<const PLAIN: usize, const BEGIN: usize> Kernel<PLAIN, BEGIN> {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new(tables: &Tables<64>) -> Self {
        Kernel { plain: Vectors::new(tables, 0), begin: Vectors::new(tables, PLAIN), codes: CodeVectors::new() }
    }

    /// Says all of 64 bytes, by them and by those one, two and three bytes behind each.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,gfni")]
    fn look(&self, text: [__m512i; WINDOW]) -> BitPlanes {
        let entries = text.map(|bytes| entries_of(bytes));
        BitPlanes {
            codes: self.codes.of(text[0], entries[0]),
            plain: self.plain.find(&entries),
            begin: if BEGIN > 0 { self.begin.find(&entries) } else { 0 },
        }
    }
}

/// What `entry` says of each byte. `vpermb` ignores the highest two bits.
#[inline]
#[target_feature(enable = "avx512f,gfni")]
fn entries_of(bytes: __m512i) -> __m512i {
    // A byte for each bit of the entry, the lowest first: which bit of the byte it is.
    const BITS: i64 = 0x0102_0408_1040_0000;
    _mm512_gf2p8affine_epi64_epi8::<0>(bytes, _mm512_set1_epi64(BITS))
}
