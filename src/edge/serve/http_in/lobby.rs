//! Where a connection waits until its first request has come: hyper takes two buffers and a task of some kilobytes from the
//! first byte on, and whoever sends a byte a second is to cost no more than its bytes.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::sleep_until;

use crate::edge::serve::http::beginning::{BEGINNING_BYTES, head_end, is_enough, is_http2};
use crate::edge::serve::shared::Shared;
use crate::edge::serve::wire::Wire;
use crate::engine::wipe::wipe;

/// Read at first; then as much as there is.
const READ_BYTES: usize = 1 << 10;
/// The longest that the first head takes: it is a packet or two.
const HEAD: Duration = Duration::from_secs(10);

/// A wire with what was read of it.
struct Begun<W> {
    bytes: Vec<u8>,
    /// What of that was handed on.
    at: usize,
    wire: W,
    /// Whether something came since anything was last written.
    heard: bool,
    /// Whether it speaks HTTP/2.
    http2: bool,
}

/// A wire that is lent to hyper, which gives none back: what is late is to be told so.
pub struct Lent<W>(Arc<Mutex<Begun<W>>>);

/// What came of waiting.
pub enum Came<W> {
    /// A request, or what there is to say something to, and how long it took from its first byte on.
    Request(Lent<W>, Duration),
    /// A head that did not end in time.
    Late(Lent<W>),
    /// Nothing.
    Nothing,
}

/// Waits for a request: at most `slow` for its first byte, and as long again from there on, but for its head less.
pub async fn wait<W: Wire>(wire: W, slow: Duration, shared: &Shared) -> Came<W> {
    let mut begun = Begun { bytes: Vec::new(), at: 0, wire, heard: false, http2: false };
    let mut first = Instant::now();
    while !is_enough(&begun.bytes) {
        let Begun { bytes, wire, .. } = &mut begun;
        let held = bytes.len();
        let in_head = held > 0 && head_end(bytes).is_none();
        let patience = if in_head { slow.min(HEAD) } else { slow };
        if bytes.capacity() == held {
            bytes.reserve_exact(held.clamp(READ_BYTES, BEGINNING_BYTES));
        }
        let read = tokio::select! {
            biased;
            read = wire.read_buf(bytes) => read,
            () = stopped(shared, held > 0) => break,
            () = sleep_until((first + patience).into()) => {
                if in_head {
                    return Came::Late(Lent::of(begun));
                }
                break;
            }
        };
        match read {
            // Who goes away, or is gone, is seen again where the bytes are read.
            Ok(0) | Err(_) => break,
            Ok(_) if held == 0 => first = Instant::now(),
            Ok(_) => {}
        }
    }
    if begun.bytes.is_empty() { Came::Nothing } else { Came::Request(Lent::of(begun), first.elapsed()) }
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

impl<W> Lent<W> {
    fn of(mut begun: Begun<W>) -> Lent<W> {
        (begun.heard, begun.http2) = (!begun.bytes.is_empty(), is_http2(&begun.bytes));
        Lent(Arc::new(Mutex::new(begun)))
    }

    /// Another hold of the same wire.
    pub fn again(&self) -> Lent<W> {
        Lent(self.0.clone())
    }

    /// Whether something has come that no answer was written to, where answers are text.
    pub fn is_owed(&self) -> bool {
        let begun = self.begun();
        begun.heard && !begun.http2
    }

    /// Nobody panics with it in hand, nor waits.
    fn begun(&self) -> MutexGuard<'_, Begun<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Wire> AsyncRead for Lent<W> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut begun = self.begun();
        let Begun { bytes, at, wire, heard, .. } = &mut *begun;
        if *at < bytes.len() {
            let end = bytes.len().min(*at + to.remaining());
            to.put_slice(&bytes[*at..end]);
            *at = end;
            if end == bytes.len() {
                wipe(bytes);
                (*bytes, *at) = (Vec::new(), 0);
            }
            return Poll::Ready(Ok(()));
        }
        let before = to.filled().len();
        let read = Pin::new(wire).poll_read(cx, to);
        *heard |= to.filled().len() > before;
        read
    }
}

impl<W: Wire> AsyncWrite for Lent<W> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut begun = self.begun();
        begun.heard = false;
        Pin::new(&mut begun.wire).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut begun = self.begun();
        begun.heard = false;
        Pin::new(&mut begun.wire).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.begun().wire.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.begun().wire).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.begun().wire).poll_shutdown(cx)
    }
}
