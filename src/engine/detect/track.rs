//! What a card's number has behind it: on a magnetic stripe, as a float.

use crate::engine::notation::Record;

/// The longest track data behind a number, in bytes.
const TRACK_BYTES_MAX: usize = 96;

/// The end of the track data that a number at its start is part of (ISO/IEC 7813): `^NAME^...?`,
/// `=YYMM...?`.
pub(crate) fn track_end(rec: &Record<'_>, end: usize) -> usize {
    let rest = rec.up_to(end, TRACK_BYTES_MAX);
    let track = match rest.first() {
        Some(b'^') => rest.iter().skip(1).filter(|b| **b == b'^').count() > 0,
        Some(b'=' | b'D') => rest.len() > 7 && rest[1..8].iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !track {
        return end;
    }
    let ends = |b: &u8| matches!(b, b'?' | b'"' | b'\'' | b'\\' | b'<');
    let digits_only = rest[0] != b'^';
    let len =
        rest.iter().skip(1).position(|b| ends(b) || (digits_only && !b.is_ascii_digit())).map_or(rest.len(), |i| i + 1);
    end + len
}

/// Behind the fraction of a whole number that a program keeps as a float, `4111111111111111.0`; `end` if there is none.
pub(crate) fn float_end(rec: &Record<'_>, end: usize) -> usize {
    const FRACTION: &[u8] = b".0";
    let behind = end + FRACTION.len();
    let whole =
        rec.starts_with(end, FRACTION) && !rec.get(behind).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'.');
    if whole { behind } else { end }
}
