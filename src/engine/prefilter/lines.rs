//! Where lines end in a block: a by-product of the classes, so that nobody looks for it twice.

use super::bits::MASK;

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
        // Two masks at a time: in which of them a line begins cannot be foretold.
        let mut ends = self.two(mask.wrapping_sub(1)) & !(u128::MAX << (MASK + bit));
        while ends == 0 {
            if mask <= 1 {
                return 0;
            }
            mask -= 2;
            ends = self.two(mask.wrapping_sub(1));
        }
        (mask + 1) * MASK - ends.leading_zeros() as usize
    }

    /// The first line end at `at` or behind it.
    pub(crate) fn end(&self, at: usize) -> Option<usize> {
        let (mut mask, bit) = (at / MASK, at % MASK);
        let mut ends = self.two(mask) & (u128::MAX << bit);
        while ends == 0 {
            mask += 2;
            if mask >= self.masks.len() {
                return None;
            }
            ends = self.two(mask);
        }
        Some(mask * MASK + ends.trailing_zeros() as usize)
    }

    /// A mask and the one behind it, with zeros for what is not there.
    fn two(&self, first: usize) -> u128 {
        let mask = |at: usize| self.masks.get(at).map_or(0, |mask| u128::from(*mask));
        mask(first.wrapping_add(1)) << MASK | mask(first)
    }

    /// Bytes of memory kept.
    pub(crate) fn capacity(&self) -> usize {
        self.masks.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;
    use crate::engine::prefilter::bits::MASK;
    use proptest::prelude::*;

    proptest! {
        /// Byte by byte gives the same.
        #[test]
        fn lines_are_those_by_definition(
            ends in prop::collection::vec(prop_oneof![Just(0u64), any::<u64>(), (0..64u32).prop_map(|bit| 1 << bit)], 1..7),
            at in any::<prop::sample::Index>(),
        ) {
            let mut lines = Lines::default();
            lines.extend(&ends);
            let ends_at = |at: &usize| ends[at / MASK] >> (at % MASK) & 1 != 0;
            let bytes = ends.len() * MASK;
            let at = at.index(bytes);
            prop_assert_eq!(lines.start(at), (0..at).rev().find(ends_at).map_or(0, |end| end + 1));
            prop_assert_eq!(lines.end(at), (at..bytes).find(ends_at));
        }
    }
}
