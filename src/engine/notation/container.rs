//! Lists and objects behind a key: for which of their values the key speaks.
//!
//! It speaks for the elements of lists at any depth, and for what an object calls the value:
//! `{"password": {"S": "x"}}`, `{"password": {"old": "x", "new": "y"}}`. Other objects are judged by their own keys.

use super::Record;
use super::context::mask_len;
use super::escape::{GAP_BYTES_MAX, skip_gap};
use super::quote::Quote;
use super::tail::is_pair;
use super::text::{Value, bare, behind, quoted};
use super::wrapper::unwrap;
use crate::rules::mask::Notation;
use crate::rules::words::words;

/// What an object behind a key calls the key's value, in any case.
pub(crate) const VALUE_MEMBERS: &[&str] = words!("value-members");

/// The most elements of a list that are read one by one.
const LIST_MAX: usize = 4096;
/// How deep lists and objects are followed.
const DEPTH_MAX: usize = 16;

/// What was read of a container.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) values: Vec<Value>,
    /// Where reading ended.
    pub(super) end: usize,
    /// An object that the key does not speak for stands in it.
    pub(super) other: bool,
}

/// Reads containers of one key.
struct Reader<'a, 'b> {
    rec: &'a Record<'b>,
    /// How a bare element's mask is written.
    notation: Notation,
    /// The mark of a key that is a member's.
    key: Option<Quote>,
    values: Vec<Value>,
    other: bool,
}

/// The elements of the list whose bracket stands at `at`.
pub(super) fn list(rec: &Record<'_>, at: usize, notation: Notation, key: Option<Quote>) -> Read {
    let mut reader = Reader { rec, notation, key, values: Vec::new(), other: false };
    let close = if rec.get(at) == Some(b'(') { b')' } else { b']' };
    let end = reader.list(at + 1, close, 0);
    reader.done(end)
}

/// The values of the object whose brace stands at `at`, or `only` those of its members that are called so.
pub(super) fn object(rec: &Record<'_>, at: usize, notation: Notation, only: Option<&[&str]>) -> Read {
    let mut reader = Reader { rec, notation, key: None, values: Vec::new(), other: false };
    let end = reader.object(at + 1, only, 0);
    reader.done(end)
}

/// Whether a brace opens an object rather than a template or a value: a quote, a member's name or the end follows.
pub(super) fn is_object(rec: &Record<'_>, at: usize) -> bool {
    let inside = skip_gap(rec, at + 1, GAP_BYTES_MAX);
    match rec.quote_at(inside, rec.end) {
        // Behind the first text comes what goes on behind one.
        Some(quote) => {
            let text = quoted(rec, inside, quote);
            let next = skip_gap(rec, behind(rec, &text), GAP_BYTES_MAX);
            let member = rec.get(next).is_none_or(|b| matches!(b, b':' | b',' | b'}' | b'='));
            !closes(rec, inside + quote.width()) && (member || rec.is_json())
        }
        None => rec.get(inside).is_none_or(|b| b == b'}') || named(rec, inside).is_some() || is_member(rec, inside),
    }
}

/// Whether a member's name without quotes stands at `at`, a blank behind its colon: `{type: String, required: true}`.
fn is_member(rec: &Record<'_>, at: usize) -> bool {
    let name = rec.run(at, 32, |b| b.is_ascii_alphanumeric() || b == b'_');
    rec.get(at).is_some_and(|b| b.is_ascii_alphabetic()) && rec.starts_with(at + name, b": ")
}

/// Whether the mark before `at` closes a text rather than opening one: what goes on behind a text follows.
fn closes(rec: &Record<'_>, at: usize) -> bool {
    let next = skip_gap(rec, at, GAP_BYTES_MAX);
    matches!(rec.get(next), None | Some(b',' | b':' | b']' | b'}'))
}

/// Behind a member's name without quotes at `at`, where it is what an object calls the value: `{ value: 'x' }`.
fn named(rec: &Record<'_>, at: usize) -> Option<usize> {
    let name = rec.from(at).iter().take(24).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let member = rec.get(at + name) == Some(b':') && is_one_of(&rec.from(at)[..name], VALUE_MEMBERS);
    member.then_some(at + name)
}

fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

impl Reader<'_, '_> {
    /// More elements than are read one by one: the record's rest is masked as one.
    fn done(mut self, end: usize) -> Read {
        if self.values.len() == LIST_MAX && end < self.rec.end {
            let rest = Value { start: end, end: self.rec.end, quote: None, notation: Notation::Quoted, open: true };
            self.values.push(rest);
        }
        Read { values: self.values, end, other: self.other }
    }

    /// Reads elements from `at` on until the list's end; where it ends.
    fn list(&mut self, at: usize, close: u8, depth: usize) -> usize {
        let rec = self.rec;
        let mut p = at;
        let mut apart = true; // the list's start or a comma
        while self.values.len() < LIST_MAX && !self.other {
            p = skip_gap(rec, p, GAP_BYTES_MAX);
            match rec.get(p) {
                None => break,
                Some(b) if b == close => return p + 1,
                Some(b']') => break,
                Some(b',') => {
                    p += 1;
                    apart = true;
                    continue;
                }
                Some(b'[') if mask_len(rec, p) == 0 && depth < DEPTH_MAX => {
                    p = self.list(p + 1, b']', depth + 1);
                    apart = false;
                    continue;
                }
                Some(b'{') if is_object(rec, p) && depth < DEPTH_MAX => {
                    let before = self.values.len();
                    p = self.object(p + 1, Some(VALUE_MEMBERS), depth + 1);
                    self.other |= self.values.len() == before;
                    apart = false;
                    continue;
                }
                Some(_) => {}
            }
            let Some(value) = self.element(p, apart) else { break };
            p = behind(rec, &value);
            apart = false;
            self.values.push(value);
        }
        p
    }

    /// The element at `at`, if the list goes on there.
    fn element(&self, at: usize, apart: bool) -> Option<Value> {
        let rec = self.rec;
        let inside = unwrap(rec, at).at;
        let Some(quote) = rec.quote_at(inside, rec.end) else {
            let value = bare(rec, inside, false, self.notation);
            // `[a key="b"`, `('a' + b`: the text goes on, and no list.
            let text = self.values.last().is_some_and(|last| last.quote.is_some());
            let goes_on = !apart && (text || is_pair(rec, value.start));
            return (value.start < value.end && !goes_on).then_some(value);
        };
        // A mark that no comma sets apart ends the text that the list stands in, and so does in JSON one that differs
        // from the first element's, stands further out than the key's, or closes a text. `[null, "x"]` goes on.
        let differs = || self.values.iter().find_map(|value| value.quote).is_some_and(|first| first != quote);
        let ends = || match self.key {
            Some(key) => quote.slashes < key.slashes,
            None => closes(rec, inside + quote.width()),
        };
        (apart && !(rec.is_json() && (differs() || ends()))).then(|| quoted(rec, inside, quote))
    }

    /// Reads members from `at` on until the object's end; where it ends.
    fn object(&mut self, at: usize, only: Option<&[&str]>, depth: usize) -> usize {
        let rec = self.rec;
        let (mut p, mut marks) = (at, None);
        let (mut valued, mut wanted) = (false, false);
        while self.values.len() < LIST_MAX {
            p = skip_gap(rec, p, GAP_BYTES_MAX);
            if let Some(quote) = rec.quote_at(p, rec.end) {
                if rec.is_json() && *marks.get_or_insert(quote) != quote {
                    break; // it ends the text that the object stands in
                }
                let text = quoted(rec, p, quote);
                p = behind(rec, &text);
                if !valued {
                    let own = &rec.from(text.start)[..text.end - text.start];
                    wanted = only.is_none_or(|names| is_one_of(own, names));
                } else if wanted {
                    self.values.push(Value { notation: if text.open { self.notation } else { text.notation }, ..text });
                }
                continue;
            }
            match rec.get(p) {
                Some(b'}') => return p + 1,
                Some(b'[') if mask_len(rec, p) > 0 => {
                    p += mask_len(rec, p);
                    continue;
                }
                Some(b'[') if valued && wanted && depth < DEPTH_MAX => {
                    p = self.list(p + 1, b']', depth + 1);
                    continue;
                }
                Some(b'{') if valued && wanted && only.is_some() && depth < DEPTH_MAX => {
                    p = self.object(p + 1, only, depth + 1);
                    continue;
                }
                None | Some(b'{' | b'[') => break,
                // Where a value begins, and not within a word.
                Some(b'0'..=b'9')
                    if valued
                        && wanted
                        && only.is_some()
                        && marks.is_some()
                        && !rec.before(p).is_some_and(|b| b.is_ascii_alphanumeric()) =>
                {
                    let number = bare(rec, p, false, self.notation);
                    p = number.end.max(p + 1);
                    self.values.push(number);
                    continue;
                }
                Some(b) => {
                    if let Some(sign) = named(rec, p).filter(|_| !valued) {
                        (p, wanted) = (sign, true);
                        continue;
                    }
                    wanted |= b == b':' && !valued && only.is_none();
                    valued = b == b':' || (valued && b != b',');
                    wanted &= b != b',';
                }
            }
            p += 1;
        }
        p
    }
}
