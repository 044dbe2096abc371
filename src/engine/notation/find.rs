//! The separator behind a key: its sign, an element's tag, a comma between arguments, a blank.

use memchr::memmem;

use super::Record;
use super::container::VALUE_MEMBERS;
use super::escape::{GAP_BYTES_MAX, skip_gap};
use super::key::KeySite;
use super::separator::{ANGLES, Separated, Separator, type_end, written};
use super::text::{quoted, text_end};
use super::{bracket, named, wrapper};
use crate::rules::words::words;

/// The longest tag looked through for its `>`, in bytes.
const TAG_BYTES_MAX: usize = 256;

/// The longest element of a list that is looked through for its end, in bytes.
const ELEMENT_BYTES_MAX: usize = 8 << 10;

/// What the name of a call that sets something holds.
const SETTERS: &[&str] = words!("setters");

/// The separator behind the key.
pub(crate) fn find(rec: &Record<'_>, site: &KeySite) -> Option<Separated> {
    let mut p = skip_gap(rec, site.end, GAP_BYTES_MAX);
    let mut quoted = false;
    if let Some(quote) = site.quote
        && rec.quote_at(p, rec.end) == Some(quote)
    {
        quoted = true;
        p += quote.width();
    }
    if !quoted && let Some(joined) = element(rec, site, p) {
        return Some(joined);
    }
    let opened = if quoted { site.open } else { site.start - usize::from(site.dashes) };
    p = bracket::end(rec, site, opened, p);
    let led = bracket::leader_end(rec, p);
    let gap = skip_gap(rec, led, GAP_BYTES_MAX);
    if led > p && rec.quote_at(gap, rec.end).is_some() {
        return Some(Separated { joint: Separator::Assign, value: gap, percent: false, quoted });
    }
    if let Some(joined) = written(rec, gap) {
        // `--password= next`: a flag's value is glued to its sign.
        // A line of a diff begins with a sign, too: `-password = x`.
        let line = site.dashes == 1 && gap > site.end;
        let empty = site.dashes > 0 && !line && !quoted && matches!(rec.before(joined.value), Some(b' ' | b'\t'));
        return (!empty || joined.joint == Separator::Colon).then_some(Separated { quoted, ..joined });
    }
    // Dots lead to a value without marks or a sign: `password......x`.
    if led > p && rec.before(led).is_some_and(|b| matches!(b, b'.' | b' ')) {
        return Some(Separated { joint: Separator::Colon, value: led, percent: false, quoted });
    }
    if quoted {
        return comma(rec, site, opened, gap).or_else(|| named::property(rec, site, opened, gap));
    }
    listed(rec, site, gap).or_else(|| blank(rec, site, site.end, gap))
}

/// `<key>`, `<ns:key attr="x">`, also written with entities or escapes.
fn element(rec: &Record<'_>, site: &KeySite, at: usize) -> Option<Separated> {
    let mut name = site.start;
    if rec.before(name) == Some(b':') {
        name -= 1;
        while rec.before(name).is_some_and(|b| b.is_ascii_alphanumeric()) {
            name -= 1;
        }
    }
    let head = rec.slice(rec.start..name);
    // What the ways to write `<` end with.
    if !matches!(head.last(), Some(b'<' | b';' | b'c' | b'C')) {
        return None;
    }
    let index = ANGLES.iter().position(|(open, _)| head.ends_with(open))?;
    let close = ANGLES[index].1;
    // `X=<PASSWORD>` is a stand-in, not an element.
    if head.strip_suffix(ANGLES[index].0).and_then(<[u8]>::last).is_some_and(|b| matches!(b, b'=' | b':')) {
        return None;
    }
    let value = if rec.from(at).starts_with(close) {
        at + close.len()
    } else if at > site.end && index == 0 {
        let rest = &rec.from(at)[..rec.from(at).len().min(TAG_BYTES_MAX)];
        let end = memchr::memchr(b'>', rest)?;
        if rest[..end].ends_with(b"/") {
            return None;
        }
        at + end + 1
    } else {
        return None;
    };
    let value = inner_element(rec, value, ANGLES[index].0).unwrap_or(value);
    if !is_element(rec, name - ANGLES[index].0.len(), value, ANGLES[index].0) {
        return None;
    }
    Some(Separated { joint: Separator::Element(index as u8), value, percent: false, quoted: false })
}

/// The longest name of an element that holds another's value, in bytes.
const INNER_BYTES_MAX: usize = 16;

/// Behind the tag at `at` of an element that is called as a value is: `<password><value>x</value></password>`.
fn inner_element(rec: &Record<'_>, at: usize, open: &[u8]) -> Option<usize> {
    let name = rec.starts_with(at, open).then_some(at + open.len())?;
    let end = name + rec.run(name, INNER_BYTES_MAX, |b| b.is_ascii_alphabetic());
    let called = VALUE_MEMBERS.iter().any(|known| rec.slice(name..end).eq_ignore_ascii_case(known.as_bytes()));
    let (_, close) = ANGLES.iter().find(|(known, _)| *known == open)?;
    (called && rec.starts_with(end, close)).then_some(end + close.len())
}

/// Whether the tag that begins at `opened`, behind which `at` stands, is an element's: its end follows, `</`; it stands
/// on its line alone; or the line is cut. `usage: <user> <password>` are stand-ins.
fn is_element(rec: &Record<'_>, opened: usize, at: usize, open: &[u8]) -> bool {
    let rest = rec.from(at);
    if rest.is_empty() {
        let head = rec.bytes()[..opened - rec.start].trim_ascii();
        return head.is_empty() || head.starts_with(b"<") && head.ends_with(b">");
    }
    // A text of JSON that the tag stands in ends at its mark.
    let inside = |end: usize| text_end(rec, at, end).is_none();
    match memmem::find(rest, open) {
        Some(n) => {
            let behind = &rest[n + open.len()..];
            let end = [&b"/"[..], b"\\/", b"!", b"%2F"].iter().any(|end| behind.starts_with(end));
            end && (rest.starts_with(b"<![CDATA[") || inside(at + n))
        }
        // Cut: a lone word.
        None => rest[0].is_ascii_alphanumeric() && !rest.contains(&b' ') && inside(rec.end),
    }
}

/// `setProperty("KEY", "value")`, `"--password", "value"`: a comma between two quoted arguments,
/// where the first is a flag or the call names a setter.
fn comma(rec: &Record<'_>, site: &KeySite, opened: usize, at: usize) -> Option<Separated> {
    if rec.get(at) != Some(b',') {
        return None;
    }
    let value = skip_gap(rec, at + 1, GAP_BYTES_MAX);
    let next = rec.quote_at(value, rec.end)?;
    // The next member's name is no argument.
    let text = quoted(rec, value, next);
    let behind = rec.get(skip_gap(rec, (text.end + next.width()).min(rec.end), GAP_BYTES_MAX));
    let member = behind == Some(b':');
    let same = site.quote.is_some_and(|q| q.sign == next.sign && q.slashes == next.slashes);
    // Another mark may be that of the text around the call, but for one that is the call's last.
    let last = || site.quote.is_some_and(|q| q.sign != next.sign) && !text.open && behind == Some(b')');
    let argument = same && site.dashes > 0 || (same || last()) && setter(rec, opened);
    (argument && !member).then_some(Separated { joint: Separator::Comma, value, percent: false, quoted: false })
}

/// `[java, -jar, x.jar, --password, hunter2]`: a flag and its value in a list as Java prints it.
fn listed(rec: &Record<'_>, site: &KeySite, at: usize) -> Option<Separated> {
    let element = site.dashes > 0 && (rec.before(site.open) == Some(b'[') || rec.ends_with(site.open, b", "));
    if !element || at != site.end || !rec.starts_with(at, b", ") {
        return None;
    }
    let value = at + 2;
    let len = rec.run(value, ELEMENT_BYTES_MAX, |b| !matches!(b, b',' | b']' | b' ' | b'"' | b'\'' | b'\\'));
    let ends = matches!(rec.get(value + len), Some(b',' | b']')) && rec.get(value) != Some(b'-');
    ends.then_some(Separated { joint: Separator::Comma, value, percent: false, quoted: false })
}

/// Whether what stands before `at` is a call that sets something: `os.Setenv(`, `put(`, `header(`.
fn setter(rec: &Record<'_>, at: usize) -> bool {
    let Some(head) = rec.slice(rec.start..at).trim_ascii_end().strip_suffix(b"(") else {
        return false;
    };
    let name = head.iter().rev().take(40).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let name = head[head.len() - name..].to_ascii_lowercase();
    SETTERS.iter().any(|w| memchr::memmem::find(&name, w.as_bytes()).is_some())
}

/// No separator but a blank: a flag's value, SQL's `PASSWORD 'x'`, Go's `var key string = "x"`.
fn blank(rec: &Record<'_>, site: &KeySite, end: usize, at: usize) -> Option<Separated> {
    let joined = |joint, value| Some(Separated { joint, value, percent: false, quoted: false });
    if at == end {
        return None;
    }
    let next = rec.get(at)?;
    let docker = rec.slice(rec.start..site.open).ends_with(b"ENV ");
    if site.dashes > 0 || docker {
        // Behind a flag another flag or an operator is no value.
        return if matches!(next, b'-' | b'|' | b'>' | b'<' | b'&' | b';') {
            None
        } else {
            joined(Separator::Blank, at)
        };
    }
    if next == b'\'' || wrapper::is_sql_text(rec, at) {
        return joined(Separator::Blank, at);
    }
    // One type name, then `=` and a quoted value.
    let word = type_end(rec, at);
    let gap = skip_gap(rec, word, GAP_BYTES_MAX);
    let found = written(rec, gap).filter(|f| f.joint == Separator::Assign && word > at && gap > word)?;
    rec.quote_at(found.value, rec.end).map(|_| found)
}
