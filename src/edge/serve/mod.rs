//! The sidecar: sockets in, clean logs out.
//!
//! [`listen`] takes connections; each ([`connection`]) reads as much as the [`budget`] has room for,
//! through a [`lane`] (records told apart by [`framing`], masked by the engine, framed again by
//! [`encode`]), into one queue. One forwarder ([`forward`]) writes it to the first upstream that
//! takes data. All that is counted is in [`numbers`].

pub mod access;
mod admin;
mod backoff;
pub mod bound;
mod budget;
mod connection;
mod count;
mod datagram;
#[cfg(test)]
mod drawn;
mod due;
mod early;
mod encode;
pub mod files;
mod flight;
pub mod fluent;
mod fluent_in;
mod foreign;
mod forward;
pub mod frame;
mod framing;
mod handed;
mod harden;
mod history;
pub mod http;
mod http_in;
mod http_out;
mod inbox;
mod kernel;
mod lane;
pub mod limits;
mod listen;
pub mod live;
mod notify;
mod numbers;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod oracle_auto;
mod outfile;
pub mod ready;
mod refuse;
pub mod reload;
mod senders;
pub mod settings;
mod shared;
mod status;
pub mod tls;
mod upstream;
mod wire;
mod work;

use std::future::ready;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tokio::time::timeout_at;
use tokio_util::task::TaskTracker;

use self::access::Access;
use self::bound::{Bound, Kind};
use self::early::Early;
use self::forward::Forwarder;
use self::handed::Handed;
use self::http_in::hall::Hall;
use self::listen::Ground;
use self::reload::{Reloader, Source};
use self::settings::{Address, Listen, Log, Protocol, Settings};
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
    let early = Early::noted().map_err(|e| format!("signals: {e}"))?;
    log(settings.log);
    let places = harden::raise_files(&settings);
    if places < settings.limits.connections {
        let connections = settings.limits.connections;
        tracing::warn!(
            places,
            connections,
            "the system allows too few open files (ulimit -n): fewer connections are taken"
        );
    }
    let mut handed = Handed::from_env().map_err(|e| format!("LISTEN_FDS: {e}"))?;
    let listeners = settings.listen.iter().map(|listen| listener(&settings, listen, &mut handed));
    let bound = listeners.collect::<Result<Vec<_>, _>>()?;
    let admin = admin_listener(&settings, &mut handed)?;
    if let Some(left) = handed.left() {
        return Err(format!("the service manager passed a socket, {left}, that no [[listen]] is called or listens at"));
    }
    upstream::at_risk();
    kernel::prepare();
    let shared = Shared::new(settings, places, &bound);
    harden::lock(&shared.settings, &source.files);
    let runtime = runtime(shared.settings.limits.threads).map_err(|e| format!("cannot start: {e}"))?;
    let ended = runtime.block_on(live(shared, bound, admin, source, early)).map_err(|e| format!("cannot start: {e}"));
    runtime.shutdown_timeout(LAST);
    ended
}

/// Log lines go to standard error.
fn log(how: Log) {
    let lines = tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).with_target(false);
    let lines = lines.with_max_level(how.level);
    let _ = if how.json { lines.json().flatten_event(true).try_init() } else { lines.try_init() };
}

/// A listener's socket: the service manager's where it has passed one, else one of our own.
fn listener(settings: &Settings, listen: &Listen, handed: &mut Handed) -> Result<Bound, String> {
    let wrong = |e| format!("[[listen]] `{}`: cannot listen on {}: {e}", listen.name, listen.address);
    let socket = match handed.take(&listen.name, &listen.address).map_err(wrong)? {
        Some(socket) => socket,
        None => Bound::new(&listen.address, listen.access, settings.hand_over).map_err(wrong)?,
    };
    let passed = socket.kept;
    tracing::info!(listener = %listen.name, address = %socket.address(&listen.address), passed, "listening");
    Ok(socket)
}

fn admin_listener(settings: &Settings, handed: &mut Handed) -> Result<Option<Bound>, String> {
    let Some(at) = &settings.admin else { return Ok(None) };
    let address = Address::Tcp(at.clone());
    let wrong = |e| format!("[admin] cannot listen on {at}: {e}");
    let socket = match handed.take("admin", &address).map_err(wrong)? {
        Some(socket) => socket,
        None => Bound::new(&address, Access::default(), settings.hand_over).map_err(wrong)?,
    };
    let shown = socket.address(&address);
    tracing::info!(address = %shown.trim_start_matches("tcp://"), "metrics and health");
    Ok(Some(socket))
}

/// Threads that do the work; one that has nothing to do remembers nothing of the input.
fn runtime(threads: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(threads).on_thread_park(Redactor::forget).enable_all().build()
}

async fn live(
    shared: Arc<Shared>,
    bound: Vec<Bound>,
    admin: Option<Bound>,
    source: Source,
    early: Early,
) -> io::Result<Ended> {
    tokio::spawn(Reloader::new(shared.clone(), source, &early)?.run());
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let asked = early.end();
    let ((records, batches), (messages, whole)) = (unbounded_channel(), unbounded_channel());
    let hall = Hall::new(shared.clone());
    let ground =
        Ground { shared: shared.clone(), queues: [records, messages], hall: hall.clone(), tasks: TaskTracker::new() };
    for (listener, socket) in bound.into_iter().enumerate() {
        ground.run(listener, socket)?;
    }
    shared.bound.store(true, Ordering::Relaxed);
    if let Some(Bound { kind: Kind::Tcp(socket), .. }) = admin {
        admin::run(shared.clone(), socket)?;
        tokio::spawn(status::watch(shared.clone()));
    }
    let mut forwarders = JoinSet::new();
    for (queue, fluent) in [(batches, false), (whole, true)] {
        if shared.settings.speaks(if fluent { Protocol::Fluent } else { Protocol::Records }) {
            forwarders.spawn(Forwarder::new(shared.clone(), queue, fluent)?.run());
        }
    }
    forwarders.spawn(hall.watch());
    notify::tell(&[notify::State::Ready]);
    tokio::select! {
        () = ready(()), if asked => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = forwarders.join_next() => return Ok(Ended::Fault),
    }
    let begun = Instant::now();
    let _ = shared.stopped.set(begun);
    shared.stop.cancel();
    notify::tell(&[notify::State::Stopping]);
    tracing::info!(drain_seconds = shared.settings.limits.drain.as_secs_f64(), "stopping");
    let tasks = ground.tasks.clone();
    tasks.close();
    drop(ground);
    let drained = tokio::select! {
        drained = timeout_at((begun + shared.settings.limits.drain).into(), drain(tasks, forwarders)) => drained.ok(),
        // A second signal: now.
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    Ok(ended(&shared, drained))
}

/// Connections first, then what is queued.
async fn drain(tasks: TaskTracker, mut forwarders: JoinSet<()>) -> bool {
    tasks.wait().await;
    let mut well = true;
    while let Some(ended) = forwarders.join_next().await {
        well &= ended.is_ok();
    }
    well
}

/// Says what was left.
fn ended(shared: &Shared, drained: Option<bool>) -> Ended {
    let numbers = &shared.numbers;
    let (records, bytes) = (numbers.queue_frames.get(), numbers.queue.get());
    let connections: i64 = numbers.listen.iter().map(|l| l.connections.get()).sum();
    let cut: u64 = numbers.listen.iter().map(|l| l.rejected(numbers::reason::Reason::Drain).get()).sum();
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
