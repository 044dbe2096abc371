//! `man`: the manual page, made from the same text as the help.

use clap::CommandFactory;
use clap_mangen::Man;

use super::args::Args;
use super::completions::print;
use super::failure::Failure;

/// Prints the page, its subcommands behind it.
///
/// # Errors
/// When it cannot be written.
pub fn run() -> Result<u8, Failure> {
    let mut page = Vec::new();
    Man::new(Args::command()).render(&mut page).map_err(|e| Failure::output("standard output", &e))?;
    print(&page)
}
