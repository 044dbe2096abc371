//! What is asked of a redactor: a choice of rules, one call for bytes at hand, reasons. Nothing below imports it.

pub mod builder;
pub mod explain;
mod oneshot;
#[cfg(feature = "cli")]
pub(crate) mod parallel;
pub mod records;
