//! Acknowledgements: `{"ack": chunk}`, from the upstream and to the sender.

use std::collections::VecDeque;

use super::incoming::Incoming;
use super::msgpack::{Kind, Reader, put_like, put_map, put_str};

/// The longest answer an upstream may give.
pub const ANSWER_BYTES_MAX: usize = 4096;

/// An acknowledgement as it is sent; the chunk is of the kind that the sender's was.
pub fn answer(kind: Kind, chunk: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(chunk.len() + 8);
    put_map(&mut out, 1);
    put_str(&mut out, b"ack");
    put_like(&mut out, kind, chunk);
    out
}

/// A chunk of ours: 128 bits as the base64 text that the protocol asks for.
pub fn own() -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = fastrand::u128(..);
    // 21 letters of six bits, the last two bits, and what fills the group up.
    let letters = (0..21).map(|i| (bits >> (6 * i)) as usize % 64).chain([(bits >> 126) as usize * 16]);
    let mut text: String = letters.map(|i| char::from(LETTERS[i])).collect();
    text.push_str("==");
    text
}

/// What an upstream answers.
pub struct Answers {
    incoming: Incoming,
    acks: VecDeque<Vec<u8>>,
}

impl Default for Answers {
    fn default() -> Answers {
        Answers { incoming: Incoming::new(ANSWER_BYTES_MAX), acks: VecDeque::new() }
    }
}

impl Answers {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        const WRONG: &str = "it answered what is no acknowledgement";
        self.incoming.push(bytes);
        while let Some(len) = self.incoming.whole().map_err(|_| WRONG)? {
            let found = read(self.incoming.value(len));
            self.incoming.consume(len);
            self.acks.push_back(found?);
        }
        Ok(())
    }

    /// The next chunk that has arrived there.
    pub fn next(&mut self) -> Option<Vec<u8>> {
        self.acks.pop_front()
    }

    /// Whether there is one.
    pub fn is_empty(&self) -> bool {
        self.acks.is_empty()
    }
}

fn read(value: &[u8]) -> Result<Vec<u8>, &'static str> {
    const WRONG: &str = "it answered what is no acknowledgement";
    let mut reader = Reader(value);
    let pairs = match reader.token().map_err(|_| WRONG)?.kind {
        Kind::Map(n) => n,
        Kind::Array(2) if reader.token().is_ok_and(|t| t.body == b"HELO") => {
            return Err("it asks for a shared key: write `shared-key-file` in its [[upstream]]");
        }
        _ => return Err(WRONG),
    };
    for _ in 0..pairs {
        let (key, value) = (reader.value().map_err(|_| WRONG)?, reader.value().map_err(|_| WRONG)?);
        let value = Reader(value).token().map_err(|_| WRONG)?;
        if Reader(key).token().is_ok_and(|k| k.body == b"ack") && matches!(value.kind, Kind::Str | Kind::Bin) {
            return Ok(value.body.to_vec());
        }
    }
    Err(WRONG)
}
