//! The prefilter in plain Rust: a hash check at every byte, and digits eight bytes at a time.
//!
//! A hash check of four bytes costs the same whatever the text and however many the literals, needs no
//! time to build, and is faster than an automaton over all literals, which looks up a state per byte.

use super::bits::{MASK, READ};
use super::candidate::Candidate;
use super::classes::{Class, Signs};
use super::confirm::Confirm;
use super::driver::each_chunk;
use super::lines::Lines;
use crate::rules::plan::WINDOW;

/// Appends what the prefilter finds in a block; the candidates of a piece are sorted.
pub(super) fn find(confirm: &Confirm, block: &[u8], found: (&mut Vec<Candidate>, &mut Lines)) {
    each_chunk::<false>(confirm, block, found, |text, first, count, piece| {
        piece.fill((text, first, count), note, |text, _| find_windows(confirm, text), |_| true);
    });
}

fn note(text: &[u8; READ]) -> Class {
    // Where a word may begin `confirm` sees for itself: what passes the hash check is little.
    let is = |byte| each_eight(text, |eight| byte_bits(eight, byte));
    Class { digits: each_eight(text, digit_bits), ats: is(b'@'), lines: is(b'\n'), signs: Signs::default() }
}

/// Where among the 64 bytes a window passes the hash check.
#[inline(always)]
fn find_windows(confirm: &Confirm, text: &[u8; READ]) -> u64 {
    let mut mask = 0;
    for here in text.windows(WINDOW) {
        // One load of four bytes, which four bytes put together by hand are not.
        let here = here.first_chunk().map_or(0, |four| u32::from_le_bytes(*four));
        // The bits come in at the top: to shift by one is cheaper than by a count.
        mask = mask >> 1 | u64::from(confirm.may_be(here)) << (MASK - 1);
    }
    mask
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Makes a mask of what `test` says of eight bytes at a time, in the high bit of each.
#[inline(always)]
fn each_eight(text: &[u8; READ], test: impl Fn(u64) -> u64) -> u64 {
    let (eights, _) = text.as_chunks::<8>();
    eights.iter().enumerate().fold(0, |mask, (n, &eight)| {
        let found = test(u64::from_le_bytes(eight)) & HIGH;
        // The product puts the high bits of the eight bytes side by side in the top byte.
        let found = (found >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask | found << (8 * n)
    })
}

fn digit_bits(text: u64) -> u64 {
    // '0' to '9' become 0 to 9; of seven bits, so that no sum carries into the next byte.
    let value = text ^ (LOW * 0x30);
    !(value | ((value & !HIGH) + LOW * (0x80 - 10)))
}

fn byte_bits(text: u64, byte: u8) -> u64 {
    let other = text ^ (LOW * u64::from(byte));
    !(other | ((other & !HIGH) + LOW * 0x7F))
}
