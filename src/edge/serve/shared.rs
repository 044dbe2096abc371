//! What all tasks of a sidecar share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::bound::Bound;
use super::budget::Budget;
use super::flight::Batch;
use super::history::History;
use super::inbox::Inbox;
use super::kernel::Drops;
use super::numbers::Numbers;
use super::numbers::reason::Reason;
use super::settings::{Protocol, Settings};

/// Log lines of one kind that may be written within [`THROTTLE`].
const LINES_MAX: u64 = 10;
/// How long a kind of log line is counted.
const THROTTLE: Duration = Duration::from_secs(10);

/// Shared by listeners, connections, the forwarder and the admin listener.
pub struct Shared {
    /// What is to be done.
    pub settings: Settings,
    /// What was done.
    pub numbers: Numbers,
    /// What may be kept in memory.
    pub budget: Arc<Budget>,
    /// What may be held of messages that are coming in.
    pub inbox: Inbox,
    /// Connections that may still be taken.
    pub places: Arc<Semaphore>,
    /// Set when it is time to stop.
    pub stop: CancellationToken,
    /// When it was set.
    pub stopped: OnceLock<Instant>,
    /// Whether all listeners are bound.
    pub bound: AtomicBool,
    /// Whether the upstream broke the connection when it was to be closed.
    pub broken_at_end: AtomicBool,
    /// Bytes that connections could not hand on before the time to drain was over.
    pub unread: AtomicU64,
    /// What happened lately.
    pub history: Mutex<History>,
    /// By listener.
    drops: Vec<Option<Drops>>,
    throttles: Vec<Throttle>,
    /// For log lines about framings.
    pub mixed: Throttle,
}

impl Shared {
    /// For the sockets that are bound, with so many places for connections.
    pub fn new(settings: Settings, places: usize, bound: &[Bound]) -> Arc<Shared> {
        Arc::new(Shared {
            numbers: Numbers::new(&settings),
            budget: Budget::new(settings.limits.buffered_bytes),
            inbox: Inbox::new(&settings.limits),
            places: Arc::new(Semaphore::new(places)),
            stop: CancellationToken::new(),
            stopped: OnceLock::new(),
            bound: AtomicBool::new(false),
            broken_at_end: AtomicBool::new(false),
            unread: AtomicU64::new(0),
            history: Mutex::default(),
            drops: bound.iter().map(Bound::drops).collect(),
            mixed: Throttle::default(),
            throttles: Reason::ALL.iter().map(|_| Throttle::default()).collect(),
            settings,
        })
    }

    /// Whether records that come now will leave.
    pub fn ready(&self) -> bool {
        let takes = |of: Vec<usize>| of.is_empty() || of.into_iter().any(|i| self.numbers.upstream[i].up.get() == 1);
        let all = Protocol::ALL.into_iter().all(|protocol| takes(self.settings.upstreams(protocol)));
        all && self.bound.load(Ordering::Relaxed) && !self.stop.is_cancelled()
    }

    /// When connections that are still sending are cut, once it is time to stop: the last quarter
    /// belongs to the upstream.
    pub fn cut_at(&self) -> Option<Instant> {
        self.stopped.get().map(|at| *at + self.settings.limits.drain * 3 / 4)
    }

    /// Counts a reason and says so; `detail` is no content. A flood of lines is thinned out.
    pub fn turn_away(&self, listener: usize, peer: &str, reason: Reason, detail: &str) {
        self.numbers.listen[listener].rejected(reason).inc();
        let Some(silent) = self.throttles[reason as usize].line(Instant::now()) else {
            return;
        };
        let (listener, reason) = (&self.settings.listen[listener].name, reason.name());
        tracing::warn!(%listener, %peer, %reason, lines_left_out = silent, "{detail}");
    }

    /// Brings up to date what is counted elsewhere.
    pub fn look(&self) {
        for (drops, numbers) in self.drops.iter().zip(&self.numbers.listen) {
            if let Some(n) = drops.as_ref().and_then(Drops::count) {
                numbers.dropped_by_kernel.inc_by(n.saturating_sub(numbers.dropped_by_kernel.get()));
            }
        }
    }

    /// Puts a batch into the queue.
    pub fn enqueue(&self, listener: usize, queue: &UnboundedSender<Batch>, batch: Batch) {
        self.numbers.listen[listener].queued.inc_by(batch.bytes.len() as u64);
        self.numbers.queue.inc_by(batch.bytes.len() as i64);
        self.numbers.queue_frames.inc_by(batch.frames as i64);
        // The forwarder outlives the connections; when its time is over, what is left is counted.
        let _ = queue.send(batch);
    }
}

/// Lets some lines through and counts the others.
#[derive(Default)]
pub struct Throttle(Mutex<(Option<Instant>, u64)>);

impl Throttle {
    /// Whether a line may be written, and how many were not before it.
    pub fn line(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (since, lines) = &mut *state;
        if since.is_none_or(|since| now.duration_since(since) >= THROTTLE) {
            let silent = lines.saturating_sub(LINES_MAX);
            (*since, *lines) = (Some(now), 1);
            return Some(silent);
        }
        *lines += 1;
        (*lines <= LINES_MAX).then_some(0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{LINES_MAX, THROTTLE, Throttle};

    #[test]
    fn a_flood_is_thinned_out_and_counted() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let written = (0..1000).filter(|_| throttle.line(now).is_some()).count() as u64;
        assert_eq!(written, LINES_MAX);
        assert_eq!(throttle.line(now + THROTTLE), Some(1000 - LINES_MAX));
        assert_eq!(throttle.line(now + THROTTLE), Some(0));
    }
}
