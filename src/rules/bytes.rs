//! Sets of bytes, and where the first of one stands.

/// Bytes looked at together.
const WIDTH: usize = 8;

/// A set of bytes.
#[derive(Debug, Clone)]
pub struct Bytes([bool; 256]);

impl Bytes {
    /// These.
    pub const fn of(signs: &[u8]) -> Bytes {
        Bytes([false; 256]).and(signs)
    }

    /// These too.
    pub const fn and(mut self, signs: &[u8]) -> Bytes {
        let mut n = 0;
        while n < signs.len() {
            self.0[signs[n] as usize] = true;
            n += 1;
        }
        self
    }

    /// All others.
    pub const fn others(mut self) -> Bytes {
        let mut b = 0;
        while b < 256 {
            self.0[b] = !self.0[b];
            b += 1;
        }
        self
    }

    pub const fn has(&self, b: u8) -> bool {
        self.0[b as usize]
    }
}

/// Where from `at` on the first byte of `stops` stands, `most` if there is none before.
pub fn until(buf: &[u8], at: usize, most: usize, stops: &Bytes) -> usize {
    let mut p = at;
    while let Some(eight) = buf.get(p..).and_then(|rest| rest.first_chunk::<WIDTH>()).filter(|_| p < most) {
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
    use super::{Bytes, until};
    use proptest::prelude::*;

    proptest! {
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
        }
    }
}
