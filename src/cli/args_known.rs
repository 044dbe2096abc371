//! The options of known values.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as Group, ValueHint};

/// What `--known-env` means by itself.
pub const USUAL: &str = "usual";

/// Secrets that are known as such; for every subcommand that masks.
#[derive(Debug, Clone, Default, Group)]
#[command(next_help_heading = "Known values")]
pub struct Known {
    /// Mask the values of these variables wherever they stand, by comma, `*` for any text [alone: the usual names]
    ///
    /// The usual names are those of Buildkite (*_PASSWORD, *_SECRET, *_TOKEN, *_PRIVATE_KEY, *_ACCESS_KEY, *_SECRET_KEY,
    /// *_CONNECTION_STRING) and *_API_KEY, *_PASSWD, *_PASS, *_PWD, *_PASSPHRASE, *_CREDENTIALS, *_SECRETS, *_TOKENS,
    /// *_KEYS, *_DSN, *_URL, *_URI. Of a URL or a DSN it is the password. Known values are masked in all encodings
    /// (JSON, percent, XML, shells, source code, hexadecimal, base64) with or without a key, also where --allow or --except
    /// would let them stay. What is too short, a word, a placeholder or frequent in ordinary logs is refused and named.
    #[arg(long, global = true, value_name = "NAME", value_delimiter = ',', num_args = 0..=1, require_equals = true, default_missing_value = USUAL, value_hint = ValueHint::Other, env = "LOGVEIL_KNOWN_ENV", hide_env = true)]
    pub known_env: Vec<String>,

    /// Mask what a file holds, as one value without its last line end; may be repeated
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, env = "LOGVEIL_KNOWN_FILE", hide_env = true)]
    pub known_file: Vec<PathBuf>,

    /// Mask each line of a file; may be repeated
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, env = "LOGVEIL_KNOWN_LINES", hide_env = true)]
    pub known_lines: Vec<PathBuf>,

    /// Mask the values of a file of NAME=value lines; may be repeated
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, env = "LOGVEIL_KNOWN_DOTENV", hide_env = true)]
    pub known_dotenv: Vec<PathBuf>,

    /// Mask what each file of a folder holds, such as a mounted secret of Kubernetes; may be repeated
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::FilePath, env = "LOGVEIL_KNOWN_DIR", hide_env = true)]
    pub known_dir: Vec<PathBuf>,

    /// Mask each line that an open descriptor gives; may be repeated
    #[arg(long, global = true, value_name = "N", value_hint = ValueHint::Other)]
    pub known_fd: Vec<u32>,

    /// Take values while it runs from whoever has our user, on a Unix socket: `add NAME LENGTH`, a line end and the value, or `remove NAME`
    ///
    /// Each is answered by a line, `ok` or `refused: WHY`. For a filter, `serve` and `exec`.
    #[cfg(feature = "serve")]
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::FilePath, env = "LOGVEIL_KNOWN_SOCKET", hide_env = true)]
    pub known_socket: Option<PathBuf>,

    /// The fewest bytes of a value; below 8 it counts between other signs than letters and digits only [default: 6]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(4..=64), env = "LOGVEIL_KNOWN_MIN_BYTES", hide_env = true)]
    pub known_min_bytes: Option<u16>,

    /// End with 2 when a value is refused or cannot be read, before anything is masked [default: false]
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, env = "LOGVEIL_KNOWN_STRICT", hide_env = true)]
    pub known_strict: Option<bool>,

    /// How long `serve` knows a value that was replaced or went, such as 90s, 15m, 24h or 7d [default: 24h]
    #[arg(long, global = true, value_name = "TIME", value_parser = grace, value_hint = ValueHint::Other, env = "LOGVEIL_KNOWN_GRACE", hide_env = true)]
    pub known_grace: Option<Duration>,

    /// Whether masks are counted by the names of their values.
    #[arg(skip)]
    pub named: bool,
}

fn grace(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let each = match unit {
        "s" | "" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return Err("write a number and s, m, h or d, such as 24h".into()),
    };
    let seconds = number.parse::<u32>().map_err(|_| "write a number and s, m, h or d, such as 24h")?;
    Ok(Duration::from_secs(u64::from(seconds) * each))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::grace;

    #[test]
    fn times_have_units() {
        assert_eq!(grace("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(grace("24h"), Ok(Duration::from_secs(86_400)));
        assert!(grace("h").is_err() && grace("1w").is_err() && grace("").is_err());
    }
}
