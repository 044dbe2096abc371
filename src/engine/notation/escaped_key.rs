//! Keys with letters written as escapes: `"pass\u0077ord"` in JSON, `pass%77ord=` in a query.

use super::Record;
use super::key::{KEY_BYTES_MAX, KeySite};
use super::quote::Close;

/// A quoted key that has an escaped letter at `at`: its site, and its text with such escapes
/// decoded (RFC 8259, section 7).
pub(crate) fn quoted(rec: &Record<'_>, at: usize) -> Option<(KeySite, Vec<u8>)> {
    let low = at.saturating_sub(KEY_BYTES_MAX).max(rec.start);
    let begun = rec.slice(low..at).iter().rposition(|b| matches!(b, b'"' | b'\'')).map(|i| low + i + 1)?;
    let quote = rec.quote_before(begun)?;
    let high = rec.end.min(at + KEY_BYTES_MAX);
    let Close::Mark(end) = rec.close(quote, begun, high, false) else { return None };
    let mut text = Vec::with_capacity(KEY_BYTES_MAX);
    let mut p = begun;
    while p < end {
        let slashes = rec.slice(p..end).iter().take_while(|b| **b == b'\\').count();
        let code = rec.slice(p + slashes..end).strip_prefix(b"u00").and_then(|r| r.get(..2));
        let letter = code.and_then(|c| u8::from_str_radix(std::str::from_utf8(c).ok()?, 16).ok());
        match letter.filter(|l| slashes > 0 && l.is_ascii_graphic()) {
            Some(letter) => {
                text.push(letter);
                p += slashes + 5;
            }
            None => {
                text.push(rec.byte(p));
                p += 1;
            }
        }
    }
    Some((KeySite { start: begun, end, dashes: 0, quote: Some(quote), open: begun - quote.width() }, text))
}

/// A parameter's name that has a letter at `at` written as a code, `pass%77ord=x`: its site, and its text with such codes
/// decoded (RFC 3986, section 2.1).
pub(crate) fn coded(rec: &Record<'_>, at: usize) -> Option<(KeySite, Vec<u8>)> {
    let part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'%' | b'[' | b']');
    let start = at - rec.run_back(at, at.saturating_sub(rec.start).min(KEY_BYTES_MAX), part);
    let end = at + rec.run(at, rec.end.saturating_sub(at).min(KEY_BYTES_MAX), part);
    let begins = rec.before(start).is_none_or(|b| matches!(b, b'?' | b'&' | b';' | b' ' | b'\t' | b'"' | b'\''));
    if !begins || rec.get(end) != Some(b'=') {
        return None;
    }
    let mut text = Vec::with_capacity(end - start);
    let mut rest = rec.slice(start..end);
    while let [first, behind @ ..] = rest {
        let code = behind.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(letter) => {
                text.push(letter);
                rest = &behind[2..];
            }
            None => {
                text.push(*first);
                rest = behind;
            }
        }
    }
    Some((KeySite { start, end, dashes: 0, quote: None, open: start }, text))
}
