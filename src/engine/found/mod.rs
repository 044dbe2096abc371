//! What was found: spans, never bytes.

pub mod allowed;
pub mod finding;
pub(crate) mod notes;
pub(crate) mod resolve;
pub mod tally;
