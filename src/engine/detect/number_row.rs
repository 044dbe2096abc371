//! Numbers beside each other, of which four may pass for a card's: columns, frequencies, what a sensor says.

use crate::engine::notation::Record;

/// Whether another number stands a blank before `at`.
pub(super) fn in_row(rec: &Record<'_>, at: usize) -> bool {
    matches!(rec.last(at, 2), [b'0'..=b'9', b' '])
}

/// The longest number of a column, in bytes.
const COLUMN_BYTES_MAX: usize = 12;

/// Whether two numbers stand before it and one behind, a blank between each: `2412 2417 2422 2427 2432 2437 2442`. A list, of
/// which any four may pass for a card's; before a card stands one at most.
pub(super) fn in_columns(rec: &Record<'_>, start: usize, end: usize) -> bool {
    let before = in_row(rec, start) && {
        let first = start - 1 - rec.run_back(start - 1, COLUMN_BYTES_MAX, |b| b.is_ascii_digit());
        in_row(rec, first)
    };
    before && matches!(rec.up_to(end, 2), [b' ', b'0'..=b'9']) || in_row_of_fours(rec, start, end)
}

/// The most groups of four digits that are looked at to either side, and the fewest that make a row.
const FOURS_MAX: usize = 8;
const FOURS_MIN: usize = 3;

/// Whether it is a part of a row of like numbers: `5180 5200 5220 5240 5745 5765 5785`. The groups of a card begin alike
/// once in a thousand, and what stands around it has other digits.
fn in_row_of_fours(rec: &Record<'_>, start: usize, end: usize) -> bool {
    let lead = rec.byte(start);
    let alike = |group: &[u8]| group[0] == lead && group.iter().all(u8::is_ascii_digit);
    let own = rec.slice(start..end);
    if own.len() != 19 || !own.chunks(5).all(|group| group[0] == lead) {
        return false;
    }
    let behind = rec.up_to(end, 5 * FOURS_MAX).as_chunks::<5>().0.iter();
    let behind = behind.take_while(|group| group[0] == b' ' && alike(&group[1..])).count();
    let before = rec.last(start, 5 * FOURS_MAX).as_rchunks::<5>().1.iter().rev();
    let before = before.take_while(|group| group[4] == b' ' && alike(&group[..4])).count();
    before + behind >= FOURS_MIN
}
