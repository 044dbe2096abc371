//! Where a record ends in a stream of bytes.

use memchr::{memchr, memchr2};

use super::count::{HEADER_BYTES_MAX, Header, Pause, Verdict, first_frame, header};
use super::frame::Framing;
use crate::engine::wipe::wipe;

/// The most digits of an octet count.
const COUNT_DIGITS_MAX: usize = 10;

/// A stretch of a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text whose line feeds end records.
    Lines(&'a [u8]),
    /// Text of a record that [`Part::End`] ends; line feeds in it are its own.
    Piece(&'a [u8], Framing),
    /// The record ends here.
    End(Framing),
}

/// Takes parts as they are told apart.
pub type Sink<'s> = dyn FnMut(Part<'_>) + 's;

/// Tells records apart, however the stream is cut.
///
/// Unless the framing is fixed, a stream that begins with a digit from 1 to 9 is held until it shows
/// whether it is counted ([`first_frame`]); any other is text in which a line feed or a NUL ends a
/// record, whichever comes first.
pub struct Decoder {
    state: State,
    misframed: bool,
}

enum State {
    /// Nothing seen yet.
    Fresh,
    /// A digit came first.
    Digit(Held),
    /// Text, and no record has ended yet.
    First,
    /// A line feed or a NUL ends a record; whether one has ended just now.
    Either(bool),
    Lines,
    Nul,
    /// Digits of a count, where nothing else may stand.
    Count {
        digits: [u8; COUNT_DIGITS_MAX],
        len: usize,
    },
    /// The next count and what follows it, in a stream that was found to be counted.
    Next {
        bytes: [u8; HEADER_BYTES_MAX],
        len: usize,
    },
    /// Inside a counted frame of a stream whose framing was found out, or was given.
    Body {
        left: u64,
        found: bool,
    },
}

/// Input that waits for a verdict.
struct Held(Vec<u8>);

impl Drop for Held {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl Decoder {
    /// At a stream's beginning; `None` finds the framing out.
    pub fn new(framing: Option<Framing>) -> Decoder {
        let state = match framing {
            None => State::Fresh,
            Some(Framing::Newline) => State::Lines,
            Some(Framing::Nul) => State::Nul,
            Some(Framing::Octet) => count(),
        };
        Decoder { state, misframed: false }
    }

    /// The whole stream is one record.
    pub fn whole() -> Decoder {
        Decoder { state: State::Body { left: u64::MAX, found: false }, misframed: false }
    }

    /// The framing, as far as it is known.
    pub fn framing(&self) -> Framing {
        match self.state {
            State::Fresh | State::Digit(_) | State::First | State::Either(_) | State::Lines => Framing::Newline,
            State::Nul => Framing::Nul,
            State::Count { .. } | State::Next { .. } | State::Body { .. } => Framing::Octet,
        }
    }

    /// Whether a count was expected and something else came. From there on the stream is read as
    /// lines. True once.
    pub fn take_misframed(&mut self) -> bool {
        std::mem::take(&mut self.misframed)
    }

    /// Bytes that wait for a verdict on the framing.
    pub fn held(&self) -> usize {
        if let State::Digit(held) = &self.state { held.0.len() } else { 0 }
    }

    /// Takes the next bytes and hands on what they hold of records.
    pub fn push(&mut self, mut bytes: &[u8], sink: &mut Sink<'_>) {
        while !bytes.is_empty() {
            bytes = match &mut self.state {
                State::Fresh => {
                    self.state = match bytes[0] {
                        b'1'..=b'9' => State::Digit(Held(Vec::new())),
                        _ => State::First,
                    };
                    // A NUL with nothing before it ends nothing.
                    if bytes[0] == 0 {
                        self.state = State::Fresh;
                        &bytes[1..]
                    } else {
                        bytes
                    }
                }
                State::Digit(held) => {
                    held.0.extend_from_slice(bytes);
                    return self.judge(Pause::None, sink);
                }
                State::First => self.first(bytes, sink),
                State::Either(ended) => either(ended, bytes, sink),
                State::Lines => {
                    sink(Part::Lines(bytes));
                    return;
                }
                State::Nul => match memchr(0, bytes) {
                    Some(i) => {
                        sink(Part::Piece(&bytes[..i], Framing::Nul));
                        sink(Part::End(Framing::Nul));
                        &bytes[i + 1..]
                    }
                    None => {
                        sink(Part::Piece(bytes, Framing::Nul));
                        return;
                    }
                },
                State::Count { .. } => self.counted(bytes, sink),
                State::Next { .. } => self.next(bytes, sink),
                State::Body { left, found } => {
                    let here = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= here as u64;
                    let (done, found) = (*left == 0, *found);
                    sink(Part::Piece(&bytes[..here], Framing::Octet));
                    if done {
                        sink(Part::End(Framing::Octet));
                        self.state = if found { next() } else { count() };
                    }
                    &bytes[here..]
                }
            };
        }
    }

    /// The first record of a stream that is not counted: its end decides what is sent on.
    fn first<'a>(&mut self, bytes: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        match memchr2(b'\n', 0, bytes) {
            None => {
                sink(Part::Piece(bytes, Framing::Newline));
                &[]
            }
            Some(i) if bytes[i] == 0 => {
                sink(Part::Piece(&bytes[..i], Framing::Nul));
                sink(Part::End(Framing::Nul));
                self.state = State::Either(true);
                &bytes[i + 1..]
            }
            Some(_) => {
                self.state = State::Either(false);
                bytes
            }
        }
    }

    /// Whether what is held is counted, as far as it can be told now.
    fn judge(&mut self, pause: Pause, sink: &mut Sink<'_>) {
        let State::Digit(held) = &self.state else { return };
        let verdict = first_frame(&held.0, pause);
        if verdict == Verdict::Open {
            return;
        }
        let State::Digit(held) = std::mem::replace(&mut self.state, State::First) else { return };
        let mut rest = &held.0[..];
        if let Verdict::Counted(begin, end) = verdict {
            sink(Part::Piece(&rest[begin..end], Framing::Octet));
            sink(Part::End(Framing::Octet));
            (self.state, rest) = (next(), &rest[end..]);
        }
        self.push(rest, sink);
    }

    /// Nothing has come for a moment: what waited for more is judged as it is.
    pub fn settle(&mut self, sink: &mut Sink<'_>) {
        self.judge(Pause::Short, sink);
    }

    /// The record that has begun ends here, unless its length is known.
    pub fn flush(&mut self, sink: &mut Sink<'_>) {
        self.judge(Pause::End, sink);
        match self.state {
            State::First | State::Either(false) => {
                sink(Part::End(Framing::Newline));
                self.state = State::Either(true);
            }
            State::Lines | State::Nul => sink(Part::End(self.framing())),
            State::Fresh | State::Digit(_) | State::Either(true) => {}
            State::Count { .. } | State::Next { .. } | State::Body { .. } => {}
        }
    }

    /// One byte of a count that was found out, and of what follows it.
    fn next<'a>(&mut self, bytes: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        let State::Next { bytes: seen, len } = &mut self.state else { return bytes };
        // Some senders end counted frames by a line feed besides.
        if *len == 0 && matches!(bytes[0], b'\n' | b'\r' | 0) {
            return &bytes[1..];
        }
        seen[*len] = bytes[0];
        *len += 1;
        let (seen, len) = (*seen, *len);
        match header(&seen[..len]) {
            Header::Open => {}
            Header::Count(begin, left) => {
                self.state = State::Body { left, found: true };
                self.push(&seen[begin..len], sink);
            }
            Header::Text => {
                self.misframed = true;
                self.state = State::Either(false);
                self.push(&seen[..len], sink);
            }
        }
        &bytes[1..]
    }

    /// One byte of a count.
    fn counted<'a>(&mut self, bytes: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        let State::Count { digits, len } = &mut self.state else {
            return bytes;
        };
        match bytes[0] {
            b'1'..=b'9' if *len == 0 => {}
            b'0'..=b'9' if (1..COUNT_DIGITS_MAX).contains(len) => {}
            b' ' if *len > 0 => {
                let left = digits[..*len].iter().fold(0, |n, d| n * 10 + u64::from(d - b'0'));
                self.state = State::Body { left, found: false };
                return &bytes[1..];
            }
            b'\n' | b'\r' | 0 if *len == 0 => return &bytes[1..],
            _ => {
                self.misframed = true;
                sink(Part::Lines(&digits[..*len]));
                self.state = State::Lines;
                return bytes;
            }
        }
        digits[*len] = bytes[0];
        *len += 1;
        &bytes[1..]
    }

    /// Nothing more comes: [`Decoder::finish`] is next.
    pub fn close(&mut self, sink: &mut Sink<'_>) {
        self.judge(Pause::End, sink);
    }

    /// The stream ends: what was to be a count is text after all. The last record ends where the
    /// stream does.
    pub fn finish(&mut self, sink: &mut Sink<'_>) {
        match &self.state {
            State::Count { digits, len } => sink(Part::Lines(&digits[..*len])),
            State::Next { bytes, len } => sink(Part::Lines(&bytes[..*len])),
            _ => {}
        }
        sink(Part::End(self.framing()));
    }
}

/// Text in which a line feed or a NUL ends a record. A NUL behind either ends nothing: some senders
/// write both.
fn either<'a>(ended: &mut bool, bytes: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
    let (text, nul, rest) = match memchr(0, bytes) {
        None => (bytes, false, &bytes[bytes.len()..]),
        Some(i) => (&bytes[..i], true, &bytes[i + 1..]),
    };
    if let Some(last) = text.last() {
        sink(Part::Lines(text));
        *ended = *last == b'\n';
    }
    if nul && !*ended {
        sink(Part::End(Framing::Nul));
        *ended = true;
    }
    rest
}

fn count() -> State {
    State::Count { digits: [0; COUNT_DIGITS_MAX], len: 0 }
}

fn next() -> State {
    State::Next { bytes: [0; HEADER_BYTES_MAX], len: 0 }
}
