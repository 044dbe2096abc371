//! Files, and whatever standard output is, as upstreams.

use std::fs;
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinHandle;

use super::wire::Wire;

/// Written to a file at once.
pub const FILE_BYTES: usize = 64 << 10;
/// How often a file's path is looked at.
pub const LOOK: Duration = Duration::from_secs(1);

/// A file that is written to, and where it came from.
pub struct Opened {
    file: Arc<fs::File>,
    /// None where standard output is written to.
    path: Option<PathBuf>,
    looked: Instant,
}

impl Opened {
    /// Opens a file to append to it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn append(path: &Path) -> io::Result<Opened> {
        let mut options = fs::OpenOptions::new();
        // A FIFO that nobody reads is an error, and does not hold up all else.
        let wait = OFlags::NONBLOCK.bits().cast_signed();
        let file = options.append(true).create(true).custom_flags(wait).open(path)?;
        let flags = rustix::fs::fcntl_getfl(&file)?;
        rustix::fs::fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
        Ok(Opened { file: Arc::new(file), path: Some(path.to_owned()), looked: Instant::now() })
    }

    /// Standard output, by a descriptor of its own: the runtime's has a buffer by lines.
    ///
    /// # Errors
    /// Those of the system.
    pub fn stdout() -> io::Result<Opened> {
        let file = fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
        Ok(Opened { file: Arc::new(file), path: None, looked: Instant::now() })
    }

    /// As a connection.
    pub fn wire(&self) -> FileWire {
        FileWire { file: self.file.clone(), busy: None, closed: false }
    }

    /// Whether what is written to it is kept when we are gone.
    pub fn keeps(&self) -> bool {
        self.file.metadata().is_ok_and(|m| m.is_file())
    }

    /// Whether another file stands at its path by now, or none: it was rotated. Asked as often as one
    /// likes, it looks once a second.
    pub fn is_moved(&mut self) -> bool {
        if self.looked.elapsed() < LOOK {
            return false;
        }
        self.looked = Instant::now();
        let Some(path) = &self.path else { return false };
        let id = |m: fs::Metadata| (m.dev(), m.ino());
        fs::metadata(path).ok().map(id) != self.file.metadata().ok().map(id)
    }

    /// Whether it has a path, which may come to lead elsewhere.
    pub fn may_move(&self) -> bool {
        self.path.is_some()
    }

    /// Takes back the last bytes that were written, of a record that did not go as a whole.
    ///
    /// # Errors
    /// When it is no regular file, or somebody else has written behind them.
    pub fn take_back(&self, bytes: usize) -> io::Result<()> {
        let (mut file, len) = (&*self.file, self.file.metadata()?.len());
        let end = file.stream_position()?;
        if !self.keeps() || end != len {
            return Err(io::Error::other("what was written of a record could not be taken back"));
        }
        file.set_len(len.saturating_sub(bytes as u64))?;
        file.seek(SeekFrom::End(0)).map(drop)
    }
}

/// A file as a connection that says nothing until it is closed. Each write is done before the next one
/// begins, and says how much of it was taken.
pub struct FileWire {
    file: Arc<fs::File>,
    /// A write that is on its way: who asks again asks for the same bytes.
    busy: Option<JoinHandle<io::Result<usize>>>,
    closed: bool,
}

impl Wire for FileWire {}

impl AsyncRead for FileWire {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.closed { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl AsyncWrite for FileWire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let file = self.file.clone();
        let busy = self.busy.get_or_insert_with(|| {
            let mut bytes = Vec::new();
            for slice in slices {
                bytes.extend_from_slice(&slice[..slice.len().min(FILE_BYTES - bytes.len())]);
            }
            tokio::task::spawn_blocking(move || {
                loop {
                    match (&*file).write(&bytes) {
                        Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                        written => return written,
                    }
                }
            })
        });
        let written = ready!(Pin::new(busy).poll(cx));
        self.busy = None;
        Poll::Ready(written.unwrap_or_else(|e| Err(io::Error::other(e))))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.closed = true;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::Opened;

    #[test]
    fn a_torn_record_is_taken_back_unless_another_writer_was_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let opened = Opened::append(&path).unwrap();
        (&*opened.file).write_all(b"one\ntwo").unwrap();
        opened.take_back(3).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\n");
        (&*opened.file).write_all(b"tw").unwrap();
        let mut other = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        other.write_all(b"!\n").unwrap();
        assert!(opened.take_back(2).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntw!\n");
    }
}
