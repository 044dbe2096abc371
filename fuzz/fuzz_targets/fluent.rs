//! Any bytes as what a sender of the forward protocol says, or an upstream: refused, or a message that leaves as one
//! message of as many events; never a panic, and nothing is reserved for what is only claimed.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// Small, so that limits are met.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

fuzz_target!(|data: &[u8]| logveil::fuzz::fluent(data, MESSAGE_BYTES_MAX));
