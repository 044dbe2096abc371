//! Where Rust services log: one file for each crate that they log through, each behind the feature of that crate's name.
//!
//! An adapter owns no rule and no mask: it cuts what passes into records and hands them to [`Records`](crate::Records) or
//! a [`Stream`](crate::Stream). None prints, none panics on input, and an error of what it stands before passes through.
//! Nothing imports an adapter but the library's door.

#[cfg(feature = "codec")]
pub mod codec;
#[cfg(feature = "tracing")]
mod event;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "serde_json")]
pub mod serde_json;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "tracing")]
pub mod tracing;
