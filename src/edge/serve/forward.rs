//! The queue -> the first upstream that takes data.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep_until, timeout};

use super::backoff::Backoff;
use super::flight::{Batch, Flight};
use super::numbers::Numbers;
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
    backoffs: Vec<Backoff>,
}

impl Forwarder {
    /// In front of the queue.
    pub fn new(shared: Arc<Shared>, queue: UnboundedReceiver<Batch>) -> Forwarder {
        let backoffs = vec![Backoff::default(); shared.settings.upstream.len()];
        Forwarder { shared, queue, flight: Flight::default(), backoffs }
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
            tracing::info!(upstream = %name, "connected");
            numbers.connects.inc();
            numbers.up.set(1);
            let end = self.pump(index, &mut link).await;
            numbers.up.set(0);
            match end {
                End::Done => {
                    close(link).await;
                    return;
                }
                End::Preferred(index, preferred) => {
                    let to = &shared.settings.upstream[index].name;
                    tracing::info!(upstream = %name, %to, "going back to a preferred upstream");
                    tokio::spawn(close(link));
                    next = Some((index, preferred));
                }
                End::Broken(e) => self.lost(index, &link, &said(&e), Duration::ZERO),
                End::Stalled => {
                    let patience = shared.settings.limits.write;
                    self.lost(index, &link, "it took nothing for write-seconds", patience);
                }
                End::Silent => {
                    self.lost(index, &link, "it did not acknowledge a message within ack-seconds", Duration::ZERO);
                }
            }
        }
    }

    fn lost(&mut self, index: usize, link: &Link, why: &str, least: Duration) {
        let (name, numbers) = (&self.shared.settings.upstream[index].name, &self.shared.numbers.upstream[index]);
        let unconfirmed = link.unconfirmed();
        numbers.failures.inc();
        numbers.unconfirmed.inc_by(unconfirmed);
        tracing::warn!(
            upstream = %name, reason = %why, unconfirmed_bytes = unconfirmed,
            "connection lost; at most so many bytes written to it did not arrive, the record being written is sent again"
        );
        let now = Instant::now();
        self.backoffs[index].failed(now, now - link.since, least, fastrand::f64());
        self.flight.rewind();
    }

    /// The first upstream that takes a connection; None when there is nothing left to write.
    async fn connect(&mut self) -> Option<(usize, Link)> {
        loop {
            if self.flight.is_empty() && self.queue.is_closed() && self.queue.is_empty() {
                return None;
            }
            for index in 0..self.backoffs.len() {
                if !self.backoffs[index].ready(Instant::now()) {
                    continue;
                }
                if let Some(link) = attempt(&self.shared, index, &mut self.backoffs[index]).await {
                    return Some((index, link));
                }
            }
            let soonest = self.backoffs.iter().filter_map(Backoff::next).min();
            let wait = soonest.unwrap_or_else(Instant::now);
            tokio::select! {
                () = sleep_until(wait.into()) => {}
                // Records that come while nobody takes them stay in the queue; its end is worth knowing.
                () = ended(&mut self.queue, &mut self.flight), if self.flight.is_empty() => {}
            }
        }
    }

    /// Writes until something happens to the connection.
    async fn pump(&mut self, index: usize, link: &mut Link) -> End {
        let mut probe = (index > 0).then(|| probe(self.shared.clone(), self.backoffs[..index].to_vec()));
        let mut preferred: Option<(usize, Link)> = None;
        let (mut unflushed, mut ended) = (false, false);
        let limits = self.shared.settings.limits.clone();
        loop {
            self.confirm(index, link);
            let overdue = self.flight.waiting_since().map(|since| since + limits.ack);
            if overdue.is_some_and(|at| at <= Instant::now()) {
                return End::Silent;
            }
            while preferred.is_none() && self.flight.has_room(FLIGHT_BYTES, limits.unacknowledged) {
                match self.queue.try_recv() {
                    Ok(batch) => self.flight.push(batch),
                    Err(_) => break,
                }
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
                        Some(batch) => self.flight.push(batch),
                        None => ended = true,
                    },
                    () = sleep_until(until.into()), if overdue.is_some() => {}
                }
                continue;
            }
            let flush = slices.is_empty();
            let write = timeout(limits.write, link.write(&slices));
            let written = tokio::select! {
                biased;
                written = write => written,
                made = probed(&mut probe) => {
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

    fn wrote(&mut self, index: usize, n: usize) {
        let numbers = &self.shared.numbers;
        numbers.upstream[index].sent.inc_by(n as u64);
        self.flight.advance(n, &mut |batch| left(numbers, batch));
        numbers.unacknowledged.set(self.flight.waiting() as i64);
    }

    /// Takes note of what has arrived.
    fn confirm(&mut self, index: usize, link: &mut Link) {
        let numbers = &self.shared.numbers;
        while let Some(chunk) = link.arrived() {
            if self.flight.arrived(&chunk, &mut |batch| left(numbers, batch)) {
                numbers.upstream[index].acks.inc();
            }
        }
        numbers.unacknowledged.set(self.flight.waiting() as i64);
    }
}

/// A batch is through.
fn left(numbers: &Numbers, batch: &Batch) {
    numbers.queue.dec_by(batch.bytes.len() as i64);
    numbers.queue_frames.dec_by(batch.frames as i64);
    numbers.delay.observe(batch.received.elapsed().as_secs_f64());
}

/// Resolves at the queue's end, or when there is something to write.
async fn ended(queue: &mut UnboundedReceiver<Batch>, flight: &mut Flight) {
    if let Some(batch) = queue.recv().await {
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
fn probe(shared: Arc<Shared>, mut backoffs: Vec<Backoff>) -> Probe {
    Box::pin(async move {
        loop {
            for (index, backoff) in backoffs.iter_mut().enumerate() {
                if backoff.ready(Instant::now())
                    && let Some(link) = attempt(&shared, index, backoff).await
                {
                    return (index, link);
                }
            }
            let soonest = backoffs.iter().filter_map(Backoff::next).min();
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

async fn close(link: Link) {
    // What is not confirmed by then is still with the kernel, which goes on.
    let _ = timeout(GOODBYE, link.close()).await;
}
