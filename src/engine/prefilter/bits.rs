//! Bit masks, a bit a byte.

use crate::rules::plan::WINDOW;

/// Bytes a bit mask stands for.
pub(super) const MASK: usize = 64;

/// The bytes that a kernel reads for one mask: those behind the 64 belong to windows begun there.
pub(super) const READ: usize = MASK + WINDOW - 1;

/// The bits that are set, lowest first.
pub(super) fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (mask != 0).then(|| {
            let bit = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            bit
        })
    })
}
