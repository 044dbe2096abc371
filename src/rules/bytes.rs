//! Sets of bytes, and where the first of one stands.

/// Bytes looked at together.
const WIDTH: usize = size_of::<u64>();
const LOW: u64 = 0x0101_0101_0101_0101;
/// The high bit of each of eight bytes.
pub const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte from `first` to `last`; all of them have seven bits.
pub const fn within(text: u64, first: u8, last: u8) -> u64 {
    // So that no difference borrows from the next byte.
    let most = text | HIGH;
    (most - LOW * first as u64) & !(most - LOW * (last + 1) as u64)
}

/// The high bit of each byte that is no ASCII letter and no digit.
pub fn no_alphanumerics(eight: u64) -> u64 {
    let text = eight & !HIGH;
    let own = within(text | (LOW * 0x20), b'a', b'z') | within(text, b'0', b'9');
    !(own & !eight) & HIGH
}

/// Where the ASCII letters and digits that go on at `at` end, `most` if they do not before.
pub fn alphanumerics_end(buf: &[u8], at: usize, most: usize) -> usize {
    let mut p = at;
    while let Some(eight) = buf.get(p..).and_then(|rest| rest.first_chunk()).filter(|_| p < most) {
        let others = no_alphanumerics(u64::from_le_bytes(*eight));
        if others != 0 {
            return most.min(p + others.trailing_zeros() as usize / 8);
        }
        p += WIDTH;
    }
    p += buf[p.min(most)..most].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    p.min(most)
}

/// A set of bytes.
#[derive(Debug, Clone)]
pub struct Bytes {
    has: [bool; 256],
    /// Whether it has no ASCII letter and no digit, so that these are passed over without a look at each.
    signs_only: bool,
}

impl Bytes {
    /// These.
    pub const fn of(signs: &[u8]) -> Bytes {
        Bytes { has: [false; 256], signs_only: true }.and(signs)
    }

    /// These too.
    pub const fn and(mut self, signs: &[u8]) -> Bytes {
        let mut n = 0;
        while n < signs.len() {
            self.has[signs[n] as usize] = true;
            self.signs_only = self.signs_only && !signs[n].is_ascii_alphanumeric();
            n += 1;
        }
        self
    }

    /// All others.
    pub const fn others(mut self) -> Bytes {
        self.signs_only = true;
        let mut b = 0;
        while b < 256 {
            self.has[b] = !self.has[b];
            self.signs_only = self.signs_only && !(self.has[b] && (b as u8).is_ascii_alphanumeric());
            b += 1;
        }
        self
    }

    pub const fn has(&self, b: u8) -> bool {
        self.has[b as usize]
    }
}

/// Where from `at` on the first byte of `stops` stands, `most` if there is none before.
pub fn until(buf: &[u8], at: usize, most: usize, stops: &Bytes) -> usize {
    let mut p = at;
    while let Some(eight) = buf.get(p..).and_then(|rest| rest.first_chunk::<WIDTH>()).filter(|_| p < most) {
        if stops.signs_only {
            let mut signs = no_alphanumerics(u64::from_le_bytes(*eight));
            while signs != 0 {
                let sign = signs.trailing_zeros() as usize / 8;
                if stops.has(eight[sign]) {
                    return most.min(p + sign);
                }
                signs &= signs - 1;
            }
            p += WIDTH;
            continue;
        }
        let found = (0..WIDTH).fold(0, |found, i| found | u32::from(stops.has(eight[i])) << i);
        if found != 0 {
            return most.min(p + found.trailing_zeros() as usize);
        }
        p += WIDTH;
    }
    p += buf[p.min(most)..most].iter().take_while(|b| !stops.has(**b)).count();
    p.min(most)
}

#[cfg(test)]
mod tests {
    use super::{Bytes, alphanumerics_end, until};
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
            prop_assert_eq!(until(&text, at, most, &Bytes::of(b"\x00=").and(b"\xFF")), at + free);
            prop_assert_eq!(until(&text, at, most, &Bytes::of(b"a").others()), at + free);
            let free = text[at..most].iter().take_while(|b| **b != b'=').count();
            prop_assert_eq!(until(&text, at, most, &Bytes::of(b"=")), at + free);
            let free = text[at..most].iter().take_while(|b| **b != 0 && **b != b'a').count();
            prop_assert_eq!(until(&text, at, most, &Bytes::of(b"\x00").and(b"a")), at + free);
        }
    }
}
