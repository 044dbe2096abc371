//! One connection's bytes -> records -> masked frames. No I/O.

use memchr::{memchr, memchr_iter};

use super::encode::Encoder;
use super::foreign::{self, Foreign, Look, foreign};
use super::frame::Framing;
use super::framing::{Decoder, Part, Sink};
use crate::edge::encoding::{Detector, Wide};
use crate::edge::fragments::{Container, Joiner};
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::engine::stream::Stream;
use crate::engine::wipe::wipe;

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
    /// What other rules counted, before those that counted last took over.
    pub before: Option<Box<(Tally, Redactor)>>,
}

/// Why a stream is not taken.
#[derive(Debug, Clone, Copy)]
pub enum Refused {
    /// It looks like UTF-16 or UTF-32, in which secrets would be missed.
    Wide,
    /// It is no log text.
    Foreign(&'static Foreign),
}

impl From<Wide> for Refused {
    fn from(_: Wide) -> Refused {
        Refused::Wide
    }
}

/// A stream's first bytes, until it is known to be text.
#[derive(Default)]
struct Head(Vec<u8>);

impl Drop for Head {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// A decoder, the engine, an encoder.
pub struct Lane {
    detector: Detector,
    head: Option<Head>,
    decoder: Decoder,
    engine: Engine,
    encoder: Encoder,
    records: u64,
}

/// The engine with its rules, and those that are to take over.
struct Engine {
    stream: Stream,
    rules: Redactor,
    next: Option<Redactor>,
    /// In a record whose line feeds are its own.
    inside: bool,
    /// Where lines are parts of records.
    parts: Option<Joiner>,
    before: Option<Box<(Tally, Redactor)>>,
}

impl Engine {
    /// Lets the next rules take over, unless a record, or a key block over several, is open: that
    /// ends under the rules it began under.
    fn turn_over(&mut self) {
        let parts = self.parts.as_ref().is_none_or(Joiner::is_between);
        if self.inside || self.next.is_none() || !self.stream.is_between() || !parts {
            return;
        }
        if let Some(next) = self.next.take() {
            let mut old = std::mem::replace(&mut self.stream, stream(&next));
            let tally = old.take_tally();
            self.parts.iter_mut().for_each(|parts| parts.renew(&next));
            let rules = std::mem::replace(&mut self.rules, next);
            if tally != Tally::default() {
                self.before = Some(Box::new((tally, rules)));
            }
        }
    }

    /// Takes text whose line feeds end records, and says how many ended.
    fn lines(&mut self, mut text: &[u8], sink: &mut impl FnMut(&[u8])) -> u64 {
        // What is still open of a piece before it is in the stream, which ends it at a line feed.
        self.inside = false;
        let mut records = 0;
        if self.parts.is_some() {
            let records = self.part(sink, |parts, stream, sink| parts.push(text, stream, &mut |b: &[u8]| sink(b)));
            self.turn_over();
            return records;
        }
        while self.next.is_some()
            && let Some(end) = memchr(b'\n', text)
        {
            self.stream.push_with(&text[..=end], sink);
            (records, text) = (records + 1, &text[end + 1..]);
            self.turn_over();
        }
        let before = self.stream.tally().records;
        self.stream.push_with(text, sink);
        records + self.stream.tally().records - before
    }

    /// Has parts joined, and says how many lines leave for good.
    fn part<S: FnMut(&[u8])>(
        &mut self,
        sink: &mut S,
        go: impl FnOnce(&mut Joiner, &mut Stream, &mut dyn FnMut(&[u8])),
    ) -> u64 {
        let mut ended = 0;
        if let Some(parts) = &mut self.parts {
            go(parts, &mut self.stream, &mut |masked: &[u8]| {
                ended += memchr_iter(b'\n', masked).count() as u64;
                sink(masked);
            });
        }
        ended
    }
}

/// Records of one connection may be those of many programs: a relay's are.
fn stream(redactor: &Redactor) -> Stream {
    let mut stream = Stream::new(redactor);
    stream.tell_sources_apart();
    stream
}

impl Lane {
    /// At a connection's beginning. `received` and `target` are None where the first record decides.
    pub fn new(redactor: &Redactor, received: Option<Framing>, target: Option<Framing>, limit: usize) -> Lane {
        Lane {
            detector: Detector::default(),
            head: None,
            decoder: Decoder::new(received),
            engine: Engine {
                stream: stream(redactor),
                rules: redactor.clone(),
                next: None,
                inside: false,
                parts: None,
                before: None,
            },
            encoder: Encoder::new(target, limit),
            records: 0,
        }
    }

    /// For datagrams, each of which is one record; they leave as lines where no `target` is named.
    pub fn datagram(redactor: &Redactor, target: Option<Framing>, limit: usize) -> Lane {
        Lane::new(redactor, None, target.or(Some(Framing::Newline)), limit)
    }

    /// A datagram begins, and with it what is told by first bytes. A line feed in it is its own: it is read like a
    /// frame, not like lines.
    pub fn begin_datagram(&mut self, refuse_foreign: bool) {
        self.detector = Detector::default();
        self.decoder = Decoder::whole();
        self.head = refuse_foreign.then(Head::default);
    }

    /// It has ended. What it leaves open is asked in the next one.
    pub fn end_datagram(&mut self, out: &mut Vec<u8>) -> Done {
        if self.engine.inside {
            self.drive(out, |decoder, sink| sink(Part::End(decoder.framing())));
        }
        self.done()
    }

    /// Takes lines for those of a container runtime, which cuts records.
    pub fn join(&mut self, container: Container) {
        self.engine.parts = Some(Joiner::new(container, &self.engine.rules, false));
    }

    /// Refuses a stream that begins as no log text does.
    pub fn refuse_foreign(&mut self) {
        self.head = Some(Head::default());
    }

    /// Takes the next bytes; whole masked frames go to `out`.
    ///
    /// # Errors
    /// When they look like UTF-16, in which secrets would be missed, or begin as no log text does;
    /// none of them leaves.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Done, Refused> {
        if let Some(wide) = self.detector.look(bytes) {
            return Err(wide.into());
        }
        match &mut self.head {
            None => self.drive(out, |decoder, sink| decoder.push(bytes, sink)),
            Some(head) if head.0.is_empty() && foreign(bytes, false) == Look::Text => {
                self.head = None;
                self.drive(out, |decoder, sink| decoder.push(bytes, sink));
            }
            Some(head) => {
                head.0.extend_from_slice(bytes);
                self.recognize(false, out)?;
            }
        }
        Ok(self.done())
    }

    /// Whether what was held of the beginning is log text; `whole` when no more of it comes for now.
    ///
    /// # Errors
    /// When it is none.
    pub fn recognize(&mut self, whole: bool, out: &mut Vec<u8>) -> Result<(), Refused> {
        let Some(head) = self.head.take_if(|head| !head.0.is_empty()) else { return Ok(()) };
        match foreign(&head.0, whole) {
            Look::Foreign(foreign) => return Err(Refused::Foreign(foreign)),
            Look::Open => self.head = Some(head),
            Look::Text => self.drive(out, |decoder, sink| decoder.push(&head.0, sink)),
        }
        Ok(())
    }

    /// Whether a line has begun that may become a request of HTTP: it is not known before its end.
    pub fn may_be_request(&self) -> bool {
        self.head.as_ref().is_some_and(|head| foreign::may_be_request(&head.0))
    }

    /// Nothing has come for a moment: what waited for more to tell its framing waits no longer, if it
    /// can be told.
    pub fn settle(&mut self, out: &mut Vec<u8>) -> Done {
        self.drive(out, |decoder, sink| decoder.settle(sink));
        self.done()
    }

    /// What has come of a record leaves as a whole one, unless its end is known.
    pub fn flush(&mut self, out: &mut Vec<u8>) -> Done {
        self.drive(out, |decoder, sink| decoder.flush(sink));
        self.done()
    }

    /// What has been open for two calls of this breaks off.
    pub fn age(&mut self, out: &mut Vec<u8>) -> Done {
        let Lane { engine, encoder, records, .. } = self;
        let ended = engine.part(&mut |masked| encoder.lines(masked, out), |parts, stream, sink| {
            parts.age(stream, &mut |b: &[u8]| sink(b))
        });
        encoder.count_lines(ended);
        *records += ended;
        self.done()
    }

    /// Whether a record waits for its last part.
    pub fn waits(&self) -> bool {
        self.engine.parts.as_ref().is_some_and(Joiner::waits)
    }

    fn drive(&mut self, out: &mut Vec<u8>, go: impl FnOnce(&mut Decoder, &mut Sink<'_>)) {
        let Lane { decoder, engine, encoder, records, .. } = self;
        go(decoder, &mut |part| match part {
            Part::Lines(text) => {
                let ended = engine.lines(text, &mut |masked| encoder.lines(masked, out));
                encoder.count_lines(ended);
                *records += ended;
            }
            Part::Piece(text, framing) => {
                engine.inside |= !text.is_empty();
                engine.stream.push_with(text, &mut |masked| encoder.piece(masked, framing, out));
            }
            Part::End(framing) => {
                *records += 1;
                engine.stream.end_record_with(&mut |masked| encoder.piece(masked, framing, out));
                encoder.end(framing, out);
                engine.inside = false;
                engine.turn_over();
            }
        });
    }

    /// The input ends: what is left leaves as a record.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Done {
        // A frame that was held to see what follows it is whole.
        self.drive(out, |decoder, sink| decoder.close(sink));
        let Lane { decoder, engine, encoder, records, .. } = self;
        let ended = engine.part(&mut |masked| encoder.lines(masked, out), |parts, stream, sink| {
            parts.finish(stream, &mut |b: &[u8]| sink(b))
        });
        encoder.count_lines(ended);
        *records += ended;
        let stream = &mut engine.stream;
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

    /// Other rules: at once between two records, else from the next one on.
    pub fn renew(&mut self, redactor: &Redactor) {
        self.engine.next = Some(redactor.clone());
        self.engine.turn_over();
    }

    /// The rules in force.
    pub fn redactor(&self) -> &Redactor {
        &self.engine.rules
    }

    /// Bytes of unfinished records.
    pub fn held(&self) -> usize {
        self.engine.stream.held()
            + self.engine.parts.as_ref().map_or(0, Joiner::held)
            + self.encoder.held()
            + self.decoder.held()
            + self.head.as_ref().map_or(0, |h| h.0.len())
    }

    /// Whether no record is open, nor a key block over several.
    pub fn is_between(&self) -> bool {
        self.held() == 0 && self.engine.stream.is_between() && self.engine.parts.as_ref().is_none_or(Joiner::is_between)
    }

    /// Whether something waits to be told apart by what follows it, or by nothing following it.
    pub fn is_undecided(&self) -> bool {
        self.decoder.held() > 0 || self.head.as_ref().is_some_and(|head| !head.0.is_empty())
    }

    /// The framing of what leaves.
    pub fn target(&mut self) -> Framing {
        self.encoder.target(self.decoder.framing())
    }

    /// Gives back memory that a large record took.
    pub fn trim(&mut self, keep: usize) {
        self.engine.stream.trim(keep);
        self.encoder.trim(keep);
    }

    fn done(&mut self) -> Done {
        let mut tally = self.engine.stream.take_tally();
        tally.unjudged += self.engine.parts.as_mut().map_or(0, Joiner::take_unjudged);
        Done {
            tally,
            before: self.engine.before.take(),
            records: std::mem::take(&mut self.records),
            frames: self.encoder.take_frames(),
            over: self.encoder.take_over(),
            misframed: self.decoder.take_misframed(),
        }
    }
}
