//! What becomes of signals that ask the process to end.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// From now on the first SIGINT or SIGTERM changes nothing: what reads a pipe goes on to its end, so that the last
/// lines of a program which ends by the same Ctrl-C come through. The second one ends the process as the first would
/// have done.
///
/// # Errors
/// When the system takes no handler.
pub fn read_on() -> io::Result<()> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal)) {
        // In this order: the first signal is still to find that nobody has asked.
        flag::register_conditional_default(signal, Arc::clone(&asked))?;
        flag::register(signal, Arc::clone(&asked))?;
    }
    Ok(())
}

/// Whether whoever started the process had it ignore a signal (`nohup`, a script's `&`), which is to stay so. Only Linux
/// tells.
pub(super) fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// A signal that asks to end, noted instead of obeyed, so that whoever writes beside a file clears up first.
#[derive(Clone)]
pub struct Ending(Arc<AtomicUsize>);

impl Ending {
    /// From now on SIGINT, SIGTERM and SIGHUP are noted.
    ///
    /// # Errors
    /// When the system takes no handler.
    pub fn noted() -> io::Result<Ending> {
        let asked = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal)) {
            flag::register_usize(signal, Arc::clone(&asked), signal as usize)?;
        }
        Ok(Ending(asked))
    }

    /// Whether one came.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst) != 0
    }

    /// A reader that fails once a signal came.
    pub fn stops<'a>(&'a self, inner: &'a mut dyn Read) -> impl Read + 'a {
        Stops { ending: self, inner }
    }

    /// Ends the process by the signal that came, if one came.
    pub fn obey(&self) {
        let signal = self.0.load(Ordering::SeqCst);
        if signal != 0 {
            // What it does where it may not: nothing, and the process ends by its own exit code.
            let _ = low_level::emulate_default_handler(signal as i32);
        }
    }
}

struct Stops<'a> {
    ending: &'a Ending,
    inner: &'a mut dyn Read,
}

impl Read for Stops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ending.asked() {
            return Err(io::Error::other("a signal asked to end"));
        }
        self.inner.read(buffer)
    }
}
