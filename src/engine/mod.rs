//! Bytes in, bytes out: no I/O, no clock, no async; cannot fail once rules are loaded.
//!
//! bytes -> batches of records ([`stream`]) -> candidates ([`prefilter`]) -> rejected, or judged within their record
//! ([`scan`], [`detect`]) -> findings ([`found`]) -> masked bytes ([`mask`]).
//!
//! A folder answers one question and imports only from those below it:
//!
//! | folder | question |
//! |---|---|
//! | [`api`] | what is asked of a redactor, and in which form? |
//! | [`stream`] | where do records begin and end? |
//! | [`scan`] | what of a record is looked at, and how often? |
//! | [`detect`] | is a candidate a secret? one file a detector |
//! | [`keys`] | which keys are a secret's, and which of their values are? |
//! | [`mask`] | what stands in place of a secret? |
//! | [`found`] | what was found, where, how often? |
//! | [`notation`] | how do programs write key and value? |
//! | [`prefilter`] | where may a secret be? |
//! | [`known`] | which secrets were given, and where do they stand? |

pub mod api;
pub mod detect;
pub mod footprint;
pub mod found;
pub mod keys;
pub mod known;
pub mod mask;
pub mod notation;
pub mod prefilter;
pub mod redactor;
pub mod scan;
pub mod shortcuts;
pub mod stream;
#[cfg(test)]
mod tests;
pub(crate) mod wipe;
