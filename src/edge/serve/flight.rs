//! Masked frames on their way to the upstream, and which of them begin again on a new connection.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;

use super::budget::Charge;
use super::encode::reframed;
use super::frame::Framing;

/// The most batches written with one call.
const SLICES_MAX: usize = 64;

/// Whole frames of one connection.
pub struct Batch {
    /// The frames.
    pub bytes: Vec<u8>,
    /// How they follow each other; None where they are one message.
    pub framing: Option<Framing>,
    /// How many they are.
    pub frames: u64,
    /// When the last of them was received.
    pub received: Instant,
    /// Their share of the budget.
    pub charge: Charge,
    /// What tells that a message has arrived.
    pub receipt: Option<Receipt>,
}

/// A message is kept until the upstream says that it has it.
pub struct Receipt {
    /// What it will say.
    pub chunk: Vec<u8>,
    /// Who wants to hear of it, and what.
    pub sender: Option<(UnboundedSender<Vec<u8>>, Vec<u8>)>,
}

impl Receipt {
    /// Tells the sender, if it is still there.
    fn hand_over(self) {
        if let Some((sender, ack)) = self.sender {
            let _ = sender.send(ack);
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It holds no secret: what is masked needs no wiping.
        self.charge.reuse(std::mem::take(&mut self.bytes));
    }
}

/// Batches taken from the queue and not wholly written, or not yet known to have arrived.
#[derive(Default)]
pub struct Flight {
    batches: VecDeque<Batch>,
    /// Those that are written and whose receipt is out, with the time when they were.
    waiting: VecDeque<(Batch, Instant)>,
    /// Bytes of the first batch that are written.
    at: usize,
    /// Of batches that are not wholly written.
    bytes: usize,
    /// How records follow each other on the present connection; None before the first.
    framing: Option<Framing>,
}

impl Flight {
    /// A new connection: the first record that is written to it says how all follow each other.
    pub fn begin(&mut self) {
        self.framing = self.batches.front().and_then(|batch| batch.framing);
    }

    /// Takes a batch; in another framing than the connection's it is framed anew, since no collector
    /// takes two. How it was framed then, and by how many bytes it became longer.
    pub fn push(&mut self, mut batch: Batch) -> Option<(Framing, i64)> {
        let mixed = match (batch.framing, *self.framing.get_or_insert(batch.framing.unwrap_or(Framing::Newline))) {
            (Some(from), to) if from != to => {
                let before = batch.bytes.len() as i64;
                let bytes = reframed(&batch.bytes, from, to);
                // It holds no secret: what is masked needs no wiping.
                (batch.bytes, batch.framing) = (bytes, Some(to));
                Some((from, batch.bytes.len() as i64 - before))
            }
            _ => None,
        };
        self.bytes += batch.bytes.len();
        self.batches.push_back(batch);
        mixed
    }

    /// How records follow each other on the present connection.
    pub fn framing(&self) -> Option<Framing> {
        self.framing
    }

    /// Whether it may take one more batch.
    pub fn has_room(&self, bytes: usize, batches: usize) -> bool {
        self.bytes < bytes && self.batches.len() + self.waiting.len() < batches
    }

    /// Batches that are written and whose receipt is out.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// When the first of these was written.
    pub fn waiting_since(&self) -> Option<Instant> {
        self.waiting.front().map(|(_, since)| *since)
    }

    /// The upstream has what it calls so. False: nothing waits by that name.
    pub fn arrived(&mut self, chunk: &[u8], done: &mut impl FnMut(&Batch)) -> bool {
        let named = |(batch, _): &(Batch, Instant)| batch.receipt.as_ref().is_some_and(|r| r.chunk == chunk);
        let Some((mut batch, _)) = self.waiting.iter().position(named).and_then(|i| self.waiting.remove(i)) else {
            return false;
        };
        done(&batch);
        if let Some(receipt) = batch.receipt.take() {
            receipt.hand_over();
        }
        true
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// What is to be written next: all there is, or only the rest of a batch that is begun.
    pub fn slices(&self, only_begun: bool) -> Vec<IoSlice<'_>> {
        let many = if !only_begun { SLICES_MAX } else { usize::from(self.at > 0) };
        let skip = |i| if i == 0 { self.at } else { 0 };
        self.batches.iter().take(many).enumerate().map(|(i, b)| IoSlice::new(&b.bytes[skip(i)..])).collect()
    }

    /// `written` more bytes are written; `done` is told of every batch that is through.
    pub fn advance(&mut self, written: usize, done: &mut impl FnMut(&Batch)) {
        self.at += written;
        while let Some(first) = self.batches.front()
            && self.at >= first.bytes.len()
        {
            self.at -= first.bytes.len();
            self.bytes -= first.bytes.len();
            let Some(first) = self.batches.pop_front() else { return };
            if first.receipt.is_some() {
                self.waiting.push_back((first, Instant::now()));
            } else {
                done(&first);
            }
        }
    }

    /// The connection broke: the frame that was being written begins again on the next one, and so
    /// does every message whose receipt is out. How many bytes of the frame were written.
    pub fn rewind(&mut self) -> usize {
        let written = self.at;
        if let Some(first) = self.batches.front() {
            self.at = first.framing.map_or(0, |framing| framing.frame_start(&first.bytes, self.at));
        }
        let torn = written - self.at;
        while let Some((batch, _)) = self.waiting.pop_back() {
            self.at = 0;
            self.bytes += batch.bytes.len();
            self.batches.push_front(batch);
        }
        torn
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Batch, Flight};
    use crate::edge::serve::budget::{BUFFERED_BYTES_MIN, Budget, queue_bytes};
    use crate::edge::serve::frame::Framing;

    fn batch(budget: &std::sync::Arc<Budget>, framing: Framing, bytes: &[u8]) -> Batch {
        let charge = budget.charge(budget.room(bytes.len()).unwrap(), bytes.len());
        Batch {
            bytes: bytes.to_vec(),
            framing: Some(framing),
            frames: 2,
            received: Instant::now(),
            charge,
            receipt: None,
        }
    }

    /// Batches in another framing than the first one's are framed anew, until a new connection begins
    /// with one of theirs.
    #[test]
    fn a_connection_has_one_framing() {
        let budget = Budget::new(BUFFERED_BYTES_MIN);
        let all = [
            (Framing::Octet, &b"6 <1>one7 <1>tw\no"[..]),
            (Framing::Newline, b"<1>three\n\n<1>four\n"),
            (Framing::Nul, b"<1>fi\nve\0"),
        ];
        for (first, expected) in [
            (0, &b"6 <1>one7 <1>tw\no8 <1>three7 <1>four8 <1>fi\nve"[..]),
            (1, b"<1>three\n\n<1>four\n<1>fi ve\n<1>one\n<1>tw o\n"),
            (2, b"<1>fi\nve\0<1>one\0<1>tw\no\0<1>three\0\0<1>four\0"),
        ] {
            let mut flight = Flight::default();
            flight.begin();
            let mut longer = 0;
            for n in 0..3 {
                let (framing, bytes) = all[(first + n) % 3];
                let mixed = flight.push(batch(&budget, framing, bytes));
                assert_eq!(mixed.is_some(), n > 0);
                longer += bytes.len() as i64 + mixed.map_or(0, |(_, longer)| longer);
            }
            let written: Vec<u8> = flight.slices(false).iter().flat_map(|s| s.to_vec()).collect();
            assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(expected));
            assert_eq!(longer, expected.len() as i64);
            flight.advance(expected.len(), &mut |_| {});
            flight.begin();
            assert!(flight.push(batch(&budget, Framing::Newline, b"x\n")).is_none());
        }
    }

    /// However far a connection got before it broke, the next one begins with a whole frame, and
    /// none is left out.
    #[test]
    fn a_broken_frame_begins_again() {
        let frames: [(Framing, &[&[u8]]); 3] = [
            (Framing::Newline, &[b"one\n", b"\n", b"three\n"]),
            (Framing::Octet, &[b"3 a b", b"12 123456 9 1 2", b"1 \n"]),
            (Framing::Nul, &[b"one\n\0", b"two\0", b"\0"]),
        ];
        let budget = Budget::new(BUFFERED_BYTES_MIN);
        for (framing, frames) in frames {
            let bytes = frames.concat();
            for broken in 0..bytes.len() * 2 {
                let mut flight = Flight::default();
                flight.push(batch(&budget, framing, &bytes));
                flight.push(batch(&budget, framing, &bytes));
                flight.advance(broken, &mut |_| {});
                flight.rewind();
                let again: Vec<u8> = flight.slices(false).iter().flat_map(|s| s.to_vec()).collect();
                let starts: Vec<usize> = (0..=frames.len()).map(|n| frames[..n].concat().len()).collect();
                let whole = *starts.iter().rev().find(|s| **s <= broken % bytes.len()).unwrap();
                let expected = [&bytes[whole..], &bytes[..]].concat();
                let expected = if broken < bytes.len() { &expected[..] } else { &bytes[whole..] };
                assert_eq!(again, expected, "{framing} broken at {broken}");
            }
        }
        // Whatever was taken is given back.
        assert!(budget.room(queue_bytes(BUFFERED_BYTES_MIN)).is_some());
    }
}
