//! Sets and runs of bytes, and where they end: sixteen bytes are looked at together.

use wide::u8x16;

/// Bytes looked at together.
const WIDTH: usize = 16;
/// Bytes looked up together.
const HALF: usize = WIDTH / 2;

/// The bytes from `first` to `last`, as ones in place of them.
#[inline(always)]
pub fn within(text: u8x16, first: u8, last: u8) -> u8x16 {
    let apart = text - u8x16::splat(first);
    apart.min(u8x16::splat(last - first)).simd_eq(apart)
}

/// The ASCII letters and digits, as ones in place of them.
#[inline(always)]
pub fn alphanumerics(text: u8x16) -> u8x16 {
    // What makes a small letter of a capital makes none of anything else.
    within(text | u8x16::splat(0x20), b'a', b'z') | within(text, b'0', b'9')
}

/// A bit for each byte in whose place the high bit is not set.
#[inline(always)]
fn others(own: u8x16) -> u32 {
    own.to_bitmask() ^ ((1 << WIDTH) - 1)
}

/// The bytes of `buf` from `at` on, zeros behind its end.
#[inline(always)]
fn wide_at(buf: &[u8], at: usize) -> [u8; WIDTH] {
    match buf.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(bytes) => *bytes,
        None => rest(buf.get(at..).unwrap_or_default(), 0),
    }
}

/// The bytes of `buf` before `at`, zeros before its start.
#[inline(always)]
fn wide_before(buf: &[u8], at: usize) -> [u8; WIDTH] {
    match buf[..at].last_chunk() {
        Some(bytes) => *bytes,
        None => rest(&buf[..at], WIDTH - at),
    }
}

#[cold]
fn rest(bytes: &[u8], at: usize) -> [u8; WIDTH] {
    let mut all = [0; WIDTH];
    all[at..at + bytes.len()].copy_from_slice(bytes);
    all
}

/// Where the ASCII letters and digits that go on at `at` end, `most` if they do not before.
pub fn alphanumerics_end(buf: &[u8], at: usize, most: usize) -> usize {
    run_end(buf, at, most, alphanumerics)
}

/// Where the bytes that go on at `at` end, `most` if they do not before; `own` sets the high bit in place of
/// these.
#[inline(always)]
pub fn run_end(buf: &[u8], at: usize, most: usize, own: impl Fn(u8x16) -> u8x16) -> usize {
    let mut p = at;
    while p < most {
        let others = others(own(u8x16::new(wide_at(buf, p))));
        if others != 0 {
            return most.min(p + others.trailing_zeros() as usize);
        }
        p += WIDTH;
    }
    most
}

/// Where the bytes that end at `at` begin, `low` if they do not behind; `own` sets the high bit in place of
/// these.
#[inline(always)]
pub fn run_start(buf: &[u8], low: usize, at: usize, own: impl Fn(u8x16) -> u8x16) -> usize {
    let mut p = at;
    while p > low {
        let others = others(own(u8x16::new(wide_before(buf, p))));
        if others != 0 {
            return low.max((p + others.ilog2() as usize + 1).saturating_sub(WIDTH));
        }
        p = p.saturating_sub(WIDTH);
    }
    low
}

/// A set of bytes.
#[derive(Debug, Clone)]
pub struct ByteSet {
    has: [bool; 256],
    /// Whether it has no ASCII letter and no digit, so that these are passed over without a look at each.
    signs_only: bool,
    /// All others, if they are few ranges.
    others: Option<Ranges>,
}

impl ByteSet {
    const fn new(has: [bool; 256]) -> ByteSet {
        let mut signs_only = true;
        let mut b = 0;
        while b < 256 {
            signs_only = signs_only && !(has[b] && (b as u8).is_ascii_alphanumeric());
            b += 1;
        }
        ByteSet { has, signs_only, others: Ranges::beside(&has) }
    }

    /// These.
    pub const fn of(signs: &[u8]) -> ByteSet {
        ByteSet::new([false; 256]).and(signs)
    }

    /// These too.
    pub const fn and(mut self, signs: &[u8]) -> ByteSet {
        let mut n = 0;
        while n < signs.len() {
            self.has[signs[n] as usize] = true;
            n += 1;
        }
        ByteSet::new(self.has)
    }

    /// All others.
    pub const fn others(mut self) -> ByteSet {
        let mut b = 0;
        while b < 256 {
            self.has[b] = !self.has[b];
            b += 1;
        }
        ByteSet::new(self.has)
    }

    pub const fn has(&self, b: u8) -> bool {
        self.has[b as usize]
    }
}

/// How many ranges are asked for at once.
const RANGES: usize = 3;

/// A set of bytes that is so many ranges: where each begins, and how far behind that it ends.
#[derive(Debug, Clone, Copy)]
struct Ranges([(u8x16, u8x16); RANGES]);

impl Ranges {
    /// Those of the bytes that are not in a set, if they are so few.
    const fn beside(set: &[bool; 256]) -> Option<Ranges> {
        let mut ranges = [(u8x16::splat(0), u8x16::splat(0)); RANGES];
        let (mut count, mut b) = (0, 0);
        while b < 256 {
            let first = b;
            while b < 256 && !set[b] {
                b += 1;
            }
            if b > first {
                if count == RANGES {
                    return None;
                }
                // Those that are not needed are the last one again.
                let mut n = count;
                while n < RANGES {
                    ranges[n] = (u8x16::splat(first as u8), u8x16::splat((b - 1 - first) as u8));
                    n += 1;
                }
                count += 1;
            }
            b += 1;
        }
        if count > 0 { Some(Ranges(ranges)) } else { None }
    }

    /// Its bytes, as ones in place of them.
    #[inline(always)]
    fn of(&self, text: u8x16) -> u8x16 {
        let [a, b, c] = self.0.map(|(first, last)| (text - first).min(last).simd_eq(text - first));
        a | b | c
    }
}

/// Where from `at` on the first byte of `stops` stands, `most` if there is none before.
pub fn find_byteset(buf: &[u8], at: usize, most: usize, stops: &ByteSet) -> usize {
    if let Some(others) = &stops.others {
        return run_end(buf, at, most, |text| others.of(text));
    }
    let mut p = at;
    while p < most {
        let text = wide_at(buf, p);
        if stops.signs_only {
            let mut signs = others(alphanumerics(u8x16::new(text)));
            while signs != 0 {
                let sign = signs.trailing_zeros() as usize;
                if stops.has(text[sign % WIDTH]) {
                    return most.min(p + sign);
                }
                signs &= signs - 1;
            }
            p += WIDTH;
            continue;
        }
        let found = (0..HALF).fold(0, |found, i| found | u32::from(stops.has(text[i])) << i);
        if found != 0 {
            return most.min(p + found.trailing_zeros() as usize);
        }
        p += HALF;
    }
    most
}

#[cfg(test)]
mod tests {
    use super::{ByteSet, alphanumerics_end, find_byteset};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn alphanumerics_end_as_byte_by_byte(
            text in prop::collection::vec(prop_oneof![9 => prop::sample::select(b"aZ0z9A".to_vec()), 1 => any::<u8>()], 0..40),
            at in 0..40usize,
            bound in 0..40usize,
        ) {
            let at = at.min(text.len());
            let most = (at + bound).min(text.len());
            let run = text[at..most].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
            prop_assert_eq!(alphanumerics_end(&text, at, most), at + run);
        }

        /// Byte by byte gives the same.
        #[test]
        fn stops_are_found_as_byte_by_byte(
            text in prop::collection::vec(prop::sample::select(b"aaaaaa\x00\xFF=".to_vec()), 0..40),
            at in 0..40usize,
            bound in 0..40usize,
        ) {
            let at = at.min(text.len());
            let most = (at + bound).min(text.len());
            let free = text[at..most].iter().take_while(|b| **b == b'a').count();
            prop_assert_eq!(find_byteset(&text, at, most, &ByteSet::of(b"\x00=").and(b"\xFF")), at + free);
            prop_assert_eq!(find_byteset(&text, at, most, &ByteSet::of(b"a").others()), at + free);
            let free = text[at..most].iter().take_while(|b| **b != b'=').count();
            prop_assert_eq!(find_byteset(&text, at, most, &ByteSet::of(b"=")), at + free);
            let free = text[at..most].iter().take_while(|b| **b != 0 && **b != b'a').count();
            prop_assert_eq!(find_byteset(&text, at, most, &ByteSet::of(b"\x00").and(b"a")), at + free);
        }
    }
}
