//! Bodies that still come, by how fast: which of them is sent away when others wait for what it holds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// All of them.
pub struct Comings {
    all: Arc<Mutex<Vec<Arc<One>>>>,
    /// Bytes a second; who keeps that pace is left alone.
    pace: f64,
    /// Nor is anybody sent away who has not had so long.
    grace: Duration,
}

/// A body that still comes, until it is dropped.
pub struct Coming {
    one: Arc<One>,
    all: Arc<Mutex<Vec<Arc<One>>>>,
}

struct One {
    since: Instant,
    bytes: AtomicUsize,
    /// Whether it has the place of the largest.
    large: bool,
    away: CancellationToken,
}

impl One {
    fn pace(&self, now: Instant) -> f64 {
        let seconds = now.saturating_duration_since(self.since).as_secs_f64();
        self.bytes.load(Ordering::Relaxed) as f64 / seconds.max(1e-3)
    }
}

impl Comings {
    /// None yet.
    pub fn new(pace: f64, grace: Duration) -> Comings {
        Comings { all: Arc::default(), pace, grace }
    }

    /// One more, of which so much has come.
    pub fn begin(&self, bytes: usize, large: bool) -> Coming {
        let (since, bytes) = (Instant::now(), AtomicUsize::new(bytes));
        let one = One { since, bytes, large, away: CancellationToken::new() };
        let coming = Coming { one: Arc::new(one), all: self.all.clone() };
        lock(&self.all).push(coming.one.clone());
        coming
    }

    /// Sends the slowest away, if one is slow; of those with the place of the largest, if it is that which is wanted.
    pub fn send_one_away(&self, large: bool) {
        self.send_one_away_at(large, Instant::now());
    }

    fn send_one_away_at(&self, large: bool, now: Instant) {
        let all = lock(&self.all);
        let may = |one: &&Arc<One>| {
            !one.away.is_cancelled()
                && (!large || one.large)
                && now.saturating_duration_since(one.since) >= self.grace
                && one.pace(now) < self.pace
        };
        let slowest = all.iter().filter(may).min_by(|a, b| a.pace(now).total_cmp(&b.pace(now)));
        if let Some(slowest) = slowest {
            slowest.away.cancel();
        }
    }
}

impl Coming {
    /// So much of it has come.
    pub fn has(&self, bytes: usize) {
        self.one.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Ends when it is to go.
    pub async fn sent_away(&self) {
        self.one.away.cancelled().await;
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        lock(&self.all).retain(|one| !Arc::ptr_eq(one, &self.one));
    }
}

/// Nobody panics with it in hand.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_goes_first_and_none_that_keeps_the_pace() {
        let grace = Duration::from_secs(1);
        let comings = Comings::new(100.0, grace);
        let bodies = [10, 500, 50, 30].map(|bytes| comings.begin(bytes, bytes == 50));
        bodies[3].has(31);
        let away = || bodies.each_ref().map(|body| body.one.away.is_cancelled());
        let now = Instant::now();
        comings.send_one_away_at(false, now);
        assert_eq!(away(), [false; 4], "they have just begun");
        let later = now + grace;
        comings.send_one_away_at(true, later);
        assert_eq!(away(), [false, false, true, false], "the one with the place that is wanted");
        comings.send_one_away_at(false, later);
        assert_eq!(away(), [true, false, true, false]);
        comings.send_one_away_at(false, later);
        comings.send_one_away_at(false, later);
        assert_eq!(away(), [true, false, true, true], "one is fast enough");
        drop(bodies);
        assert!(lock(&comings.all).is_empty());
    }
}
