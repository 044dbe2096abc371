//! A program run with its output masked: `logveil exec`.
//!
//! **program -> pipe or pseudo-terminal -> pump -> [`Lane`](crate::edge::pipe::Lane) or [`Screen`] -> our own output.**
//! One pipe carries both streams where both go to the same place, so that their order is the program's. Whatever ends a
//! pump closes its pipe: what is not masked does not leave.

pub mod drain;
pub mod ending;
mod ends;
mod event;
mod plan;
mod pump;
mod reap;
mod screen;
mod settled;
mod signals;
mod spawn;
mod terminal;
mod typed;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitStatus};

use self::ending::How;
use self::event::{Event, Pumped};
use self::signals::{Signals, Target};
use self::spawn::Spawned;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;

pub use self::event::Fault;
pub use self::plan::{Begun, Plan};
pub use self::terminal::wanted as terminal_wanted;

/// What became of it.
pub struct Outcome {
    /// How the program ended.
    pub how: How,
    /// What was masked.
    pub tally: Tally,
    /// Somebody still held a pipe when the time was over.
    pub cut: bool,
    /// Why a stream ended before its program did.
    pub faults: Vec<Fault>,
}

/// Runs it to its end.
///
/// # Errors
/// [`Begun::Unstarted`] where the program cannot be run, [`Begun::Unready`] where we cannot.
pub fn run(plan: &Plan, redactor: &Redactor) -> Result<Outcome, Begun> {
    let ready = |what| move |e: io::Error| Begun::Unready(what, e);
    let (tell, events) = channel();
    let _signals = Signals::passed_to(&tell).map_err(ready("signals"))?;
    if plan.init {
        reap::take_in_orphans().map_err(ready("--init"))?;
    }
    let spawned = spawn::spawn(plan, redactor, &tell)?;
    Ok(Life::of(spawned, plan, tell, events).lived())
}

/// A program that runs.
struct Life {
    spawned: Spawned,
    target: Target,
    kill_after: Option<Duration>,
    kill_at: Option<Instant>,
    how: Option<How>,
    left: usize,
    outcome: (Tally, bool, Vec<Fault>),
    events: Receiver<Event>,
    // Kept, so that receiving never fails.
    _tell: Sender<Event>,
}

impl Life {
    fn of(spawned: Spawned, plan: &Plan, tell: Sender<Event>, events: Receiver<Event>) -> Life {
        let target = Target::new(spawned.child, plan.single || !spawned.leads);
        let (left, kill_after) = (spawned.pumps, plan.kill_after);
        let outcome = (Tally::default(), false, Vec::new());
        Life { spawned, target, kill_after, kill_at: None, how: None, left, outcome, events, _tell: tell }
    }

    fn lived(mut self) -> Outcome {
        loop {
            if let (Some(how), 0) = (self.how, self.left) {
                let (tally, cut, faults) = self.outcome;
                return Outcome { how, tally, cut, faults };
            }
            let event = match self.kill_at {
                None => self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => self.events.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            match event {
                Ok(Event::Signal(signal)) => self.signal(signal),
                Ok(Event::Pumped(pumped)) => self.pumped(pumped),
                Err(_) => {
                    self.kill_at = None;
                    self.target.kill();
                }
            }
        }
    }

    fn signal(&mut self, signal: i32) {
        match signal {
            signals::CHILD => reap::each(|pid, status| self.reaped(pid, status)),
            signals::SIZE if self.spawned.terminal.is_some() => self.spawned.terminal_resized(),
            _ if self.how.is_some() => {}
            _ => {
                if signal == signals::CONTINUE {
                    self.spawned.terminal_again();
                }
                if self.spawned.leads || !signals::is_typed(signal) {
                    self.target.send(signal);
                }
                if signals::asks_to_end(signal) && self.kill_at.is_none() {
                    self.kill_at = self.kill_after.map(|after| Instant::now() + after);
                }
            }
        }
    }

    fn reaped(&mut self, pid: Pid, status: WaitStatus) {
        if let (true, Some(how)) = (pid == self.spawned.child, How::of(status)) {
            self.how = Some(how);
            self.kill_at = None;
            self.spawned.ended();
        }
    }

    fn pumped(&mut self, pumped: Pumped) {
        self.left -= 1;
        self.outcome.0.add(&pumped.tally);
        self.outcome.1 |= pumped.cut;
        self.outcome.2.extend(pumped.fault);
    }
}
