//! Who may hold how much of a message that is still coming in.
//!
//! As for records: a connection holds a little, and with a turn more. A message that is larger than
//! a turn needs the one place for such; whoever has it waits for nobody, so that there is no deadlock.

use std::sync::Arc;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::edge::serve::budget::{READ_BYTES, SMALL_BYTES, TURN_BYTES};
use crate::edge::serve::limits::Limits;
use crate::edge::serve::numbers::Level;

/// The places there are.
#[derive(Clone)]
pub struct Inbox {
    turns: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Inbox {
    /// Half of what may be buffered: room for the largest message, and turns of what is left.
    pub fn new(limits: &Limits) -> Inbox {
        let rest = (limits.buffered_bytes / 2).saturating_sub(limits.message_bytes);
        Inbox { turns: Arc::new(Semaphore::new((rest / TURN_BYTES).max(1))), large: Arc::new(Semaphore::new(1)) }
    }

    /// A connection's place among them; `waiting` counts it while it has to wait.
    pub fn seat(&self, waiting: &Gauge) -> Seat {
        Seat { inbox: self.clone(), turn: None, large: None, gauge: waiting.clone(), waiting: None }
    }
}

/// What one connection may hold.
pub struct Seat {
    inbox: Inbox,
    turn: Option<OwnedSemaphorePermit>,
    large: Option<OwnedSemaphorePermit>,
    gauge: Gauge,
    waiting: Option<Level>,
}

impl Seat {
    /// Whether it was waiting for its turn when it was last asked.
    pub fn waits(&self) -> bool {
        self.waiting.is_some()
    }

    /// Waits until a connection that holds so much may read more; returns how much. Gives back what
    /// is not needed any longer. What is dropped while it waits keeps what it got by then.
    pub async fn more(&mut self, held: usize) -> usize {
        if held < SMALL_BYTES {
            (self.turn, self.large, self.waiting) = (None, None, None);
            return SMALL_BYTES - held;
        }
        if self.turn.is_none() {
            self.waiting.get_or_insert_with(|| Level::up(&self.gauge));
            self.turn = self.inbox.turns.clone().acquire_owned().await.ok();
        }
        if held < TURN_BYTES {
            self.large = None;
        } else if self.large.is_none() {
            self.waiting.get_or_insert_with(|| Level::up(&self.gauge));
            self.large = self.inbox.large.clone().acquire_owned().await.ok();
        }
        self.waiting = None;
        if self.large.is_some() { READ_BYTES } else { READ_BYTES.min(TURN_BYTES - held) }
    }
}
