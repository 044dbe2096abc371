//! Work on a message or a body, and on which thread it is done.

use super::limits::RECORD_BYTES_MAX;
use crate::engine::redactor::Redactor;

/// Does work on so many bytes off the threads that others wait for, if they are more than a record may have, which is
/// judged in one go too. What is given away so forgets what it knew of others' text, which costs more than it saves for
/// anything smaller.
pub fn off<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes as u64 <= RECORD_BYTES_MAX {
        return work();
    }
    let out = tokio::task::block_in_place(work);
    Redactor::forget(); // this thread has given its tasks away, and nobody tells it when it goes idle
    out
}
