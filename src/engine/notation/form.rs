//! Notations that are data ([`crate::rules::notation`]): what they say of a key, looked up.

use super::Record;
use super::bare::bare_end;
use super::context::mask_len;
use super::escape::{GAP_BYTES_MAX, is_wide, skip_gap};
use super::key::KeySite;
use super::quote::{Close, Quote};
use super::separator::{Separated, Separator};
use super::tail::is_pair;
use super::text::{self, Value, bare, quoted};
use super::wrapper::takes_name;
use crate::rules::check::random;
use crate::rules::mask::Notation;
use crate::rules::notation::{Form, ValueForm};

/// Every form, and what is derived of them.
pub(crate) struct Forms {
    all: Vec<Form>,
    /// By the byte behind a key or its quote, blanks apart: those that may go on with it. Behind a wide gap any may, and in a
    /// tag, where the byte before the key's quote is one of these.
    follows: Vec<Vec<u16>>,
    tags: Vec<u8>,
    /// The words that may go on with a key as those of prose do: `As` of `password As String = "x"`.
    words: Vec<Vec<u8>>,
}

/// The most of a tag that is passed over, in bytes.
const TAG_BYTES_MAX: usize = 96;
/// The fewest bytes of a value that looks drawn.
const DRAWN_BYTES_MIN: usize = 7;
/// The most of one that are looked at.
const DRAWN_BYTES_MAX: usize = 512;
/// The longest value that is looked at for what stands behind it, in bytes.
const VALUE_BYTES_MAX: usize = 4096;
/// Signs of a text that stand for others.
const SIGNS: &[u8] = b" #~*\\";
/// What quotes begin with.
const QUOTES: &[u8] = b"\"'`\\%&";

impl Forms {
    /// The forms, ready to be asked.
    pub(crate) fn new(all: Vec<Form>) -> Forms {
        let mut follows = vec![Vec::new(); 256];
        for (form, texts) in all.iter().map(|form| &form.between).enumerate() {
            for text in texts {
                firsts(text).iter().for_each(|first| follows[usize::from(*first)].push(form as u16));
            }
        }
        follows.iter_mut().for_each(Vec::dedup);
        let in_tag = |form: &&Form| form.between.iter().any(|text| signs(text).first() == Some(&b'*'));
        let mut tags: Vec<u8> =
            all.iter().filter(in_tag).flat_map(|form| &form.before).filter_map(|text| text.bytes().last()).collect();
        tags.dedup();
        let word = |text: &String| signs(text).iter().copied().take_while(u8::is_ascii_alphabetic).collect::<Vec<_>>();
        let mut words: Vec<_> = all.iter().flat_map(|form| form.between.iter().map(word)).collect();
        words.retain(|word| !word.is_empty());
        words.dedup();
        Forms { all, follows, tags, words }
    }

    /// Whether a word behind the blanks at `at`, right behind a key, may begin a form.
    pub(crate) fn may_begin_with_word(&self, rec: &Record<'_>, at: usize) -> bool {
        let next = skip_gap(rec, at, GAP_BYTES_MAX);
        let longest = self.words.iter().map(Vec::len).max().unwrap_or(0);
        let word = rec.slice(next..next + rec.run(next, longest, |b| b.is_ascii_alphabetic()));
        !word.is_empty() && self.words.iter().any(|known| known == word)
    }

    /// Whether a form may go on at `at`, right behind a key, as far as three bytes tell: `;` with a blank or without, and
    /// `value` behind it.
    #[inline(always)]
    pub(crate) fn may_lead(&self, rec: &Record<'_>, at: usize) -> bool {
        let Some(first) = rec.get(at) else { return false };
        let is = |at: usize, sign: &u8| SIGNS.contains(sign) || rec.get(at) == Some(*sign);
        let gap = |at: usize| rec.get(at).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\\' | b'#' | 0x1b));
        let leads = |text: &String| match signs(text) {
            _ if !firsts(text).contains(&first) => false,
            [_, b' ', next, ..] if rec.get(at + 1) == Some(b' ') => gap(at + 2) || is(at + 2, next),
            [_, b' ', next, ..] => gap(at + 1) || is(at + 1, next),
            [_, next, ..] => is(at + 1, next),
            _ => true,
        };
        self.follows[usize::from(first)].iter().flat_map(|form| &self.all[usize::from(*form)].between).any(leads)
    }

    /// Whether a form may go on with this byte behind a key and a gap.
    fn may_follow(&self, byte: u8) -> bool {
        !self.follows[usize::from(byte)].is_empty()
    }

    /// The separator behind the key, and where its notation begins. `work` grows by the bytes looked at.
    pub(crate) fn find(&self, rec: &Record<'_>, site: &KeySite, work: &mut u64) -> Option<(Separated, usize)> {
        let closing = site.quote.filter(|quote| rec.quote_at(site.end, rec.end) == Some(*quote));
        let end = site.end + closing.map_or(0, Quote::width);
        let next = skip_gap(rec, end, GAP_BYTES_MAX);
        let wide = is_wide(rec, end, next);
        let tag = closing.is_some() && rec.before(site.open).is_some_and(|byte| self.tags.contains(&byte));
        if !rec.get(next).is_some_and(|byte| wide || tag || self.may_follow(byte)) || site.dashes > 0 {
            return None;
        }
        let open = if closing.is_some() { site.open } else { site.start };
        let mut read = |form: &Form| {
            let begins = before(&rec.bytes()[..open - rec.start], &form.before)?;
            let quoted = form.key_quoted.is_none_or(|quoted| quoted == closing.is_some());
            let value = form.between.iter().filter(|_| quoted).find_map(|text| behind(rec, end, text))?;
            rec.get(value)?;
            let joint = joint(rec, site, form, value, work)?;
            if !form.after.is_empty() && !ends(rec, value, &form.after, work) {
                return None;
            }
            Some((Separated { joint, value, percent: false, quoted: closing.is_some() }, open - begins))
        };
        match wide || tag {
            true => self.all.iter().find_map(read),
            false => {
                self.follows[usize::from(rec.get(next)?)].iter().find_map(|form| read(&self.all[usize::from(*form)]))
            }
        }
    }
}

/// What stands between a key and its value, from the first byte that is none of a gap.
fn signs(text: &str) -> &[u8] {
    text.trim_start_matches([' ', '~']).as_bytes()
}

/// The bytes that it may begin with; none where any may.
fn firsts(text: &str) -> &[u8] {
    match signs(text) {
        // Any of a tag, which a key's quote comes before.
        [b'*', ..] => &[],
        [b'#', ..] => b"0123456789",
        // Behind a wide gap anything may stand.
        [] if text.len() > 1 => &[],
        [first, ..] => std::slice::from_ref(first),
        // The value's own quote, however it is written.
        [] => QUOTES,
    }
}

/// What joins the key and the value at `value` as the form says, if there is such a value.
fn joint(rec: &Record<'_>, site: &KeySite, form: &Form, value: usize, work: &mut u64) -> Option<Separator> {
    match form.value {
        ValueForm::Quoted => rec.quote_at(value, rec.end).map(|_| Separator::Form),
        // `Value: ValueFrom:x` has none.
        ValueForm::Any if rec.before(value) == Some(b' ') && is_pair(rec, value) => None,
        ValueForm::Any => Some(Separator::Form),
        ValueForm::Drawn => (names_secret(rec, site) && is_drawn(rec, value, work)).then_some(Separator::Form),
        ValueForm::Line => Some(Separator::Line),
        ValueForm::Element => Some(Separator::Element(0)),
    }
}

/// The value at `at`, and where what stands behind it begins; none where it goes on for more than `most` bytes, so that
/// key behind key reads what follows no further than that. `work` grows by the bytes looked at.
fn value(rec: &Record<'_>, at: usize, most: usize, work: &mut u64) -> Option<(Value, usize)> {
    let limit = rec.end.min(at + most);
    let read = match rec.quote_at(at, rec.end) {
        Some(quote) => {
            let json = quote.sign != b'"' && rec.is_json();
            let inside = at + quote.width();
            match rec.close(quote, inside, limit.max(inside), json) {
                Close::Open if limit < rec.end => None,
                _ => Some(quoted(rec, at, quote)).map(|value| (value, text::behind(rec, &value))),
            }
        }
        None => {
            let end = bare_end(rec, at + mask_len(rec, at), limit, false);
            let value = (end < limit || limit == rec.end).then(|| bare(rec, at, false, Notation::Bare));
            value.map(|value| (value, value.end))
        }
    };
    *work += read.as_ref().map_or(limit, |(_, end)| *end).saturating_sub(at) as u64;
    read
}

/// Whether one of the texts stands behind the value at `at`.
fn ends(rec: &Record<'_>, at: usize, texts: &[String], work: &mut u64) -> bool {
    // What is too long to be looked at may have it behind: it is judged as the key's.
    let Some((value, end)) = value(rec, at, VALUE_BYTES_MAX, work) else { return true };
    let behind = skip_gap(rec, end, GAP_BYTES_MAX);
    !(value.open && value.quote.is_some()) && texts.iter().any(|text| rec.from(behind).starts_with(text.as_bytes()))
}

/// Whether the key is short for nothing else: `PASS   TestLogin2` is a test's result, `proxy_pass   x` an address.
fn names_secret(rec: &Record<'_>, site: &KeySite) -> bool {
    let key = &rec.from(site.start)[..site.end - site.start];
    let called = key.rsplit(|b| *b == b'.').next().unwrap_or(key);
    if rec.get(site.end) == Some(b'(') && takes_name(called) {
        return false;
    }
    let short = key.len() >= 4 && key[key.len() - 4..].eq_ignore_ascii_case(b"pass");
    !short || key.contains(&b'_') && !key.iter().any(u8::is_ascii_lowercase)
}

/// Whether the value at `at` is no word, type or number: it has letters and digits, and is called nowhere.
fn is_drawn(rec: &Record<'_>, at: usize, work: &mut u64) -> bool {
    let read = value(rec, at, DRAWN_BYTES_MAX, work);
    // Of a long one its beginning tells.
    let text = read.map_or(rec.up_to(at, DRAWN_BYTES_MAX), |(value, _)| rec.slice(value.start..value.end));
    let has = |is: fn(&u8) -> bool| text.iter().any(is);
    let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    let name = || text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/'));
    let words = || text.len() >= DRAWN_BYTES_MIN + 3 && random::is_words(text) && name();
    let place = matches!(text.first(), Some(b'/' | b'~' | b'.')) || text.windows(3).any(|w| w == b"://");
    text.len() >= DRAWN_BYTES_MIN && mixed && !text.contains(&b'(') && !text.contains(&b' ') && !place && !words()
}

/// How many bytes of one of the texts the head ends with; none where it ends with none of them.
fn before(head: &[u8], texts: &[String]) -> Option<usize> {
    if texts.is_empty() {
        return Some(0);
    }
    let alone = |text: &str| {
        // A bracket by itself is none of a call's.
        let word = text.as_bytes().first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'(');
        let last = head.len().checked_sub(text.len() + 1).and_then(|at| head.get(at));
        !(word && last.is_some_and(u8::is_ascii_alphanumeric))
    };
    texts.iter().find(|text| head.ends_with(text.as_bytes()) && alone(text)).map(String::len)
}

/// Where the text ends that stands at `at`, whose signs mean what [`Form::between`] says.
fn behind(rec: &Record<'_>, at: usize, text: &str) -> Option<usize> {
    let mut at = at;
    let mut parts = text.split(' ').enumerate().peekable();
    while let Some((n, part)) = parts.next() {
        if n > 0 {
            let gap = skip_gap(rec, at, GAP_BYTES_MAX);
            // Two blanks are a gap of two at least, or a tab.
            if part.is_empty() && parts.peek().is_some() && !is_wide(rec, at, gap) {
                return None;
            }
            at = gap;
        }
        for byte in part.bytes() {
            at += match byte {
                b'\\' => Some(slashes(rec, at)).filter(|slashes| *slashes > 0)?,
                b'#' => Some(rec.digits_end(at) - at).filter(|digits| *digits > 0)?,
                b'~' => Some(skip_gap(rec, at, GAP_BYTES_MAX) - at).filter(|gap| *gap > 0)?,
                b'*' => rec.from(at).iter().take(TAG_BYTES_MAX).take_while(|b| !matches!(b, b'<' | b'>')).count(),
                _ => (rec.get(at)? == byte).then_some(1)?,
            };
        }
    }
    Some(at)
}

/// The backslashes at `at`: each level of nesting in JSON doubles them.
fn slashes(rec: &Record<'_>, at: usize) -> usize {
    rec.from(at).iter().take_while(|byte| **byte == b'\\').count()
}
