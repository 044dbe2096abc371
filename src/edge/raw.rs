//! Standard input and output as they are, without buffers.

use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags};

/// What pipes at both ends are asked to hold.
const PIPE_BYTES: usize = 1 << 20;

/// Standard input or output without a buffer of its own. Waits where the descriptor was left in
/// non-blocking mode by whoever shares it.
#[derive(Debug)]
pub struct Raw(File);

impl Raw {
    /// Standard input.
    ///
    /// # Errors
    /// When the descriptor cannot be duplicated.
    pub fn stdin() -> io::Result<Raw> {
        Raw::new(io::stdin().as_fd())
    }

    /// Standard output.
    ///
    /// # Errors
    /// When the descriptor cannot be duplicated.
    pub fn stdout() -> io::Result<Raw> {
        Raw::new(io::stdout().as_fd())
    }

    /// Standard error.
    ///
    /// # Errors
    /// When the descriptor cannot be duplicated.
    pub fn stderr() -> io::Result<Raw> {
        Raw::new(io::stderr().as_fd())
    }

    fn new(fd: BorrowedFd<'_>) -> io::Result<Raw> {
        let file = File::from(fd.try_clone_to_owned()?);
        grow(&file);
        Ok(Raw(file))
    }

    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        match rustix::event::poll(&mut [PollFd::new(&self.0, flags)], None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}

impl AsFd for Raw {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => self.wait(PollFlags::IN)?,
                result => return result,
            }
        }
    }
}

impl Write for Raw {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            match self.0.write_vectored(pieces) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => self.wait(PollFlags::OUT)?,
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Asks a pipe to hold more. What is no pipe, or may not, stays as it is.
pub fn grow(file: &File) {
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(file, PIPE_BYTES);
    #[cfg(not(target_os = "linux"))]
    let _ = (file, PIPE_BYTES);
}
