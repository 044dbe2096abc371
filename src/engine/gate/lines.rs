//! Where lines end in a block: a by-product of the classes, so that nobody looks for it twice.

use super::MASK;

/// The line ends of a block, a bit a byte.
#[derive(Default)]
pub(crate) struct Lines {
    masks: Vec<u64>,
    count: u64,
}

impl Lines {
    pub(super) fn clear(&mut self) {
        self.masks.clear();
        self.count = 0;
    }

    /// Takes the masks behind those taken before. Inlined into each kernel, whose processor counts bits
    /// with one instruction.
    #[inline(always)]
    pub(super) fn extend(&mut self, masks: &[u64]) {
        self.masks.extend_from_slice(masks);
        self.count += masks.iter().map(|mask| u64::from(mask.count_ones())).sum::<u64>();
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Where the line begins that byte `at` of the block belongs to.
    pub(crate) fn start(&self, at: usize) -> usize {
        let (mut mask, bit) = (at / MASK, at % MASK);
        let mut ends = self.masks[mask] & !(u64::MAX << bit);
        while ends == 0 {
            if mask == 0 {
                return 0;
            }
            mask -= 1;
            ends = self.masks[mask];
        }
        mask * MASK + MASK - ends.leading_zeros() as usize
    }

    /// The first line end at `at` or behind it.
    pub(crate) fn end(&self, at: usize) -> Option<usize> {
        let (mut mask, bit) = (at / MASK, at % MASK);
        let mut ends = *self.masks.get(mask)? & u64::MAX << bit;
        while ends == 0 {
            mask += 1;
            ends = *self.masks.get(mask)?;
        }
        Some(mask * MASK + ends.trailing_zeros() as usize)
    }

    /// Bytes of memory kept.
    #[cfg(feature = "serve")]
    pub(crate) fn capacity(&self) -> usize {
        self.masks.capacity() * size_of::<u64>()
    }
}
