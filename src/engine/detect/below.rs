//! Values on the line below their key: what a record leaves open, and how the next one is read.

use crate::engine::detect::context::RecordContext;
use crate::engine::detect::continuation::{Below, Continuation, ValueBelow};
use crate::engine::detect::one::one;
use crate::engine::keys::SecretKey;
use crate::engine::mask::policy::Masks;
use crate::engine::notation::Record;
use crate::engine::notation::container::VALUE_MEMBERS;
use crate::engine::notation::context::in_text;
use crate::engine::notation::escape::{GAP_BYTES_MAX, skip_gap};
use crate::engine::notation::key::KeySite;
use crate::engine::notation::named;
use crate::engine::notation::separator::{Separated, Separator};
use crate::engine::notation::spelling;
use crate::engine::notation::value::{Value, Values, quoted};
use crate::rules::check::{base64, names, random};
use crate::rules::judge::{is_drawn, is_made_up};
use crate::rules::mask::Notation;
use crate::rules::rule::ValuePolicy;
use crate::rules::words::words;

/// The most lines that may stand between a key and a value below it.
const LINES_MAX: u8 = 3;
/// The most empty lines that may stand between what announces a value and the value.
const EMPTY_LINES_MAX: u8 = 2;
/// How far before the end of its line the key of a value stands that the line announces, in bytes.
const ANNOUNCED_BYTES_MAX: usize = 160;
/// The deepest indentation of a key that has its value on the next line, in bytes.
const INDENT_BYTES_MAX: usize = 64;

fn waits(known: &SecretKey, how: Below) -> Option<Continuation> {
    Some(Continuation::Value(ValueBelow { known: *known, how }))
}

/// What is expected behind a separator that ends its record.
pub(super) fn expected(
    rec: &Record<'_>,
    site: &KeySite,
    joined: &Separated,
    known: &SecretKey,
) -> Option<Continuation> {
    if joined.value < rec.end {
        return None;
    }
    match joined.joint {
        Separator::Element(0) => waits(known, Below::Alone),
        Separator::Assign if rec.bytes().ends_with(b"=>") && rec.before(site.open) == Some(b'[') => {
            waits(known, Below::Typed)
        }
        Separator::Colon => waits(known, Below::Nested(indent_of_key(rec, site)?, LINES_MAX)),
        _ => None,
    }
}

/// `password: |` ends its record: the value is the lines below.
pub(super) fn block(
    rec: &Record<'_>,
    site: &KeySite,
    joined: &Separated,
    known: &SecretKey,
    value: &Value,
) -> Option<Continuation> {
    if joined.joint != Separator::Colon || value.quote.is_some() || rec.end > joined.value + 2 {
        return None;
    }
    let indicator = matches!(rec.from(joined.value), [b'|' | b'>'] | [b'|' | b'>', b'-' | b'+']);
    let indent = indent_of_key(rec, site).filter(|_| indicator)?;
    waits(known, Below::Lines(indent))
}

/// `name: PASSWORD` ends the record, or the head of a form's part does: its value may follow on the next line.
pub(super) fn named(rec: &Record<'_>, site: &KeySite, known: &SecretKey) -> Option<Continuation> {
    let names = site.dashes == 0 && named::names_a_key(rec, site.open);
    let part = memchr::memmem::find(rec.bytes(), b"form-data; ").is_some();
    if names { waits(known, if part { Below::Part(false) } else { Below::Named }) } else { None }
}

/// `<name>PASSWORD</name>` ends the record: its value may be the element on the next line.
pub(super) fn tag(rec: &Record<'_>, site: &KeySite, known: &SecretKey) -> Option<Continuation> {
    let head = &rec.bytes()[..site.open - rec.start];
    let rest = rec.from(site.end).trim_ascii_end();
    let named = [&b"name>"[..], b"key>"].iter().any(|name| {
        let open = head.len().checked_sub(name.len() + 1).map(|at| &head[at..]);
        open.is_some_and(|open| open[0] == b'<' && open[1..].eq_ignore_ascii_case(name))
            && rest.strip_prefix(b"</").is_some_and(|end| end.eq_ignore_ascii_case(name))
    });
    if named { waits(known, Below::Tag) } else { None }
}

/// Whether a line may announce what stands below it.
pub(crate) fn may_announce(line: &[u8]) -> bool {
    matches!(line, [.., b':'] | [.., b':', b'\r' | b' '])
}

/// `Use the following password to log in:` ends the record: its value may be all of a line below. Behind a scheme, as in
/// `Authorization: token X goes to:`, it stood beside it and is a mask now.
pub(super) fn announced(rec: &Record<'_>, site: &KeySite, known: &SecretKey, masks: &Masks) -> Option<Continuation> {
    let rest = rec.from(site.end);
    let near = rest.len() <= ANNOUNCED_BYTES_MAX && may_announce(rest);
    let beside = |word: &[u8]| {
        let word = word.strip_suffix(b":").unwrap_or(word);
        !word.is_empty() && masks.spares(word)
    };
    let near = near && !rest.trim_ascii_start().split(|b| *b == b' ').next().is_some_and(beside);
    let whole = matches!(known.policy, ValuePolicy::Any | ValuePolicy::Likely);
    if near && whole { waits(known, Below::Announced(EMPTY_LINES_MAX)) } else { None }
}

/// The most lines that one value is written on.
pub(super) const PARTS_MAX: u8 = 64;
/// The fewest bytes of a line that is broken because it would be too long.
const WRAPPED_BYTES_MIN: usize = 32;
/// What joins two texts of a program over a line's end: Java's, JavaScript's and Go's sign, PHP's and Perl's, Lua's, Basic's, SQL's.
const JOINING: [&[u8]; 7] = [b"+", b".", b"..", b"&", b"& _", b"||", b"\\"];

/// `token = "first part" +` ends the record: the value goes on below. A point that ends a sentence has no blank before it.
pub(super) fn joined(rec: &Record<'_>, known: &SecretKey, value: &Value, left: u8) -> Option<Continuation> {
    let behind = value.end + value.quote.filter(|_| !value.open)?.width();
    let rest = rec.end.checked_sub(behind)?;
    let apart = rest <= GAP_BYTES_MAX && rec.get(behind) == Some(b' ');
    let joins = apart && JOINING.contains(&rec.from(behind).trim_ascii());
    if joins && left > 0 { waits(known, Below::Joined(left)) } else { None }
}

/// The most lines of a block that are looked through for the value it declares.
const DECLARED_LINES_MAX: u8 = 8;
/// What declares a value by its name: `variable "password" {`, as Terraform does.
const DECLARING: &[&str] = words!("declaring-words");
/// What such a block calls the value.
const DECLARED: &[&str] = &["default", "value"];

/// `variable "db_password" {` ends the record: its value may stand on one of the lines below.
pub(super) fn declared(rec: &Record<'_>, site: &KeySite, known: &SecretKey) -> Option<Continuation> {
    let quote = site.quote?;
    let block = rec.from(site.end).strip_prefix(&[quote.sign])?.trim_ascii() == b"{";
    let head = rec.slice(rec.start..site.open).trim_ascii_end();
    let declares = |word: &&str| {
        let front = head.strip_suffix(word.as_bytes());
        front.is_some_and(|front| front.last().is_none_or(u8::is_ascii_whitespace))
    };
    let declares = block && DECLARING.iter().any(declares);
    if declares { waits(known, Below::Declared(DECLARED_LINES_MAX)) } else { None }
}

/// What a mail server's question begins with, whose answer is the next line (RFC 4954, section 4).
const QUESTION: &[u8] = b"334 ";
/// "Password:".
const PASSWORD: &[u8] = b"UGFzc3dvcmQ6";
/// The most bytes behind it that end its line: `\r\n'`, as a program's trace writes them.
const QUESTION_END_BYTES_MAX: usize = 6;

/// `334 UGFzc3dvcmQ6` ends the record, "Password:" in base64: the answer is on the line below.
pub(super) fn asked(rec: &Record<'_>, site: &KeySite, known: &SecretKey) -> Option<Continuation> {
    let ends = rec.end - site.end <= QUESTION_END_BYTES_MAX;
    if ends && rec.ends_with(site.start, QUESTION) { waits(known, Below::Answered) } else { None }
}

/// The answer at the end of the line: `C: aHVudGVyMg==`, `send: 'aHVudGVyMg==\r\n'`.
fn answer(s: &mut RecordContext<'_>, below: &ValueBelow) {
    let whole = s.rec.last(s.rec.end, ANNOUNCED_BYTES_MAX);
    *s.work += whole.len() as u64;
    let line = whole.trim_ascii_end();
    let line = line.strip_suffix(b"'").or(line.strip_suffix(b"\"")).unwrap_or(line);
    let line = line.strip_suffix(b"\\r\\n").unwrap_or(line);
    let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'+' | b'/' | b'=');
    let len = line.iter().rev().take_while(part).count();
    let text = &line[line.len() - len..];
    if text == PASSWORD {
        // A trace says it twice: `reply: b'334 UGFzc3dvcmQ6\r\n'`, `Msg: b'UGFzc3dvcmQ6'`.
        s.continuation = waits(&below.known, below.how);
    } else if base64::is_text(text) {
        let end = s.rec.end - whole.len() + line.len();
        let value = Value { start: end - len, end, quote: None, notation: in_text(&s.rec, end - len), open: false };
        s.found_value(&below.known, &value);
    }
}

/// Whether all of a line is a value that was drawn or made up, and no name.
fn is_announced(text: &[u8], known: &SecretKey) -> bool {
    let password = known.policy == ValuePolicy::Any;
    let drawn = is_drawn(text) && (password || random::looks_random(text) && !text.contains(&b'-'));
    (drawn || password && is_made_up(text)) && !names::is_name(text)
}

/// How far the key is set in, if nothing else stands before it but the dash of a list.
fn indent_of_key(rec: &Record<'_>, site: &KeySite) -> Option<usize> {
    let head = &rec.bytes()[..site.open - rec.start];
    let blank = head.iter().all(|b| matches!(b, b' ' | b'\t' | b'-'));
    (blank && head.len() <= INDENT_BYTES_MAX && site.dashes == 0).then_some(head.len())
}

/// Reads the line below a key.
pub(crate) fn read(s: &mut RecordContext<'_>, below: ValueBelow) {
    let begin = skip_gap(&s.rec, s.rec.start, s.rec.end - s.rec.start);
    let indent = begin - s.rec.start;
    match below.how {
        // Below a tag stands a value and nothing else; a line of a log has words.
        Below::Alone if s.rec.get(begin) != Some(b'<') && !s.rec.from(begin).iter().any(u8::is_ascii_whitespace) => {
            element_text(s, &below, begin);
        }
        Below::Alone => {}
        Below::Wrapped(left) => wrapped(s, &below, begin, left),
        Below::Joined(left) => next_part(s, &below, begin, left),
        Below::Named => {
            if let Some(at) = behind_name(&s.rec, begin, &["value"]) {
                bare(s, &below, at, Separator::Assign);
            }
        }
        Below::Part(true) => line(s, &below, s.rec.start),
        Below::Part(false) if begin >= s.rec.end => {
            s.continuation = waits(&below.known, Below::Part(true));
        }
        Below::Part(false) if is_header(&s.rec) => s.continuation = waits(&below.known, below.how),
        // Where empty records are not seen.
        Below::Part(false) => line(s, &below, s.rec.start),
        Below::Tag => {
            let tags = [&b"<value>"[..], b"<Value>", b"<string>"];
            if let Some(tag) = tags.iter().find(|tag| s.rec.from(begin).starts_with(tag)) {
                bare(s, &below, begin + tag.len(), Separator::Element(0));
            }
        }
        Below::Typed => bare(s, &below, begin, Separator::Assign),
        Below::Announced(left) => match behind_service(&s.rec, begin) {
            at if at >= s.rec.end => {
                s.continuation = left.checked_sub(1).and_then(|left| waits(&below.known, Below::Announced(left)));
            }
            at => alone(s, &below, at),
        },
        Below::Answered => answer(s, &below),
        Below::Declared(left) => member(s, &below, begin, left),
        Below::Lines(key) if indent > key && begin < s.rec.end => {
            line(s, &below, begin);
            s.continuation = waits(&below.known, below.how);
        }
        Below::Nested(key, _) if indent >= key && below.known.plural && s.rec.starts_with(begin, b"- ") => {
            item(s, &below, begin);
        }
        Below::Nested(key, left) if indent > key && begin < s.rec.end => nested(s, &below, begin, (key, left)),
        Below::Lines(_) | Below::Nested(..) => {}
    }
}

/// The first line of an element's text.
fn element_text(s: &mut RecordContext<'_>, below: &ValueBelow, begin: usize) {
    let found = s.findings.len();
    bare(s, below, begin, Separator::Element(0));
    if s.findings.len() > found && is_wrapped(s.rec.from(begin).trim_ascii_end()) {
        s.continuation = waits(&below.known, Below::Wrapped(PARTS_MAX));
    }
}

/// Another line of a text in base64 that was broken into some.
fn wrapped(s: &mut RecordContext<'_>, below: &ValueBelow, begin: usize, left: u8) {
    let text = s.rec.from(begin).trim_ascii_end();
    *s.work += text.len() as u64;
    if !text.is_empty() && text.iter().all(is_base64) {
        whole(s, below, begin, text.len());
        let more = left.checked_sub(1).filter(|_| is_wrapped(text));
        s.continuation = more.and_then(|left| waits(&below.known, Below::Wrapped(left)));
    }
}

/// The next of the texts that a value is joined of.
fn next_part(s: &mut RecordContext<'_>, below: &ValueBelow, begin: usize, left: u8) {
    if let Some(quote) = s.rec.quote_at(begin, s.rec.end) {
        let value = quoted(&s.rec, begin, quote);
        *s.work += (value.end - begin) as u64;
        found(s, below, &value);
        s.continuation = joined(&s.rec, &below.known, &value, left - 1);
    }
}

/// A line of the block that declares a value.
fn member(s: &mut RecordContext<'_>, below: &ValueBelow, begin: usize, left: u8) {
    match behind_name(&s.rec, begin, DECLARED) {
        Some(at) => bare(s, below, at, Separator::Assign),
        None if s.rec.get(begin) == Some(b'}') => {}
        None => s.continuation = left.checked_sub(1).and_then(|left| waits(&below.known, Below::Declared(left))),
    }
}

/// Behind what Docker Compose puts before each line, `jenkins-1  | `, or at `begin` where a line has nothing like it.
fn behind_service(rec: &Record<'_>, begin: usize) -> usize {
    let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let end = begin + rec.run(begin, INDENT_BYTES_MAX, name);
    let sign = skip_gap(rec, end, INDENT_BYTES_MAX);
    let named = begin < end && end < sign && rec.get(sign) == Some(b'|');
    if named { skip_gap(rec, sign + 1, GAP_BYTES_MAX) } else { begin }
}

/// Whether the record is a header's: `Content-Type: text/plain`.
fn is_header(rec: &Record<'_>) -> bool {
    let name = rec.bytes().iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    name > 0 && rec.get(rec.start + name) == Some(b':')
}

/// An item of YAML's list below `api_keys:`, and those that follow it; an object's members are judged by their own keys.
fn item(s: &mut RecordContext<'_>, below: &ValueBelow, begin: usize) {
    let at = skip_gap(&s.rec, begin + 1, GAP_BYTES_MAX);
    let text = s.rec.from(at);
    *s.work += text.len() as u64;
    let member = memchr::memchr_iter(b':', text).any(|n| matches!(text.get(n + 1), None | Some(b' ')));
    if !member {
        bare(s, below, at, Separator::Assign);
        s.continuation = waits(&below.known, below.how);
    }
}

/// A line further in than its key: the value in quotes, or a member called so.
fn nested(s: &mut RecordContext<'_>, below: &ValueBelow, begin: usize, (key, left): (usize, u8)) {
    if let Some(at) = behind_name(&s.rec, begin, VALUE_MEMBERS) {
        return bare(s, below, at, Separator::Assign);
    }
    if let Some(quote) = s.rec.quote_at(begin, s.rec.end) {
        let text = quoted(&s.rec, begin, quote);
        let rest = s.rec.from(text.end + quote.width());
        if !text.open && rest.iter().all(|b| matches!(b, b',' | b' ')) {
            return bare(s, below, begin, Separator::Assign);
        }
    }
    alone(s, below, begin);
    if left > 0 && below.known.policy == ValuePolicy::Any {
        s.continuation = waits(&below.known, Below::Nested(key, left - 1));
    }
}

/// All of the line from `at` on, if that is what a line above announced.
fn alone(s: &mut RecordContext<'_>, below: &ValueBelow, at: usize) {
    let text = s.rec.from(at).trim_ascii_end();
    *s.work += text.len().min(ANNOUNCED_BYTES_MAX) as u64;
    if text.len() <= ANNOUNCED_BYTES_MAX && is_announced(text, &below.known) {
        whole(s, below, at, text.len());
    }
}

/// So many bytes from `at` on, whatever they are.
fn whole(s: &mut RecordContext<'_>, below: &ValueBelow, at: usize, len: usize) {
    let value = Value { start: at, end: at + len, quote: None, notation: in_text(&s.rec, at), open: false };
    found(s, below, &value);
}

/// The value goes, if it is no mask.
fn found(s: &mut RecordContext<'_>, below: &ValueBelow, value: &Value) {
    if !s.set.masks.spares(s.rec.slice(value.start..value.end)) {
        s.found_value(&below.known, value);
    }
}

fn is_base64(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_')
}

/// Whether a line is one of several that a long text in base64 was broken into.
fn is_wrapped(text: &[u8]) -> bool {
    text.len() >= WRAPPED_BYTES_MIN && text.iter().all(is_base64)
}

/// Behind `value:` at `at`, whatever stands before it: `- "value": `.
fn behind_name(rec: &Record<'_>, at: usize, names: &[&str]) -> Option<usize> {
    let rest = rec.from(at);
    let skip = rest.iter().take(4).take_while(|b| matches!(b, b'"' | b'\'' | b'-' | b' ')).count();
    let rest = &rest[skip..];
    let name = names.iter().filter(|name| {
        let same = rest.get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name.as_bytes()));
        same && rest.get(name.len()).is_some_and(|b| matches!(b, b'"' | b'\'' | b' ' | b':' | b'='))
    });
    let rest = &rest[name.map(|name| name.len()).max()?..];
    let sign = rest.iter().take(4).position(|b| matches!(b, b':' | b'='))?;
    Some(skip_gap(rec, rec.end - rest.len() + sign + 1, GAP_BYTES_MAX))
}

/// The value at `at`.
fn bare(s: &mut RecordContext<'_>, below: &ValueBelow, at: usize, joint: Separator) {
    if at >= s.rec.end {
        return;
    }
    let site = KeySite { start: at, end: at, dashes: 0, quote: None, open: at };
    let joined = Separated { joint, value: at, percent: false, quoted: false };
    if let Values::One(value) = spelling::read(&s.rec, &site, &joined, s.set.shortcuts) {
        one(s, &site, joint, &below.known, &value);
    }
}

/// The rest of the line from `at` on.
fn line(s: &mut RecordContext<'_>, below: &ValueBelow, at: usize) {
    let site = KeySite { start: at, end: at, dashes: 0, quote: None, open: at };
    let value = Value { start: at, end: s.rec.end, quote: None, notation: Notation::Quoted, open: false };
    one(s, &site, Separator::Line, &below.known, &value);
}
