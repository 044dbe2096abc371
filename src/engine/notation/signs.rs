//! Signs of text beyond ASCII, which end identifiers and values as those of ASCII do: `，`, `。`, `「`, `”`.

use memchr::memmem;

use super::Record;
use super::run::WIDE;

/// How many bytes each has.
const SIGN_BYTES: usize = 3;
/// How the others begin: `“` and `—`, `「` and `。`.
const OTHERS: [&[u8]; 2] = [b"\xE2\x80", b"\xE3\x80"];

/// Where an identifier ends before such a sign, `end` if none stands in it.
#[cold]
pub(super) fn before_sign(rec: &Record<'_>, at: usize, end: usize) -> usize {
    let text = rec.slice(at..end);
    OTHERS.iter().filter_map(|sign| memmem::find(text, sign)).min().map_or(end, |n| at + n)
}

/// Where an identifier begins that no blank sets apart from the text before it: `，password`, `。密码`.
#[cold]
pub(super) fn behind_sign(rec: &Record<'_>, start: usize, at: usize) -> usize {
    let wide = if rec.before(start) == Some(WIDE) { SIGN_BYTES - 1 } else { 0 };
    let text = rec.slice(start..at);
    let sign = OTHERS.iter().filter_map(|sign| memmem::rfind(text, sign)).max().map_or(0, |n| n + SIGN_BYTES);
    at.min(start + wide.max(sign))
}

/// Those that end a value: a full-width comma, semicolon, bracket, exclamation and question mark;
/// an ideographic blank, comma and full stop; closing marks and brackets.
const ENDS: [&[u8; SIGN_BYTES]; 13] = [
    b"\xE2\x80\x9D",
    b"\xEF\xBC\x8C",
    b"\xEF\xBC\x9B",
    b"\xEF\xBC\x89",
    b"\xEF\xBC\x81",
    b"\xEF\xBC\x9F",
    b"\xE3\x80\x80",
    b"\xE3\x80\x81",
    b"\xE3\x80\x82",
    b"\xE3\x80\x8B",
    b"\xE3\x80\x8D",
    b"\xE3\x80\x8F",
    b"\xE3\x80\x91",
];

/// Whether a bare value ends before the sign.
pub(super) fn ends_value(sign: &[u8; SIGN_BYTES]) -> bool {
    ENDS.contains(&sign)
}
