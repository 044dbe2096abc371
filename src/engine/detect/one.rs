//! One value behind a key: where it really ends, and whether it is a secret.

use crate::engine::detect::context::RecordContext;
use crate::engine::detect::weigh;
use crate::engine::found::finding::Refusal;
use crate::engine::keys::{SecretKey, values};
use crate::engine::notation::key::KeySite;
use crate::engine::notation::separator::Separator;
use crate::engine::notation::tail;
use crate::engine::notation::value::Value;
use crate::rules::check::{names, prose, random};
use crate::rules::rule::ValuePolicy;

/// Judges the value behind the key at `site`.
pub(super) fn one(s: &mut RecordContext<'_>, site: &KeySite, joint: Separator, known: &SecretKey, value: &Value) {
    let whole = whole(s, site, site.open, joint, known, value);
    judge(s, site, joint, known, whole.as_ref().unwrap_or(value));
}

/// Judges an element of the list behind the key at `site`. One that is `alone` may go on behind its signs: `[ab&c]`.
pub(super) fn element(
    s: &mut RecordContext<'_>,
    site: &KeySite,
    joint: Separator,
    known: &SecretKey,
    value: &Value,
    alone: bool,
) {
    let whole = if alone { whole(s, site, value.start, joint, known, value) } else { None };
    judge(s, site, joint, known, whole.as_ref().unwrap_or(value));
}

/// How far before a row's key its id is looked for, in bytes.
const ROW_BYTES_MAX: usize = 96;

/// How far before a key a certificate's name may begin that says what it is of, in bytes.
const CERTIFICATE_BYTES: usize = 80;

/// Judges a value that ends where it was read to.
fn judge(s: &mut RecordContext<'_>, site: &KeySite, joint: Separator, known: &SecretKey, value: &Value) {
    *s.work += (value.end - value.start) as u64;
    let shorter = without_query(s, known, value);
    let value = shorter.as_ref().unwrap_or(value);
    let key = s.rec.slice(site.start..site.end);
    let text = s.rec.slice(value.start..value.end);
    if site.dashes > 0 && names::is_variable_for(key, text) {
        return s.let_go(site.open, value, known.rule, Refusal::Placeholder);
    }
    if known.policy == ValuePolicy::Any && is_label(s, key, joint, value) {
        return s.let_go(site.open, value, known.rule, Refusal::Value);
    }
    let before = s.rec.last(site.end, CERTIFICATE_BYTES);
    if known.policy != ValuePolicy::Any && (values::is_open(key, text) || names::is_id_of_key(before, text)) {
        s.saw(site.start.min(site.end - before.len())..site.start);
        return s.let_go(site.open, value, known.rule, Refusal::Value);
    }
    let secret = values::is_secret(&s.rec, known, joint, value, key, &s.set.masks);
    // Behind `密码：` a word in ASCII is none of the text's.
    if secret && known.policy == ValuePolicy::Any && !key.is_ascii() && is_apart_from_text(key, text) {
        s.saw(site.open..value.start);
        return s.found_value(known, value);
    }
    let secret = secret && !(known.policy == ValuePolicy::Random && is_id_again(s, value));
    if let Err(why) = weigh::value(s, known, joint, value, secret) {
        let spared = s.set.masks.spares(s.rec.slice(value.start..value.end));
        if !spared && is_given(s, site, joint, known, value) {
            return s.found_value(known, value);
        }
        // A command may be given a secret itself: `$(vault read -token=x)`.
        if spared && !s.rec.starts_with(value.start, b"$(") {
            s.value_end = s.value_end.max(value.end); // keys inside a template are part of it
        }
        s.let_go(site.open, value, known.rule, if spared { Refusal::Placeholder } else { why });
    } else {
        s.saw(site.open..value.start);
        s.found_value(known, value);
    }
}

/// Whether a value is of ASCII behind a key of a script that has no letter of it.
fn is_apart_from_text(key: &[u8], value: &[u8]) -> bool {
    const WORD_BYTES_MIN: usize = 4;
    value.len() >= WORD_BYTES_MIN
        && value.iter().all(|b| b.is_ascii_graphic())
        && value[0].is_ascii_alphanumeric()
        && !key.iter().any(u8::is_ascii_alphabetic)
}

/// `{"id":"0cb42c26...","key":"0cb42c26..."}`: the row of an index, by the id that stands before it.
fn is_id_again(s: &mut RecordContext<'_>, value: &Value) -> bool {
    let sign = |b: &u8| matches!(b, b'"' | b'\\' | b':' | b' ');
    if value.quote.is_none() {
        return false;
    }
    let low = value.start.saturating_sub(ROW_BYTES_MAX).max(s.rec.start);
    let (head, text) = (s.rec.slice(low..value.start), s.rec.slice(value.start..value.end));
    *s.work += head.len() as u64;
    let again = memchr::memmem::find(head, text).is_some_and(|at| {
        let signs = head[..at].iter().rev().take_while(|b| sign(b)).count();
        signs > 2 && head[..at - signs].ends_with(b"id") && head.get(at + text.len()).is_some_and(sign)
    });
    if again {
        s.saw(low..value.start);
    }
    again
}

/// Whether a text in marks, or all behind the colon of a line, is what a page calls the field: `new_password: Nueva contraseña`.
fn is_label(s: &mut RecordContext<'_>, key: &[u8], joint: Separator, value: &Value) -> bool {
    let text = s.rec.slice(value.start..value.end);
    if value.quote.is_some() {
        return prose::is_label(text) || prose::is_translation(key, text);
    }
    // `密码：必填`, `password=你的密码`: who is asked for a password types none in another script, but words are written so.
    if text.iter().all(|b| *b >= 0x80) && (!key.is_ascii() || joint == Separator::Form || prose::is_foreign_label(text))
    {
        return true;
    }
    let rest = s.rec.end - value.start;
    if joint != Separator::Colon || rest > prose::LABEL_BYTES_MAX || s.rec.is_json() {
        return false;
    }
    let label = prose::is_foreign_label(s.rec.slice(value.start..s.rec.end));
    if label {
        s.saw(value.start..s.rec.end);
    }
    label
}

/// Whether the value stands where nothing but a value does, as that of a query's parameter, `?token=mytoken`, of a
/// header of a program's own, `X-API-Key: mykey`, of a variable, or of a flag, which may also be told a name: `--token
/// my-token-1`.
fn is_given(s: &mut RecordContext<'_>, site: &KeySite, joint: Separator, known: &SecretKey, value: &Value) -> bool {
    let text = s.rec.slice(value.start..value.end);
    let key = s.rec.slice(site.start..site.end);
    let header = joint == Separator::Colon && key.get(..2).is_some_and(|x| x.eq_ignore_ascii_case(b"x-"));
    let query = joint == Separator::Assign && value.quote.is_none();
    let named = key.eq_ignore_ascii_case(b"secret") || joint != Separator::Assign;
    let flag = site.dashes == 2 && (!named || text.iter().any(u8::is_ascii_digit));
    let variable = is_variable(s, site, joint, value);
    if known.policy != ValuePolicy::Likely || !(header || query || flag || variable) || !values::may_be_given(key, text)
    {
        return false;
    }
    // In a query an identifier is one, too: `?private_token=abcd1234`.
    let id = random::is_plain_id(text);
    if header || flag || variable {
        // `[ApiToken]` stands for one.
        return !id && !matches!(s.rec.before(value.start), Some(b'[' | b'(' | b'{' | b'<'));
    }
    // `api_key=hunter2`: several words name what has letters and digits.
    let named = key.iter().any(|b| matches!(b, b'_' | b'-')) || key.windows(2).any(is_hump);
    let glued = value.start == site.end + 1 && text.len() >= NAMED_BYTES_MIN;
    if named && glued && !id && text.iter().any(u8::is_ascii_digit) {
        return true;
    }
    s.saw(tail::query_low(&s.rec, site)..site.open);
    // `access_token=x&scope=y`: the body of a form.
    tail::in_query(&s.rec, site) || !id && s.rec.get(value.end) == Some(b'&') && tail::is_pair(&s.rec, value.end + 1)
}

/// The fewest bytes of a value with a digit that a key of several words is enough for.
const NAMED_BYTES_MIN: usize = 6;

/// `aB`: where a word begins in what is written together.
fn is_hump(pair: &[u8]) -> bool {
    pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()
}

/// Whether a variable of an environment is set, `SECRET_KEY=mykey`, also as a line of YAML.
fn is_variable(s: &RecordContext<'_>, site: &KeySite, joint: Separator, value: &Value) -> bool {
    let key = s.rec.slice(site.start..site.end);
    let constant = key.contains(&b'_') && !key.iter().any(u8::is_ascii_lowercase);
    let line = || {
        let head = s.rec.slice(s.rec.start..site.open);
        value.end == s.rec.end && head.iter().all(|b| matches!(b, b' ' | b'-'))
    };
    constant
        && value.quote.is_none()
        && match joint {
            Separator::Assign => value.start == site.end + 1,
            Separator::Colon => line(),
            _ => false,
        }
}

/// A password may have any sign: what encloses the key says which are its own.
fn whole(
    s: &mut RecordContext<'_>,
    site: &KeySite,
    open: usize,
    joint: Separator,
    known: &SecretKey,
    value: &Value,
) -> Option<Value> {
    if !matches!(known.policy, ValuePolicy::Any | ValuePolicy::Likely) || !tail::may_follow(&s.rec, value) {
        return None;
    }
    let text = &s.rec.from(value.start)[..value.end - value.start];
    let end = tail::end(&s.rec, site, open, joint, value);
    // What is written behind a variable, `$HOME;echo`, makes no value of it, but for what nobody writes: `$wb)F5ZW`.
    let behind = s.rec.from(value.end).get(..end.saturating_sub(value.end)).unwrap_or_default();
    let drawn = behind.iter().any(u8::is_ascii_digit) && behind.iter().any(u8::is_ascii_alphabetic);
    let spared = !drawn && text.len() > 2 && s.set.masks.spares(text);
    // What may follow a token is mostly the next pair, whatever stands around it; but signs in what is found before it
    // counted, too.
    if known.policy == ValuePolicy::Any || end != value.end {
        s.rescan.raise();
    } else {
        s.saw(tail::low(&s.rec, site, open, value)..site.open);
    }
    if spared {
        return None;
    }
    *s.work += end.abs_diff(value.end) as u64;
    Some(Value { end, open: end == s.rec.end, ..*value })
}

/// `;jsessionid=X?a=b`: what looks random ends where a URL's next part begins.
fn without_query(s: &RecordContext<'_>, known: &SecretKey, value: &Value) -> Option<Value> {
    if known.policy != ValuePolicy::Random || value.quote.is_some() {
        return None;
    }
    let text = s.rec.slice(value.start..value.end);
    let i = text.iter().position(|b| matches!(b, b'?' | b'#'))?;
    Some(Value { end: value.start + i, open: false, ..*value })
}
