//! What `journalctl -o json` and `-o export` write, around a stream: bytes that they spell as numbers, or send behind a
//! length, are judged as the text they are, and leave spelt as they came.

mod export;
mod json;
mod limits;

use std::io::{self, Read};

use memchr::memmem;

use self::export::Export;
use self::json::Json;
use crate::engine::stream::Stream;

/// How much of an input is looked at for its form, in bytes.
const HEAD_BYTES: usize = 64 << 10;

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As text, line by line.
    Text,
    /// As `journalctl -o json`: a line of JSON each, bytes as arrays of numbers.
    Json,
    /// As `journalctl -o export`: fields line by line, or behind their length.
    Export,
}

/// The first bytes of an input, and the form they are in: export begins with a cursor, and a first line of JSON is
/// the journal's if it has fields that only the journal adds. Waits for the first line at most, which could not leave
/// before its end anyway.
///
/// # Errors
/// Those of the reader.
pub fn head(input: &mut (impl Read + ?Sized)) -> io::Result<(Vec<u8>, Form)> {
    let mut head = Vec::new();
    let mut buffer = vec![0; 4096];
    loop {
        let whole = head.len() >= HEAD_BYTES || memchr::memchr(b'\n', &head).is_some();
        if whole || !(begins(&head, CURSOR) || begins(&head, b"{")) {
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
    } else {
        Form::Text
    }
}

/// Records of the journal on their way.
pub enum Journal {
    /// Lines of JSON.
    Json(Json),
    /// Fields of export.
    Export(Export),
}

impl Journal {
    /// At the beginning of an input of this form, if it is one of the journal's. For `looking` only, what leaves stays
    /// the text that was judged.
    pub fn of(form: Form, looking: bool) -> Option<Journal> {
        match form {
            Form::Text => None,
            Form::Json => Some(Journal::Json(Json::new(looking))),
            Form::Export => Some(Journal::Export(Export::new(looking))),
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        match self {
            Journal::Json(json) => json.push(bytes, stream, sink),
            Journal::Export(export) => export.push(bytes, stream, sink),
        }
    }

    /// Ends the input.
    pub fn finish(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        match self {
            Journal::Json(json) => json.finish(stream, sink),
            Journal::Export(export) => export.finish(stream, sink),
        }
    }

    /// How many lines or fields were too long to be judged.
    pub fn unjudged(&self) -> u64 {
        match self {
            Journal::Json(json) => json.unjudged,
            Journal::Export(export) => export.unjudged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, head};

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
