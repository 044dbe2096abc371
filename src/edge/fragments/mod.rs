//! Records that a container runtime cuts into parts of 16 KiB, around a stream: judged as the records they were, and sent on as
//! the lines they came in.

mod cut;
mod join;
mod line;
mod looked;
mod waiting;

use std::fmt;

pub use self::join::Joiner;
pub use self::line::Container;
#[cfg(feature = "cli")]
pub use self::line::Part;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::engine::stream::Stream;

/// Filters what a container runtime writes, in pieces: parts of one record are judged together, so that no secret is cut in
/// two, and leave as they came but for what is masked.
///
/// A mask stands where its secret begins; what of it stands in later parts is gone, so that whoever joins them reads one
/// mask. Standard output and error, and containers that lines tell apart, are kept apart. Lines leave in their order: while a
/// record waits for its last part, all behind it waits, at most 1 MiB over 256 open records. What is more, or was open at two
/// calls of [`Fragments::age`], breaks off: what may be half a secret at its end, and what comes of it later, leaves as
/// `[REDACTED:unjudged]`. Whoever gives known values, or rules without a literal, gets no part of such a record.
///
/// ```
/// use logveil::{Container, Fragments, Redactor};
///
/// let mut fragments = Fragments::new(&Redactor::builtin(), Container::Cri);
/// let mut out = Vec::new();
/// fragments.push(b"2024-10-11T22:14:15.1Z stdout P login password=hun\n", &mut out);
/// assert!(out.is_empty());
/// fragments.push(b"2024-10-11T22:14:15.1Z stdout F ter2 from 203.0.113.9\n", &mut out);
/// fragments.finish(&mut out);
/// assert_eq!(
///     String::from_utf8_lossy(&out),
///     "2024-10-11T22:14:15.1Z stdout P login password=[REDACTED:password]\n\
///      2024-10-11T22:14:15.1Z stdout F  from 203.0.113.9\n"
/// );
/// ```
pub struct Fragments {
    stream: Stream,
    joiner: Joiner,
}

impl Fragments {
    /// At the beginning of a file or a connection.
    pub fn new(redactor: &Redactor, container: Container) -> Fragments {
        let mut stream = Stream::new(redactor);
        stream.tell_sources_apart();
        Fragments { stream, joiner: Joiner::new(container, redactor, false) }
    }

    /// Takes the next bytes and appends what may leave.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.joiner.push(bytes, &mut self.stream, &mut |b| out.extend_from_slice(b));
    }

    /// Says that some time has passed: what was open at the last two calls breaks off. Called every half of the time that a
    /// record may wait; every 2.5 seconds is usual.
    pub fn age(&mut self, out: &mut Vec<u8>) {
        self.joiner.age(&mut self.stream, &mut |b| out.extend_from_slice(b));
    }

    /// Ends the input: all that waits leaves. It is at its beginning again; its tally goes on.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.joiner.finish(&mut self.stream, &mut |b| out.extend_from_slice(b));
    }

    /// Whether a record waits for its last part, so that time matters.
    pub fn waits(&self) -> bool {
        self.joiner.waits()
    }

    /// Bytes that wait.
    pub fn held(&self) -> usize {
        self.joiner.held() + self.stream.held()
    }

    /// Counts so far, of the records as they were judged.
    pub fn tally(&self) -> Tally {
        let mut tally = self.stream.tally().clone();
        tally.unjudged += self.joiner.unjudged();
        tally
    }
}

impl fmt::Debug for Fragments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fragments").field("held", &self.held()).field("tally", &self.tally()).finish_non_exhaustive()
    }
}
