//! The first upstream that takes a connection, and those that are open already.
//!
//! A body is sent once. What was not sent at all, since the connection was gone or none was made, may go elsewhere;
//! of what was begun only the sender knows whether it may come twice.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::Response;
use hyper::body::{Body, Incoming};
use tokio::time::{interval, sleep, timeout, timeout_at};

use super::wire::{Ask, Line, Sent, address};
use crate::edge::serve::backoff::Backoff;
use crate::edge::serve::http::refusal::Refusal;
use crate::edge::serve::settings::Protocol;
use crate::edge::serve::shared::Shared;

/// How long a connection that nobody uses is kept: servers close theirs after some seconds, and one that is closed while a
/// request is on its way leaves nobody knowing whether it arrived.
const IDLE: Duration = Duration::from_millis(1500);
/// Idle connections to an upstream.
const IDLE_MAX: usize = 256;
/// Connections of HTTP/2 to an upstream: each is one core's work there.
const MANY_MAX: usize = 4;
/// When no upstream takes a connection: how long until it is tried again.
const PAUSE: Duration = Duration::from_millis(100);
/// How often one upstream is tried before the next one.
const TRIES: usize = 2;
/// How often upstreams that were not there are looked for.
const LOOK: Duration = Duration::from_millis(500);
/// How long an answer's end is waited for before its connection is given up.
const ANSWER_MAX: Duration = Duration::from_secs(3600);

/// Connections to one upstream.
#[derive(Default)]
struct Lines {
    /// Those that take one request at a time, and since when nobody uses them.
    one: Mutex<VecDeque<(Line, Instant)>>,
    /// Those that take many.
    many: Mutex<Vec<hyper::client::conn::http2::SendRequest<http_body_util::Full<hyper::body::Bytes>>>>,
    next: AtomicUsize,
}

/// Connections to all of them.
pub struct Pool {
    shared: Arc<Shared>,
    /// Places of those that speak HTTP, the preferred first.
    own: Vec<usize>,
    lines: Vec<Arc<Lines>>,
}

/// An answer and who gave it, or why there is none.
pub type Answered = Result<(usize, Response<Incoming>), (Option<usize>, Refusal)>;

impl Pool {
    /// Of the settings' upstreams.
    pub fn new(shared: Arc<Shared>) -> Pool {
        let own = shared.settings.upstreams(Protocol::Http);
        let lines = shared.settings.upstream.iter().map(|_| Arc::default()).collect();
        Pool { shared, own, lines }
    }

    /// Sends a request to the first upstream that takes a connection, and waits `hold` for one that does.
    pub async fn send(&self, mut ask: Ask, grpc: bool, hold: Duration) -> Answered {
        let begun = Instant::now();
        let until = begun + hold;
        loop {
            // Those that took a connection last come first.
            let is_up = |n: &&usize| self.shared.numbers.upstream[**n].up.get() == 1;
            let (up, down): (Vec<&usize>, Vec<&usize>) = self.own.iter().partition(is_up);
            for n in up.into_iter().chain(down).copied() {
                // A connection that was kept may be gone by now.
                for _ in 0..TRIES {
                    let Some(line) = self.line(n, grpc, until).await else { break };
                    let held = begun.elapsed();
                    match self.once(n, line, ask, grpc).await {
                        Err(Ok(not_sent)) => ask = *not_sent,
                        Ok(answer) => {
                            self.shared.numbers.http.held.observe(held.as_secs_f64());
                            return Ok((n, answer));
                        }
                        Err(Err(why)) => return Err((Some(n), why)),
                    }
                }
            }
            if Instant::now() + PAUSE >= until {
                self.shared.numbers.http.held.observe(begun.elapsed().as_secs_f64());
                return Err((None, Refusal::Busy("no upstream took a connection in hold-seconds; come again")));
            }
            sleep(PAUSE).await;
        }
    }

    /// Sends it over one connection. Err(Ok): nothing of it was sent.
    async fn once(
        &self,
        n: usize,
        mut line: Line,
        mut ask: Ask,
        grpc: bool,
    ) -> Result<Response<Incoming>, Result<Box<Ask>, Refusal>> {
        let (upstream, numbers) = (&self.shared.settings.upstream[n], &self.shared.numbers.upstream[n]);
        let own = ask.uri().clone();
        address(&mut ask, upstream, grpc);
        let bytes = ask.body().size_hint().lower();
        let begun = Instant::now();
        match timeout(self.shared.settings.limits.answer, line.send(ask)).await {
            Ok(Sent::Answer(answer)) => {
                numbers.sent.inc_by(bytes);
                self.shared.numbers.http.answer.observe(begun.elapsed().as_secs_f64());
                self.keep(n, line);
                Ok(answer)
            }
            Ok(Sent::Not(mut ask)) => {
                *ask.uri_mut() = own;
                Err(Ok(ask))
            }
            Ok(Sent::Perhaps) => {
                numbers.failures.inc();
                Err(Err(Refusal::Broken))
            }
            Err(_) => {
                numbers.failures.inc();
                Err(Err(Refusal::Silent))
            }
        }
    }

    /// A connection that takes a request, if one is made by then.
    async fn line(&self, n: usize, grpc: bool, until: Instant) -> Option<Line> {
        if let Some(line) = if grpc { self.shared_line(n) } else { self.idle(n) } {
            return Some(line);
        }
        self.open(n, grpc, until).await
    }

    fn idle(&self, n: usize) -> Option<Line> {
        let mut one = lock(&self.lines[n].one);
        // The one that was used last is the surest, and lets the others go.
        while let Some((line, since)) = one.pop_back() {
            if line.is_open() && since.elapsed() < IDLE {
                return Some(line);
            }
        }
        None
    }

    fn shared_line(&self, n: usize) -> Option<Line> {
        let mut many = lock(&self.lines[n].many);
        many.retain(|line| !line.is_closed());
        let most = self.shared.settings.limits.threads.min(MANY_MAX);
        if many.len() < most {
            return None;
        }
        let next = self.lines[n].next.fetch_add(1, Ordering::Relaxed);
        Some(Line::Many(many[next % many.len()].clone()))
    }

    async fn open(&self, n: usize, grpc: bool, until: Instant) -> Option<Line> {
        let (upstream, numbers) = (&self.shared.settings.upstream[n], &self.shared.numbers.upstream[n]);
        // One that does not answer leaves time for the next one.
        let left = until.saturating_duration_since(Instant::now()) / if self.own.len() > 1 { 2 } else { 1 };
        let patience = Instant::now() + self.shared.settings.limits.connect.min(left);
        let opened = timeout_at(patience.into(), Line::open(upstream, grpc)).await;
        let why = match opened {
            Ok(Ok(line)) => {
                numbers.connects.inc();
                if numbers.up.set(1) != 1 {
                    tracing::info!(upstream = %upstream.name, "connected");
                }
                if let Line::Many(line) = &line {
                    lock(&self.lines[n].many).push(line.clone());
                }
                return Some(line);
            }
            Ok(Err(e)) => e.to_string(),
            Err(_) => "no connection in connect-seconds or hold-seconds".to_owned(),
        };
        numbers.failures.inc();
        if numbers.up.set(0) == 1 {
            tracing::warn!(upstream = %upstream.name, reason = %why, "cannot connect");
        }
        None
    }

    /// Keeps a connection for the next request, once the answer was read from it.
    fn keep(&self, n: usize, mut line: Line) {
        if matches!(line, Line::Many(_)) {
            return;
        }
        let lines = self.lines[n].clone();
        tokio::spawn(async move {
            if timeout(ANSWER_MAX, line.again()).await == Ok(true) {
                lines.put(line);
            }
        });
    }

    /// Looks for upstreams that are not there, until it is time to stop.
    pub async fn watch(&self) {
        let mut backoffs = vec![Backoff::default(); self.lines.len()];
        let mut looks = interval(LOOK);
        loop {
            tokio::select! {
                () = self.shared.stop.cancelled() => return,
                _ = looks.tick() => {}
            }
            for n in self.own.iter().copied() {
                let now = Instant::now();
                self.lines[n].prune();
                if self.shared.numbers.upstream[n].up.get() == 1 || !backoffs[n].ready(now) {
                    continue;
                }
                let until = now + self.shared.settings.limits.connect;
                match self.open(n, false, until).await {
                    Some(line) => self.lines[n].put(line),
                    // One that speaks HTTP/2 alone, perhaps.
                    None if self.open(n, true, until).await.is_some() => {}
                    None => backoffs[n].failed(now, Duration::ZERO, Duration::ZERO, fastrand::f64()),
                }
            }
        }
    }
}

impl Lines {
    fn put(&self, line: Line) {
        let mut one = lock(&self.one);
        if one.len() >= IDLE_MAX {
            one.pop_front();
        }
        one.push_back((line, Instant::now()));
    }

    /// Closes what nobody has used for long.
    fn prune(&self) {
        let mut one = lock(&self.one);
        while one.front().is_some_and(|(_, since)| since.elapsed() > IDLE) {
            one.pop_front();
        }
    }
}

/// Nobody panics with one of these in hand.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
