//! How long a pipe is read once its program ended: somebody may still hold it. Also the reader that keeps to it.

use std::fs::File;
use std::io::{self, PipeReader, Read};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long whatever a program left behind may write on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From one write to the next.
    pub idle: Duration,
    /// In all.
    pub total: Duration,
}

/// The time that is left. Pure.
#[derive(Debug)]
struct Clock {
    limits: Limits,
    /// When the program ended, and when something came since.
    ended: Option<(Instant, Instant)>,
}

impl Clock {
    fn end(&mut self, now: Instant) {
        self.ended.get_or_insert((now, now));
    }

    fn came(&mut self, now: Instant) {
        if let Some((_, last)) = &mut self.ended {
            *last = now;
        }
    }

    /// How long to wait at most; for ever while the program runs.
    fn left(&self, now: Instant) -> Option<Duration> {
        let (ended, last) = self.ended?;
        Some((last + self.limits.idle).min(ended + self.limits.total).saturating_duration_since(now))
    }
}

/// What waiting for bytes came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// There are some, or there is the end.
    Ready,
    /// Nothing came for as long as was asked.
    Quiet,
    /// The program ended, and it has been long enough.
    Over,
}

/// The end of a pipe, or of a pseudo-terminal, that we read.
pub struct Source {
    from: File,
    /// Closed at the other side when the program ended.
    ended: PipeReader,
    clock: Clock,
    /// Somebody still held it when the time was over.
    cut: bool,
}

impl Source {
    /// Reads `from`; `ended` has its end when the program does.
    pub fn new(from: File, ended: PipeReader, limits: Limits) -> Source {
        Source { from, ended, clock: Clock { limits, ended: None }, cut: false }
    }

    /// Whether somebody still held it when the time was over.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Waits until there is something to read, or for `patience`.
    ///
    /// # Errors
    /// Those of the system.
    pub fn wait(&mut self, patience: Option<Duration>) -> io::Result<Wait> {
        let until = patience.map(|patience| Instant::now() + patience);
        loop {
            let now = Instant::now();
            let left = self.clock.left(now);
            let quiet = until.map(|until| until.saturating_duration_since(now));
            let most = [left, quiet].into_iter().flatten().min();
            let timeout = most.and_then(|most| Timespec::try_from(most).ok());
            let mut fds = [PollFd::new(&self.from, PollFlags::IN), PollFd::new(&self.ended, PollFlags::IN)];
            // Once it is known that the program ended, that is no news.
            let fds = if left.is_some() { &mut fds[..1] } else { &mut fds[..] };
            match poll(fds, timeout.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(e) => return Err(e.into()),
                Ok(_) => {}
            }
            if !fds[0].revents().is_empty() {
                return Ok(Wait::Ready);
            }
            let now = Instant::now();
            if fds.get(1).is_some_and(|fd| !fd.revents().is_empty()) {
                self.clock.end(now);
            } else if self.clock.left(now).is_some_and(|left| left.is_zero()) {
                self.cut = true;
                return Ok(Wait::Over);
            } else if until.is_some_and(|until| until <= now) {
                return Ok(Wait::Quiet);
            }
        }
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// Those of the system; a pseudo-terminal that nobody holds any more is at its end.
    pub fn take(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.from.read(buffer) {
            Err(e) if e.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => Ok(0),
            Ok(n) => {
                if self.clock.ended.is_some() {
                    self.clock.came(Instant::now());
                    // One that never stops writing is never quiet.
                    if self.clock.left(Instant::now()).is_some_and(|left| left.is_zero()) && n > 0 {
                        self.cut = true;
                    }
                }
                Ok(n)
            }
            result => result,
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cut {
            return Ok(0);
        }
        match self.wait(None)? {
            Wait::Over => Ok(0),
            Wait::Ready | Wait::Quiet => self.take(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write, pipe};
    use std::time::{Duration, Instant};

    use super::{Clock, Limits, Source, Wait};

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_limit_that_is_reached_ends_it() {
        let limits = Limits { idle: 10 * MS, total: 25 * MS };
        let (begun, mut clock) = (Instant::now(), Clock { limits, ended: None });
        assert_eq!(clock.left(begun), None);
        clock.end(begun);
        assert_eq!(clock.left(begun + 4 * MS), Some(6 * MS));
        clock.came(begun + 8 * MS);
        assert_eq!(clock.left(begun + 9 * MS), Some(9 * MS));
        clock.came(begun + 18 * MS);
        assert_eq!(clock.left(begun + 20 * MS), Some(5 * MS));
        assert_eq!(clock.left(begun + 30 * MS), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_held_on_is_read_until_the_time_is_over() {
        let limits = Limits { idle: 20 * MS, total: 1000 * MS };
        let ((from, mut to), (ended, running)) = (pipe().unwrap(), pipe().unwrap());
        let mut source = Source::new(std::os::fd::OwnedFd::from(from).into(), ended, limits);
        assert_eq!(source.wait(Some(5 * MS)).unwrap(), Wait::Quiet);
        to.write_all(b"last words").unwrap();
        drop(running);
        let mut text = String::new();
        source.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), source.is_cut()), ("last words", true));
        drop(to);
    }

    #[test]
    fn what_nobody_holds_is_read_to_its_end() {
        let limits = Limits { idle: Duration::ZERO, total: Duration::ZERO };
        let ((from, mut to), (ended, running)) = (pipe().unwrap(), pipe().unwrap());
        let mut source = Source::new(std::os::fd::OwnedFd::from(from).into(), ended, limits);
        to.write_all(&[b'x'; 5000]).unwrap();
        drop((to, running));
        let mut text = Vec::new();
        source.read_to_end(&mut text).unwrap();
        assert_eq!((text.len(), source.is_cut()), (5000, false));
    }
}
