//! Words that people write where a secret goes: `YOUR_API_KEY`, `SECRET_HERE`, `<password>`.

use super::prose::{is_secret_name, names_secret};
use crate::rules::words::{ByFirst, words};

/// How words that stand for a value begin, and how they end.
pub(super) const STAND_INS: &[&str] = words!("stand-ins");
const ENDS: &[&str] = words!("stand-in-ends");
/// What redactors write.
pub(super) const MASKS: &[&str] = words!("redactors-marks");
pub(super) static MASKS_BY_FIRST: ByFirst<{ MASKS.len() }> = ByFirst::new(MASKS);
static STAND_INS_BY_FIRST: ByFirst<{ STAND_INS.len() }> = ByFirst::new(STAND_INS);

/// `YOUR_API_KEY`, `your-token-here`, `SECRET_HERE`, `<password>`, `[your secret]`, `[printer serial number]`,
/// `{SQL Password}`.
pub(super) fn is_stand_in(v: &[u8]) -> bool {
    if names_itself(v) {
        return true;
    }
    if let [b'[', inner @ .., b']'] | [b'{', inner @ .., b'}'] = v
        && (inner.contains(&b' ') || v[0] == b'[')
    {
        return if inner.contains(&b' ') { wordy(inner) } else { is_called_secret(inner) };
    }
    if let [b'<', inner @ .., b'>'] = v {
        let inner = inner.strip_prefix(b"<").and_then(|inner| inner.strip_suffix(b">")).unwrap_or(inner);
        let numbered = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_'; // `<SECRET_001>`
        return !inner.is_empty() && (wordy(inner) || inner.contains(&b'_') && inner.iter().all(numbered));
    }
    if let Some(inner) = v.strip_prefix(b"&lt;").and_then(|v| v.strip_suffix(b"&gt;")) {
        return wordy(inner);
    }
    let begins = || STAND_INS_BY_FIRST.of(v).iter().any(|w| strip_word(v, w).is_some_and(|tail| !tail.is_empty()));
    wordy(v) && begins() || ends_so(v)
}

/// Whether the text ends as a stand-in does: `SECRET_HERE`, `sk_live_xxxx`, `API_TOKEN`; `stay_here` is a password like any other.
pub(super) fn ends_so(v: &[u8]) -> bool {
    let told = match v.last() {
        Some(b'x' | b'X' | b'*' | b'.' | 0xA6) => is_cut_short(v) || is_crossed(v) || is_hidden_pair(v),
        Some(b'A'..=b'Z') => is_variable(v) || is_taken_out(v),
        Some(b'>' | b']') => is_taken_out(v),
        _ => false,
    };
    if told {
        return true;
    }
    let ends = |w: &&str| match v.len().checked_sub(w.len()) {
        // Most values are told by one byte.
        Some(n) if n > 0 && v[n] == w.as_bytes()[0] => v[n..].eq_ignore_ascii_case(w.as_bytes()),
        _ => false,
    };
    ENDS.iter().any(ends)
        && (!v.iter().any(u8::is_ascii_lowercase) || names_secret(&v.to_ascii_lowercase()))
        && wordy(v)
}

/// `CLOUDFLARE_API_TOKEN`, `SEED_ADMIN_PASSWORD`: the name of a variable that has the secret; `MY_SUPER_SECRET_KEY` is one.
fn is_variable(v: &[u8]) -> bool {
    let capital = |b: &u8| b.is_ascii_uppercase() || *b == b'_';
    let Some(cut) = v.iter().rposition(|b| *b == b'_').filter(|_| v.iter().all(capital)) else { return false };
    let made_up = || v.split(|b| *b == b'_').any(|part| MADE_UP.iter().any(|word| part == word.as_bytes()));
    cut > 1 && is_secret_name(&v[cut + 1..].to_ascii_lowercase()) && !made_up()
}

/// `PASSWORD`, `API KEY`: what is to be filled in. Small letters are what people choose who choose badly.
#[inline]
pub fn is_word_for_it(v: &[u8]) -> bool {
    // Most values are told by one byte.
    if !v.last().is_some_and(u8::is_ascii_uppercase) {
        return false;
    }
    let mut parts = v.split(|b| matches!(b, b' ' | b'_' | b'-'));
    let last = parts.next_back().unwrap_or_default();
    last.len() <= WORD_BYTES_MAX
        && last.iter().all(u8::is_ascii_uppercase)
        && is_secret_name(&last.to_ascii_lowercase())
        && parts.all(|part| part == b"API" || part == b"SECRET")
}

/// `$PASSWORD_PLACEHOLDER_123$`, `[%PASSWORD_PLACEHOLDER%]`: one that says what it is, in capitals.
fn names_itself(v: &[u8]) -> bool {
    !v.iter().any(u8::is_ascii_lowercase) && memchr::memmem::find(v, b"PLACEHOLDER").is_some()
}

/// The longest word for a secret, in bytes.
const WORD_BYTES_MAX: usize = 10;

/// `key`, `root_token` in signs that say it is no value: what a secret is called.
pub(super) fn is_called_secret(inner: &[u8]) -> bool {
    let last = inner.rsplit(|b| matches!(b, b'_' | b'-')).next().unwrap_or_default();
    inner.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'-')) && is_secret_name(last)
}

/// `root:xxxx`: a user, and a mask for the rest.
fn is_hidden_pair(v: &[u8]) -> bool {
    let Some(colon) = v.iter().position(|b| *b == b':') else { return false };
    let (user, rest) = (&v[..colon], &v[colon + 1..]);
    colon > 0
        && user.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && rest.len() > LEFT_OUT_MIN
        && rest.iter().all(|b| *b == rest[0])
        && matches!(rest[0], b'x' | b'X' | b'*')
}

/// Words that only a secret has which somebody made up.
const MADE_UP: &[&str] = words!("words-of-made-up-secrets");

/// The fewest signs that stand for what is left out behind a prefix.
const LEFT_OUT_MIN: usize = 3;

/// `sk_live_xxxxxxxx`, `sk-...`, `hvs.XXXX`, `ghp_****`: what a provider's tokens begin with, and the rest left out.
fn is_cut_short(v: &[u8]) -> bool {
    let Some(&sign) = v.last() else { return false };
    let before_run = || &v[..v.iter().rposition(|b| *b != sign).map_or(0, |n| n + 1)];
    let (head, least) = match v.strip_suffix("\u{2026}".as_bytes()) {
        Some(head) => (head, 0),
        None => (before_run(), LEFT_OUT_MIN),
    };
    v.len() - head.len() >= least
        && (matches!(head.last(), Some(b'_' | b'-')) || sign != b'.' && head.last() == Some(&b'.'))
        && is_prefix(head)
}

/// `sk_live_`: what a provider's tokens begin with.
fn is_prefix(head: &[u8]) -> bool {
    let part = |part: &[u8]| part.len() <= 12 && part.iter().all(u8::is_ascii_alphabetic);
    head.first().is_some_and(u8::is_ascii_alphabetic) && head.split(|b| matches!(b, b'_' | b'-' | b'.')).all(part)
}

/// `ghp_REDACTED`, `tskey-<redacted>`, `eyREDACTED`: such a prefix, and a redactor's mark for the rest.
fn is_taken_out(v: &[u8]) -> bool {
    if is_jwt_taken_out(v) {
        return true;
    }
    let Some(cut) = v.iter().rposition(|b| matches!(b, b'_' | b'-')) else { return false };
    let mark = match &v[cut + 1..] {
        [b'<', inner @ .., b'>'] | [b'[', inner @ .., b']'] => inner,
        tail if tail.iter().all(u8::is_ascii_uppercase) => tail,
        _ => return false,
    };
    is_prefix(&v[..cut]) && MASKS.iter().any(|word| mark.eq_ignore_ascii_case(word.as_bytes()))
}

/// `eyREDACTED`: what a JSON Web Token begins with, and a mark in capitals.
fn is_jwt_taken_out(v: &[u8]) -> bool {
    let rest = v.strip_prefix(b"ey").map(|rest| rest.strip_prefix(b"J").unwrap_or(rest)).unwrap_or_default();
    rest.iter().all(u8::is_ascii_uppercase) && MASKS.iter().any(|word| rest.eq_ignore_ascii_case(word.as_bytes()))
}

/// `xxxPASSWDxxx`: a word in capitals between crosses.
fn is_crossed(v: &[u8]) -> bool {
    let inner = v.strip_prefix(b"xxx").and_then(|v| v.strip_suffix(b"xxx")).unwrap_or_default();
    !inner.is_empty() && inner.iter().all(u8::is_ascii_uppercase)
}

/// Letters and what joins words.
fn wordy(text: &[u8]) -> bool {
    text.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b' ' | b'.'))
}

/// What stands behind a word that the text begins with, in any case. Most texts are told from most words by their
/// first letter.
pub(super) fn strip_word<'a>(text: &'a [u8], word: &str) -> Option<&'a [u8]> {
    let first = text.first()?.to_ascii_lowercase() == word.as_bytes()[0];
    let (head, tail) = if first { text.split_at_checked(word.len())? } else { return None };
    head.eq_ignore_ascii_case(word.as_bytes()).then_some(tail)
}

#[cfg(test)]
mod tests {
    use super::ends_so;

    #[test]
    fn ends() {
        for text in [
            "ghp_REDACTED",
            "eyREDACTED",
            "eyJREDACTED",
            "tskey-<redacted>",
            "sk_live_xxxx",
            "xoxc-xxx",
            "hvs.XXXX",
            "xxxPASSWDxxx",
        ] {
            assert!(ends_so(text.as_bytes()), "{text}");
        }
        for text in [
            "ghp_redacted",
            "eyredacted",
            "eyHUNTER",
            "hunter2-<redacted>",
            "xxxhunterxxx",
            "fix_xx",
            "MY_SUPER_SECRET_KEY",
            "stay_here",
        ] {
            assert!(!ends_so(text.as_bytes()), "{text}");
        }
    }
}
