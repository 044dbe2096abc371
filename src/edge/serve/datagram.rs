//! Datagrams: each is a record of its own. What one leaves open is asked in the next one of its sender, as they come.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::io::Interest;
use tokio::net::{UdpSocket, UnixDatagram};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::UnboundedSender;

use super::budget::BATCH_BYTES;
use super::flight::Batch;
use super::lane::Lane;
use super::refuse;
use super::senders::{Senders, by_udp};
use super::shared::Shared;
use crate::engine::wipe::wipe;

/// Datagrams that may wait in a socket.
const WAITING_MAX: usize = 64 << 10;
/// The longest datagram, in bytes: more than Linux lets through unless it is told to.
const DATAGRAM_BYTES: usize = 256 << 10;

/// UDP: what comes while there is no room is dropped and counted.
pub async fn udp(mut mouth: Mouth<(IpAddr, Option<u16>)>, socket: UdpSocket) {
    let stop = mouth.shared.stop.clone();
    let take = |mouth: &mut Mouth<_>| {
        let (n, from) = socket.try_recv_from(&mut mouth.buffer)?;
        match mouth.shared.budget.room(n) {
            Some(room) => {
                let sender = by_udp(from, &mouth.buffer[..n]);
                mouth.take(n, room, sender, || from.to_string());
            }
            None => _ = mouth.shared.numbers.listen[mouth.listener].dropped.inc(),
        }
        io::Result::Ok(())
    };
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            ready = socket.readable() => if ready.is_err() { break },
        }
        while !stop.is_cancelled() && take(&mut mouth).is_ok() {
            tokio::task::coop::consume_budget().await;
        }
    }
    // What was received before the signal; at most what the kernel holds, or a flood would be no end.
    for _ in 0..WAITING_MAX {
        if take(&mut mouth).is_err() {
            break;
        }
    }
}

/// Unix datagrams: while there is no room senders wait. Hardly any of them has a name.
pub async fn unix(mut mouth: Mouth<()>, socket: UnixDatagram) {
    let shared = mouth.shared.clone();
    let queue = shared.budget.queue.clone();
    let peer = || "unix datagram".to_owned();
    loop {
        tokio::select! {
            biased;
            () = shared.stop.cancelled() => break,
            ready = socket.ready(Interest::READABLE) => if ready.is_err() { break },
        }
        let room = tokio::select! {
            biased;
            () = shared.stop.cancelled() => break,
            room = queue.clone().acquire_many_owned(DATAGRAM_BYTES as u32) => room,
        };
        let Ok(room) = room else { break };
        if let Ok(n) = socket.try_recv(&mut mouth.buffer) {
            mouth.take(n, room, (), peer);
        }
    }
    while let Ok(n) = socket.try_recv(&mut mouth.buffer) {
        let Some(room) = shared.budget.room(0) else { break };
        mouth.take(n, room, (), peer);
    }
}

/// Takes datagrams.
pub struct Mouth<K> {
    shared: Arc<Shared>,
    queue: UnboundedSender<Batch>,
    listener: usize,
    buffer: Vec<u8>,
    senders: Senders<K>,
}

impl<K: PartialEq> Mouth<K> {
    /// Of a listener.
    pub fn new(shared: Arc<Shared>, queue: UnboundedSender<Batch>, listener: usize) -> Mouth<K> {
        Mouth { shared, queue, listener, buffer: vec![0; DATAGRAM_BYTES], senders: Senders::default() }
    }

    fn take(&mut self, n: usize, room: OwnedSemaphorePermit, from: K, peer: impl Fn() -> String) {
        let shared = Arc::clone(&self.shared);
        let listen = &shared.settings.listen[self.listener];
        let numbers = &shared.numbers.listen[self.listener];
        let rules = listen.rules.get();
        let (target, limit) = (shared.settings.target(), shared.settings.limits.record_bytes);
        let mut open = self.senders.enter(from, n, &rules.redactor, |rules| Lane::datagram(rules, target, limit));
        let lane = &mut open.lane;
        lane.begin_datagram(listen.refuses_foreign);
        let mut out = Vec::with_capacity(n + 1);
        // A NUL at its end is its end, as in a stream: Python's SysLogHandler writes one over UDP, too.
        let text = self.buffer[..n].strip_suffix(b"\0").unwrap_or(&self.buffer[..n]);
        let pushed = lane.push(text, &mut out);
        self.buffer[..n].fill(0);
        std::hint::black_box(&self.buffer[..n]);
        match pushed.and_then(|done| lane.recognize(true, &mut out).map(|()| done)) {
            Ok(done) => numbers.add(&done, lane.redactor()),
            Err(why) => {
                wipe(&mut out);
                let (reason, what) = refuse::said(why);
                self.senders.leave(open);
                return shared.turn_away(self.listener, &peer(), reason, &what);
            }
        }
        let done = lane.end_datagram(&mut out);
        lane.trim(0);
        numbers.add(&done, lane.redactor());
        let framing = Some(lane.target());
        self.senders.leave(open);
        if out.is_empty() {
            return;
        }
        let frames = done.frames;
        out.shrink_to_fit();
        let charge = shared.budget.charge(room, out.len() + BATCH_BYTES);
        let batch = Batch { bytes: out, framing, frames, received: Instant::now(), charge, receipt: None };
        shared.enqueue(self.listener, &self.queue, batch);
    }
}
