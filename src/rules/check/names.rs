//! Values that name something and are no secret by themselves: a resource, a file, who acted, a public key by its
//! fingerprint, a version.

use super::random;
use crate::rules::words::words;

/// What a reference to a secret that lies elsewhere begins with.
const REFERENCES: &[&str] = words!("secret-references");
/// Where systems keep files.
const FOLDERS: &[&str] = words!("system-folders");
/// What types are called.
const TYPES: &[&str] = words!("type-names");

/// Whether a value names something: `arn:aws:...`, `img/9f86.png`, `bob@h.example`, `0e:fc:5c:...`, `^9.0.0`.
pub fn is_name(value: &[u8]) -> bool {
    let has = |sign: u8| value.contains(&sign);
    is_ticket(value)
        || is_account_token(value)
        || is_version(value)
        || (has(b':') || has(b'/')) && is_resource(value)
        || has(b':') && (is_fingerprint(value) || is_numbered(value))
        || has(b'@') && is_address(value)
        || has(b'/') && is_file(value)
        || has(b'\\') && is_pattern(value)
}

/// How a public key of SSH begins.
const PUBLIC_KEYS: [&[u8]; 4] = [b"ssh-rsa AAAA", b"ssh-ed25519 AAAA", b"ssh-dss AAAA", b"ecdsa-sha2-nistp"];

/// Whether a value is a public key, `ssh-rsa AAAA...`, or where a file of the system's lies.
pub fn is_public(value: &[u8]) -> bool {
    PUBLIC_KEYS.iter().any(|key| value.starts_with(key)) || is_path(value)
}

/// Whether a value says where the secret lies: `op://vault/item/field`, `arn:aws:ssm:eu-1:1:parameter/db`.
pub fn is_reference(value: &[u8]) -> bool {
    // What Vault's audit log has in the secret's place.
    let digest =
        value.strip_prefix(b"hmac-sha256:").is_some_and(|hex| hex.len() == 64 && hex.iter().all(u8::is_ascii_hexdigit));
    digest
        || REFERENCES.iter().any(|scheme| value.starts_with(scheme.as_bytes()))
            && value.iter().all(u8::is_ascii_graphic)
}

/// `arn:aws:iam::1:user/bob`, `urn:uuid:...`: parts joined by colons.
fn is_resource(value: &[u8]) -> bool {
    let scope = b"aws4_request"; // what a signature is for: `AKIA.../20230608/eu-1/sts/aws4_request`
    value.ends_with(scope) && value.contains(&b'/')
        || (value.starts_with(b"arn:") || value.starts_with(b"urn:"))
            && value.iter().filter(|b| **b == b':').count() > 1
}

/// `id:263466287238`: which one it is.
fn is_numbered(value: &[u8]) -> bool {
    value.strip_prefix(b"id:").is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

/// The fewest pairs of digits in a fingerprint: MD5 has 16.
const PAIRS_MIN: usize = 8;

/// `0e:fc:5c:31:...`, `SHA256:x`: a digest as it is shown to be compared.
fn is_fingerprint(value: &[u8]) -> bool {
    let pair = |part: &[u8]| part.len() == 2 && part.iter().all(u8::is_ascii_hexdigit);
    let named = ["SHA256:", "SHA1:", "MD5:"].iter().any(|name| value.starts_with(name.as_bytes()));
    named || value.len() >= 3 * PAIRS_MIN - 1 && value.split(|b| *b == b':').all(pair)
}

/// `"issuerKeyHash":"0F80..."`: what a certificate calls the key that it speaks of.
pub fn is_digest_of_key(key: &[u8], value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_hexdigit)
        && ["keyhash", "keydigest", "keyfingerprint", "keysha"].iter().any(|end| ends_in(key, end.as_bytes()))
}

/// Whether `before` says that a key of 40 digits is called by its id: `X.509 cert 'kernel signing key: a55b8...'`.
pub fn is_id_of_key(before: &[u8], value: &[u8]) -> bool {
    value.len() == 40
        && value.iter().all(u8::is_ascii_hexdigit)
        && before.ends_with(b"signing key")
        && memchr::memmem::find(before, b"X.509 cert '").is_some()
}

/// `bob@h.example`, `i:0h.f|membership|1003@live.example`: an account.
fn is_address(value: &[u8]) -> bool {
    let Some(at) = value.iter().position(|b| *b == b'@') else { return false };
    let (local, host) = (&value[..at], &value[at + 1..]);
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-' | b'|' | b':' | b'#');
    let label = |l: &[u8]| {
        l.first().is_some_and(u8::is_ascii_alphanumeric) && l.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    let last = host.iter().rposition(|b| *b == b'.').map_or(0, |dot| dot + 1);
    !local.is_empty()
        && local.iter().all(plain)
        && last > 0
        && host.split(|b| *b == b'.').all(label)
        && host[last..].iter().all(u8::is_ascii_alphabetic)
}

/// The fewest letters of a part that reads as a word.
const WORD_BYTES_MIN: usize = 4;

/// `img/9f86d081.png`, `views/posts/123-2024/a1b2c3`: what stands between the slashes reads as words, or the last of
/// it as a file's name.
fn is_file(value: &[u8]) -> bool {
    if !value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b':' | b'=' | b'|'))
        || value.windows(2).any(|w| w == b"//")
    {
        return false;
    }
    let slash = value.iter().rposition(|b| *b == b'/').unwrap_or(0);
    let name = &value[slash + 1..];
    let ending = name.iter().rposition(|b| *b == b'.').filter(|dot| *dot > 0).map(|dot| &name[dot + 1..]);
    let file = ending.is_some_and(|e| {
        (1..=5).contains(&e.len()) && e[0].is_ascii_lowercase() && e.iter().all(u8::is_ascii_alphanumeric)
    });
    let whole = value.starts_with(b"/");
    let word = |part: &&[u8]| {
        part.len() >= WORD_BYTES_MIN
            && part
                .iter()
                .all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_') || whole && b.is_ascii_uppercase())
            && random::is_words(part)
    };
    let parts = value.split(|b| *b == b'/').filter(word).count();
    file || parts > 1 || whole && parts == 1 && value[1..].iter().all(|b| b.is_ascii_lowercase() || *b == b'-')
}

/// Whether a value is what a test is called: `TestX509Verify`, `tests/login.sh`, `auth::e2e_login2fa`.
pub fn is_test(value: &[u8]) -> bool {
    let begins = value.get(..4).is_some_and(|head| head.eq_ignore_ascii_case(b"test"));
    let joined = value.iter().any(|b| matches!(b, b'_' | b'/')) || value.windows(2).any(|w| w == b"::");
    (begins || joined)
        && value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'/' | b'.' | b':' | b'-'))
}

/// Whether a text is a name, its sign and a value, as a member of a printed object is: `fields={}`.
pub fn is_member(text: &[u8]) -> bool {
    let name = text.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')).count();
    name > 0 && text[0].is_ascii_alphabetic() && matches!(text[name..], [b'=', next, ..] if next != b'=')
}

/// Whether a value is a file where systems keep them: `/run/secrets/db`.
pub fn is_path(value: &[u8]) -> bool {
    let path = value.strip_prefix(b"/").unwrap_or_default();
    let folder = path.split(|b| *b == b'/').next().unwrap_or_default();
    path.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b'$' | b'{' | b'}'))
        && path.len() > folder.len() + 1
        && FOLDERS.iter().any(|name| folder == name.as_bytes())
        && (random::is_words(path) || path.contains(&b'$') && path.split(|b| *b == b'/').all(is_part))
}

/// `${USER}`, `.google_authenticator`: a part of a path, as is or filled in.
fn is_part(part: &[u8]) -> bool {
    part.starts_with(b"${") && part.ends_with(b"}") || random::is_words(part)
}

/// `NEST-2193577`: a project and a number.
fn is_ticket(value: &[u8]) -> bool {
    let letters = value.iter().take_while(|b| b.is_ascii_uppercase()).count();
    (2..=10).contains(&letters)
        && matches!(value.get(letters..), Some([b'-', digits @ ..]) if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

/// `builder-token-ndvtr`: what Kubernetes calls the secret that holds an account's token.
fn is_account_token(value: &[u8]) -> bool {
    const DRAWN: usize = 5;
    let Some((name, drawn)) = value.len().checked_sub(DRAWN).map(|cut| value.split_at(cut)) else { return false };
    let name = name.strip_suffix(b"-token-").unwrap_or_default();
    !name.is_empty()
        && name.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
        && drawn.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// `^9.0.0`, `>=1.2`: which versions will do.
fn is_version(value: &[u8]) -> bool {
    let signs = value.iter().take_while(|b| matches!(b, b'^' | b'~' | b'<' | b'>' | b'=')).count();
    let digits = value[signs..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let rest = &value[signs + digits..];
    (1..=2).contains(&signs)
        && value[signs..signs + digits].contains(&b'.')
        && (rest.is_empty() || rest[0] == b'-' && random::is_words(rest))
}

/// `\d{4}-\d{2}`: a pattern that says what values look like.
fn is_pattern(value: &[u8]) -> bool {
    value.windows(3).any(|w| w[0] == b'\\' && matches!(w[1], b'd' | b'w' | b's') && matches!(w[2], b'{' | b'+' | b'*'))
}

/// Whether a value begins with what says what values look like: `\w+/g`, `[0-9a-f]{36}`, `^AIza.+`, as in the text of a pattern, or
/// with the place where a tool puts what it tries: `^PASS^`.
pub fn begins_pattern(value: &[u8]) -> bool {
    let class =
        value.strip_prefix(b"[").and_then(|rest| rest.iter().position(|b| *b == b']').map(|end| rest.split_at(end)));
    if let Some((set, [b']', b'{' | b'+' | b'*', ..])) = class
        && set.windows(3).any(|w| w[1] == b'-' && w[0].is_ascii_alphanumeric() && w[2].is_ascii_alphanumeric())
    {
        return true;
    }
    if value.starts_with(b"^PASS^") || value.starts_with(b"^USER^") {
        return true;
    }
    // `^AIza.+`, `^[a-z]+$`
    let class = || value.ends_with(b"$") && value.iter().any(|b| matches!(b, b'[' | b'\\'));
    if value.starts_with(b"^") && (value.ends_with(b".+") || value.ends_with(b".*") || class()) {
        return true;
    }
    matches!(value, [b'\\', b'w' | b'd' | b's' | b'S' | b'W' | b'*' | b'.', b'+' | b'*' | b'{', ..])
}

/// Whether a value is its key in another spelling, `RESET_TOKENS = 'reset-tokens'`, or the last of a path, `mqtt/password`.
pub fn is_spelled_alike(key: &[u8], value: &[u8]) -> bool {
    if let Some(cut) = memchr::memrchr(b'/', value) {
        let word = |b: &u8| b.is_ascii_lowercase() || matches!(b, b'/' | b'_' | b'-');
        return cut > 1 && value.iter().all(word) && key.eq_ignore_ascii_case(&value[cut + 1..]);
    }
    let parted = |b: &u8| matches!(b, b'-' | b'_' | b'.');
    value.len() == key.len() && value.iter().any(parted) && ends_in(key, value) && ends_in(value, key)
}

/// Whether a bare value is a type's name, as in a signature or a help text: `String!`, `Option<String>`, `&str`.
pub fn is_type(value: &[u8]) -> bool {
    let name = value.strip_prefix(b"&").or(value.strip_prefix(b"*")).unwrap_or(value);
    let end = name.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let whole = match &name[end..] {
        [] | [b'!' | b'?' | b'[' | b'<' | b'|', ..] => true,
        [b'(', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    whole && TYPES.iter().any(|t| name[..end].eq_ignore_ascii_case(t.as_bytes()))
}

/// Whether a value is a type and what is said of it: `string | undefined`, `string (at least 8 characters)`.
pub fn is_described(value: &[u8]) -> bool {
    let end = value.iter().take_while(|b| b.is_ascii_lowercase()).count();
    matches!(&value[end..], [b' ', b'|' | b'(', ..]) && TYPES.iter().any(|t| value[..end] == *t.as_bytes())
}

/// Whether a value in capitals is what its key is called: `--password=PASSWORD`, `--api-key API_KEY`, `@password`.
pub fn is_metavariable(key: &[u8], value: &[u8]) -> bool {
    let bound = value.strip_prefix(b"@").or(value.strip_prefix(b":"));
    let name = bound.unwrap_or(value);
    let capitals = bound.is_some() || name.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    capitals
        && name.iter().filter(|b| b.is_ascii_alphabetic()).count() > 2
        && value.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'@' | b':'))
        && ends_in(key, name)
}

/// Whether a flag's value is the name of a variable for what the flag takes, `--password=NATS_PASSWORD`, or what a help text
/// calls it: `--password value`.
pub fn is_variable_for(key: &[u8], value: &[u8]) -> bool {
    if value == b"value" {
        return true;
    }
    let Some(cut) = value.iter().rposition(|b| *b == b'_') else { return false };
    let (head, last) = (&value[..cut], &value[cut + 1..]);
    let capitals = |part: &[u8]| part.len() > 1 && part.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    capitals(head) && capitals(last) && last.len() > 2 && ends_in(key, last)
}

/// Whether a value is a variable that is called as its key is: `accountKey = $accountKey`; or says what the key is called:
/// `password=name=password`.
pub fn is_own_variable(key: &[u8], value: &[u8]) -> bool {
    if value.strip_prefix(b"name=").is_some_and(|name| name == key) {
        return true;
    }
    let Some(name) = value.strip_prefix(b"$") else { return false };
    name.len() > 2 && name.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_') && ends_in(key, name)
}

/// How far around an access key's id its secret is looked for, before and behind it, in bytes.
pub const BESIDE_BYTES: (usize, usize) = (64, 128);

/// Whether an access key's id stands behind a key that says so and away from its secret: then it is who acted.
/// `before` and `behind` are what stands around it.
pub fn is_who_acted(before: &[u8], behind: &[u8]) -> bool {
    const BESIDE: &[&str] = words!("access-key-parts");
    let signs = before.iter().rev().take_while(|b| matches!(b, b'"' | b'\'' | b'\\' | b':' | b'=' | b' ')).count();
    let head = &before[..before.len() - signs];
    let own = head.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')).count();
    let key = letters(&head[head.len() - own..]);
    // `AWS_ACCESS_KEY_ID=`: the secret is on the next line.
    let says = signs > 0 && key.ends_with(b"keyid") && memchr::memmem::find(&key, b"aws").is_none();
    let beside = |text: &[u8]| BESIDE.iter().any(|part| memchr::memmem::find(text, part.as_bytes()).is_some());
    says && !beside(&letters(&head[..head.len() - own])) && !beside(&letters(behind))
}

/// Whether a value is what its key is called: `X-Subject-Token: X-Subject-Token`, `?token=TOKEN`.
pub fn is_called_as(key: &[u8], value: &[u8]) -> bool {
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    letters > 2 && value.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-')) && ends_in(key, value)
}

/// Whether the letters of `key` end in those of `end`, in any case.
fn ends_in(key: &[u8], end: &[u8]) -> bool {
    let mut back = key.iter().rev().filter(|b| b.is_ascii_alphabetic());
    let mut letters = end.iter().rev().filter(|b| b.is_ascii_alphabetic());
    letters.all(|b| back.next().is_some_and(|k| k.eq_ignore_ascii_case(b)))
}

/// A text's letters in small ones.
fn letters(text: &[u8]) -> Vec<u8> {
    text.iter().filter(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::{is_name, is_reference, is_type, is_who_acted};

    #[test]
    fn names() {
        for text in [
            "arn:aws:secretsmanager:eu-1:123456789012:secret:prod/db-a1B2c3",
            "urn:ietf:params:oauth:token-type:jwt9",
            "0e:fc:5c:31:86:2f:c6:da:bd:f6:74:a8:ea:c4:f0:64",
            "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",
            "10032001A96EF8F3@contoso.example",
            "i:0h.f|membership|10033fff8b7c8f8a@live.example",
            "2024/05/07/a1b2c3d4e5f6a7b8c9d0.json.gz",
            "img/9f86d081884c7d659a2feaa0c55ad015.png",
            "views/posts/123-20240507101112000000/a1b2c3d4e5f60718",
            "/Root/InventoryApplicationFile/1.exe|76107d26543873f9",
            "NEST-2193577",
            "^9.0.0",
            ">=1.2.0-beta.1",
            r"\d{4}-\d{2}",
        ] {
            assert!(is_name(text.as_bytes()), "{text}");
        }
        assert!(is_reference(b"op://vault/item/field") && !is_reference(b"hunter2"));
    }

    #[test]
    fn secrets_are_no_names() {
        for text in [
            "q8Zr1Lw0mXv93TbN",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzKEY",
            "a/b+c/dE9fGhIj8KlMn2oPqR==",
            "hunter2@home!",
            "https://hooks.example.com/hooks/catch/bJdWL5uSLdrqauDu",
            "p@ssw0rd",
            "aa:bb",
            "A1-B2-C3",
            "^secret9",
            "9f86d081-884c-4d65-9a2f-eaa0c55ad015",
            r"\dollar9",
        ] {
            assert!(!is_name(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn metavariables() {
        use super::is_metavariable;
        for (key, value) in
            [("password", "PASSWORD"), ("db-password", "PASSWORD"), ("apiKey", "API_KEY"), ("password", ":password")]
        {
            assert!(is_metavariable(key.as_bytes(), value.as_bytes()), "{value}");
        }
        assert!(!is_metavariable(b"password", b"password") && !is_metavariable(b"password", b"PASSWORD1"));
    }

    #[test]
    fn types() {
        for text in ["String!", "&str", "Option", "Optional[str", "string", "str"] {
            assert!(is_type(text.as_bytes()), "{text}");
        }
        assert!(!is_type(b"Str(hunter2") && is_type(b"varchar(255"));
        assert!(!is_type(b"strong") && !is_type(b"string1") && !is_type(b"str.x"));
    }

    #[test]
    fn who_acted_is_told_from_a_pair_of_keys() {
        assert!(is_who_acted(br#"{"accessKeyId":""#, br#"","userName":"bob"}"#));
        assert!(is_who_acted(b"sourceIP=203.0.113.9 access_key_id=", b" op=GET"));
        assert!(!is_who_acted(br#"{"accessKeyId":""#, br#"","secretAccessKey":""#));
        assert!(!is_who_acted(br#"{"SecretAccessKey":"x","AccessKeyId":""#, b"\"}"));
        assert!(!is_who_acted(b"AWS_ACCESS_KEY_ID=", b""));
        assert!(!is_who_acted(b"signed by ", b" in eu"));
    }
}
