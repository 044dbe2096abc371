//! What programs print around one value: `Some("x")`, `N'x'`, `string(9) "x"`, `Str(x)`, `$tag$x$tag$`.

use memchr::memmem;

use super::Record;
use super::context::mask_len;
use super::escape::{GAP_BYTES_MAX, skip_gap};
use super::separator::is_sql_prefix;
use super::text::{self, Value, quoted};
use crate::rules::byteset::ByteSet;
use crate::rules::mask::Notation;
use crate::rules::words::words;

/// The most wrappers around a value: `Some(Secret("x"))`.
const WRAPPERS_MAX: usize = 4;
/// The longest name of a wrapper, in bytes.
const NAME_BYTES_MAX: usize = 40;
/// The longest tag of a text in dollar signs, in bytes.
const TAG_BYTES_MAX: usize = 24;
/// The longest text in dollar signs, and in a wrapper without quotes, in bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// Names that are wrappers though what stands inside has no quotes; as written.
const WRAPPERS: &[&str] = words!("wrappers");
/// What stands right before the mark that opens a text; as written.
const PREFIXES: &[&str] = words!("string-prefixes");
/// What stands a blank before such a mark; as written.
const TYPES: &[&str] = words!("string-types");

/// The last word of a call's name that looks its value up by a name; in any case.
const LOOKUPS: &[&str] = words!("lookups");
/// What it begins with if it takes a secret's name: `getSecretString("db-1")`.
const VERBS: &[&str] = words!("lookup-verbs");
/// What stands before the value that is taken where there is none: `os.environ.get("X") or "y"`.
const OR: [&[u8]; 4] = [b"or ", b"|| ", b"?? ", b"?: "];

/// What names are not made of.
const BEHIND_NAME: ByteSet =
    ByteSet::of(b"0123456789_.:&@ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz").others();

/// Where what is wrapped begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inside {
    pub(super) at: usize,
    /// Whether a wrapper stands before it.
    pub(super) wrapped: bool,
    /// What closes the wrapper, where no quote says where the value ends.
    pub(super) close: Option<u8>,
}

/// Steps inside what programs print around the value at `at`.
pub(super) fn unwrap(rec: &Record<'_>, at: usize) -> Inside {
    let mut inside = Inside { at, wrapped: false, close: None };
    for _ in 0..WRAPPERS_MAX {
        let Some(next) = step(rec, &inside) else { break };
        inside = next;
        if is_quote(rec, inside.at) {
            break;
        }
    }
    inside
}

fn is_quote(rec: &Record<'_>, at: usize) -> bool {
    rec.quote_at(at, rec.end).is_some_and(|quote| !quote.is_percent())
}

/// Inside the next wrapper.
fn step(rec: &Record<'_>, from: &Inside) -> Option<Inside> {
    let at = from.at;
    let into = |at| Some(Inside { at, wrapped: true, close: from.close });
    let first = rec.get(at)?;
    match first {
        b'<' if rec.get(at + 1) == Some(b'<') && is_quote(rec, at + 2) => return into(at + 2),
        b'$' if matches!(rec.get(at + 1), Some(b'"' | b'\'')) => return into(at + 1),
        b'!' => return behind_tag(rec, at).and_then(into),
        b'[' if rec.from(at).starts_with(b"[]") => {
            return called(rec, at + 2).filter(|inside| is_quote(rec, *inside)).and_then(into);
        }
        _ => {}
    }
    let next = rec.find_byteset(at, rec.end.min(at + NAME_BYTES_MAX), &BEHIND_NAME);
    let word = rec.from(at).get(..next - at)?;
    if word.is_empty() {
        return None;
    }
    let named = |words: &[&str]| words.iter().any(|w| w.as_bytes() == word);
    match rec.get(next)? {
        b'(' | b'[' if named(WRAPPERS) => {
            let close = if rec.get(next) == Some(b'(') { b')' } else { b']' };
            let inside = skip_gap(rec, next + 1, GAP_BYTES_MAX);
            Some(Inside { at: inside, wrapped: true, close: Some(close) })
        }
        b'(' => {
            let inside = skip_gap(rec, next + 1, GAP_BYTES_MAX);
            let quoted = is_quote(rec, inside) || prefix(rec, inside).is_some();
            if quoted { into(inside) } else { behind_length(rec, next).and_then(into) }
        }
        b' ' if word == b"new" => called(rec, next + 1).filter(|inside| is_quote(rec, *inside)).and_then(into),
        b' ' if named(TYPES) || is_address(word) => {
            Some(skip_gap(rec, next, GAP_BYTES_MAX)).filter(|at| is_quote(rec, *at)).and_then(into)
        }
        _ => {
            prefix(rec, at).or_else(|| serialized(word).then_some(next).filter(|at| is_quote(rec, *at))).and_then(into)
        }
    }
}

/// `0x7ffd0f1514ab`: where a text lies, as debuggers print it before the text. Shorter ones may be a value themselves.
fn is_address(word: &[u8]) -> bool {
    word.strip_prefix(b"0x").is_some_and(|hex| (10..=16).contains(&hex.len()) && hex.iter().all(u8::is_ascii_hexdigit))
}

/// Behind a prefix such as `N` or `_utf8`, where a mark opens a text.
fn prefix(rec: &Record<'_>, at: usize) -> Option<usize> {
    let next = rec.find_byteset(at, rec.end.min(at + NAME_BYTES_MAX), &BEHIND_NAME);
    let word = rec.from(at).get(..next - at)?;
    let known = PREFIXES.iter().any(|w| w.as_bytes() == word) || is_charset(word);
    (known && is_quote(rec, next)).then_some(next)
}

/// `_utf8mb4`: how MySQL names a text's characters.
fn is_charset(word: &[u8]) -> bool {
    matches!(word, [b'_', rest @ ..] if (3..=10).contains(&rest.len()) && rest.iter().all(u8::is_ascii_alphanumeric))
}

/// `s:9:`, as PHP's serialize() writes a text's length.
fn serialized(word: &[u8]) -> bool {
    matches!(word, [b's', b':', digits @ .., b':'] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

/// Behind the name of a call and its bracket at `at`: `String("x")`.
fn called(rec: &Record<'_>, at: usize) -> Option<usize> {
    let next = rec.find_byteset(at, rec.end.min(at + NAME_BYTES_MAX), &BEHIND_NAME);
    (next > at && rec.get(next) == Some(b'(')).then(|| skip_gap(rec, next + 1, GAP_BYTES_MAX))
}

/// What stands at `at` is looked up elsewhere by a name, `os.getenv("DB_PASSWORD")`: where the text begins that is taken if
/// there is none, `os.getenv("DB_PASSWORD", "x")`, `os.getenv("DB_PASSWORD") or "x"`.
pub(super) fn looked_up(rec: &Record<'_>, at: usize) -> Option<Option<usize>> {
    let inside = called(rec, at).filter(|inside| is_quote(rec, *inside))?;
    let name = rec.find_byteset(at, rec.end.min(at + NAME_BYTES_MAX), &BEHIND_NAME);
    let last = rec.slice(at..name).rsplit(|b| matches!(b, b'.' | b':')).next()?;
    if !is_lookup(last) {
        return None;
    }
    let quote = rec.quote_at(inside, rec.end)?;
    let name = quoted(rec, inside, quote);
    let behind = skip_gap(rec, text::behind(rec, &name), GAP_BYTES_MAX);
    let text = match rec.get(behind) {
        Some(b',') => skip_gap(rec, behind + 1, GAP_BYTES_MAX),
        Some(b')') => {
            let or = skip_gap(rec, behind + 1, GAP_BYTES_MAX);
            OR.iter().find(|word| rec.starts_with(or, word)).map_or(rec.end, |word| or + word.len())
        }
        _ => rec.end,
    };
    let text = if rec.from(text).starts_with(b"default=") { text + 8 } else { text };
    Some(is_quote(rec, text).then_some(text))
}

/// Whether a call of that name takes the name of a value.
fn is_lookup(name: &[u8]) -> bool {
    let begins =
        |verb: &&str| verb_len(name, verb).is_some_and(|len| matches!(name.get(len), Some(b'A'..=b'Z' | b'_')));
    LOOKUPS.iter().any(|word| name.eq_ignore_ascii_case(word.as_bytes())) || VERBS.iter().any(begins)
}

/// Whether the name of a call begins as that of one that takes a secret's name.
pub(super) fn takes_name(name: &[u8]) -> bool {
    VERBS.iter().any(|verb| verb_len(name, verb).is_some())
}

/// How long the verb is, if the name begins with it.
fn verb_len(name: &[u8], verb: &str) -> Option<usize> {
    name.get(..verb.len()).is_some_and(|head| head.eq_ignore_ascii_case(verb.as_bytes())).then_some(verb.len())
}

/// `string(9) "x"`: behind the length in brackets at `at`.
fn behind_length(rec: &Record<'_>, at: usize) -> Option<usize> {
    let digits = rec.from(at + 1).iter().take(10).take_while(|b| b.is_ascii_digit()).count();
    let close = at + 1 + digits;
    if digits == 0 || rec.get(close) != Some(b')') {
        return None;
    }
    let value = skip_gap(rec, close + 1, GAP_BYTES_MAX);
    (value > close + 1 && is_quote(rec, value)).then_some(value)
}

/// `!!str "x"`, `!vault 'x'`: behind the tag at `at`.
fn behind_tag(rec: &Record<'_>, at: usize) -> Option<usize> {
    // What begins with a capital looks a value up: `!Ref 'x'`.
    if rec.from(at).iter().find(|b| **b != b'!').is_none_or(|b| !b.is_ascii_lowercase()) {
        return None;
    }
    let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'!' | b':' | b'/' | b'.' | b'_' | b'-');
    let end = at + rec.from(at).iter().take(NAME_BYTES_MAX).take_while(part).count();
    let value = skip_gap(rec, end, GAP_BYTES_MAX);
    (value > end && is_quote(rec, value)).then_some(value)
}

/// Whether a text begins at `at` as only SQL writes one: `E'x'`, `$$x$$`.
pub(super) fn is_sql_text(rec: &Record<'_>, at: usize) -> bool {
    if rec.get(at) == Some(b'$') {
        return dollars(rec, at).is_some();
    }
    let next = rec.find_byteset(at, rec.end.min(at + NAME_BYTES_MAX), &BEHIND_NAME);
    let word = rec.from(at).get(..next - at).unwrap_or_default();
    rec.get(next) == Some(b'\'') && (is_sql_prefix(word) || is_charset(word))
}

/// The text in dollar signs at `at`, as PostgreSQL writes one: `$$x$$`, `$tag$x$tag$`.
pub(super) fn dollars(rec: &Record<'_>, at: usize) -> Option<Value> {
    let rest = rec.from(at).strip_prefix(b"$")?;
    let tag = rest.iter().take(TAG_BYTES_MAX).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    if rest.get(tag) != Some(&b'$') || rest[0].is_ascii_digit() {
        return None;
    }
    let start = at + tag + 2;
    let mark = &rec.from(at)[..tag + 2];
    let text = rec.from(start);
    let len = memmem::find(&text[..text.len().min(TEXT_BYTES_MAX)], mark)?;
    let part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    // `$HOME$PATH$HOME$` is a row of variables; a text of JSON ends at its mark.
    if len == 0
        || rec.is_json() && text[..len].contains(&b'"')
        || tag > 0 && rec.get(start + len + mark.len()).is_some_and(|b| part(&b))
    {
        return None;
    }
    Some(Value { start, end: start + len, quote: None, notation: Notation::Quoted, open: false })
}

/// Where a value without quotes ends in a wrapper that `close` ends; none where nothing closes it.
pub(super) fn wrapped_end(rec: &Record<'_>, at: usize, close: u8) -> Option<usize> {
    let text = rec.from(at);
    let text = &text[..text.len().min(TEXT_BYTES_MAX)];
    // The bracket of a mask is its own.
    let mask = mask_len(rec, at).min(text.len());
    if mask > 0 && rec.get(at + mask) == Some(close) {
        return Some(at + mask);
    }
    let room = memchr::memchr3(b'"', b'\n', b'\\', text).unwrap_or(text.len());
    let ends = |n: &usize| {
        let behind = text.get(n + 1);
        behind.is_none_or(|b| b.is_ascii_whitespace() || b",;)]}\"'\\<>".contains(b))
    };
    let mut closes = memchr::memchr_iter(close, text.get(mask..room).unwrap_or_default()).map(|n| mask + n);
    closes.find(ends).filter(|n| *n > 0).map(|n| at + n)
}
