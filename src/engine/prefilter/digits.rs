//! Runs of digits that may hold a card's number.
//!
//! A byte is *in a run* if it is a digit, or a separator that counts. A separator is one of
//! ` `, `-`, `+`, `%`, the byte A0, or the pair C2 A0; it counts if the four bytes before it and the
//! three bytes after it are digits. (So the groups of a card or account number hold together, while
//! no date and no time of day has a separator that counts.) A run is as long as it can be; one that
//! begins at byte `s` is reported, at `s`, if it has
//!
//! - twelve digits in a row, and either more besides, or before `s` a digit and a dot: the digits
//!   behind the point of a number in scientific notation, `4.111111111111e12`; or
//! - four digits, a separator, as many digits as the second group of some grouping has (four or six),
//!   or two more, those of `%20`, a separator and four digits, next to each other, these at most
//!   fourteen bytes behind the first; and before the first of them no digit, or those of an escape:
//!   no way to write a card in groups does without that, and numbers side by side seldom have it.
//!
//! Before the first and after the last byte of the block there are no digits.

use crate::rules::check::groupings::GROUPINGS;

/// How many digits second groups have, by themselves and with those of `%20`: a bit for each.
const SECONDS: u64 = {
    let mut seconds = 0;
    let mut n = 0;
    while n < GROUPINGS.len() {
        if !has_long(GROUPINGS[n]) {
            assert!(is_seen(GROUPINGS[n]), "the prefilter finds groups of four, of four or more, of four or more");
            seconds |= 0b101 << GROUPINGS[n][1];
        }
        n += 1;
    }
    seconds
};
/// How far behind the first digit a third group begins at least, behind two separators of one byte.
const THIRD: u32 = SECONDS.trailing_zeros() + 4 + 2;
/// How far at most: behind two of two bytes, or two escapes, whose digits count as the groups'.
const THIRD_LAST: u32 = SECONDS.ilog2() - 2 + 4 + 4;
const _: () = assert!(THIRD_LAST == THIRD + 4, "the prefilter looks for third groups in five places");

/// Whether the digits of one group are more than twelve, in a run with those before it.
const fn has_long(groups: &[u8]) -> bool {
    let mut n = 0;
    while n < groups.len() && groups[n] >= 4 {
        if groups[n] > 12 {
            return true;
        }
        n += 1;
    }
    false
}

/// Whether the arithmetic below sees the first three groups.
const fn is_seen(groups: &[u8]) -> bool {
    groups.len() > 2 && groups[0] == 4 && groups[1] >= 4 && groups[2] >= 4
}

/// Finds what [`Runs::look`] is to look at in `count` masks, the first of which is the second that
/// `digits` has, and the last the one before its last: the first of twelve digits or more, and four
/// digits at the end of a group that is followed, behind one or two other bytes, by four digits and
/// where the third group would be by four more. `fours` is room for as many masks.
///
/// Plain arithmetic without a branch, so that the compiler makes vectors of it; inlined into each
/// kernel for that.
#[inline(always)]
pub(super) fn find_runs(count: usize, digits: &[u64], fours: &mut [u64], runs: &mut [u64]) {
    let (digits, fours) = (&digits[..count + 2], &mut fours[..count + 2]);
    find_fours(digits, fours);
    for ((run, digits), four) in runs[..count].iter_mut().zip(digits.windows(3)).zip(fours[1..].windows(2)) {
        let first = !(digits[1] << 1 | digits[0] >> 63);
        let long = first & ahead(four, 4) & ahead(four, 8);
        let second = ahead(four, 5) | ahead(four, 6);
        let third = ahead(four, THIRD)
            | ahead(four, THIRD + 1)
            | ahead(four, THIRD + 2)
            | ahead(four, THIRD + 3)
            | ahead(four, THIRD + 4);
        let grouped = !ahead(&digits[1..], 4) & second & third;
        *run = four[0] & (long | grouped);
    }
}

/// Whether [`find_runs`] may find something in a short text: it needs four digits, and four more at once or
/// behind one or two other bytes.
#[inline(always)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for kernels that take a line in one pass"))]
pub(super) fn may_be_run(digits: &[u64]) -> bool {
    let (mut ones, mut twos, mut fours, mut any) = (0, 0, 0, 0);
    for &here in digits {
        // Where one digit, two and four end.
        let two = here & behind(here, ones, 1);
        let four = two & behind(two, twos, 2);
        any |= four & (behind(four, fours, 4) | behind(four, fours, 5) | behind(four, fours, 6));
        (ones, twos, fours) = (here, two, four);
    }
    any != 0
}

/// The bits that are `by` further back, of a mask and the one before it.
#[inline(always)]
fn behind(mask: u64, before: u64, by: u32) -> u64 {
    mask << by | before >> (64 - by)
}

/// Finds where four digits begin; those of the last mask may have more behind it.
#[inline(always)]
fn find_fours(digits: &[u64], fours: &mut [u64]) {
    for (four, near) in fours.iter_mut().zip(digits.windows(2)) {
        *four = near[0] & ahead(near, 1) & ahead(near, 2) & ahead(near, 3);
    }
    if let [.., last] = digits {
        fours[digits.len() - 1] = last & last >> 1 & last >> 2 & last >> 3;
    }
}

/// The bits that are `by` further on, of the first of two masks.
#[inline(always)]
fn ahead(masks: &[u64], by: u32) -> u64 {
    masks[0] >> by | masks[1] << (64 - by)
}

/// Which of the bytes about a place are digits.
#[derive(Clone, Copy)]
pub(super) struct Near {
    /// Bit `n`: the byte `n` behind the place.
    ahead: u64,
    /// The highest bit: the byte before the place; the next: the one before that.
    before: u64,
}

impl Near {
    /// The bytes about bit `bit` of the second of three masks.
    pub(super) fn new(digits: [u64; 3], bit: usize) -> Near {
        let two = |low: u64, high: u64| u128::from(high) << 64 | u128::from(low);
        Near { ahead: (two(digits[1], digits[2]) >> bit) as u64, before: (two(digits[0], digits[1]) >> bit) as u64 }
    }

    /// Whether there are `count` digits from `by` behind the place on.
    fn has(self, by: usize, count: u32) -> bool {
        (self.ahead >> by).trailing_ones() >= count
    }

    /// The first byte of the run that the digit at `at` is in, where no separator counts nearby.
    fn start(self, at: usize) -> Option<usize> {
        let digits = self.before.leading_ones();
        // Four digits, and a separator of one byte or two.
        let is_alone = |by: u32| (self.before << (digits + by)).leading_ones() < 4;
        (digits < 32 && is_alone(1) && is_alone(2)).then(|| at - digits as usize)
    }
}

/// The runs of a block, from first to last.
#[derive(Default)]
pub(super) struct Runs {
    /// What made the last run one to report: behind it there may be more of the same run.
    last: Option<usize>,
}

impl Runs {
    /// Looks at a place that [`find_runs`] found. The start of its run, if that is to be reported.
    #[inline]
    pub(super) fn look(&mut self, block: &[u8], at: usize, near: Near) -> Option<usize> {
        let is_long = near.has(0, 5);
        if !is_long && !is_grouped(block, at, near) {
            return None;
        }
        let start = near.start(at).unwrap_or_else(|| run_start(block, at, self.last));
        let is_known = self.last.is_some_and(|last| start <= last);
        if !is_known && is_long && start == at && !is_more(block, at, near) {
            return None;
        }
        self.last = Some(at);
        (!is_known).then_some(start)
    }
}

/// Whether there is more to the twelve digits that a run begins with.
fn is_more(block: &[u8], start: usize, near: Near) -> bool {
    let behind_separator = || {
        let separator = separator(block, start + 12);
        separator > 0 && near.has(12 + separator, 3)
    };
    let behind_point = || block[..start].ends_with(b".") && start > 1 && block[start - 2].is_ascii_digit();
    near.has(12, 1) || behind_separator() || behind_point()
}

/// Whether the four digits at `at` are a group, or the last of one behind an escape, that two more follow.
fn is_grouped(block: &[u8], at: usize, near: Near) -> bool {
    let escaped = || at >= 3 && block[at - 3] == b'%';
    if near.before >> 63 != 0 && !escaped() {
        return false;
    }
    let second = 4 + separator(block, at + 4);
    let digits = (near.ahead >> second).trailing_ones() as usize;
    let end = second + digits;
    let third = end + separator(block, at + end);
    second > 4
        && digits < 64
        && SECONDS >> digits & 1 != 0
        && third > end
        && third <= THIRD_LAST as usize
        && near.has(third, 4)
}

/// The first byte of the run that the digit at `at` is in, or one not behind `last` if that is in it
/// too: no byte is gone back over twice.
fn run_start(block: &[u8], at: usize, last: Option<usize>) -> usize {
    let mut start = at;
    loop {
        start -= block[..start].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        if last.is_some_and(|last| start <= last) {
            return start;
        }
        let end = match &block[..start] {
            [.., 0xC2, 0xA0] => start - 2,
            [.., b' ' | b'-' | b'+' | b'%' | 0xA0] => start - 1,
            _ => return start,
        };
        let counts = end >= 4 && count_digits(block, end - 4, 4) == 4 && count_digits(block, start, 3) == 3;
        if !counts {
            return start;
        }
        start = end;
    }
}

/// The bytes of the separator at `at`, if there is one.
fn separator(block: &[u8], at: usize) -> usize {
    match block.get(at..) {
        Some([b' ' | b'-' | b'+' | b'%' | 0xA0, ..]) => 1,
        Some([0xC2, 0xA0, ..]) => 2,
        _ => 0,
    }
}

/// How many digits there are from `at` on, as far as `most`.
fn count_digits(block: &[u8], at: usize, most: usize) -> usize {
    let text = block.get(at..).unwrap_or_default();
    text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count()
}
