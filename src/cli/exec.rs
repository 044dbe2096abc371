//! `exec`: a program run with its output masked.

use std::ffi::OsString;

use clap::CommandFactory;
use signal_hook::low_level::emulate_default_handler;

use super::args::Args;
use super::args_exec::Exec;
use super::failure::{self, Failure};
use super::known;
use super::names::When;
use super::report::report;
use super::setup;
use crate::edge::exec::drain::Limits;
use crate::edge::exec::ending::{How, ending};
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

/// Whether the command line asks for this, right or wrong: its failures have codes of their own.
pub fn is_asked(given: impl Iterator<Item = OsString>) -> bool {
    let asked = Args::command().ignore_errors(true).try_get_matches_from(given);
    asked.is_ok_and(|asked| asked.subcommand_name() == Some("exec"))
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
    let redactor = known::knowing(&args.known, &args.choice, setup::masked(args)?)?;
    known::listen(&args.known)?;
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
    let mut code = told(&outcome);
    if let Err(why) = report(args, &outcome.tally, &redactor) {
        failure::end(Err(why));
        code = if code == failure::OK { OUTPUT } else { code };
    }
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
