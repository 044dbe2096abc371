//! Senders of the forward protocol: what [`fluent`](super::fluent) says, on connections.

pub mod connection;
pub mod heartbeat;
