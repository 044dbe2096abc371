//! The export format: `FIELD=text` on a line, or `FIELD`, eight bytes of length (low byte first), so many bytes, and a
//! line's end. A length is that of what leaves.

use memchr::memchr;

use super::limits::{HELD_BYTES_MAX, UNJUDGED};
use crate::engine::stream::Stream;
use crate::engine::wipe::wipe;

/// The longest name of a field, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Where the next byte belongs to.
enum At {
    /// The beginning of a line that is all of a name so far.
    Name,
    /// A line of text.
    Text,
    /// The length behind a name.
    Length(Vec<u8>),
    /// Bytes behind a length: how many are to come.
    Data(u64),
    /// Bytes that are too many to be held.
    Skipped(u64),
    /// The line's end behind the bytes.
    End,
}

/// Entries on their way.
pub struct Export {
    at: At,
    /// A name; behind its length, also `=` and the bytes.
    held: Vec<u8>,
    name: usize,
    looking: bool,
    /// Fields that were too long.
    pub unjudged: u64,
}

impl Export {
    /// At the beginning of an entry.
    pub fn new(looking: bool) -> Export {
        Export { at: At::Name, held: Vec::new(), name: 0, looking, unjudged: 0 }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, mut bytes: &[u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        while !bytes.is_empty() {
            bytes = &bytes[self.step(bytes, stream, sink)..];
        }
    }

    /// Takes some of the bytes; says how many.
    fn step(&mut self, bytes: &[u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) -> usize {
        match &mut self.at {
            At::Name => self.name(bytes, stream, sink),
            At::Text => {
                let end = memchr(b'\n', bytes).map(|i| i + 1);
                let n = end.unwrap_or(bytes.len());
                stream.push_with(&bytes[..n], sink);
                if end.is_some() {
                    self.at = At::Name;
                }
                n
            }
            At::Length(length) => {
                length.push(bytes[0]);
                if let Ok(eight) = <[u8; 8]>::try_from(&length[..]) {
                    self.begin(u64::from_le_bytes(eight), stream, sink);
                }
                1
            }
            At::Data(left) => {
                let n = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                self.held.extend_from_slice(&bytes[..n]);
                *left -= n as u64;
                if *left == 0 {
                    self.data(stream, sink);
                    self.at = At::End;
                }
                n
            }
            At::Skipped(left) => {
                let n = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= n as u64;
                if *left == 0 {
                    self.at = At::End;
                }
                n
            }
            At::End => {
                self.at = At::Name;
                let ended = usize::from(bytes[0] == b'\n');
                sink(&bytes[..if self.looking { 0 } else { ended }]);
                ended
            }
        }
    }

    /// The beginning of a line, as far as it may be a name.
    fn name(&mut self, bytes: &[u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) -> usize {
        let of_name = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
        let n = bytes.iter().take_while(|b| of_name(b)).count();
        self.held.extend_from_slice(&bytes[..n]);
        match bytes.get(n) {
            Some(b'\n') if !self.held.is_empty() && self.held.len() <= NAME_BYTES_MAX => {
                self.at = At::Length(Vec::new());
                return n + 1;
            }
            None if self.held.len() <= NAME_BYTES_MAX => return n,
            _ => {}
        }
        stream.push_with(&self.held, sink);
        wipe(&mut self.held);
        self.at = At::Text;
        n
    }

    fn begin(&mut self, len: u64, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        self.name = self.held.len();
        self.held.push(b'=');
        self.at = match len {
            0 => {
                self.data(stream, sink);
                At::End
            }
            len if len <= HELD_BYTES_MAX as u64 => At::Data(len),
            len => {
                self.unjudged += 1;
                self.field(UNJUDGED, sink);
                wipe(&mut self.held);
                At::Skipped(len)
            }
        };
    }

    /// Judges a field as the line of text that it is not.
    fn data(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        self.held.push(b'\n');
        if self.looking {
            stream.push_with(&self.held, sink);
        } else {
            let mut masked = Vec::new();
            stream.push(&self.held, &mut masked);
            match masked.strip_prefix(&self.held[..=self.name]).and_then(|text| text.strip_suffix(b"\n")) {
                Some(text) => self.field(text, sink),
                // A key block that is open goes over the name: nothing tells where the field begins.
                None => self.field(UNJUDGED, sink),
            }
            wipe(&mut masked);
        }
        wipe(&mut self.held);
    }

    fn field(&self, text: &[u8], sink: &mut impl FnMut(&[u8])) {
        if self.looking {
            return;
        }
        sink(&self.held[..self.name]);
        sink(b"\n");
        sink(&(text.len() as u64).to_le_bytes());
        sink(text);
    }

    /// Ends the input; bytes that were cut short have the length of what leaves.
    pub fn finish(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        match std::mem::replace(&mut self.at, At::Name) {
            At::Name => {
                stream.push_with(&self.held, sink);
                wipe(&mut self.held);
            }
            At::Length(length) => {
                sink(&self.held);
                sink(b"\n");
                sink(&length);
                wipe(&mut self.held);
            }
            At::Data(_) => self.data(stream, sink),
            At::Text | At::Skipped(_) | At::End => {}
        }
        stream.finish_with(sink);
    }
}

#[cfg(test)]
mod tests {
    use super::{Export, HELD_BYTES_MAX};
    use crate::engine::redactor::Redactor;
    use crate::engine::stream::Stream;

    fn binary(name: &str, data: &[u8]) -> Vec<u8> {
        [name.as_bytes(), b"\n", &(data.len() as u64).to_le_bytes(), data, b"\n"].concat()
    }

    fn filter(input: &[u8], step: usize) -> Vec<u8> {
        let (mut export, mut stream) = (Export::new(false), Stream::new(&Redactor::builtin()));
        let mut out = Vec::new();
        let mut sink = |b: &[u8]| out.extend_from_slice(b);
        input.chunks(step).for_each(|piece| export.push(piece, &mut stream, &mut sink));
        export.finish(&mut stream, &mut sink);
        out
    }

    /// All of it at once: each field by itself through the public redactor.
    fn oracle(mut input: &[u8]) -> Vec<u8> {
        let (redactor, mut out) = (Redactor::builtin(), Vec::new());
        while !input.is_empty() {
            let end = input.iter().position(|b| *b == b'\n').map_or(input.len(), |i| i + 1);
            let (line, rest) = input.split_at(end);
            if line == b"\n" || line.contains(&b'=') {
                out.extend_from_slice(&redactor.redact(line));
                input = rest;
                continue;
            }
            let name = line.strip_suffix(b"\n").unwrap();
            let len = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
            let text = [name, b"=", &rest[8..8 + len]].concat();
            let masked = redactor.redact(&text);
            out.extend(binary(std::str::from_utf8(name).unwrap(), &masked[name.len() + 1..]));
            input = &rest[8 + len + 1..];
        }
        out
    }

    #[test]
    fn lengths_are_right_however_it_is_cut() {
        let entry = [
            b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1764327600000000\n".to_vec(),
            binary("MESSAGE", b"\x1b[1mlogin\x1b[0m password=hunter2\nsecond line, token=q8Zr1Lw0mXv93TbN\n"),
            b"_PID=12\nMESSAGE=password=hunter2\n".to_vec(),
            binary("DB_PASSWORD", b"hunter2x\xff\xfe"),
            binary("EMPTY", b""),
            binary("NULS", b"\0\0\n\0"),
            b"\n".to_vec(),
        ]
        .concat();
        let input = entry.repeat(3);
        let expected = oracle(&input);
        assert!(!expected.windows(7).any(|w| w == b"hunter2"));
        for step in [1, 2, 3, 7, 64, input.len()] {
            assert!(filter(&input, step) == expected, "{step}\n{}", filter(&input, step).escape_ascii());
        }
        assert_eq!(filter(&expected, 5).escape_ascii().to_string(), expected.escape_ascii().to_string());
    }

    #[test]
    fn what_is_cut_short_or_too_long_leaves_masked() {
        let whole = binary("MESSAGE", b"password=hunter2 and more");
        let out = filter(&whole[..whole.len() - 6], 3);
        assert_eq!(out, binary("MESSAGE", b"password=[REDACTED:password] and")[..8 + 8 + 32]);
        let long = binary("MESSAGE", &b"password=hunter2\n".repeat(HELD_BYTES_MAX / 16));
        let input = [long, b"_PID=1\n".to_vec()].concat();
        for step in [4096, input.len()] {
            assert_eq!(
                filter(&input, step),
                [binary("MESSAGE", b"[REDACTED:unjudged]"), b"_PID=1\n".to_vec()].concat()
            );
        }
    }
}
