//! A value behind its separator: quoted, bare, in a list, wrapped.

use memchr::memmem;

use super::Record;
use super::bare::{bare_end, template_end};
use super::context::{mask_len, plain};
use super::escape::skip_gap;
use super::key::KeySite;
use super::quote::{Close, Quote};
use super::separator::{GAP_BYTES_MAX, Separated, Separator};
use crate::rules::byteset::{ByteSet, find_byteset};
use crate::rules::mask::Notation;
use crate::rules::words::words;

/// What an object behind a key calls the key's value, in any case.
pub(crate) const VALUE_MEMBERS: &[&str] = words!("value-members");

/// The most elements of a list that are read one by one.
const LIST_MAX: usize = 4096;
/// The most wrappers around a value: `Some(Secret("x"))`.
const WRAPPERS_MAX: usize = 4;

/// The longest name of a wrapper, in bytes.
const NAME_BYTES_MAX: usize = 40;

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The mark it is quoted with.
    pub(crate) quote: Option<Quote>,
    /// How a mask must be written in its place.
    pub(crate) notation: Notation,
    /// It did not end before the record did, so that it may go on.
    pub(crate) open: bool,
}

/// What was found behind a separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Values {
    /// One value.
    One(Value),
    /// The elements of a list.
    Many(Vec<Value>),
    /// An object, whose values [`object`] reads.
    Object,
    /// Program text.
    Code,
    /// Nothing before the record's end.
    Nothing,
}

/// Reads the value behind the key.
pub(crate) fn read(rec: &Record<'_>, site: &KeySite, joined: &Separated) -> Values {
    let at = joined.value;
    if at >= rec.end {
        return Values::Nothing;
    }
    if let Some(end) = joined.joint.element_end() {
        return element(rec, at, end);
    }
    if mask_len(rec, at) == 0 {
        match rec.buf[at] {
            b'[' => return list(rec, at + 1, number(rec, site, joined)),
            b'{' if is_object(rec, at) => return Values::Object,
            _ => {}
        }
    }
    let (at, wrapped) = unwrap(rec, at);
    if at >= rec.end {
        return Values::Nothing;
    }
    if let Some(quote) = Quote::at(rec.buf, at, rec.end) {
        return Values::One(quoted(rec, at, quote));
    }
    let value = bare(rec, at, joined.percent, number(rec, site, joined));
    if !wrapped && is_call(rec, &value) {
        return Values::Code;
    }
    if joined.joint == Separator::Colon
        && let Some(typed) = typed(rec, value.end)
    {
        return Values::One(typed);
    }
    Values::One(value)
}

/// How a bare value's mask is written: behind a JSON key it must become a string.
pub(crate) fn number(rec: &Record<'_>, site: &KeySite, joined: &Separated) -> Notation {
    match site.quote {
        Some(q) if joined.quoted && q.is_json() && joined.joint == Separator::Colon => {
            Notation::Number(q.slashes.min(255) as u8)
        }
        _ => plain(rec),
    }
}

/// The value between the mark at `at` and its closing one.
pub(crate) fn quoted(rec: &Record<'_>, at: usize, quote: Quote) -> Value {
    let start = at + quote.width();
    let (end, open) = closed(rec, start, quote);
    Value { start, end, quote: Some(quote), notation: Notation::Quoted, open }
}

/// Where the value ends that the mark right before `start` began, and whether nothing ended it.
pub(crate) fn closed(rec: &Record<'_>, start: usize, quote: Quote) -> (usize, bool) {
    // What a `"` began ends at one in any record.
    let json = quote.sign != b'"' && rec.is_json();
    match quote.close(rec.buf, start, rec.end, json) {
        Close::Mark(end) | Close::Cut(end) => (end, false),
        Close::Open => (rec.end, true),
    }
}

/// A bare value: ends where its notation says.
pub(crate) fn bare(rec: &Record<'_>, at: usize, percent: bool, notation: Notation) -> Value {
    let p = at + mask_len(rec, at);
    let mut p = bare_end(rec, p, rec.end, percent);
    // A template is one value, blanks and all.
    if p == at || matches!(rec.buf[at], b'{' | b'$' | b'<' | b'#' | b'%') {
        let template = template_end(rec, at);
        if template > at && template >= p {
            // More of a value behind it belongs to the value.
            p = bare_end(rec, template, rec.end, percent);
        }
    }
    Value { start: at, end: p, quote: None, notation, open: p == rec.end }
}

/// `'x' | 'y'`, `process.env.KEY || "y"`: the quoted value that may stand in a value's stead.
pub(crate) fn alternative(rec: &Record<'_>, value: &Value) -> Option<Value> {
    let behind = skip_gap(rec, value.end + value.quote.map_or(0, Quote::width), GAP_BYTES_MAX);
    let sign = ["||", "??", "|"].iter().find(|sign| rec.from(behind).starts_with(sign.as_bytes()))?.len();
    let at = skip_gap(rec, behind + sign, GAP_BYTES_MAX);
    let next = quoted(rec, at, Quote::at(rec.buf, at, rec.end)?);
    (!next.open).then_some(next)
}

/// The text of an element, without the blanks around it.
fn element(rec: &Record<'_>, at: usize, open: &[u8]) -> Values {
    let mut start = at;
    let mut close = open;
    if rec.from(at).starts_with(b"<![CDATA[") {
        start += 9;
        close = b"]]>";
    }
    let found = memmem::find(rec.from(start), close);
    let mut end = found.map_or(rec.end, |i| start + i);
    while start < end && rec.buf[start].is_ascii_whitespace() {
        start += 1;
    }
    while end > start && rec.buf[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    if start == end {
        return Values::Nothing;
    }
    Values::One(Value { start, end, quote: None, notation: Notation::Quoted, open: found.is_none() })
}

/// The elements of a list whose bracket is already passed.
fn list(rec: &Record<'_>, at: usize, notation: Notation) -> Values {
    let mut values: Vec<Value> = Vec::new();
    let mut p = at;
    let mut apart = true; // the list's start or a comma
    while values.len() < LIST_MAX {
        p = skip_gap(rec, p, GAP_BYTES_MAX);
        match rec.get(p) {
            None | Some(b']') => break,
            Some(b',') => {
                p += 1;
                apart = true;
                continue;
            }
            Some(b'[') if mask_len(rec, p) == 0 => {
                p += 1;
                continue;
            }
            // An object is judged by its own keys; what was read before it is read.
            Some(b'{') if is_object(rec, p) && values.is_empty() => return Values::Code,
            Some(b'{') if is_object(rec, p) => break,
            Some(_) => {}
        }
        let (inside, _) = unwrap(rec, p);
        let mark = Quote::at(rec.buf, inside, rec.end);
        // A mark that no comma sets apart, or in JSON one that differs from the first element's, ends
        // the text that the list stands in.
        let differs = rec.is_json() && values.first().is_some_and(|first| first.quote != mark);
        if mark.is_some() && (!apart || differs) {
            break;
        }
        let value = match mark {
            Some(quote) => quoted(rec, inside, quote),
            None => bare(rec, inside, false, notation),
        };
        if value.start == value.end && value.quote.is_none() {
            break;
        }
        p = (value.end + value.quote.map_or(0, Quote::width)).min(rec.end);
        apart = false;
        values.push(value);
    }
    rest(rec, p, &mut values);
    Values::Many(values)
}

/// More elements than are read one by one: the record's rest is masked as one.
fn rest(rec: &Record<'_>, at: usize, values: &mut Vec<Value>) {
    if values.len() == LIST_MAX && at < rec.end {
        values.push(Value { start: at, end: rec.end, quote: None, notation: Notation::Quoted, open: true });
    }
}

/// Steps inside what programs print around a value: `Some("x")`, `SecretStr('x')`, `b"x"`.
fn unwrap(rec: &Record<'_>, at: usize) -> (usize, bool) {
    const BEHIND_NAME: ByteSet =
        ByteSet::of(b"0123456789_.:&@ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz").others();
    const WRAPPERS: &[&str] = words!("wrappers");
    const PREFIXES: &[&str] = words!("string-prefixes");
    let mut p = at;
    for _ in 0..WRAPPERS_MAX {
        let next = find_byteset(rec.buf, p, rec.end.min(p + NAME_BYTES_MAX), &BEHIND_NAME);
        let word = &rec.buf[p..next];
        if rec.get(next) == Some(b'(') && next > p {
            let inside = skip_gap(rec, next + 1, GAP_BYTES_MAX);
            let known = WRAPPERS.iter().any(|w| w.as_bytes() == word);
            let deeper = rec.from(inside).first().is_some_and(u8::is_ascii_alphabetic) && known;
            if !known && !deeper && Quote::at(rec.buf, inside, rec.end).is_none() {
                return (p, false);
            }
            p = inside;
            continue;
        }
        // The shell's `$"x"`: a dollar sign is in no name.
        let (word, next) = match rec.get(p) {
            Some(b'$') if next == p => (&rec.buf[p..p + 1], p + 1),
            _ => (word, next),
        };
        let prefix = || PREFIXES.iter().any(|w| w.as_bytes() == word);
        if next > p && prefix() && Quote::at(rec.buf, next, rec.end).is_some() {
            return (next, true);
        }
        break;
    }
    (p, p > at)
}

/// `key: Type = "value"`: the quoted value behind a type name that ends at `at`.
fn typed(rec: &Record<'_>, at: usize) -> Option<Value> {
    let p = skip_gap(rec, at, GAP_BYTES_MAX);
    if p == at || rec.get(p) != Some(b'=') {
        return None;
    }
    let p = skip_gap(rec, p + 1, GAP_BYTES_MAX);
    Quote::at(rec.buf, p, rec.end).map(|q| quoted(rec, p, q))
}

/// `getPassword()`, `secrets["password"]`: program text.
fn is_call(rec: &Record<'_>, value: &Value) -> bool {
    match rec.buf[value.start..value.end].split_last() {
        Some((b'(', name)) => identifier(name) && rec.get(value.end) == Some(b')'),
        Some((b'[', name)) => identifier(name) && Quote::at(rec.buf, value.end, rec.end).is_some(),
        _ => false,
    }
}

/// Whether a brace opens an object rather than a template or a value: a quote or the end follows.
fn is_object(rec: &Record<'_>, at: usize) -> bool {
    let inside = skip_gap(rec, at + 1, GAP_BYTES_MAX);
    rec.get(inside).is_none_or(|b| b == b'}') || Quote::at(rec.buf, inside, rec.end).is_some()
}

/// The quoted values of the object behind the key, as of `"passwords": {"a": "x", "b": "y"}`, or of
/// `only` those of its members that are called so. With them, where reading ended.
pub(crate) fn object(
    rec: &Record<'_>,
    site: &KeySite,
    joined: &Separated,
    only: Option<&[&str]>,
) -> (Vec<Value>, usize) {
    let (at, notation) = (joined.value, number(rec, site, joined));
    let mut values = Vec::new();
    let mut p = at + 1;
    let (mut valued, mut wanted) = (false, false);
    while values.len() < LIST_MAX {
        p = skip_gap(rec, p, GAP_BYTES_MAX);
        if let Some(quote) = Quote::at(rec.buf, p, rec.end) {
            let text = quoted(rec, p, quote);
            p = (text.end + quote.width()).min(rec.end);
            if !valued {
                let own = &rec.buf[text.start..text.end];
                wanted = only.is_none_or(|names| names.iter().any(|name| own.eq_ignore_ascii_case(name.as_bytes())));
            } else if wanted {
                values.push(Value { notation: if text.open { notation } else { text.notation }, ..text });
            }
            continue;
        }
        match rec.get(p) {
            None | Some(b'}' | b'{' | b'[') => break,
            Some(b) => valued = b == b':' || (valued && b != b','),
        }
        p += 1;
    }
    rest(rec, p, &mut values);
    (values, p)
}

fn identifier(text: &[u8]) -> bool {
    text.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$'))
        && text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$' | b':' | b'-'))
}
