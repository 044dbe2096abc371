//! Names of variables that hold secrets, by patterns as shells have them.

use std::ffi::OsStr;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

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

/// Patterns that are whole names, whatever the case; `*` stands for any text. A `*_` in front also stands for nothing:
/// `*_TOKEN` is `TOKEN`, too.
#[derive(Clone, Default)]
pub struct Names {
    written: Vec<String>,
    set: GlobSet,
}

impl PartialEq for Names {
    fn eq(&self, other: &Names) -> bool {
        self.written == other.written
    }
}

impl Eq for Names {}

impl Names {
    /// These patterns.
    ///
    /// # Errors
    /// The first that is none, and why.
    pub fn new(written: Vec<String>) -> Result<Names, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in &written {
            for form in [Some(&**pattern), pattern.strip_prefix("*_")].into_iter().flatten() {
                let glob = GlobBuilder::new(form).case_insensitive(true).build();
                set.add(glob.map_err(|e| format!("`{pattern}`: {}", e.kind()))?);
            }
        }
        Ok(Names { set: set.build().map_err(|e| e.to_string())?, written })
    }

    /// Whether one of them is this name.
    pub fn has(&self, name: &OsStr) -> bool {
        self.set.is_match(name)
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn patterns_are_whole_names() {
        for (pattern, name, expected) in [
            ("*_TOKEN", "GITHUB_TOKEN", true),
            ("*_TOKEN", "token", true),
            ("*_TOKEN", "TOKENS", false),
            ("*_TOKEN", "MY_TOKEN_URL", false),
            ("*_TOKEN", "my/path_token", true),
            ("*_TOKEN", ".._TOKEN", true),
            ("DB_*_PASS*", "db_main_password", true),
            ("DB_*_PASS*", "db_password", false),
            ("*.KEY", "a.b.key", true),
            ("*", "", true),
            ("*", "a/b", true),
            ("A", "B", false),
            ("DB?_{USER,PASS}", "db2_pass", true),
            ("DB[12]", "DB3", false),
        ] {
            let names = Names::new(vec![pattern.to_owned()]).unwrap();
            assert_eq!(names.has(name.as_ref()), expected, "{pattern} {name}");
        }
        assert!(!Names::default().has("A".as_ref()));
    }

    #[test]
    fn what_is_no_pattern_is_said() {
        let why = Names::new(vec!["A".to_owned(), "B[".to_owned()]).err().unwrap_or_default();
        assert!(why.starts_with("`B[`: ") && why.contains("class"), "{why}");
    }
}
