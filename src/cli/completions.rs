//! `completions SHELL`.

use std::io::{self, Write};

use clap::CommandFactory;

use super::args::Args;
use super::failure::{self, Failure};

/// Prints the shell's completion script.
///
/// # Errors
/// When it cannot be written.
pub fn run(shell: clap_complete::Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "logveil", &mut script);
    print(&script)
}

/// Writes to standard output.
///
/// # Errors
/// When that is not possible.
pub fn print(bytes: &[u8]) -> Result<u8, Failure> {
    let mut out = anstream::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|e: io::Error| Failure::output("standard output", &e))?;
    Ok(failure::OK)
}
