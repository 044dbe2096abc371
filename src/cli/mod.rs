//! The command line: arguments and help, one file a subcommand. Not part of the library's promise.

pub mod args;
pub mod args_exec;
pub mod args_known;
pub mod args_report;
#[cfg(feature = "serve")]
mod args_serve;
mod baseline;
pub mod check;
pub mod check_config;
pub mod completions;
pub mod config;
pub mod exec;
pub mod explain;
pub mod failure;
pub mod filter;
#[cfg(feature = "serve")]
mod fluent;
#[cfg(feature = "serve")]
mod http;
mod import;
pub mod judge;
pub mod known;
mod listing;
pub mod man;
pub mod names;
#[cfg(feature = "serve")]
mod plain;
#[cfg_attr(not(feature = "serve"), allow(dead_code, reason = "the sidecar shows it"))]
mod print;
mod progress;
mod report;
pub mod rules;
mod rules_check;
#[cfg(feature = "serve")]
pub mod serve;
mod setup;
#[cfg_attr(not(feature = "serve"), allow(dead_code, reason = "only the sidecar has tables"))]
mod tables;
