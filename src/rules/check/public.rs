//! Values whose form says what they are, and that it is no secret, whatever their key is called: a point in time, an object
//! as a program prints it, one of which most is masked already, a call, a command; and, behind what is no password's key, an
//! algorithm, an account, an address, a file, a version.

use super::names;
use crate::rules::words::words;

/// Algorithms, and what else their names are made of.
const ALGORITHMS: &[&str] = words!("algorithm-names");
const ALGORITHM_PARTS: &[&str] = words!("algorithm-parts");
/// What files of keys and certificates end with, and those that programs read, write and are made of.
const KEY_FILES: &[&str] = words!("key-files");
const FILES: &[&str] = words!("files");

/// Whether a value is no secret behind any key: `2024-05-07T10:11:12Z`, `android.os.Binder@7723299`, `sup3XXXXXXXXXorGG`.
pub fn is_public(value: &[u8]) -> bool {
    is_half_masked(value)
        || is_shortcut(value)
        || match value.first() {
            Some(b'0'..=b'9') => is_time(value),
            Some(b) if b.is_ascii_alphabetic() => {
                is_object(value) || is_call(value) || is_command(value) || names::is_described(value)
            }
            _ => false,
        }
}

/// `secrets.token_urlsafe(32)`: a function by its path, and what it is given.
fn is_call(value: &[u8]) -> bool {
    let [path @ .., b')'] = value else { return false };
    let Some(open) = memchr::memchr(b'(', path) else { return false };
    let name = |part: &[u8]| part.len() > 1 && part.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_');
    let (path, given) = (&path[..open], &path[open + 1..]);
    let argument = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b',' | b' ' | b'"' | b'\'' | b'=');
    path.contains(&b'.') && path.split(|b| *b == b'.').all(name) && given.iter().all(argument)
}

/// Programs that make secrets, or read them.
const PROGRAMS: &[&str] = words!("programs-for-secrets");

/// `openssl rand -hex 32`, `python -c "import secrets"`: a program and its flags, which makes a secret and is none.
fn is_command(value: &[u8]) -> bool {
    let name = value.iter().take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit()).count();
    if name < 2 || value.get(name) != Some(&b' ') {
        return false;
    }
    let flag = memchr::memmem::find(&value[name..], b" -").map(|at| at + name + b" -".len());
    let flagged = flag.and_then(|at| value.get(at)).is_some_and(|b| b.is_ascii_lowercase() || *b == b'-');
    flagged && is_program(&value[..name])
}

/// Whether it is a program that makes secrets, or reads them: `openssl`.
pub(super) fn is_program(name: &[u8]) -> bool {
    PROGRAMS.iter().any(|program| program.as_bytes() == name)
}

/// Whether a value names something that everybody may know, as a password might, too: `rsa-sha2-512`, `@bob:h.example`,
/// `0x1d14...`, `server.crt`.
pub fn is_name(value: &[u8]) -> bool {
    match value.strip_prefix(b"@") {
        Some(account) => is_account(account),
        None => {
            is_algorithm(value)
                || is_fingerprint(value)
                || is_digest(value)
                || is_chain_address(value)
                || is_pointer(value)
                || is_moved_chunk(value)
                || is_file(value)
                || is_release(value)
                || value.starts_with(b"~/")
        }
    }
}

/// `ctrl+shift+down`: keys of a keyboard.
fn is_shortcut(value: &[u8]) -> bool {
    const HELD: [&[u8]; 6] = [b"ctrl", b"cmd", b"alt", b"shift", b"meta", b"super"];
    // The sign behind the first key tells most values.
    let begins = |key: &&&[u8]| value.get(key.len()) == Some(&b'+') && value[..key.len()].eq_ignore_ascii_case(key);
    let keys = HELD.iter().find(begins).map(|key| &value[key.len()..]);
    keys.is_some_and(|keys| keys.iter().all(|b| b.is_ascii_alphabetic() || *b == b'+'))
}

/// The fewest signs in a row that are the masked part of a value, and the most bytes that are left at either end.
const MASKED_BYTES_MIN: usize = 6;
const SHOWN_BYTES_MAX: usize = 5;
/// The fewest stars before the only end that is shown, and the most bytes of it: `****************5J`.
const STARS_BYTES_MIN: usize = 12;
const END_BYTES_MAX: usize = 4;

/// `sup3XXXXXXXXXorGG`, `93*********`, `******************-b66c-f2db26efb20c`: masked but for its ends, or for the last parts of a UUID. A mask
/// with anything else behind it is a value.
fn is_half_masked(value: &[u8]) -> bool {
    // What is masked reaches over the middle.
    let middle = value.len().saturating_sub(1) / 2;
    let Some(mask) = value.get(middle).filter(|b| matches!(b, b'*' | b'x' | b'X' | b'#')) else { return false };
    let head = value[..middle].iter().rposition(|b| b != mask).map_or(0, |n| n + 1);
    let end = value[middle..].iter().position(|b| b != mask).map_or(value.len(), |n| middle + n);
    let (run, tail) = (end - head, &value[end..]);
    let shown = |len: usize| (1..=SHOWN_BYTES_MAX).contains(&len);
    let uuid = || tail.first() == Some(&b'-') && tail.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    let shown = shown(head) && (shown(tail.len()) || tail.is_empty() && *mask == b'*');
    let end_shown = head == 0 && *mask == b'*' && run >= STARS_BYTES_MIN && tail.len() <= END_BYTES_MAX;
    end_shown || run >= MASKED_BYTES_MIN && (shown || head == 0 && run >= tail.len() && uuid())
}

/// The longest point in time, in bytes: `2024-05-07T10:11:12.123456789+02:00`.
const TIME_BYTES_MAX: usize = 35;

/// `2024-05-07T10:11:12Z`: day and time.
fn is_time(value: &[u8]) -> bool {
    let form = |form: &[u8], text: &[u8]| {
        form.iter().zip(text).all(|(f, b)| if *f == b'0' { b.is_ascii_digit() } else { f == b })
    };
    let rest = |b: &u8| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'+' | b'-' | b'Z');
    let (day, Some(time)) = (value.get(..10), value.get(11..)) else { return false };
    day.is_some_and(|day| form(b"0000-00-00", day))
        && matches!(value[10], b'T' | b' ')
        && value.len() <= TIME_BYTES_MAX
        && time.len() >= 5
        && form(b"00:00", time)
        && time[5..].iter().all(rest)
}

/// `android.os.Binder@7723299`: a Java object's default text.
pub fn is_object(value: &[u8]) -> bool {
    let Some(at) = value.iter().position(|b| *b == b'@') else { return false };
    let (class, id) = (&value[..at], &value[at + 1..]);
    class.contains(&b'.')
        && class.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'$' | b'_'))
        && (1..=8).contains(&id.len())
        && id.iter().all(u8::is_ascii_hexdigit)
}

/// `ssh-ed25519`, `rsa-sha2-512`, `aes256-gcm@openssh.com`: parts that only such names have, and how long a key is.
fn is_algorithm(value: &[u8]) -> bool {
    let sign = |b: &u8| matches!(b, b'-' | b'_' | b'@' | b'.');
    let is = |words: &[&str], part: &[u8]| words.iter().any(|word| part.eq_ignore_ascii_case(word.as_bytes()));
    let part = |part: &[u8]| {
        part.len() <= 4 && part.iter().all(u8::is_ascii_digit) || is(ALGORITHMS, part) || is(ALGORITHM_PARTS, part)
    };
    value.iter().any(sign) && value.split(sign).all(part) && value.split(sign).any(|part| is(ALGORITHMS, part))
}

/// `using RSA key EC153802DF336B391FF524C0B3351105B4B8B06F`: a public key by its id, as GnuPG writes it, behind what sort
/// of key it is; `before` ends with the key.
pub fn is_id_of_key(before: &[u8], value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"0x").unwrap_or(value);
    let capital = |b: &u8| b.is_ascii_digit() || matches!(b, b'A'..=b'F');
    let Some(head) = before.strip_suffix(b" key") else { return false };
    let sort = head.rsplit(|b| matches!(b, b' ' | b'\t')).next().unwrap_or_default();
    matches!(digits.len(), 8 | 16 | 32 | 40 | 64)
        && digits.iter().all(capital)
        && ALGORITHMS.iter().any(|word| sort.eq_ignore_ascii_case(word.as_bytes()))
}

/// `ssh-ed25519 255 SHA256:s7xKcN4x...`: a host's key by its digest.
fn is_fingerprint(value: &[u8]) -> bool {
    let mut parts = value.split(|b| *b == b' ');
    parts.next().is_some_and(is_algorithm)
        && parts.any(|part| part.starts_with(b"SHA256:") || part.starts_with(b"MD5:"))
}

/// `sha256:b17758341647...`: what was digested cannot be had from it.
fn is_digest(value: &[u8]) -> bool {
    let hex = value.strip_prefix(b"sha256:").or_else(|| value.strip_prefix(b"sha512:")).unwrap_or_default();
    hex.len() >= 8 && hex.iter().all(u8::is_ascii_hexdigit)
}

/// `bob:h.example` behind an `@`: an account of Matrix.
fn is_account(value: &[u8]) -> bool {
    let Some(colon) = value.iter().position(|b| *b == b':') else { return false };
    let (local, host) = (&value[..colon], &value[colon + 1..]);
    let named = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'=' | b'/');
    let part = |part: &[u8]| !part.is_empty() && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
    !local.is_empty() && local.iter().all(named) && host.contains(&b'.') && host.split(|b| *b == b'.').all(part)
}

/// Whether a value is a file by the end of its name: `key.pem`, `server.crt`, `gizmo.mp4-6-seek1.js`, `deploy/.env`.
pub fn is_file(value: &[u8]) -> bool {
    let Some(dot) = value.iter().rposition(|b| *b == b'.') else { return false };
    let named = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'$');
    let ends = |end: &&str| value[dot + 1..].eq_ignore_ascii_case(end.as_bytes());
    dot > 0 && value[..dot].iter().all(named) && (KEY_FILES.iter().any(ends) || FILES.iter().any(ends))
}

/// `4.2.0`, `^4.2.0`: a version.
fn is_release(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"^").or(text.strip_prefix(b"~")).or(text.strip_prefix(b"v")).unwrap_or(text);
    let dots = text.iter().filter(|b| **b == b'.').count();
    dots > 1 && text.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

/// `0xb40000753ef1e230`, `binder:0xb40000753ef1e230`: where something lies in memory.
fn is_pointer(value: &[u8]) -> bool {
    let kind = value.iter().rposition(|b| *b == b':').map_or(0, |colon| colon + 1);
    let digits = value[kind..].strip_prefix(b"0x").unwrap_or_default();
    (1..=16).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_hexdigit)
        && value[..kind].iter().all(|b| b.is_ascii_alphabetic() || *b == b':')
}

/// The length of an ObjectId, in hexadecimal digits.
const OBJECT_ID_DIGITS: usize = 24;

/// `shard01_shard02_5e3cb78c7642d15658864428`: the session in which one shard of MongoDB hands a chunk to another, by both
/// their names and an ObjectId.
fn is_moved_chunk(value: &[u8]) -> bool {
    let mut parts = value.rsplit(|b| *b == b'_');
    let id = parts.next().unwrap_or_default();
    let shard = |name: &[u8]| {
        name.first().is_some_and(u8::is_ascii_alphabetic)
            && name.last().is_some_and(u8::is_ascii_digit)
            && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    id.len() == OBJECT_ID_DIGITS
        && id.iter().all(u8::is_ascii_hexdigit)
        && parts.next().is_some_and(shard)
        && parts.next().is_some_and(shard)
        && parts.next().is_none()
}

/// Whether a value is the address of an account on a chain, which is the end of its public key: `0x` and 40 hexadecimal
/// digits.
fn is_chain_address(value: &[u8]) -> bool {
    value.strip_prefix(b"0x").is_some_and(|hex| hex.len() == 40 && hex.iter().all(u8::is_ascii_hexdigit))
}

/// The fewest hexadecimal digits of a signature by a private key: Ed25519 has 128. What HMAC gives is no longer.
const SIGNATURE_DIGITS_MIN: usize = 128;

/// Whether a value can only be a signature that everybody is to check, not one that lets a request through.
pub fn is_signature(key: &[u8], value: &[u8]) -> bool {
    let hex = value.strip_prefix(b"0x").unwrap_or(value);
    key.len() >= 9
        && key[key.len() - 9..].eq_ignore_ascii_case(b"signature")
        && hex.len() >= SIGNATURE_DIGITS_MIN
        && hex.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::{is_name, is_public, is_signature};

    #[test]
    fn public_values() {
        for text in [
            "****************5J",
            "2024-05-07T10:11:12Z",
            "2024-05-07T10:11:12.123456789+02:00",
            "2024-05-07 10:11",
            "android.os.Binder@7723299",
            "sup3XXXXXXXXXorGG",
            "93*********",
            "secrets.token_urlsafe(32)",
            "openssl rand -hex 32",
            "string | undefined (min 8 chars)",
            "python -c \"import secrets\"",
            "ctrl+shift+down",
            "******************-b66c-f2db26efb20c",
            "ab################cd",
        ] {
            assert!(is_public(text.as_bytes()), "{text}");
        }
        for text in [
            "ssh-ed25519",
            "rsa-sha2-512",
            "ecdsa-sha2-nistp256",
            "aes256-gcm@openssh.com",
            "diffie-hellman-group14-sha1",
            "@bob:h.example",
            "key.pem",
            "srv-1.crt",
            "gizmo.mp4-6-seek1.js",
            "deploy/.env",
            "~/.app/release-priv.bin",
            "binder:0xb40000753ef1e230",
            "0x1d149e621d149e621d149e621d149e621d149e62",
            "^4.2.0",
            "shard01_shard02_5e3cb78c7642d15658864428",
            "atlas-x1-shard-0_atlas-x1-shard-1_5e3cb78c7642d15658864428",
            "sha256:b17758341647",
            "ssh-ed25519 255 SHA256:s7xKcN4xHXB9jLO8A00w8BuRNKO8wjcyPVGSE5MXCT0",
        ] {
            assert!(is_name(text.as_bytes()), "{text}");
        }
        assert!(is_signature(b"signature", "1d149e62".repeat(16).as_bytes()));
    }

    #[test]
    fn others_may_be_secrets() {
        for text in [
            "2024-05-07",
            "a.b(c)",
            "hunter2(x)",
            "correct horse-battery",
            "hunter2 --port 22",
            "summer -x",
            "correct horse -9",
            "XXXXXhunter2",
            "********tail",
            "************hunter2",
            "Correct::Horse",
            "sha256:hunter2x",
            "xxxxxxhunter",
            "********hunter2-",
            "hunter2x******9Kq7",
            "2024-05-07T10:11:12Zhunter2",
            "hunter2",
            "rsa",
            "sha-hunter2",
            "ssh-rsa-x9Kq2",
            "pass@7723299",
            "a.b@hunter2",
            "@hunter2",
            "@bob:hunter2",
            "1234567890123456",
            "1234-5678-9012",
            "exchange-2024",
            ".pem",
            "hunter2.x",
            "sk_live_5e3cb78c7642d15658864428",
            "rs0_5e3cb78c7642d15658864428",
            "rs0_rs1_5e3cb78c7642d15658864428x",
            "0x1d149e621d149e621d149e621d149e621d149e621d149e621d149e621d149e62",
        ] {
            assert!(!is_public(text.as_bytes()) && !is_name(text.as_bytes()), "{text}");
        }
        assert!(!is_signature(b"signature", "1d149e62".repeat(8).as_bytes()));
        assert!(!is_signature(b"token", "1d149e62".repeat(16).as_bytes()));
    }
}
