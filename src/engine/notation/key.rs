//! From a key word's place to the whole key: where it begins and ends, and which words it has.

use std::ops::Range;

use memchr::memmem;

use super::Record;
use super::escape::{GAP_BYTES_MAX, remnant_len, skip_gap};
use super::quote::Quote;
use super::run::{Kind, Run, inner};
use super::signs::{before_sign, behind_sign};

/// The longest key looked at to either side of a word, in bytes.
pub(crate) const KEY_BYTES_MAX: usize = 96;
/// The longest run of words before the last one of a quoted key, in bytes.
const SPACED_BYTES_MAX: usize = 48;
/// The longest word that is taken along which a blank separates from a key, in bytes.
pub(crate) const BLANK_WORD_BYTES_MAX: usize = 24;
/// The most of a last word that is looked at, in bytes.
const LAST_BYTES_MAX: usize = 32;
/// How far before an identifier the escape is looked for that it may begin with the rest of, in bytes.
pub(crate) const REMNANT_REACH_BYTES: usize = 32;
/// The most words of a key.
pub(crate) const WORDS_MAX: usize = 12;

/// A key as it stands in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeySite {
    /// First byte of the identifier.
    pub(crate) start: usize,
    /// First byte behind it.
    pub(crate) end: usize,
    /// Dashes before it, as of a command-line flag.
    pub(crate) dashes: u8,
    /// The mark it is quoted with, or that stands before it.
    pub(crate) quote: Option<Quote>,
    /// Where its notation begins: its mark, its dashes or itself.
    pub(crate) open: usize,
}

/// End of the identifier that goes on at `at`.
pub(crate) fn end_of(rec: &Record<'_>, at: usize) -> usize {
    let most = rec.end.min(at + KEY_BYTES_MAX);
    let mut p = at;
    loop {
        p = rec.inners_end(p, most);
        // A sign joins only when more of the identifier follows: not in `token->`, `password.`.
        let joins = p < most
            && matches!(rec.byte(p), b'-' | b'.')
            && rec.get(p + 1).is_some_and(|n| n.is_ascii_alphanumeric() || n == b'_');
        if !joins {
            let ascii = p == at || rec.byte(at).is_ascii() && rec.byte(p - 1).is_ascii();
            return if ascii { p } else { before_sign(rec, at, p) };
        }
        p += 1;
    }
}

/// Where the identifier around `at` begins, with the signs before it and what an escape left.
pub(crate) fn begin(rec: &Record<'_>, at: usize) -> usize {
    // Most words are the first of their key.
    if rec.before(at).is_none_or(|b| !inner(b) && !matches!(b, b'-' | b'.')) {
        return at;
    }
    let low = at.saturating_sub(KEY_BYTES_MAX).max(rec.start);
    let mut start = at;
    loop {
        start = rec.inners_start(low, start);
        if start == low || !matches!(rec.byte(start - 1), b'-' | b'.') {
            return if rec.byte(start).is_ascii() { start } else { behind_sign(rec, start, at) };
        }
        // Two dashes begin a flag, whatever stands before them.
        if rec.byte(start - 1) == b'-' && start - 1 > low && rec.byte(start - 2) == b'-' {
            return start - 2;
        }
        start -= 1;
    }
}

/// The key around the word at `at..end`, `end` being where its identifier ends.
pub(crate) fn around(rec: &Record<'_>, at: usize, end: usize) -> KeySite {
    let start = begin(rec, at);
    let start = start + remnant_len(rec, start, at);
    with_quotes(rec, &plain_site(rec, start, at, end))
}

/// The key at `plain`, with its quotes.
#[inline(always)]
pub(crate) fn with_quotes(rec: &Record<'_>, plain: &KeySite) -> KeySite {
    let &KeySite { start, end, dashes, open: flag, .. } = plain;
    if let Some(quote) = rec.quote_before(flag) {
        return KeySite { start, end, dashes, quote: Some(quote), open: flag - quote.width() };
    }
    // A flag behind other words is one of a command's, which the mark ends.
    let words = if dashes == 0 { spaced(rec, flag, end) } else { None };
    let (quote, open) = words.map_or((None, flag), |(q, open)| (Some(q), open));
    KeySite { start, end, dashes, quote, open }
}

/// The key whose identifier and the signs before it begin at `begin`, without its quotes.
#[inline(always)]
pub(crate) fn plain_site(rec: &Record<'_>, begin: usize, at: usize, end: usize) -> KeySite {
    let signs = rec.run(begin, at - begin, |b| matches!(b, b'-' | b'.'));
    let dashes = rec.run_back(begin + signs, signs, |b| b == b'-');
    let first = begin + signs;
    // `-Dsecret.key=x` sets a property of Java's.
    let property = dashes == 1 && at > first && rec.byte(first) == b'D' && rec.byte(first + 1).is_ascii_lowercase();
    let start = first + usize::from(property);
    KeySite { start, end, dashes: dashes.min(3) as u8, quote: None, open: first - dashes }
}

/// A quoted key of several words, the last of a path, or one that begins its record: the mark behind it, and where it opens.
fn spaced(rec: &Record<'_>, flag: usize, end: usize) -> Option<(Quote, usize)> {
    let Some(before) = rec.before(flag) else { return cut(rec, flag, end) };
    let sign = Some(before).filter(|b| matches!(b, b' ' | b':' | b'/'))?;
    let quote = rec.quote_at(end, rec.end)?;
    let part = |b: u8| inner(b) || matches!(b, b' ' | b'-' | b'.') || sign != b' ' && matches!(b, b':' | b'/' | b'@');
    let words = rec.run_back(flag, SPACED_BYTES_MAX, part);
    let start = flag - words;
    let opens = rec.quote_before(start) == Some(quote);
    (opens && (sign == b' ' || is_path_of_member(rec, start..flag, end, quote))).then(|| (quote, start - quote.width()))
}

/// `password": "x"` begins its record: a member whose front stands in what was cut off.
fn cut(rec: &Record<'_>, start: usize, end: usize) -> Option<(Quote, usize)> {
    let quote = rec.quote_at(end, rec.end)?;
    let sign = skip_gap(rec, end + quote.width(), GAP_BYTES_MAX);
    let value = skip_gap(rec, sign + 1, GAP_BYTES_MAX);
    (rec.get(sign) == Some(b':') && rec.quote_at(value, rec.end) == Some(quote)).then_some((quote, start))
}

/// `"app:password": "x"`, `"//h.example/:_password": "x"`: a member whose name is a path, and its value a text. What begins with
/// one sign is a file or a resource, or `@` a package, and no path of names.
fn is_path_of_member(rec: &Record<'_>, path: Range<usize>, end: usize, quote: Quote) -> bool {
    let sign = skip_gap(rec, end + quote.width(), GAP_BYTES_MAX);
    let value = skip_gap(rec, sign + 1, GAP_BYTES_MAX);
    let path = rec.slice(path);
    let other = path.starts_with(b"@") || path.starts_with(b"/") && !path.starts_with(b"//");
    !other
        && memmem::find(path, b"://").is_none()
        && matches!(rec.get(sign), Some(b':' | b'='))
        && rec.quote_at(value, rec.end) == Some(quote)
}

/// The last word of a key, lower case, numbers behind it passed over; cut at its front where it is
/// long.
pub(crate) struct LastWord {
    text: [u8; LAST_BYTES_MAX],
    start: usize,
}

impl LastWord {
    /// The last word of the identifier that ends at `end`.
    pub(crate) fn of(rec: &Record<'_>, end: usize) -> LastWord {
        let behind = |b: u8| matches!(Kind::of(b), Kind::Digit | Kind::Line) || matches!(b, b'-' | b'.');
        let end = end - rec.run_back(end, end, behind);
        let last = rec.before(end);
        let start = match last.map(Kind::of) {
            Some(Kind::Upper) => rec.run_start(Run::Upper, rec.start, end),
            Some(Kind::Lower) => {
                let start = rec.run_start(Run::Lower, rec.start, end);
                match rec.before(start).map(Kind::of) {
                    Some(Kind::Upper) if start + 1 < end || last != Some(b's') => start - 1,
                    Some(Kind::Upper | Kind::Beyond) => return LastWord::of_any(rec, end),
                    _ => start,
                }
            }
            _ => return LastWord::of_any(rec, end),
        };
        let start = start.max(end.saturating_sub(LAST_BYTES_MAX));
        let mut text = [0; LAST_BYTES_MAX];
        match rec.chunk_before(end) {
            Ok(tail) => text = *tail,
            Err(head) => text[LAST_BYTES_MAX - end..].copy_from_slice(head),
        }
        text.make_ascii_lowercase();
        LastWord { text, start: LAST_BYTES_MAX - (end - start) }
    }

    /// The same letter by letter, for words that are seldom.
    fn of_any(rec: &Record<'_>, end: usize) -> LastWord {
        let mut word = LastWord { text: [0; LAST_BYTES_MAX], start: LAST_BYTES_MAX };
        let mut next = None; // the byte behind `p` and its kind, once the word has begun
        for p in (rec.start..end).rev() {
            let b = rec.byte(p);
            let kind = Kind::of(b);
            if next.is_none() && (matches!(kind, Kind::Digit | Kind::Line) || matches!(b, b'-' | b'.')) {
                continue;
            }
            if matches!(kind, Kind::Other | Kind::Line | Kind::Digit) || word.start == 0 {
                break;
            }
            // From behind: a small letter before a capital ends the word, and so does a capital
            // before a small one, which is the word's first letter.
            if kind != Kind::Upper && next.is_some_and(|(_, n)| n == Kind::Upper) {
                break;
            }
            word.start -= 1;
            word.text[word.start] = b.to_ascii_lowercase();
            // `KEYs` is a plural, not `K`, `E`, `Ys`.
            let plural = || word.letters().len() == 2 && next == Some((b's', Kind::Lower));
            if kind == Kind::Upper && next.is_some_and(|(_, n)| n == Kind::Lower) && !plural() {
                break;
            }
            next = Some((b, kind));
        }
        word
    }

    /// Its letters.
    pub(crate) fn letters(&self) -> &[u8] {
        &self.text[self.start..]
    }
}

/// The words of a key, lower case: split at signs, at changes of case, and before and behind
/// numbers. A word that stands one blank before the key is taken along.
pub(crate) struct Words {
    text: [u8; BLANK_WORD_BYTES_MAX + KEY_BYTES_MAX],
    ends: [u8; WORDS_MAX],
    count: usize,
    /// Whether the first word stands apart by a blank.
    pub(crate) apart: bool,
}

impl Words {
    /// The words of the key at `site`.
    #[inline]
    pub(crate) fn of(rec: &Record<'_>, site: &KeySite) -> Words {
        let mut words =
            Words { text: [0; BLANK_WORD_BYTES_MAX + KEY_BYTES_MAX], ends: [0; WORDS_MAX], count: 0, apart: false };
        let from = blank_word(rec, site);
        if let Some(from) = from {
            words.add(rec.slice(from..site.start - 1));
            words.apart = words.count > 0;
        }
        // The last words decide; what is too long is cut at its front.
        let start = site.start.max(site.end.saturating_sub(KEY_BYTES_MAX));
        words.add(rec.slice(start..site.end));
        words
    }

    fn add(&mut self, text: &[u8]) {
        let mut used = self.count.checked_sub(1).map_or(0, |i| usize::from(self.ends[i]));
        let mut last = Kind::Other;
        for (i, &b) in text.iter().enumerate() {
            let kind = Kind::of(b);
            let begins = matches!(last, Kind::Other | Kind::Line) || splits(last, kind, text.get(i + 1).copied());
            last = kind;
            if matches!(kind, Kind::Other | Kind::Line) {
                continue;
            }
            if begins {
                used = self.begin(used);
            }
            if used < self.text.len() {
                self.text[used] = b.to_ascii_lowercase();
                used += 1;
            }
        }
        if self.count > 0 {
            self.ends[self.count - 1] = used as u8;
        }
    }

    /// Begins a word behind the one that ends at `used`; where it begins.
    fn begin(&mut self, mut used: usize) -> usize {
        if self.count > 0 {
            self.ends[self.count - 1] = used as u8;
        }
        if self.count == WORDS_MAX {
            self.drop_first();
            used = usize::from(self.ends[self.count - 1]);
        }
        self.count += 1;
        used
    }

    fn drop_first(&mut self) {
        let first = usize::from(self.ends[0]);
        self.text.copy_within(first.., 0);
        self.ends.copy_within(1.., 0);
        self.count -= 1;
        for end in &mut self.ends[..self.count] {
            *end -= first as u8;
        }
        self.apart = false;
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Words `from..to`, written together.
    pub(crate) fn joined(&self, from: usize, to: usize) -> &[u8] {
        let start = from.checked_sub(1).map_or(0, |i| usize::from(self.ends[i]));
        let end = to.checked_sub(1).map_or(0, |i| usize::from(self.ends[i]));
        &self.text[start..end.max(start)]
    }
}

/// Whether a new word begins with a byte of this kind, behind `last` and before `next`.
fn splits(last: Kind, kind: Kind, next: Option<u8>) -> bool {
    let capital = kind == Kind::Upper;
    let acronym = || next.is_some_and(|n| Kind::of(n) == Kind::Lower);
    capital && (last != Kind::Upper || acronym()) || (last == Kind::Digit) != (kind == Kind::Digit)
}

/// Where the word begins that one blank separates from the key.
#[inline(always)]
pub(crate) fn blank_word(rec: &Record<'_>, site: &KeySite) -> Option<usize> {
    if site.dashes > 0 || rec.before(site.start) != Some(b' ') {
        return None;
    }
    let end = site.start - 1;
    let low = end.saturating_sub(BLANK_WORD_BYTES_MAX).max(rec.start);
    let mut p = rec.run_start(Run::Alphanumeric, low, end);
    if rec.before(p).is_some_and(|b| !b.is_ascii()) {
        p = rec.inners_start(low, end);
    }
    // Not the tail of something longer.
    (p < end && rec.before(p).is_none_or(|b| !b.is_ascii_alphanumeric())).then_some(p)
}

#[cfg(test)]
mod tests {
    use super::{Kind, LastWord, Record, Words, around, end_of, splits};
    use proptest::prelude::*;

    /// Words by definition: split where a sign stands or a new word begins.
    fn naive(text: &[u8]) -> Vec<Vec<u8>> {
        let mut all: Vec<Vec<u8>> = Vec::new();
        let mut open = false;
        let mut last = Kind::Other;
        for (i, b) in text.iter().enumerate() {
            let kind = Kind::of(*b);
            open = open && !splits(last, kind, text.get(i + 1).copied());
            last = kind;
            if matches!(kind, Kind::Other | Kind::Line) {
                open = false;
                continue;
            }
            if !open {
                all.push(Vec::new());
                open = true;
            }
            all.last_mut().unwrap().push(b.to_ascii_lowercase());
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

        #[test]
        fn words_are_those_by_definition(text in "([a-z]{1,9}|[A-Z]{1,5}|[A-Z][a-z]{1,9}|[0-9]{1,3}|[_.-]|\u{e9}|s){0,14}") {
            let text = text.as_bytes();
            let rec = Record::new(text, 0, text.len());
            let words = Words::of(&rec, &super::KeySite { start: 0, end: text.len(), dashes: 0, quote: None, open: 0 });
            let all = naive(&text[text.len().saturating_sub(super::KEY_BYTES_MAX)..]);
            let tail = &all[all.len().saturating_sub(super::WORDS_MAX)..];
            let shown: Vec<Vec<u8>> = (0..words.len()).map(|i| words.joined(i, i + 1).to_vec()).collect();
            prop_assert_eq!(&shown[..], tail);
        }

        #[test]
        fn the_last_word_is_that_letter_by_letter(
            text in "([a-z]{1,20}|[A-Z]{1,20}|[A-Z][a-z]{1,9}|[0-9]{1,3}|[_.=-]|\u{e9}|[sS]){0,6}",
            start in 0..9usize,
        ) {
            let text = text.as_bytes();
            let rec = Record::new(text, start.min(text.len()), text.len());
            for end in rec.start..=text.len() {
                let (word, slow) = (LastWord::of(&rec, end), LastWord::of_any(&rec, end));
                prop_assert_eq!(word.letters(), slow.letters());
            }
        }
    }

    fn words(text: &str, at: &str) -> Vec<String> {
        let rec = Record::new(text.as_bytes(), 0, text.len());
        let p = text.find(at).unwrap();
        let site = around(&rec, p, end_of(&rec, p));
        let w = Words::of(&rec, &site);
        (0..w.len()).map(|i| String::from_utf8_lossy(w.joined(i, i + 1)).into_owned()).collect()
    }

    #[test]
    fn keys_in_every_casing() {
        assert_eq!(words("dbPassword=", "Pass"), ["db", "password"]);
        assert_eq!(words("DB_PASSWORD=", "PASS"), ["db", "password"]);
        assert_eq!(words("my.db-password2=", "pass"), ["my", "db", "password", "2"]);
        assert_eq!(words("x APIKey:", "Key"), ["x", "api", "key"]);
        assert_eq!(words("the api key:", "key"), ["api", "key"]);
        assert_eq!(words("\\npassword:", "pass"), ["password"]);
        assert_eq!(words("%22password%22", "pass"), ["password"]);
        assert_eq!(words("--db-password x", "pass"), ["db", "password"]);
    }
}
