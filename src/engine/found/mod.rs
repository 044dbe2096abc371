//! What was found: spans, never bytes.

pub mod finding;
pub(crate) mod resolve;
pub mod tally;
