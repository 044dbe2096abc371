//! What stands between a key and its value.

use super::Record;
use super::bracket;
use super::escape::{GAP_BYTES_MAX, is_wide, skip_gap};
use super::key::KEY_BYTES_MAX;
use super::run::WIDE;
use crate::rules::judge::may_begin_drawn;
use crate::rules::words::words;

/// Separators that are spelled out: percent-encoded, as JSON escapes, as entities; and `：` and `＝` of full width.
const SPELLED: [(&[u8], Separator); 14] = [
    (b"%3D", Separator::Assign),
    (b"%3d", Separator::Assign),
    (b"%253D", Separator::Assign),
    (b"%253d", Separator::Assign),
    (b"%3A", Separator::Colon),
    (b"%3a", Separator::Colon),
    (b"%253A", Separator::Colon),
    (b"\\u003d", Separator::Assign),
    (b"\\u003D", Separator::Assign),
    (b"\\u003a", Separator::Colon),
    (b"\\u003A", Separator::Colon),
    (b"&#61;", Separator::Assign),
    ("\u{FF1A}".as_bytes(), Separator::Colon),
    ("\u{FF1D}".as_bytes(), Separator::Assign),
];

/// How `>` may be written behind `=` or `-`.
const GREATER: [&[u8]; 4] = [b">", b"&gt;", b"\\u003e", b"\\u003E"];
/// How `<` and `>` may be written around an element's name.
pub(super) const ANGLES: [(&[u8], &[u8]); 4] =
    [(b"<", b">"), (b"&lt;", b"&gt;"), (b"\\u003c", b"\\u003e"), (b"%3C", b"%3E")];

/// What a key's value is called next to its name.
pub(super) const VALUE_NAMES: &[&str] = words!("value-names");
/// Prefixes of SQL, where no sign joins key and value; as written.
const SQL_PREFIXES: &[&str] = words!("sql-prefixes");

/// Whether a key's value is called so.
pub(super) fn is_value_name(name: &[u8]) -> bool {
    VALUE_NAMES.iter().any(|known| known.as_bytes() == name)
}

/// Whether SQL may write the word before a text.
pub(super) fn is_sql_prefix(word: &[u8]) -> bool {
    SQL_PREFIXES.iter().any(|w| w.as_bytes() == word)
}

/// What joins a key and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    /// `=`, `:=`, `=>`, `->` and the like.
    Assign,
    /// `:`.
    Colon,
    /// A blank behind a flag, or before a quoted value in SQL.
    Blank,
    /// The comma between two quoted arguments.
    Comma,
    /// `name="KEY" value="VALUE"`.
    Property,
    /// A column's place in rows apart: `(user, password) VALUES (1, 'x')`.
    Column,
    /// As a notation that is data says.
    Form,
    /// The same, where the value goes on to its line's end.
    Line,
    /// `|` and the like between two values of one key.
    Instead,
    /// `<key>value</key>`; with the index of how `<` is written.
    Element(u8),
}

impl Separator {
    /// What ends an element's value.
    pub(crate) fn element_end(self) -> Option<&'static [u8]> {
        match self {
            Separator::Element(i) => Some(ANGLES[usize::from(i)].0),
            _ => None,
        }
    }
}

/// A separator and where the value behind it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Separated {
    pub(crate) joint: Separator,
    /// First byte of the value's notation.
    pub(crate) value: usize,
    /// Whether the separator was percent-encoded, so that the value's end is too.
    pub(crate) percent: bool,
    /// Whether the key's mark was closed behind it: a mark before it alone may open a text.
    pub(crate) quoted: bool,
}

/// Whether a separator can follow at `at`, right behind an identifier: a cheap look that turns
/// away most candidates of a key word in prose.
#[inline(always)]
pub(crate) fn may_follow(rec: &Record<'_>, at: usize) -> bool {
    match rec.get(at) {
        None => false,
        Some(b' ' | b'\t') => {
            let p = skip_gap(rec, at, GAP_BYTES_MAX);
            // A letter: a flag's value, a Go type, or prose.
            rec.get(p).is_some()
        }
        Some(b) => matches!(
            b,
            b'=' | b':'
                | b')'
                | b'!'
                | b'"'
                | b'\''
                | b'`'
                | b'\\'
                | b'%'
                | b'&'
                | b'>'
                | b'['
                | b']'
                | b'?'
                | b'.'
                | b'+'
                | b'|'
                | b'-'
                | b','
                | 0x1b
                | b'#'
                | WIDE
        ),
    }
}

/// Whether blanks behind the identifier around `at`, which ends at `end`, do not separate it from a
/// value, and what says so: they do behind a flag, before a mark, where a type name or a sign
/// follows. In prose they do not.
pub(crate) fn prose_follows(rec: &Record<'_>, at: usize, end: usize) -> Option<Prose> {
    let next = skip_gap(rec, end, GAP_BYTES_MAX);
    if !rec.get(next).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'(' | b'/')) {
        return None;
    }
    let aside = rec.get(next) == Some(b'(');
    if aside && bracket::aside_end(rec, next).is_some() {
        return None;
    }
    let word = type_end(rec, next);
    let behind = skip_gap(rec, word, GAP_BYTES_MAX);
    let sign = |b: u8| matches!(b, b'%' | b'\\' | b'&' | b':' | b'=' | b'?' | b'.' | b'+' | b'|' | b'-');
    if behind > word && rec.get(behind).is_none_or(sign) {
        return None;
    }
    let text = rec.slice(next..word);
    if may_begin_drawn(text, rec.get(word)) {
        return None;
    }
    // `PASSWORD E'x'`, `Name:DB_PASSWORD Value:x`
    match rec.get(word) {
        Some(b'\'') if is_sql_prefix(text) => return None,
        Some(b':' | b'=') if is_value_name(text) => return None,
        // A value that goes on behind the word may have its digit there: `key  correct%22`.
        on if is_wide(rec, end, next)
            && (text.iter().any(u8::is_ascii_digit) || on.is_some_and(|b| !matches!(b, b' ' | b'\t'))) =>
        {
            return None;
        }
        _ => {}
    }
    let start = rec.inners_start(at.saturating_sub(KEY_BYTES_MAX).max(rec.start), at);
    let env = match rec.before(start) {
        Some(b' ') => rec.ends_with(start, b"ENV "),
        Some(b'(' | b'/' | b'=' | b',' | b'\t' | b'\n') => false,
        _ => true,
    };
    let behind = if aside { next + bracket::ASIDE_REACH } else { behind };
    (!env).then_some(Prose { start, behind, apart: behind > word && !aside })
}

/// Where prose is known by.
pub(crate) struct Prose {
    /// First byte of the identifier; what stands before it says that it is no flag and no `ENV key`.
    pub(crate) start: usize,
    /// Where what stands behind the next word begins.
    pub(crate) behind: usize,
    /// Whether that is a blank away from it; then it is only known to be no sign.
    pub(crate) apart: bool,
}

/// `=`, `:`, and the signs programs put around them.
pub(super) fn written(rec: &Record<'_>, at: usize) -> Option<Separated> {
    let spelled = matches!(rec.get(at), Some(b'%' | b'\\' | b'&' | WIDE));
    for &(text, joint) in SPELLED.iter().filter(|_| spelled) {
        if rec.from(at).starts_with(text) {
            let value = skip_percent_blanks(rec, at + text.len());
            return Some(Separated { joint, value, percent: text[0] == b'%', quoted: false });
        }
    }
    // `if (password != "x")`
    let not = rec.starts_with(at, b"!=");
    let at = at + usize::from(not);
    let signs =
        rec.from(at).iter().take(6).take_while(|b| matches!(b, b':' | b'=' | b'?' | b'.' | b'+' | b'|' | b'-')).count();
    let run = rec.slice(at..at + signs);
    let (joint, mut p) = match run {
        [b':', rest @ ..] if rest.first().is_none_or(|b| !matches!(b, b':' | b'=')) => (Separator::Colon, at + 1),
        _ => match run.iter().rposition(|b| *b == b'=') {
            Some(last) if !run[..last].contains(&b'-') => {
                // A `==` may be a comparison or a value that begins so; both are read as a separator.
                let end = run
                    .iter()
                    .position(|b| *b == b'=')
                    .map_or(last, |first| first + usize::from(run.get(first + 1) == Some(&b'=')));
                (Separator::Assign, at + end + 1)
            }
            _ if run == b"-" && greater(rec, at + 1) > 0 => (Separator::Assign, at + 1),
            _ => return None,
        },
    };
    if joint == Separator::Assign {
        p += greater(rec, p);
    }
    let value = skip_percent_blanks(rec, p);
    // What is compared with another name is no value.
    let compared = !not || rec.quote_at(value, rec.end).is_some();
    compared.then_some(Separated { joint, value, percent: false, quoted: false })
}

fn greater(rec: &Record<'_>, at: usize) -> usize {
    GREATER.iter().find(|g| rec.from(at).starts_with(g)).map_or(0, |g| g.len())
}

fn skip_percent_blanks(rec: &Record<'_>, at: usize) -> usize {
    let mut p = skip_gap(rec, at, GAP_BYTES_MAX);
    while rec.from(p).starts_with(b"%20") && p < at + GAP_BYTES_MAX {
        p += 3;
    }
    p
}

/// Whether a value may be set behind a key, by the bytes that follow it.
pub(crate) fn may_be_set(behind: &[u8; 4]) -> bool {
    matches!(behind, [b'=', ..] | [b' ', b'=', b' ', b'"' | b'\'' | b'\\'])
}

/// Whether the key that ends at `end` has a value, and no number: `wrong password=hunter2`, `BY PASSWORD = 'x'`, but `min
/// password=8`.
pub(crate) fn is_set(rec: &Record<'_>, end: usize) -> bool {
    let value = match rec.chunk::<4>(end) {
        Some(behind) if !may_be_set(behind) => return false,
        Some([b' ', ..]) => match rec.quote_at(end + 3, rec.end) {
            Some(quote) => end + 3 + quote.width(),
            None => return false,
        },
        _ if rec.get(end) == Some(b'=') => end + 1,
        _ => return false,
    };
    let digits = rec.digits_end(value);
    digits == value || rec.get(digits).is_some_and(|b| b.is_ascii_alphanumeric())
}

/// End of the type name at `at`.
pub(super) fn type_end(rec: &Record<'_>, at: usize) -> usize {
    let is_part =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'<' | b'>' | b'[' | b']' | b'*' | b'&' | b'.');
    at + rec.run(at, 40, is_part)
}
