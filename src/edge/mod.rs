//! The world: all that can block or fail at run time.

#[cfg(feature = "cli")]
pub mod ahead;
#[cfg(feature = "cli")]
mod attributes;
#[cfg(feature = "cli")]
mod binary;
#[cfg(feature = "cli")]
pub mod core;
#[cfg(feature = "cli")]
pub mod encoding;
#[cfg(feature = "cli")]
pub mod exec;
#[cfg(feature = "cli")]
pub mod files;
#[cfg(feature = "cli")]
pub mod form;
pub mod fragments;
#[cfg(all(feature = "cli", target_os = "linux"))]
mod held;
#[cfg(feature = "cli")]
pub mod in_place;
#[cfg(feature = "cli")]
pub mod journal;
#[cfg(feature = "cli")]
pub mod known;
#[cfg(feature = "cli")]
mod late;
#[cfg(feature = "cli")]
pub mod outbox;
#[cfg(feature = "cli")]
pub mod packing;
#[cfg(feature = "cli")]
pub mod patience;
#[cfg(feature = "cli")]
pub mod pipe;
#[cfg(feature = "cli")]
pub mod raw;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "serve")]
pub mod serve;
#[cfg(feature = "cli")]
pub mod signals;
#[cfg(feature = "cli")]
pub mod walk;
pub mod writer;
#[cfg(feature = "cli")]
pub mod wtf8;
