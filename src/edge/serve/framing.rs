//! Where a record ends in a stream of bytes.

use std::fmt;

use memchr::{memchr, memchr2, memrchr};

/// The most digits of an octet count.
const COUNT_DIGITS_MAX: usize = 10;

/// How records follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// A line feed behind each.
    Newline,
    /// A count of bytes before each (RFC 6587).
    Octet,
    /// A NUL behind each.
    Nul,
}

impl Framing {
    /// By its name in the configuration.
    pub fn from_name(name: &str) -> Option<Framing> {
        [Framing::Newline, Framing::Octet, Framing::Nul].into_iter().find(|f| f.to_string() == name)
    }

    /// Where the frame begins that `at` lies in, in whole frames of this framing. A place between
    /// two frames is the second one's beginning.
    pub fn frame_start(self, frames: &[u8], at: usize) -> usize {
        let mark = match self {
            Framing::Newline => b'\n',
            Framing::Nul => 0,
            Framing::Octet => {
                let mut start = 0;
                while let Some(next) = octet_end(frames, start).filter(|next| *next <= at) {
                    start = next;
                }
                return start;
            }
        };
        memrchr(mark, &frames[..at]).map_or(0, |i| i + 1)
    }
}

/// The end of the counted frame that begins at `start`.
fn octet_end(frames: &[u8], start: usize) -> Option<usize> {
    let digits = memchr(b' ', &frames[start..])?;
    let count: usize = std::str::from_utf8(&frames[start..start + digits]).ok()?.parse().ok()?;
    Some(start + digits + 1 + count)
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Framing::Newline => "newline",
            Framing::Octet => "octet",
            Framing::Nul => "nul",
        })
    }
}

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

/// Tells records apart, however the stream is cut.
///
/// Unless the framing is fixed, the first byte says which it is: a digit from 1 to 9 is an octet
/// count (or, when no blank follows the digits, a line that begins with a number); behind an
/// opening brace (GELF) the first line feed or NUL decides; anything else is a line.
pub struct Decoder {
    state: State,
    misframed: bool,
}

enum State {
    /// Nothing seen yet.
    Fresh,
    /// An opening brace came first, and neither a line feed nor a NUL since.
    Brace,
    Lines,
    Nul,
    /// Digits of a count; `first` while no frame was seen and lines may be meant.
    Count {
        digits: [u8; COUNT_DIGITS_MAX],
        len: usize,
        first: bool,
    },
    /// Inside a counted frame.
    Body {
        left: u64,
    },
}

impl Decoder {
    /// At a stream's beginning; `None` finds the framing out.
    pub fn new(framing: Option<Framing>) -> Decoder {
        let state = match framing {
            None => State::Fresh,
            Some(Framing::Newline) => State::Lines,
            Some(Framing::Nul) => State::Nul,
            Some(Framing::Octet) => count(false),
        };
        Decoder { state, misframed: false }
    }

    /// The whole stream is one record.
    pub fn whole() -> Decoder {
        Decoder { state: State::Body { left: u64::MAX }, misframed: false }
    }

    /// The framing, as far as it is known.
    pub fn framing(&self) -> Framing {
        match self.state {
            State::Fresh | State::Brace | State::Lines => Framing::Newline,
            State::Nul => Framing::Nul,
            State::Count { .. } | State::Body { .. } => Framing::Octet,
        }
    }

    /// Whether a count was expected and something else came. From there on the stream is read as
    /// lines. True once.
    pub fn take_misframed(&mut self) -> bool {
        std::mem::take(&mut self.misframed)
    }

    /// Takes the next bytes and hands on what they hold of records.
    pub fn push(&mut self, mut bytes: &[u8], sink: &mut impl FnMut(Part<'_>)) {
        while !bytes.is_empty() {
            bytes = match &mut self.state {
                State::Fresh => {
                    self.state = match bytes[0] {
                        b'1'..=b'9' => count(true),
                        b'{' => State::Brace,
                        _ => State::Lines,
                    };
                    bytes
                }
                State::Brace => match memchr2(b'\n', 0, bytes) {
                    Some(i) => {
                        self.state = if bytes[i] == 0 { State::Nul } else { State::Lines };
                        bytes
                    }
                    None => {
                        sink(Part::Piece(bytes, Framing::Newline));
                        return;
                    }
                },
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
                State::Body { left } => {
                    let here = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= here as u64;
                    let done = *left == 0;
                    sink(Part::Piece(&bytes[..here], Framing::Octet));
                    if done {
                        sink(Part::End(Framing::Octet));
                        self.state = count(false);
                    }
                    &bytes[here..]
                }
            };
        }
    }

    /// One byte of a count.
    fn counted<'a>(&mut self, bytes: &'a [u8], sink: &mut impl FnMut(Part<'_>)) -> &'a [u8] {
        let State::Count { digits, len, first } = &mut self.state else {
            return bytes;
        };
        match bytes[0] {
            b'1'..=b'9' if *len == 0 => {}
            b'0'..=b'9' if (1..COUNT_DIGITS_MAX).contains(len) => {}
            b' ' if *len > 0 => {
                let left = digits[..*len].iter().fold(0, |n, d| n * 10 + u64::from(d - b'0'));
                self.state = State::Body { left };
                return &bytes[1..];
            }
            // Some senders end counted frames by a line feed besides.
            b'\n' | b'\r' | 0 if *len == 0 && !*first => return &bytes[1..],
            _ => {
                self.misframed = !*first;
                sink(Part::Lines(&digits[..*len]));
                self.state = State::Lines;
                return bytes;
            }
        }
        digits[*len] = bytes[0];
        *len += 1;
        &bytes[1..]
    }

    /// The stream ends: digits that were to be a count are text after all. The last record ends
    /// where the stream does.
    pub fn finish(&mut self, sink: &mut impl FnMut(Part<'_>)) {
        if let State::Count { digits, len, first } = &self.state {
            sink(Part::Lines(&digits[..*len]));
            if *first {
                self.state = State::Lines;
            }
        }
        sink(Part::End(self.framing()));
    }
}

fn count(first: bool) -> State {
    State::Count { digits: [0; COUNT_DIGITS_MAX], len: 0, first }
}
