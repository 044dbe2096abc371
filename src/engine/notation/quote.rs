//! Quote marks as programs write them: plain, escaped to any depth, as entities, percent-encoded.

use memchr::{memchr, memmem};

/// The deepest nesting of escaped quotes that is followed: 2^8 - 1 backslashes.
pub(crate) const QUOTE_DEPTH_MAX: u32 = 8;
const SLASHES_MAX: usize = (1 << QUOTE_DEPTH_MAX) - 1;

/// Marks that are written in several bytes, with the sign they stand for.
const SPELLED: [(&[u8], u8); 16] = [
    (b"u0022", b'"'),
    (b"u0027", b'\''),
    (b"x22", b'"'),
    (b"x27", b'\''),
    (b"%22", b'"'),
    (b"%27", b'\''),
    (b"%2522", b'"'),
    (b"%2527", b'\''),
    (b"&quot;", b'"'),
    (b"&apos;", b'\''),
    (b"&#34;", b'"'),
    (b"&#39;", b'\''),
    (b"&amp;quot;", b'"'),
    (b"&amp;#34;", b'"'),
    (b"&#x22;", b'"'),
    (b"&#x27;", b'\''),
];

/// A quote mark: what it stands for, how it is written and how many backslashes stand before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quote {
    /// The sign it stands for: `"`, `'` or a back-tick.
    pub(crate) sign: u8,
    /// Index into [`SPELLED`], or none for the plain sign.
    spelled: Option<u8>,
    /// Backslashes before it.
    pub(crate) slashes: u16,
}

/// Where a quoted value ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Close {
    /// At its own closing mark, which begins here.
    Mark(usize),
    /// Its surroundings ended first, here.
    Cut(usize),
    /// Not before the end of what there is.
    Open,
}

impl Quote {
    /// The mark written plainly.
    pub(crate) fn plain(sign: u8) -> Quote {
        Quote { sign, spelled: None, slashes: 0 }
    }

    /// The mark one level of nesting deeper.
    pub(crate) fn deeper(self) -> Option<Quote> {
        let slashes = 2 * self.slashes + 1;
        (usize::from(slashes) <= SLASHES_MAX && self.is_json()).then_some(Quote { slashes, ..self })
    }

    /// The mark that begins at `at`.
    pub(crate) fn at(buf: &[u8], at: usize, end: usize) -> Option<Quote> {
        let rest = buf.get(at..end)?;
        let slashes = rest.iter().take(SLASHES_MAX + 1).take_while(|b| **b == b'\\').count();
        if slashes > SLASHES_MAX {
            return None;
        }
        let mark = rest.get(slashes..)?;
        let first = *mark.first()?;
        if matches!(first, b'"' | b'\'' | b'`') {
            return Some(Quote { sign: first, spelled: None, slashes: slashes as u16 });
        }
        if !matches!(first, b'u' | b'x' | b'%' | b'&') {
            return None;
        }
        let spelled = SPELLED.iter().position(|(text, _)| mark.starts_with(text))?;
        // `\u0022` needs its backslash, the others stand without one.
        let escaped = matches!(SPELLED[spelled].0[0], b'u' | b'x');
        (escaped == (slashes > 0)).then_some(Quote {
            sign: SPELLED[spelled].1,
            spelled: Some(spelled as u8),
            slashes: slashes as u16,
        })
    }

    /// The mark that is left where the first of its backslashes are a text's own: `"path=\\\\"` ends in a plain one.
    pub(crate) fn own(self) -> Quote {
        Quote { slashes: (1 << self.slashes.trailing_ones()) - 1, ..self }
    }

    /// The last byte that it is written with.
    pub(crate) fn last_byte(self) -> u8 {
        self.spelled.and_then(|n| SPELLED[usize::from(n)].0.last().copied()).unwrap_or(self.sign)
    }

    /// How many bytes tell that no mark begins at `at`.
    #[cfg(test)]
    pub(crate) fn looked(buf: &[u8], at: usize, end: usize) -> usize {
        let rest = buf.get(at..end).unwrap_or_default();
        let slashes = rest.iter().take_while(|b| **b == b'\\').count();
        let mark = &rest[slashes..];
        let same = |text: &[u8]| text.iter().zip(mark).take_while(|(a, b)| a == b).count();
        slashes + 1 + SPELLED.iter().map(|(text, _)| same(text)).max().unwrap_or(0)
    }

    /// The mark that ends right before `at`.
    pub(crate) fn before(buf: &[u8], start: usize, at: usize) -> Option<Quote> {
        let head = buf.get(start..at)?;
        let last = *head.last()?;
        let (sign, spelled, width) = if matches!(last, b'"' | b'\'' | b'`') {
            (last, None, 1)
        } else if matches!(last, b'2' | b'7' | b';') {
            let spelled = SPELLED.iter().rposition(|(text, _)| head.ends_with(text))?;
            (SPELLED[spelled].1, Some(spelled as u8), SPELLED[spelled].0.len())
        } else {
            return None;
        };
        let slashes =
            head[..head.len() - width].iter().rev().take(SLASHES_MAX + 1).take_while(|b| **b == b'\\').count();
        let escaped = spelled.is_some_and(|s| matches!(SPELLED[usize::from(s)].0[0], b'u' | b'x'));
        if slashes > SLASHES_MAX || (spelled.is_some() && escaped != (slashes > 0)) {
            return None;
        }
        Some(Quote { sign, spelled, slashes: slashes as u16 })
    }

    /// Bytes it is written in.
    pub(crate) fn width(self) -> usize {
        usize::from(self.slashes) + self.spelled.map_or(1, |s| SPELLED[usize::from(s)].0.len())
    }

    /// Whether it is percent-encoded.
    pub(crate) fn is_percent(self) -> bool {
        self.spelled.is_some_and(|s| SPELLED[usize::from(s)].0[0] == b'%')
    }

    /// Whether it is a plain or backslash-escaped `"`, as in JSON.
    pub(crate) fn is_json(self) -> bool {
        self.sign == b'"' && self.spelled.is_none()
    }

    /// Where a value that this mark opened and that begins at `from` ends. `json` says that the
    /// record is JSON, so that a bare `"` ends whatever a `'` began.
    pub(crate) fn close(self, buf: &[u8], from: usize, end: usize, json: bool) -> Close {
        match self.spelled {
            Some(s) => self.close_spelled(SPELLED[usize::from(s)].0, buf, from, end),
            None => self.close_plain(buf, from, end, json),
        }
    }

    /// A text whose marks are spelled out has no plain one: that ends what it stands in.
    fn close_spelled(self, text: &[u8], buf: &[u8], from: usize, end: usize) -> Close {
        let close = self.close_alike(text, buf, from, end);
        let to = match close {
            Close::Mark(mark) | Close::Cut(mark) => mark,
            Close::Open => end,
        };
        match memchr(b'"', &buf[from..to]).map(|n| from + n) {
            Some(mark) => Close::Cut(mark - slashes_before(buf, from, mark)),
            None => close,
        }
    }

    fn close_alike(self, text: &[u8], buf: &[u8], from: usize, end: usize) -> Close {
        let mut at = from;
        while let Some(found) = memmem::find(&buf[at..end], text) {
            let mark = at + found;
            let slashes = slashes_before(buf, from, mark);
            if slashes == usize::from(self.slashes) && !buf[from..mark].ends_with(b"%5C") {
                return Close::Mark(mark - slashes);
            }
            if slashes < usize::from(self.slashes) {
                return Close::Cut(mark - slashes);
            }
            at = mark + text.len();
        }
        Close::Open
    }

    fn close_plain(self, buf: &[u8], from: usize, end: usize, json: bool) -> Close {
        let mut at = from;
        let stops = |at: usize| match json && self.sign != b'"' {
            true => memchr::memchr2(self.sign, b'"', &buf[at..end]),
            false => memchr(self.sign, &buf[at..end]),
        };
        while let Some(found) = stops(at) {
            let mark = at + found;
            let slashes = slashes_before(buf, from, mark);
            if buf[mark] != self.sign {
                // Inside a JSON string only an escaped `"` can stand.
                if slashes.is_multiple_of(2) {
                    return Close::Cut(mark - slashes);
                }
            } else {
                match ends(slashes, usize::from(self.slashes)) {
                    Some(true) if self.sign == b'\'' && mark > from && shell_mark_len(&buf[mark..end]) > 0 => {
                        at = mark + shell_mark_len(&buf[mark..end]);
                        continue;
                    }
                    Some(true) if self.slashes == 0 && mark > from && buf[..end].get(mark + 1) == Some(&self.sign) => {
                        at = mark + 2; // a doubled mark is one of the value's own
                        continue;
                    }
                    Some(true) => return Close::Mark(mark - usize::from(self.slashes)),
                    Some(false) => {}
                    None => return Close::Cut(mark - slashes),
                }
            }
            at = mark + 1;
        }
        Close::Open
    }
}

/// Length of what shells write for a `'` inside such marks, `'\''` or `'"'"'`, that the text begins with, 0 if it does not.
fn shell_mark_len(text: &[u8]) -> usize {
    let slashes = text.iter().skip(1).take_while(|b| **b == b'\\').count();
    let part = |at: usize, sign: &[u8]| text.get(at + slashes..).is_some_and(|rest| rest.starts_with(sign));
    let second = 1 + slashes + 2;
    match () {
        () if slashes > 0 && part(1, b"''") => second,
        () if part(1, b"\"'") && part(second, b"\"'") => second + slashes + 2,
        () => 0,
    }
}

/// Whether a mark behind `run` backslashes closes what a mark behind `own` opened; none when it
/// closes something further out.
///
/// At depth d a mark has 2^d - 1 backslashes. Every level of nesting doubles the backslashes and
/// adds one before the mark; taking the levels off again leaves the backslashes the value's own
/// notation sees, and an odd number of those escapes the mark.
fn ends(run: usize, own: usize) -> Option<bool> {
    let depth = (own + 1).trailing_zeros();
    if own + 1 != 1 << depth {
        // No JSON nesting makes this number: take it as written.
        return if run < own { None } else { Some(run == own) };
    }
    let mut left = run;
    for _ in 0..depth {
        if left.is_multiple_of(2) {
            return None;
        }
        left = (left - 1) / 2;
    }
    Some(left.is_multiple_of(2))
}

fn slashes_before(buf: &[u8], from: usize, at: usize) -> usize {
    buf[from..at].iter().rev().take_while(|b| **b == b'\\').count()
}

#[cfg(test)]
mod tests {
    use super::{Close, Quote};

    fn value(text: &str) -> (&str, Close) {
        let buf = text.as_bytes();
        let q = Quote::at(buf, 0, buf.len()).unwrap();
        let close = q.close(buf, q.width(), buf.len(), false);
        let end = match close {
            Close::Mark(e) | Close::Cut(e) => e,
            Close::Open => buf.len(),
        };
        (&text[q.width()..end], close)
    }

    #[test]
    fn a_value_ends_at_its_own_mark() {
        assert_eq!(value(r#""ab",1"#).0, "ab");
        assert_eq!(value(r#""a\"b","c""#).0, r#"a\"b"#);
        assert_eq!(value(r#""a\\","c""#).0, r"a\\");
        assert_eq!(value(r#"\"a\\\"b\",\"c\""#).0, r#"a\\\"b"#);
        assert_eq!(value(r#"\\\"a\\\\\\\"b\\\",x"#).0, r#"a\\\\\\\"b"#);
        assert_eq!(value("'it''s' x").0, "it''s");
        assert_eq!(value("%22ab%22%7D").0, "ab");
        assert_eq!(value("&quot;ab&quot;").0, "ab");
        assert_eq!(value(r"\u0022ab\u0022").0, "ab");
        assert_eq!(value("''x").0, "");
    }

    #[test]
    fn what_stands_further_out_cuts_it() {
        assert!(matches!(value(r#"\"ab", x"#), ("ab", Close::Cut(_))));
        assert!(matches!(value("\"ab"), ("ab", Close::Open)));
        let buf = br#"'ab", "c": 'd'"#;
        let q = Quote::at(buf, 0, buf.len()).unwrap();
        assert_eq!(q.close(buf, 1, buf.len(), true), Close::Cut(3));
    }

    #[test]
    fn marks_are_read_backwards_too() {
        for mark in ["\"", "'", "\\\"", "\\\\\\\"", "%22", "&quot;", "\\u0022", "%2522"] {
            let text = format!("x {mark}");
            let q = Quote::before(text.as_bytes(), 0, text.len()).unwrap();
            assert_eq!(q.width(), mark.len(), "{mark}");
            assert_eq!(Quote::at(text.as_bytes(), 2, text.len()), Some(q), "{mark}");
        }
    }
}
