//! The kernel for NEON, which every 64-bit ARM processor has.
#![allow(unsafe_code, reason = "vector loads, and calls behind the check for the feature")]

use std::arch::aarch64::*;
use std::arch::is_aarch64_feature_detected;

use super::super::bits::{MASK, READ};
use super::super::candidate::Candidate;
use super::super::classes::{Class, Signs};
use super::super::confirm::{Confirm, Groups};
use super::super::driver::{Chunk, Text, each_chunk};
use super::super::fingerprint::Fingerprint;
use super::super::lines::Lines;
use super::{NibbleClasses, NibbleTables, for_groups};
use crate::rules::plan::WINDOW;

/// Tables for NEON. There is one only where the processor has NEON.
pub(in super::super) struct Neon {
    groups: Groups,
    tables: NibbleTables,
}

impl Neon {
    pub(in super::super) fn is_available() -> bool {
        // With the highest byte first the bits of a mask would be in another order.
        cfg!(target_endian = "little") && is_aarch64_feature_detected!("neon")
    }

    pub(in super::super) fn new(groups: Groups, windows: &[Fingerprint]) -> Option<Self> {
        Self::is_available().then(|| Neon { groups, tables: NibbleTables::new(windows) })
    }
}

impl Neon {
    /// Appends what the prefilter finds in a block; the candidates of a piece are sorted.
    pub(in super::super) fn find(&self, confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
        // SAFETY: the processor has NEON; `new` is the only source of a `self`.
        unsafe { self.find_pieces(confirm, block, found) }
    }

    #[target_feature(enable = "neon")]
    fn find_pieces(&self, confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
        let tables = &self.tables;
        each_chunk::<false>(confirm, block, found, |text, first, count, piece| {
            for_groups!(self.groups, scan(confirm, tables, (text, first, count), piece));
        });
    }
}

#[target_feature(enable = "neon")]
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
            let text = Nibbles::new(text);
            let windows = plain.windows(&text);
            if BEGIN > 0 { windows | begin.windows(&text) & begins } else { windows }
        },
        |text| confirm.may_be(text),
    );
}

/// How many vectors hold the bytes of a mask.
const STRIDE: usize = MASK / 16;

/// The bytes of a mask, deinterleaved: byte `n` is in vector `n % STRIDE`. So the bits of neighbours are in the
/// same place of four vectors, from where `mask` has them side by side at once.
type Bytes = [uint8x16_t; STRIDE];

/// The first 64 bytes and those behind them, deinterleaved: the byte `n` further on than one is in its place of the
/// vector `n` further on.
#[inline]
#[target_feature(enable = "neon")]
fn neighbours<const TEXT: usize, const COUNT: usize>(text: &[u8; TEXT]) -> [uint8x16_t; COUNT] {
    const { assert!(COUNT >= STRIDE && TEXT >= MASK + COUNT - STRIDE) };
    let mut vectors = [vdupq_n_u8(0); COUNT];
    vectors[..STRIDE].copy_from_slice(&deinterleave(text));
    for n in STRIDE..COUNT {
        // The vector without its first byte, and behind it the one behind its last.
        vectors[n] = vextq_u8::<1>(vectors[n - STRIDE], vdupq_n_u8(text[MASK + n - STRIDE]));
    }
    vectors
}

/// The low and the high nibbles of a text, as `neighbours` has its bytes.
struct Nibbles {
    low: [uint8x16_t; STRIDE + WINDOW - 1],
    high: [uint8x16_t; STRIDE + WINDOW - 1],
}

impl Nibbles {
    #[inline]
    #[target_feature(enable = "neon")]
    fn new(text: &[u8; READ]) -> Self {
        let bytes = neighbours(text);
        Nibbles { low: bytes.map(|bytes| low(bytes)), high: bytes.map(|bytes| high(bytes)) }
    }
}

/// `tbl` gives zero for a byte of 16 or more, not for one whose highest bit is set: so all high bits go.
#[inline]
#[target_feature(enable = "neon")]
fn low(bytes: uint8x16_t) -> uint8x16_t {
    vandq_u8(bytes, vdupq_n_u8(0x0F))
}

#[inline]
#[target_feature(enable = "neon")]
fn high(bytes: uint8x16_t) -> uint8x16_t {
    vshrq_n_u8::<4>(bytes)
}

/// The tables as the vectors that are looked up.
struct Vectors<const GROUPS: usize> {
    low: [[uint8x16_t; WINDOW]; GROUPS],
    high: [[uint8x16_t; WINDOW]; GROUPS],
    any: [uint8x16_t; GROUPS],
}

impl<const GROUPS: usize> Vectors<GROUPS> {
    #[inline]
    #[target_feature(enable = "neon")]
    fn new(tables: &NibbleTables, first: usize) -> Self {
        let zero = vdupq_n_u8(0);
        let mut vectors =
            Vectors { low: [[zero; WINDOW]; GROUPS], high: [[zero; WINDOW]; GROUPS], any: [zero; GROUPS] };
        for group in 0..GROUPS {
            for n in 0..WINDOW {
                vectors.low[group][n] = load(&tables.low[first + group][n]);
                vectors.high[group][n] = load(&tables.high[first + group][n]);
            }
            vectors.any[group] = vdupq_n_u8(tables.any[first + group]);
        }
        vectors
    }

    /// Where among the 64 bytes some bucket lets a window through.
    ///
    /// One table through all of the text before the next: the text is what fits into the registers.
    #[inline]
    #[target_feature(enable = "neon")]
    fn windows(&self, text: &Nibbles) -> u64 {
        let mut all = [vdupq_n_u8(0); STRIDE];
        for group in 0..GROUPS {
            let mut found = [self.any[group]; STRIDE];
            for n in (0..WINDOW).rev() {
                let (low, high) = (self.low[group][n], self.high[group][n]);
                for (at, found) in found.iter_mut().enumerate() {
                    let here = vandq_u8(vqtbl1q_u8(low, text.low[at + n]), vqtbl1q_u8(high, text.high[at + n]));
                    *found = if n == WINDOW - 1 { vorrq_u8(here, *found) } else { vandq_u8(here, *found) };
                }
            }
            for (all, found) in all.iter_mut().zip(found) {
                *all = vorrq_u8(*all, found);
            }
        }
        mask(all.map(|found| vtstq_u8(found, found)))
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: the load is of the sixteen bytes of the array.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

/// The first 64 bytes.
#[inline]
#[target_feature(enable = "neon")]
fn deinterleave<const TEXT: usize>(text: &[u8; TEXT]) -> Bytes {
    const { assert!(TEXT >= MASK) };
    // SAFETY: the load is of the first 64 bytes of the text.
    let uint8x16x4_t(a, b, c, d) = unsafe { vld4q_u8(text.as_ptr()) };
    [a, b, c, d]
}

/// The highest bit of each byte.
#[inline]
#[target_feature(enable = "neon")]
fn mask([a, b, c, d]: Bytes) -> u64 {
    // Each shifts what is second to the right and keeps the highest bits of what is first, until a byte
    // has the bits of all four twice. Of two bytes as one number the middle then has the bits of both.
    let (low, high) = (vsriq_n_u8::<1>(b, a), vsriq_n_u8::<1>(d, c));
    let four = vsriq_n_u8::<2>(high, low);
    let twice = vreinterpretq_u16_u8(vsriq_n_u8::<4>(four, four));
    vget_lane_u64::<0>(vreinterpret_u64_u8(vshrn_n_u16::<4>(twice)))
}

/// Says of which classes the first 64 bytes are, by the bits of [`NibbleClasses`].
#[inline]
#[target_feature(enable = "neon")]
fn note(text: &[u8; READ]) -> Class {
    let tables = (load(&NibbleClasses::LOW), load(&NibbleClasses::HIGH));
    let found =
        deinterleave(text).map(|bytes| vandq_u8(vqtbl1q_u8(tables.0, low(bytes)), vqtbl1q_u8(tables.1, high(bytes))));
    Class {
        digits: mask(found),
        ats: mask(found.map(|found| vshlq_n_u8::<{ NibbleClasses::AT.leading_zeros() as i32 }>(found))),
        lines: mask(found.map(|found| vshlq_n_u8::<{ NibbleClasses::LINE.leading_zeros() as i32 }>(found))),
        signs: Signs {
            words: mask(found.map(|found| vtstq_u8(found, vdupq_n_u8(NibbleClasses::WORDS)))),
            marks: mask(found.map(|found| vtstq_u8(found, vdupq_n_u8(NibbleClasses::MARKS)))),
        },
    }
}
