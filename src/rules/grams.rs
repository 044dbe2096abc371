//! What passes a bucket of windows in an ordinary log.

/// Bytes in a window. One of three bytes lets any fourth through.
pub(super) const WINDOW: usize = 4;

/// How often each sequence of four bytes, and each byte at each place in one, is in the sample.
pub(super) struct Grams {
    total: f64,
    bytes: [[f64; 128]; WINDOW],
    /// The third and fourth byte of each gram and its count, by the first two.
    tails: Vec<(u8, u8, f64)>,
    /// First byte, second byte, end of their `tails` (which begin where the one before ends).
    heads: Vec<(u8, u8, usize)>,
    /// Where the `heads` of each first byte begin; one more for the end.
    firsts: [usize; 129],
}

impl Grams {
    /// Counts the sequences of a text that begin where `counts` says.
    pub(super) fn new(text: &[u8], counts: impl Fn(&[u8], usize) -> bool) -> Grams {
        let mut all: Vec<u32> = text
            .windows(WINDOW)
            .enumerate()
            .filter(|(at, gram)| gram.is_ascii() && counts(text, *at))
            .map(|(_, gram)| u32::from_be_bytes([gram[0], gram[1], gram[2], gram[3]]))
            .collect();
        all.sort_unstable();
        let mut grams = Grams {
            total: all.len().max(1) as f64,
            bytes: [[0.0; 128]; WINDOW],
            tails: Vec::new(),
            heads: Vec::new(),
            firsts: [0; 129],
        };
        for same in all.chunk_by(|a, b| a == b) {
            let [a, b, c, d] = same[0].to_be_bytes();
            let count = same.len() as f64;
            for (bytes, byte) in grams.bytes.iter_mut().zip([a, b, c, d]) {
                bytes[usize::from(byte)] += count;
            }
            grams.tails.push((c, d, count));
            match grams.heads.last_mut() {
                Some(head) if head.0 == a && head.1 == b => head.2 += 1,
                _ => grams.heads.push((a, b, grams.tails.len())),
            }
        }
        for &(first, ..) in &grams.heads {
            grams.firsts[usize::from(first) + 1] += 1;
        }
        for first in 0..128 {
            grams.firsts[first + 1] += grams.firsts[first];
        }
        grams
    }

    /// The expected passes of a bucket over the sample, or something above `limit`.
    ///
    /// What the sample shows, plus a little of what independent bytes would give: the sample is
    /// finite, and of two windows never seen the one made of rarer bytes is the better.
    pub(super) fn passes(&self, bucket: &Bucket, by: By, limit: f64) -> f64 {
        const UNSEEN: f64 = 1.0;
        let sets = bucket.0.map(|bytes| bytes.taken(by));
        let mut sum = UNSEEN * self.total;
        for (set, bytes) in sets.into_iter().zip(&self.bytes) {
            sum *= self.mass(set, bytes) / self.total;
        }
        for first in bits(sets[0]) {
            for at in self.firsts[first]..self.firsts[first + 1] {
                let (_, second, end) = self.heads[at];
                if sets[1] >> second & 1 == 0 {
                    continue;
                }
                let begin = if at == 0 { 0 } else { self.heads[at - 1].2 };
                for &(third, fourth, count) in &self.tails[begin..end] {
                    if sets[2] >> third & sets[3] >> fourth & 1 != 0 {
                        sum += count;
                    }
                }
            }
            if sum > limit {
                break;
            }
        }
        sum
    }

    /// How often a window stands in the sample.
    pub(super) fn count(&self, window: &[u8], fold: bool) -> f64 {
        let is = |at: usize, byte: u8| {
            window.get(at).is_none_or(|own| if fold { own.eq_ignore_ascii_case(&byte) } else { *own == byte })
        };
        let heads = (0..128).filter(|first| is(0, *first as u8)).flat_map(|n| self.firsts[n]..self.firsts[n + 1]);
        let tails = heads.filter(|at| is(1, self.heads[*at].1)).flat_map(|at| {
            let begin = at.checked_sub(1).map_or(0, |before| self.heads[before].2);
            &self.tails[begin..self.heads[at].2]
        });
        tails.filter(|(third, fourth, _)| is(2, *third) && is(3, *fourth)).map(|tail| tail.2).sum()
    }

    fn mass(&self, set: u128, bytes: &[f64; 128]) -> f64 {
        if set == u128::MAX {
            return self.total;
        }
        bits(set).map(|byte| bytes[byte]).sum()
    }
}

fn bits(mut set: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (set != 0).then(|| {
            let bit = set.trailing_zeros() as usize;
            set &= set - 1;
            bit
        })
    })
}

/// How a kernel looks bytes up, and so what it takes for a byte of a window.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// By nibbles: any of the high nibbles of some bytes with any of the low ones.
    Nibbles,
    /// By all bits but 5 and 7: letters in both cases, control characters with digits and punctuation, and what is beyond
    /// ASCII with what is not.
    Entries,
}

/// The bytes that the windows of a bucket have at one position, as far as they make ASCII pass, which is all that the
/// sample has.
#[derive(Clone, Copy, Default)]
struct Bytes {
    ascii: u128,
    /// Those beyond ASCII, without their highest bit.
    beyond: u128,
}

impl Bytes {
    const ANY: Bytes = Bytes { ascii: u128::MAX, beyond: u128::MAX };

    fn add(&mut self, byte: u8) {
        let set = if byte.is_ascii() { &mut self.ascii } else { &mut self.beyond };
        *set |= 1 << (byte & 0x7F);
    }

    /// The ASCII bytes that are taken for one of these.
    fn taken(self, by: By) -> u128 {
        /// The bytes that have bit 5.
        const BIT_5: u128 = 0xFFFF_FFFF_0000_0000_FFFF_FFFF_0000_0000;
        match by {
            By::Entries => {
                let own = self.ascii | self.beyond;
                own | (own & BIT_5) >> 32 | (own & !BIT_5) << 32
            }
            By::Nibbles => {
                let row = |set: u128, high| (set >> (16 * high)) as u16;
                let low = (0..8).fold(0, |low, high| low | row(self.ascii, high) | row(self.beyond, high));
                let rows = (0..8).filter(|high| row(self.ascii, *high) != 0);
                rows.fold(0, |set, high| set | u128::from(low) << (16 * high))
            }
        }
    }
}

/// The windows let through together: what each of their positions lets through.
#[derive(Clone, Copy, Default)]
pub(super) struct Bucket([Bytes; WINDOW]);

impl Bucket {
    /// Whether the same passes it as another one.
    pub(super) fn passes_like(&self, other: &Bucket, by: By) -> bool {
        self.0.iter().zip(&other.0).all(|(own, other)| own.taken(by) == other.taken(by))
    }

    pub(super) fn with(mut self, window: &[u8], fold: bool) -> Bucket {
        for (bytes, &byte) in self.0.iter_mut().zip(window) {
            bytes.add(byte);
            if fold {
                bytes.add(byte.to_ascii_lowercase());
                bytes.add(byte.to_ascii_uppercase());
            }
        }
        if window.len() < WINDOW {
            self.0[WINDOW - 1] = Bytes::ANY;
        }
        self
    }
}
