//! Parts of records, joined for judging; every line leaves in its turn.

use memchr::{memchr, memrchr};

use super::line::{Container, Finder, Part};
use super::waiting::Waiting;
use crate::engine::mask::emit::UNJUDGED;
use crate::engine::redactor::Redactor;
use crate::engine::stream::Stream;
use crate::engine::wipe::wipe;

/// The longest line that may be a part, in bytes: runtimes cut at 16 KiB, and a byte is at most six when it is escaped.
const LINE_BYTES_MAX: usize = 256 << 10;

/// Lines of container runtimes on their way to a stream and from it.
///
/// 1. Lines that are whole records, or none of the runtime's, go to the stream as they are while nothing is open.
/// 2. A part waits, and whatever comes behind it, so that lines keep their order.
/// 3. With its last part a record is judged as the line it would have been, uncut, and each of its lines gets what is its
///    own of the result.
/// 4. What waits too long, or fills the memory, breaks off: it is judged as it is, what may be the front of a secret at its end
///    is masked, and so is the rest of it when that comes, since nobody can judge it.
pub struct Joiner {
    container: Container,
    finder: Finder,
    /// The line that has not ended.
    line: Vec<u8>,
    /// What becomes of the rest of a line that is too long to wait.
    rest: Rest,
    waiting: Waiting,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// There is none.
    None,
    /// Goes to the stream.
    Judged,
    /// Is passed over.
    Masked,
}

impl Joiner {
    /// At the beginning of an input.
    pub fn new(container: Container, redactor: &Redactor, looking: bool) -> Joiner {
        Joiner {
            container,
            finder: Finder::new(container),
            line: Vec::new(),
            rest: Rest::None,
            waiting: Waiting::new(redactor, looking),
        }
    }

    /// Other rules; between two records.
    #[cfg(feature = "serve")]
    pub fn renew(&mut self, redactor: &Redactor) {
        self.waiting.renew(redactor);
    }

    /// What left without having been judged since the last call.
    #[cfg(feature = "serve")]
    pub fn take_unjudged(&mut self) -> u64 {
        std::mem::take(&mut self.waiting.unjudged)
    }

    /// How much left without having been judged.
    pub fn unjudged(&self) -> u64 {
        self.waiting.unjudged
    }

    /// Bytes that wait.
    pub fn held(&self) -> usize {
        self.waiting.bytes() + self.line.len()
    }

    /// Whether a record waits for its last part.
    pub fn waits(&self) -> bool {
        self.waiting.is_open()
    }

    /// Whether nothing that came has a say in what comes.
    #[cfg(feature = "serve")]
    pub fn is_between(&self) -> bool {
        self.line.is_empty() && self.waiting.is_between() && self.rest == Rest::None
    }

    /// Takes the next bytes.
    pub fn push(&mut self, mut bytes: &[u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        if self.rest != Rest::None {
            bytes = self.pass(bytes, stream, sink);
        }
        if !self.line.is_empty() {
            let Some(end) = memchr(b'\n', bytes) else {
                return self.hold(bytes, stream, sink);
            };
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(&bytes[..=end]);
            self.lines(&line, stream, sink);
            wipe(&mut line);
            self.line = line;
            bytes = &bytes[end + 1..];
        }
        let whole = memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        self.lines(&bytes[..whole], stream, sink);
        self.hold(&bytes[whole..], stream, sink);
    }

    /// Some time has passed: what was open at the last two calls breaks off.
    pub fn age(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        self.waiting.age(stream, sink);
    }

    /// Ends the input.
    pub fn finish(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        let mut line = std::mem::take(&mut self.line);
        let part = Part::of(&line, self.container);
        // An object of which not all came may be the rest of any record.
        let torn = part.is_none() && line.starts_with(b"{") && !self.waiting.is_between();
        let own = part.filter(|part| self.waiting.takes(part));
        let other = own.is_none();
        if let Some(part) = own {
            self.waiting.part(&line, part, stream, sink);
        }
        self.waiting.break_all(stream, sink);
        if torn {
            self.waiting.unjudged += 1;
            sink(UNJUDGED);
        } else if other {
            stream.push_with(&line, sink);
        }
        wipe(&mut line);
        self.waiting.clear();
        self.rest = Rest::None;
        stream.finish_with(sink);
    }

    /// Lines that have ended, but for the last of an input.
    fn lines(&mut self, lines: &[u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        // What goes to the stream in one piece begins at `from`.
        let (mut from, mut at) = (0, 0);
        while at < lines.len() {
            if self.waiting.is_between() {
                at += self.finder.first(&lines[at..]);
                if at == lines.len() {
                    break;
                }
            }
            let end = memchr(b'\n', &lines[at..]).map_or(lines.len(), |end| at + end + 1);
            let line = &lines[at..end];
            let long = line.len() - usize::from(line.ends_with(b"\n")) > LINE_BYTES_MAX;
            let part = if long { None } else { Part::of(line, self.container).filter(|part| self.waiting.takes(part)) };
            if long || part.is_some() || self.waiting.bytes() > 0 {
                if from < at {
                    stream.push_with(&lines[from..at], sink);
                }
                from = end;
                match part {
                    Some(part) => self.waiting.part(line, part, stream, sink),
                    None if long => {
                        self.over(&line[..=LINE_BYTES_MAX], stream, sink);
                        self.pass(&line[LINE_BYTES_MAX + 1..], stream, sink);
                    }
                    None => self.waiting.other(line, stream, sink),
                }
                self.waiting.go_on(stream, sink);
            }
            at = end;
        }
        if from < lines.len() {
            stream.push_with(&lines[from..], sink);
        }
    }

    /// Keeps what has no line end yet.
    fn hold(&mut self, bytes: &[u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        let room = LINE_BYTES_MAX + 1 - self.line.len();
        if bytes.len() < room {
            return self.line.extend_from_slice(bytes);
        }
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(&bytes[..room]);
        self.over(&line, stream, sink);
        wipe(&mut line);
        self.pass(&bytes[room..], stream, sink);
    }

    /// The beginning of a line that is too long to wait.
    fn over(&mut self, line: &[u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        self.waiting.break_all(stream, sink);
        self.rest = Rest::Masked;
        match Part::of(line, self.container).filter(|part| part.tag.is_some() && self.waiting.takes(part)) {
            Some(part) => {
                sink(&line[..part.content.start]);
                self.waiting.broken(&part, stream, sink);
            }
            // It may be the rest of any record.
            None if line.starts_with(b"{") && !self.waiting.is_between() => {}
            None => {
                self.rest = Rest::Judged;
                return stream.push_with(line, sink);
            }
        }
        self.waiting.unjudged += 1;
        sink(UNJUDGED);
    }

    /// The rest of such a line; returns what stands behind it.
    fn pass<'a>(&mut self, bytes: &'a [u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) -> &'a [u8] {
        let end = memchr(b'\n', bytes);
        let (here, behind) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
        match self.rest {
            Rest::Masked if end.is_some() => sink(b"\n"),
            Rest::Masked => {}
            Rest::Judged | Rest::None => stream.push_with(here, sink),
        }
        if end.is_some() {
            self.rest = Rest::None;
        }
        behind
    }
}

impl Drop for Joiner {
    fn drop(&mut self) {
        wipe(&mut self.line);
    }
}
