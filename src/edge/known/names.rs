//! Names of variables that hold secrets.

/// The usual ones: Buildkite's list, and what else is in wide use. Compared without regard to case.
pub const DEFAULT: [&str; 21] = [
    "*_PASSWORD",
    "*_SECRET",
    "*_TOKEN",
    "*_PRIVATE_KEY",
    "*_ACCESS_KEY",
    "*_SECRET_KEY",
    "*_CONNECTION_STRING",
    "*_API_KEY",
    "*_PASSWD",
    "*_PASS",
    "*_PWD",
    "*_PASSPHRASE",
    "*_CREDENTIALS",
    "*_SECRETS",
    "*_TOKENS",
    "*_KEYS",
    "*_DSN",
    "*_URL",
    "*_URI",
    "*PASSWORD",
    "PASS*WORD*",
];

/// Whether one of the patterns, in which `*` stands for any text, is the whole name. A `*_` also stands for nothing:
/// `*_TOKEN` is `TOKEN`, too.
pub fn any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| {
        let alone = pattern.strip_prefix("*_").is_some_and(|rest| fits(rest.as_bytes(), name.as_bytes()));
        alone || fits(pattern.as_bytes(), name.as_bytes())
    })
}

/// Linear in both but for each star, at which it begins again.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(b) if b.eq_ignore_ascii_case(&name[n]) => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, n) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::any;

    #[test]
    fn patterns_are_whole_names() {
        for (pattern, name, expected) in [
            ("*_TOKEN", "GITHUB_TOKEN", true),
            ("*_TOKEN", "token", true),
            ("*_TOKEN", "TOKENS", false),
            ("*_TOKEN", "MY_TOKEN_URL", false),
            ("DB_*_PASS*", "db_main_password", true),
            ("DB_*_PASS*", "db_password", false),
            ("*", "", true),
            ("A", "B", false),
        ] {
            assert_eq!(any(&[pattern.to_owned()], name), expected, "{pattern} {name}");
        }
    }
}
