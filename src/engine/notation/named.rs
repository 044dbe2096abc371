//! A key that is itself a value, and what its own value is called: `name="KEY" value="VALUE"`,
//! `"name":"KEY","value":"VALUE"`, also with others between them, or the value first.

use super::Record;
use super::escape::{GAP_BYTES_MAX, skip_gap};
use super::key::KeySite;
use super::quote::Quote;
use super::separator::{Separated, Separator, VALUE_NAMES, is_value_name, written};
use super::text::{Value, quoted};
use crate::rules::words::words;

/// Keys whose value is a key's name.
const NAMING: &[&str] = words!("naming-keys");
/// The longest of the words above, in bytes.
const NAME_BYTES_MAX: usize = 24;
/// The most members that are looked through for the value.
const MEMBERS_MAX: usize = 8;
/// How far before the key its object may begin, in bytes.
const REACH_BYTES: usize = 256;

/// The value of the key that stands in quotes at `opened`, behind which `at` stands, if it is a name beside one.
pub(super) fn property(rec: &Record<'_>, site: &KeySite, opened: usize, at: usize) -> Option<Separated> {
    if !names_a_key(rec, opened) {
        return None;
    }
    let mut p = at;
    if matches!(rec.get(p), Some(b',' | b';')) {
        p = skip_gap(rec, p + 1, GAP_BYTES_MAX);
    }
    if let Some(q) = rec.quote_at(p, rec.end).filter(|q| Some(*q) == site.quote) {
        p += q.width();
    }
    for word in VALUE_NAMES {
        let Some(rest) = rec.from(p).strip_prefix(word.as_bytes()) else {
            continue;
        };
        let mut q = rec.end - rest.len();
        if let Some(mark) = rec.quote_at(q, rec.end).filter(|m| Some(*m) == site.quote) {
            q += mark.width();
        }
        let gap = skip_gap(rec, q, GAP_BYTES_MAX);
        if let Some(found) = written(rec, gap) {
            return Some(Separated { joint: Separator::Property, ..found });
        }
    }
    let (word, _) = naming(rec, opened);
    let mark = site.quote?;
    let value = match rec.before(word) {
        Some(b' ' | b'\t') => attribute(rec, word, at, mark),
        _ => behind(rec, at, mark).or_else(|| before(rec, word.checked_sub(mark.width())?, mark)),
    }?;
    Some(Separated { joint: Separator::Property, value, percent: false, quoted: true })
}

/// The value that stands beside another one of the same name: `"field":"password","old":"x","new":"y"`.
pub(crate) fn beside(rec: &Record<'_>, site: &KeySite, value: &Value) -> Option<Value> {
    let quote = value.quote.filter(|quote| Some(*quote) == site.quote)?;
    let at = behind(rec, value.end + quote.width(), quote)?;
    let next = quoted(rec, at, rec.quote_at(at, rec.end)?);
    (!next.open).then_some(next)
}

/// Where the value begins that a member behind `at` has, of those that call it so.
fn behind(rec: &Record<'_>, at: usize, mark: Quote) -> Option<usize> {
    let mut p = skip_gap(rec, at, GAP_BYTES_MAX);
    for _ in 0..MEMBERS_MAX {
        if rec.get(p) != Some(b',') {
            return None;
        }
        let member = member(rec, skip_gap(rec, p + 1, GAP_BYTES_MAX), mark)?;
        if member.called {
            return Some(member.value);
        }
        p = member.end?;
    }
    None
}

/// The same of the members before the one at `name`.
fn before(rec: &Record<'_>, name: usize, mark: Quote) -> Option<usize> {
    if name <= rec.start {
        return None;
    }
    let low = name.saturating_sub(REACH_BYTES).max(rec.start);
    let brace = memchr::memrchr(b'{', &rec.from(low)[..name - low])?;
    let mut p = skip_gap(rec, low + brace + 1, GAP_BYTES_MAX);
    let mut value = None;
    for _ in 0..MEMBERS_MAX {
        if p >= name {
            return value.filter(|_| p == name);
        }
        let member = member(rec, p, mark)?;
        if member.called {
            value = Some(member.value);
        }
        p = member.end.filter(|end| rec.get(*end) == Some(b',')).map(|end| skip_gap(rec, end + 1, GAP_BYTES_MAX))?;
    }
    None
}

/// A member of an object.
struct Member {
    /// Whether it is called as a key's value is.
    called: bool,
    value: usize,
    /// Behind its value and blanks; none where that is an object or a list.
    end: Option<usize>,
}

/// The member whose name's mark stands at `at`.
fn member(rec: &Record<'_>, at: usize, mark: Quote) -> Option<Member> {
    if rec.quote_at(at, rec.end) != Some(mark) {
        return None;
    }
    let name = quoted(rec, at, mark);
    let colon = skip_gap(rec, name.end + mark.width(), GAP_BYTES_MAX);
    if name.open || rec.get(colon) != Some(b':') {
        return None;
    }
    let value = skip_gap(rec, colon + 1, GAP_BYTES_MAX);
    let called = is_value_name(&rec.from(name.start)[..name.end - name.start]);
    let end = match rec.quote_at(value, rec.end) {
        Some(quote) => Some(quoted(rec, value, quote)).filter(|v| !v.open).map(|v| v.end + quote.width()),
        None => {
            let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'-' | b'+' | b'.');
            let len = rec.from(value).iter().take(REACH_BYTES).take_while(part).count();
            (len > 0).then_some(value + len)
        }
    };
    Some(Member { called, value, end: end.map(|end| skip_gap(rec, end, GAP_BYTES_MAX)) })
}

/// Where the value begins that stands in the tag around the attribute at `name..end`: `<input value="x" name="KEY">`.
/// Marks of one sign are of one depth in a text: another's is that of the text around.
fn attribute(rec: &Record<'_>, name: usize, end: usize, mark: Quote) -> Option<usize> {
    const VALUE: &[u8] = b" value=";
    let low = name.saturating_sub(REACH_BYTES).max(rec.start);
    let begin = low + memchr::memrchr(b'<', &rec.from(low)[..name - low])?;
    let text = &rec.from(begin)[..rec.from(begin).len().min(2 * REACH_BYTES)];
    let close = memchr::memchr(b'>', text).unwrap_or(text.len());
    if begin + close < end {
        return None;
    }
    let value = begin + memchr::memmem::find(&text[..close], VALUE)? + VALUE.len();
    let quote = rec.quote_at(value, begin + close)?;
    (quote.sign != mark.sign || quote == mark).then_some(value)
}

/// Whether what stands before the quoted key says that a key's name follows: `name=`, `"key":`.
pub(crate) fn names_a_key(rec: &Record<'_>, opened: usize) -> bool {
    let (word, signs) = naming(rec, opened);
    signs < opened && NAMING.iter().any(|n| rec.slice(word..signs).eq_ignore_ascii_case(n.as_bytes()))
}

/// Where the word before the quoted key begins, and the signs behind it.
pub(crate) fn naming(rec: &Record<'_>, opened: usize) -> (usize, usize) {
    let is_sign = |b: u8| matches!(b, b' ' | b'\t' | b':' | b'=' | b'"' | b'\'' | b'\\' | b'>');
    let signs = rec.run_back(opened, 16, is_sign);
    let word = rec.run_back(opened - signs, NAME_BYTES_MAX, |b| b.is_ascii_alphanumeric() || b == b'_');
    (opened - signs - word, opened - signs)
}
