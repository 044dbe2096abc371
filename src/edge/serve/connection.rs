//! One connection: read, mask, queue; and when to stop.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio_util::sync::PollSemaphore;

use super::budget::{BATCH_BYTES, LARGE_BYTES, READ_BYTES, SMALL_BYTES};
use super::flight::Batch;
use super::lane::{Done, Lane};
use super::numbers::{Level, Reason};
use super::settings::Rules;
use super::shared::Shared;
use crate::edge::encoding::Wide;

/// While draining: so long without a byte is the end.
const QUIET: Duration = Duration::from_millis(500);
/// How long a peer is told that this is the end.
const GOODBYE: Duration = Duration::from_secs(1);

thread_local! {
    /// What is read passes through here at once, so that an idle connection has no buffer.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// What carries a connection.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Who is at the other end, and where it came in.
pub struct Peer {
    /// The listener's place in the settings.
    pub listener: usize,
    /// For log lines.
    pub name: String,
}

/// A connection until it ends.
pub struct Connection<W> {
    wire: W,
    lane: Lane,
    rules: watch::Receiver<Rules>,
    peer: Peer,
    shared: Arc<Shared>,
    queue: UnboundedSender<Batch>,
    turns: PollSemaphore,
    room: PollSemaphore,
    /// Held while an unfinished record is large.
    turn: Option<OwnedSemaphorePermit>,
    /// Its last read was a large one.
    gives_way: bool,
    /// What it waits for is ours to give.
    ours: bool,
    /// Counts it while that is so.
    waiting: Option<Level>,
    last_read: Instant,
    /// When the unfinished record, or its window, began.
    record_began: Option<Instant>,
}

/// Why a read gave no bytes.
enum Stop {
    End,
    Broken(io::Error),
    Wide,
}

/// How a connection goes on behind a read or a wait.
enum Next {
    More,
    Rules,
    Drain,
    Timer,
    Stop(Stop),
}

impl<W: Wire> Connection<W> {
    /// A connection that was taken.
    pub fn new(wire: W, peer: Peer, shared: Arc<Shared>, queue: UnboundedSender<Batch>) -> Self {
        let settings = &shared.settings;
        let listen = &settings.listen[peer.listener];
        let mut rules = listen.rules.watch();
        let lane = Lane::new(
            &rules.borrow_and_update().redactor,
            listen.framing,
            settings.target(),
            settings.limits.record_bytes,
        );
        Connection {
            wire,
            lane,
            rules,
            peer,
            turns: PollSemaphore::new(shared.budget.turns.clone()),
            room: PollSemaphore::new(shared.budget.queue.clone()),
            turn: None,
            gives_way: false,
            ours: false,
            waiting: None,
            last_read: Instant::now(),
            record_began: None,
            shared,
            queue,
        }
    }

    /// Runs it to its end: the peer's, a limit's, or ours. What was received leaves, unless it is in
    /// an encoding that would hide its secrets.
    pub async fn run(mut self) {
        let stop = self.shared.stop.clone();
        let mut reloaded = self.rules.clone();
        let (mut draining, mut refused) = (false, false);
        loop {
            let (deadline, reason) = self.deadline(draining);
            let next = tokio::select! {
                biased;
                read = std::future::poll_fn(|cx| self.poll_counted(cx)) => match read {
                    Ok(()) => Next::More,
                    Err(stop) => Next::Stop(stop),
                },
                () = stop.cancelled(), if !draining => Next::Drain,
                // So that a connection on which nothing comes keeps no old rules in memory.
                _ = reloaded.changed() => Next::Rules,
                () = tokio::time::sleep_until(deadline.into()) => Next::Timer,
            };
            match next {
                Next::Rules => self.renew(),
                Next::More => {}
                Next::Drain => {
                    draining = true;
                    self.last_read = Instant::now();
                    // Says that we take no more, so that a peer that looks goes elsewhere.
                    let _ = tokio::time::timeout(GOODBYE, self.wire.shutdown()).await;
                }
                Next::Timer if self.still_in_time(draining) => {}
                Next::Timer => {
                    if let Some(reason) = reason {
                        self.shared.turn_away(self.peer.listener, &self.peer.name, reason, said(reason));
                    }
                    break;
                }
                Next::Stop(stop) => {
                    self.stopped(&stop);
                    refused = matches!(stop, Stop::Wide);
                    break;
                }
            }
        }
        if !refused {
            self.finish();
        }
        let _ = tokio::time::timeout(GOODBYE, self.wire.shutdown()).await;
    }

    /// When it ends if nothing happens, and what to say then.
    fn deadline(&self, draining: bool) -> (Instant, Option<Reason>) {
        let limits = &self.shared.settings.limits;
        if draining {
            let quiet = self.last_read + QUIET;
            let cut = self.shared.cut_at().unwrap_or(quiet);
            return if self.ours || cut < quiet { (cut, Some(Reason::Drain)) } else { (quiet, None) };
        }
        let idle = self.last_read + limits.idle;
        match self.record_began.map(|began| began + limits.slow) {
            Some(slow) if slow < idle => (slow, Some(Reason::Slow)),
            _ => (idle, Some(Reason::Idle)),
        }
    }

    /// At a deadline: whether it was we who made the peer wait.
    fn still_in_time(&mut self, draining: bool) -> bool {
        let now = Instant::now();
        if !self.ours || (draining && self.shared.cut_at().is_none_or(|cut| cut <= now)) {
            return false;
        }
        self.last_read = now;
        self.record_began = self.record_began.map(|_| now);
        true
    }

    fn stopped(&self, stop: &Stop) {
        let (listener, peer) = (self.peer.listener, &self.peer.name);
        match stop {
            Stop::End => {}
            Stop::Broken(e) => self.shared.turn_away(listener, peer, Reason::Broken, &e.kind().to_string()),
            Stop::Wide => {
                let what = "looks like UTF-16 or UTF-32, in which secrets would be missed: send UTF-8; none of it left";
                self.shared.turn_away(listener, peer, Reason::Encoding, what);
            }
        }
    }

    /// [`poll`](Self::poll), seen in the numbers while the peer waits for us.
    fn poll_counted(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Stop>> {
        let polled = self.poll(cx);
        if !(self.ours && polled.is_pending()) {
            self.waiting = None;
        } else if self.waiting.is_none() {
            self.waiting = Some(Level::up(&self.shared.numbers.listen[self.peer.listener].waiting));
        }
        polled
    }

    /// Reads what there is, as much as there is room for, and queues what comes of it.
    ///
    /// 0. Behind a large read others run first: what it queued leaves while it is still in the
    ///    processor's cache, and its buffer is used again.
    /// 1. A turn, if an unfinished record is large or there is one to be had.
    /// 2. Room in the queue for all that is read.
    /// 3. Only then the read: what cannot be kept is not taken from the socket.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Stop>> {
        self.ours = true;
        if std::mem::take(&mut self.gives_way) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let held = self.lane.held();
        let mut turn = self.turn.take().or_else(|| self.shared.budget.turns.clone().try_acquire_owned().ok());
        if turn.is_none() && held >= SMALL_BYTES {
            turn = ready!(self.turns.poll_acquire(cx));
        }
        let most = if turn.is_some() { READ_BYTES } else { SMALL_BYTES - held };
        let large = held >= SMALL_BYTES;
        let Poll::Ready(room) = self.room.poll_acquire_many(cx, most as u32) else {
            self.turn = turn.filter(|_| large);
            return Poll::Pending;
        };
        let Some(room) = room else {
            return Poll::Ready(Err(Stop::End));
        };
        self.ours = false;
        BUFFER.with_borrow_mut(|buffer| {
            let mut read = ReadBuf::new(&mut buffer[..most]);
            let polled = Pin::new(&mut self.wire).poll_read(cx, &mut read);
            let n = read.filled().len();
            match polled {
                Poll::Pending => {
                    self.turn = turn.filter(|_| large);
                    return Poll::Pending;
                }
                Poll::Ready(Err(e)) => return Poll::Ready(Err(Stop::Broken(e))),
                Poll::Ready(Ok(())) if n == 0 => return Poll::Ready(Err(Stop::End)),
                Poll::Ready(Ok(())) => {}
            }
            let taken = self.take(&buffer[..n], room);
            buffer[..n].fill(0);
            std::hint::black_box(&buffer[..n]);
            self.turn = turn.filter(|_| self.lane.held() >= SMALL_BYTES);
            Poll::Ready(taken.map_err(|_| Stop::Wide))
        })
    }

    /// Takes over the rules of a reload. Asked behind each read: whatever was sent after a reload is
    /// judged by its rules.
    fn renew(&mut self) {
        if self.rules.has_changed().unwrap_or(false) {
            self.lane.renew(&self.rules.borrow_and_update().redactor);
        }
    }

    fn take(&mut self, bytes: &[u8], room: OwnedSemaphorePermit) -> Result<(), Wide> {
        self.last_read = Instant::now();
        self.renew();
        self.gives_way = bytes.len() >= LARGE_BYTES;
        let held = self.lane.held();
        let mut out = self.shared.budget.buffer(bytes.len() + held.min(SMALL_BYTES));
        let done = self.lane.push(bytes, &mut out)?;
        let progress = !out.is_empty() || self.lane.held() < held;
        self.record_began = match self.record_began {
            _ if self.lane.held() == 0 => None,
            Some(began) if !progress => Some(began),
            _ => Some(self.last_read),
        };
        self.lane.trim(SMALL_BYTES);
        self.count(&done);
        self.send(out, done.frames, room);
        Ok(())
    }

    fn count(&self, done: &Done) {
        let listener = self.peer.listener;
        self.shared.numbers.listen[listener].add(done, self.lane.redactor());
        if done.misframed {
            let what = "an octet count was expected and something else came; the rest is read as lines";
            self.shared.turn_away(listener, &self.peer.name, Reason::Misframed, what);
        }
    }

    fn send(&mut self, mut bytes: Vec<u8>, frames: u64, room: OwnedSemaphorePermit) {
        if bytes.is_empty() {
            return;
        }
        // Large ones may be those few that are used again and again.
        if bytes.capacity() > 2 * bytes.len() && bytes.len() < LARGE_BYTES {
            bytes.shrink_to_fit();
        }
        let charge = self.shared.budget.charge(room, bytes.len() + BATCH_BYTES);
        let framing = Some(self.lane.target());
        let batch = Batch { bytes, framing, frames, received: self.last_read, charge, receipt: None };
        self.shared.enqueue(self.peer.listener, &self.queue, batch);
    }

    /// What is left leaves as a record; it may exceed the budget by what was held before.
    fn finish(&mut self) {
        let mut out = Vec::new();
        let done = self.lane.finish(&mut out);
        self.count(&done);
        match self.shared.budget.room(0) {
            Some(room) => self.send(out, done.frames, room),
            None => _ = self.shared.unread.fetch_add(out.len() as u64, Ordering::Relaxed),
        }
    }
}

/// What a log line says of a limit.
fn said(reason: Reason) -> &'static str {
    match reason {
        Reason::Slow => "a record took longer than slow-seconds; closed, what came of it is sent on",
        Reason::Idle => "nothing came for idle-seconds; closed",
        Reason::Drain => "was still sending when it was time to end; closed",
        _ => "closed",
    }
}
