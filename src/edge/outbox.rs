//! What leaves: many small pieces -> few writes.

use std::io::{self, IoSlice, Write};

/// Clean stretches of at least this many bytes are written from where they are; smaller pieces are
/// gathered first.
const STRAIGHT_BYTES: usize = 32 << 10;
/// Gathered bytes that are written at once.
const GATHERED_BYTES_MAX: usize = 64 << 10;

/// What takes a stream's pieces.
pub trait Sink {
    /// Takes a piece; errors wait for the next flush.
    fn take(&mut self, piece: &[u8]);

    /// Everything taken has left, or here is why not.
    ///
    /// # Errors
    /// The first error since the last call.
    fn flush(&mut self) -> io::Result<()>;
}

/// Gathers small pieces in front of a writer and keeps its first error.
pub struct Outbox<W: Write> {
    inner: W,
    gathered: Vec<u8>,
    error: Option<io::Error>,
}

impl<W: Write> Outbox<W> {
    /// In front of `inner`.
    pub fn new(inner: W) -> Outbox<W> {
        Outbox { inner, gathered: Vec::new(), error: None }
    }

    /// The writer; what was gathered and not flushed is dropped.
    #[cfg(test)]
    pub(crate) fn into_inner(self) -> W {
        self.inner
    }

    fn send(&mut self, piece: &[u8]) {
        if self.error.is_none() {
            self.error = write_both(&mut self.inner, &self.gathered, piece).err();
        }
        self.gathered.clear();
    }
}

impl<W: Write> Sink for Outbox<W> {
    /// Takes a piece: large ones go out at once together with what was gathered before them.
    fn take(&mut self, piece: &[u8]) {
        if piece.len() >= STRAIGHT_BYTES {
            self.send(piece);
        } else {
            self.gathered.extend_from_slice(piece);
            if self.gathered.len() >= GATHERED_BYTES_MAX {
                self.send(&[]);
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send(&[]);
        match self.error.take() {
            Some(e) => Err(e),
            None => self.inner.flush(),
        }
    }
}

fn write_both(out: &mut impl Write, first: &[u8], second: &[u8]) -> io::Result<()> {
    let mut both = [IoSlice::new(first), IoSlice::new(second)];
    let mut left = &mut both[..];
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        match out.write_vectored(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => IoSlice::advance_slices(&mut left, n),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::{Outbox, Sink};

    /// Takes a few bytes at a time, with interruptions between.
    #[derive(Default)]
    struct Slow(Vec<u8>, bool);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let n = bytes.len().min(7);
            self.0.extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn large_and_small_pieces_leave_in_order() {
        let mut out = Outbox::new(Slow::default());
        let mut all = Vec::new();
        for (i, len) in [1, 40_000, 0, 300, 70_000, 5].into_iter().enumerate() {
            let piece = vec![b'a' + i as u8; len];
            out.take(&piece);
            all.extend(piece);
        }
        out.flush().unwrap();
        assert_eq!(out.into_inner().0, all);
    }
}
