//! What an instance, which is one thread, holds: a room for bytes that go in, and the engine's handles.

use logveil_handles::{Handles, KEPT_BYTES_MAX, overwrite};

#[derive(Default)]
pub struct Instance {
    pub input: Vec<u8>,
    pub handles: Handles,
}

impl Instance {
    /// Room for `n` bytes that go in.
    pub fn room(&mut self, n: usize) -> *mut u8 {
        if self.input.len() < n || self.input.len() > KEPT_BYTES_MAX && n < KEPT_BYTES_MAX {
            self.input = vec![0; n.max(4096)];
        }
        self.input.as_mut_ptr()
    }

    pub fn forget(&mut self) {
        overwrite(&mut self.input);
        self.handles.forget();
    }
}
