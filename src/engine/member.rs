//! A member of a JSON object in one look: `"key": value,` where the value is a plain text, a number,
//! a word or an object. Most key words of a JSON log stand in one.

use super::keys::{self, Known};
use super::notation::Record;
use super::notation::joint::{self, Joint};
use super::notation::run;
use super::notation::value::Value;
use super::ruleset::RuleSet;
use crate::rules::mask::Notation;
use crate::rules::rule::ValuePolicy;

/// The longest value looked at here, in bytes.
const VALUE_BYTES_MAX: usize = 64;

/// Whether the key at `start..end` is that of a member whose value is no secret, or the value of a
/// member. False where the text
/// is written in any other way.
pub(crate) fn is_idle(set: &RuleSet, text: &Record<'_>, known: &Known, start: usize, end: usize) -> bool {
    let Some([head @ .., b'"']) = text.buf.get(..start) else { return false };
    let looks_inside = matches!(known.policy, ValuePolicy::Credential | ValuePolicy::Cookie);
    let at = match (head.last(), text.from(end)) {
        // It is a value itself, and of no key that names keys.
        (Some(b':' | b' '), [b'"', b',' | b'}', ..]) => return !joint::names_a_key(text, head.len()),
        (Some(b'{' | b',' | b' '), [b'"', b':', b' ', ..]) if !looks_inside => end + 3,
        (Some(b'{' | b',' | b' '), [b'"', b':', ..]) if !looks_inside => end + 2,
        _ => return false,
    };
    let value = match text.get(at) {
        // An object is judged by its own keys, but for one of passwords and one with a `value`.
        Some(b'{') => return !(known.plural && known.policy == ValuePolicy::Any) && has_no_value(text, at + 1),
        Some(b'"') => quoted(text, at + 1),
        Some(b'0'..=b'9' | b't' | b'f' | b'n') => bare(text, at),
        _ => None,
    };
    value.is_some_and(|value| {
        let key = &text.buf[start..end];
        !keys::is_secret(text, known, Joint::Colon, &value, key, &set.masks)
    })
}

/// Whether the object whose members begin at `start` ends before any of them is called a value. False
/// where more than plain words, numbers and their marks is in it.
fn has_no_value(text: &Record<'_>, start: usize) -> bool {
    let rest = &text.from(start)[..text.from(start).len().min(VALUE_BYTES_MAX)];
    // Anything else in braces may be a value itself.
    if !matches!(rest.first(), Some(b'"' | b'}')) {
        return false;
    }
    let mut inside = false;
    for (n, b) in rest.iter().enumerate() {
        match b {
            b'"' if inside && !matches!(rest.get(n + 1), Some(b':' | b',' | b'}')) => return false,
            b'"' => inside = !inside,
            b'}' => return !inside,
            b'v' | b'V' if rest[n..].get(..5).is_none_or(|word| word.eq_ignore_ascii_case(b"value")) => return false,
            b' ' | b':' | b',' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {}
            _ => return false,
        }
    }
    false
}

/// The text from `start` on, in which nothing is escaped, if the member ends behind it.
fn quoted(text: &Record<'_>, start: usize) -> Option<Value> {
    let rest = text.from(start);
    let len = rest.iter().take(VALUE_BYTES_MAX).position(|b| matches!(b, b'"' | b'\\' | b'\n' | b'\r'))?;
    let ends = matches!(rest[len..], [b'"', b',' | b'}', ..]);
    ends.then_some(Value { start, end: start + len, quote: None, notation: Notation::Quoted, open: false })
}

/// The number or word at `start`, if the member ends behind it.
fn bare(text: &Record<'_>, start: usize) -> Option<Value> {
    let end = run::end(text.buf, start, text.end.min(start + VALUE_BYTES_MAX));
    let ends = matches!(text.get(end), Some(b',' | b'}'));
    ends.then_some(Value { start, end, quote: None, notation: Notation::Number(0), open: false })
}
