//! Words that people write where a secret goes: `YOUR_API_KEY`, `SECRET_HERE`, `<password>`.

use super::prose::names_secret;
use crate::rules::words::words;

/// How words that stand for a value begin, and how they end.
pub(super) const STAND_INS: &[&str] = words!("stand-ins");
const ENDS: &[&str] = words!("stand-in-ends");

/// `YOUR_API_KEY`, `your-token-here`, `SECRET_HERE`, `<password>`, `[your secret]`.
pub(super) fn is_stand_in(v: &[u8]) -> bool {
    if let [b'<', inner @ .., b'>'] = v {
        let inner = inner.strip_prefix(b"<").and_then(|inner| inner.strip_suffix(b">")).unwrap_or(inner);
        let numbered = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_'; // `<SECRET_001>`
        return !inner.is_empty() && (wordy(inner) || inner.contains(&b'_') && inner.iter().all(numbered));
    }
    let begins = || STAND_INS.iter().any(|w| strip_word(v, w).is_some_and(|tail| !tail.is_empty()));
    wordy(v) && (begins() || ends_so(v))
}

/// Whether the text ends as a stand-in does: `SECRET_HERE`; `stay_here` is a password like any other.
pub(super) fn ends_so(v: &[u8]) -> bool {
    let ends = |w: &&str| match v.len().checked_sub(w.len()) {
        // Most values are told by one byte.
        Some(n) if n > 0 && v[n] == w.as_bytes()[0] => v[n..].eq_ignore_ascii_case(w.as_bytes()),
        _ => false,
    };
    ENDS.iter().any(ends)
        && (!v.iter().any(u8::is_ascii_lowercase) || names_secret(&v.to_ascii_lowercase()))
        && wordy(v)
}

/// Letters and what joins words.
fn wordy(text: &[u8]) -> bool {
    text.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b' ' | b'.'))
}

/// What stands behind a word that the text begins with, in any case. Most texts are told from most words by their
/// first letter.
pub(super) fn strip_word<'a>(text: &'a [u8], word: &str) -> Option<&'a [u8]> {
    let first = text.first()?.to_ascii_lowercase() == word.as_bytes()[0];
    let (head, tail) = if first { text.split_at_checked(word.len())? } else { return None };
    head.eq_ignore_ascii_case(word.as_bytes()).then_some(tail)
}
