//! Tests that need the engine as a whole: what stands below may not import what stands above it, in tests neither.

mod emit;
mod footprint;
mod key_cache;
mod reject;
mod scratch;
mod weigh;
mod word_begins;
