//! What a thread of Node holds: each worker has its own.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use logveil_handles::{Handles, overwrite};

#[derive(Default)]
pub struct Thread {
    /// Where texts are copied to, since a string's bytes are Node's.
    pub room: Vec<u8>,
    pub handles: Handles,
    /// It panicked, and never answers again: what it would say could be half a truth.
    dead: bool,
}

thread_local!(static THREAD: RefCell<Thread> = RefCell::default());

/// What `f` says of this thread; nothing if it panics or ever did.
pub fn asked<R>(f: impl FnOnce(&mut Thread) -> Option<R>) -> Option<R> {
    let answer = THREAD.try_with(|thread| {
        let mut thread = thread.try_borrow_mut().ok().filter(|thread| !thread.dead)?;
        match catch_unwind(AssertUnwindSafe(|| f(&mut thread))) {
            Ok(answer) => answer,
            Err(payload) => {
                // What was thrown may panic when it is dropped.
                std::mem::forget(payload);
                thread.dead = true;
                None
            }
        }
    });
    answer.ok().flatten()
}

impl Thread {
    pub fn forget(&mut self) {
        overwrite(&mut self.room);
        self.handles.forget();
    }
}
