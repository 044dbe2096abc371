//! What can go wrong, as one sentence and an exit code; and what happens at a panic.

use std::fmt::Display;
use std::io;
use std::panic::{self, Location};

use crate::edge::{core, packing};

/// Nothing went wrong.
pub const OK: u8 = 0;
/// `--check` found something.
pub const FOUND: u8 = 1;
/// The options, the configuration or a rule are wrong, or an input's encoding is refused.
pub const USAGE: u8 = 2;
/// An input could not be read, or was left as it was; the others are done.
pub const INPUT: u8 = 3;
/// The output could not be written.
pub const OUTPUT: u8 = 4;
/// A fault in logveil itself.
pub const INTERNAL: u8 = 70;

/// The one of two exit codes that says more.
pub fn worse(a: u8, b: u8) -> u8 {
    let rank = |code: u8| [OK, FOUND, INPUT, USAGE, OUTPUT].iter().position(|c| *c == code);
    if rank(a) < rank(b) { b } else { a }
}

/// Why the command ends early.
#[derive(Debug)]
pub enum Failure {
    /// What clap has to say: an error, or the help that was asked for.
    Clap(Box<clap::Error>),
    /// An exit code and its reason.
    Said(u8, String),
    /// The reader of the output went away: no reason to complain.
    Closed,
}

impl Failure {
    /// Wrong options, configuration or rules.
    pub fn usage(why: impl Display) -> Failure {
        Failure::Said(USAGE, why.to_string())
    }

    /// Why, as text.
    pub fn why(self) -> String {
        match self {
            Failure::Said(_, why) => why,
            Failure::Clap(e) => e.to_string(),
            Failure::Closed => "the output is closed".into(),
        }
    }

    /// A named input that could not be read, or was refused.
    pub fn unread(name: impl Display, why: &io::Error) -> Failure {
        Failure::Said(unread(why), format!("{name}: {why}"))
    }

    /// A named input that cannot be read.
    pub fn input(name: impl Display, why: impl Display) -> Failure {
        Failure::Said(INPUT, format!("{name}: {why}"))
    }

    /// An output that cannot be written; a closed one is [`Failure::Closed`].
    pub fn output(name: impl Display, error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::Said(OUTPUT, format!("{name}: cannot write: {error}; what left before is whole and masked")),
        }
    }
}

/// The code for an input that could not be read: whether it was refused for what it is, or failed.
pub fn unread(why: &io::Error) -> u8 {
    if packing::is_refusal(why) { USAGE } else { INPUT }
}

/// Says why, if there is a why, and gives the exit code.
pub fn end(result: Result<u8, Failure>) -> u8 {
    match result {
        Ok(code) => code,
        Err(Failure::Closed) => OK,
        Err(Failure::Said(code, why)) => {
            say(why);
            code
        }
        Err(Failure::Clap(e)) => {
            // Help goes to standard output, which may be closed.
            let _ = e.print();
            u8::try_from(e.exit_code()).unwrap_or(USAGE)
        }
    }
}

/// A message on standard error.
pub fn say(what: impl Display) {
    use std::io::Write;
    let _ = writeln!(io::stderr().lock(), "logveil: {what}");
}

/// A message that begins with its place, so that editors find it.
pub fn say_plain(what: impl Display) {
    use std::io::Write;
    let _ = writeln!(io::stderr().lock(), "{what}");
}

/// Runs the command so that a panic shows no payload (it could hold input), writes nothing more
/// and ends with [`INTERNAL`].
pub fn guarded(command: impl FnOnce() -> u8 + panic::UnwindSafe) -> u8 {
    core::deny();
    panic::set_hook(Box::new(|info| say(fault(info.location()))));
    panic::catch_unwind(command).unwrap_or(INTERNAL)
}

fn fault(at: Option<&Location<'_>>) -> String {
    let place = at.map_or_else(|| "an unknown place".into(), ToString::to_string);
    format!(
        "internal error at {place} (version {}); nothing unmasked was written, the output ends early. Please report \
         this line",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::{INTERNAL, OK, fault, guarded};

    #[test]
    fn a_panic_has_a_code_and_shows_its_place_alone() {
        assert_eq!(guarded(|| panic!("payload")), INTERNAL);
        assert_eq!(guarded(|| OK), OK);
        let _ = std::panic::take_hook();
        let said = fault(Some(Location::caller()));
        assert!(said.contains("failure.rs"), "{said}");
    }
}
