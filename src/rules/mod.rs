//! What a secret is: rules as data, their checks and masks, and the pack they are compiled into.
//!
//! Shared by the build script, the `rules` command and run time; imports nothing of the engine.
//! The written form is `compile::syntax`, the checked form [`rule`], the compiled bytes [`pack`].

mod accel;
pub mod allow;
pub mod automaton;
pub mod byteset;
pub mod check;
pub mod error;
pub mod examples;
pub mod family;
mod grams;
pub mod hash_key;
pub mod judge;
pub mod mask;
pub mod notation;
pub mod pack;
pub mod plan;
pub mod rule;
pub mod sample;
pub mod table;
pub mod words;

#[cfg(feature = "compile")]
pub mod compile;
