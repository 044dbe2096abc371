//! Words behind a secret's key that are no value of it: a text goes on, a thing is called by its name, code hands on a
//! variable. `Using --password via the CLI`, `in secret 'mysql'`, `password=password,` on a line of its own.

use crate::engine::detect::context::RecordContext;
use crate::engine::notation::separator::Separator;
use crate::engine::notation::value::Value;
use crate::rules::check::prose;
use crate::rules::judge::candidate::{Candidate, Kind};
use crate::rules::mask::Notation;
use crate::rules::words::words;

/// Words that a text goes on with behind a flag.
const FLAG_WORDS: &[&str] = words!("flag-words");
/// Words before a thing that is called by its name.
const NAMING_WORDS: &[&str] = words!("words-before-names");
/// Words of program text before what a variable is set to.
const CODE_WORDS: &[&str] = words!("code-words");
/// Commands of PowerShell that one is set by.
const CMDLETS: &[&str] = words!("cmdlets");
/// How far before a value they are looked for, in bytes.
const NAMING_BYTES: usize = 24;
/// The fewest letters of what somebody is doing: `waiting`.
const DOING_BYTES_MIN: usize = 6;

/// Whether the value behind a key, a `joint` between them, is only a word of what is said.
pub(super) fn is_mention(s: &mut RecordContext<'_>, joint: Separator, value: &Value) -> bool {
    let text = s.rec.slice(value.start..value.end);
    let bare = matches!(value.notation, Notation::Bare | Notation::BareInJson);
    match joint {
        // `["password", "secret"]`: a list of such names.
        Separator::Comma | Separator::Form => prose::is_secret_name(text),
        Separator::Assign if bare => {
            is_next_pair(s, value)
                || is_apart(s, value) && goes_on(s, value)
                || is_code(s, value)
                || is_compared(s, value)
                || is_argument(s, value)
                || is_constant(s, value)
        }
        Separator::Colon if bare => is_doing(text) && goes_on(s, value),
        Separator::Blank if bare => FLAG_WORDS.iter().any(|word| text == word.as_bytes()) && goes_on(s, value),
        Separator::Blank => is_called(s, value),
        _ => false,
    }
}

/// Whether a word of the text follows the value.
fn goes_on(s: &mut RecordContext<'_>, value: &Value) -> bool {
    let span = value.start..value.end;
    let candidate = Candidate::new(s.rec.text(), s.rec.start..s.rec.end, span.clone(), Kind::Any);
    s.saw(Candidate::reach(s.rec.start, &span));
    candidate.goes_on()
}

/// Whether a value is the next word of a text in which a key's sign stands with nothing behind it: `body contains
/// pass= in cleartext`.
fn is_apart(s: &RecordContext<'_>, value: &Value) -> bool {
    let head = s.rec.slice(s.rec.start..value.start);
    let text = s.rec.slice(value.start..value.end);
    head.ends_with(b"= ") && !head.ends_with(b" = ") && text.iter().all(u8::is_ascii_lowercase)
}

/// `mm_auth_password: waiting for MONITOR_ANS_AUTHPASSWORD`.
fn is_doing(text: &[u8]) -> bool {
    text.len() >= DOING_BYTES_MIN && text.ends_with(b"ing") && text.iter().all(u8::is_ascii_lowercase)
}

/// `<populated by key 'username' of secret 'credentials'>`: an object of Kubernetes, which holds secrets.
fn is_called(s: &mut RecordContext<'_>, value: &Value) -> bool {
    let text = s.rec.slice(value.start..value.end);
    // A digit may be a password's: `in secret 'hunter2'`.
    let name = |b: &u8| b.is_ascii_lowercase() || matches!(b, b'-' | b'.');
    let low = value.start.saturating_sub(NAMING_BYTES).max(s.rec.start);
    let head = s.rec.slice(low..value.start).trim_ascii_end();
    let head = head.strip_suffix(b"'").or(head.strip_suffix(b"\"")).unwrap_or(head);
    let head = head.trim_ascii_end();
    let Some(cut) = head.len().checked_sub(b" secret".len()).filter(|_| text.iter().all(name)) else { return false };
    s.saw(low..value.start);
    let (before, key) = head.split_at(cut);
    let word = before.rsplit(|b| !b.is_ascii_alphabetic()).next().unwrap_or_default();
    key.eq_ignore_ascii_case(b" secret") && NAMING_WORDS.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()))
}

/// `assert r.password == expected_value`: program text that compares a variable with another.
fn is_compared(s: &RecordContext<'_>, value: &Value) -> bool {
    let name = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.');
    let compared = s.rec.slice(s.rec.start..value.start).trim_ascii_end().ends_with(b"==");
    let text = s.rec.slice(value.start..value.end);
    // One word may be what was typed.
    compared && text.iter().all(name) && text.iter().any(|b| matches!(b, b'_' | b'.'))
}

/// The fewest letters of a variable's name.
const VARIABLE_BYTES_MIN: usize = 3;

/// `DB_PASSWORD= DB_HOST=h npm test`: nothing, and the next variable of a command.
fn is_next_pair(s: &RecordContext<'_>, value: &Value) -> bool {
    let text = s.rec.slice(value.start..value.end);
    let name = text.iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'_').count();
    // Padding ends a secret: `TOTP_SECRET= JBSWY3DPEB3W64TMMQ======`.
    let set = matches!(text[name..], [b'=', next, ..] if next != b'=');
    name >= VARIABLE_BYTES_MIN && set && matches!(s.rec.last(value.start, 3), [key, b'=', b' '] if *key != b' ')
}

/// `password = await read(x)`: what stands for the value in program text begins with a word of the language.
fn is_code(s: &mut RecordContext<'_>, value: &Value) -> bool {
    let text = s.rec.slice(value.start..value.end);
    let next = (s.rec.get(value.end), s.rec.get(value.end + 1));
    let code = matches!(next, (Some(b' '), Some(b)) if b.is_ascii_alphabetic() || matches!(b, b'$' | b'(' | b'-'))
        && CODE_WORDS.iter().chain(CMDLETS).any(|word| text == word.as_bytes());
    if code {
        s.saw(value.end..value.end + 2);
    }
    code
}

/// `Client(user=USER, password=TEST_SECRET_KEY, host=h)`: a constant that a call is given.
fn is_constant(s: &RecordContext<'_>, value: &Value) -> bool {
    let text = s.rec.slice(value.start..value.end);
    let Some(cut) = text.iter().rposition(|b| *b == b'_') else { return false };
    let last = text[cut + 1..].to_ascii_lowercase();
    matches!(s.rec.get(value.end), Some(b',' | b')'))
        && text.iter().all(|b| b.is_ascii_uppercase() || *b == b'_')
        && text[..cut].contains(&b'_')
        && prose::is_secret_name(&last)
}

/// `        password=password,`, `self.password = password` as a line of its own: code that hands a variable on.
fn is_argument(s: &mut RecordContext<'_>, value: &Value) -> bool {
    let text = s.rec.slice(value.start..value.end);
    let rest = s.rec.slice(value.end..s.rec.end);
    if !matches!(rest, b"" | b"," | b")" | b")," | b";") {
        return false;
    }
    let head = s.rec.slice(s.rec.start..value.start).trim_ascii_start();
    s.saw(s.rec.start..s.rec.end);
    let whose = head.iter().take_while(|b| b.is_ascii_alphabetic() || **b == b'_').count();
    let own = head.get(whose..).and_then(|rest| rest.strip_prefix(b".")).filter(|_| whose > 0);
    let sign: &[u8] = if own.is_some() { b" =" } else { b"=" };
    let key = own.unwrap_or(head).trim_ascii_end().strip_suffix(sign);
    key == Some(text) && matches!(rest, b"" | b";") == own.is_some()
}
