//! The secret in a URL or a DSN: its password, not the whole of it, which names hosts and users that logs are to show.

use memchr::memmem;

use crate::engine::known::secret::Secret;

/// What of a value is secret: all of it, or, of an address, its password as it is written and as it is meant. An address
/// without one has none.
pub fn secrets(value: Secret) -> Vec<Secret> {
    let text = value.bytes();
    if let Some(at) = memmem::find(text, b"://").filter(|at| is_scheme(&text[..*at])) {
        let rest = &text[at + 3..];
        let authority = &rest[..rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len())];
        // A password that holds a slash as it is ends at the last `@` all the same.
        let end = authority.iter().rposition(|b| *b == b'@').map(|end| (authority, end));
        let end = end.or_else(|| rest.iter().rposition(|b| *b == b'@').map(|end| (rest, end)));
        let password = end.and_then(|(within, end)| {
            let userinfo = &within[..end];
            userinfo.iter().position(|b| *b == b':').map(|colon| &userinfo[colon + 1..])
        });
        return password.filter(|password| !password.is_empty()).map(both).unwrap_or_default();
    }
    // `host=db password=x`, `Server=db;Password=x`
    let keyed = ["password=", "pwd="].iter().find_map(|key| {
        let at = text.windows(key.len()).position(|w| w.eq_ignore_ascii_case(key.as_bytes()))?;
        let begins = at == 0 || matches!(text[at - 1], b' ' | b';' | b'&' | b'?');
        let password = &text[at + key.len()..];
        let end = password.iter().position(|b| matches!(b, b' ' | b';' | b'&')).unwrap_or(password.len());
        begins
            .then(|| password[..end].trim_ascii())
            .map(|p| p.strip_prefix(b"'").map_or(p, |p| p.strip_suffix(b"'").unwrap_or(p)))
    });
    match keyed.filter(|password| !password.is_empty()) {
        Some(password) => vec![password.into()],
        None => vec![value],
    }
}

fn is_scheme(text: &[u8]) -> bool {
    let sign = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    (1..=20).contains(&text.len()) && text.iter().all(sign)
}

fn both(written: &[u8]) -> Vec<Secret> {
    let mut meant = Vec::with_capacity(written.len());
    let mut at = 0;
    while at < written.len() {
        let code = written.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        let code = code.filter(|_| written[at] == b'%').and_then(|two| u8::from_str_radix(two, 16).ok());
        meant.push(code.unwrap_or(written[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    let meant = Secret::from(meant);
    if meant.bytes() == written { vec![meant] } else { vec![written.into(), meant] }
}

#[cfg(test)]
mod tests {
    use super::secrets;

    #[test]
    fn of_an_address_the_password_alone() {
        for (value, expected) in [
            ("postgres://u:p4ss@h:5432/db?x=1", &["p4ss"][..]),
            ("redis://:p4ss@h", &["p4ss"]),
            ("amqp://u:a%2Fb@h/v", &["a%2Fb", "a/b"]),
            ("mysql://u:a/b@h/v", &["a/b"]),
            ("https://h/path@x", &[]),
            ("https://h/", &[]),
            ("https://u@h/", &[]),
            ("host=db user=u password=p4ss dbname=x", &["p4ss"]),
            ("Server=db;Password='p4ss';Other=1", &["p4ss"]),
            ("just a p4ss://word", &["just a p4ss://word"]),
            ("p4ss", &["p4ss"]),
        ] {
            let found: Vec<String> =
                secrets(value.into()).iter().map(|s| String::from_utf8(s.bytes().to_vec()).unwrap()).collect();
            assert_eq!(found, expected, "{value}");
        }
    }
}
