//! What is asked for, and why it may not be had.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use super::drain::Limits;

/// What is to be run, and how.
pub struct Plan {
    /// The program, looked for in `PATH`.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Whether it is to have a terminal of its own, which is ours passed on.
    pub terminal: bool,
    /// Signals go to the program alone instead of to its group.
    pub single: bool,
    /// Children of children whose parents ended are taken in and reaped. As process 1 they come in any case.
    pub init: bool,
    /// How long after a signal that asks to end the program is killed.
    pub kill_after: Option<Duration>,
    /// How long what it left behind may write on once it ended.
    pub drain: Limits,
    /// Output that looks like UTF-16 is masked as bytes instead of refused.
    pub assume_bytes: bool,
}

/// Why nothing runs.
#[derive(Debug)]
pub enum Begun {
    /// The program cannot be run.
    Unstarted(io::Error),
    /// We lack something ourselves.
    Unready(&'static str, io::Error),
}
