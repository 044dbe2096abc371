//! When to try again.

use std::time::{Duration, Instant};

/// The first wait.
const FIRST: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(5);
/// A connection that held for so long was a good one.
const GOOD: Duration = Duration::from_secs(10);

/// Waits that double, with jitter, so that a fleet does not come back at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Backoff {
    failures: u32,
    next: Option<Instant>,
}

impl Backoff {
    /// When the next try may be; None is now.
    pub fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Whether a try may be at `now`.
    pub fn ready(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| next <= now)
    }

    /// A try failed, or a connection that held for `held` broke. It takes at least `least` to the
    /// next try; `chance` is drawn from 0 to 1.
    pub fn failed(&mut self, now: Instant, held: Duration, least: Duration, chance: f64) {
        if held >= GOOD {
            self.failures = 0;
        }
        let doubled = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        // Between half the wait and all of it.
        self.next = Some(now + doubled.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0).max(least));
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Backoff, FIRST, GOOD, LONGEST};

    #[test]
    fn waits_double_to_a_limit_and_a_good_connection_forgets_them() {
        let now = Instant::now();
        let mut backoff = Backoff::default();
        assert!(backoff.ready(now));
        let mut waits = Vec::new();
        for _ in 0..40 {
            backoff.failed(now, Duration::ZERO, Duration::ZERO, 1.0);
            waits.push(backoff.next().unwrap() - now);
        }
        assert_eq!(waits[..3], [FIRST, FIRST * 2, FIRST * 4]);
        assert_eq!(waits[39], LONGEST);
        assert!(!backoff.ready(now) && backoff.ready(now + LONGEST));
        backoff.failed(now, GOOD, Duration::ZERO, 0.0);
        assert_eq!(backoff.next(), Some(now + FIRST / 2));
        backoff.failed(now, Duration::ZERO, LONGEST * 3, 0.0);
        assert_eq!(backoff.next(), Some(now + LONGEST * 3));
    }
}
