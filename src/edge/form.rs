//! How records are written in an input that is no plain text line by line, as its first line tells; and what stands around
//! a stream for it.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use memchr::memmem;

use super::fragments::{Container, Joiner, Part};
use super::journal::export::Export;
use super::journal::json::Json;
use crate::engine::stream::Stream;

/// How much of an input is looked at for its form, in bytes.
const HEAD_BYTES: usize = 64 << 10;
/// Between two looks at how long a part has waited for the next: the second ends it.
const AGE: Duration = Duration::from_millis(2500);

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As text, line by line.
    Text,
    /// As `journalctl -o json`: a line of JSON each, bytes as arrays of numbers.
    Json,
    /// As `journalctl -o export`: fields line by line, or behind their length.
    Export,
    /// As a container runtime: records in parts.
    Parts(Container),
}

/// The first bytes of an input, and the form they are in: export begins with a cursor, a first line of JSON is the journal's
/// if it has fields that only the journal adds, and a container runtime's line has a stream. Waits for the first line at
/// most, which could not leave before its end anyway.
///
/// # Errors
/// Those of the reader.
pub fn head(input: &mut (impl Read + ?Sized)) -> io::Result<(Vec<u8>, Form)> {
    let mut head = Vec::new();
    let mut buffer = vec![0; 4096];
    loop {
        let whole = head.len() >= HEAD_BYTES || memchr::memchr(b'\n', &head).is_some();
        let may = begins(&head, CURSOR) || begins(&head, b"{") || head.first().is_some_and(u8::is_ascii_digit);
        if whole || !may {
            let form = form(&head);
            return Ok((head, form));
        }
        match input.read(&mut buffer) {
            Ok(0) => {
                let form = form(&head);
                return Ok((head, form));
            }
            Ok(n) => head.extend_from_slice(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// What an entry begins with in the form of export.
const CURSOR: &[u8] = b"__CURSOR=";
/// Fields of an entry that the journal itself adds.
const OWN: [&[u8]; 2] = [b"\"__CURSOR\"", b"\"__REALTIME_TIMESTAMP\""];

/// Whether one is the beginning of the other.
fn begins(head: &[u8], with: &[u8]) -> bool {
    let n = head.len().min(with.len());
    head[..n] == with[..n]
}

fn form(head: &[u8]) -> Form {
    let line = &head[..memchr::memchr(b'\n', head).unwrap_or(head.len())];
    if line.starts_with(CURSOR) {
        Form::Export
    } else if line.starts_with(b"{") && OWN.iter().all(|field| memmem::find(line, field).is_some()) {
        Form::Json
    } else if Part::of(line, Container::Either).is_some() {
        Form::Parts(if line.starts_with(b"{") { Container::Docker } else { Container::Cri })
    } else {
        Form::Text
    }
}

/// Records on their way that are no plain lines.
pub enum Formed {
    /// Lines of JSON of the journal.
    Json(Json),
    /// Fields of the journal's export.
    Export(Export),
    /// Lines of a container runtime, and when their age was looked at last.
    Parts(Box<Joiner>, Instant),
}

impl Formed {
    /// At the beginning of an input of this form, down its stream; none where it is plain text. For `looking` only, what
    /// leaves stays the text that was judged.
    pub fn of(form: Form, looking: bool, stream: &mut Stream) -> Option<Formed> {
        match form {
            Form::Text => None,
            Form::Json => Some(Formed::Json(Json::new(looking))),
            Form::Export => Some(Formed::Export(Export::new(looking))),
            Form::Parts(container) => {
                stream.tell_sources_apart();
                Some(Formed::Parts(Box::new(Joiner::new(container, stream.redactor(), looking)), Instant::now()))
            }
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        self.age(stream, sink);
        match self {
            Formed::Json(json) => json.push(bytes, stream, sink),
            Formed::Export(export) => export.push(bytes, stream, sink),
            Formed::Parts(joiner, _) => joiner.push(bytes, stream, sink),
        }
    }

    /// How long a part that waits may do so until somebody looks again.
    pub fn patience(&self) -> Option<Duration> {
        match self {
            Formed::Parts(joiner, looked) if joiner.waits() => Some(AGE.saturating_sub(looked.elapsed())),
            _ => None,
        }
    }

    /// Looks at how long parts have waited, if it is time.
    pub fn age(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        let Formed::Parts(joiner, looked) = self else { return };
        let waits = joiner.waits();
        if waits && looked.elapsed() < AGE {
            return;
        }
        if waits {
            joiner.age(stream, sink);
        }
        *looked = Instant::now();
    }

    /// Ends the input.
    pub fn finish(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        match self {
            Formed::Json(json) => json.finish(stream, sink),
            Formed::Export(export) => export.finish(stream, sink),
            Formed::Parts(joiner, _) => joiner.finish(stream, sink),
        }
    }

    /// How many lines, fields or parts were not judged.
    pub fn unjudged(&self) -> u64 {
        match self {
            Formed::Json(json) => json.unjudged,
            Formed::Export(export) => export.unjudged,
            Formed::Parts(joiner, _) => joiner.unjudged(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Container, Form, head};

    #[test]
    fn the_form_shows_in_the_first_line() {
        for (text, form) in [
            (&b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1\n"[..], Form::Export),
            (b"{\"MESSAGE\":\"x\",\"__REALTIME_TIMESTAMP\":\"1\",\"__CURSOR\":\"s=1\"}\n", Form::Json),
            (b"{ \"__CURSOR\" : \"s=1\", \"__REALTIME_TIMESTAMP\" : \"1\" }", Form::Json),
            (b"{\"message\":\"x\"}\n{\"__CURSOR\":\"s=1\",\"__REALTIME_TIMESTAMP\":\"1\"}\n", Form::Text),
            (b"__CURS\n", Form::Text),
            (b"__CURSOR", Form::Text),
            (b"a\n__CURSOR=s\n", Form::Text),
            (b"2024-10-11T22:14:15Z stdout F x\ny", Form::Parts(Container::Cri)),
            (b"2024-10-11T22:14:15Z stdout x\ny", Form::Text),
            (b"{\"log\":\"x\",\"stream\":\"stderr\",\"time\":\"y\"}\n", Form::Parts(Container::Docker)),
            (b"", Form::Text),
        ] {
            for step in [1, 5, 4096] {
                let mut reader = Steps(text, step);
                let (read, told) = head(&mut reader).unwrap();
                assert_eq!((told, [&read[..], reader.0].concat()), (form, text.to_vec()), "{}", text.escape_ascii());
            }
        }
    }

    struct Steps<'a>(&'a [u8], usize);

    impl std::io::Read for Steps<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n = self.1.min(buffer.len());
            self.0.read(&mut buffer[..n])
        }
    }
}
