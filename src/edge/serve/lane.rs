//! One connection's bytes -> records -> masked frames. No I/O.

use super::encode::Encoder;
use super::framing::{Decoder, Framing, Part};
use crate::edge::encoding::{Detector, Wide};
use crate::engine::redactor::Redactor;
use crate::engine::stream::Stream;
use crate::engine::tally::Tally;

/// What a stretch of input came to.
#[derive(Default)]
pub struct Done {
    /// Counts of the engine.
    pub tally: Tally,
    /// Records that ended, as the sender framed them.
    pub records: u64,
    /// Frames that leave.
    pub frames: u64,
    /// Records that left as several frames.
    pub over: u64,
    /// A count was expected and something else came.
    pub misframed: bool,
}

/// A decoder, the engine, an encoder.
pub struct Lane {
    detector: Detector,
    decoder: Decoder,
    stream: Stream,
    encoder: Encoder,
    records: u64,
}

impl Lane {
    /// At a connection's beginning. `received` and `target` are None where the first record decides.
    pub fn new(redactor: &Redactor, received: Option<Framing>, target: Option<Framing>, limit: usize) -> Lane {
        Lane {
            detector: Detector::default(),
            decoder: Decoder::new(received),
            stream: Stream::new(redactor),
            encoder: Encoder::new(target, limit),
            records: 0,
        }
    }

    /// For one datagram, which is one record; it leaves as a line where no `target` is named.
    pub fn datagram(redactor: &Redactor, target: Option<Framing>, limit: usize) -> Lane {
        let mut lane = Lane::new(redactor, None, target.or(Some(Framing::Newline)), limit);
        lane.decoder = Decoder::whole();
        lane
    }

    /// Takes the next bytes; whole masked frames go to `out`.
    ///
    /// # Errors
    /// When they look like UTF-16, in which secrets would be missed; none of them leaves.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Done, Wide> {
        if let Some(wide) = self.detector.look(bytes) {
            return Err(wide);
        }
        let Lane { decoder, stream, encoder, records, .. } = self;
        decoder.push(bytes, &mut |part| match part {
            Part::Lines(text) => {
                let before = stream.tally().records;
                stream.push_with(text, &mut |masked| encoder.lines(masked, out));
                *records += stream.tally().records - before;
            }
            Part::Piece(text, framing) => {
                stream.push_with(text, &mut |masked| encoder.piece(masked, framing, out));
            }
            Part::End(framing) => {
                *records += 1;
                stream.end_record(&mut |masked| encoder.piece(masked, framing, out));
                encoder.end(framing, out);
            }
        });
        Ok(self.done())
    }

    /// The input ends: what is left leaves as a record.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Done {
        let Lane { decoder, stream, encoder, records, .. } = self;
        decoder.finish(&mut |part| match part {
            Part::Lines(text) | Part::Piece(text, _) => {
                stream.push_with(text, &mut |masked| encoder.lines(masked, out));
            }
            Part::End(framing) => {
                stream.finish_with(&mut |masked| encoder.piece(masked, framing, out));
                *records += u64::from(encoder.held() > 0);
                encoder.finish(framing, out);
            }
        });
        self.done()
    }

    /// Bytes of unfinished records.
    pub fn held(&self) -> usize {
        self.stream.held() + self.encoder.held()
    }

    /// The framing of what leaves.
    pub fn target(&mut self) -> Framing {
        self.encoder.target(self.decoder.framing())
    }

    /// Gives back memory that a large record took.
    pub fn trim(&mut self, keep: usize) {
        self.stream.trim(keep);
        self.encoder.trim(keep);
    }

    fn done(&mut self) -> Done {
        Done {
            tally: self.stream.take_tally(),
            records: std::mem::take(&mut self.records),
            frames: self.encoder.take_frames(),
            over: self.encoder.take_over(),
            misframed: self.decoder.take_misframed(),
        }
    }
}
