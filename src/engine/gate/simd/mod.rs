//! The kernels of x86-64, and what they have in common.
//!
//! All are *Teddy*: a byte of a table has a bit for each of eight buckets; a lookup for each of four
//! neighbouring bytes, and the `and` of the four, gives the buckets that let the place through.

mod avx2;
mod avx512;
mod avx512vbmi;

pub(super) use avx2::Avx2;
pub(super) use avx512::Avx512;
pub(super) use avx512vbmi::Avx512Vbmi;

use super::MASK;
use super::lookup::Window;
use crate::rules::plan::{GROUP, MAX_GROUPS, WINDOW};

/// The bytes that a kernel reads for one mask: those behind the 64 belong to windows begun there.
const READ: usize = MASK + WINDOW - 1;

/// What comes after a nibble table's byte: the tables of up to four groups and four positions.
type Tables<const ENTRIES: usize> = [[[u8; ENTRIES]; WINDOW]; MAX_GROUPS];

/// Tables by low and by high nibble, of which the `and` is the table by byte.
///
/// `vpshufb` gives zero for a byte with its highest bit set, so nothing is found at such a byte
/// without masking. Right, as words are ASCII; but a window of three bytes must accept any byte at
/// its fourth position, hence `any`.
struct NibbleTables {
    low: Tables<16>,
    high: Tables<16>,
    /// For each group the buckets that accept any byte at the fourth position.
    any: [u8; MAX_GROUPS],
}

impl NibbleTables {
    fn new(windows: &[Window]) -> NibbleTables {
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

/// The group of a window's bucket, and the bucket's bit in it.
fn bucket(window: &Window) -> (usize, u8) {
    let bucket = usize::from(window.place.bucket);
    (bucket / GROUP, 1 << (bucket % GROUP))
}

/// The text of a mask: the block's own as long as the block has all of it, and else a copy with
/// zeros behind it, made in `spare`.
#[inline(always)]
fn text<'a>(block: &'a [u8], mask: usize, spare: &'a mut [u8; READ]) -> &'a [u8; READ] {
    let rest = block.get(mask * MASK..).unwrap_or_default();
    match rest.first_chunk() {
        Some(text) => text,
        None => {
            *spare = [0; READ];
            spare[..rest.len()].copy_from_slice(rest);
            spare
        }
    }
}
