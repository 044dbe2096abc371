//! A value behind its separator: quoted, bare, in a list, wrapped.

use memchr::memmem;

use super::Record;
use super::container::{self, VALUE_MEMBERS, is_object};
use super::context::{mask_len, plain};
use super::escape::{GAP_BYTES_MAX, skip_gap};
use super::key::KeySite;
use super::quote::Quote;
use super::separator::{Separated, Separator};
use super::tail::is_pair;
use super::text::text_end;
pub(crate) use super::text::{Value, bare, closed, quoted};
use super::wrapper::{dollars, looked_up, unwrap, wrapped_end};
use crate::rules::mask::Notation;
use crate::rules::words::words;

/// The longest value that a mark may open which nothing closes, in bytes; longer ones go on behind a window.
const UNCLOSED_BYTES_MAX: usize = 64 << 10;
/// The longest remark in brackets in a value's place, in bytes.
const REMARK_BYTES_MAX: usize = 64;

/// What stands between an old value and a new one.
const CHANGES: &[&str] = &["->", "=>", "\u{2192}", "!=", "-&gt;", "=&gt;", "-\\u003e", "=\\u003e"];

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
    if joined.joint == Separator::Line {
        return line(rec, at);
    }
    if let Some(values) = several(rec, site, joined) {
        return values;
    }
    if is_empty(rec, site, joined) {
        return Values::Nothing;
    }
    let inside = match looked_up(rec, at) {
        Some(None) => return Values::Code,
        default => unwrap(rec, default.flatten().unwrap_or(at)),
    };
    let at = inside.at;
    if at >= rec.end {
        return Values::Nothing;
    }
    // Behind a plain sign a query has a mark of its own only as a part of the value: `password=%22a&b=2`.
    let own = |quote: &Quote| !(quote.is_percent() && joined.joint == Separator::Assign && !joined.percent);
    if let Some(quote) = rec.quote_at(at, rec.end).filter(own) {
        let value = quoted(rec, at, quote);
        return Values::One(if value.open && !joined.quoted { unclosed(rec, value) } else { value });
    }
    let value = dollars(rec, at).unwrap_or_else(|| bare(rec, at, joined.percent, number(rec, site, joined)));
    if let Some(value) = assigned(rec, site, joined, &value) {
        return Values::One(value);
    }
    if let Some(end) = inside.close.and_then(|close| wrapped_end(rec, at, close)) {
        return Values::One(Value { end, open: false, ..value });
    }
    if !inside.wrapped && (is_call(rec, &value) || is_variable(rec, site, at, rec.slice(value.start..value.end)))
        || is_remark(rec, at)
    {
        return Values::Code;
    }
    if joined.joint == Separator::Colon
        && let Some(typed) = typed(rec, value.end)
    {
        return Values::One(typed);
    }
    Values::One(value)
}

/// The values of the list or the object that a key speaks for.
fn several(rec: &Record<'_>, site: &KeySite, joined: &Separated) -> Option<Values> {
    let at = joined.value;
    let tuple = || rec.quote_at(at + 1, rec.end).is_some();
    let notation = number(rec, site, joined);
    let key = site.quote.filter(|_| joined.quoted);
    match rec.get(at)? {
        _ if mask_len(rec, at) > 0 => None,
        b'[' if rec.from(at).starts_with(b"[]") && unwrap(rec, at).wrapped => None,
        b'[' => Some(list(rec, at, notation, key)).filter(|values| !is_sign(rec, at, values)),
        b'(' if tuple() => Some(list(rec, at, notation, key)),
        b'{' if is_object(rec, at) => {
            let read = container::object(rec, at, notation, Some(VALUE_MEMBERS));
            Some(if read.values.is_empty() { Values::Object } else { Values::Many(read.values) })
        }
        _ => None,
    }
}

/// Whether the bracket at `at`, behind which no element stands, is a value's own: `[>x`.
fn is_sign(rec: &Record<'_>, at: usize, values: &Values) -> bool {
    let goes_on = rec.get(at + 1).is_some_and(|b| b.is_ascii_graphic() && !b"[]{}\"'`\\".contains(&b));
    goes_on && matches!(values, Values::Many(values) if values.is_empty())
}

fn list(rec: &Record<'_>, at: usize, notation: Notation, key: Option<Quote>) -> Values {
    let read = container::list(rec, at, notation, key);
    // An object is judged by its own keys; what was read before it is read.
    if read.other && read.values.is_empty() { Values::Code } else { Values::Many(read.values) }
}

/// Every quoted value of the object behind the key, as of `"passwords": {"a": "x", "b": "y"}`. With them, where
/// reading ended.
pub(crate) fn object(rec: &Record<'_>, site: &KeySite, joined: &Separated) -> (Vec<Value>, usize) {
    let read = container::object(rec, joined.value, number(rec, site, joined), None);
    (read.values, read.end)
}

/// What a mark opened that nothing closes. Whoever writes a mark into a name must not hide what a log says behind
/// it, so that the value ends where one without marks does, unless words alone follow: `password="correct horse`.
fn unclosed(rec: &Record<'_>, value: Value) -> Value {
    let text = rec.from(value.start);
    let words = text.iter().all(|b| b.is_ascii_alphabetic() || *b == b' ') && text.first() != Some(&b' ');
    if words || rec.is_json() || text.len() > UNCLOSED_BYTES_MAX {
        return value;
    }
    Value { open: false, ..bare(rec, value.start, false, plain(rec)) }
}

/// The value of an assignment in quotes, whose mark ends it: `-e "KEY=a b"`, `Environment="KEY=a b"`.
fn assigned(rec: &Record<'_>, site: &KeySite, joined: &Separated, value: &Value) -> Option<Value> {
    const OPENERS: &[&str] = words!("assignment-openers");
    let quote = site.quote.filter(|_| !joined.quoted && joined.joint == Separator::Assign && site.dashes == 0)?;
    let head = &rec.bytes()[..site.open - rec.start];
    let opened = || OPENERS.iter().any(|opener| head.ends_with(opener.as_bytes()));
    let key = &rec.from(site.start)[..site.end - site.start];
    let constant = || key.contains(&b'_') && !key.iter().any(u8::is_ascii_lowercase);
    let listed = || matches!(head.trim_ascii_end().last(), Some(b'[' | b',' | b'"' | b'\''));
    if !(opened() || constant() && listed()) {
        return None;
    }
    let (end, open) = closed(rec, value.start, quote);
    let text = rec.from(value.start).get(..end.checked_sub(value.start)?)?;
    // A text of several pairs is a message.
    let pairs = memchr::memchr_iter(b' ', text).any(|n| is_pair(rec, value.start + n + 1));
    (!open && end > value.end && !pairs).then_some(Value { end, notation: Notation::Quoted, open, ..*value })
}

/// Whether the mark behind the sign closes what the assignment stands in: `'KEY=' next`, `["user=bob pass=",7]`.
fn is_empty(rec: &Record<'_>, site: &KeySite, joined: &Separated) -> bool {
    let Some(mark) = rec.quote_at(joined.value, rec.end) else { return false };
    // Behind a key in marks of its own that is a mark which is nested less deep.
    if joined.quoted && site.quote.is_none_or(|key| mark.own().slashes >= key.slashes) {
        return false;
    }
    let behind = rec.get(joined.value + mark.width());
    let own = joined.joint == Separator::Assign && site.quote == Some(mark);
    // The key's own mark is the one that opened what it stands in: `label:"Password:",next:"x"`.
    let at = if joined.quoted { site.open } else { site.start };
    own && behind.is_none_or(|b| matches!(b, b' ' | b'\t' | b',' | b']' | b'}' | b')' | b'\\' | b'"'))
        || behind.is_none_or(|b| matches!(b, b',' | b']' | b'}' | b')' | b':' | b';')) && is_open(rec, at, mark.own())
}

/// How far before a key the mark is looked for that began the text around it, in bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// Whether a text that such a mark began, as an element or a member's value, goes on at `at`: the last such mark before
/// stands where one begins, and where all of them are seen, one of them is without another.
fn is_open(rec: &Record<'_>, at: usize, mark: Quote) -> bool {
    let low = at.saturating_sub(TEXT_BYTES_MAX).max(rec.start);
    let ends = memchr::memrchr_iter(mark.last_byte(), rec.slice(low..at)).map(|n| low + n + 1);
    let mut marks = ends.filter(|end| rec.quote_before(*end) == Some(mark));
    let Some(begun) = marks.next().map(|end| end - mark.width()) else { return false };
    let paired = low == rec.start && marks.count() % 2 == 1;
    let blanks = rec.run_back(begun, GAP_BYTES_MAX, |b| matches!(b, b' ' | b'\t'));
    !paired && matches!(rec.before(begun - blanks), None | Some(b':' | b',' | b'[' | b'{' | b'(' | b'\''))
}

/// The rest of the line at `at`, which its end, written out or not, or the text around it ends.
fn line(rec: &Record<'_>, at: usize) -> Values {
    let rest = rec.from(at);
    let written = |n: usize| matches!(rest.get(n + 1), Some(b'r' | b'n' | b'"' | b'\\'));
    let ends = |n: &usize| rest[*n] == b'"' || written(*n);
    let len = memchr::memchr2_iter(b'\\', b'"', rest).find(ends).unwrap_or(rest.len());
    if len == 0 {
        return Values::Nothing;
    }
    let open = len == rest.len();
    Values::One(Value { start: at, end: at + len, quote: None, notation: Notation::Quoted, open })
}

/// Whether several words in brackets stand in a value's place: `(known after apply)`.
fn is_remark(rec: &Record<'_>, at: usize) -> bool {
    let Some(rest) = rec.from(at).strip_prefix(b"(") else { return false };
    let rest = &rest[..rest.len().min(REMARK_BYTES_MAX)];
    let words = rest.iter().take_while(|b| b.is_ascii_lowercase() || **b == b' ').count();
    rest.get(words) == Some(&b')') && rest[..words].contains(&b' ') && rest[0] != b' '
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

/// The value that stands beside another of the same key, and what that makes of it: `'x' | 'y'`,
/// `process.env.KEY || "y"`, `"old" -> "new"`.
pub(crate) fn alternative(rec: &Record<'_>, value: &Value) -> Option<(Separator, Value)> {
    let behind = skip_gap(rec, value.end + value.quote.map_or(0, Quote::width), GAP_BYTES_MAX);
    let find =
        |signs: &[&str]| signs.iter().find(|sign| rec.from(behind).starts_with(sign.as_bytes())).map(|s| s.len());
    let instead = find(&["||", "??", "|"]);
    let joint = if instead.is_some() { Separator::Instead } else { Separator::Assign };
    let sign = instead.or_else(|| find(CHANGES))?;
    let at = skip_gap(rec, behind + sign, GAP_BYTES_MAX);
    let next = match rec.quote_at(at, rec.end) {
        Some(quote) => quoted(rec, at, quote),
        // Without quotes, blanks must say that the sign is none of the value's.
        None if joint == Separator::Assign && behind > value.end && at > behind + sign && !is_remark(rec, at) => {
            bare(rec, at, false, plain(rec))
        }
        None => return None,
    };
    (next.quote.is_none() || !next.open).then_some((joint, next))
}

/// The text of an element, without the blanks around it.
fn element(rec: &Record<'_>, at: usize, open: &[u8]) -> Values {
    let mut start = at;
    let mut close = open;
    if rec.from(at).starts_with(b"<![CDATA[") {
        start += 9;
        close = b"]]>";
    }
    let found = memmem::find(rec.from(start), close).map(|n| start + n);
    let cut = text_end(rec, start, found.unwrap_or(rec.end));
    let mut end = cut.or(found).unwrap_or(rec.end);
    while start < end && rec.byte(start).is_ascii_whitespace() {
        start += 1;
    }
    while end > start && rec.byte(end - 1).is_ascii_whitespace() {
        end -= 1;
    }
    if start == end {
        return Values::Nothing;
    }
    Values::One(Value { start, end, quote: None, notation: Notation::Quoted, open: cut.or(found).is_none() })
}

/// `key: Type = "value"`: the quoted value behind a type name that ends at `at`.
fn typed(rec: &Record<'_>, at: usize) -> Option<Value> {
    let p = skip_gap(rec, at, GAP_BYTES_MAX);
    if p == at || rec.get(p) != Some(b'=') {
        return None;
    }
    let p = skip_gap(rec, p + 1, GAP_BYTES_MAX);
    rec.quote_at(p, rec.end).map(|q| quoted(rec, p, q))
}

/// `:password => given_password`, `$csrf = GetCsrf`: behind a symbol of Ruby, or a variable and its sign apart, texts are
/// written in marks, and names without.
pub(super) fn is_variable(rec: &Record<'_>, site: &KeySite, at: usize, name: &[u8]) -> bool {
    let sign = rec.slice(site.end..at);
    match rec.before(site.start) {
        Some(b':') => memmem::find(sign, b"=>").is_some() && name.iter().all(|b| b.is_ascii_lowercase() || *b == b'_'),
        Some(b'$') => sign.ends_with(b" = ") && name.iter().all(u8::is_ascii_alphabetic),
        _ => false,
    }
}

/// `getPassword()`, `secrets["password"]`: program text; `hunter()2` is none.
fn is_call(rec: &Record<'_>, value: &Value) -> bool {
    let alone = || !rec.get(value.end + 1).is_some_and(|b| b.is_ascii_alphanumeric());
    match rec.slice(value.start..value.end).split_last() {
        Some((b'(', name)) => {
            (identifier(name) || is_method(name)) && rec.get(value.end) == Some(b')') && (alone() || is_path(name))
        }
        Some((b'[', name)) => identifier(name) && rec.quote_at(value.end, rec.end).is_some(),
        _ if is_element(rec, value) => alone(),
        _ => {
            let goes_on = rec.get(value.end) == Some(b',') && rec.get(value.end + 1) == Some(b' ');
            let path = rec.slice(value.start..value.end);
            // `password=open(sesame, user=bob` is a pair of a list; program text has a blank before a call.
            let call = || path.contains(&b'(') && (path.contains(&b':') || rec.before(value.start) == Some(b' '));
            let ends = rec.get(value.end) == Some(b')') && alone() || goes_on && (is_path(path) || call());
            // A text that it is given: `Token.objects.get(user='bob')`.
            let given = rec.before(value.end) == Some(b'=') && rec.quote_at(value.end, rec.end).is_some();
            let end = value.end - usize::from(given);
            (ends || given) && is_method(rec.slice(value.start..end))
        }
    }
}

/// `args[1]`, `$ARGV[0]`, `parts[i]`: an element of a list, by its number.
fn is_element(rec: &Record<'_>, value: &Value) -> bool {
    let text = rec.slice(value.start..value.end);
    let Some(open) = memchr::memchr(b'[', text).filter(|_| rec.get(value.end) == Some(b']')) else { return false };
    let (name, index) = (&text[..open], &text[open + 1..]);
    let number = matches!(index.len(), 1 | 2) && index.iter().all(u8::is_ascii_digit);
    let letters = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.' | b'$');
    name.len() > 1 && identifier(name) && name.iter().all(letters) && (number || matches!(index, [b'a'..=b'z']))
}

/// `fastly.ToPointer(c.password`, `a.b(c.d(e`, `Data(key:pass`: a call by its path, and names that it is given, or other
/// calls.
fn is_method(text: &[u8]) -> bool {
    let Some(open) = memchr::memchr(b'(', text) else { return false };
    let (path, arguments) = (&text[..open], &text[open + 1..]);
    // One word before the bracket may be a value's: all of it is letters then.
    let called = is_path(path);
    let letters = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'=' | b'.' | b':');
    if !(called || path.len() > 2 && path.iter().chain(arguments).all(letters)) {
        return false;
    }
    let name = |part: &[u8]| {
        let part = part.trim_ascii_start();
        let part = part.strip_prefix(b"&").or(part.strip_prefix(b"*")).unwrap_or(part);
        part.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    identifier(path) && arguments.split(|b| matches!(b, b'.' | b'(' | b'=' | b':')).all(name)
}

/// Whether names are joined before a bracket: `a.b(`, `A::b(`.
fn is_path(text: &[u8]) -> bool {
    let path = text.split(|b| *b == b'(').next().unwrap_or_default();
    path.contains(&b'.') || path.windows(2).any(|w| w == b"::")
}

fn identifier(text: &[u8]) -> bool {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$' | b':' | b'-');
    // C# and others ask with `?.` whether there is one.
    let asks = |n: usize| text[n] == b'?' && text.get(n + 1) == Some(&b'.');
    text.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$'))
        && (0..text.len()).all(|n| part(&text[n]) || asks(n))
}
