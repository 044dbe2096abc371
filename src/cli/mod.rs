//! The command line: arguments and help, one file a subcommand. Not part of the library's promise.

pub mod args;
pub mod check;
pub mod completions;
pub mod config;
pub mod explain;
pub mod failure;
pub mod filter;
#[cfg(feature = "serve")]
mod fluent;
mod import;
pub mod judge;
pub mod man;
#[cfg_attr(not(feature = "serve"), allow(dead_code, reason = "the sidecar shows it"))]
mod print;
mod progress;
pub mod rules;
mod rules_check;
#[cfg(feature = "serve")]
pub mod serve;
mod setup;
#[cfg(feature = "serve")]
mod tables;
