//! Any bytes as the body of a request, of every kind: refused, or what was well-formed leaves well-formed; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// Small, so that limits are met.
const BODY_BYTES_MAX: usize = 1 << 20;

fuzz_target!(|data: &[u8]| logveil::fuzz::http(data, BODY_BYTES_MAX));
