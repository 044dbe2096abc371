//! Which values behind a secret's key are secrets, by what the key's policy asks.

use std::ops::Range;

use crate::engine::keys::SecretKey;
use crate::engine::mask::policy::Masks;
use crate::engine::notation::Record;
use crate::engine::notation::separator::Separator;
use crate::engine::notation::value::Value;
use crate::rules::check::{names, prose, public, random, stand_in};
use crate::rules::mask::Notation;
use crate::rules::rule::ValuePolicy;

/// Whether a value stands for one: a placeholder, a mask, a constant's name.
pub(crate) fn is_stand_in(text: &[u8], masks: &Masks) -> bool {
    masks.spares(text) || is_constant(text)
}

/// Whether the value is a secret, as its key's policy sees it. For the policies that look inside
/// the value see `crate::engine::detect::header`.
pub(crate) fn is_secret(
    rec: &Record<'_>,
    known: &SecretKey,
    joint: Separator,
    value: &Value,
    key: &[u8],
    masks: &Masks,
) -> bool {
    let text = rec.slice(value.start..value.end);
    if is_own(rec, value, key) || names::begins_pattern(text) || masks.spares(text) {
        return false;
    }
    // No JSON has a word without marks: `volume "db-secret" : secret "x" not found`.
    let bare = match value.notation {
        Notation::Number(_) => value.quote.is_none() && text.first().is_some_and(u8::is_ascii_alphabetic),
        notation => matches!(notation, Notation::Bare | Notation::BareInJson),
    };
    // A reference has signs.
    let signs = bare && rec.alphanumerics_end(value.start, value.end) < value.end;
    if signs && prose::is_code_reference(text) {
        return false;
    }
    // `password: required`, as in prose; `password:2026/01/02 15:32:24`: a prompt, and the next record.
    let colon = bare && joint == Separator::Colon;
    if colon && (prose::is_status(text) || is_date(text)) {
        return false;
    }
    // `"apiKey": "string"`, as interfaces are described; and where the secret lies.
    if names::is_reference(text) || public::is_public(text) || text == b"string" {
        return false;
    }
    if known.policy != ValuePolicy::Any && is_document(key, text)
        || bare && (names::is_metavariable(key, text) || joint != Separator::Assign && names::is_type(text))
    {
        return false;
    }
    let digits = text.iter().all(u8::is_ascii_digit);
    match known.policy {
        ValuePolicy::Any => {
            // `pass=12` counts tests, `passwords: 3` counts passwords, `pwd=/home` is a folder.
            let count = digits && text.len() <= if known.short || known.plural { 4 } else { 0 };
            let constant = bare && !key.iter().any(u8::is_ascii_lowercase);
            let count = count || known.short && random::is_share(text) || constant && is_number_of_program(text);
            let folder = (known.short || is_folder_key(key)) && matches!(text.first(), Some(b'/' | b'~'));
            let line = digits && text.len() <= 4 && joint == Separator::Colon && is_file_of(rec, value, key);
            let test = known.verb && joint == Separator::Colon && key == b"PASS" && names::is_test(text);
            let path = folder || names::is_public(text) || text.contains(&b'/') && public::is_file(text);
            let count = count || digits && colon && is_quantity(rec, value);
            !(count || path || line || test || is_service(rec, value) || prose::is_message(text))
        }
        ValuePolicy::Likely if is_decimal(text) => false,
        ValuePolicy::Likely if digits => text.len() >= if bare { 10 } else { 7 } && !known.plural,
        ValuePolicy::Likely if bare => {
            random::has_marks(text) && !is_object(text) && !names::is_name(text) && !is_url(text)
        }
        ValuePolicy::Likely => {
            let word = random::is_prose(text) || is_url(text) || prose::is_state(text);
            !(word || is_name_of(key, text) || is_qualified(text) || names::is_name(text))
        }
        // What looks drawn is asked first: behind such keys most does not.
        ValuePolicy::Random => {
            let drawn = random::looks_random(text) && !random::is_plain_id(text) && !is_object(text);
            drawn && !names::is_name(text)
        }
        ValuePolicy::CardCode => digits && matches!(text.len(), 3 | 4),
        ValuePolicy::Pin => digits && (4..=12).contains(&text.len()),
        ValuePolicy::Credential | ValuePolicy::Cookie => true,
    }
}

/// Whether a value is for everybody to see, as no password is: a key's file or its digest, an algorithm, an address, an
/// account, a signature that is to be checked. No evidence is strong enough against it.
pub(crate) fn is_open(key: &[u8], text: &[u8]) -> bool {
    names::is_digest_of_key(key, text)
        || public::is_signature(key, text)
        || public::is_name(text)
        || names::is_public(text)
}

/// Whether a value is only called like its key, or a key: a variable, not what it holds.
fn is_own(rec: &Record<'_>, value: &Value, key: &[u8]) -> bool {
    let text = rec.slice(value.start..value.end);
    // `{"password": password}` is program text, as no JSON is.
    let variable = value.quote.is_none() && matches!(value.notation, Notation::Number(_));
    let alike = || value.quote.is_none() && is_among_own_names(rec, value, key);
    // `Enter password: Password: x`: the next key.
    let next = || text.strip_suffix(b":").is_some_and(|text| text.eq_ignore_ascii_case(key));
    value.quote.is_none() && next()
        || text.eq_ignore_ascii_case(key) && (variable || is_constant(text) || alike())
        || names::is_own_variable(key, text)
        || names::is_spelled_alike(key, text)
        || is_caption(key, text)
        || stand_in::is_word_for_it(text)
}

/// `login.password=Password`: what a field is called on a page, in a file of messages.
fn is_caption(key: &[u8], text: &[u8]) -> bool {
    let name = key.iter().rposition(|b| *b == b'.').map_or(&b""[..], |dot| &key[dot + 1..]);
    matches!(text, [b'A'..=b'Z', rest @ ..] if rest.iter().all(u8::is_ascii_lowercase))
        && text.eq_ignore_ascii_case(name)
}

/// `connect(user = user, password = password)`: an argument that is called like its own value, beside another one.
fn is_among_own_names(rec: &Record<'_>, value: &Value, key: &[u8]) -> bool {
    let blanks_before = |at: usize| at - rec.run_back(at, GAP_BYTES_MAX, |b| b == b' ');
    let word_before = |at: usize| at - rec.run_back(at, NAME_BYTES_MAX, is_of_name);
    let blanks = |at: usize| at + rec.run(at, GAP_BYTES_MAX, |b| b == b' ');
    let word = |at: usize| at + rec.run(at, NAME_BYTES_MAX, is_of_name);
    let alike = |one: Range<usize>, other: Range<usize>| !one.is_empty() && rec.slice(one) == rec.slice(other);

    let sign = blanks_before(value.start);
    let begun = blanks_before(sign.saturating_sub(1).max(rec.start)).saturating_sub(key.len()).max(rec.start);
    let comma = blanks_before(begun);
    let before = rec.before(comma) == Some(b',') && {
        let end = comma - 1;
        let start = word_before(end);
        let sign = blanks_before(start);
        matches!(rec.before(sign), Some(b'=' | b':')) && {
            let end = blanks_before(sign - 1);
            alike(word_before(end)..end, start..comma - 1)
        }
    };
    before
        || rec.get(value.end) == Some(b',') && {
            let start = blanks(value.end + 1);
            let end = word(start);
            let sign = blanks(end);
            matches!(rec.get(sign), Some(b'=' | b':')) && {
                let own = blanks(sign + 1);
                alike(start..end, own..word(own))
            }
        }
}

/// The longest blank around a sign, and the longest name of an argument, in bytes.
const GAP_BYTES_MAX: usize = 4;
const NAME_BYTES_MAX: usize = 32;

fn is_of_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// The fewest bytes of a value that is only told by its place.
const GIVEN_BYTES_MIN: usize = 4;
/// The fewest digits of a token that has nothing else.
const NUMBER_BYTES_MIN: usize = 6;

/// Whether a value that looks like none may be one where nothing else stands: a word, but none of what is said of a secret,
/// no type and no name.
pub(crate) fn may_be_given(key: &[u8], text: &[u8]) -> bool {
    let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    // `?token=20481632` counts nothing: what counts has a name that says what.
    let number = text.iter().all(u8::is_ascii_digit);
    let numbered = || text.len() >= NUMBER_BYTES_MIN && ends_with(key, b"token");
    text.len() >= GIVEN_BYTES_MIN
        && text.iter().all(word)
        && if number { numbered() } else { text.iter().any(u8::is_ascii_alphabetic) }
        && !(prose::is_status(text) || names::is_type(text) || names::is_called_as(key, text))
        && !(is_constant(text) || names::is_name(text))
}

/// `SAE_PASSWORD = 0x115`: a number in program text.
fn is_number_of_program(text: &[u8]) -> bool {
    text.strip_prefix(b"0x").is_some_and(|hex| (1..=8).contains(&hex.len()) && hex.iter().all(u8::is_ascii_hexdigit))
}

/// `Password: 8 characters minimum`: how many there are of what stands behind it.
fn is_quantity(rec: &Record<'_>, value: &Value) -> bool {
    let next = rec.up_to(value.end, 2);
    value.end - value.start <= 2 && matches!(next, [b' ', b] if b.is_ascii_alphabetic() || !b.is_ascii())
}

/// `/etc/passwd:3`, `POST /password: 204`: the last of a path, and a line or a status behind it.
fn is_file_of(rec: &Record<'_>, value: &Value, key: &[u8]) -> bool {
    let head = rec.slice(value.start.saturating_sub(key.len() + 3).max(rec.start)..value.start);
    let at = head.len() - head.iter().rev().take_while(|b| matches!(b, b' ' | b':')).count();
    at > key.len() && head[..at].ends_with(key) && head[at - key.len() - 1] == b'/'
}

/// `pam_unix(gdm-password:session)`: a module of PAM, its service and what it was asked for.
fn is_service(rec: &Record<'_>, value: &Value) -> bool {
    const NAME_BYTES_MAX: usize = 64;
    let part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.');
    let open = value.start - rec.run_back(value.start, NAME_BYTES_MAX, part);
    if rec.before(open) != Some(b'(') || rec.get(value.end) != Some(b')') {
        return false;
    }
    let module = rec.run_back(open - 1, NAME_BYTES_MAX, |b| b.is_ascii_alphanumeric() || b == b'_');
    rec.slice(open - 1 - module..open - 1).starts_with(b"pam_")
}

/// `OLDPWD=/home/al`: the folder before.
fn is_folder_key(key: &[u8]) -> bool {
    key.len() > 3 && ends_with(key, b"pwd")
}

fn ends_with(key: &[u8], word: &[u8]) -> bool {
    key.len().checked_sub(word.len()).is_some_and(|at| key[at..].eq_ignore_ascii_case(word))
}

/// `"secret":"myapp-tls"`, `webhookSecret = "app-webhook-cert"`: what a secret is called that lies elsewhere.
fn is_name_of(key: &[u8], text: &[u8]) -> bool {
    const SECRET: &[u8] = b"secret";
    let Some(of) = key.len().checked_sub(SECRET.len()).filter(|at| key[*at..].eq_ignore_ascii_case(SECRET)) else {
        return false;
    };
    let of = key[..of].to_ascii_lowercase();
    let shares = |word: &[u8]| word.len() >= 4 && memchr::memmem::find(&of, word).is_some();
    (of.is_empty() || text.split(|b| *b == b'-').any(shares))
        && text.contains(&b'-')
        && text.iter().all(|b| b.is_ascii_lowercase() || *b == b'-')
        && random::is_words(text)
}

/// `kubernetes.io/service-account-token`, `public_tokens.route`: what a kind of thing is called in whose domain.
fn is_qualified(text: &[u8]) -> bool {
    let word = |part: &[u8]| part.len() > 1 && part.iter().all(|b| b.is_ascii_lowercase() || *b == b'_');
    if text.contains(&b'.') && text.split(|b| *b == b'.').all(word) {
        return true;
    }
    let slash = text.iter().position(|b| *b == b'/').unwrap_or(0);
    let (domain, name) = (&text[..slash], text.get(slash + 1..).unwrap_or_default());
    domain.contains(&b'.')
        && !name.is_empty()
        && domain.split(|b| *b == b'.').all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_lowercase))
        && name.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'.'))
}

/// `2026/01/02`: a day.
fn is_date(text: &[u8]) -> bool {
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    matches!(text, [y @ .., b'/', m1, m2, b'/', d1, d2] if y.len() == 4 && digits(y) && digits(&[*m1, *m2, *d1, *d2]))
}

/// `s3://bucket/x`: an address; a secret in it is found by its place.
fn is_url(text: &[u8]) -> bool {
    let scheme = text.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')).count();
    text.first().is_some_and(u8::is_ascii_alphabetic) && text[scheme..].starts_with(b"://")
}

/// `29.0007`: a quantity.
fn is_decimal(text: &[u8]) -> bool {
    let point = text.iter().position(|b| *b == b'.');
    point.is_some_and(|p| p > 0 && text.iter().enumerate().all(|(i, b)| i == p || b.is_ascii_digit()))
}

/// `{"url":"x","env":{}}` within a text behind `serverKey`: what a map is asked for, whose own keys say what is a secret in it. A
/// `SecretString` is one, whatever its keys are.
fn is_document(key: &[u8], text: &[u8]) -> bool {
    let inner = text.strip_prefix(b"{").and_then(|inner| inner.strip_suffix(b"}")).unwrap_or_default();
    let mark = inner.iter().position(|b| *b != b'\\');
    let begins = mark.is_some_and(|at| inner[at] == b'"');
    begins && ends_with(key, b"key") && memchr::memmem::find(inner, b"\":").is_some()
}

/// The fewest letters of what a type is called.
const TYPE_BYTES_MIN: usize = 3;

/// `Token{a64f992`: a program's print of an object, or a pointer.
fn is_object(text: &[u8]) -> bool {
    let name = text.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let typed = name >= TYPE_BYTES_MIN && text[0].is_ascii_alphabetic() && random::is_words(&text[..name]);
    text.starts_with(b"0x") && random::is_plain_id(text) || typed && matches!(text.get(name), Some(b'{' | b'('))
}

/// `API_KEY` as a value is a constant's name.
fn is_constant(text: &[u8]) -> bool {
    text.contains(&b'_') && text.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
}
