//! The way of a block through a kernel, piece by piece, and the bit masks it leaves.

use super::classes::Classes;
use super::lines::Lines;
use super::lookup::Lookup;
use super::{Hit, begins, bits, digits, push, sort};
use crate::rules::plan::WINDOW;

/// Bytes a bit mask stands for.
pub(super) const MASK: usize = 64;

/// Masks in a piece: 8 KiB of text, which with the tables and the masks stay in the first-level
/// cache while several passes go over them.
pub(super) const PIECE: usize = 128;

/// Masks in the one piece of a short block, such as a single line: making room for a whole piece
/// would cost more than such a block does.
const SHORT: usize = 4;

/// The bytes that a kernel reads for one mask: those behind the 64 belong to windows begun there.
pub(super) const READ: usize = MASK + WINDOW - 1;

/// What a kernel tells of one piece; bit `n` of a mask stands for byte `n` of its 64.
///
/// All but `windows` begin with the last mask before the piece and end with the first one behind
/// it; bits outside of the block are zero in the classes.
pub(super) struct Masks<'a> {
    /// Where the window of a word may begin; never less than where one does.
    pub(super) windows: &'a mut [u64],
    pub(super) classes: Classes<'a>,
    /// Where a word of the text may begin.
    pub(super) begins: &'a mut [u64],
    /// Where four digits begin.
    pub(super) fours: &'a mut [u64],
    /// What to look at for runs of digits.
    pub(super) runs: &'a mut [u64],
}

/// A block, and a copy of its last bytes with zeros behind them.
pub(super) struct Text<'a> {
    block: &'a [u8],
    /// How many masks the block itself has all bytes to read for.
    whole: usize,
    tail: [u8; 4 * MASK],
}

impl<'a> Text<'a> {
    #[inline(always)]
    fn new(block: &'a [u8]) -> Self {
        let whole = block.len().checked_sub(READ).map_or(0, |more| more / MASK + 1);
        let rest = &block[whole * MASK..];
        // At most 66 bytes are left, so two masks and one behind them have what is in the block.
        let mut text = Text { block, whole, tail: [0; 4 * MASK] };
        text.tail[..rest.len()].copy_from_slice(rest);
        text
    }

    /// What is to read for a mask, from its first byte on.
    #[inline(always)]
    pub(super) fn at(&self, mask: usize) -> &[u8; READ] {
        let text = match mask.checked_sub(self.whole) {
            None => self.block.get(mask * MASK..),
            Some(mask) => self.tail.get(mask * MASK..),
        };
        text.and_then(|text| text.first_chunk()).unwrap_or(&[0; READ])
    }
}

/// Takes a block through the gate in pieces. `scan` makes the masks of as many as its third
/// argument says, from the one whose number is its second.
///
/// Inlined into each kernel, so that it is compiled for what the kernel's processor has.
#[inline(always)]
pub(super) fn each_piece(
    lookup: &Lookup,
    block: &[u8],
    found: (&mut Vec<Hit>, &mut Lines),
    scan: impl Fn(&Text<'_>, usize, usize, &mut Masks<'_>),
) {
    if block.len() <= SHORT * MASK {
        pieces::<{ SHORT + 2 }>(lookup, block, found, scan);
    } else {
        pieces::<{ PIECE + 2 }>(lookup, block, found, scan);
    }
}

/// The same with room for two masks less than `ROOM` at a time.
#[inline(always)]
fn pieces<const ROOM: usize>(
    lookup: &Lookup,
    block: &[u8],
    found: (&mut Vec<Hit>, &mut Lines),
    scan: impl Fn(&Text<'_>, usize, usize, &mut Masks<'_>),
) {
    let (hits, line_ends) = found;
    let text = Text::new(block);
    let end = block.len().div_ceil(MASK);
    let mut room = [[0; ROOM]; 10];
    let [windows, digits, ats, words, marks, ends, lines, begins, fours, runs] = &mut room;
    let classes = Classes { digits, ats, words, marks, ends, lines };
    let mut masks = Masks { windows, classes, begins, fours, runs };
    let mut places = [[0; MASK]; ROOM];
    let mut run = digits::Runs::default();
    for first in (0..end).step_by(ROOM - 2) {
        let count = (ROOM - 2).min(end - first);
        scan(&text, first, count, &mut masks);
        line_ends.extend(&masks.classes.lines[1..=count]);
        let before = hits.len();
        lookup.check(block, first * MASK, &masks.windows[..count], places.as_flattened_mut(), hits);
        rest(block, first, count, &masks, &mut run, hits);
        sort(&mut hits[before..]);
    }
}

impl Masks<'_> {
    /// Makes the masks that follow from those of the classes, for a piece of `count` masks.
    ///
    /// Plain arithmetic without a branch, so that the compiler makes vectors of it; inlined into
    /// each kernel for that.
    #[inline(always)]
    pub(super) fn derive(&mut self, count: usize, with_begins: bool) {
        if with_begins {
            begins::find(count, &self.classes, self.begins);
        }
        digits::find_fours(count, self.classes.digits, self.fours);
        digits::find_runs(count, self.classes.digits, self.fours, self.runs);
    }
}

/// Looks at what the masks of a piece show besides words.
#[inline(always)]
fn rest(block: &[u8], first: usize, count: usize, masks: &Masks<'_>, run: &mut digits::Runs, hits: &mut Vec<Hit>) {
    let near = masks.classes.ats[1..=count].iter().zip(&masks.runs[1..=count]);
    for (mask, (&ats, &runs)) in near.enumerate() {
        if ats | runs == 0 {
            continue;
        }
        let at = (first + mask) * MASK;
        for bit in bits(ats) {
            push(hits, at + bit, Hit::AT);
        }
        for bit in bits(runs) {
            if let Some(start) = run.look(block, at + bit) {
                push(hits, start, Hit::DIGITS);
            }
        }
    }
}
