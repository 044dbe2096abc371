//! A file through several threads: read block by block, judged by whichever is free, written in
//! order.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use memchr::memrchr;

use super::outbox::Sink;
use super::pipe::{Buffer, Lane, READ_BYTES, Trouble};
use crate::engine::api::parallel::{Judge, Judged};
use crate::engine::redactor::Redactor;

/// Blocks on their way for each thread: one in work, one that waits.
const BLOCKS_EACH: usize = 2;

/// A stretch of the input on its way.
struct Block {
    buffer: Buffer,
    len: usize,
    /// What was found in it, if it is whole records; what a thread panicked with.
    judged: Option<thread::Result<Judged>>,
}

/// A block to judge and where to send it.
type Job = (Block, Sender<Block>);

/// Runs an input that never makes a reader wait to its end, judging blocks in `threads` threads.
/// What leaves is what [`pump`](super::pipe::pump) would let leave.
///
/// # Errors
/// See [`Trouble`]. After a read error what came before it has left, masked.
pub fn pump(
    input: &mut dyn Read,
    redactor: &Redactor,
    lane: &mut Lane,
    out: &mut impl Sink,
    threads: usize,
    seen: &mut dyn FnMut(usize),
) -> Result<(), Trouble> {
    thread::scope(|scope| {
        let (jobs, work) = channel::<Job>();
        let work = Arc::new(Mutex::new(work));
        for _ in 0..threads {
            let (work, judge) = (work.clone(), Judge::new(redactor));
            scope.spawn(move || each_job(&work, judge));
        }
        let mut way = Way { jobs, waiting: VecDeque::new(), spare: Vec::new(), most: threads * BLOCKS_EACH };
        let read = way.read(input, lane, out, seen);
        match read {
            Ok(()) | Err(Trouble::Read(_)) => way.finish(lane, out).and(read),
            // Nothing leaves any more.
            Err(Trouble::Write(_) | Trouble::Refused(_)) => read,
        }
    })
}

/// Judges blocks until there are no more.
fn each_job(work: &Mutex<Receiver<Job>>, judge: Judge) {
    loop {
        let job = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((mut block, back)) = job else { return };
        let text = &block.buffer.bytes()[..block.len];
        // A thread that is gone would be waited for for ever.
        block.judged = Some(catch_unwind(AssertUnwindSafe(|| judge.judge(text))));
        // Nobody waits for it when the output is gone.
        let _ = back.send(block);
    }
}

/// Blocks between the reader and the writer, which are one thread.
struct Way {
    jobs: Sender<Job>,
    /// In the order of the input.
    waiting: VecDeque<Receiver<Block>>,
    spare: Vec<Buffer>,
    most: usize,
}

impl Way {
    /// Reads to the input's end, writing meanwhile.
    fn read(
        &mut self,
        input: &mut dyn Read,
        lane: &mut Lane,
        out: &mut impl Sink,
        seen: &mut dyn FnMut(usize),
    ) -> Result<(), Trouble> {
        // The unfinished record stands at the front of the next block.
        let mut buffer = self.buffer();
        let mut len = 0;
        let end = loop {
            match input.read(&mut buffer.bytes_mut()[len..]) {
                Ok(0) => break Ok(()),
                Ok(n) => {
                    lane.look(&buffer.bytes()[len..len + n]).map_err(Trouble::Refused)?;
                    seen(n);
                    len += n;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => break Err(Trouble::Read(e)),
            }
            if len == READ_BYTES {
                let mut next = self.buffer();
                let whole = memrchr(b'\n', buffer.bytes()).map(|at| at + 1);
                let rest = &buffer.bytes()[whole.unwrap_or(len)..];
                next.bytes_mut()[..rest.len()].copy_from_slice(rest);
                let more = rest.len();
                self.send(Block { buffer, len: len - more, judged: None }, whole.is_some());
                (buffer, len) = (next, more);
                while self.waiting.len() >= self.most {
                    self.write_one(lane, out)?;
                }
            }
        };
        self.send(Block { buffer, len, judged: None }, false);
        end
    }

    fn buffer(&mut self) -> Buffer {
        self.spare.pop().unwrap_or_default()
    }

    /// Sends a block on its way; one that is not whole records is not judged ahead.
    fn send(&mut self, block: Block, whole: bool) {
        let (back, result) = channel();
        self.waiting.push_back(result);
        if whole {
            // Threads end when `jobs` does, not before.
            let _ = self.jobs.send((block, back));
        } else {
            let _ = back.send(block);
        }
    }

    /// Writes what is left, and ends the input.
    fn finish(&mut self, lane: &mut Lane, out: &mut impl Sink) -> Result<(), Trouble> {
        while !self.waiting.is_empty() {
            self.write_one(lane, out)?;
        }
        lane.finish(&mut |piece| out.take(piece));
        out.flush().map_err(Trouble::Write)
    }

    /// Writes the block whose turn it is.
    fn write_one(&mut self, lane: &mut Lane, out: &mut impl Sink) -> Result<(), Trouble> {
        let Some(result) = self.waiting.pop_front() else { return Ok(()) };
        // Never passed over in silence: what follows would be taken for all there is.
        let gone = |_| Trouble::Read(io::Error::other("a block was lost on its way through the threads"));
        let block = result.recv().map_err(gone)?;
        let text = &block.buffer.bytes()[..block.len];
        match block.judged {
            None => lane.push_seen(text, &mut |piece| out.take(piece)),
            Some(Ok(judged)) => lane.push_judged(text, judged, &mut |piece| out.take(piece)),
            Some(Err(panic)) => resume_unwind(panic),
        }
        out.flush().map_err(Trouble::Write)?;
        self.spare.push(block.buffer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::super::outbox::Outbox;
    use super::super::patience::Patience;
    use super::super::pipe::{self, Buffer, Encoding, Lane, READ_BYTES, Trouble};
    use super::pump;
    use crate::engine::redactor::Redactor;

    /// Lines of all lengths, blocks of lines, and some records that no block holds as a whole.
    fn text(seed: u32) -> Vec<u8> {
        let key = [concat!("-----BEGIN RSA PRIV", "ATE KEY-----"), concat!("-----END RSA PRIV", "ATE KEY-----")];
        let mut state = seed;
        let mut draw = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        let mut text = String::new();
        while text.len() < 3_000_000 {
            let n = text.len();
            match draw(100) {
                0..3 => {
                    let body = "bm90IGEga2V5IGF0IGFsbCwgYnV0IGl0IGxvb2tz\n".repeat(draw(60) as usize);
                    text.extend([key[0], "\n", &body, key[1], "\n"]);
                }
                3..6 => text += &format!("<password>\nhunter{n}\n</password>\n"),
                6 => text += &format!("{} password=hunter{n} end\n", "x".repeat(draw(700_000) as usize)),
                7..20 => text += &format!("n={n} password=hunter{n} {}\n", "y".repeat(draw(2_000) as usize)),
                _ => text += &format!("n={n} {}\n", "z".repeat(draw(4_000) as usize)),
            }
        }
        text.push_str("password=hunter2");
        text.into_bytes()
    }

    #[test]
    fn it_is_as_if_one_thread_had_done_it() {
        let redactor = Redactor::builtin();
        for seed in 0..4 {
            let input = text(seed);
            let mut lane = Lane::new(&redactor, Encoding::Detect);
            let mut expected = Vec::new();
            let out = &mut Outbox::new(&mut expected);
            pipe::pump(&mut &input[..], &mut lane, out, &mut Buffer::default(), &Patience::default(), &mut |_| {})
                .unwrap();
            let mut tally = lane.tally();
            assert!(tally.findings() > 100);
            for threads in [1, 2, 5] {
                let mut lane = Lane::new(&redactor, Encoding::Detect);
                let (mut masked, mut seen) = (Vec::new(), 0);
                let out = &mut Outbox::new(&mut masked);
                pump(&mut &input[..], &redactor, &mut lane, out, threads, &mut |n| seen += n).unwrap();
                assert!(masked == expected, "{threads} threads, seed {seed}");
                assert_eq!(seen, input.len());
                // What is judged twice costs twice.
                tally.work = lane.tally().work;
                assert_eq!(lane.tally(), tally);
            }
        }
    }

    /// Gives its bytes, then fails.
    struct Broken<'a>(&'a [u8]);

    impl Read for Broken<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer) {
                Ok(0) => Err(io::Error::other("gone")),
                read => read,
            }
        }
    }

    #[test]
    fn what_came_before_an_error_leaves_masked() {
        let redactor = Redactor::builtin();
        let line = format!("password=hunter2 {}\n", "x".repeat(READ_BYTES / 2));
        let mut lane = Lane::new(&redactor, Encoding::Detect);
        let mut masked = Vec::new();
        let out = &mut Outbox::new(&mut masked);
        let end = pump(&mut Broken(line.repeat(5).as_bytes()), &redactor, &mut lane, out, 2, &mut |_| {});
        assert!(matches!(end, Err(Trouble::Read(_))));
        assert!(masked == line.replace("hunter2", "[REDACTED:password]").repeat(5).as_bytes());
    }

    #[test]
    fn utf16_is_refused_before_anything_leaves() {
        let redactor = Redactor::builtin();
        let input: Vec<u8> = "password=hunter2\n".repeat(40_000).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut lane = Lane::new(&redactor, Encoding::Detect);
        let mut masked = Vec::new();
        let end = pump(&mut &input[..], &redactor, &mut lane, &mut Outbox::new(&mut masked), 2, &mut |_| {});
        assert!(matches!(end, Err(Trouble::Refused(_))));
        assert_eq!(masked, b"");
    }
}
