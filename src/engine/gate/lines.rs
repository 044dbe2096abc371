//! Where lines end in a block: a by-product of the classes, so that nobody looks for it twice.

use super::MASK;

/// The line ends of a block, a bit a byte.
#[derive(Default)]
pub(crate) struct Lines(Vec<u64>);

impl Lines {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the masks behind those taken before.
    pub(super) fn extend(&mut self, masks: &[u64]) {
        self.0.extend_from_slice(masks);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|mask| u64::from(mask.count_ones())).sum()
    }

    /// Where the line begins that byte `at` of the block belongs to.
    pub(crate) fn start(&self, at: usize) -> usize {
        let (mut mask, bit) = (at / MASK, at % MASK);
        let mut ends = self.0[mask] & !(u64::MAX << bit);
        while ends == 0 {
            if mask == 0 {
                return 0;
            }
            mask -= 1;
            ends = self.0[mask];
        }
        mask * MASK + MASK - ends.leading_zeros() as usize
    }

    /// The first line end at `at` or behind it.
    pub(crate) fn end(&self, at: usize) -> Option<usize> {
        let (mut mask, bit) = (at / MASK, at % MASK);
        let mut ends = *self.0.get(mask)? & u64::MAX << bit;
        while ends == 0 {
            mask += 1;
            ends = *self.0.get(mask)?;
        }
        Some(mask * MASK + ends.trailing_zeros() as usize)
    }

    /// Bytes of memory kept.
    #[cfg(feature = "serve")]
    pub(crate) fn capacity(&self) -> usize {
        self.0.capacity() * size_of::<u64>()
    }
}
