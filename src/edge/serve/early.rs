//! Signals that come while a sidecar starts, before its runtime hears them.
//!
//! A listener is bound, and says so, long before: whoever reads that may signal at once. Unheard, SIGHUP would end the
//! process instead of reloading, and SIGTERM would leave its sockets' files behind.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// What has been asked for so far.
pub struct Early {
    reload: Arc<AtomicBool>,
    end: Arc<AtomicBool>,
}

impl Early {
    /// From here on signals end nothing.
    ///
    /// # Errors
    /// When the system takes no handler.
    pub fn noted() -> io::Result<Early> {
        let early = Early { reload: Arc::default(), end: Arc::default() };
        for (signal, asked) in [(SIGHUP, &early.reload), (SIGINT, &early.end), (SIGTERM, &early.end)] {
            flag::register(signal, Arc::clone(asked))?;
        }
        Ok(early)
    }

    /// Whether a reload was asked for. Ask as soon as the runtime hears SIGHUP: none falls between, and later ones are
    /// its own.
    pub fn reload(&self) -> bool {
        self.reload.load(Ordering::SeqCst)
    }

    /// Whether it is to end. Ask as soon as the runtime hears SIGINT and SIGTERM.
    pub fn end(&self) -> bool {
        self.end.load(Ordering::SeqCst)
    }
}
