//! Where a word of the text may begin, for a piece at a time.

use super::classes::Classes;

/// Where [`may_begin`](crate::rules::plan::may_begin) holds, in the `count` masks of a piece.
#[inline(always)]
pub(super) fn find(count: usize, classes: &Classes<'_>, begins: &mut [u64]) {
    let (digits, words) = (&classes.digits[..count + 1], &classes.words[..count + 1]);
    let (marks, ends) = (&classes.marks[..count + 1], &classes.ends[..count + 1]);
    for (mask, begins) in begins[1..count + 1].iter_mut().enumerate() {
        let behind = |masks: &[u64], by: u32| masks[mask + 1] << by | masks[mask] >> (64 - by);
        let escaped = behind(marks, 2) | behind(marks, 3) | behind(marks, 4) | behind(marks, 5) | behind(marks, 6);
        let coloured = behind(ends, 1) & (!behind(words, 2) | behind(digits, 2));
        *begins = !behind(words, 1) | escaped | coloured;
    }
}
