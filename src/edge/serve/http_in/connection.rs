//! One connection of a sender: HTTP/1.1 or HTTP/2, as its first bytes say.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::AsyncWriteExt;
use tokio::time::{sleep_until, timeout};

use super::exchange::Door;
use super::hall::Hall;
use super::lobby::{Came, Lent, wait};
use super::reply::closing;
use crate::edge::serve::http::refusal::Refusal;
use crate::edge::serve::numbers::reason::Reason;
use crate::edge::serve::shared::Shared;
use crate::edge::serve::wire::{Peer, Wire};

/// The longest head of a request.
const HEAD_BYTES: usize = 64 << 10;
/// Requests at once on one connection of HTTP/2.
const STREAMS_MAX: u32 = 256;
/// What may come of one request, and of all of a connection of HTTP/2, before any is read.
const STREAM_BYTES: u32 = 64 << 10;
const WINDOW_BYTES: u32 = 256 << 10;
/// For a sender that was late to take what it is told.
const TELL: Duration = Duration::from_secs(2);

/// Takes requests until the connection ends, or it is time to stop.
pub async fn run(wire: impl Wire + 'static, peer: Peer, hall: Arc<Hall>) {
    let shared = hall.shared.clone();
    match wait(wire, shared.settings.limits.slow, &shared).await {
        // Not a part of what waits, which is to be small.
        Came::Request(begun, took) => Box::pin(serve(begun, took, peer, hall)).await,
        Came::Late(wire) => late(wire, peer.listener, &peer.name, &shared).await,
        Came::Nothing => {}
    }
}

/// Tells a sender whose head did not end in time, and hangs up.
async fn late(mut wire: Lent<impl Wire>, listener: usize, name: &str, shared: &Shared) {
    shared.turn_away(listener, name, Reason::Slow, Refusal::Late.said());
    let told = async {
        wire.write_all(&closing(Refusal::Late)).await?;
        wire.shutdown().await
    };
    // Who does not read it has gone.
    let _ = timeout(TELL, told).await;
}

/// The same, for a connection whose first request has come, and took so long.
async fn serve(wire: Lent<impl Wire + 'static>, took: Duration, peer: Peer, hall: Arc<Hall>) {
    let shared = hall.shared.clone();
    let limits = &shared.settings.limits;
    let mut builder = Builder::new(TokioExecutor::new());
    // Also for the next request's first byte.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.slow).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_header_list_size(HEAD_BYTES as u32)
        .keep_alive_interval(limits.slow);
    let (listener, name) = (peer.listener, peer.name.clone());
    let door = Arc::new(Door { peer, hall, took: Mutex::new(took) });
    let service = service_fn(move |request| {
        let door = door.clone();
        async move { Ok::<_, Infallible>(door.answer(request).await) }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(wire.again()), service));
    let ended = tokio::select! {
        // What has come is read before anything is ended.
        biased;
        ended = connection.as_mut() => ended,
        () = shared.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let cut = shared.cut_at().unwrap_or_else(Instant::now);
            tokio::select! {
                ended = connection => ended,
                () = sleep_until(cut.into()) => {
                    let why = "a request was under way when it was time to end; closed";
                    return shared.turn_away(listener, &name, Reason::Drain, why);
                }
            }
        }
    };
    // Who goes away between two requests, or is silent for long, has done nothing wrong.
    let Some(broken) = ended.err().and_then(|e| e.downcast::<hyper::Error>().ok()) else { return };
    if broken.is_parse() && !broken.is_incomplete_message() {
        shared.turn_away(listener, &name, Reason::Malformed, "what came is no request of HTTP; closed");
    } else if broken.is_timeout() && wire.is_owed() {
        late(wire, listener, &name, &shared).await;
    }
}
