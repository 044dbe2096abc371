//! One sender: read, mask, queue; and acknowledge what has arrived.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BufMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

use crate::edge::serve::budget::{BATCH_BYTES, SMALL_BYTES, queue_bytes};
use crate::edge::serve::flight::{Batch, Receipt};
use crate::edge::serve::fluent::incoming::Incoming;
use crate::edge::serve::fluent::mask::Masker;
use crate::edge::serve::fluent::relay::{Outgoing, relay};
use crate::edge::serve::fluent::{Refusal, ack, greet};
use crate::edge::serve::inbox::Seat;
use crate::edge::serve::lane::Done;
use crate::edge::serve::numbers::Level;
use crate::edge::serve::numbers::reason::Reason;
use crate::edge::serve::settings::Rules;
use crate::edge::serve::shared::Shared;
use crate::edge::serve::wire::{Peer, Wire};
use crate::edge::serve::work::off;

/// While draining: so long without a byte is the end.
const QUIET: Duration = Duration::from_millis(500);
/// While draining: so long who goes on sending may do so.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a sender that has closed its side is told what has arrived.
const LINGER: Duration = Duration::from_secs(10);
/// How long a peer is told that this is the end.
const GOODBYE: Duration = Duration::from_secs(1);

/// A connection until it ends.
pub struct Connection<W> {
    wire: W,
    peer: Peer,
    shared: Arc<Shared>,
    queue: UnboundedSender<Batch>,
    incoming: Incoming,
    masker: Masker,
    /// Those of the listener, also after a reload.
    rules: watch::Receiver<Rules>,
    seat: Seat,
    /// What the forwarder has to say, and where it says it.
    arrived: UnboundedReceiver<Vec<u8>>,
    tell: UnboundedSender<Vec<u8>>,
    /// Messages whose sender still waits.
    outstanding: usize,
    last_read: Instant,
    message_began: Option<Instant>,
}

/// Why no more is read.
enum End {
    /// The peer has closed its side.
    Closed,
    /// It is time to stop.
    Drained,
    /// With a reason, and what to say.
    Away(Reason, String),
}

/// What came first.
enum Next {
    Read(io::Result<usize>),
    Arrived(Vec<u8>),
    Drain,
    Rules,
    Timer,
}

impl<W: Wire> Connection<W> {
    /// A connection that was taken.
    pub fn new(wire: W, peer: Peer, shared: Arc<Shared>, queue: UnboundedSender<Batch>) -> Self {
        let settings = &shared.settings;
        let (tell, arrived) = unbounded_channel();
        let mut rules = settings.listen[peer.listener].rules.watch();
        let masker = Masker::new(&rules.borrow_and_update().redactor);
        Connection {
            wire,
            incoming: Incoming::new(settings.limits.message_bytes),
            masker,
            rules,
            seat: shared.inbox.seat(&shared.numbers.listen[peer.listener].waiting),
            arrived,
            tell,
            outstanding: 0,
            last_read: Instant::now(),
            message_began: None,
            peer,
            shared,
            queue,
        }
    }

    /// Runs it to its end: the peer's, a limit's, or ours.
    pub async fn run(mut self) {
        let end = match self.greet().await {
            Ok(()) => self.receive().await,
            Err(end) => end,
        };
        let patience = match &end {
            // The time to drain is the limit.
            End::Drained => None,
            _ => Some(LINGER),
        };
        let unfinished = self.incoming.held() > 0;
        match end {
            End::Away(reason, why) => self.turn_away(reason, &why),
            End::Closed | End::Drained if unfinished => {
                self.turn_away(Reason::Unfinished, "ended within a message, which was not sent on");
            }
            End::Closed | End::Drained => {}
        }
        self.settle(patience).await;
        if patience.is_none() {
            // What it would send now nobody would read.
            _ = self.wire.break_off();
            return;
        }
        let _ = timeout(GOODBYE, self.wire.shutdown()).await;
    }

    fn turn_away(&self, reason: Reason, why: &str) {
        self.shared.turn_away(self.peer.listener, &self.peer.name, reason, why);
    }

    async fn greet(&mut self) -> Result<(), End> {
        let shared = self.shared.clone();
        let Some(terms) = &shared.settings.listen[self.peer.listener].fluent else { return Ok(()) };
        let Some(key) = &terms.key else { return Ok(()) };
        let away = |why: &str| End::Away(Reason::SharedKey, why.to_owned());
        let greeted = timeout(shared.settings.limits.handshake, greet::sender(&mut self.wire, terms, key));
        let greeted = tokio::select! {
            greeted = greeted => greeted,
            () = shared.stop.cancelled() => return Err(End::Drained),
        };
        self.last_read = Instant::now();
        match greeted {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(away("did not show that it knows the shared key; closed")),
            // A look whether somebody is there.
            Ok(Err(e)) if e.kind() == io::ErrorKind::UnexpectedEof => Err(End::Closed),
            Ok(Err(e)) => Err(away(&format!("handshake failed: {e}"))),
            Err(_) => Err(away("handshake took longer than handshake-seconds; closed")),
        }
    }

    /// Takes messages until there are no more.
    async fn receive(&mut self) -> End {
        let shared = self.shared.clone();
        let mut reloaded = self.rules.clone();
        let (mut draining, mut since) = (false, None);
        loop {
            if let Err(end) = self.take_whole().await {
                return end;
            }
            let (deadline, reason) = self.deadline(draining);
            // Who never pauses is left between two messages.
            let between = self.incoming.held() == 0 && self.outstanding == 0 && self.masker.is_between();
            let leave = between && since.is_some_and(|since: Instant| since.elapsed() >= PATIENCE);
            let next = tokio::select! {
                biased;
                Some(ack) = self.arrived.recv() => Next::Arrived(ack),
                read = read(&mut self.wire, &mut self.incoming, &mut self.seat) => Next::Read(read),
                () = std::future::ready(()), if leave => return End::Drained,
                () = shared.stop.cancelled(), if !draining => Next::Drain,
                // So that a connection on which nothing comes keeps no old rules in memory.
                _ = reloaded.changed() => Next::Rules,
                () = sleep_until(deadline.into()) => Next::Timer,
            };
            match next {
                Next::Rules => self.renew(),
                Next::Arrived(ack) => {
                    if let Err(e) = self.answer(ack).await {
                        return End::Away(Reason::Broken, e.to_string());
                    }
                }
                Next::Read(Ok(0)) => return End::Closed,
                Next::Read(Ok(_)) => {
                    self.last_read = Instant::now();
                    self.message_began.get_or_insert(self.last_read);
                }
                Next::Read(Err(e)) => return End::Away(Reason::Broken, e.kind().to_string()),
                Next::Drain => {
                    draining = true;
                    self.last_read = Instant::now();
                    since = Some(self.last_read);
                }
                Next::Timer if self.seat.waits() && !draining => self.still_in_time(),
                Next::Timer => match reason {
                    Some(reason) => return End::Away(reason, said(reason).to_owned()),
                    None if draining => return End::Drained,
                    None => self.still_in_time(),
                },
            }
        }
    }

    /// When it ends if nothing happens, and what to say then; None where there is nothing to say.
    fn deadline(&self, draining: bool) -> (Instant, Option<Reason>) {
        let limits = &self.shared.settings.limits;
        if draining {
            let quiet = self.last_read + QUIET;
            return match self.shared.cut_at() {
                Some(cut) if cut < quiet => (cut, Some(Reason::Drain)),
                _ => (quiet, None),
            };
        }
        let idle = self.last_read + limits.idle;
        match self.message_began.map(|began| began + limits.slow) {
            Some(slow) if slow < idle => (slow, Some(Reason::Slow)),
            _ => (idle, (self.outstanding == 0).then_some(Reason::Idle)),
        }
    }

    /// It is we who made the peer wait.
    fn still_in_time(&mut self) {
        self.last_read = Instant::now();
        self.message_began = self.message_began.map(|_| self.last_read);
    }

    /// Sends on every message that is all there.
    async fn take_whole(&mut self) -> Result<(), End> {
        while let Some(len) = self.incoming.whole().map_err(refused)? {
            self.take(len).await?;
            self.incoming.consume(len);
            // It may have had to wait for us.
            self.last_read = Instant::now();
            self.message_began = (self.incoming.held() > 0).then_some(self.last_read);
            // Others have messages too.
            tokio::task::coop::consume_budget().await;
        }
        self.incoming.trim(SMALL_BYTES);
        Ok(())
    }

    /// Room first, then the work, then the queue.
    async fn take(&mut self, len: usize) -> Result<(), End> {
        let shared = self.shared.clone();
        let limits = &shared.settings.limits;
        let wanted = (len + BATCH_BYTES).min(queue_bytes(limits.buffered_bytes));
        let mut waiting = None;
        let room = shared.budget.queue.clone().acquire_many_owned(wanted as u32);
        tokio::pin!(room);
        let room = loop {
            tokio::select! {
                biased;
                Some(ack) = self.arrived.recv() => {
                    self.answer(ack).await.map_err(|e| End::Away(Reason::Broken, e.to_string()))?;
                }
                room = &mut room => break room,
                // What is not ready at once is waited for.
                () = std::future::ready(()), if waiting.is_none() => {
                    waiting = Some(Level::up(&shared.numbers.listen[self.peer.listener].waiting));
                }
                () = cut(&shared) => return Err(End::Away(Reason::Drain, said(Reason::Drain).to_owned())),
            }
        };
        drop(waiting);
        let Ok(room) = room else { return Err(End::Drained) };
        self.renew();
        let own = shared.settings.upstream.iter().any(|u| u.fluent.as_ref().is_some_and(|f| f.acknowledge));
        let own = own.then(ack::own);
        let (value, masker) = (self.incoming.value(len), &mut self.masker);
        let out = off(len, || {
            let out = relay(value, masker, limits.message_bytes, own.as_deref());
            masker.trim();
            out
        });
        let events = out.as_ref().map_or(0, |out| out.as_ref().map_or(0, |out| out.events));
        self.count(len, events);
        // Nil says nothing.
        let Some(out) = out.map_err(refused)? else { return Ok(()) };
        let Outgoing { bytes, events, chunk, ack } = out;
        self.outstanding += usize::from(ack.is_some());
        let sender = ack.map(|ack| (self.tell.clone(), ack));
        let receipt = chunk.map(|chunk| Receipt { chunk, sender });
        let charge = shared.budget.charge(room, bytes.len() + BATCH_BYTES);
        let batch = Batch { bytes, framing: None, frames: events, received: self.last_read, charge, receipt };
        shared.enqueue(self.peer.listener, &self.queue, batch);
        Ok(())
    }

    /// Takes over the rules of a reload, unless a key block is open: that ends under the rules it
    /// began under. Messages are judged by the rules in force when their turn comes.
    fn renew(&mut self) {
        if self.rules.has_changed().unwrap_or(false) && self.masker.is_between() {
            self.masker = Masker::new(&self.rules.borrow_and_update().redactor);
        }
    }

    fn count(&mut self, bytes: usize, events: u64) {
        let listener = self.peer.listener;
        let mut tally = self.masker.take_tally();
        // What was judged was no longer what was received.
        tally.bytes_in = bytes as u64;
        let numbers = &self.shared.numbers.listen[listener];
        numbers.messages.inc();
        let done = Done { tally, records: events, ..Done::default() };
        numbers.add(&done, self.masker.redactor());
    }

    /// Tells the sender what has arrived.
    async fn answer(&mut self, ack: Vec<u8>) -> io::Result<()> {
        self.outstanding = self.outstanding.saturating_sub(1);
        let written = async {
            self.wire.write_all(&ack).await?;
            self.wire.flush().await
        };
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "it did not take an acknowledgement in write-seconds");
        timeout(self.shared.settings.limits.write, written).await.map_err(late)??;
        self.shared.numbers.listen[self.peer.listener].acks.inc();
        Ok(())
    }

    /// Nothing more is read: what is on its way may still arrive, and the sender wants to know.
    async fn settle(&mut self, patience: Option<Duration>) {
        let end = Instant::now() + patience.unwrap_or(Duration::from_secs(86_400));
        while self.outstanding > 0 {
            let ack = tokio::select! {
                biased;
                ack = self.arrived.recv() => ack,
                () = sleep_until(end.into()) => None,
            };
            let Some(ack) = ack else { return };
            if self.answer(ack).await.is_err() {
                return;
            }
        }
    }
}

/// Reads as much as there may be.
async fn read(wire: &mut impl Wire, incoming: &mut Incoming, seat: &mut Seat) -> io::Result<usize> {
    let most = seat.more(incoming.held()).await;
    wire.read_buf(&mut incoming.room(most).limit(most)).await
}

/// When connections are cut while it is time to stop.
async fn cut(shared: &Shared) {
    shared.stop.cancelled().await;
    // It is set before it is time to stop.
    sleep_until(shared.cut_at().unwrap_or_else(Instant::now).into()).await;
}

fn refused(why: Refusal) -> End {
    match why {
        Refusal::Malformed(what) => End::Away(Reason::Malformed, format!("{what}; closed, nothing of it left")),
        Refusal::Large => {
            End::Away(Reason::MessageSize, "a message over message-bytes; closed, nothing of it left".into())
        }
        Refusal::Inflated => {
            End::Away(Reason::Inflated, "what was compressed would be too large; closed, nothing of it left".into())
        }
    }
}

/// What a log line says of a limit.
fn said(reason: Reason) -> &'static str {
    match reason {
        Reason::Slow => "a message took longer than slow-seconds; closed, nothing of it left",
        Reason::Idle => "nothing came for idle-seconds; closed",
        Reason::Drain => "was still sending when it was time to end; closed",
        _ => "closed",
    }
}
