//! Shannon entropy of the bytes themselves.

use std::sync::LazyLock;

/// Sums are kept in parts of a bit, so that they add up in one step each and in any order.
const PARTS: f64 = (1u64 << 36) as f64;

/// By how much `n log2 n` grows from each `n` to the next, for the counts that short texts have.
const GROWTH: [u64; 8] = {
    let bits = [
        0.0,
        2.0,
        2.754_887_502_163_468_2,
        3.245_112_497_836_531_8,
        3.609_640_474_436_810_5,
        3.900_134_529_890_126,
        4.141_709_450_076_291,
        4.348_515_545_596_771,
    ];
    let mut parts = [0; 8];
    let mut n = 0;
    while n < 8 {
        parts[n] = (bits[n] * PARTS + 0.5) as u64;
        n += 1;
    }
    parts
};

fn growth(n: u32) -> u64 {
    GROWTH.get(n as usize).copied().unwrap_or_else(|| {
        let n = f64::from(n);
        (((n + 1.0) * (n + 1.0).log2() - n * n.log2()) * PARTS + 0.5) as u64
    })
}

/// Bits per byte, 0 for an empty slice.
///
/// The sum of `-p log2 p` over all bytes is `log2 total` less the sum of `n log2 n` by `total`, and
/// the latter grows with every byte that is counted.
pub fn bits_per_byte(bytes: &[u8]) -> f32 {
    if bytes.is_empty() {
        return 0.0;
    }
    // Small counts take less memory to clear.
    let sum = if bytes.len() <= SHORT_BYTES_MAX {
        let table = &*SHORT;
        let mut counts = [0u8; 256];
        let mut count = |b: u8| {
            let count = &mut counts[usize::from(b)];
            let grown = table.growth[usize::from(*count)];
            *count += 1;
            grown
        };
        let (eights, rest) = bytes.as_chunks::<8>();
        let sum: u64 = eights.iter().map(|eight| eight.map(&mut count).iter().sum::<u64>()).sum();
        rest.iter().fold(sum, |sum, b| sum + count(*b))
    } else {
        let mut counts = [0u32; 256];
        bytes.iter().for_each(|b| counts[usize::from(*b)] += 1);
        let all = |n: u32| (f64::from(n) * f64::from(n).log2() * PARTS + 0.5) as u64;
        counts.iter().filter(|n| **n > 0).map(|n| all(*n)).sum()
    };
    let total = bytes.len() as f64;
    let bits = if bytes.len() <= SHORT_BYTES_MAX { SHORT.bits[bytes.len()] } else { total.log2() };
    (bits - sum as f64 / PARTS / total) as f32
}

/// Whether [`bits_per_byte`] gives so many bits or more.
///
/// Of most secrets their different bytes tell enough: a text is least surprising where all bytes but
/// one of each other kind are the same.
pub fn is_at_least(bytes: &[u8], bits: f32) -> bool {
    let all = (f64::from(bits) + ROUNDING) * bytes.len() as f64;
    surely(bytes).is_some_and(|fewest| fewest >= all) || bits_per_byte(bytes) >= bits
}

/// The fewest bits that a short text of this length has with as many different bytes.
fn surely(bytes: &[u8]) -> Option<f64> {
    let of = SHORT.all.get(bytes.len()).filter(|_| !bytes.is_empty())?;
    // Bytes that are different by their last six bits are different.
    let seen = bytes.iter().fold(0u64, |seen, b| seen | 1 << (b & 63));
    let same = bytes.len() + 1 - seen.count_ones() as usize;
    Some(of - SHORT.all[same])
}

/// By how much what is computed here may be off.
const ROUNDING: f64 = 1e-5;

/// The longest text whose sums are looked up.
const SHORT_BYTES_MAX: usize = u8::MAX as usize;

/// What short texts need, by count and by length.
struct Short {
    growth: [u64; SHORT_BYTES_MAX + 1],
    bits: [f64; SHORT_BYTES_MAX + 1],
    /// Those of all of its bytes, were they all different.
    all: [f64; SHORT_BYTES_MAX + 1],
}

static SHORT: LazyLock<Short> = LazyLock::new(|| Short {
    growth: std::array::from_fn(|n| growth(n as u32)),
    bits: std::array::from_fn(|n| (n as f64).log2()),
    all: std::array::from_fn(|n| if n > 0 { n as f64 * (n as f64).log2() } else { 0.0 }),
});

#[cfg(test)]
mod tests {
    use super::{bits_per_byte, is_at_least, surely};
    use proptest::prelude::*;

    #[test]
    fn known_values() {
        assert_eq!(bits_per_byte(b""), 0.0);
        assert_eq!(bits_per_byte(b"aaaa"), 0.0);
        assert_eq!(bits_per_byte(b"abab"), 1.0);
        assert_eq!(bits_per_byte(b"abcd"), 2.0);
    }

    proptest! {
        /// The definition.
        #[test]
        fn it_is_the_sum_over_all_bytes(text in "[a-d]{1,40}|[ -~]{1,80}|a{1,30}|[a-c]{200,300}") {
            let total = text.len() as f64;
            let share = |b: u8| text.bytes().filter(|c| *c == b).count() as f64 / total;
            let sum: f64 = (0..=255).map(share).filter(|p| *p > 0.0).map(|p| -p * p.log2()).sum();
            prop_assert!((f64::from(bits_per_byte(text.as_bytes())) - sum).abs() < 1e-5, "{text}");
        }

        /// What different bytes tell is what all of them tell, also where it is just enough.
        #[test]
        fn different_bytes_tell_the_same(
            text in prop_oneof![prop::collection::vec(any::<u8>(), 0..60), prop::collection::vec(b'a'..b'h', 0..300)],
            bits in 0.0..8f32,
        ) {
            let exact = bits_per_byte(&text);
            for bits in [bits, exact, exact.next_up(), exact.next_down()] {
                prop_assert_eq!(is_at_least(&text, bits), exact >= bits);
            }
        }

        /// The least surprising text there is with so many different bytes.
        #[test]
        fn no_text_is_less_surprising(different in 1..60u8, same in 0..200usize) {
            let text: Vec<u8> = (1..different).chain(std::iter::repeat_n(0, same + 1)).collect();
            let all = f64::from(bits_per_byte(&text)) * text.len() as f64;
            prop_assert!(surely(&text).is_none_or(|fewest| (all - fewest).abs() < 1e-3), "{}", all);
        }
    }
}
