//! Bytes in, bytes out: no I/O, no clock, no async; cannot fail once rules are loaded.
//!
//! bytes -> records ([`stream`]) -> hits ([`gate`]) -> findings ([`scan`]) -> one span each
//! ([`resolve`], [`settle`]) -> masked bytes ([`redactor`]).

#[cfg(feature = "cli")]
pub(crate) mod ahead;
pub mod allow;
mod block;
pub mod builder;
mod card;
mod carry;
mod emit;
pub mod explain;
mod fence;
mod finding;
mod gate;
mod header;
mod keyed;
mod keys;
mod masks;
mod member;
mod memo;
mod notation;
mod oneshot;
pub mod redactor;
mod resolve;
mod ruleset;
mod scan;
mod scanner;
mod settle;
mod shape;
pub mod stream;
pub mod tally;
mod track;
mod triage;
mod userinfo;
mod verdicts;
mod weigh;
mod window;
pub(crate) mod wipe;

pub use finding::{Finding, Refusal, Refused, Weighed};
