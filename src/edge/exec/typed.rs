//! What was typed a moment ago: a terminal shows it again, byte by byte.

use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::wipe::wipe;

/// Bytes that are remembered.
const BYTES_MAX: usize = 1 << 10;

/// What was typed since the last line was sent. Shared by who copies keys and who shows what comes.
#[derive(Clone, Default)]
pub struct Typed(Arc<Mutex<Vec<u8>>>);

impl Typed {
    /// Remembers keys. Those of a line that is sent are forgotten.
    pub fn note(&self, keys: &[u8]) {
        let mut typed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if typed.len() + keys.len() > BYTES_MAX || keys.iter().any(|key| matches!(key, b'\r' | b'\n')) {
            wipe(&mut typed);
        }
        let line = keys.rsplit(|key| matches!(key, b'\r' | b'\n')).next().unwrap_or_default();
        typed.extend_from_slice(&line[line.len().saturating_sub(BYTES_MAX)..]);
    }

    /// Whether a text is what was typed last.
    pub fn ends_with(&self, text: &[u8]) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ends_with(text)
    }
}
