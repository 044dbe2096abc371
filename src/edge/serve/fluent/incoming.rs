//! Bytes of a connection -> whole values.

use super::Refusal;
use super::msgpack::Extent;
use crate::engine::wipe::wipe;

/// Holds the value that is coming in, and what came behind it.
pub struct Incoming {
    bytes: Vec<u8>,
    /// Where the value begins.
    start: usize,
    extent: Extent,
    limit: usize,
}

impl Incoming {
    /// Of values of at most `limit` bytes.
    pub fn new(limit: usize) -> Incoming {
        Incoming { bytes: Vec::new(), start: 0, extent: Extent::new(limit), limit }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).extend_from_slice(bytes);
    }

    /// Where the next bytes are to be read to, behind what is there: with room for `more`.
    pub fn room(&mut self, more: usize) -> &mut Vec<u8> {
        if self.start > 0 {
            let held = self.held();
            self.bytes.copy_within(self.start.., 0);
            self.bytes[held..].fill(0);
            self.bytes.truncate(held);
            self.start = 0;
        }
        // No more than what is known to come, so that a large value has no buffer of twice its size.
        if self.bytes.capacity() - self.bytes.len() < more {
            self.bytes.reserve_exact(more.max(self.bytes.len() / 4).min(self.limit));
        }
        &mut self.bytes
    }

    /// The length of the value, once all of it is there.
    ///
    /// # Errors
    /// When it is none, or larger than may be.
    pub fn whole(&mut self) -> Result<Option<usize>, Refusal> {
        if self.held() == 0 {
            return Ok(None);
        }
        self.extent.end(&self.bytes[self.start..])
    }

    /// A value of that length.
    pub fn value(&self, len: usize) -> &[u8] {
        &self.bytes[self.start..self.start + len]
    }

    /// Goes on to the next value; this one is overwritten.
    pub fn consume(&mut self, len: usize) {
        let end = self.start + len;
        self.bytes[self.start..end].fill(0);
        std::hint::black_box(&self.bytes[self.start..end]);
        self.start = end;
        self.extent = Extent::new(self.limit);
        if self.held() == 0 {
            self.bytes.clear();
            self.start = 0;
        }
    }

    /// Bytes that are held.
    pub fn held(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Gives back memory that nothing is in, if it is more than `keep`.
    pub fn trim(&mut self, keep: usize) {
        if self.held() == 0 && self.bytes.capacity() > keep {
            self.bytes = Vec::new();
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}
