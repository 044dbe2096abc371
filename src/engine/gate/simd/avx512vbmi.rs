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
use super::super::{BACK, Groups, Hit, LINE, LineMasks, Lines, MASK, Piece, READ, Text, each_piece};
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
    }

    pub(in super::super) fn new(groups: Groups, windows: &[Window]) -> Option<Self> {
        Self::is_available().then(|| Avx512Vbmi { groups, tables: Aligned(tables(windows)) })
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
        unsafe {
            if block.len() <= LINE {
                self.find_line(lookup, block, found);
            } else {
                self.find_pieces(lookup, block, found);
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    fn find_line(&self, lookup: &Lookup, block: &[u8], found: (&mut Vec<Hit>, &mut Lines)) {
        let mut masks = LineMasks::default();
        for_groups!(self.groups, scan_line(&self.tables.0, block, &mut masks));
        masks.find(lookup, block, found);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    fn find_pieces(&self, lookup: &Lookup, block: &[u8], found: (&mut Vec<Hit>, &mut Lines)) {
        let tables = &self.tables.0;
        each_piece(lookup, block, found, |text, first, count, piece| {
            for_groups!(self.groups, scan(tables, text, first, count, piece));
        });
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
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

/// The same for a block of at most [`LINE`] bytes, in one pass that leaves nothing in memory but masks.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
fn scan_line<const PLAIN: usize, const BEGIN: usize>(tables: &Tables<64>, block: &[u8], masks: &mut LineMasks) {
    let plain = Vectors::<PLAIN>::new(tables, 0);
    let begin = Vectors::<BEGIN>::new(tables, PLAIN);
    let classes = ClassVectors::new();
    let (mut words_before, mut marks_before) = (0, 0);
    for mask in 0..block.len().div_ceil(MASK).min(LINE / MASK) {
        let text: [_; WINDOW] = std::array::from_fn(|n| load(block, mask * MASK + n));
        let entries = text.map(|text| entries_of(text));
        let found = classes.of(text[0], entries[0]);
        let is = |bit: u8| _mm512_test_epi8_mask(found, _mm512_set1_epi8(bit.cast_signed()));
        let windows = plain.find(&entries);
        let mut windows = _mm512_test_epi8_mask(windows, windows);
        if BEGIN > 0 {
            let (words, marks) = (is(WORD), is(MARK));
            let mut begins = !(words << 1 | words_before >> 63);
            if marks | marks_before != 0 {
                begins |= behind_marks(marks, marks_before);
            }
            (words_before, marks_before) = (words, marks);
            let begin = begin.find(&entries);
            windows |= _mm512_test_epi8_mask(begin, begin) & begins;
        }
        masks.set(mask, Class { digits: is(DIGIT), ats: is(AT), lines: is(LINE_END) }, windows);
    }
}

/// What is two to `BACK` bytes behind a mark of this mask or of the one before.
fn behind_marks(marks: u64, before: u64) -> u64 {
    (2..=BACK as u32).fold(0, |behind, by| behind | marks << by | before >> (64 - by))
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

    /// The buckets that let a window through, of notes from `BACK` bytes before on.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn windows(&self, notes: &[u8; BACK + READ]) -> __m512i {
        // SAFETY: 64 bytes from `BACK + n` end at the end of the notes or before.
        self.find(&std::array::from_fn(|n| unsafe { _mm512_loadu_si512(notes.as_ptr().add(BACK + n).cast()) }))
    }

    /// The buckets that let a window through, by the entries of each of its bytes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn find(&self, entries: &[__m512i; WINDOW]) -> __m512i {
        let mut found = [_mm512_set1_epi8(-1); GROUPS];
        for (n, entries) in entries.iter().enumerate() {
            for (group, found) in found.iter_mut().enumerate() {
                let here = _mm512_permutexvar_epi8(*entries, self.0[group][n]);
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
const LINE_END: u8 = 0x10;
const AT: u8 = 0x08;

const fn classes_of(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => WORD | DIGIT,
        b'm' | b'M' | b'k' | b'K' => 0,
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => WORD,
        b'\n' => LINE_END,
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
        let entries = entries_of(bytes);
        let classes = self.of(bytes, entries);
        let noted = _mm512_ternarylogic_epi32::<0xCA>(all(WORD | MARK), classes, entries);
        // SAFETY: the store is of the 64 bytes of the notes.
        unsafe { _mm512_storeu_si512(notes.as_mut_ptr().cast(), noted) };
        let is = |bit| _mm512_test_epi8_mask(classes, all(bit));
        Class { digits: is(DIGIT), ats: is(AT), lines: is(LINE_END) }
    }

    /// The classes of bytes, of which these are the entries.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn of(&self, bytes: __m512i, entries: __m512i) -> __m512i {
        let by_entry = _mm512_permutexvar_epi8(entries, self.entries);
        let by_four = _mm512_permutexvar_epi8(_mm512_srli_epi16::<2>(bytes), self.fours);
        _mm512_and_si512(by_entry, by_four)
    }
}

/// What `entry` says of each byte. `vpermb` ignores the highest two bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn entries_of(bytes: __m512i) -> __m512i {
    // Bit 5 from the byte shifted, the others from the byte. (0xCA: where the first has a one the
    // second, else the third.)
    _mm512_ternarylogic_epi32::<0xCA>(_mm512_set1_epi8(0x20), _mm512_srli_epi16::<1>(bytes), bytes)
}
