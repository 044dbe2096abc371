//! How likely a value's pairs of letters are in ordinary log text: words score high, what was drawn low.

/// What a byte is as one of a pair: a letter of either case, a digit, anything else.
pub const CLASSES: usize = 28;

const CLASS: [u8; 256] = {
    let mut of = [27; 256];
    let mut b = 0;
    while b < 26 {
        of[b'a' as usize + b] = b as u8;
        of[b'A' as usize + b] = b as u8;
        if b < 10 {
            of[b'0' as usize + b] = 26;
        }
        b += 1;
    }
    of
};

/// Log likelihoods of the second of a pair under the first, in sixteenths of a bit.
#[derive(Clone)]
pub struct Pairs(pub(super) [i8; CLASSES * CLASSES]);

impl Pairs {
    /// The mean over a text's pairs, in halves of a bit: -14 (drawn) to 0.
    pub(super) fn mean(&self, text: &[u8]) -> i32 {
        let Some(steps) = text.len().checked_sub(1).filter(|n| *n > 0) else { return -6 };
        let class = |b: u8| usize::from(CLASS[usize::from(b)]);
        let sum: i32 = text.windows(2).map(|w| i32::from(self.0[class(w[0]) * CLASSES + class(w[1])])).sum();
        // At most 64 bytes of at most eight bits each.
        sum.div_euclid(8 * steps as i32).clamp(-14, 0)
    }
}
