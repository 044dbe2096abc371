//! A stream in front of a writer.

use std::fmt;
use std::io::{self, Write};

use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::engine::stream::Stream;

/// Masks what is written and hands it on.
///
/// Complete lines go to the inner writer with the `write` that completes them; the unfinished last
/// line goes with [`RedactWriter::finish`] or when the writer is dropped. `flush` flushes what may
/// leave; it never releases an unfinished line, which could hold half a secret.
///
/// ```
/// use std::io::Write;
/// use logveil::{RedactWriter, Redactor};
///
/// # fn main() -> std::io::Result<()> {
/// let mut writer = RedactWriter::new(Vec::new(), &Redactor::builtin());
/// writer.write_all(b"token=")?;
/// writer.write_all(b"q8Zr1Lw0mXv93TbN\n")?;
/// assert_eq!(writer.finish()?, b"token=[REDACTED:access-token]\n");
/// # Ok(())
/// # }
/// ```
pub struct RedactWriter<W: Write> {
    // None once finished.
    inner: Option<W>,
    stream: Stream,
    out: Vec<u8>,
}

impl<W: Write> RedactWriter<W> {
    /// Puts a stream in front of `inner`.
    pub fn new(inner: W, redactor: &Redactor) -> Self {
        RedactWriter { inner: Some(inner), stream: Stream::new(redactor), out: Vec::new() }
    }

    /// Ends the stream and gives the inner writer back.
    ///
    /// # Errors
    /// Those of the inner writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.end()?;
        self.inner.take().ok_or_else(|| io::Error::other("already finished"))
    }

    /// Counts so far.
    pub fn tally(&self) -> &Tally {
        self.stream.tally()
    }

    fn end(&mut self) -> io::Result<()> {
        self.stream.finish(&mut self.out);
        self.send()?;
        self.inner.as_mut().map_or(Ok(()), Write::flush)
    }

    /// Hands on what may leave; what could not be written is kept for the next time.
    fn send(&mut self) -> io::Result<()> {
        let Some(inner) = self.inner.as_mut() else {
            return Ok(());
        };
        let (mut sent, mut result) = (0, Ok(()));
        // A write of no bytes is an empty datagram to some: where nothing may leave, nothing is written.
        while sent < self.out.len() && result.is_ok() {
            match inner.write(&self.out[sent..]) {
                Ok(0) => result = Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => sent += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => result = Err(e),
            }
        }
        self.out.drain(..sent);
        result
    }
}

impl<W: Write> Write for RedactWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What an earlier error left behind goes first, so that a failed write took nothing.
        self.send()?;
        self.stream.push(bytes, &mut self.out);
        match self.send() {
            // The bytes are taken; a later write or flush shows a lasting error.
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => Err(e),
            _ => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()?;
        self.inner.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl<W: Write> fmt::Debug for RedactWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedactWriter").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl<W: Write> Drop for RedactWriter<W> {
    fn drop(&mut self) {
        if self.inner.is_some() {
            // Like `BufWriter`: errors at this point are for nobody; call `finish` to see them.
            let _ = self.end();
        }
    }
}
