//! Hits in order.

use super::Hit;

/// Puts hits in order, which mostly are, or nearly so.
#[inline(always)]
pub(super) fn sort(hits: &mut [Hit]) {
    let most = MOVES_MAX * hits.len();
    let mut moves = 0;
    for n in 1..hits.len() {
        let hit = hits[n];
        let mut at = n;
        while at > 0 && hits[at - 1].key() > hit.key() {
            hits[at] = hits[at - 1];
            at -= 1;
        }
        hits[at] = hit;
        moves += n - at;
        if moves > most {
            return sort_far(hits, n + 1);
        }
    }
}

/// The same for hits that are not nearly in order.
#[cold]
fn sort_far(hits: &mut [Hit], sorted: usize) {
    if let Some(first) = hits[sorted..].iter().map(|hit| hit.key()).min() {
        let from = hits[..sorted].partition_point(|hit| hit.key() < first);
        hits[from..].sort_unstable_by_key(|hit| hit.key());
    }
}

/// So many moves a hit, and they are not nearly in order.
const MOVES_MAX: usize = 16;

/// Hits of a piece besides words, as [`Hit::key`] has them: numbers are zeroed at once, which hits are not.
pub(super) struct Others<const ROOM: usize> {
    keys: [u64; ROOM],
    count: usize,
}

impl<const ROOM: usize> Others<ROOM> {
    pub(super) fn new() -> Self {
        Others { keys: [0; ROOM], count: 0 }
    }

    /// Takes a hit; those before it go among the words if there is no room for it.
    pub(super) fn push(&mut self, at: usize, kind: u32, words: &mut Vec<Hit>, first: usize) {
        if self.count == ROOM {
            self.merge(words, first);
        }
        self.keys[self.count] = Hit { at: at as u32, kind }.key();
        self.count += 1;
    }

    /// Moves all among the words from the one whose number is `first`, which are in order.
    pub(super) fn merge(&mut self, words: &mut Vec<Hit>, first: usize) {
        let others = &mut self.keys[..self.count];
        // A run may begin before an `@` that was seen before its last digits.
        others.sort_unstable();
        let mut word = words.len();
        words.extend(others.iter().map(|key| Hit::of(*key)));
        // From the last to the first, so that no word moves twice.
        for (left, other) in others.iter().enumerate().rev() {
            while word > first && words[word - 1].key() > *other {
                word -= 1;
                words[word + left + 1] = words[word];
            }
            words[word + left] = Hit::of(*other);
        }
        self.count = 0;
    }
}
