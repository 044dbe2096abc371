//! The kernel for AVX-512VBMI.
//!
//! `vpermb` looks bytes up in a table of 64, so that one lookup does what takes two by nibbles and
//! an `and`. ASCII has 128 bytes; those that differ in bit 5 alone share an entry, which are the
//! letters in both cases, and control characters with digits and punctuation. What passes by that
//! (`akia` for `AKIA`) the hash check and the comparison refuse; in logs it is little.
#![allow(unsafe_code, reason = "vector loads, and calls behind the check for the feature")]

use std::arch::x86_64::*;

use super::super::classes::Class;
use super::super::lookup::{Lookup, Window};
use super::super::{BACK, Groups, Hit, Lines, MASK, Piece, READ, Text, each_piece};
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
const fn entry(byte: u8) -> usize {
    (byte & 0x1F | byte >> 1 & 0x20) as usize
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
        each_piece(lookup, block, found, |text, first, count, piece| {
            for_groups!(self.groups, scan(tables, text, first, count, piece));
        });
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,bmi1,bmi2,popcnt")]
fn scan<const PLAIN: usize, const BEGIN: usize>(
    tables: &Tables<64>,
    text: &Text<'_>,
    first: usize,
    count: usize,
    piece: &mut Piece<'_>,
) {
    let plain = Vectors::<PLAIN>::new(tables, 0);
    let begin = Vectors::<BEGIN>::new(tables, PLAIN);
    let classes = ClassVectors::new();
    piece.fill(
        (text, first, count),
        |text, notes| classes.note(text, notes),
        |_, notes| {
            let windows = plain.windows(notes);
            // SAFETY: `find_pieces`
            _mm512_test_epi8_mask(windows, windows)
                | if BEGIN > 0 {
                    let b = begin.windows(notes);
                    _mm512_mask_test_epi8_mask(begins(notes), b, b)
                } else {
                    0
                }
        },
    );
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

    /// The buckets that let a window through, of notes from `BACK` bytes before on.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn windows(&self, notes: &[u8; BACK + READ]) -> __m512i {
        let mut found = [_mm512_set1_epi8(-1); GROUPS];
        for n in 0..WINDOW {
            // SAFETY: 64 bytes from `BACK + n` end at the end of the notes or before.
            let entries = unsafe { _mm512_loadu_si512(notes.as_ptr().add(BACK + n).cast()) };
            for (group, found) in found.iter_mut().enumerate() {
                let here = _mm512_permutexvar_epi8(entries, self.0[group][n]);
                *found = _mm512_and_si512(*found, here);
            }
        }
        found.into_iter().fold(_mm512_setzero_si512(), |a, b| _mm512_or_si512(a, b))
    }
}

/// Where a word of the text may begin, by notes from `BACK` bytes before on.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn begins(notes: &[u8; BACK + READ]) -> u64 {
    // SAFETY: 64 bytes from `BACK - by`, of which `by` is 1 to `BACK`, are within the notes.
    let behind = |by: usize| unsafe { _mm512_loadu_si512(notes.as_ptr().add(BACK - by).cast()) };
    let near = _mm512_or_si512(_mm512_or_si512(behind(2), behind(3)), behind(4));
    let marks = _mm512_or_si512(near, _mm512_or_si512(behind(5), behind(6)));
    // The bit of marks where that of words is. (0xF3: the first, or not the second.)
    let begins = _mm512_ternarylogic_epi32::<0xF3>(_mm512_add_epi8(marks, marks), behind(1), behind(1));
    _mm512_movepi8_mask(begins)
}

/// The class tables as vectors.
struct ClassVectors {
    entries: __m512i,
    fours: __m512i,
}

/// In notes, beside the byte's entry: a byte of a word, but no letter that a colour code ends with,
/// behind which a word may begin. (Whether it does the comparison asks, which looks further back.)
const WORD: u8 = 0x80;
/// In notes, beside the byte's entry: what escapes begin with.
const MARK: u8 = 0x40;
const DIGIT: u8 = 0x20;
const LINE: u8 = 0x10;
const AT: u8 = 0x08;

const fn classes_of(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => WORD | DIGIT,
        b'm' | b'M' | b'k' | b'K' => 0,
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => WORD,
        b'\n' => LINE,
        b'@' => AT,
        b'\\' | b'%' => MARK,
        _ => 0,
    }
}

/// The classes that bytes of an entry have, and those that one of four bytes side by side has, by
/// the six high bits. No byte has by both what it is not.
const CLASSES: ([u8; 64], [u8; 64]) = {
    let (mut entries, mut fours) = ([0; 64], [0; 64]);
    let mut byte = 0;
    while byte < 256 {
        entries[entry(byte as u8)] |= classes_of(byte as u8);
        fours[byte >> 2] |= classes_of(byte as u8);
        byte += 1;
    }
    while byte > 0 {
        byte -= 1;
        assert!(entries[entry(byte as u8)] & fours[byte >> 2] == classes_of(byte as u8));
    }
    (entries, fours)
};

impl ClassVectors {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new() -> Self {
        // SAFETY: the loads are of the 64 bytes of arrays.
        unsafe {
            ClassVectors {
                entries: _mm512_loadu_si512(CLASSES.0.as_ptr().cast()),
                fours: _mm512_loadu_si512(CLASSES.1.as_ptr().cast()),
            }
        }
    }

    /// Says of which classes the first 64 bytes are, and notes their entries, with `WORD` and `MARK` beside.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn note(&self, text: &[u8; READ], notes: &mut [u8; MASK]) -> Class {
        let all = |byte: u8| _mm512_set1_epi8(byte.cast_signed());
        // SAFETY: the load is of the first 64 bytes of the text.
        let bytes = unsafe { _mm512_loadu_si512(text.as_ptr().cast()) };
        // `entry`: bit 5 from the byte shifted, the others from the byte. `vpermb` ignores the
        // highest two. (0xCA: where the first has a one the second, else the third.)
        let entries = _mm512_ternarylogic_epi32::<0xCA>(all(0x20), _mm512_srli_epi16::<1>(bytes), bytes);
        let by_entry = _mm512_permutexvar_epi8(entries, self.entries);
        let by_four = _mm512_permutexvar_epi8(_mm512_srli_epi16::<2>(bytes), self.fours);
        let classes = _mm512_and_si512(by_entry, by_four);
        let noted = _mm512_ternarylogic_epi32::<0xCA>(all(WORD | MARK), classes, entries);
        // SAFETY: the store is of the 64 bytes of the notes.
        unsafe { _mm512_storeu_si512(notes.as_mut_ptr().cast(), noted) };
        let is = |bit| _mm512_test_epi8_mask(classes, all(bit));
        Class { digits: is(DIGIT), ats: is(AT), lines: is(LINE) }
    }
}
