//! How much is kept in memory, over all connections.
//!
//! Two shares of `buffered-bytes`: one for masked frames on their way to the upstream, counted byte
//! by byte; one for large records on their way in, of which only so many are let grow at once. A
//! connection without a turn for a large record reads little at a time, so that a thousand of them
//! stay small, and none ever waits for another that waits for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of an unfinished record that any connection may hold.
pub const SMALL_BYTES: usize = 8 << 10;
/// Bytes read at once by a connection that has a turn.
pub const READ_BYTES: usize = 512 << 10;
/// What a connection with a turn may come to hold: a record at the engine's limit and a read.
pub const TURN_BYTES: usize = (1 << 20) + READ_BYTES;
/// From so many bytes on a buffer is used again.
pub const LARGE_BYTES: usize = 32 << 10;
/// Up to so many: masks may be a few times as long as what they stand for.
const REUSED_BYTES_MAX: usize = 2 * READ_BYTES + READ_BYTES / 2;
/// So many buffers wait to be used again.
const SPARE_MAX: usize = 6;
/// What a batch is counted for besides its bytes.
pub const BATCH_BYTES: usize = 128;
/// The least total that works.
pub const BUFFERED_BYTES_MIN: usize = 4 << 20;

/// The queue's share of the total.
pub fn queue_bytes(total: usize) -> usize {
    total - total / 2
}

/// The two shares.
pub struct Budget {
    /// Turns for large records.
    pub turns: Arc<Semaphore>,
    /// Bytes that may still be queued.
    pub queue: Arc<Semaphore>,
    /// Bytes queued over the limit: masks may be longer than what they stand for.
    debt: AtomicUsize,
    /// Large buffers that were used and will be again: a fresh one costs a page fault each 4 KiB.
    spare: Mutex<Vec<Vec<u8>>>,
}

impl Budget {
    /// Of `total` bytes.
    pub fn new(total: usize) -> Arc<Budget> {
        let turns = (total / 2 / TURN_BYTES).max(1);
        Arc::new(Budget {
            turns: Arc::new(Semaphore::new(turns)),
            queue: Arc::new(Semaphore::new(queue_bytes(total))),
            debt: AtomicUsize::new(0),
            spare: Mutex::default(),
        })
    }

    /// An empty buffer for what comes of so many bytes.
    pub fn buffer(&self, bytes: usize) -> Vec<u8> {
        let spare = if bytes >= LARGE_BYTES { self.spare().pop() } else { None };
        // Most masks are longer than what they stand for; to grow a buffer is to copy it.
        spare.unwrap_or_else(|| Vec::with_capacity(bytes + bytes / 8))
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room in the queue for `bytes`, if there is some now.
    pub fn room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        self.queue.clone().try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()
    }

    /// Counts `bytes` for as long as the charge lives, in place of the room that was taken for them.
    pub fn charge(self: &Arc<Self>, room: OwnedSemaphorePermit, bytes: usize) -> Charge {
        let taken = room.num_permits();
        room.forget();
        if bytes <= taken {
            self.give_back(taken - bytes);
        } else {
            let more = bytes - taken;
            self.debt.fetch_add(more - self.queue.forget_permits(more), Ordering::Relaxed);
        }
        Charge { budget: self.clone(), bytes }
    }

    /// Pays debts first.
    fn give_back(&self, bytes: usize) {
        let mut paid = 0;
        let pay = |debt: usize| {
            paid = debt.min(bytes);
            Some(debt - paid)
        };
        // The closure never says no.
        let _ = self.debt.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay);
        self.queue.add_permits(bytes - paid);
    }
}

/// Bytes counted against the queue.
pub struct Charge {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Charge {
    /// Takes back what was charged, once it has left.
    pub fn reuse(&self, mut buffer: Vec<u8>) {
        let mut spare = self.budget.spare();
        if (LARGE_BYTES..=REUSED_BYTES_MAX).contains(&buffer.capacity()) && spare.len() < SPARE_MAX {
            buffer.clear();
            spare.push(buffer);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::{BUFFERED_BYTES_MIN, Budget, queue_bytes};

    #[test]
    fn what_is_over_the_limit_is_paid_back_before_anything_is_lent() {
        let budget = Budget::new(BUFFERED_BYTES_MIN);
        let limit = queue_bytes(BUFFERED_BYTES_MIN);
        let first = budget.charge(budget.room(limit - 10).unwrap(), limit - 10);
        // A batch that grew while it was masked.
        let grown = budget.charge(budget.room(10).unwrap(), 1000);
        assert!(budget.room(1).is_none());
        drop(grown);
        assert!(budget.room(11).is_none());
        drop(budget.room(10).unwrap());
        drop(first);
        assert!(budget.room(limit + 1).is_none());
        drop(budget.room(limit).unwrap());
        // One that grew takes what there is before it runs into debt.
        let grown = budget.charge(budget.room(1).unwrap(), limit - 5);
        assert!(budget.room(6).is_none() && budget.room(5).is_some());
        drop(grown);
        drop(budget.room(limit).unwrap());
        // A batch that shrank gives back at once.
        let shrunk = budget.charge(budget.room(100).unwrap(), 1);
        assert!(budget.room(limit - 1).is_some());
        drop(shrunk);
    }
}
