//! The kernel for NEON, which every 64-bit ARM processor has.
#![allow(unsafe_code, reason = "vector loads, and calls behind the check for the feature")]

use std::arch::aarch64::*;
use std::arch::is_aarch64_feature_detected;

use super::super::classes::Class;
use super::super::lookup::{Lookup, Window};
use super::super::masks::READ;
use super::super::{Groups, Hit, Lines, MASK, Masks, Text, each_piece};
use super::{NibbleTables, for_groups};
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

    pub(in super::super) fn new(groups: Groups, windows: &[Window]) -> Option<Self> {
        Self::is_available().then(|| Neon { groups, tables: NibbleTables::new(windows) })
    }
}

impl Neon {
    /// Appends what the gate finds in a block; the hits of a piece are sorted.
    pub(in super::super) fn find(&self, lookup: &Lookup, block: &[u8], found: (&mut Vec<Hit>, &mut Lines)) {
        // SAFETY: the processor has NEON; `new` is the only source of a `self`.
        unsafe { self.find_pieces(lookup, block, found) }
    }

    #[target_feature(enable = "neon")]
    fn find_pieces(&self, lookup: &Lookup, block: &[u8], found: (&mut Vec<Hit>, &mut Lines)) {
        let tables = &self.tables;
        each_piece(lookup, block, found, |text, first, count, masks| {
            for_groups!(self.groups, scan(tables, text, first, count, masks));
        });
    }
}

#[target_feature(enable = "neon")]
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
        let text = Nibbles::new(text.at(first + mask));
        *windows = plain.windows(&text) | begin.windows(&text) & begins;
    }
}

/// How many vectors hold the bytes of a mask.
const STRIDE: usize = MASK / 16;

/// The bytes of a mask, deinterleaved: byte `n` is in vector `n % STRIDE`. So the bits of neighbours are in the
/// same place of four vectors, from where `mask` has them side by side at once.
type Bytes = [uint8x16_t; STRIDE];

/// The low and the high nibbles of a text, deinterleaved; those of the byte `n` further on are `n` vectors further on.
struct Nibbles {
    low: [uint8x16_t; STRIDE + WINDOW - 1],
    high: [uint8x16_t; STRIDE + WINDOW - 1],
}

impl Nibbles {
    #[inline]
    #[target_feature(enable = "neon")]
    fn new(text: &[u8; READ]) -> Self {
        const { assert!(WINDOW - 1 < STRIDE) };
        let first = deinterleave(text);
        let bytes: [_; STRIDE + WINDOW - 1] = std::array::from_fn(|n| match n.checked_sub(STRIDE) {
            None => first[n],
            // The vector without its first byte, and behind it the one behind the mask.
            Some(n) => vextq_u8::<1>(first[n], vdupq_n_u8(text[MASK + n])),
        });
        // `tbl` gives zero for a byte of 16 or more, not for one whose highest bit is set.
        let low = bytes.map(|bytes| vandq_u8(bytes, vdupq_n_u8(0x0F)));
        Nibbles { low, high: bytes.map(|bytes| vshrq_n_u8::<4>(bytes)) }
    }
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
fn deinterleave(text: &[u8; READ]) -> Bytes {
    const { assert!(READ >= MASK) };
    // SAFETY: the load is of the first 64 bytes of the text.
    let uint8x16x4_t(a, b, c, d) = unsafe { vld4q_u8(text.as_ptr()) };
    [a, b, c, d]
}

/// A bit for each byte, of bytes that are all ones or all zeros.
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

/// Of which classes the first 64 bytes are.
#[inline]
#[target_feature(enable = "neon")]
fn classes(text: &[u8; READ]) -> Class {
    let bytes = deinterleave(text);
    let small = bytes.map(|bytes| vorrq_u8(bytes, vdupq_n_u8(0x20)));
    let is = |bytes, byte| vceqq_u8(bytes, vdupq_n_u8(byte));
    let within = |bytes, first, count| vcltq_u8(vsubq_u8(bytes, vdupq_n_u8(first)), vdupq_n_u8(count));
    let either = |one: Bytes, other: Bytes| -> Bytes { std::array::from_fn(|n| vorrq_u8(one[n], other[n])) };
    let digits = bytes.map(|bytes| within(bytes, b'0', 10));
    let letters = small.map(|small| within(small, b'a', 26));
    let underlines = bytes.map(|bytes| is(bytes, b'_'));
    Class {
        digits: mask(digits),
        ats: mask(bytes.map(|bytes| is(bytes, b'@'))),
        words: mask(either(either(letters, digits), underlines)),
        marks: mask(bytes.map(|bytes| vorrq_u8(is(bytes, b'\\'), is(bytes, b'%')))),
        ends: mask(small.map(|small| vorrq_u8(is(small, b'm'), is(small, b'k')))),
        lines: mask(bytes.map(|bytes| is(bytes, b'\n'))),
    }
}
