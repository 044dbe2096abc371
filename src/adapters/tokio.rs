//! `tokio`: a stream in front of an asynchronous writer or behind an asynchronous reader.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::engine::stream::Stream;
use crate::engine::wipe::wipe;

/// The most bytes that one call takes.
const CALL_BYTES_MAX: usize = 64 << 10;

/// Masks what is written and hands it on.
///
/// Whole lines leave with the write that ends them; the last one, if it has no end, leaves at `shutdown`. A write waits until
/// what the write before it masked is taken, so that a slow peer slows the writer down and nothing piles up. Neither `flush`
/// nor dropping it releases an unfinished line: it could hold half a secret, and dropping cannot wait for a peer.
///
/// ```
/// use tokio::io::AsyncWriteExt;
/// use logveil::adapters::tokio::AsyncRedactWriter;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut writer = AsyncRedactWriter::new(Vec::new(), &logveil::Redactor::builtin());
/// writer.write_all(b"token=").await?;
/// writer.write_all(b"q8Zr1Lw0mXv93TbN").await?;
/// writer.shutdown().await?;
/// assert_eq!(writer.into_inner(), b"token=[REDACTED:access-token]");
/// # Ok(())
/// # }
/// ```
pub struct AsyncRedactWriter<W> {
    inner: W,
    stream: Stream,
    /// Masked bytes that `inner` has not taken, from `sent` on.
    out: Vec<u8>,
    sent: usize,
    ended: bool,
}

impl<W> AsyncRedactWriter<W> {
    /// Puts a stream in front of `inner`.
    pub fn new(inner: W, redactor: &Redactor) -> Self {
        AsyncRedactWriter { inner, stream: Stream::new(redactor), out: Vec::new(), sent: 0, ended: false }
    }

    /// Counts so far.
    pub fn tally(&self) -> &Tally {
        self.stream.tally()
    }

    /// The inner writer; what was not shut down is lost.
    pub fn into_inner(self) -> W {
        self.inner
    }
}

impl<W: AsyncWrite + Unpin> AsyncRedactWriter<W> {
    /// Hands on what is masked.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.out.len() {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, &self.out[self.sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.sent += n,
            }
        }
        self.out.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for AsyncRedactWriter<W> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_send(cx))?;
        let taken = &bytes[..bytes.len().min(CALL_BYTES_MAX)];
        this.stream.push(taken, &mut this.out);
        // They are taken; a lasting error shows at the next call.
        let _ = this.poll_send(cx)?;
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.ended {
            this.ended = true;
            this.stream.finish(&mut this.out);
        }
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.inner).poll_shutdown(cx)
    }
}

impl<W> fmt::Debug for AsyncRedactWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncRedactWriter").field("stream", &self.stream).finish_non_exhaustive()
    }
}

/// Reads what `inner` does, masked.
///
/// A line is read when its end is; the last one, if it has no end, when `inner` ends.
///
/// ```
/// use tokio::io::AsyncReadExt;
/// use logveil::adapters::tokio::RedactReader;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut reader = RedactReader::new(&b"user=alice\npassword=hunter2"[..], &logveil::Redactor::builtin());
/// let mut text = String::new();
/// reader.read_to_string(&mut text).await?;
/// assert_eq!(text, "user=alice\npassword=[REDACTED:password]");
/// # Ok(())
/// # }
/// ```
pub struct RedactReader<R> {
    inner: R,
    stream: Stream,
    /// What is read of `inner`, before it is masked.
    raw: Vec<u8>,
    /// Masked bytes that were not asked for yet, from `given` on.
    out: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R> RedactReader<R> {
    /// Puts a stream behind `inner`.
    pub fn new(inner: R, redactor: &Redactor) -> Self {
        let raw = vec![0; CALL_BYTES_MAX];
        RedactReader { inner, stream: Stream::new(redactor), raw, out: Vec::new(), given: 0, ended: false }
    }

    /// Counts so far.
    pub fn tally(&self) -> &Tally {
        self.stream.tally()
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for RedactReader<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.given == this.out.len() && !this.ended {
            this.out.clear();
            this.given = 0;
            let mut read = ReadBuf::new(&mut this.raw);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut read))?;
            match read.filled() {
                [] => {
                    this.ended = true;
                    this.stream.finish(&mut this.out);
                }
                bytes => this.stream.push(bytes, &mut this.out),
            }
        }
        let ready = &this.out[this.given..];
        let given = ready.len().min(buf.remaining());
        buf.put_slice(&ready[..given]);
        this.given += given;
        Poll::Ready(Ok(()))
    }
}

impl<R> Drop for RedactReader<R> {
    fn drop(&mut self) {
        wipe(&mut self.raw);
    }
}

impl<R> fmt::Debug for RedactReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedactReader").field("stream", &self.stream).finish_non_exhaustive()
    }
}
