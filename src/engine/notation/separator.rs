//! What stands between a key and its value.

use super::Record;
use super::escape::skip_gap;
use super::key::{KEY_BYTES_MAX, KeySite};
use super::quote::Quote;
use super::run;
use crate::rules::judge::may_begin_drawn;
use crate::rules::words::words;
use memchr::memmem;

/// The most blanks and colour codes skipped around a separator, in bytes.
pub(crate) const GAP_BYTES_MAX: usize = 64;
/// The longest tag looked through for its `>`, in bytes.
const TAG_BYTES_MAX: usize = 256;

/// Separators that are spelled out: percent-encoded, as JSON escapes, as entities.
const SPELLED: [(&[u8], Separator); 10] = [
    (b"%3D", Separator::Assign),
    (b"%3d", Separator::Assign),
    (b"%253D", Separator::Assign),
    (b"%253d", Separator::Assign),
    (b"%3A", Separator::Colon),
    (b"%3a", Separator::Colon),
    (b"%253A", Separator::Colon),
    (b"\\u003d", Separator::Assign),
    (b"\\u003D", Separator::Assign),
    (b"&#61;", Separator::Assign),
];

/// How `>` may be written behind `=` or `-`.
const GREATER: [&[u8]; 4] = [b">", b"&gt;", b"\\u003e", b"\\u003E"];
/// How `<` and `>` may be written around an element's name.
const ANGLES: [(&[u8], &[u8]); 4] = [(b"<", b">"), (b"&lt;", b"&gt;"), (b"\\u003c", b"\\u003e"), (b"%3C", b"%3E")];

/// Keys whose value is a key's name.
const NAMING: &[&str] = words!("naming-keys");
/// What a key's value is called next to its name.
const VALUE_NAMES: &[&str] = words!("value-names");
/// What the name of a call that sets something holds.
const SETTERS: &[&str] = words!("setters");

/// What joins a key and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    /// `=`, `:=`, `=>`, `->` and the like.
    Assign,
    /// `:`.
    Colon,
    /// A blank behind a flag, or before a quoted value in SQL.
    Blank,
    /// The comma between two quoted arguments.
    Comma,
    /// `name="KEY" value="VALUE"`.
    Property,
    /// As a notation that is data says.
    Form,
    /// `|` and the like between two values of one key.
    Instead,
    /// `<key>value</key>`; with the index of how `<` is written.
    Element(u8),
}

impl Separator {
    /// What ends an element's value.
    pub(crate) fn element_end(self) -> Option<&'static [u8]> {
        match self {
            Separator::Element(i) => Some(ANGLES[usize::from(i)].0),
            _ => None,
        }
    }
}

/// A separator and where the value behind it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Separated {
    pub(crate) joint: Separator,
    /// First byte of the value's notation.
    pub(crate) value: usize,
    /// Whether the separator was percent-encoded, so that the value's end is too.
    pub(crate) percent: bool,
    /// Whether the key's mark was closed behind it: a mark before it alone may open a text.
    pub(crate) quoted: bool,
}

/// Whether a separator can follow at `at`, right behind an identifier: a cheap look that turns
/// away most candidates of a key word in prose.
#[inline(always)]
pub(crate) fn may_follow(rec: &Record<'_>, at: usize) -> bool {
    match rec.get(at) {
        None => false,
        Some(b' ' | b'\t') => {
            let p = skip_gap(rec, at, GAP_BYTES_MAX);
            // A letter: a flag's value, a Go type, or prose.
            rec.get(p).is_some()
        }
        Some(b) => matches!(
            b,
            b'=' | b':'
                | b'"'
                | b'\''
                | b'`'
                | b'\\'
                | b'%'
                | b'&'
                | b'>'
                | b']'
                | b'?'
                | b'.'
                | b'+'
                | b'|'
                | b'-'
                | 0x1b
                | b'#'
        ),
    }
}

/// Whether blanks behind the identifier around `at`, which ends at `end`, do not separate it from a
/// value, and what says so: they do behind a flag, before a mark, where a type name or a sign
/// follows. In prose they do not.
pub(crate) fn prose_follows(rec: &Record<'_>, at: usize, end: usize) -> Option<Prose> {
    let next = skip_gap(rec, end, GAP_BYTES_MAX);
    if !rec.get(next).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'(' | b'/')) {
        return None;
    }
    let word = type_end(rec, next);
    let behind = skip_gap(rec, word, GAP_BYTES_MAX);
    let sign = |b: u8| matches!(b, b'%' | b'\\' | b'&' | b':' | b'=' | b'?' | b'.' | b'+' | b'|' | b'-');
    if behind > word && rec.get(behind).is_none_or(sign) {
        return None;
    }
    if may_begin_drawn(&rec.buf[next..word], rec.get(word)) {
        return None;
    }
    let start = run::start(rec.buf, at.saturating_sub(KEY_BYTES_MAX).max(rec.start), at);
    let env = match rec.before(start) {
        Some(b' ') => rec.buf[rec.start..start].ends_with(b"ENV "),
        Some(b'(' | b'/' | b'=' | b',' | b'\t' | b'\n') => false,
        _ => true,
    };
    (!env).then_some(Prose { start, behind, apart: behind > word })
}

/// Where prose is known by.
pub(crate) struct Prose {
    /// First byte of the identifier; what stands before it says that it is no flag and no `ENV key`.
    pub(crate) start: usize,
    /// Where what stands behind the next word begins.
    pub(crate) behind: usize,
    /// Whether that is a blank away from it; then it is only known to be no sign.
    pub(crate) apart: bool,
}

/// The separator behind the key.
pub(crate) fn find(rec: &Record<'_>, site: &KeySite) -> Option<Separated> {
    let mut p = skip_gap(rec, site.end, GAP_BYTES_MAX);
    let mut quoted = false;
    if let Some(quote) = site.quote
        && Quote::at(rec.buf, p, rec.end) == Some(quote)
    {
        quoted = true;
        p += quote.width();
    }
    if !quoted && let Some(joined) = element(rec, site, p) {
        return Some(joined);
    }
    // `['key']`, `[key] =>`, `["key"]=`
    let opened = if quoted { site.open } else { site.start - usize::from(site.dashes) };
    if rec.get(p) == Some(b']') && rec.before(opened) == Some(b'[') {
        p += 1;
    }
    let gap = skip_gap(rec, p, GAP_BYTES_MAX);
    if let Some(joined) = written(rec, gap) {
        // `--password= next`: a flag's value is glued to its sign.
        let empty = site.dashes > 0 && !quoted && matches!(rec.before(joined.value), Some(b' ' | b'\t'));
        return (!empty || joined.joint == Separator::Colon).then_some(Separated { quoted, ..joined });
    }
    if quoted {
        return comma(rec, site, opened, gap).or_else(|| property(rec, site, opened, gap));
    }
    blank(rec, site, site.end, gap)
}

/// `=`, `:`, and the signs programs put around them.
fn written(rec: &Record<'_>, at: usize) -> Option<Separated> {
    let spelled = matches!(rec.get(at), Some(b'%' | b'\\' | b'&'));
    for &(text, joint) in SPELLED.iter().filter(|_| spelled) {
        if rec.from(at).starts_with(text) {
            let value = skip_percent_blanks(rec, at + text.len());
            return Some(Separated { joint, value, percent: text[0] == b'%', quoted: false });
        }
    }
    let signs =
        rec.from(at).iter().take(6).take_while(|b| matches!(b, b':' | b'=' | b'?' | b'.' | b'+' | b'|' | b'-')).count();
    let run = &rec.buf[at..at + signs];
    let (joint, mut p) = match run {
        [b':', rest @ ..] if rest.first().is_none_or(|b| !matches!(b, b':' | b'=')) => (Separator::Colon, at + 1),
        _ => match run.iter().rposition(|b| *b == b'=') {
            Some(last) if !run[..last].contains(&b'-') => {
                // A `==` may be a comparison or a value that begins so; both are read as a separator.
                let end = run
                    .iter()
                    .position(|b| *b == b'=')
                    .map_or(last, |first| first + usize::from(run.get(first + 1) == Some(&b'=')));
                (Separator::Assign, at + end + 1)
            }
            _ if run == b"-" && greater(rec, at + 1) > 0 => (Separator::Assign, at + 1),
            _ => return None,
        },
    };
    if joint == Separator::Assign {
        p += greater(rec, p);
    }
    Some(Separated { joint, value: skip_percent_blanks(rec, p), percent: false, quoted: false })
}

fn greater(rec: &Record<'_>, at: usize) -> usize {
    GREATER.iter().find(|g| rec.from(at).starts_with(g)).map_or(0, |g| g.len())
}

fn skip_percent_blanks(rec: &Record<'_>, at: usize) -> usize {
    let mut p = skip_gap(rec, at, GAP_BYTES_MAX);
    while rec.from(p).starts_with(b"%20") && p < at + GAP_BYTES_MAX {
        p += 3;
    }
    p
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
    let head = &rec.buf[rec.start..name];
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
    // Behind a real tag comes its end, or the line's: `BY <secret>", "n": 1` is what another tool left.
    let closed = memmem::find(rec.from(value), ANGLES[index].0).is_some();
    let apart = matches!(rec.get(value), Some(b' ' | b'\t' | b'"' | b'\'' | b'`' | b',' | b')' | b']' | b'\\'));
    if !closed && apart && !rec.from(value).iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    Some(Separated { joint: Separator::Element(index as u8), value, percent: false, quoted: false })
}

/// `setProperty("KEY", "value")`, `"--password", "value"`: a comma between two quoted arguments,
/// where the first is a flag or the call names a setter.
fn comma(rec: &Record<'_>, site: &KeySite, opened: usize, at: usize) -> Option<Separated> {
    if rec.get(at) != Some(b',') {
        return None;
    }
    let value = skip_gap(rec, at + 1, GAP_BYTES_MAX);
    let next = Quote::at(rec.buf, value, rec.end)?;
    let same = site.quote.is_some_and(|q| q.sign == next.sign && q.slashes == next.slashes);
    (same && (site.dashes > 0 || setter(rec, opened))).then_some(Separated {
        joint: Separator::Comma,
        value,
        percent: false,
        quoted: false,
    })
}

/// Whether what stands before `at` is a call that sets something: `os.Setenv(`, `put(`, `header(`.
fn setter(rec: &Record<'_>, at: usize) -> bool {
    let Some(head) = rec.buf[rec.start..at].strip_suffix(b"(") else {
        return false;
    };
    let name = head.iter().rev().take(40).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let name = head[head.len() - name..].to_ascii_lowercase();
    SETTERS.iter().any(|w| memchr::memmem::find(&name, w.as_bytes()).is_some())
}

/// The key is itself a value: `name="KEY" value="VALUE"`, `"name":"KEY","value":"VALUE"`.
fn property(rec: &Record<'_>, site: &KeySite, opened: usize, at: usize) -> Option<Separated> {
    if !names_a_key(rec, opened) {
        return None;
    }
    let mut p = at;
    if matches!(rec.get(p), Some(b',' | b';')) {
        p = skip_gap(rec, p + 1, GAP_BYTES_MAX);
    }
    if let Some(q) = Quote::at(rec.buf, p, rec.end).filter(|q| Some(*q) == site.quote) {
        p += q.width();
    }
    for word in VALUE_NAMES {
        let Some(rest) = rec.from(p).strip_prefix(word.as_bytes()) else {
            continue;
        };
        let mut q = rec.end - rest.len();
        if let Some(mark) = Quote::at(rec.buf, q, rec.end).filter(|m| Some(*m) == site.quote) {
            q += mark.width();
        }
        let gap = skip_gap(rec, q, GAP_BYTES_MAX);
        if let Some(found) = written(rec, gap) {
            return Some(Separated { joint: Separator::Property, ..found });
        }
    }
    None
}

/// Whether what stands before the quoted key says that a key's name follows: `name=`, `"key":`.
pub(crate) fn names_a_key(rec: &Record<'_>, opened: usize) -> bool {
    let (word, signs) = naming(rec, opened);
    signs < opened && NAMING.iter().any(|n| rec.buf[word..signs].eq_ignore_ascii_case(n.as_bytes()))
}

/// Where the word before the quoted key begins, and the signs behind it.
pub(crate) fn naming(rec: &Record<'_>, opened: usize) -> (usize, usize) {
    let head = &rec.buf[rec.start..opened];
    let signs = head
        .iter()
        .rev()
        .take(16)
        .take_while(|b| matches!(b, b' ' | b'\t' | b':' | b'=' | b'"' | b'\'' | b'\\' | b'>'))
        .count();
    let head = &head[..head.len() - signs];
    let word = head.iter().rev().take(16).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    (opened - signs - word, opened - signs)
}

/// No separator but a blank: a flag's value, SQL's `PASSWORD 'x'`, Go's `var key string = "x"`.
fn blank(rec: &Record<'_>, site: &KeySite, end: usize, at: usize) -> Option<Separated> {
    let joined = |joint, value| Some(Separated { joint, value, percent: false, quoted: false });
    if at == end {
        return None;
    }
    let next = rec.get(at)?;
    let docker = rec.buf[rec.start..site.open].ends_with(b"ENV ");
    if site.dashes > 0 || docker {
        // Behind a flag another flag or an operator is no value.
        return if matches!(next, b'-' | b'|' | b'>' | b'<' | b'&' | b';') {
            None
        } else {
            joined(Separator::Blank, at)
        };
    }
    if next == b'\'' {
        return joined(Separator::Blank, at);
    }
    // One type name, then `=` and a quoted value.
    let word = type_end(rec, at);
    let gap = skip_gap(rec, word, GAP_BYTES_MAX);
    let found = written(rec, gap).filter(|f| f.joint == Separator::Assign && word > at && gap > word)?;
    Quote::at(rec.buf, found.value, rec.end).map(|_| found)
}

/// End of the type name at `at`.
fn type_end(rec: &Record<'_>, at: usize) -> usize {
    let is_part =
        |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'_' | b'<' | b'>' | b'[' | b']' | b'*' | b'&' | b'.');
    at + rec.from(at).iter().take(40).take_while(is_part).count()
}
