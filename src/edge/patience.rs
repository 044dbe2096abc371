//! How long a read may wait: who reads a pipe through what unpacks it has no descriptor to ask, so that the wait is done below,
//! for as long as was said above.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long the next read waits for bytes; for ever unless something else is said. A clone is the same one.
#[derive(Debug, Clone, Default)]
pub struct Patience(Rc<Cell<Option<Duration>>>);

impl Patience {
    /// From the next read on.
    pub fn set(&self, most: Option<Duration>) {
        self.0.set(most);
    }
}

/// A read that gave nothing for as long as it was to wait.
#[derive(Debug)]
struct Over;

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing came for as long as was asked")
    }
}

impl std::error::Error for Over {}

/// Whether a read ended for want of patience. What systems call a timeout is another thing.
pub fn is_over(e: &io::Error) -> bool {
    e.get_ref().is_some_and(|e| e.is::<Over>())
}

/// What is read, with patience.
pub struct Patient<R> {
    from: R,
    patience: Patience,
}

impl<R> Patient<R> {
    /// Reads `from` for as long as `patience` says.
    pub fn new(from: R, patience: &Patience) -> Patient<R> {
        Patient { from, patience: patience.clone() }
    }
}

impl<R: Read + AsFd> Read for Patient<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(most) = self.patience.0.get() {
            let most = Timespec::try_from(most).map_err(io::Error::other)?;
            if poll(&mut [PollFd::new(&self.from, PollFlags::IN)], Some(&most))? == 0 {
                return Err(io::Error::new(io::ErrorKind::TimedOut, Over));
            }
        }
        self.from.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read, Write};
    use std::time::Duration;

    use super::{Patience, Patient, is_over};

    #[test]
    fn a_read_waits_for_as_long_as_was_said() {
        let (from, mut to) = io::pipe().unwrap();
        let patience = Patience::default();
        let mut from = Patient::new(from, &patience);
        let mut buffer = [0; 8];
        patience.set(Some(Duration::from_millis(1)));
        assert!(is_over(&from.read(&mut buffer).unwrap_err()));
        to.write_all(b"some").unwrap();
        assert_eq!(from.read(&mut buffer).unwrap(), 4);
        assert!(is_over(&from.read(&mut buffer).unwrap_err()));
        patience.set(None);
        to.write_all(b"more").unwrap();
        assert_eq!(from.read(&mut buffer).unwrap(), 4);
        drop(to);
        patience.set(Some(Duration::from_secs(60)));
        assert_eq!(from.read(&mut buffer).unwrap(), 0);
        assert!(!is_over(&io::ErrorKind::TimedOut.into()));
    }
}
