//! A door for fuzzing: any bytes as what a sender, or an upstream, says. And one for benches.

use super::ack::Answers;
use super::handshake::{SharedKey, ping, pong};
use super::incoming::Incoming;
use super::mask::Masker;
use super::relay::relay;
use crate::engine::redactor::Redactor;

/// Takes bytes as a connection does; what leaves must be a message again, and settled.
///
/// # Panics
/// When it is not.
pub fn any_bytes(bytes: &[u8], limit: usize) {
    let redactor = Redactor::builtin();
    let mut masker = Masker::new(&redactor);
    let mut incoming = Incoming::new(limit);
    incoming.push(bytes);
    while let Ok(Some(len)) = incoming.whole() {
        if let Ok(Some(out)) = relay(incoming.value(len), &mut masker, limit, Some("own")) {
            let mut again = Incoming::new(usize::MAX >> 1);
            again.push(&out.bytes);
            assert_eq!(again.whole(), Ok(Some(out.bytes.len())), "what leaves is one whole value");
            let second = relay(&out.bytes, &mut Masker::new(&redactor), limit.saturating_mul(4), Some("own"));
            assert!(second.is_ok_and(|m| m.is_some_and(|m| m.events == out.events)), "and a message");
        }
        incoming.consume(len);
    }
    let _ = Answers::default().push(bytes);
    if let Some(key) = SharedKey::new(b"key") {
        let _ = ping(bytes, "host", b"salt", &key).map(|asked| asked.pong(bytes, "host", b"salt", &key));
        let _ = pong(bytes, b"nonce", "host", &key);
    }
}

/// Messages of one connection, masked.
pub struct Relay(Masker);

impl Relay {
    /// With these rules.
    pub fn new(redactor: &Redactor) -> Relay {
        Relay(Masker::new(redactor))
    }

    /// What leaves; None where nothing does.
    pub fn take(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let out = relay(message, &mut self.0, usize::MAX, None);
        self.0.trim();
        out.ok().flatten().map(|out| out.bytes)
    }
}
