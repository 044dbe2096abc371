//! The forward protocol of Fluentd and Fluent Bit, in and out.
//!
//! Pure: [`incoming`] (bytes -> whole values of [`msgpack`]), [`message`] (a value -> its parts),
//! [`batch`], [`mask`] and [`text`] (records as JSON lines, judged by the engine, and back), [`relay`] (a
//! message -> the message that leaves), [`inflate`], [`handshake`], [`ack`]. [`greet`] shakes hands over a
//! connection. Who drives it is above: [`fluent_in`](super::fluent_in) (a sender), the upstreams of records,
//! and [`flight`](super::flight), which keeps a message until its receipt comes.

pub mod ack;
pub mod batch;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod cases;
pub mod fuzz;
pub mod greet;
pub mod handshake;
pub mod incoming;
pub mod inflate;
pub mod mask;
mod message;
pub mod msgpack;
#[cfg(test)]
mod oracle;
pub mod relay;
pub mod terms;
pub mod text;

/// Why something is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is no message, and why.
    Malformed(&'static str),
    /// It is more than a message may be.
    Large,
    /// More would come of what is compressed than may.
    Inflated,
}
