//! `--report`: what was done, at the end.

use std::fs::OpenOptions;
use std::io::{self, Write};

use super::args::{Args, Command};
use super::args_report::Reporting;
use super::failure::{self, Failure};
use super::names::Format;
use crate::edge::report::Report;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;

/// What is asked for, for what is to be done: of `exec` its own options come first.
pub fn asked(args: &Args) -> Reporting {
    let given = args.filter.reporting.clone();
    match &args.command {
        None => given,
        Some(Command::Exec(own)) => {
            let own = own.reporting.clone();
            Reporting {
                report: own.report.or(given.report),
                report_file: own.report_file.or(given.report_file),
                report_names: own.report_names.or(given.report_names),
            }
        }
        Some(_) => Reporting::default(),
    }
}

impl Reporting {
    fn format(&self) -> Option<Format> {
        self.report.or(self.report_file.as_ref().map(|_| Format::Json))
    }

    /// Whether known values are counted by name.
    ///
    /// # Errors
    /// Where no report would say it.
    pub fn names(&self) -> Result<bool, Failure> {
        match (self.report_names == Some(true), self.format()) {
            (true, None) => Err(Failure::usage(
                "--report-names lets a report name the known values that were masked: give --report or --report-file, too",
            )),
            (names, _) => Ok(names),
        }
    }
}

/// Says what was done, if that was asked for.
///
/// # Errors
/// When it cannot be said.
pub fn report(args: &Args, tally: &Tally, redactor: &Redactor) -> Result<(), Failure> {
    let asked = asked(args);
    let Some(format) = asked.format() else { return Ok(()) };
    let report = Report::new(tally, redactor).named(asked.names()?);
    let text = match format {
        Format::Text => report.text(),
        Format::Json => report.json(),
    };
    match &asked.report_file {
        None => _ = io::stderr().write_all(text.as_bytes()),
        Some(path) => OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .and_then(|mut f| f.write_all(text.as_bytes()))
            .map_err(|e| Failure::Said(failure::OUTPUT, format!("--report-file {}: {e}", path.display())))?,
    }
    Ok(())
}
