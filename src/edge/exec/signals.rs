//! Which signals are passed on, and to whom.

use std::io;
use std::sync::mpsc::Sender;
use std::thread;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use signal_hook::consts::{
    SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH,
};
use signal_hook::iterator::{Handle, Signals as Incoming};

use super::event::Event;
use crate::edge::signals::is_ignored;

/// A child ended, or stopped.
pub const CHILD: i32 = SIGCHLD;
/// The terminal has another size.
pub const SIZE: i32 = SIGWINCH;
/// We go on after a stop.
pub const CONTINUE: i32 = SIGCONT;

/// Those that are passed on. All that can be but faults, which are our own, what a terminal does to who is in the
/// background (TTIN, TTOU), and PIPE, which is about our own output.
#[cfg(target_os = "linux")]
const PASSED: &[i32] = &[
    SIGHUP,
    SIGINT,
    SIGQUIT,
    SIGTERM,
    SIGUSR1,
    SIGUSR2,
    SIGALRM,
    SIGCONT,
    SIGTSTP,
    SIGWINCH,
    signal_hook::consts::SIGIO,
    signal_hook::consts::SIGPROF,
    signal_hook::consts::SIGURG,
    signal_hook::consts::SIGVTALRM,
];
#[cfg(not(target_os = "linux"))]
const PASSED: &[i32] = &[SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT, SIGTSTP, SIGWINCH];

/// Whether it asks a program to end.
pub fn asks_to_end(signal: i32) -> bool {
    [SIGHUP, SIGINT, SIGQUIT, SIGTERM].contains(&signal)
}

/// Whether a terminal's keys send it, to everybody in the foreground.
pub fn is_typed(signal: i32) -> bool {
    [SIGINT, SIGQUIT, SIGTSTP, SIGWINCH].contains(&signal)
}

/// Signals that come, told as events until this is dropped.
pub struct Signals(Handle);

impl Signals {
    /// From now on. What whoever started us had us ignore stays ignored, by the program, too.
    ///
    /// # Errors
    /// When the system takes no handler.
    pub fn passed_to(tell: &Sender<Event>) -> io::Result<Signals> {
        let heeded = PASSED.iter().copied().filter(|signal| !is_ignored(*signal));
        let mut incoming = Incoming::new(heeded.chain([CHILD]))?;
        let (handle, tell) = (incoming.handle(), tell.clone());
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in incoming.forever() {
                if tell.send(Event::Signal(signal)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Signals(handle))
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Who gets them.
pub struct Target {
    child: Pid,
    single: bool,
}

impl Target {
    /// The program alone, or the group it leads.
    pub fn new(child: Pid, single: bool) -> Target {
        Target { child, single }
    }

    /// Sends it; whoever is gone needs none.
    pub fn send(&self, signal: i32) {
        if let Some(signal) = Signal::from_named_raw(signal) {
            let _ = if self.single { kill_process(self.child, signal) } else { kill_process_group(self.child, signal) };
        }
    }

    /// Ends it.
    pub fn kill(&self) {
        self.send(Signal::KILL.as_raw());
    }
}
