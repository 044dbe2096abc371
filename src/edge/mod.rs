//! The world: all that can block or fail at run time.

#[cfg(feature = "cli")]
pub mod ahead;
#[cfg(feature = "cli")]
pub mod encoding;
#[cfg(feature = "cli")]
pub mod files;
#[cfg(feature = "cli")]
pub mod in_place;
#[cfg(feature = "cli")]
pub mod pipe;
#[cfg(feature = "cli")]
pub mod raw;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "serve")]
pub mod serve;
pub mod writer;
#[cfg(feature = "cli")]
pub mod wtf8;
