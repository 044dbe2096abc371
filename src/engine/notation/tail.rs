//! How far a password without quotes goes: `ab)cd` is one, `(x=ab)` is `ab`, `?x=ab#top` is `ab`.

use super::Record;
use super::bare::bare_end;
use super::key::KeySite;
use super::separator::Separator;
use super::text::Value;
use crate::rules::mask::Notation;

/// How far before the key what encloses it is looked for, in bytes.
const REACH_BYTES: usize = 1024;
/// How far before the key its query may begin, in bytes.
const QUERY_BYTES_MAX: usize = 48;
/// The longest tag of an element behind a value, in bytes.
const TAG_BYTES_MAX: usize = 64;
/// The most signs that a value goes on behind.
const SIGNS_MAX: usize = 16;
/// The signs that end most values, and may be one's own.
const SIGNS: &[u8] = b")]}<>;,&'\"`";

/// Whether more of a value may stand behind its end, or less of it before, so that what encloses it must be asked.
pub(crate) fn may_follow(rec: &Record<'_>, value: &Value) -> bool {
    let bare =
        value.quote.is_none() && matches!(value.notation, Notation::Bare | Notation::BareInJson | Notation::Text);
    let behind = |at: usize| rec.get(at).is_some_and(|b| b.is_ascii_graphic() || b >= 0x80);
    bare && (rec.get(value.end).is_some_and(|b| SIGNS.contains(&b)) && behind(value.end + 1)
        || memchr::memchr(b'#', &rec.from(value.start)[..value.end - value.start]).is_some())
}

/// Where what [`end`] looks at before the key begins: the first sign behind the value says how far that is.
pub(crate) fn low(rec: &Record<'_>, site: &KeySite, open: usize, value: &Value) -> usize {
    match rec.get(value.end) {
        Some(b'&' | b',' | b';') => query_low(rec, site),
        _ => open.saturating_sub(REACH_BYTES).max(rec.start),
    }
}

/// Where the value behind the key really ends; what encloses it stands before `open`, which is the key's notation, or the
/// value itself as an element of a list.
pub(crate) fn end(rec: &Record<'_>, site: &KeySite, open: usize, joint: Separator, value: &Value) -> usize {
    let query = in_query(rec, site);
    if query && let Some(n) = memchr::memchr(b'#', &rec.from(value.start)[..value.end - value.start]) {
        return value.start + n;
    }
    let low = open.saturating_sub(REACH_BYTES).max(rec.start);
    let before = &rec.from(low)[..open.max(low) - low];
    // A text of JSON stands by itself.
    let text = if rec.is_json() { memchr::memrchr(b'"', before).map_or(0, |mark| mark + 1) } else { 0 };
    let before = &before[text..];
    let colon = joint != Separator::Assign;
    let around = Around { rec, before, cut: low > rec.start, start: value.start, query, colon };
    let mut end = value.end;
    for _ in 0..SIGNS_MAX {
        let Some(next) = around.goes_on(end) else { break };
        end = bare_end(rec, next, rec.end, false);
    }
    end
}

/// What stands around a value.
struct Around<'a, 'b> {
    rec: &'a Record<'b>,
    /// What stands before the key.
    before: &'a [u8],
    /// Whether that is not all of it.
    cut: bool,
    /// Where the value begins.
    start: usize,
    query: bool,
    /// Whether `:` joins keys and values here.
    colon: bool,
}

impl Around<'_, '_> {
    /// Where more of the value stands behind the signs at `at`, if they are its own.
    fn goes_on(&self, at: usize) -> Option<usize> {
        let mut p = at;
        while p < at + SIGNS_MAX {
            match self.rec.get(p)? {
                b if SIGNS.contains(&b) => {
                    if !self.belongs(p, b) {
                        return None;
                    }
                    p += 1;
                }
                b if p > at && b != b'\\' && (b.is_ascii_graphic() || b >= 0x80) => return Some(p),
                _ => return None,
            }
        }
        None
    }

    /// Whether the sign at `at` is the value's own.
    fn belongs(&self, at: usize, sign: u8) -> bool {
        let rec = self.rec;
        match sign {
            b'&' => !self.query && !self.is_pair(at + 1),
            b',' | b';' => !self.is_pair(at + 1),
            b')' => !self.closes(b'(', sign, at),
            b']' => !self.closes(b'[', sign, at),
            b'}' => !self.closes(b'{', sign, at),
            b'>' => !self.closes(b'<', sign, at),
            b'<' => !is_tag(rec, at),
            b'"' if rec.is_json() => false,
            mark => !((self.cut || mark == b'"') && ends_text(rec.from(at + 1))) && !encloses(self.before, mark),
        }
    }

    /// Whether the next pair begins at `at`.
    fn is_pair(&self, at: usize) -> bool {
        pair_sign(self.rec, at).is_some_and(|sign| {
            self.rec.get(sign) == Some(b'=') || self.colon || matches!(self.rec.get(sign + 1), Some(b' ' | b'"'))
        })
    }

    /// Whether the sign at `at` closes what stands open before the key; what the value itself opened it may close.
    fn closes(&self, open: u8, close: u8, at: usize) -> bool {
        let count = |text: &[u8], sign: u8| text.iter().filter(|b| **b == sign).count();
        let text = &self.rec.from(self.start)[..at - self.start];
        count(text, open) <= count(text, close) && self.is_open(open, close)
    }

    /// Whether such a bracket stands open before the key: one inside marks that are closed again, `err="{"`, does not,
    /// nor does that of a colour code.
    fn is_open(&self, open: u8, close: u8) -> bool {
        let (mut opened, mut closed, mut rest) = (0, 0, self.before);
        while let Some(n) = rest.iter().position(|b| *b == open || *b == close || *b == b'"') {
            let (sign, behind) = (rest[n], &rest[n + 1..]);
            let quoted = if sign == b'"' && !self.cut { text_len(behind) } else { None };
            opened += usize::from(sign == open && !ESCAPES.iter().any(|escape| rest[..n].ends_with(escape)));
            closed += usize::from(sign == close);
            rest = &behind[quoted.map_or(0, |len| len + 1)..];
        }
        opened > closed
    }
}

/// How ESC is written, which the bracket of a colour code stands behind.
const ESCAPES: [&[u8]; 6] = [b"\x1b", b"\\x1b", b"\\x1B", b"\\u001b", b"\\u001B", b"\\033"];

/// Where the mark stands that closes a text in double marks.
fn text_len(text: &[u8]) -> Option<usize> {
    let slashes = |n: usize| text[..n].iter().rev().take_while(|b| **b == b'\\').count();
    memchr::memchr_iter(b'"', text).find(|n| slashes(*n) % 2 == 0)
}

/// Whether the key is one of a query's, so that `&` and `#` end its value.
pub(crate) fn in_query(rec: &Record<'_>, site: &KeySite) -> bool {
    let low = query_low(rec, site);
    let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'_' | b'-' | b'.' | b'[' | b']' | b'%');
    let head = &rec.from(low)[..site.open.max(low) - low];
    let name = head.iter().rev().take_while(part).count();
    matches!(head[..head.len() - name].last(), Some(b'?' | b'&'))
}

/// Where what [`in_query`] looks at begins.
pub(crate) fn query_low(rec: &Record<'_>, site: &KeySite) -> usize {
    site.open.saturating_sub(QUERY_BYTES_MAX).max(rec.start)
}

/// Whether a name and its sign stand at `at`.
pub(crate) fn is_pair(rec: &Record<'_>, at: usize) -> bool {
    pair_sign(rec, at).is_some()
}

/// The sign behind the name at `at`, if one stands there.
fn pair_sign(rec: &Record<'_>, at: usize) -> Option<usize> {
    let part =
        |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'_' | b'-' | b'.' | b'[' | b']' | b'%' | b'@' | b'$');
    // `&amp;` is a sign, too.
    let at = if rec.from(at).starts_with(b"amp;") { at + 4 } else { at };
    let name = rec.from(at).iter().take(TAG_BYTES_MAX).take_while(part).count();
    // `Max Pool Size=1`: words with blanks between.
    let spaced = |b: &&u8| b.is_ascii_alphabetic() || **b == b' ';
    let words = rec.from(at).iter().take(TAG_BYTES_MAX).take_while(spaced).count();
    let name = if rec.get(at + words) == Some(b'=') { words } else { name };
    let letter = rec.get(at).is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'@' | b'$' | b'-'));
    let blank = usize::from(rec.get(at + name) == Some(b' '));
    let sign = at + name + blank;
    (letter && matches!(rec.get(sign), Some(b'=' | b':'))).then_some(sign)
}

/// Whether a tag stands at `at`: `</b>`, `<br>`, `</>`; `<>` and `<6y>` are none.
fn is_tag(rec: &Record<'_>, at: usize) -> bool {
    let text = &rec.from(at)[..rec.from(at).len().min(TAG_BYTES_MAX)];
    let inside = text.get(1..).unwrap_or_default();
    if inside.starts_with(b"/>") {
        return true;
    }
    let inside = inside.strip_prefix(b"/").unwrap_or(inside);
    let name = inside.iter().take_while(|b| b.is_ascii_alphanumeric() || b":_-!".contains(b)).count();
    let begins = inside.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'!'));
    begins && matches!(inside.get(name), Some(b'>' | b' ' | b'/')) && inside.contains(&b'>')
}

/// Whether a text ends before what stands behind its mark: what joins it to another, or ends a tag.
fn ends_text(behind: &[u8]) -> bool {
    let joins = |b: &u8| matches!(b, b',' | b';' | b':' | b')' | b']' | b'}' | b' ' | b'\t' | b'>');
    behind.first().is_none_or(joins) || behind.starts_with(b"/>")
}

/// Whether a mark before the key is open there; marks between letters are apostrophes.
fn encloses(before: &[u8], mark: u8) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| before.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let marks = memchr::memchr_iter(mark, before).filter(|n| !(letter(n.checked_sub(1)) && letter(Some(n + 1))));
    marks.count() % 2 == 1
}
