//! `exec`: a program run with its output masked.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args as Group;
use signal_hook::low_level::emulate_default_handler;

use super::args::Args;
use super::failure::{self, Failure};
use super::names::When;
use super::setup;
use crate::edge::exec::drain::Limits;
use crate::edge::exec::ending::{ExitMap, How, ending};
use crate::edge::exec::{self, Begun, Fault, Outcome, Plan};
use crate::edge::pipe::Trouble;

/// Wrong options.
const USAGE: u8 = 64;
/// An output that could not be written, of a program that ended well.
const OUTPUT: u8 = 74;
/// A wrong configuration or rule.
const CONFIGURATION: u8 = 78;
/// The program cannot be run.
const NOT_RUN: u8 = 126;
/// There is no such program.
const NOT_FOUND: u8 = 127;

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

/// Whether the command line asks for this, right or wrong: its failures have codes of their own.
pub fn is_asked(mut given: impl Iterator<Item = OsString>) -> bool {
    given.by_ref().skip(1).take_while(|word| word != "--").any(|word| word == "exec")
}

/// Says why it failed, if it did, and gives the exit code.
pub fn end(result: Result<u8, Failure>) -> u8 {
    match result {
        Err(Failure::Clap(e)) if e.use_stderr() => {
            let _ = e.print();
            USAGE
        }
        Err(Failure::Said(failure::USAGE | failure::INPUT, why)) => {
            failure::end(Err(Failure::Said(CONFIGURATION, why)))
        }
        other => failure::end(other),
    }
}

/// Runs the program to its end.
///
/// # Errors
/// A wrong configuration, a program that cannot be run.
pub fn run(args: &Args, given: &Exec) -> Result<u8, Failure> {
    let redactor = setup::built(setup::masked(args)?)?;
    redactor.outlive();
    setup::tell_found(&args.choice, &redactor);
    let mut command = given.command.iter().cloned();
    let plan = Plan {
        program: command.next().unwrap_or_default(),
        arguments: command.collect(),
        terminal: match given.tty {
            When::Auto => exec::terminal_wanted(),
            When::Always => true,
            When::Never => false,
        },
        single: given.single,
        init: given.init,
        kill_after: given.kill_after,
        drain: Limits { idle: given.drain_idle, total: given.drain },
        assume_bytes: given.assume_bytes,
    };
    let outcome = exec::run(&plan, &redactor).map_err(|begun| unbegun(begun, &plan))?;
    let code = told(&outcome);
    match ending(outcome.how, &given.exit_map, std::process::id() == 1) {
        How::Code(0) => Ok(code),
        How::Code(_) if code == failure::INTERNAL => Ok(code),
        How::Code(code) => Ok(code),
        How::Signal(signal) => {
            // What none may send itself has its code alone.
            let _ = emulate_default_handler(signal);
            Ok(outcome.how.code())
        }
    }
}

fn unbegun(begun: Begun, plan: &Plan) -> Failure {
    let name = plan.program.to_string_lossy();
    match begun {
        Begun::Unready(what, e) => Failure::Said(failure::INTERNAL, format!("{what}: {e}")),
        Begun::Unstarted(e) if e.kind() == std::io::ErrorKind::NotFound => {
            Failure::Said(NOT_FOUND, format!("{name}: there is no such program"))
        }
        Begun::Unstarted(e) => Failure::Said(NOT_RUN, format!("{name}: it cannot be run: {e}")),
    }
}

/// Says what a reader would not expect, and gives the code of what went wrong.
fn told(outcome: &Outcome) -> u8 {
    let mut code = failure::OK;
    for fault in &outcome.faults {
        match fault {
            Fault::Internal => code = failure::INTERNAL,
            Fault::Stream(name, trouble) => {
                let why = match trouble {
                    Trouble::Read(e) => format!("cannot read it: {e}"),
                    Trouble::Write(e) => format!("cannot write: {e}"),
                    Trouble::Refused(wide) => format!("{wide}"),
                };
                failure::say(format!("{name}: {why}; it was closed, what left before is whole and masked"));
                code = if code == failure::INTERNAL { code } else { OUTPUT };
            }
        }
    }
    if outcome.cut {
        failure::say(format!(
            "the program ended, and something that it left behind still holds its output: closed after {} findings in \
             {} bytes (--drain)",
            outcome.tally.findings(),
            outcome.tally.bytes_in
        ));
    }
    code
}
