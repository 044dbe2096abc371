//! Where a connection waits until its first request has come: hyper takes two buffers and a task of some kilobytes from the
//! first byte on, and whoever sends a byte a second is to cost no more than its bytes.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::sleep_until;

use crate::edge::serve::http::beginning::{BEGINNING_BYTES, head_end, is_enough};
use crate::edge::serve::shared::Shared;
use crate::edge::serve::wire::Wire;
use crate::engine::wipe::wipe;

/// Read at first; then as much as there is.
const READ_BYTES: usize = 1 << 10;

/// A wire with what was read of it.
pub struct Begun<W> {
    bytes: Vec<u8>,
    /// What of that was handed on.
    at: usize,
    wire: W,
}

/// What came of waiting.
pub enum Came<W> {
    /// A request, or what there is to say something to, and how long it took from its first byte on.
    Request(Begun<W>, Duration),
    /// Nothing, or a head that did not end in time.
    Slow(bool),
}

/// Waits for a request, at most `slow` for its first byte and `slow` from there on.
pub async fn wait<W: Wire>(wire: W, slow: Duration, shared: &Shared) -> Came<W> {
    let mut begun = Begun { bytes: Vec::new(), at: 0, wire };
    let mut first = Instant::now();
    while !is_enough(&begun.bytes) {
        let Begun { bytes, wire, .. } = &mut begun;
        let held = bytes.len();
        if bytes.capacity() == held {
            bytes.reserve_exact(held.clamp(READ_BYTES, BEGINNING_BYTES));
        }
        let read = tokio::select! {
            biased;
            read = wire.read_buf(bytes) => read,
            () = stopped(shared, held > 0) => break,
            () = sleep_until((first + slow).into()) => {
                if head_end(bytes).is_some() {
                    break;
                }
                return Came::Slow(held > 0);
            }
        };
        match read {
            // Who goes away, or is gone, is seen again where the bytes are read.
            Ok(0) | Err(_) => break,
            Ok(_) if held == 0 => first = Instant::now(),
            Ok(_) => {}
        }
    }
    if begun.bytes.is_empty() { Came::Slow(false) } else { Came::Request(begun, first.elapsed()) }
}

/// Until it is time to stop; whoever has begun may end, for as long as there is time.
async fn stopped(shared: &Shared, begun: bool) {
    shared.stop.cancelled().await;
    match shared.cut_at() {
        Some(cut) if begun => sleep_until(cut.into()).await,
        None if begun => pending().await,
        _ => {}
    }
}

impl<W> Drop for Begun<W> {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}

impl<W: Wire> AsyncRead for Begun<W> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.at < self.bytes.len() {
            let end = self.bytes.len().min(self.at + to.remaining());
            to.put_slice(&self.bytes[self.at..end]);
            self.at = end;
            if end == self.bytes.len() {
                wipe(&mut self.bytes);
                (self.bytes, self.at) = (Vec::new(), 0);
            }
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.wire).poll_read(cx, to)
    }
}

impl<W: Wire> AsyncWrite for Begun<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
