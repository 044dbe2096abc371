//! Payment-card numbers: issuer, length, Luhn.
//!
//! Ranges: ISO/IEC 7812 issuer numbers as collected by the card schemes' and processors' public
//! pages, e.g. <https://github.com/braintree/credit-card-type> and <https://docs.adyen.com/development-resources/testing/test-card-numbers/>.

/// How sure an issuer's range alone makes a number a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// The range is wide or retired: asks for a card's word nearby, or a card's grouping.
    Context,
    /// The range is narrow and in use.
    Range,
}

struct Issuer {
    /// First and last prefix, of the same number of digits.
    from: u32,
    to: u32,
    digits: u8,
    lengths: &'static [u8],
    trust: Trust,
}

const fn row(digits: u8, from: u32, to: u32, lengths: &'static [u8], trust: Trust) -> Issuer {
    Issuer { from, to, digits, lengths, trust }
}

use Trust::{Context, Range};

/// Tried in order; the first row that fits decides.
const ISSUERS: &[Issuer] = &[
    row(1, 4, 4, &[16, 13, 19], Range), // Visa, Electron, and Elo and Dankort within
    row(2, 51, 55, &[16], Range),       // Mastercard
    row(4, 2221, 2720, &[16], Range),   // Mastercard 2-series
    row(2, 34, 34, &[15], Range),       // American Express
    row(2, 37, 37, &[15], Range),
    row(4, 6011, 6011, &[16, 17, 18, 19], Range), // Discover
    row(3, 644, 649, &[16, 17, 18, 19], Range),
    row(2, 65, 65, &[16, 17, 18, 19], Range), // Discover, RuPay, Elo, Troy, Verve
    row(3, 300, 305, &[14], Range),           // Diners Club; its longer numbers are rare
    row(3, 300, 305, &[16, 19], Context),
    row(3, 309, 309, &[14], Range),
    row(3, 309, 309, &[16, 19], Context),
    row(2, 36, 36, &[14], Range),
    row(2, 36, 36, &[16, 19], Context),
    row(2, 38, 39, &[14], Range),
    row(2, 38, 39, &[16, 19], Context),
    row(4, 3528, 3589, &[16, 17, 18, 19], Range), // JCB
    row(4, 3088, 3088, &[16], Context),
    row(4, 2131, 2131, &[15], Context),
    row(4, 1800, 1800, &[15], Context),
    row(2, 62, 62, &[16, 17, 18, 19], Range), // UnionPay
    row(4, 8100, 8171, &[16, 17, 18, 19], Range),
    row(4, 2200, 2204, &[16, 17, 18, 19], Range), // Mir
    row(4, 9792, 9792, &[16], Range),             // Troy
    row(6, 606282, 606282, &[16], Range),         // Hipercard
    row(6, 600722, 600722, &[16], Range),         // Forbrugsforeningen
    row(6, 637095, 637095, &[16], Range),         // Hiper
    row(4, 6375, 6376, &[16], Range),
    row(4, 5019, 5019, &[16], Range), // Dankort
    row(4, 5067, 5067, &[16], Range), // Elo
    row(4, 5090, 5090, &[16], Range),
    row(4, 5061, 5061, &[16, 18, 19], Range), // Verve
    row(6, 506099, 506198, &[16, 18, 19], Range),
    row(6, 507865, 507964, &[16, 18, 19], Range),
    row(6, 504175, 504175, &[16], Range), // Elo
    row(6, 627780, 627780, &[16], Range),
    row(6, 636297, 636297, &[16], Range),
    row(6, 636368, 636368, &[16], Range),
    row(6, 589562, 589562, &[16], Range),                         // Naranja
    row(4, 5018, 5018, &[12, 13, 14, 15, 16, 17, 18, 19], Range), // Maestro
    row(4, 5020, 5020, &[12, 13, 14, 15, 16, 17, 18, 19], Range),
    row(4, 5038, 5038, &[12, 13, 14, 15, 16, 17, 18, 19], Range),
    row(4, 5612, 5612, &[16, 18, 19], Range),
    row(4, 5893, 5893, &[12, 13, 14, 15, 16, 17, 18, 19], Range),
    row(4, 6304, 6304, &[13, 14, 15, 16, 17, 18, 19], Range),
    row(4, 6759, 6759, &[13, 14, 15, 16, 17, 18, 19], Range),
    row(4, 6761, 6763, &[13, 14, 15, 16, 17, 18, 19], Range),
    row(4, 6767, 6767, &[16, 18, 19], Range),     // Solo
    row(4, 6771, 6771, &[16, 17, 18, 19], Range), // Laser
    row(4, 6706, 6709, &[16, 17, 18, 19], Range),
    row(4, 6334, 6334, &[16, 18, 19], Range),
    row(4, 6390, 6390, &[16, 18, 19], Range),
    row(3, 508, 508, &[16], Range), // RuPay
    row(2, 60, 60, &[16], Context),
    row(2, 81, 82, &[16], Context),
    row(2, 50, 50, &[12, 13, 14, 15, 16, 17, 18, 19], Context), // Maestro at large
    row(2, 56, 58, &[12, 13, 14, 15, 16, 17, 18, 19], Context),
    row(1, 6, 6, &[13, 14, 15, 16, 17, 18, 19], Context),
    row(1, 1, 1, &[15], Context),       // UATP
    row(4, 8600, 8600, &[16], Context), // UzCard
    row(4, 9860, 9860, &[16], Context), // Humo
    row(1, 9, 9, &[16], Context),       // Korean local
];

/// The lengths that some issuer has for numbers with these two first digits, as bits.
const LENGTHS: [u32; 100] = {
    let mut lengths = [0; 100];
    let mut row = 0;
    while row < ISSUERS.len() {
        let issuer = &ISSUERS[row];
        let mut prefix = 0;
        while prefix < 100 {
            // Both cut to as many digits as the shorter one has.
            let (scale, cut) = match issuer.digits {
                1 => (1, 10),
                digits => (10u32.pow(digits as u32 - 2), 1),
            };
            let prefix_cut = prefix as u32 / cut;
            if issuer.from / scale <= prefix_cut && prefix_cut <= issuer.to / scale {
                let mut n = 0;
                while n < issuer.lengths.len() {
                    lengths[prefix] |= 1 << issuer.lengths[n];
                    n += 1;
                }
            }
            prefix += 1;
        }
        row += 1;
    }
    lengths
};

/// How far the issuer's range makes these digits a card: none when no issuer has such a number or
/// the check digit is wrong. `digits` are ASCII digits without separators.
pub fn judge(digits: &[u8]) -> Option<Trust> {
    let len = 1u32.checked_shl(digits.len() as u32)?;
    let [first, second, ..] = digits else { return None };
    // Most numbers have no length that an issuer of their first two digits gives out.
    if LENGTHS[usize::from(first - b'0') * 10 + usize::from(second - b'0')] & len == 0
        || !luhn(digits)
        || !varied(digits)
    {
        return None;
    }
    let issuer = ISSUERS.iter().find(|i| {
        let prefix = digits[..usize::from(i.digits)].iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'));
        (i.from..=i.to).contains(&prefix) && i.lengths.contains(&(digits.len() as u8))
    })?;
    Some(issuer.trust)
}

/// Runs of one digit and counters (`0000000000000000`, `4444444444444444`) are no cards.
fn varied(digits: &[u8]) -> bool {
    digits.iter().any(|d| *d != digits[digits.len() - 1])
}

/// ISO/IEC 7812-1, annex B: every second digit from the right doubled, the sum a multiple of ten.
pub fn luhn(digits: &[u8]) -> bool {
    let mut rest = digits;
    let mut sum = 0;
    while let Some((head, eight)) = rest.split_last_chunk() {
        sum += eight_share(u64::from_be_bytes(*eight));
        rest = head;
    }
    let mut eight = [b'0'; 8];
    eight[8 - rest.len()..].copy_from_slice(rest);
    (sum + eight_share(u64::from_be_bytes(eight))).is_multiple_of(10)
}

/// What eight digits add to the sum, the second from the right and every second one doubled.
fn eight_share(digits: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const DOUBLED: u64 = 0x0F00_0F00_0F00_0F00;
    let digits = digits & (EACH * 0x0F);
    let sums = digits + (digits & DOUBLED);
    // Of a double with two digits their sum: nine less.
    let over = (sums + EACH * 6) >> 4 & EACH;
    (sums - over * 9).wrapping_mul(EACH) >> 56
}

#[cfg(test)]
mod tests {
    use super::{ISSUERS, Trust, judge, luhn, varied};
    use proptest::prelude::*;

    #[test]
    fn brands() {
        for pan in [
            "4111111111111111",
            "2221000000000009",
            "5555555555554444",
            "371449635398431",
            "30569309025904",
            "3566002020360505",
            "6200000000000005",
            "6011111111111117",
            "4911830000000",
            "4917610000000000003",
        ] {
            assert_eq!(judge(pan.as_bytes()), Some(Trust::Range), "{pan}");
        }
        assert_eq!(judge(b"135410014004955"), Some(Trust::Context));
    }

    #[test]
    fn not_cards() {
        for no in ["4111111111111112", "1548138160707", "0000000000000000", "20260823000001"] {
            assert_eq!(judge(no.as_bytes()), None, "{no}");
        }
        assert!(luhn(b"0000000000000000"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

        #[test]
        fn luhn_is_the_sum_by_definition(digits in "[0-9]{0,40}") {
            let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
            let share = |(i, d): (usize, u8)| if i % 2 == 1 { doubled(u32::from(d - b'0')) } else { u32::from(d - b'0') };
            let sum: u32 = digits.bytes().rev().enumerate().map(share).sum();
            prop_assert_eq!(luhn(digits.as_bytes()), sum.is_multiple_of(10));
        }

        /// The cheap look at the first two digits turns away no card.
        #[test]
        fn the_lengths_are_those_of_the_issuers(digits in "[0-9]{12,19}") {
            let digits = digits.as_bytes();
            let issuer = ISSUERS.iter().find(|i| {
                let prefix: u32 = std::str::from_utf8(&digits[..usize::from(i.digits)]).unwrap().parse().unwrap();
                (i.from..=i.to).contains(&prefix) && i.lengths.contains(&(digits.len() as u8))
            });
            let naive = issuer.filter(|_| luhn(digits) && varied(digits)).map(|i| i.trust);
            prop_assert_eq!(judge(digits), naive);
        }
    }
}
