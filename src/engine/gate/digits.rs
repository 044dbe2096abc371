//! Runs of digits, by arithmetic on bit masks.
//!
//! A byte is *in a run* if it is a digit, or a separator that counts. A separator is one of
//! ` `, `-`, `+`, `%`, the byte A0, or the pair C2 A0; it counts if the four bytes before it and the
//! three bytes after it are digits. (So the groups of a card or account number hold together, while
//! no date and no time of day has a separator that counts.) A run is as long as it can be; one that
//! begins at byte `s` is reported, at `s`,
//!
//! - if it has 13 bytes or more, or
//! - if it has 12 bytes, and the two before `s` are a digit and a dot: the digits behind the point
//!   of a number in scientific notation, `4.111111111111e12`.
//!
//! Before the first and after the last byte of the block there are no digits.

use super::{MASK, Masks};

/// Whether the byte is a separator by itself.
fn separates(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'+' | b'%' | 0xA0)
}

/// Where in the 64 bytes from `at` a reported run begins.
///
/// `near` has the digits of the 64 bytes before, of these 64 and of the 64 after them.
pub(super) fn starts(block: &[u8], at: usize, near: [u64; 3]) -> u64 {
    // 32 bytes more on both sides are enough: at most 8 before a run's first byte decide whether it
    // is the first, and at most 17 from it on whether the run has 13.
    const MORE: usize = 32;
    let digits = u128::from(near[0]) >> MORE | u128::from(near[1]) << MORE | u128::from(near[2]) << (MORE + MASK);
    let runs = digits | separators(block, at, MORE, digits);
    let two = runs & runs >> 1;
    let four = two & two >> 2;
    let twelve = four & four >> 4 & four >> 8;
    let first = runs & !(runs << 1);
    let mut found = first & twelve & runs >> 12;
    let mut short = first & twelve & !found & digits << 2;
    while short != 0 {
        let bit = short.trailing_zeros() as usize;
        short &= short - 1;
        // Not below zero: a digit is two bytes before it.
        if at + bit > MORE && block.get(at + bit - MORE - 1) == Some(&b'.') {
            found |= 1 << bit;
        }
    }
    (found >> MORE) as u64
}

/// The separators that count among 128 bytes, of which the first is `more` before `at`.
fn separators(block: &[u8], at: usize, more: usize, digits: u128) -> u128 {
    let four = digits & digits << 1 & digits << 2 & digits << 3;
    let three = digits & digits >> 1 & digits >> 2;
    let mut behind = four << 1 & !digits & (three >> 1 | !(digits >> 1) & three >> 2);
    let mut found = 0;
    while behind != 0 {
        let bit = behind.trailing_zeros() as usize;
        behind &= behind - 1;
        // Not below zero: digits are before it. Not past the end: digits are behind it.
        let Some(text) = (at + bit).checked_sub(more).and_then(|at| block.get(at..)) else {
            continue;
        };
        if digits >> bit >> 1 & 1 == 0 {
            if text.starts_with(&[0xC2, 0xA0]) {
                found |= 0b11 << bit;
            }
        } else if text.first().copied().is_some_and(separates) {
            found |= 1 << bit;
        }
    }
    found
}

/// Fills the `joints` of `count` masks and the one behind them from `digits`.
///
/// A bit is set where four digits begin that are followed by more digits or by one or two other
/// bytes and then digits, such as a reported run must have: its first twelve bytes are digits, or
/// there is a separator among them. With a separator the four digits may begin up to seven bytes
/// into the run, hence in the mask behind that in which the run begins.
///
/// Plain arithmetic without a branch, so that the compiler makes vectors of it; inlined into each
/// kernel for that.
#[inline(always)]
pub(super) fn find_joints(count: usize, masks: &mut Masks) {
    let digits = &masks.digits[1..count + 3];
    let joints = &mut masks.joints[..count + 1];
    for (joint, near) in joints.iter_mut().zip(digits.windows(2)) {
        let ahead = |by: u32| near[0] >> by | near[1] << (64 - by);
        let other = !ahead(4) & (ahead(5) | ahead(8));
        let more = ahead(4) & ahead(5) & ahead(8) & ahead(11);
        *joint = near[0] & ahead(1) & ahead(2) & ahead(3) & ahead(6) & ahead(7) & (other | more);
    }
}
