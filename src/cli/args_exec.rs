//! The options of `exec`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args as Group;

use super::args_report::Reporting;
use super::names::When;
use crate::edge::exec::ending::ExitMap;

/// What `exec --help` says about exit codes.
pub const AFTER: &str = "\
Exit codes:
  The program's own. A signal that ended it ends logveil, too, which shells call 128 and its number; as
  process 1, where that cannot be, it is the code.
  64   wrong option               70   a fault in logveil itself
  74   an output could not be written, and the program ended with 0
  78   wrong configuration or rule
  126  the program cannot be run  127  there is none of that name
  Whatever goes wrong, nothing unmasked is written: a stream that cannot go on is closed, and the
  program's next write to it fails.

In a container:
  ENTRYPOINT [\"/logveil\", \"exec\", \"--\"]
  CMD [\"/app\"]
  As process 1 it reaps orphans, and passes on the signals that stop a container.";

/// What to run, and how.
#[derive(Debug, Group)]
pub struct Exec {
    /// The program and its arguments; standard input is its own
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true)]
    pub command: Vec<OsString>,

    /// Whether the program gets a terminal: auto where standard input and output are one
    ///
    /// It has the size, modes and keys of ours, and both its streams come through it. What a line has so far leaves after
    /// 25 ms of silence, up to where a secret could begin. Without one, both streams are pipes, or one pipe if they go
    /// to the same place, and whole lines leave at once.
    #[arg(long, value_name = "WHEN", default_value = "auto", env = "LOGVEIL_TTY", hide_env = true)]
    pub tty: When,

    /// Pass signals on to the program alone [default: to its process group]
    #[arg(long, env = "LOGVEIL_SINGLE", hide_env = true)]
    pub single: bool,

    /// Take in and reap the children of children, as process 1 does in any case
    #[arg(long, env = "LOGVEIL_INIT", hide_env = true)]
    pub init: bool,

    /// Kill the program when it lives so long after a signal that asks it to end [default: never]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, env = "LOGVEIL_KILL_AFTER", hide_env = true)]
    pub kill_after: Option<Duration>,

    /// Once the program ended, read what it left behind until nothing came for so long
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = time, env = "LOGVEIL_DRAIN_IDLE", hide_env = true)]
    pub drain_idle: Duration,

    /// The same, in all
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time, env = "LOGVEIL_DRAIN", hide_env = true)]
    pub drain: Duration,

    /// End with another code than the program's, such as 143:0; may be repeated
    #[arg(long, value_name = "FROM:TO", value_delimiter = ',', env = "LOGVEIL_EXIT_MAP", hide_env = true)]
    pub exit_map: Vec<ExitMap>,

    /// Mask as bytes what looks like UTF-16 instead of closing the stream; secrets in it stay
    #[arg(long)]
    pub assume_bytes: bool,

    /// What is said at the end; the last one, since options behind it would stand under its heading.
    #[command(flatten)]
    pub reporting: Reporting,
}

fn seconds(text: &str) -> Result<Duration, String> {
    time(&format!("{text}s"))
}

/// `500ms`, `5s`, `2.5s`.
fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1000.0),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    let time = number.parse::<f64>().ok().and_then(|n| Duration::try_from_secs_f64(n / unit).ok());
    time.ok_or_else(|| "it is a time, such as 500ms or 5s".into())
}
