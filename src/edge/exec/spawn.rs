//! The program is started, with pipes or a pseudo-terminal and a pump for each.

use std::io::{self, PipeWriter, pipe};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;

use pty_process::blocking as pty;
use rustix::fs::fstat;
use rustix::process::Pid;

use super::drain::Source;
use super::event::Event;
use super::plan::{Begun, Plan};
use super::pump::{self, Way};
use super::terminal::{self, Terminal};
use super::typed::Typed;

use crate::edge::core;
use crate::edge::pipe::{Encoding, Lane};
use crate::edge::raw::{Raw, grow};
use crate::engine::redactor::Redactor;

/// A program that was started.
pub struct Spawned {
    /// Its process.
    pub child: Pid,
    /// Whether it leads a group of its own.
    pub leads: bool,
    /// How many pumps run.
    pub pumps: usize,
    /// Ours, if it has one of its own.
    pub terminal: Option<Terminal>,
    /// Dropped when it ended: pumps see it.
    running: Option<PipeWriter>,
}

impl Spawned {
    /// Tells the pumps that it ended.
    pub fn ended(&mut self) {
        self.running = None;
    }

    /// Our terminal has another size.
    pub fn terminal_resized(&self) {
        self.terminal.iter().for_each(Terminal::resize);
    }

    /// We go on after a stop.
    pub fn terminal_again(&self) {
        if let Some(terminal) = &self.terminal {
            let _ = terminal.raw();
            terminal.resize();
        }
    }
}

/// Starts it.
///
/// # Errors
/// See [`Begun`].
pub fn spawn(plan: &Plan, redactor: &Redactor, tell: &Sender<Event>) -> Result<Spawned, Begun> {
    let (ended, running) = pipe().map_err(unready("a pipe"))?;
    let mut command = Command::new(&plan.program);
    command.args(&plan.arguments);
    if plan.terminal {
        on_a_terminal(command, plan, redactor, tell, (ended, running))
    } else {
        on_pipes(command, plan, redactor, tell, (ended, running))
    }
}

fn unready(what: &'static str) -> impl Fn(io::Error) -> Begun {
    move |e| Begun::Unready(what, e)
}

fn started(child: &Child) -> Result<Pid, Begun> {
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    id.ok_or_else(|| Begun::Unready("the program's process", io::ErrorKind::InvalidData.into()))
}

type Running = (io::PipeReader, PipeWriter);

fn on_pipes(
    mut command: Command,
    plan: &Plan,
    redactor: &Redactor,
    tell: &Sender<Event>,
    (ended, running): Running,
) -> Result<Spawned, Begun> {
    let ready = unready("a pipe");
    let (out, into) = pipe().map_err(&ready)?;
    let mut ways = vec![(out, Raw::stdout().map_err(unready("standard output"))?, "standard output")];
    if is_one_file() {
        command.stderr(into.try_clone().map_err(&ready)?);
    } else {
        let (out, into) = pipe().map_err(&ready)?;
        ways.push((out, Raw::stderr().map_err(unready("standard error"))?, "standard error"));
        command.stderr(into);
    }
    command.stdin(Stdio::inherit()).stdout(into);
    let leads = !terminal::is_in_the_foreground();
    if leads {
        command.process_group(0);
    }
    let child = started(&with_core(|| command.spawn()).map_err(Begun::Unstarted)?)?;
    // It holds the ends that the program writes to.
    drop(command);
    let pumps = ways.len();
    for (from, to, name) in ways {
        let from = OwnedFd::from(from).into();
        grow(&from);
        let source = Source::new(from, ended.try_clone().map_err(&ready)?, plan.drain);
        let encoding = if plan.assume_bytes { Encoding::Bytes } else { Encoding::Detect };
        pump::start(source, Way::Lane(Box::new(Lane::new(redactor, encoding))), to, name, tell)
            .map_err(unready("a thread"))?;
    }
    Ok(Spawned { child, leads, pumps, terminal: None, running: Some(running) })
}

fn on_a_terminal(
    command: Command,
    plan: &Plan,
    redactor: &Redactor,
    tell: &Sender<Event>,
    (ended, running): Running,
) -> Result<Spawned, Begun> {
    let opened = |e: pty_process::Error| Begun::Unready("a pseudo-terminal", io::Error::other(e));
    let ready = unready("the terminal");
    let to = Raw::stdout().map_err(unready("standard output"))?;
    let (pty, theirs) = pty::open().map_err(opened)?;
    let terminal = Terminal::like_ours(&pty, &theirs).map_err(&ready)?;
    let child = with_core(|| pty::Command::from(command).spawn(theirs)).map_err(|e| match e {
        pty_process::Error::Io(e) => Begun::Unstarted(e),
        e => opened(e),
    })?;
    let child = started(&child)?;
    terminal.raw().map_err(&ready)?;
    let typed = Typed::default();
    terminal.copy_keys(typed.clone()).map_err(&ready)?;
    let source = Source::new(OwnedFd::from(pty).into(), ended, plan.drain);
    pump::start(source, Way::screen(redactor, &typed), to, "standard output", tell).map_err(unready("a thread"))?;
    Ok(Spawned { child, leads: true, pumps: 1, terminal: Some(terminal), running: Some(running) })
}

/// Starts the program with the core files that we deny ourselves ([`core`](crate::edge::core)); no byte was read yet.
fn with_core<T>(start: impl FnOnce() -> T) -> T {
    core::allow();
    let started = start();
    core::deny();
    started
}

/// Whether standard output and standard error go to the same place.
fn is_one_file() -> bool {
    let file = |fd: BorrowedFd<'_>| fstat(fd).ok().map(|stat| (stat.st_dev, stat.st_ino));
    file(io::stdout().as_fd()).is_some_and(|out| file(io::stderr().as_fd()) == Some(out))
}
