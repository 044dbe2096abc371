//! Words that follow a key's colon in prose: `Password: required`, `token: expired`.

use crate::rules::check::{names, public, random};
use crate::rules::words::words;

const STATUS: &[&str] = words!("status-words");
/// What the last part of a reference to a secret is called.
const SECRET_NAMES: &[&str] = words!("secret-names");

/// Whether a bare value behind a colon is a word of prose about the secret, not the secret.
pub fn is_status(value: &[u8]) -> bool {
    let word = value.strip_suffix(b".").or(value.strip_suffix(b"!")).unwrap_or(value);
    word.len() <= 16 && STATUS.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()))
}

/// Whether a word goes on with what is said of a password: `password expired`, `password policy`; or is a column's type.
pub fn is_said(word: &[u8]) -> bool {
    let is = |list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    // `entered`, `missing`, `successfully`: how it went.
    let went = || {
        let ends = [&b"ed"[..], b"ing", b"ly"].iter().any(|end| word.ends_with(end));
        ends && word.len() >= WENT_BYTES_MIN && word.iter().all(u8::is_ascii_lowercase)
    };
    is_status(word) || is(VERBS) || is(NOUNS) || is(THINGS) || names::is_type(word) || went()
}

/// The fewest letters of such a word.
const WENT_BYTES_MIN: usize = 5;

/// What a password has, or is a part of.
const THINGS: &[&str] = words!("things-of-passwords");
const VERBS: &[&str] = words!("message-verbs");
const NOUNS: &[&str] = words!("message-nouns");
/// The fewest words of a message.
const MESSAGE_WORDS_MIN: usize = 3;

/// Whether a text is a message about a secret: `must have at least 8 characters`, `This field is required.`
pub fn is_message(text: &[u8]) -> bool {
    let words =
        || text.split(|b| matches!(b, b' ' | b'.' | b',' | b'(' | b')' | b'!' | b':')).filter(|w| !w.is_empty());
    let has = |list: &[&str]| words().any(|word| list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes())));
    let plain = |word: &[u8]| {
        word.iter().all(|b| b.is_ascii_alphabetic() || *b == b'\'') || word.iter().all(u8::is_ascii_digit)
    };
    text.contains(&b' ') && words().count() >= MESSAGE_WORDS_MIN && words().all(plain) && has(VERBS) && has(NOUNS)
}

/// What a password is called, in English first; of letters beyond ASCII in each case, as the cases of ASCII alone are known:
/// the others' are 7 KB of a module for browsers.
const CALLED: &[&str] = words!("password-in-languages");
/// The longest text that a field is called by, in bytes.
pub const LABEL_BYTES_MAX: usize = 96;

/// Whether a text is what a page says where a password is entered: `Confirm password`, `Nueva contraseña`, `新しいパスワード`.
/// A second pair is none: `Summer, old password: Winter`.
pub fn is_label(text: &[u8]) -> bool {
    is_called_in(text, CALLED)
}

/// The same in another language than English, in which a log goes on behind a password: `Summer is a bad password`.
pub fn is_foreign_label(text: &[u8]) -> bool {
    is_called_in(text, &CALLED[1..])
}

fn is_called_in(text: &[u8], called: &[&str]) -> bool {
    let text = text.strip_suffix(b":").unwrap_or(text);
    let part = |b: &u8| b.is_ascii_alphabetic() || *b >= 0x80 || b" ?.!'-".contains(b);
    let begins = text.first().is_some_and(|b| b.is_ascii_uppercase() || *b >= 0x80);
    let several = text.contains(&b' ') || text.iter().all(|b| *b >= 0x80);
    begins && several && text.len() <= LABEL_BYTES_MAX && text.iter().all(part) && {
        let small = text.to_ascii_lowercase();
        let at_word = |at: usize| at == 0 || !small[at - 1].is_ascii_alphabetic();
        called.iter().any(|word| memchr::memmem::find(&small, word.as_bytes()).is_some_and(at_word))
    }
}

/// Whether a text is a page's word for it, in another language than the key's: `"Password": "Kennwort"`, `"密码": "password"`.
pub fn is_translation(key: &[u8], text: &[u8]) -> bool {
    let letter = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b' ' | b'-') || *b >= 0x80;
    if text.len() > LABEL_BYTES_MAX || !text.iter().all(letter) {
        return false;
    }
    let word = text.to_ascii_lowercase();
    let is_one_of = |called: &[&str], word: &[u8]| called.iter().any(|known| known.as_bytes() == word);
    let foreign = |word: &[u8]| is_one_of(&CALLED[1..], word);
    let begins = text.first().is_some_and(|b| b.is_ascii_uppercase() || *b >= 0x80);
    begins && foreign(&word)
        || text == b"Password" && key.first().is_some_and(u8::is_ascii_uppercase) && foreign(&key.to_ascii_lowercase())
        || !key.is_ascii() && key != text && is_one_of(CALLED, &word)
}

/// Whether the whole of a value is one such word, as of a setting: `"httpTokens":"optional"`.
pub fn is_state(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_alphabetic) && is_status(value)
}

/// Whether a bare value is a reference in program text to where the secret is: a dotted path, a
/// call or an index whose last name is a secret's itself (`settings.DB_PASSWORD`, `os.environ[...]`).
pub fn is_code_reference(value: &[u8]) -> bool {
    if is_call(value) || public::is_object(value) || memchr::memmem::find(value, b"!==").is_some() {
        return true;
    }
    let Some(dot) = value.iter().rposition(|b| *b == b'.') else {
        return false;
    };
    let (path, last) = (&value[..dot], &value[dot + 1..]);
    let name = |part: &[u8]| {
        part.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    if !path.split(|b| *b == b'.').all(name) || !name(last) {
        return false;
    }
    // `processors.MASK`: a constant of a module.
    let constant = |part: &[u8]| part.len() > 2 && part.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    let module = |part: &[u8]| part.iter().all(|b| b.is_ascii_lowercase() || *b == b'_');
    if constant(last) && path.split(|b| *b == b'.').all(module) {
        return true;
    }
    // `System.Security.SecureString`: a class.
    let class = |part: &[u8]| part[0].is_ascii_uppercase() && part.iter().all(u8::is_ascii_alphabetic);
    if class(last) && path.contains(&b'.') && path.split(|b| *b == b'.').all(class) {
        return true;
    }
    let last = last.to_ascii_lowercase();
    names_secret(&last)
}

/// Whether a name in small letters says that it is a secret's: `put-your-token`.
pub fn names_secret(name: &[u8]) -> bool {
    SECRET_NAMES.iter().any(|w| memchr::memmem::find(name, w.as_bytes()).is_some())
}

/// `Str::random(10`: a call of a class's function.
fn is_call(value: &[u8]) -> bool {
    let Some(class) = memchr::memmem::find(value, b"::") else { return false };
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'\\');
    let rest = &value[class + 2..];
    let end = rest.iter().take_while(|b| name(b)).count();
    let named = class > 0 && value[0].is_ascii_alphabetic() && value[..class].iter().all(name);
    named && end > 0 && rest[0].is_ascii_alphabetic() && rest.get(end) == Some(&b'(')
}

/// Whether a word is what a secret is called.
pub fn is_secret_name(word: &[u8]) -> bool {
    SECRET_NAMES.iter().any(|name| word == name.as_bytes())
}

/// Words people put where a password goes in documentation and tests.
const SAMPLES: &[&str] = words!("samples");

/// Whether the value is such a sample word.
pub fn is_sample(value: &[u8]) -> bool {
    SAMPLES.iter().any(|w| value.eq_ignore_ascii_case(w.as_bytes()))
}

/// The fewest bytes of a value in prose that a person chose.
const MARKED_BYTES_MIN: usize = 6;

/// Whether a value in prose has what its words have not: a digit behind or among letters (`hunter2`), a sign inside
/// (`kT9;x!Qq`, `124@34$1`), or the look of what is drawn. Words joined by signs have not, nor has a setting, an address or a
/// path.
pub fn is_marked(value: &[u8]) -> bool {
    let ends = value.iter().rposition(|b| !matches!(b, b'.' | b',' | b';' | b':' | b')')).map_or(0, |i| i + 1);
    let value = &value[..ends];
    // No number has such a sign inside.
    let sign = |b: &u8| matches!(b, b'!' | b'@' | b'$' | b'^' | b'&' | b'*');
    let letters = value.iter().any(u8::is_ascii_alphabetic)
        || value.iter().any(u8::is_ascii_digit)
            && value.get(1..value.len().saturating_sub(1)).is_some_and(|s| s.iter().any(sign));
    // A setting, or a path.
    let pair =
        value[..value.len().saturating_sub(2)].contains(&b'=') || value.starts_with(b"/") || value.starts_with(b"0x");
    let joined = value.iter().any(|b| matches!(b, b'/' | b'=' | b':' | b'.' | b'-' | b'_' | b'(' | b'<' | b'[' | b'{'));
    value.len() >= MARKED_BYTES_MIN
        && letters
        && !pair
        && if joined {
            random::has_marks(value)
        } else {
            value.iter().any(u8::is_ascii_digit) || random::has_marks(value) || is_camel(value)
        }
}

/// `CorrectHorse`, `aNiceKey`: words that are written together, as no sentence has them.
fn is_camel(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_alphabetic)
        && value.windows(2).any(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::{is_code_reference, is_foreign_label, is_label, is_marked, is_message, is_sample, is_status};

    #[test]
    fn labels() {
        for text in ["Confirm password", "Nueva contraseña", "Изменить пароль", "密码", "Mot de passe oublié ?"]
        {
            assert!(is_label(text.as_bytes()), "{text}");
        }
        for text in [
            "password",
            "Password",
            "my password",
            "Hunter2 password",
            "Summer, old password: Winter",
            "Correct horse",
            "Contraseña",
            "",
        ] {
            assert!(!is_label(text.as_bytes()), "{text}");
        }
        assert!(is_foreign_label("Nueva contraseña".as_bytes()) && !is_foreign_label(b"Summer is a bad password"));
        assert!(!is_foreign_label(b"Meine Resenha"));
    }

    #[test]
    fn marks_tell_values_from_prose() {
        for text in ["hunter2", "WeakPassword123", "CorrectHorse", "aNiceKey", "kT9;x!Qq7Z", "kT9xQQ7kT9xQQ7kT9xQQ"] {
            assert!(is_marked(text.as_bytes()), "{text}");
        }
        for text in [
            "required",
            "expired.",
            "10.0.0.5",
            "v2",
            "/etc/x",
            "a=b",
            "protostack=xfrm",
            "0x7fdfe970b250",
            "policy-v2",
            "YES)",
            "Password",
            "12345678",
        ] {
            assert!(!is_marked(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn prose_code_and_samples() {
        assert!(is_status(b"required.") && !is_status(b"hunter2"));
        assert!(is_code_reference(b"settings.GITHUB_API_SECRET") && is_code_reference(b"this.state.password"));
        assert!(!is_code_reference(b"summer.winter") && !is_code_reference(b"password"));
        assert!(is_code_reference(b"System.Security.SecureString") && !is_code_reference(b"Summer.Winter"));
        assert!(is_message(b"is too short (minimum is 8 characters)") && is_message(b"This field is required."));
        assert!(!is_message(b"correct horse battery staple") && !is_message(b"is too sh0rt 4 me"));
        assert!(is_sample(b"ChangeMe") && !is_sample(b"changeme1"));
    }
}
