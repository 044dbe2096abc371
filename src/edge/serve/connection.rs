//! One connection: read, mask, queue; and when to stop.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncWriteExt, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio_util::sync::PollSemaphore;

use super::budget::{BATCH_BYTES, LARGE_BYTES, READ_BYTES, SMALL_BYTES};
use super::due::{self, Due, Next, Stop};
use super::flight::Batch;
use super::foreign::HTTP;
use super::lane::{Done, Lane, Refused};
use super::numbers::Level;
use super::numbers::reason::Reason;
use super::refuse;
use super::settings::Rules;
use super::shared::Shared;
use super::wire::{Peer, Wire};

/// How long a peer is told that this is the end.
const GOODBYE: Duration = Duration::from_secs(1);
/// So long without a byte says that nothing follows what was held to see what follows it.
const SETTLE: Duration = Duration::from_millis(100);

thread_local! {
    /// What is read passes through here at once, so that an idle connection has no buffer.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
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
    /// When the age of records that come in parts was looked at.
    aged: Instant,
    /// When the unfinished record, or its window, began.
    record_began: Option<Instant>,
    /// What was done about the silence since the last read.
    settled: bool,
    flushed: bool,
    /// Since when it is to end.
    draining: Option<Instant>,
}

impl<W: Wire> Connection<W> {
    /// A connection that was taken.
    pub fn new(wire: W, peer: Peer, shared: Arc<Shared>, queue: UnboundedSender<Batch>) -> Self {
        let settings = &shared.settings;
        let listen = &settings.listen[peer.listener];
        let mut rules = listen.rules.watch();
        let mut lane = Lane::new(
            &rules.borrow_and_update().redactor,
            listen.framing,
            settings.target(),
            settings.limits.record_bytes,
        );
        if let Some(container) = listen.parts {
            lane.join(container);
        }
        if listen.refuses_foreign {
            lane.refuse_foreign();
        }
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
            aged: Instant::now(),
            record_began: None,
            settled: false,
            flushed: false,
            draining: None,
            shared,
            queue,
        }
    }

    /// Runs it to its end: the peer's, a limit's, or ours. What was received leaves, unless it is no
    /// log text, or in an encoding that would hide its secrets.
    pub async fn run(mut self) {
        let stop = self.shared.stop.clone();
        let mut reloaded = self.rules.clone();
        // Whether the peer has said that this is the end.
        let (mut refused, mut ended) = (None, false);
        loop {
            let draining = self.draining.is_some();
            let (deadline, due) = self.deadline();
            let cut = draining && self.shared.cut_at().is_some_and(|cut| cut <= Instant::now());
            let next = tokio::select! {
                biased;
                // Whoever sends without a pause would never let the other arms have their turn.
                () = std::future::ready(()), if cut => Next::Timer,
                () = std::future::ready(()), if !draining && stop.is_cancelled() => Next::Drain,
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
                    self.last_read = Instant::now();
                    self.draining = Some(self.last_read);
                    // Says that we take no more, so that a peer that looks goes elsewhere.
                    let _ = tokio::time::timeout(GOODBYE, self.wire.shutdown()).await;
                }
                Next::Timer if self.still_in_time(deadline) => {}
                Next::Timer => match self.due(due) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(why) => {
                        refused = Some(why);
                        break;
                    }
                },
                // Its drop is what follows, and nothing else.
                Next::Stop(Stop::Left) if self.wire.break_off() => return,
                // What has come is there for the next look.
                Next::Stop(Stop::Left) => tokio::task::yield_now().await,
                Next::Stop(stop) => {
                    ended = matches!(stop, Stop::End | Stop::Broken(_));
                    refused = self.stopped(&stop);
                    break;
                }
            }
        }
        if refused.is_none() {
            refused = self.release(Lane::finish).err();
        }
        if let Some(why) = refused {
            self.refuse(why).await;
        } else if self.draining.is_some() && !ended {
            // What it would send now nobody would read.
            _ = self.wire.break_off();
            return;
        }
        let _ = tokio::time::timeout(GOODBYE, self.wire.shutdown()).await;
    }

    /// Does what is due, and says whether the connection goes on.
    fn due(&mut self, due: Due) -> Result<bool, Refused> {
        match due {
            Due::Settle => {
                self.settled = true;
                if !self.lane.may_be_request() {
                    self.release(Lane::settle)?;
                }
                Ok(true)
            }
            Due::Leave => Ok(true),
            Due::Age => {
                self.aged = Instant::now();
                self.release(Lane::age).map(|()| true)
            }
            Due::Flush => {
                self.flushed = true;
                self.release(Lane::flush).map(|()| true)
            }
            Due::End(None) if !self.wire.break_off() => {
                self.last_read = Instant::now();
                Ok(true)
            }
            Due::End(reason) => {
                if let Some(reason) = reason {
                    self.shared.turn_away(self.peer.listener, &self.peer.name, reason, refuse::limit(reason));
                }
                Ok(false)
            }
        }
    }

    /// Says why none of it left; who speaks HTTP is told, too.
    async fn refuse(&mut self, why: Refused) {
        let (reason, what) = refuse::said(why);
        self.shared.turn_away(self.peer.listener, &self.peer.name, reason, &what);
        if matches!(why, Refused::Foreign(foreign) if *foreign == HTTP) {
            let _ = tokio::time::timeout(GOODBYE, refuse::answer(&mut self.wire)).await;
        }
    }

    /// When something is due if nothing happens, and what.
    fn deadline(&self) -> (Instant, Due) {
        let limits = &self.shared.settings.limits;
        if let Some(since) = self.draining {
            return due::draining(since, self.last_read, self.shared.cut_at(), self.ours, Instant::now());
        }
        let flush = self.shared.settings.listen[self.peer.listener].flush_after;
        let flush = flush.filter(|_| !self.flushed && self.lane.held() > 0);
        let all = [
            (!self.settled && self.lane.is_undecided()).then(|| (self.last_read + SETTLE, Due::Settle)),
            flush.map(|after| (self.last_read + after, Due::Flush)),
            self.lane.waits().then(|| (self.aged + limits.fragment / 2, Due::Age)),
            self.record_began.map(|began| (began + limits.slow, Due::End(Some(Reason::Slow)))),
        ];
        due::soonest(all, (self.last_read + limits.idle, Due::End(Some(Reason::Idle))))
    }

    /// At a deadline: whether it was we who made the peer wait, or the machine stood still.
    fn still_in_time(&mut self, deadline: Instant) -> bool {
        let now = Instant::now();
        let stood = self.draining.is_some() && due::stood_still(deadline, now);
        if !(self.ours || stood) || (self.draining.is_some() && self.shared.cut_at().is_none_or(|cut| cut <= now)) {
            return false;
        }
        self.last_read = now;
        self.record_began = self.record_began.map(|_| now);
        true
    }

    /// How a stream ended; why it is not taken, if it is not.
    fn stopped(&self, stop: &Stop) -> Option<Refused> {
        match stop {
            Stop::End | Stop::Left => None,
            Stop::Broken(e) => {
                let what = e.kind().to_string();
                self.shared.turn_away(self.peer.listener, &self.peer.name, Reason::Broken, &what);
                None
            }
            Stop::Refused(why) => Some(*why),
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
                    return if self.may_be_left() { Poll::Ready(Err(Stop::Left)) } else { Poll::Pending };
                }
                Poll::Ready(Err(e)) => return Poll::Ready(Err(Stop::Broken(e))),
                Poll::Ready(Ok(())) if n == 0 => return Poll::Ready(Err(Stop::End)),
                Poll::Ready(Ok(())) => {}
            }
            let taken = self.take(&buffer[..n], room);
            buffer[..n].fill(0);
            std::hint::black_box(&buffer[..n]);
            self.turn = turn.filter(|_| self.lane.held() >= SMALL_BYTES);
            Poll::Ready(taken.map_err(Stop::Refused))
        })
    }

    /// Whether it may end here, where nothing is in its socket: no record is open, and whoever still sends
    /// has had time to look.
    fn may_be_left(&self) -> bool {
        let open = !self.lane.is_between();
        self.lane.held() == 0 && self.draining.is_some_and(|since| due::may_be_left(since, open, Instant::now()))
    }

    /// Takes over the rules of a reload. Asked behind each read: whatever was sent after a reload is
    /// judged by its rules.
    fn renew(&mut self) {
        if self.rules.has_changed().unwrap_or(false) {
            self.lane.renew(&self.rules.borrow_and_update().redactor);
        }
    }

    fn take(&mut self, bytes: &[u8], room: OwnedSemaphorePermit) -> Result<(), Refused> {
        self.last_read = Instant::now();
        (self.settled, self.flushed) = (false, false);
        if !self.lane.waits() {
            self.aged = self.last_read;
        } else if self.aged + self.shared.settings.limits.fragment / 2 <= self.last_read {
            self.due(Due::Age)?;
        }
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

    /// Sends on what was held; it may exceed the budget by what was held before.
    fn release(&mut self, go: impl FnOnce(&mut Lane, &mut Vec<u8>) -> Done) -> Result<(), Refused> {
        let mut out = Vec::new();
        self.lane.recognize(true, &mut out)?;
        let done = go(&mut self.lane, &mut out);
        self.lane.trim(SMALL_BYTES);
        if self.lane.held() == 0 {
            self.record_began = None;
        }
        self.count(&done);
        match self.shared.budget.room(0) {
            Some(room) => self.send(out, done.frames, room),
            None => _ = self.shared.unread.fetch_add(out.len() as u64, Ordering::Relaxed),
        }
        Ok(())
    }
}
