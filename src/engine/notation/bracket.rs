//! What may stand between a key and its sign: brackets around it, an index behind it, dots that lead the eye.

use super::Record;
use super::escape::{GAP_BYTES_MAX, skip_gap};
use super::key::KeySite;

/// How brackets are written around a key: `user[password]`, `user%5Bpassword%5D`.
const BRACKETS: [(&[u8], &[u8]); 5] =
    [(b"[", b"]"), (b"%5B", b"%5D"), (b"%5b", b"%5d"), (b"%255B", b"%255D"), (b"%255b", b"%255d")];
/// The longest index behind a key, and name of its class, in bytes.
const INDEX_BYTES_MAX: usize = 48;
/// The fewest signs that lead the eye.
const LEADER_MIN: usize = 3;
/// The fewest dots that lead to a value which nothing quotes.
const DOTS_MIN: usize = 5;
/// The longest run of them that is followed, in bytes.
const LEADER_BYTES_MAX: usize = 128;

/// Where the brackets and indices end that stand at `at` behind the key, whose notation begins at `opened`.
pub(super) fn end(rec: &Record<'_>, site: &KeySite, opened: usize, at: usize) -> usize {
    let head = &rec.bytes()[..opened - rec.start];
    // `$conf[ 'password' ] = 'x'`
    if rec.get(at) == Some(b' ') && rec.get(at + 1) == Some(b']') && head.ends_with(b"[ ") {
        return at + 2;
    }
    if !rec.get(at).is_some_and(|b| matches!(b, b']' | b'[' | b'%' | b':')) {
        if matches!(rec.get(site.end), Some(b' ' | b'\t')) {
            return aside_end(rec, at).unwrap_or(at);
        }
        return at;
    }
    let mut p = at;
    // Ruby writes a symbol: `[:password]`.
    let head = if head.ends_with(b"[:") { &head[..head.len() - 1] } else { head };
    if let Some((_, close)) = BRACKETS.iter().find(|(open, _)| head.ends_with(open)) {
        p += if rec.from(p).starts_with(close) { close.len() } else { class_len(rec, p) };
        // A text in quotes that the brackets are part of: `"user[password]": "x"`.
        if p > at
            && let Some(quote) = rec.quote_at(p, rec.end)
            && matches!(rec.get(skip_gap(rec, p + quote.width(), GAP_BYTES_MAX)), Some(b':'))
        {
            return p + quote.width();
        }
    }
    let plural = rec.before(site.end).is_some_and(|b| b.eq_ignore_ascii_case(&b's'));
    let mut q = p;
    while let Some(next) = index_end(rec, q, plural) {
        q = next;
    }
    if q == p {
        return p;
    }
    if let Some(quote) = rec.quote_at(q, rec.end).filter(|quote| site.quote == Some(*quote)) {
        q += quote.width();
    }
    // Behind an index comes a sign; else it is a place: `passwords[0] is short`.
    let sign = skip_gap(rec, q, GAP_BYTES_MAX);
    let joined = matches!(rec.get(sign), Some(b'=' | b':')) && rec.get(sign + 1) != Some(b'=')
        || rec.from(sign).starts_with(b"%3D")
        || rec.from(sign).starts_with(b"%3d");
    if joined && !is_tag(rec, site, p, q) { q } else { p }
}

/// The longest remark between a key and its sign, in bytes.
const ASIDE_BYTES_MAX: usize = 24;
/// How far behind its bracket is looked for the sign, in bytes.
pub(super) const ASIDE_REACH: usize = ASIDE_BYTES_MAX + GAP_BYTES_MAX + 4;

/// Behind the remark in brackets at `at`, a blank behind a key, where a sign follows: `password (raw): x`.
pub(super) fn aside_end(rec: &Record<'_>, at: usize) -> Option<usize> {
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_');
    let close = at + 1 + rec.run(at + 1, ASIDE_BYTES_MAX, word);
    let aside = rec.get(at) == Some(b'(') && close > at + 1 && rec.get(close) == Some(b')');
    let sign = skip_gap(rec, close + 1, GAP_BYTES_MAX);
    (aside && matches!(rec.get(sign), Some(b':' | b'=')) && rec.get(sign + 1) != Some(b'=')).then_some(close + 1)
}

/// Whether the brackets at `at` end a name with a dash and its number before what it says: `l2tp-psk[31]: IKEv1 SPIs`.
fn is_tag(rec: &Record<'_>, site: &KeySite, at: usize, end: usize) -> bool {
    let named = rec.slice(site.start..site.end).contains(&b'-');
    let number = end - at > "[9]".len() && rec.get(at + 1).is_some_and(|b| b.is_ascii_digit());
    let says = || {
        let word = end + 2;
        let len = rec.run(word, INDEX_BYTES_MAX, |b| b.is_ascii_graphic());
        rec.get(word + len) == Some(b' ') && rec.get(word + len + 1).is_some_and(|b| b.is_ascii_alphabetic())
    };
    named && number && rec.starts_with(end, b": ") && says()
}

/// Length of what PHP writes behind a property's name before the bracket that ends it: `:User:private]`.
fn class_len(rec: &Record<'_>, at: usize) -> usize {
    let rest = &rec.from(at)[..rec.from(at).len().min(INDEX_BYTES_MAX)];
    let Some(close) = memchr::memchr(b']', rest) else { return 0 };
    let ends = |word: &[u8]| rest[..close].ends_with(word);
    let names = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'\\' | b'"');
    let class = rest[0] == b':' && rest[..close].iter().all(names) && (ends(b":private") || ends(b":protected"));
    if class { close + 1 } else { 0 }
}

/// The end of the index at `at`: empty, a number, or a name behind a key in the plural.
fn index_end(rec: &Record<'_>, at: usize, plural: bool) -> Option<usize> {
    let rest = &rec.from(at)[..rec.from(at).len().min(INDEX_BYTES_MAX)];
    let (open, close) = BRACKETS.iter().find(|(open, _)| rest.starts_with(open))?;
    let inside = &rest[open.len()..];
    let len = memchr::memmem::find(inside, close)?;
    let named = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'"' | b'\'' | b'@');
    let number = inside[..len].iter().all(u8::is_ascii_digit);
    (number || plural && inside[..len].iter().all(named)).then_some(at + open.len() + len + close.len())
}

/// Where the dots or lines end that lead from a key at `at` to its sign or its value: `Password ......: x`.
pub(super) fn leader_end(rec: &Record<'_>, at: usize) -> usize {
    let begin = skip_gap(rec, at, GAP_BYTES_MAX);
    let Some(sign) = rec.get(begin).filter(|b| matches!(b, b'.' | b'-' | b'_')) else { return at };
    let run = &rec.from(begin)[..rec.from(begin).len().min(LEADER_BYTES_MAX)];
    let len = run.iter().take_while(|b| **b == sign || **b == b' ').count();
    let signs = run[..len].iter().filter(|b| **b == sign).count();
    let end = begin + len;
    let follows = match rec.get(end) {
        Some(b':' | b'=') => true,
        Some(b'>') => sign == b'-',
        Some(b) => sign == b'.' && (rec.quote_at(end, rec.end).is_some() || signs >= DOTS_MIN && b.is_ascii_graphic()),
        None => false,
    };
    match signs >= LEADER_MIN && follows {
        true if rec.get(end) == Some(b'>') => end - 1, // an arrow, which is a sign
        true => end,
        false => at,
    }
}
