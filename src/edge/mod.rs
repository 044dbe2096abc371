//! The world: all that can block or fail at run time.

pub mod writer;
