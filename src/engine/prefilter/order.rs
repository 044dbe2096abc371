//! Hits in order.

use super::candidate::Candidate;

/// Puts candidates in order, which mostly are, or nearly so.
#[inline(always)]
pub(super) fn sort(candidates: &mut [Candidate]) {
    let most = MOVES_MAX * candidates.len();
    let mut moves = 0;
    for n in 1..candidates.len() {
        let candidate = candidates[n];
        let mut at = n;
        while at > 0 && candidates[at - 1].key() > candidate.key() {
            candidates[at] = candidates[at - 1];
            at -= 1;
        }
        candidates[at] = candidate;
        moves += n - at;
        if moves > most {
            return sort_far(candidates, n + 1);
        }
    }
}

/// The same for candidates that are not nearly in order.
#[cold]
fn sort_far(candidates: &mut [Candidate], sorted: usize) {
    if let Some(first) = candidates[sorted..].iter().map(|candidate| candidate.key()).min() {
        let from = candidates[..sorted].partition_point(|candidate| candidate.key() < first);
        candidates[from..].sort_unstable_by_key(|candidate| candidate.key());
    }
}

/// So many moves a candidate, and they are not nearly in order.
const MOVES_MAX: usize = 16;

/// Hits of a piece besides literals, as [`Candidate::key`] has them: numbers are zeroed at once, which candidates are not.
pub(super) struct Others<const ROOM: usize> {
    keys: [u64; ROOM],
    count: usize,
}

impl<const ROOM: usize> Others<ROOM> {
    pub(super) fn new() -> Self {
        Others { keys: [0; ROOM], count: 0 }
    }

    /// Takes a candidate; those before it go among the literals if there is no room for it.
    pub(super) fn push(&mut self, at: usize, kind: u32, literals: &mut Vec<Candidate>, first: usize) {
        if self.count == ROOM {
            self.merge(literals, first);
        }
        self.keys[self.count] = Candidate { at: at as u32, kind }.key();
        self.count += 1;
    }

    /// Moves all among the literals from the one whose number is `first`, which are in order.
    pub(super) fn merge(&mut self, literals: &mut Vec<Candidate>, first: usize) {
        let others = &mut self.keys[..self.count];
        // A run may begin before an `@` that was seen before its last digits.
        others.sort_unstable();
        let mut word = literals.len();
        literals.extend(others.iter().map(|key| Candidate::of(*key)));
        // From the last to the first, so that no word moves twice.
        for (left, other) in others.iter().enumerate().rev() {
            while word > first && literals[word - 1].key() > *other {
                word -= 1;
                literals[word + left + 1] = literals[word];
            }
            literals[word + left] = Candidate::of(*other);
        }
        self.count = 0;
    }
}
