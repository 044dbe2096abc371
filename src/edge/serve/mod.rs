//! The sidecar: sockets in, clean logs out.
//!
//! [`listen`] takes connections; each ([`connection`]) reads as much as the [`budget`] has room for,
//! through a [`lane`] (records told apart by [`framing`], masked by the engine, framed again by
//! [`encode`]), into one queue. One forwarder ([`forward`]) writes it to the first upstream that
//! takes data. All that is counted is in [`numbers`].

pub mod access;
mod admin;
mod backoff;
mod bound;
mod budget;
mod connection;
mod count;
mod datagram;
mod drops;
mod encode;
mod flight;
pub mod fluent;
mod foreign;
mod forward;
pub mod framing;
mod harden;
mod lane;
pub mod limits;
mod listen;
mod numbers;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod oracle_auto;
mod outfile;
pub mod ready;
mod refuse;
pub mod reload;
pub mod settings;
mod shared;
mod status;
pub mod tls;
mod upstream;

use std::io;
use std::net;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use tokio_util::task::TaskTracker;

use self::bound::Bound;
use self::forward::Forwarder;
use self::listen::Ground;
use self::reload::{Reloader, Source};
use self::settings::Settings;
use self::shared::Shared;
use crate::engine::redactor::Redactor;

/// How long blocking writes may go on behind the end.
const LAST: Duration = Duration::from_millis(200);

/// How a sidecar ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything received was written.
    Clean,
    /// The time to drain was over first.
    Left,
    /// By a fault of its own.
    Fault,
}

/// Runs a sidecar until it is told to stop; `source` is where its settings come from again.
///
/// # Errors
/// Why it could not start: a listener that cannot be bound.
pub fn run(settings: Settings, source: Source) -> Result<Ended, String> {
    let _ = tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).with_target(false).try_init();
    let places = harden::raise_files(&settings);
    if places < settings.limits.connections {
        let connections = settings.limits.connections;
        tracing::warn!(
            places,
            connections,
            "the system allows too few open files (ulimit -n): fewer connections are taken"
        );
    }
    let mut bound = Vec::new();
    for listen in &settings.listen {
        let socket = Bound::new(&listen.address, listen.access)
            .map_err(|e| format!("[[listen]] `{}`: cannot listen on {}: {e}", listen.name, listen.address))?;
        tracing::info!(listener = %listen.name, address = %socket.address(&listen.address), "listening");
        bound.push(socket);
    }
    let admin = match &settings.admin {
        None => None,
        Some(at) => {
            let wrong = |e| format!("[admin] cannot listen on {at}: {e}");
            let socket = net::TcpListener::bind(at.as_str()).map_err(wrong)?;
            socket.set_nonblocking(true).map_err(wrong)?;
            let address = socket.local_addr().map_err(wrong)?;
            tracing::info!(%address, "metrics and health");
            Some(socket)
        }
    };
    upstream::at_risk();
    let shared = Shared::new(settings, places, &bound);
    harden::lock(&shared.settings, &source.files);
    let runtime = runtime(shared.settings.limits.threads).map_err(|e| format!("cannot start: {e}"))?;
    let ended = runtime.block_on(live(shared, bound, admin, source)).map_err(|e| format!("cannot start: {e}"));
    runtime.shutdown_timeout(LAST);
    ended
}

/// Threads that do the work; one that has nothing to do remembers nothing of the input.
fn runtime(threads: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(threads).on_thread_park(Redactor::forget).enable_all().build()
}

async fn live(
    shared: Arc<Shared>,
    bound: Vec<Bound>,
    admin: Option<net::TcpListener>,
    source: Source,
) -> io::Result<Ended> {
    tokio::spawn(Reloader::new(shared.clone(), source)?.run());
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (queue, batches) = unbounded_channel();
    let ground = Ground { shared: shared.clone(), queue, tasks: TaskTracker::new() };
    for (listener, socket) in bound.into_iter().enumerate() {
        ground.run(listener, socket)?;
    }
    shared.bound.store(true, Ordering::Relaxed);
    if let Some(socket) = admin {
        admin::run(shared.clone(), socket)?;
        tokio::spawn(status::watch(shared.clone()));
    }
    let mut forwarder = tokio::spawn(Forwarder::new(shared.clone(), batches)?.run());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = &mut forwarder => return Ok(Ended::Fault),
    }
    let begun = Instant::now();
    let _ = shared.stopped.set(begun);
    shared.stop.cancel();
    tracing::info!(drain_seconds = shared.settings.limits.drain.as_secs_f64(), "stopping");
    let tasks = ground.tasks.clone();
    tasks.close();
    drop(ground);
    let drained = tokio::select! {
        drained = timeout_at((begun + shared.settings.limits.drain).into(), drain(tasks, forwarder)) => drained.ok(),
        // A second signal: now.
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    Ok(ended(&shared, drained))
}

/// Connections first, then what is queued.
async fn drain(tasks: TaskTracker, forwarder: JoinHandle<()>) -> bool {
    tasks.wait().await;
    forwarder.await.is_ok()
}

/// Says what was left.
fn ended(shared: &Shared, drained: Option<bool>) -> Ended {
    let numbers = &shared.numbers;
    let (records, bytes) = (numbers.queue_frames.get(), numbers.queue.get());
    let connections: i64 = numbers.listen.iter().map(|l| l.connections.get()).sum();
    let cut: u64 = numbers.listen.iter().map(|l| l.rejected(numbers::Reason::Drain).get()).sum();
    if drained == Some(false) {
        return Ended::Fault;
    }
    if drained.is_some() && bytes == 0 && cut == 0 && shared.broken_at_end.load(Ordering::Relaxed) {
        tracing::error!("stopped: everything received was written, and the upstream broke the connection then");
        return Ended::Left;
    }
    if drained.is_some() && bytes == 0 && cut == 0 {
        tracing::info!("stopped: everything received was written");
        return Ended::Clean;
    }
    tracing::error!(
        left_records = records,
        left_bytes = bytes,
        open_connections = connections,
        cut_connections = cut,
        "stopped: the time to drain was over; at most so many records and bytes were received and not written, besides \
         what connections still open or cut had in their sockets"
    );
    Ended::Left
}

#[cfg(test)]
mod tests {
    use super::runtime;
    use crate::engine::redactor::Redactor;
    use crate::engine::stream::Stream;

    /// Work leaves something behind on its thread, which is gone once the thread has nothing to do.
    #[test]
    fn threads_forget_when_idle() {
        let runtime = runtime(1).unwrap();
        let work = async {
            let mut stream = Stream::new(&Redactor::builtin());
            stream.push(&b"{\"ts\": 1, \"token_type\": \"Bearer\"}\n".repeat(100), &mut Vec::new());
            stream.trim(0);
            Redactor::remembers()
        };
        assert!(runtime.block_on(runtime.spawn(work)).unwrap());
        // The thread that asks is woken before the other one rests.
        let forgotten = (0..10_000).any(|_| !runtime.block_on(runtime.spawn(async { Redactor::remembers() })).unwrap());
        assert!(forgotten);
    }
}
