//! Values that are no secret: masks, stand-ins, references, nothing.

/// The longest value looked at; longer ones are no placeholder.
const PLACEHOLDER_BYTES_MAX: usize = 96;

/// Whether the *whole* value is empty or a word for nothing, a reference to a variable, a template,
/// a mask, or a stand-in such as `<password>` or `YOUR_API_KEY`. A mask with more value bytes
/// behind it is none of them.
pub fn is_placeholder(value: &[u8]) -> bool {
    let v = value.trim_ascii();
    if v.is_empty() {
        return true;
    }
    if v.len() > PLACEHOLDER_BYTES_MAX {
        return false;
    }
    is_nothing(v) || is_mask(v) || is_reference(v) || is_stand_in(v)
}

fn is_nothing(v: &[u8]) -> bool {
    const NOTHING: [&str; 12] =
        ["null", "nil", "none", "undefined", "true", "false", "(null)", "n/a", "na", "(empty)", "empty", "-"];
    NOTHING.iter().any(|w| v.eq_ignore_ascii_case(w.as_bytes()))
        || *v == *b"NULL::text"
        || matches!(v, b"0" | b"1")
        || (v.len() <= 3 && v.iter().all(|b| b.is_ascii_punctuation() && *b == v[0]))
}

/// Whether the whole value is what a redactor leaves behind, this one or another.
pub fn is_mask(v: &[u8]) -> bool {
    const WORDS: [&str; 13] = [
        "redacted",
        "filtered",
        "masked",
        "hidden",
        "removed",
        "secret removed",
        "scrubbed",
        "sanitized",
        "protected",
        "censored",
        "sensitive",
        "elided",
        "obfuscated",
    ];
    if v.len() >= 3 && v.iter().all(|b| matches!(b, b'*' | b'x' | b'X' | b'y' | b'.' | b'#' | b'-' | b'_')) {
        let first = v[0];
        return v.iter().all(|b| *b == first);
    }
    if v.iter().all(|b| *b == 0xE2 || *b == 0x80 || *b == 0xA2) {
        return true; // bullets
    }
    let inner = strip_brackets(v);
    // `[REDACTED:rule-id]`, `REDACTED-rule-id`, `<redacted>`, `[FILTERED]`, `***redacted***`
    let bare = inner.trim_ascii_start();
    let bare = trim_stars(bare);
    WORDS.iter().any(|w| match bare.get(..w.len()) {
        Some(head) if head.eq_ignore_ascii_case(w.as_bytes()) => {
            let tail = &bare[w.len()..];
            tail.is_empty() || (label_tail(tail) && (inner.len() < v.len() || tail[0] == b'-'))
        }
        _ => false,
    })
}

/// What may follow the word inside a label: `:rule-id`, `:rule-id:key:tag`, `-rule-id`.
fn label_tail(tail: &[u8]) -> bool {
    matches!(tail[0], b':' | b'-' | b' ' | b'_')
        && tail.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b':' | b'-' | b' ' | b'_'))
}

fn trim_stars(mut v: &[u8]) -> &[u8] {
    while let [b'*', rest @ ..] = v {
        v = rest;
    }
    while let [rest @ .., b'*'] = v {
        v = rest;
    }
    v
}

fn strip_brackets(v: &[u8]) -> &[u8] {
    match v {
        [b'[', inner @ .., b']'] | [b'<', inner @ .., b'>'] | [b'(', inner @ .., b')'] | [b'{', inner @ .., b'}'] => {
            inner
        }
        _ => v,
    }
}

/// `${VAR}`, `$VAR`, `$(cmd)`, `{{ template }}`, `<%= x %>`, `%(var)s`, `#{x}`, `%VAR%`, `$$VAR`.
fn is_reference(v: &[u8]) -> bool {
    let name = |s: &[u8]| {
        let s = s.trim_ascii();
        !s.is_empty()
            && s.iter().all(|b| {
                b.is_ascii_alphanumeric()
                    || matches!(b, b'_' | b'.' | b' ' | b'-' | b'/' | b'(' | b')' | b'|' | b'[' | b']' | b'\'')
            })
    };
    let word =
        |s: &[u8]| !s.is_empty() && !s[0].is_ascii_digit() && s.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    match v {
        [b'$', b'$', rest @ ..] if is_reference_body(rest, name, word) => true,
        [b'$', rest @ ..] if is_reference_body(rest, name, word) => true,
        [b'{', b'{', inner @ .., b'}', b'}'] => name(inner),
        [b'<', b'%', inner @ .., b'%', b'>'] => name(inner.strip_prefix(b"=").unwrap_or(inner)),
        [b'%', b'(', inner @ .., b')', b's'] | [b'#', b'{', inner @ .., b'}'] => name(inner),
        [b'%', b'{', inner @ .., b'}'] => name(inner),
        [b'%', inner @ .., b'%'] => word(inner),
        [b'{', inner @ .., b'}'] => word(inner.trim_ascii()),
        [b'$', digit] if digit.is_ascii_digit() || matches!(digit, b'@' | b'*' | b'#') => true,
        [b'@', b'@', inner @ .., b'@', b'@'] => word(inner),
        _ => v.starts_with(b"!Ref") || v.starts_with(b"!ImportValue") || v.starts_with(b"!GetAtt"),
    }
}

fn is_reference_body(rest: &[u8], name: impl Fn(&[u8]) -> bool, word: impl Fn(&[u8]) -> bool) -> bool {
    match rest {
        [b'{', b'{', inner @ .., b'}', b'}'] | [b'{', inner @ .., b'}'] => {
            name(inner) || default_is_placeholder(inner, word)
        }
        [b'(', inner @ .., b')'] => name(inner),
        // `$VAR`, but not a password that begins with a dollar sign: variables are in one case.
        _ => word(rest) && (upper(rest) || lower(rest)) && !rest.iter().any(u8::is_ascii_digit),
    }
}

/// `VAR:-default` with a default that is itself no secret.
fn default_is_placeholder(inner: &[u8], word: impl Fn(&[u8]) -> bool) -> bool {
    let Some(i) = inner.windows(2).position(|w| matches!(w, b":-" | b":=" | b":?")) else { return false };
    let default = &inner[i + 2..];
    word(&inner[..i])
        && (default.is_empty() || matches!(default, [b'$', rest @ ..] if rest.iter().all(u8::is_ascii_alphanumeric)))
}

fn upper(v: &[u8]) -> bool {
    !v.iter().any(u8::is_ascii_lowercase)
}

fn lower(v: &[u8]) -> bool {
    !v.iter().any(u8::is_ascii_uppercase)
}

/// `YOUR_API_KEY`, `your-token-here`, `<password>`, `[your secret]`.
fn is_stand_in(v: &[u8]) -> bool {
    let wordy = |s: &[u8]| s.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b' ' | b'.'));
    if let [b'<', inner @ .., b'>'] = v {
        return !inner.is_empty() && wordy(inner);
    }
    let begins = |w: &str| v.len() > w.len() && v[..w.len()].eq_ignore_ascii_case(w.as_bytes());
    (begins("your_") || begins("your-") || begins("your ") || begins("my_secret_")) && wordy(v)
        || begins("insert_your_") && wordy(v)
        || begins("replace_with_") && wordy(v)
}

/// Whether the part of a token behind its literal cannot be real: a run of one sign, or hardly any
/// different ones.
pub fn is_filler(variable: &[u8]) -> bool {
    let mut seen = [false; 256];
    let mut distinct = 0;
    let mut run = 0;
    let mut longest = 0;
    let mut last = None;
    for &b in variable {
        if !seen[usize::from(b)] {
            seen[usize::from(b)] = true;
            distinct += 1;
        }
        run = if last == Some(b) { run + 1 } else { 1 };
        last = Some(b);
        if matches!(b, b'x' | b'X' | b'*' | b'.') {
            longest = longest.max(run);
        }
    }
    distinct < 5 || longest >= 8
}

#[cfg(test)]
mod tests {
    use super::{is_filler, is_mask, is_placeholder};

    #[test]
    fn placeholders_stay() {
        for text in [
            "",
            " ",
            "null",
            "None",
            "TRUE",
            "********",
            "xxxx",
            "<redacted>",
            "[FILTERED]",
            "REDACTED",
            "[REDACTED:github-pat]",
            "[REDACTED:password:k1:0011223344556677]",
            "REDACTED-url-password",
            "${VAR}",
            "$VAR",
            "$password",
            "$$password",
            "{{ template }}",
            "${{ steps.x }}",
            "<%= x %>",
            "%(pw)s",
            "YOUR_API_KEY",
            "your-token-here",
            "<password>",
            "{password}",
            "***redacted***",
        ] {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn values_do_not() {
        for text in [
            "hunter2",
            "[REDACTED:x]realsecret",
            "********tail",
            "$ecret1",
            "changeme",
            "admin",
            "redacted1!",
            "${VAR:-hunter2}",
            "$2b$12$abcdefghij",
            "<password>x",
            "xxxxy",
            "REDACTED:Hunter2",
        ] {
            assert!(!is_placeholder(text.as_bytes()), "{text}");
        }
        assert!(!is_mask(b"hunter2"));
    }

    #[test]
    fn fillers() {
        assert!(is_filler(b"xxxxxxxxxxxxxxxxxxxx"));
        assert!(is_filler(b"12312312312312312312"));
        assert!(!is_filler(b"0a1b2c3d4e5f"));
    }
}
