//! Headers whose value has parts: `Authorization` (RFC 9110, section 11) keeps its scheme, cookies
//! (RFC 6265) keep their names and attributes.

use std::ops::Range;

use crate::engine::detect::context::RecordContext;
use crate::engine::found::finding::Refusal;
use crate::engine::keys::SecretKey;
use crate::engine::notation::Record;
use crate::engine::notation::bare::{MAY_END, bare_end, ends_bare, template_end};
use crate::engine::notation::context::{mask_len, plain};
use crate::engine::notation::escape::{GAP_BYTES_MAX, skip_gap};
use crate::engine::notation::key::KeySite;
use crate::engine::notation::quote::Quote;
use crate::engine::notation::separator::{Separated, Separator};
use crate::engine::notation::spelling;
use crate::engine::notation::value::{self, Value, Values};
use crate::rules::byteset::ByteSet;
use crate::rules::check::{prose, public, random};
use crate::rules::mask::Notation;
use crate::rules::words::words;

/// What a credential may stand behind: there anything is one.
const SCHEMES: &[&str] = words!("auth-schemes");
/// Those whose credential is a list of parameters, and the parameters that are no secret.
const SCHEMES_OF_PARAMETERS: &[&str] = words!("parameter-schemes");
const OPEN_PARAMETERS: &[&str] = words!("open-parameters");
/// What a cookie says of itself.
const ATTRIBUTES: &[&str] = words!("cookie-attributes");
/// The most cookies read in one header.
const COOKIES_MAX: usize = 128;
/// The longest name of a cookie, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// `Authorization: Basic dXNlcjpwYXNz`: the scheme stays.
pub(crate) fn credential(s: &mut RecordContext<'_>, site: &KeySite, joined: &Separated, known: &SecretKey) {
    // `heroku authorizations:revoke 105a7bfa-...`: a command, not a header.
    if known.plural && joined.joint == Separator::Colon && joined.value == site.end + 1 {
        return s.refuse(site.start, Some(known.rule), Refusal::Key);
    }
    match spelling::read(&s.rec, site, joined, s.set.shortcuts) {
        Values::One(value) => one_credential(s, known, &value),
        Values::Many(values) => {
            s.rescan.raise();
            values.iter().for_each(|value| one_credential(s, known, value));
        }
        Values::Code | Values::Object | Values::Nothing => s.refuse(site.start, Some(known.rule), Refusal::Separator),
    }
}

fn one_credential(s: &mut RecordContext<'_>, known: &SecretKey, value: &Value) {
    let rec = &s.rec;
    let quoted = value.notation == Notation::Quoted;
    let scheme_end = token_end(rec, value.start, if quoted { value.end } else { rec.end });
    let scheme = rec.slice(value.start..scheme_end);
    let mut start = blanks_end(rec, scheme_end);
    let known_scheme = SCHEMES.iter().any(|k| scheme.eq_ignore_ascii_case(k.as_bytes()));
    if !known_scheme {
        s.rescan.raise();
    }
    let limit = if quoted { value.end } else { rec.end };
    // `token` is a sample word too, but no sample here.
    let sample = known_scheme && prose::is_sample(scheme);
    let masked = scheme_end > value.start && !sample && s.set.masks.spares(scheme);
    if (start > scheme_end && start >= limit) || masked {
        // A scheme without a credential, or a credential that is masked already.
        return s.refuse(value.start, Some(known.rule), Refusal::Value);
    }
    if SCHEMES_OF_PARAMETERS.iter().any(|k| scheme.eq_ignore_ascii_case(k.as_bytes())) {
        let parameters = parameters(rec, start, limit, quoted);
        if !parameters.is_empty() {
            return parameters.into_iter().for_each(|(name, value)| parameter(s, known, name, &value));
        }
    }
    let name = || scheme.first().is_some_and(u8::is_ascii_alphabetic) && !random::has_marks(scheme);
    let follows = || start > scheme_end && (quoted || name() && random::has_marks(rest_word(rec, start)));
    if !known_scheme && !follows() {
        // One word only: the credential itself, or a word about it.
        start = value.start;
        let number = scheme.len() >= 10 && scheme.iter().all(u8::is_ascii_digit);
        if !quoted && !number && !random::has_marks(scheme) && scheme.len() < 20 {
            return s.refuse(value.start, Some(known.rule), Refusal::Value);
        }
    } else if start == scheme_end {
        return s.refuse(value.start, Some(known.rule), Refusal::Value);
    }
    let end = if quoted { value.end } else { parameters_end(rec, start) };
    let secret = rec.slice(start..end.max(start));
    // `Bearer $(config get-token)`: what the shell puts there.
    // `Bearer {token}`: a template is all of the credential.
    let template = template_end(rec, start);
    if start >= end
        || secret.starts_with(b"$(")
        || template > end && s.set.masks.spares(rec.slice(start..template))
        || s.set.masks.spares(secret)
        || (!known_scheme && prose::is_status(secret))
    {
        return s.refuse(value.start, Some(known.rule), Refusal::Placeholder);
    }
    *s.work += (end - start) as u64;
    let notation = if quoted { Notation::Quoted } else { plain(&s.rec) };
    let open = end == rec.end && (value.open || !quoted);
    s.found_value(known, &Value { start, end, notation, open, ..*value });
}

/// The most parameters of a credential that are read one by one.
const PARAMETERS_MAX: usize = 32;

/// The named parameters of a credential, `username="bob", uri="/"`; none where it is `whole` and has anything else.
fn parameters(rec: &Record<'_>, at: usize, limit: usize, whole: bool) -> Vec<(Range<usize>, Value)> {
    let mut all = Vec::new();
    let mut p = at;
    while all.len() < PARAMETERS_MAX {
        let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let name = p..p + rec.slice(p..limit).iter().take(32).take_while(part).count();
        if name.is_empty() || name.end + 1 >= limit || rec.byte(name.end) != b'=' {
            break;
        }
        let from = name.end + 1;
        let own = rec.quote_at(from, limit).filter(|_| !all.is_empty() || !closes(rec, from));
        let value = match own {
            Some(mark) => value::quoted(rec, from, mark),
            None => {
                let ends = |b: &u8| matches!(b, b',' | b'"' | b'\'' | b'\\') || b.is_ascii_whitespace();
                let end = rec.slice(from..limit).iter().position(ends).map_or(limit, |i| from + i);
                Value { start: from, end, quote: None, notation: plain(rec), open: end == rec.end }
            }
        };
        if value.end > limit {
            return Vec::new();
        }
        p = value.end + value.quote.map_or(0, Quote::width);
        all.push((name, value));
        let next = skip_gap(rec, p, GAP_BYTES_MAX);
        if next >= limit || rec.byte(next) != b',' {
            break;
        }
        p = skip_gap(rec, next + 1, GAP_BYTES_MAX).min(limit);
    }
    if whole && p < limit {
        return Vec::new();
    }
    all
}

/// Masks a parameter, if it is none of those that say who asked and how.
fn parameter(s: &mut RecordContext<'_>, known: &SecretKey, name: Range<usize>, value: &Value) {
    *s.work += (value.end - name.start) as u64;
    s.rescan.raise();
    let open = OPEN_PARAMETERS.iter().any(|k| s.rec.slice(name.clone()).eq_ignore_ascii_case(k.as_bytes()));
    if open || s.set.masks.spares(s.rec.slice(value.start..value.end)) {
        s.value_end = s.value_end.max(value.end); // its name is asked no more
        return s.refuse(value.start, Some(known.rule), Refusal::Value);
    }
    s.found_value(known, value);
}

fn token_end(rec: &Record<'_>, at: usize, limit: usize) -> usize {
    const STOPS: ByteSet = MAY_END.and(b"+");
    let mut p = at;
    while p < limit {
        p = rec.find_byteset(p, limit, &STOPS);
        if p == limit {
            break;
        }
        let ends = match rec.byte(p) {
            b'+' => rec.slice(at..p).iter().all(u8::is_ascii_alphabetic),
            _ => ends_bare(rec, p, true),
        };
        if ends {
            return p;
        }
        p += 1;
    }
    limit
}

/// Behind blanks, also `%20` and `+` of an encoded header.
fn blanks_end(rec: &Record<'_>, at: usize) -> usize {
    let mut p = at;
    while p < at + GAP_BYTES_MAX {
        p += match rec.get(p) {
            Some(b' ' | b'+') => 1,
            Some(b'%') if rec.starts_with(p, b"%20") => 3,
            _ => break,
        };
    }
    p
}

fn rest_word<'a>(rec: &Record<'a>, at: usize) -> &'a [u8] {
    let end = bare_end(rec, at, rec.end, false);
    rec.slice(at..end)
}

/// The end of a bare credential; parameters joined by commas (`Digest a="b", c="d"`) are one.
fn parameters_end(rec: &Record<'_>, at: usize) -> usize {
    const STOPS: ByteSet = MAY_END.and(b"=");
    let mut p = variable_end(rec, at + mask_len(rec, at));
    // Behind a quoted parameter a mark is another one's: what is no JSON is masked to its end.
    let mut quoted = false;
    loop {
        let mut parameter = false;
        let begun = p;
        while p < rec.end {
            p = rec.find_byteset(p, rec.end, &STOPS);
            if p == rec.end {
                break;
            }
            if rec.byte(p) == b'=' {
                // `name="`, not the padding of base64 before a closing mark.
                let name = || rec.slice(begun..p).iter().all(|b| b.is_ascii_lowercase() || *b == b'-') && p > begun;
                parameter = true;
                if rec.get(p + 1) == Some(b'"') && (quoted || !closes(rec, p + 1)) && name() {
                    quoted = true;
                    p = rec.find_byte(b'"', p + 2, rec.end).map_or(rec.end, |mark| mark + 1);
                    continue;
                }
            } else if ends_bare(rec, p, true) {
                break;
            }
            p += 1;
        }
        if rec.get(p) != Some(b',') || !parameter {
            return p.min(rec.end);
        }
        let next = skip_gap(rec, p + 1, GAP_BYTES_MAX);
        let word = rec.run(next, 32, |b| b.is_ascii_alphanumeric());
        if rec.get(next + word) != Some(b'=') {
            return p;
        }
        p = next;
    }
}

/// The longest variable in braces, in bytes.
const VARIABLE_BYTES_MAX: usize = 64;

/// Where the variable ends that begins at `at`, if one does: the brace behind `${JWT}` ends no text around it.
fn variable_end(rec: &Record<'_>, at: usize) -> usize {
    let brace = rec.starts_with(at, b"${").then(|| rec.find_byte(b'}', at, rec.end.min(at + VARIABLE_BYTES_MAX)));
    brace.flatten().map_or(at, |brace| brace + 1)
}

/// Whether the mark at `at` closes the text that the header stands in, as its `"` does in JSON: no
/// first parameter's value begins with what stands behind such a mark.
fn closes(rec: &Record<'_>, at: usize) -> bool {
    matches!(rec.get(at + 1), None | Some(b',' | b':' | b']' | b'}'))
}

/// `Cookie: a=b; c=d`, `Set-Cookie: a=b; Path=/`: each value goes, names and attributes stay.
pub(crate) fn cookie(s: &mut RecordContext<'_>, site: &KeySite, joined: &Separated, known: &SecretKey) {
    if known.plural && s.rec.get(joined.value) == Some(b'{') {
        return jar(s, site, joined, known);
    }
    match spelling::read(&s.rec, site, joined, s.set.shortcuts) {
        Values::One(value) => cookies(s, site, known, value),
        Values::Many(values) => values.into_iter().for_each(|value| cookies(s, site, known, value)),
        Values::Code | Values::Object | Values::Nothing => s.refuse(site.start, Some(known.rule), Refusal::Separator),
    }
}

fn cookies(s: &mut RecordContext<'_>, site: &KeySite, known: &SecretKey, value: Value) {
    let quoted = value.notation == Notation::Quoted;
    let limit = if quoted { value.end } else { s.rec.end };
    let key = s.rec.slice(site.start..site.end).to_ascii_lowercase();
    let set = key.starts_with(b"set");
    let mut p = value.start;
    for n in 0..COOKIES_MAX {
        let rec = &s.rec;
        let name = rec.run(p, NAME_BYTES_MAX.min(limit.saturating_sub(p)), |b| {
            !matches!(b, b'=' | b';' | b' ' | b'"' | b'\\' | b',' | b'&' | b'<' | b'>')
        });
        if rec.get(p + name) != Some(b'=') || name == 0 || p + name >= limit {
            if n == 0 {
                plain_cookie(s, known, value);
            }
            return;
        }
        let start = p + name + 1;
        let begun = start;
        let (start, end) = cookie_span(rec, begun, limit, quoted);
        let own_mark = start > begun;
        let attribute = (n > 0 && set) || is_attribute(rec.slice(p..p + name));
        let text = rec.slice(start..end);
        *s.work += (end - p) as u64;
        if !attribute && !s.set.masks.spares(text) {
            let open = end == rec.end;
            s.found_value(known, &Value { start, end, notation: Notation::Quoted, quote: None, open });
        }
        let rec = &s.rec;
        let end = end + if own_mark { rec.quote_at(end, limit).map_or(0, Quote::width) } else { 0 };
        if rec.get(end) != Some(b';') || end >= limit {
            return;
        }
        p = skip_gap(rec, end + 1, GAP_BYTES_MAX);
    }
    // More cookies than anyone sends: the rest is masked as one.
    if p < limit {
        s.found_value(known, &Value { start: p, end: limit, notation: Notation::Quoted, quote: None, open: false });
    }
}

/// Where the value of a cookie begins and ends; it may stand in marks of its own (RFC 6265, 4.1.1).
fn cookie_span(rec: &Record<'_>, at: usize, limit: usize, quoted: bool) -> (usize, usize) {
    let own = rec.quote_at(at, limit).filter(|mark| {
        // A mark that nothing follows closes the header instead.
        let next = at + mark.width();
        next < limit && !matches!(rec.byte(next), b' ' | b'\t' | b';' | b',' | b'}' | b']')
    });
    if let Some(mark) = own {
        let value = value::quoted(rec, at, mark);
        return (value.start, value.end.min(limit));
    }
    let ends =
        |p: &usize| matches!(rec.byte(*p), b';' | b'"' | b'\'' | b'\\') || (!quoted && ends_bare(rec, *p, false));
    let past = (at + mask_len(rec, at)).max(variable_end(rec, at));
    (at, (past..limit).find(ends).unwrap_or(limit))
}

/// `"cookies":{"sid":"x","theme":"dark"}`, as frameworks print them: each member is one.
fn jar(s: &mut RecordContext<'_>, site: &KeySite, joined: &Separated, known: &SecretKey) {
    let (values, end) = value::object(&s.rec, site, joined);
    *s.work += (end - joined.value) as u64;
    let found = values.iter().filter(|value| !s.set.masks.spares(s.rec.slice(value.start..value.end)));
    let found: Vec<Value> = found.copied().collect();
    if found.is_empty() {
        s.refuse(site.start, Some(known.rule), Refusal::Value);
    }
    found.iter().for_each(|value| s.found_value(known, value));
}

/// A cookie's value without a name.
fn plain_cookie(s: &mut RecordContext<'_>, known: &SecretKey, value: Value) {
    let text = s.rec.slice(value.start..value.end);
    let known_form = random::is_plain_id(text) || is_pair_of_ids(text) || public::is_public(text);
    if s.set.masks.spares(text) || !random::has_marks(text) || known_form {
        return s.refuse(value.start, Some(known.rule), Refusal::Value);
    }
    s.found_value(known, &value);
}

/// The hexadecimal digits of one end's cookie in IKE (RFC 7296, section 3.1).
const SPI_DIGITS: usize = 16;

/// `2ed7c3d12f3d450a/0000000000000000`, `891f38892b0e6bd6-d71409f32c496d13`: the two ends of a connection, not a
/// browser's cookie.
fn is_pair_of_ids(text: &[u8]) -> bool {
    let id = |part: &[u8]| part.len() == SPI_DIGITS && part.iter().all(u8::is_ascii_hexdigit);
    let Some(sign) = text.iter().position(|b| matches!(b, b'/' | b'-')) else { return false };
    let (one, other) = (&text[..sign], &text[sign + 1..]);
    id(other) && (id(one) || other.iter().all(|b| *b == b'0'))
}

fn is_attribute(name: &[u8]) -> bool {
    ATTRIBUTES.iter().any(|a| name.eq_ignore_ascii_case(a.as_bytes()))
}
