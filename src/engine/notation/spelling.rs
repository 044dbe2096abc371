//! Key and value as most programs write them, told in one look: `key=value`, `key: value`,
//! `"key":"value"`. All else goes the long way.

use super::Record;
use super::find;
use super::key::KeySite;
use super::quote::Quote;
use super::separator::{Separated, Separator};
use super::value::{self, Value, Values};
use crate::engine::shortcuts::{Shortcut, Shortcuts};
use crate::rules::mask::Notation;

/// The separator behind the key.
pub(crate) fn find(rec: &Record<'_>, site: &KeySite, shortcuts: Shortcuts) -> Option<Separated> {
    let plain = shortcuts.take(Shortcut::PlainSpellings).then(|| joined(rec, site)).flatten();
    plain.or_else(|| find::find(rec, site))
}

/// The value behind the separator.
pub(crate) fn read(rec: &Record<'_>, site: &KeySite, joined: &Separated, shortcuts: Shortcuts) -> Values {
    match shortcuts.take(Shortcut::PlainSpellings).then(|| one(rec, site, joined)).flatten() {
        Some(value) => Values::One(value),
        None => value::read(rec, site, joined),
    }
}

fn joined(rec: &Record<'_>, site: &KeySite) -> Option<Separated> {
    let quoted = site.quote.is_some() && rec.get(site.end) == Some(b'"');
    if quoted && site.quote != Some(Quote::plain(b'"')) {
        return None;
    }
    // It may be an element's name: what its `<` may end with, and a namespace's sign.
    if !quoted && matches!(rec.before(site.start), Some(b':' | b'<' | b';' | b'c' | b'C')) {
        return None;
    }
    let at = site.end + usize::from(quoted);
    let joint = match rec.get(at)? {
        b'=' => Separator::Assign,
        // In brackets, PHP writes the property's class: `[password:User:private]`.
        b':' if rec.before(site.open) == Some(b'[') => return None,
        b':' => Separator::Colon,
        _ => return None,
    };
    // A flag's value is glued to its sign.
    let apart = site.dashes == 0 && rec.get(at + 1) == Some(b' ');
    let value = at + 1 + usize::from(apart);
    let begins = rec.get(value).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'"' | b'\''));
    begins.then_some(Separated { joint, value, percent: false, quoted })
}

/// Inlined, so that a value's parts are written once: read as a whole right after they were written, they
/// would have to be waited for.
#[inline(always)]
fn one(rec: &Record<'_>, site: &KeySite, joined: &Separated) -> Option<Value> {
    let at = joined.value;
    // The mark that an assignment stands in may end its value.
    let inside = site.quote.is_some() && !joined.quoted;
    if !matches!(joined.joint, Separator::Assign | Separator::Colon) || inside && joined.joint == Separator::Assign {
        return None;
    }
    let first = rec.get(at)?;
    let quote = matches!(first, b'"' | b'\'').then(|| Quote::plain(first));
    let start = at + usize::from(quote.is_some());
    if quote.is_none() && !first.is_ascii_alphanumeric() {
        return None;
    }
    // A mark that closes the text around the key begins no value.
    let outer = !joined.quoted || site.quote.is_some_and(|key| key.slashes > 0);
    if quote.is_some() && outer && rec.get(start).is_none_or(|b| matches!(b, b',' | b']' | b'}' | b':')) {
        return None;
    }
    let end = rec.alphanumerics_end(start, rec.end);
    let (end, notation, open) = match quote {
        Some(quote) => {
            // A doubled mark is one of the value's own, and so is what shells write for a `'`.
            let more = |b: u8| b == first || first == b'\'' && matches!(b, b'\\' | b'"');
            let (end, open) = match rec.get(end) == Some(first) && !rec.get(end + 1).is_some_and(more) {
                true => (end, false),
                false => value::closed(rec, start, quote),
            };
            if open && !joined.quoted {
                return None;
            }
            (end, Notation::Quoted, open)
        }
        None if value::is_variable(rec, site, at, rec.slice(start..end)) => return None,
        None if ends(rec, start, end, joined.joint) => (end, value::number(rec, site, joined), end == rec.end),
        None => return None,
    };
    Some(Value { start, end, quote, notation, open })
}

/// Whether a bare value that has letters and digits up to `end` ends there.
fn ends(rec: &Record<'_>, start: usize, end: usize, joint: Separator) -> bool {
    // What stands before a text may be its type: `Just "x"`, `new String("x")`.
    let typed = || matches!(rec.get(end + 1), Some(b'"' | b'\'' | b'`' | b'\\' | b'%' | b'&'));
    // Behind a colon it may be a type, too: `key: Type = "value"`.
    match rec.get(end) {
        None => true,
        Some(b' ') if typed() || rec.from(start).starts_with(b"new ") => false,
        Some(b' ') if joint == Separator::Colon => {
            !matches!(rec.get(end + 1), Some(b'=' | b' ' | b'\t' | 0x1b | b'\\' | b'#'))
        }
        Some(b' ' | b'\t') => joint == Separator::Assign,
        Some(b) => matches!(b, b',' | b';' | b')' | b']' | b'}' | b'<' | b'>'),
    }
}

#[cfg(test)]
mod tests {
    use super::{joined, one};
    use crate::engine::notation::Record;
    use crate::engine::notation::find;
    use crate::engine::notation::key::{around, end_of};
    use crate::engine::notation::value;
    use crate::engine::notation::value::Values;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(8000) })]

        /// What is told in one look is what is told the long way.
        #[test]
        fn the_straight_way_tells_the_same(
            head in "(|a|\\$|:|<|x=<|&lt;|\\\\u003c|c:|<c:|%3C|\\[|--|-|\\.|ENV |name=|;|=|\\{)['\"\\\\]{0,2}",
            key in "(db_|user |--)?password( 2|_2|s)?",
            mark in "['\"\\\\]{0,2}[ \t]{0,1}",
            sign in "(=|:|:=|==|=>|->|\\?=|:-|&gt;|\\]|%3D|/>|>|\x1b\\[0m|)[ \t]{0,2}",
            front in "(|\"|'|%20|&gt;|>|\\\\u003e|\\[|\x1b\\[0m|=|\\.|\\{|Some\\(|b|\\$\\{|\\[REDACTED:)",
            text in "[a-zA-Z0-9]{0,12}",
            back in "(|\"|'|\\\\\"|,|;|&|\\)|\\(|\\[\"|\\]|\\}|<|>|@|\\.|:| | = \"x\"|\t|\\(\"x\"|'x'|'\\\\''x'|'\"'\"'x')[a-z=\"']{0,3}",
        ) {
            let text = [head, key, mark, sign, front, text, back].concat();
            let rec = Record::new(text.as_bytes(), 0, text.len());
            for (at, _) in text.match_indices("pass") {
                let site = around(&rec, at, end_of(&rec, at));
                let long = find::find(&rec, &site);
                if let Some(straight) = joined(&rec, &site) {
                    prop_assert_eq!(Some(straight), long, "{}", text);
                }
                if let Some(joined) = long
                    && let Some(straight) = one(&rec, &site, &joined)
                {
                    prop_assert_eq!(Values::One(straight), value::read(&rec, &site, &joined), "{}", text);
                }
            }
        }
    }
}
