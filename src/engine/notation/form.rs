//! Notations that are data ([`crate::rules::notation`]): what they say of a key, looked up.

use super::Record;
use super::escape::skip_gap;
use super::key::KeySite;
use super::quote::Quote;
use super::separator::{GAP_BYTES_MAX, Separated, Separator};
use super::value::quoted;
use crate::rules::notation::{Form, ValueForm};

/// Every form, and what is derived of them.
pub(crate) struct Forms {
    all: Vec<Form>,
    /// Bytes that may stand behind a key or its quote, blanks apart.
    follows: [bool; 256],
}

/// What quotes begin with.
const QUOTES: &[u8] = b"\"'`\\%&";

impl Forms {
    /// The forms, ready to be asked.
    pub(crate) fn new(all: Vec<Form>) -> Forms {
        let mut follows = [false; 256];
        for text in all.iter().flat_map(|form| &form.between) {
            match text.trim_start().as_bytes() {
                [first, ..] => follows[usize::from(*first)] = true,
                // The value's own quote, however it is written.
                [] => QUOTES.iter().for_each(|first| follows[usize::from(*first)] = true),
            }
        }
        Forms { all, follows }
    }

    /// Whether a form may go on with this byte behind a key.
    pub(crate) fn may_follow(&self, byte: u8) -> bool {
        self.follows[usize::from(byte)]
    }

    /// The separator behind the key, and where its notation begins.
    pub(crate) fn find(&self, rec: &Record<'_>, site: &KeySite) -> Option<(Separated, usize)> {
        let closing = site.quote.filter(|quote| rec.quote_at(site.end, rec.end) == Some(*quote));
        let end = site.end + closing.map_or(0, Quote::width);
        let next = skip_gap(rec, end, GAP_BYTES_MAX);
        if !rec.get(next).is_some_and(|byte| self.may_follow(byte)) || site.dashes > 0 {
            return None;
        }
        let open = if closing.is_some() { site.open } else { site.start };
        self.all.iter().find_map(|form| {
            let begins = before(rec, open, &form.before)?;
            let quoted = form.key_quoted.is_none_or(|quoted| quoted == closing.is_some());
            let value = form.between.iter().filter(|_| quoted).find_map(|text| behind(rec, end, text))?;
            let quote = rec.quote_at(value, rec.end);
            let separator = match form.value {
                ValueForm::Quoted => quote.map(|_| Separator::Form),
                ValueForm::Any => rec.get(value).map(|_| Separator::Form),
                ValueForm::Element => Some(Separator::Element(0)),
            }?;
            if !form.after.is_empty() && !quote.is_some_and(|quote| ends(rec, value, quote, &form.after)) {
                return None;
            }
            Some((Separated { joint: separator, value, percent: false, quoted: closing.is_some() }, open - begins))
        })
    }
}

/// Whether one of the texts stands behind the quoted value at `at`.
fn ends(rec: &Record<'_>, at: usize, quote: Quote, texts: &[String]) -> bool {
    let value = quoted(rec, at, quote);
    let behind = skip_gap(rec, (value.end + quote.width()).min(rec.end), GAP_BYTES_MAX);
    !value.open && texts.iter().any(|text| rec.starts_with(behind, text.as_bytes()))
}

/// How many bytes of one of the texts end at `at`; none where none of them does.
fn before(rec: &Record<'_>, at: usize, texts: &[String]) -> Option<usize> {
    if texts.is_empty() {
        return Some(0);
    }
    texts.iter().find(|text| rec.ends_with(at, text.as_bytes())).map(String::len)
}

/// Where the text ends that stands at `at`, in which a blank stands for a gap and a backslash for any number of them.
fn behind(rec: &Record<'_>, at: usize, text: &str) -> Option<usize> {
    let mut at = at;
    for (n, part) in text.split(' ').enumerate() {
        if n > 0 {
            at = skip_gap(rec, at, GAP_BYTES_MAX);
        }
        for byte in part.bytes() {
            at += match byte {
                b'\\' => Some(slashes(rec, at)).filter(|slashes| *slashes > 0)?,
                _ => (rec.get(at)? == byte).then_some(1)?,
            };
        }
    }
    Some(at)
}

/// The backslashes at `at`: each level of nesting in JSON doubles them.
fn slashes(rec: &Record<'_>, at: usize) -> usize {
    rec.run(at, rec.end, |byte| byte == b'\\')
}
