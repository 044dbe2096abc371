//! The queue -> the first upstream that takes data.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, sleep_until, timeout};

use super::backoff::Backoff;
use super::flight::{Batch, Flight};
use super::numbers::Numbers;
use super::outfile::{LOOK, Opened};
use super::settings::Protocol;
use super::shared::Shared;
use super::upstream::Link;

/// Bytes taken from the queue ahead of their write.
const FLIGHT_BYTES: usize = 512 << 10;
/// How long an upstream is given to close its side at the end.
const GOODBYE: Duration = Duration::from_secs(1);

/// Looks whether an upstream that is preferred to the present one takes data again.
type Probe = Pin<Box<dyn Future<Output = (usize, Link)> + Send>>;

/// Why a connection to an upstream was given up.
enum End {
    /// It broke.
    Broken(io::Error),
    /// It took nothing for too long.
    Stalled,
    /// It did not acknowledge a message in time.
    Silent,
    /// It is a file, and another one is to be written to.
    Moved,
    /// One that is preferred to it is back.
    Preferred(usize, Link),
    /// Everything is written.
    Done,
}

/// Writes what is queued.
pub struct Forwarder {
    shared: Arc<Shared>,
    queue: UnboundedReceiver<Batch>,
    flight: Flight,
    /// The upstreams of its protocol, by their places in the settings.
    own: Vec<usize>,
    fluent: bool,
    backoffs: Vec<Backoff>,
    /// Upstreams whose last write failed: a file can be opened all the same.
    doubtful: Vec<bool>,
    hangup: Signal,
}

impl Forwarder {
    /// In front of the queue of one protocol.
    ///
    /// # Errors
    /// When the system does not let signals be heard.
    pub fn new(shared: Arc<Shared>, queue: UnboundedReceiver<Batch>, fluent: bool) -> io::Result<Forwarder> {
        let many = shared.settings.upstream.len();
        let (backoffs, doubtful) = (vec![Backoff::default(); many], vec![false; many]);
        let hangup = signal(SignalKind::hangup())?;
        let own = shared.settings.upstreams(if fluent { Protocol::Fluent } else { Protocol::Records });
        Ok(Forwarder { shared, queue, flight: Flight::default(), own, fluent, backoffs, doubtful, hangup })
    }

    /// Until the queue has ended and everything in it is written. What was written is gone from the
    /// numbers of the queue, so that they say what was left to one who does not wait for the end.
    pub async fn run(mut self) {
        let mut next = None;
        loop {
            let (index, mut link) = match next.take() {
                Some(next) => next,
                None => match self.connect().await {
                    Some(made) => made,
                    None => return,
                },
            };
            let shared = self.shared.clone();
            let (name, numbers) = (&shared.settings.upstream[index].name, &shared.numbers.upstream[index]);
            numbers.connects.inc();
            if !self.doubtful[index] {
                tracing::info!(upstream = %name, "connected");
                numbers.up.set(1);
            }
            self.flight.begin();
            let end = self.pump(index, &mut link).await;
            numbers.up.set(0);
            match end {
                End::Done => {
                    if let Err(e) = close(&mut link).await {
                        shared.broken_at_end.store(true, Ordering::Relaxed);
                        self.lost(index, &mut link, &said(&e), Duration::ZERO, false);
                    }
                    return;
                }
                End::Moved => {
                    tracing::info!(upstream = %name, "opening it again: it was moved, or SIGHUP came");
                    self.step_back(index, &mut link);
                }
                End::Preferred(index, preferred) => {
                    let to = &shared.settings.upstream[index].name;
                    tracing::info!(upstream = %name, %to, "going back to a preferred upstream");
                    tokio::spawn(async move { _ = close(&mut link).await });
                    next = Some((index, preferred));
                }
                End::Broken(e) => {
                    self.doubtful[index] = link.file().is_some();
                    let closed = e.kind() == io::ErrorKind::UnexpectedEof;
                    self.lost(index, &mut link, &said(&e), Duration::ZERO, closed);
                }
                End::Stalled => {
                    let patience = shared.settings.limits.write;
                    self.lost(index, &mut link, "it took nothing for write-seconds", patience, false);
                }
                End::Silent => {
                    let why = "it did not acknowledge a message within ack-seconds";
                    self.lost(index, &mut link, why, Duration::ZERO, false);
                }
            }
        }
    }

    /// A connection is over; `closed` when the peer has closed its side in order.
    fn lost(&mut self, index: usize, link: &mut Link, why: &str, least: Duration, closed: bool) {
        let (name, numbers) = (&self.shared.settings.upstream[index].name, &self.shared.numbers.upstream[index]);
        let unconfirmed = link.unconfirmed(closed);
        // Nobody will hear of it from the next connection: there may be none.
        if unconfirmed > 0 && self.shared.stop.is_cancelled() {
            self.shared.broken_at_end.store(true, Ordering::Relaxed);
        }
        numbers.failures.inc();
        numbers.unconfirmed.inc_by(unconfirmed);
        tracing::warn!(
            upstream = %name, reason = %why, unconfirmed_bytes = unconfirmed,
            "connection lost; at most so many bytes written to it did not arrive, the record being written is sent again"
        );
        let now = Instant::now();
        self.backoffs[index].failed(now, now - link.since, least, fastrand::f64());
        self.step_back(index, link);
    }

    /// What was begun begins again; of a file the piece that is in it is taken back.
    fn step_back(&mut self, index: usize, link: &mut Link) {
        let torn = self.flight.rewind();
        if let Some(file) = link.file().filter(|_| torn > 0)
            && let Err(e) = file.take_back(torn)
        {
            let name = &self.shared.settings.upstream[index].name;
            tracing::warn!(upstream = %name, bytes = torn, reason = %said(&e), "a piece of a record stays in the file");
        }
    }

    /// The first upstream that takes a connection; None when there is nothing left to write.
    async fn connect(&mut self) -> Option<(usize, Link)> {
        loop {
            if self.flight.is_empty() && self.queue.is_closed() && self.queue.is_empty() {
                return None;
            }
            for index in self.own.clone() {
                if !self.backoffs[index].ready(Instant::now()) {
                    continue;
                }
                if let Some(link) = attempt(&self.shared, index, &mut self.backoffs[index]).await {
                    return Some((index, link));
                }
            }
            let soonest = self.own.iter().filter_map(|index| self.backoffs[*index].next()).min();
            let wait = soonest.unwrap_or_else(Instant::now);
            tokio::select! {
                () = sleep_until(wait.into()) => {}
                // Records that come while nobody takes them stay in the queue; its end is worth knowing.
                () = ended(&mut self.queue, &mut self.flight), if self.flight.is_empty() => {}
            }
        }
    }

    /// Looks after those that are preferred to this one.
    fn probe(&self, index: usize) -> Option<Probe> {
        let before = self.own.iter().take_while(|own| **own < index).map(|own| (*own, self.backoffs[*own]));
        let before: Vec<_> = before.collect();
        (!before.is_empty()).then(|| probe(self.shared.clone(), before))
    }

    /// Writes until something happens to the connection.
    async fn pump(&mut self, index: usize, link: &mut Link) -> End {
        let mut probe = self.probe(index);
        let mut preferred: Option<(usize, Link)> = None;
        let (mut unflushed, mut ended) = (false, false);
        let limits = self.shared.settings.limits.clone();
        let (is_file, may_move) = (link.file().is_some(), link.file().is_some_and(|f| f.may_move()));
        loop {
            if link.file().is_some_and(Opened::is_moved) {
                return End::Moved;
            }
            // A write to a file that has begun is waited for: it cannot be taken back.
            tokio::select! {
                biased;
                _ = self.hangup.recv(), if may_move => return End::Moved,
                made = probed(&mut probe), if is_file && preferred.is_none() => (probe, preferred) = (None, Some(made)),
                () = std::future::ready(()) => {}
            }
            self.confirm(index, link);
            let overdue = self.flight.waiting_since().map(|since| since + limits.ack);
            if overdue.is_some_and(|at| at <= Instant::now()) {
                return End::Silent;
            }
            if preferred.is_none() {
                self.fill(index);
            }
            let slices = self.flight.slices(preferred.is_some());
            if slices.is_empty() && !unflushed {
                if self.flight.waiting() == 0 {
                    match preferred {
                        Some((index, link)) => return End::Preferred(index, link),
                        None if ended => return End::Done,
                        None => {}
                    }
                }
                let more = !ended && preferred.is_none() && self.flight.has_room(FLIGHT_BYTES, limits.unacknowledged);
                let until = overdue.unwrap_or_else(Instant::now);
                tokio::select! {
                    biased;
                    news = link.news() => if let Err(e) = news { return End::Broken(e) },
                    made = probed(&mut probe) => (probe, preferred) = (None, Some(made)),
                    batch = self.queue.recv(), if more => match batch {
                        Some(batch) => take(&self.shared, index, &mut self.flight, batch),
                        None => ended = true,
                    },
                    () = sleep_until(until.into()), if overdue.is_some() => {}
                    _ = self.hangup.recv(), if may_move => return End::Moved,
                    () = sleep(LOOK), if may_move => {}
                }
                continue;
            }
            let flush = slices.is_empty();
            let written = tokio::select! {
                biased;
                written = timeout(limits.write, link.write(&slices)) => written,
                made = probed(&mut probe), if !is_file => {
                    (probe, preferred) = (None, Some(made));
                    continue;
                }
            };
            drop(slices);
            match written {
                Err(_) => return End::Stalled,
                Ok(Err(e)) => return End::Broken(e),
                Ok(Ok(n)) => {
                    unflushed = !flush;
                    self.wrote(index, n);
                }
            }
        }
    }

    /// Takes from the queue what there is room for.
    fn fill(&mut self, index: usize) {
        while self.flight.has_room(FLIGHT_BYTES, self.shared.settings.limits.unacknowledged)
            && let Ok(batch) = self.queue.try_recv()
        {
            take(&self.shared, index, &mut self.flight, batch);
        }
    }

    fn wrote(&mut self, index: usize, n: usize) {
        let numbers = &self.shared.numbers;
        if n > 0 && std::mem::take(&mut self.doubtful[index]) {
            tracing::info!(upstream = %self.shared.settings.upstream[index].name, "takes data again");
            numbers.upstream[index].up.set(1);
        }
        numbers.upstream[index].sent.inc_by(n as u64);
        self.flight.advance(n, &mut |batch| left(numbers, batch));
        self.say_waiting();
    }

    fn say_waiting(&self) {
        if self.fluent {
            self.shared.numbers.unacknowledged.set(self.flight.waiting() as i64);
        }
    }

    /// Takes note of what has arrived.
    fn confirm(&mut self, index: usize, link: &mut Link) {
        let numbers = &self.shared.numbers;
        while let Some(chunk) = link.arrived() {
            if self.flight.arrived(&chunk, &mut |batch| left(numbers, batch)) {
                numbers.upstream[index].acks.inc();
            }
        }
        self.say_waiting();
    }
}

/// A batch is through.
fn left(numbers: &Numbers, batch: &Batch) {
    numbers.queue.dec_by(batch.bytes.len() as i64);
    numbers.queue_frames.dec_by(batch.frames as i64);
    numbers.delay.observe(batch.received.elapsed().as_secs_f64());
}

/// Takes a batch, and says so once a while where it is framed anew.
fn take(shared: &Shared, index: usize, flight: &mut Flight, batch: Batch) {
    let Some((from, longer)) = flight.push(batch) else { return };
    shared.numbers.queue.inc_by(longer);
    if let (Some(silent), Some(to)) = (shared.mixed.line(Instant::now()), flight.framing()) {
        let upstream = &shared.settings.upstream[index].name;
        tracing::warn!(
            %upstream, %from, %to, lines_left_out = silent,
            "senders differ in how their records follow each other: those of one framing leave in the other, which \
             the connection to the upstream began with. Give [[upstream]] the `framing` that it expects"
        );
    }
}

/// Resolves at the queue's end, or when there is something to write.
async fn ended(queue: &mut UnboundedReceiver<Batch>, flight: &mut Flight) {
    if let Some(batch) = queue.recv().await {
        // The first one: it decides how all follow each other.
        flight.begin();
        flight.push(batch);
    }
}

async fn probed(probe: &mut Option<Probe>) -> (usize, Link) {
    match probe {
        Some(probe) => probe.await,
        None => std::future::pending().await,
    }
}

/// Tries the upstreams before the present one until one of them takes a connection.
fn probe(shared: Arc<Shared>, mut backoffs: Vec<(usize, Backoff)>) -> Probe {
    Box::pin(async move {
        loop {
            for (index, backoff) in &mut backoffs {
                if backoff.ready(Instant::now())
                    && let Some(link) = attempt(&shared, *index, backoff).await
                {
                    return (*index, link);
                }
            }
            let soonest = backoffs.iter().filter_map(|(_, backoff)| backoff.next()).min();
            sleep_until(soonest.unwrap_or_else(Instant::now).into()).await;
        }
    })
}

async fn attempt(shared: &Shared, index: usize, backoff: &mut Backoff) -> Option<Link> {
    let upstream = &shared.settings.upstream[index];
    let why = match timeout(shared.settings.limits.connect, Link::connect(upstream)).await {
        Ok(Ok(link)) => return Some(link),
        Ok(Err(e)) => said(&e),
        Err(_) => "no answer within connect-seconds".into(),
    };
    shared.numbers.upstream[index].failures.inc();
    tracing::warn!(upstream = %upstream.name, reason = %why, "cannot connect; will try again");
    backoff.failed(Instant::now(), Duration::ZERO, Duration::ZERO, fastrand::f64());
    None
}

/// An error of ours or the peer's, on one line. It holds no input: what we send never comes back.
fn said(e: &io::Error) -> String {
    e.to_string().replace(char::is_control, " ")
}

async fn close(link: &mut Link) -> io::Result<()> {
    // What is not confirmed by then is still with the kernel, which goes on.
    timeout(GOODBYE, link.close()).await.unwrap_or(Ok(()))
}
