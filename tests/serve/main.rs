//! The sidecar as a process of its own, with real sockets around it.

mod flow;
mod kit;
