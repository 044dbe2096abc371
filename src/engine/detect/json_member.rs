//! A member of a JSON object in one look: `"key": value,` where the value is a plain text, a number,
//! a word or an object. Most key words of a JSON log stand in one.

use crate::engine::detect::ruleset::RuleSet;
use crate::engine::detect::weigh::worth_behind;
use crate::engine::footprint::Footprint;
use crate::engine::keys::{SecretKey, values};
use crate::engine::notation::Record;
use crate::engine::notation::container::VALUE_MEMBERS;
use crate::engine::notation::named;
use crate::engine::notation::separator::Separator;
use crate::engine::notation::value::Value;
use crate::rules::check::names;
use crate::rules::mask::Notation;
use crate::rules::rule::ValuePolicy;

/// The longest value looked at here, in bytes.
const VALUE_BYTES_MAX: usize = 64;

/// What tells that the key at `start..end` is that of a member whose value is no secret, or the value
/// of a member. None where the text is written in any other way.
pub(crate) fn reject(
    set: &RuleSet,
    text: &Record<'_>,
    known: &SecretKey,
    start: usize,
    end: usize,
) -> Option<Footprint> {
    let head = start.checked_sub(1).filter(|head| text.byte(*head) == b'"')?;
    let looks_inside = matches!(known.policy, ValuePolicy::Credential | ValuePolicy::Cookie);
    let at = match (text.before(head), text.up_to(end, 3)) {
        // It is a value itself, and of no key that names keys.
        (Some(b':' | b' '), [b'"', b',' | b'}', ..]) if is_behind_name(text, head) => {
            let word = named::naming(text, head).0.min(head - 2);
            return (!named::names_a_key(text, head)).then(|| Footprint::new(word.saturating_sub(1), end + 4));
        }
        (Some(b'{' | b',' | b' '), [b'"', b':', b' ', ..]) if !looks_inside => end + 3,
        (Some(b'{' | b',' | b' '), [b'"', b':', ..]) if !looks_inside => end + 2,
        _ => return None,
    };
    let from = start.saturating_sub(2);
    let value = match text.get(at) {
        // An object is judged by its own keys, but for one of passwords and one with a `value`.
        Some(b'{') if known.plural && known.policy == ValuePolicy::Any => return None,
        Some(b'{') => return without_value(text, from, at + 1),
        Some(b'"') => quoted(text, at + 1),
        Some(b'0'..=b'9' | b't' | b'f' | b'n') => bare(text, at),
        _ => None,
    }?;
    let key = text.slice(start..end);
    let is_secret = values::is_secret(text, known, Separator::Colon, &value, key, &set.masks);
    let word = text.slice(value.start..value.end);
    let rejected = !is_secret && (!worth_behind(known.policy, word) || names::is_name(word));
    rejected.then(|| Footprint::new(from, (value.end + 2).max(end + 4)))
}

/// Whether a text whose mark stands at `head` is behind a colon that a name comes before: that of `[:"password", "x"]` begins a
/// pair of its own.
fn is_behind_name(text: &Record<'_>, head: usize) -> bool {
    match text.last(head, 3) {
        [before, b':', b' '] | [_, before, b':'] => !matches!(before, b'[' | b'(' | b'{'),
        _ => false,
    }
}

/// What tells that the object whose members begin at `start` ends before any of them is called a value.
/// None where more than plain words, numbers and their marks is in it.
fn without_value(text: &Record<'_>, from: usize, start: usize) -> Option<Footprint> {
    let limit = text.end.min(start + VALUE_BYTES_MAX);
    let rest = text.text().get(start..limit)?;
    // Anything else in braces may be a value itself.
    if !matches!(rest.first(), Some(b'"' | b'}')) {
        return None;
    }
    let mut inside = false;
    for (n, b) in rest.iter().enumerate() {
        match b {
            b'"' if inside && !matches!(rest.get(n + 1), Some(b':' | b',' | b'}')) => return None,
            b'"' if !inside && may_name_value(&rest[n + 1..]) => return None,
            b'"' => inside = !inside,
            b'}' if inside => return None,
            b'}' => {
                text.note(start..start + n + 1);
                let digits = rest[..n].iter().rev().take_while(|b| b.is_ascii_digit()).count();
                // Any number behind a colon will do.
                let number = digits > 0 && rest[..n - digits].ends_with(b":");
                let longest = VALUE_MEMBERS.iter().map(|name| name.len()).max().unwrap_or(0);
                let to = if number { start + n - digits } else { start + n + longest + 1 };
                return Some(Footprint { number, ..Footprint::new(from, to) });
            }
            b' ' | b':' | b',' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {}
            _ => return None,
        }
    }
    None
}

/// Whether the text behind a mark is what an object calls its value, or is cut where it may be.
fn may_name_value(text: &[u8]) -> bool {
    VALUE_MEMBERS.iter().map(|name| name.as_bytes()).any(|name| {
        let same = text.get(..name.len()).is_none_or(|word| word.eq_ignore_ascii_case(name));
        same && text.get(name.len()).is_none_or(|mark| *mark == b'"')
    })
}

/// The text from `start` on, in which nothing is escaped, if the member ends behind it.
fn quoted(text: &Record<'_>, start: usize) -> Option<Value> {
    let len = text.run(start, VALUE_BYTES_MAX, |b| !matches!(b, b'"' | b'\\' | b'\n' | b'\r'));
    let end = start + len;
    let ends = len < VALUE_BYTES_MAX && matches!(text.up_to(end, 2), [b'"', b',' | b'}']);
    ends.then_some(Value { start, end, quote: None, notation: Notation::Quoted, open: false })
}

/// The number or word at `start`, if the member ends behind it.
fn bare(text: &Record<'_>, start: usize) -> Option<Value> {
    let end = text.inners_end(start, text.end.min(start + VALUE_BYTES_MAX));
    let ends = matches!(text.get(end), Some(b',' | b'}'));
    ends.then_some(Value { start, end, quote: None, notation: Notation::Number(0), open: false })
}
