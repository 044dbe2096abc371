//! Requests to upstreams, and their answers.

pub mod pool;
mod wire;
