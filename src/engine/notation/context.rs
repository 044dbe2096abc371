//! How a mask must be written in its place, so that the notation around it stays valid.

use super::Record;
use super::escape::{GAP_BYTES_MAX, colour_len, skip_gap};
use super::quote::Quote;
use crate::rules::check::placeholder;
use crate::rules::mask::Notation;

/// How far back a list's marks are looked for, in bytes.
const LIST_LOOK_BYTES: usize = 512;
/// The longest label, in bytes.
pub(crate) const LABEL_BYTES_MAX: usize = 128;

/// How the mask of a bare value is written that is no JSON value itself.
pub(crate) fn plain(rec: &Record<'_>) -> Notation {
    if rec.is_json() { Notation::BareInJson } else { Notation::Bare }
}

/// How the mask is written of what stands in running text: behind a separator it is a value all the
/// same, and what comes next must not become one in its stead.
pub(crate) fn in_text(rec: &Record<'_>, start: usize) -> Notation {
    let low = start.saturating_sub(GAP_BYTES_MAX).max(rec.start);
    let mut p = start;
    while p > low {
        match rec.byte(p - 1) {
            b' ' | b'\t' => p -= 1,
            b'm' | b'K' => {
                let codes = (low..p).rev().filter(|q| matches!(rec.byte(*q), 0x1b | b'\\' | b'#'));
                match codes.take(2).find(|q| colour_len(rec, *q) == p - q) {
                    Some(code) => p = code,
                    None => break,
                }
            }
            b'=' | b':' | b'>' => return plain(rec),
            _ => break,
        }
    }
    Notation::Text
}

/// How the mask of bare digits must be written: as a string where they are a JSON value.
pub(crate) fn number_notation(rec: &Record<'_>, start: usize, end: usize) -> Notation {
    let ends = skip_gap(rec, end, GAP_BYTES_MAX);
    if !matches!(rec.get(ends), None | Some(b',' | b'}' | b']')) {
        return in_text(rec, start);
    }
    let blanks = rec.run_back(start, GAP_BYTES_MAX, |b| matches!(b, b' ' | b'\t'));
    let sign = start - blanks;
    let quote = match rec.before(sign) {
        Some(b':') => {
            let end = sign - 1 - rec.run_back(sign - 1, GAP_BYTES_MAX, |b| b == b' ');
            rec.quote_before(end).filter(|quote| !begins_text(rec, end - quote.width()))
        }
        Some(b'[' | b',') => in_list(rec, sign),
        _ => None,
    };
    match quote {
        Some(q) if q.is_json() => Notation::Number(own_slashes(q.slashes).min(255) as u8),
        _ => in_text(rec, start),
    }
}

/// How many of the backslashes before a closing mark are its own: `2^depth - 1`. Others, always a
/// multiple of `2^(depth + 1)`, are backslashes of the text it closes: `"C:\\"`.
fn own_slashes(slashes: u16) -> u16 {
    (1 << (slashes + 1).trailing_zeros().min(15)) - 1
}

/// The marks of the nearest key or text before a list's bare element at `at`, which tell how deep
/// the list is; none where no JSON list is.
fn in_list(rec: &Record<'_>, at: usize) -> Option<Quote> {
    let low = at.saturating_sub(LIST_LOOK_BYTES).max(rec.start);
    let Some(mark) = memchr::memrchr(b'"', rec.slice(low..at)) else {
        // Nothing but a list of numbers.
        let line = rec.bytes().trim_ascii();
        let list = line.starts_with(b"[") && line.ends_with(b"]") && memchr::memchr(b'"', line).is_none();
        return list.then(|| Quote::plain(b'"'));
    };
    // A mark that closes a key or an element, not one that opens a text with brackets in it.
    let behind = skip_gap(rec, low + mark + 1, GAP_BYTES_MAX);
    let quote = rec.quote_before(low + mark + 1)?;
    // Lists end and begin between it and the number: `["x"],[1`.
    let lists = || rec.slice(behind..at).iter().all(|b| matches!(b, b']' | b'[' | b',' | b' ' | b'0'..=b'9'));
    match rec.get(behind) {
        Some(b']') if rec.is_json() && lists() => Some(quote),
        Some(b':' | b',') if rec.is_json() && !begins_text(rec, low + mark + 1 - quote.width()) => Some(quote),
        // A text that is a list itself: its marks would stand one level deeper.
        Some(b'[') => {
            let end = rec.find_byte(b']', at, rec.end.min(at + LIST_LOOK_BYTES))?;
            (rec.quote_at(end + 1, rec.end) == Some(quote)).then(|| quote.deeper())?
        }
        _ => None,
    }
}

/// Whether the mark at `at` stands where a text of JSON begins: `[":[1`, `7,":[1`, and not `"a,":[1`.
fn begins_text(rec: &Record<'_>, at: usize) -> bool {
    let sign = at - rec.run_back(at, GAP_BYTES_MAX, |b| b == b' ');
    match rec.before(sign) {
        Some(b'[' | b'{') => true,
        Some(b',' | b':') => matches!(rec.before(sign - 1), Some(b'"' | b']' | b'}' | b'0'..=b'9' | b'e' | b'l')),
        _ => false,
    }
}

/// Length of the mask at `at`, so that its bracket opens no list.
pub(crate) fn mask_len(rec: &Record<'_>, at: usize) -> usize {
    match rec.get(at) {
        Some(b'[' | b'<' | b'(' | b'*') => placeholder::mask_len(rec.up_to(at, placeholder::MASK_SEEN_BYTES)),
        _ => 0,
    }
}

/// Whether `at` is inside a redaction label, so that what looks like a value there is none.
pub(crate) fn in_label(rec: &Record<'_>, at: usize) -> bool {
    let low = at.saturating_sub(LABEL_BYTES_MAX).max(rec.start);
    let head = rec.slice(low..at);
    memchr::memrchr(b'[', head).is_some_and(|i| head[i..].starts_with(b"[REDACTED:") && !head[i..].contains(&b']'))
}
