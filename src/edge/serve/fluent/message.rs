//! A message in its parts: tag, entries in one of the modes, options.
//!
//! Forward Protocol Specification v1.5, "Event Modes" and "Option":
//! <https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1.5>

use super::Refusal;
use super::inflate::Method;
use super::msgpack::{Kind, Reader, Token};

/// Options of one message; there are five with a meaning.
const OPTIONS_MAX: u32 = 64;
/// Of the sender's name for a message; 24 are usual.
const CHUNK_BYTES_MAX: usize = 256;

/// What a message carries.
#[derive(Clone, Copy)]
pub enum Entries<'a> {
    /// One event: time and record.
    One(&'a [u8], &'a [u8]),
    /// The header of a list, and its events.
    List(Token<'a>),
    /// Events one behind the other, inside a text or bytes.
    Packed(Token<'a>),
    /// The same, compressed.
    Compressed(Token<'a>, Method),
}

/// What the sender says besides.
#[derive(Clone, Default)]
pub struct Options<'a> {
    /// Its name for the message, which it wants to have back.
    pub chunk: Option<Token<'a>>,
    /// How many events there are.
    pub size: Option<Token<'a>>,
    /// How they are compressed.
    pub compressed: Option<Token<'a>>,
    /// What they are: 0 or None is logs.
    pub signal: Option<Token<'a>>,
    /// All else: keys and values one behind the other.
    pub others: Vec<&'a [u8]>,
}

/// A message in its parts.
pub struct Message<'a> {
    /// Which way the events go.
    pub tag: Token<'a>,
    /// The events.
    pub entries: Entries<'a>,
    /// For [`Entries::List`]: the events one behind the other.
    pub list: &'a [u8],
    /// None where the sender left them out, or said nil.
    pub options: Option<Options<'a>>,
}

impl<'a> Message<'a> {
    /// Of a value that is all there. None: nil, with which clients see whether somebody is there.
    ///
    /// # Errors
    /// When it is no message.
    pub fn parse(value: &'a [u8]) -> Result<Option<Message<'a>>, Refusal> {
        let mut reader = Reader(value);
        let parts = match reader.token()?.kind {
            Kind::Nil => return Ok(None),
            Kind::Array(n @ 2..=4) => n,
            _ => return Err(Refusal::Malformed("no message of the forward protocol")),
        };
        let tag = reader.token()?;
        if !matches!(tag.kind, Kind::Str | Kind::Bin) {
            return Err(Refusal::Malformed("a message's tag is no text"));
        }
        let mut peeked = reader;
        let second = peeked.token()?;
        let (mut entries, list, used) = match second.kind {
            Kind::Array(_) => {
                let all = reader.value()?;
                (Entries::List(second), &all[second.raw.len()..], 2)
            }
            Kind::Str | Kind::Bin => {
                reader = peeked;
                (Entries::Packed(second), &[][..], 2)
            }
            Kind::Map(_) => return Err(Refusal::Malformed("a message without entries")),
            _ if parts < 3 => return Err(Refusal::Malformed("a message without a record")),
            _ => (Entries::One(reader.value()?, reader.value()?), &[][..], 3),
        };
        let options = match parts - used {
            0 => None,
            1 => options(reader.value()?)?,
            _ => return Err(Refusal::Malformed("a message of too many parts")),
        };
        let method = options.as_ref().and_then(|o| o.compressed).and_then(|c| Method::from_name(c.body));
        if let (Entries::Packed(token), Some(method)) = (entries, method) {
            entries = Entries::Compressed(token, method);
        }
        Ok(Some(Message { tag, entries, list, options }))
    }

    /// Whether the events are logs, each a time and a record.
    pub fn is_logs(&self) -> bool {
        let signal = self.options.as_ref().and_then(|o| o.signal);
        signal.is_none_or(|s| matches!(s.kind, Kind::Uint(0) | Kind::Int(0)))
    }

    /// The sender's name for it, if it wants to know that it has arrived.
    pub fn chunk(&self) -> Option<Token<'a>> {
        self.options.as_ref().and_then(|o| o.chunk)
    }
}

fn options(value: &[u8]) -> Result<Option<Options<'_>>, Refusal> {
    let mut reader = Reader(value);
    let pairs = match reader.token()?.kind {
        Kind::Nil => return Ok(None),
        Kind::Map(n) if n <= OPTIONS_MAX => n,
        _ => return Err(Refusal::Malformed("a message's options are no map, or too many")),
    };
    let mut options = Options::default();
    for _ in 0..pairs {
        let (key, value) = (reader.value()?, reader.value()?);
        let token = Reader(value).token()?;
        let text = matches!(token.kind, Kind::Str | Kind::Bin);
        let number = matches!(token.kind, Kind::Uint(_) | Kind::Int(_));
        match Reader(key).token()?.body {
            b"chunk" if text && token.body.len() <= CHUNK_BYTES_MAX => options.chunk = Some(token),
            b"chunk" if token.kind != Kind::Nil => {
                return Err(Refusal::Malformed("a message's chunk is no text of at most 256 bytes"));
            }
            b"size" if number => options.size = Some(token),
            b"compressed" if text && Method::from_name(token.body).is_some() => options.compressed = Some(token),
            b"fluent_signal" if number => options.signal = Some(token),
            _ => options.others.extend([key, value]),
        }
    }
    Ok(Some(options))
}
