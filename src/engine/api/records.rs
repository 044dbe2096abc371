//! Records that come one by one, from any thread: a logger's events.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::engine::detect::continuation::Continuation;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;

/// The most threads whose records leave something open at a time.
const OPEN_MAX: usize = 64;

/// Masks whole records, each with a call of its own, and remembers what a record leaves open for the next: a key block
/// that is logged line by line has its body masked, which a call of [`Redactor::redact`] for each line cannot know.
///
/// `Send + Sync`: one for a logger, shared by its threads. What a record leaves open is asked in the next record of the
/// same thread; a line that comes from another thread meanwhile leaves as it is unless it can only be the body of a key
/// block (a task may have moved to that thread). While nothing is open, which is nearly always, no lock is taken.
///
/// ```
/// let records = logveil::Records::new(&logveil::Redactor::builtin());
/// let mut out = Vec::new();
/// assert_eq!(records.redact(b"user=alice", &mut out), b"user=alice");
/// let begin = ["-----BEGIN", "PRIVATE KEY-----"].join(" ");
/// records.redact(begin.as_bytes(), &mut out);
/// let body = b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
/// assert_eq!(records.redact(body, &mut out), b"[REDACTED:private-key]");
/// ```
pub struct Records {
    redactor: Redactor,
    /// How many threads have something open, so that the others need not ask.
    open: AtomicUsize,
    /// What each of them has, the last one last.
    left: Mutex<Vec<(ThreadId, Continuation)>>,
}

impl Records {
    /// Records that nothing came before.
    pub fn new(redactor: &Redactor) -> Records {
        Records { redactor: redactor.clone(), open: AtomicUsize::new(0), left: Mutex::default() }
    }

    /// The record with its secrets masked: the record itself where it has none, else what is then in `out`, whose memory is
    /// used again. A record may hold line feeds; each of its lines is judged by itself, as in a file.
    pub fn redact<'a>(&self, record: &'a [u8], out: &'a mut Vec<u8>) -> &'a [u8] {
        out.clear();
        match self.redact_into(record, out) {
            true => out,
            false => record,
        }
    }

    /// Appends the masked record to `out` and says whether it holds a secret, as [`Redactor::redact_into`] does.
    pub fn redact_into(&self, record: &[u8], out: &mut Vec<u8>) -> bool {
        let mut tally = Tally::default();
        let before = if self.open.load(Ordering::Acquire) > 0 { self.take() } else { Before::Nothing };
        let (own, mut continuation) = match before {
            Before::Nothing => (false, None),
            Before::Own(left) => (true, Some(left)),
            Before::Another(left) => (false, Some(left)),
        };
        let masked = self.redactor.mask_into(record, &mut continuation, &mut tally, out);
        if own || continuation.is_some() {
            self.leave(continuation);
        }
        masked
    }

    /// What is asked before a record of this thread.
    fn take(&self) -> Before {
        let mut left = self.left();
        let own = thread::current().id();
        if let Some(n) = left.iter().position(|(thread, _)| *thread == own) {
            return Before::Own(left.remove(n).1);
        }
        // A value on the next line is no other thread's.
        let block = left.iter().rev().find(|(_, left)| matches!(left, Continuation::Block(_)));
        block.map_or(Before::Nothing, |(_, left)| Before::Another(left.clone()))
    }

    /// Keeps what a record of this thread left open.
    fn leave(&self, continuation: Option<Continuation>) {
        let mut left = self.left();
        let own = thread::current().id();
        left.retain(|(thread, _)| *thread != own);
        if let Some(continuation) = continuation {
            if left.len() == OPEN_MAX {
                left.remove(0);
            }
            left.push((own, continuation));
        }
        self.open.store(left.len(), Ordering::Release);
    }

    /// A thread that panicked elsewhere leaves the list whole.
    fn left(&self) -> MutexGuard<'_, Vec<(ThreadId, Continuation)>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was left open before a record.
enum Before {
    Nothing,
    /// By a record of the same thread.
    Own(Continuation),
    /// By another thread's, which still has it.
    Another(Continuation),
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("open", &self.open).finish_non_exhaustive()
    }
}
