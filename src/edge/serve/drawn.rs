//! How many cases are drawn where a test draws them.

use proptest::test_runner::{Config, RngSeed};

/// So many, the same every time; with `PROPTEST_CASES` so many new ones.
pub fn cases(count: u32) -> Config {
    let set = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    let rng_seed = if set.is_some() { RngSeed::Random } else { RngSeed::Fixed(2026) };
    Config {
        rng_seed,
        cases: set.unwrap_or(count),
        failure_persistence: None,
        max_global_rejects: 1 << 30,
        ..Config::default()
    }
}
