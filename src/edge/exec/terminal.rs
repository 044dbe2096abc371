//! Our terminal and the one that the program gets in its place.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;

use pty_process::blocking::Pty;
use rustix::process::getpgrp;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr, tcsetwinsize};

use super::typed::Typed;
use crate::engine::wipe::wipe;

/// Whether the program is to have a terminal where nobody said so: we have one at both ends, in whose foreground we are.
pub fn wanted() -> bool {
    isatty(io::stdin()) && isatty(io::stdout()) && tcgetpgrp(io::stdin()).map_or(true, |group| group == getpgrp())
}

/// Whether keys of a terminal that we read from go to our group: the program is to stay in it, or it could not read.
pub fn is_in_the_foreground() -> bool {
    isatty(io::stdin()) && tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

/// Our terminal while the program has one in its place: nothing is done to its keys, they are handed on. As it was again
/// when this is dropped.
pub struct Terminal {
    /// What it was like, if standard input is one.
    before: Option<Termios>,
    /// The program's, to tell it sizes.
    theirs: OwnedFd,
}

impl Terminal {
    /// Gives a pseudo-terminal the size and the modes of ours.
    ///
    /// # Errors
    /// Those of the system.
    pub fn like_ours(pty: &Pty, theirs: impl AsFd) -> io::Result<Terminal> {
        let ours = tcgetattr(io::stdin());
        if let Ok(modes) = ours.as_ref().or(tcgetattr(io::stdout()).as_ref()) {
            tcsetattr(theirs, OptionalActions::Now, modes)?;
        }
        let terminal = Terminal { before: ours.ok(), theirs: pty.as_fd().try_clone_to_owned()? };
        terminal.resize();
        Ok(terminal)
    }

    /// Hands on the size of ours.
    pub fn resize(&self) {
        if let Ok(size) = tcgetwinsize(io::stdout()).or_else(|_| tcgetwinsize(io::stdin())) {
            let _ = tcsetwinsize(&self.theirs, size);
        }
    }

    /// Hands on keys as they are; again when a shell that had stopped us has set its own modes.
    ///
    /// # Errors
    /// Those of the system.
    pub fn raw(&self) -> io::Result<()> {
        let Some(mut modes) = self.before.clone() else { return Ok(()) };
        modes.make_raw();
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &modes)?)
    }

    /// Copies standard input to the program until either ends.
    ///
    /// # Errors
    /// Those of the system.
    pub fn copy_keys(&self, typed: Typed) -> io::Result<()> {
        let mut from = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let mut to = File::from(self.theirs.try_clone()?);
        let is_terminal = self.before.is_some();
        let copy = move || {
            let mut buffer = vec![0; 4096];
            let mut begun = false;
            while let Some(n) = next(&mut from, &mut buffer) {
                typed.note(&buffer[..n]);
                begun = buffer[n - 1] != b'\n';
                if to.write_all(&buffer[..n]).is_err() {
                    return;
                }
            }
            wipe(&mut buffer);
            // What ended was no terminal: the program is told as a terminal would, behind a line that has begun twice.
            if !is_terminal {
                let _ = to.write_all(if begun { b"\x04\x04" } else { b"\x04" });
            }
        };
        thread::Builder::new().name("keys".into()).spawn(copy).map(drop)
    }
}

fn next(from: &mut File, buffer: &mut [u8]) -> Option<usize> {
    loop {
        match from.read(buffer) {
            Ok(0) => return None,
            Ok(n) => return Some(n),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(modes) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, modes);
        }
    }
}
