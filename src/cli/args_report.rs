//! The options of reports.

use std::path::PathBuf;

use clap::{Args as Group, ValueHint};

use super::names::Format;

/// What is said at the end.
#[derive(Debug, Clone, Default, Group)]
#[command(next_help_heading = "Output")]
pub struct Reporting {
    /// At the end say what was done: counts by rule and family, records, bytes; never content
    #[arg(long, value_name = "FORMAT", env = "LOGVEIL_REPORT", hide_env = true)]
    pub report: Option<Format>,

    /// Where the report goes [default: standard error]; alone it means --report json
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, env = "LOGVEIL_REPORT_FILE", hide_env = true)]
    pub report_file: Option<PathBuf>,

    /// Let the report name the known values that were masked, by where they come from [default: false]
    ///
    /// Such as `--known-env DB_PASSWORD`, with how many masks held it. Names say what leaked, so that they stand in the
    /// report alone, never in what leaves.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, env = "LOGVEIL_REPORT_NAMES", hide_env = true)]
    pub report_names: Option<bool>,
}
