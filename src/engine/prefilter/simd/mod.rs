//! The vector kernels of the processors that have one, and what they have in common.
//!
//! All are *Teddy*: a byte of a table has a bit for each of eight buckets; a confirm for each of four
//! neighbouring bytes, and the `and` of the four, gives the buckets that let the place through.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512vbmi;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(all(test, target_os = "linux"))]
mod tests;

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::Avx512;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512vbmi::Avx512Vbmi;
#[cfg(target_arch = "aarch64")]
pub(super) use neon::Neon;

use super::fingerprint::Fingerprint;
use crate::rules::plan::{GROUP, MAX_GROUPS, WINDOW};

/// What comes after a nibble table's byte: the tables of all groups and four positions.
type Tables<const ENTRIES: usize> = [[[u8; ENTRIES]; WINDOW]; MAX_GROUPS];

/// Tables by low and by high nibble, of which the `and` is the table by byte.
///
/// A window of three bytes accepts any byte at its fourth position, of which no table knows all: hence `any`.
struct NibbleTables {
    low: Tables<16>,
    high: Tables<16>,
    /// For each group the buckets that accept any byte at the fourth position.
    any: [u8; MAX_GROUPS],
}

impl NibbleTables {
    fn new(windows: &[Fingerprint]) -> NibbleTables {
        let mut tables = NibbleTables {
            low: [[[0; 16]; WINDOW]; MAX_GROUPS],
            high: [[[0; 16]; WINDOW]; MAX_GROUPS],
            any: [0; MAX_GROUPS],
        };
        for window in windows {
            let (group, bit) = bucket(window);
            for (n, accepted) in window.accepts().into_iter().enumerate() {
                let Some(bytes) = accepted else {
                    tables.any[group] |= bit;
                    continue;
                };
                for byte in bytes {
                    tables.low[group][n][usize::from(byte & 15)] |= bit;
                    tables.high[group][n][usize::from(byte >> 4)] |= bit;
                }
            }
        }
        tables
    }
}

/// The classes of bytes as tables by nibble, with a bit for each set of bytes that is one of high
/// nibbles with one of low nibbles.
struct NibbleClasses;

impl NibbleClasses {
    /// Those of [`Signs`](super::classes::Signs).
    const WORDS: u8 = 0xF0;
    const MARKS: u8 = 0x06;
    const AT: u8 = 0x08;
    const LINE: u8 = 0x01;

    // Bits 7 to 4: digits, A-O and a-o without k and m, P-Z and p-z, `_`; 3: `@`; 2 and 1: `\\`, `%`; 0: `\n`.
    const LOW: [u8; 16] =
        [0xA8, 0xE0, 0xE0, 0xE0, 0xE0, 0xE2, 0xE0, 0xE0, 0xE0, 0xE0, 0x61, 0x00, 0x44, 0x00, 0x40, 0x50];
    const HIGH: [u8; 16] = [0x01, 0, 0x02, 0x80, 0x48, 0x34, 0x40, 0x20, 0, 0, 0, 0, 0, 0, 0, 0];
}

/// The group of a window's bucket, and the bucket's bit in it.
fn bucket(window: &Fingerprint) -> (usize, u8) {
    let bucket = usize::from(window.place.bucket);
    (bucket / GROUP, 1 << (bucket % GROUP))
}

/// Calls a function that is made for each number of plain groups and of those where a word may begin, and for
/// one more number if there is one.
macro_rules! for_groups {
    ($groups:expr, $scan:ident $([$more:ident])? ($($argument:expr),*)) => {{
        const {
            assert!(matches!($crate::rules::plan::PLAIN_GROUPS, [1, 4]));
            assert!(matches!($crate::rules::plan::BEGIN_GROUPS, [0, 1, 3]));
        }
        match ($groups.plain, $groups.begin) {
            (1, 0) => $scan::<1, 0 $(, $more)?>($($argument),*),
            (1, 1) => $scan::<1, 1 $(, $more)?>($($argument),*),
            (1, _) => $scan::<1, 3 $(, $more)?>($($argument),*),
            (_, 0) => $scan::<4, 0 $(, $more)?>($($argument),*),
            (_, 1) => $scan::<4, 1 $(, $more)?>($($argument),*),
            _ => $scan::<4, 3 $(, $more)?>($($argument),*),
        }
    }};
}
use for_groups;
