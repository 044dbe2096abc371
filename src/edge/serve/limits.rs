//! What nobody may exceed.

use std::fmt;
use std::time::Duration;

use super::budget::{BUFFERED_BYTES_MIN, TURN_BYTES};

/// The least limit of a record, in bytes.
pub const RECORD_BYTES_MIN: u64 = 64;
/// The greatest limit of a record: what the engine looks through as a whole.
pub const RECORD_BYTES_MAX: u64 = 1 << 20;

/// What nobody may exceed.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once, over all listeners.
    pub connections: usize,
    /// Bytes of a frame that leaves.
    pub record_bytes: usize,
    /// Bytes in memory, over all connections.
    pub buffered_bytes: usize,
    /// Bytes of a message of the forward protocol or of a request's body, and of what it unpacks to.
    pub message_bytes: usize,
    /// Messages that were sent and that the upstream has not acknowledged.
    pub unacknowledged: usize,
    /// Requests of HTTP at once.
    pub requests: usize,
    /// For a TLS handshake.
    pub handshake: Duration,
    /// Without a byte.
    pub idle: Duration,
    /// For one record, or one window of a longer one.
    pub slow: Duration,
    /// For the last part of a record that a container runtime cut.
    pub fragment: Duration,
    /// For a connection to an upstream.
    pub connect: Duration,
    /// For an upstream that takes nothing.
    pub write: Duration,
    /// For an upstream to acknowledge a message.
    pub ack: Duration,
    /// For a request to wait, for room and for an upstream that takes it.
    pub hold: Duration,
    /// For an upstream to answer a request.
    pub answer: Duration,
    /// From the signal to the end.
    pub drain: Duration,
    /// Threads that do the work.
    pub threads: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 1024,
            record_bytes: 1 << 20,
            buffered_bytes: 24 << 20,
            message_bytes: 8 << 20,
            unacknowledged: 1024,
            requests: 256,
            handshake: Duration::from_secs(10),
            idle: Duration::from_secs(86_400),
            slow: Duration::from_secs(60),
            fragment: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            write: Duration::from_secs(30),
            ack: Duration::from_secs(190),
            hold: Duration::from_secs(5),
            answer: Duration::from_secs(60),
            drain: Duration::from_secs(20),
            threads: (std::thread::available_parallelism().map_or(1, usize::from) / 2).clamp(1, 4),
        }
    }
}

impl Limits {
    /// The keys there are.
    pub const KEYS: [&str; 17] = [
        "connections",
        "record-bytes",
        "buffered-bytes",
        "message-bytes",
        "unacknowledged",
        "requests",
        "handshake-seconds",
        "idle-seconds",
        "slow-seconds",
        "fragment-seconds",
        "connect-seconds",
        "write-seconds",
        "ack-seconds",
        "hold-seconds",
        "answer-seconds",
        "drain-seconds",
        "threads",
    ];

    /// Every key with its value.
    pub fn entries(&self) -> [(&'static str, String); Limits::KEYS.len()] {
        let Limits { connections, record_bytes, buffered_bytes, message_bytes, unacknowledged, requests, .. } = self;
        let Limits { handshake, idle, slow, fragment, connect, write, ack, hold, answer, drain, threads, .. } = self;
        let text: [&dyn fmt::Debug; Limits::KEYS.len()] = [
            connections,
            record_bytes,
            buffered_bytes,
            message_bytes,
            unacknowledged,
            requests,
            handshake,
            idle,
            slow,
            fragment,
            connect,
            write,
            ack,
            hold,
            answer,
            drain,
            threads,
        ];
        std::array::from_fn(|i| (Limits::KEYS[i], format!("{:?}", text[i])))
    }

    /// Sets a number by its key; says which numbers there may be. None: no such key.
    pub fn set(&mut self, key: &str, value: u64) -> Option<Result<(), String>> {
        let (place, least, most) = match key {
            "connections" => (&mut self.connections, 1, 1 << 20),
            "record-bytes" => (&mut self.record_bytes, RECORD_BYTES_MIN, RECORD_BYTES_MAX),
            "buffered-bytes" => (&mut self.buffered_bytes, BUFFERED_BYTES_MIN as u64, 1 << 30),
            "message-bytes" => (&mut self.message_bytes, RECORD_BYTES_MIN, 256 << 20),
            "unacknowledged" => (&mut self.unacknowledged, 1, 1 << 20),
            "requests" => (&mut self.requests, 1, 1 << 16),
            "threads" => (&mut self.threads, 1, 64),
            _ => return None,
        };
        Some(match usize::try_from(value) {
            Ok(n) if (least..=most).contains(&value) => {
                *place = n;
                Ok(())
            }
            _ => Err(format!("write a whole number from {least} to {most}")),
        })
    }

    /// Whether a message fits into the memory there is, beside what smaller ones need.
    pub fn hold_messages(&self) -> Result<(), String> {
        let most = (self.buffered_bytes / 2).saturating_sub(TURN_BYTES);
        match self.message_bytes <= most {
            true => Ok(()),
            false => Err(format!(
                "message-bytes = {} do not fit into buffered-bytes = {}, which have room for messages of {most}",
                self.message_bytes, self.buffered_bytes
            )),
        }
    }

    /// What is kept for the one body of the largest size: as it came, unpacked, and masked.
    pub fn body_bytes(&self) -> usize {
        self.message_bytes.saturating_mul(3)
    }

    /// Whether a body fits into the memory there is, beside what smaller ones need.
    pub fn hold_bodies(&self) -> Result<(), String> {
        match self.body_bytes().saturating_add(BUFFERED_BYTES_MIN) <= self.buffered_bytes {
            true => Ok(()),
            false => Err(format!(
                "a body may be held three times (as it came, unpacked, masked): give buffered-bytes at least {}, or \
                 make message-bytes = {} less",
                self.body_bytes() + BUFFERED_BYTES_MIN,
                self.message_bytes
            )),
        }
    }

    /// Sets a time by its key; says which times there may be. None: no such key.
    pub fn set_seconds(&mut self, key: &str, value: f64) -> Option<Result<(), String>> {
        let place = match key {
            "handshake-seconds" => &mut self.handshake,
            "idle-seconds" => &mut self.idle,
            "slow-seconds" => &mut self.slow,
            "fragment-seconds" => &mut self.fragment,
            "connect-seconds" => &mut self.connect,
            "write-seconds" => &mut self.write,
            "ack-seconds" => &mut self.ack,
            "hold-seconds" => &mut self.hold,
            "answer-seconds" => &mut self.answer,
            "drain-seconds" => &mut self.drain,
            _ => return None,
        };
        Some(if (0.01..=1e7).contains(&value) {
            *place = Duration::from_secs_f64(value);
            Ok(())
        } else {
            Err("write seconds from 0.01 to 10000000".into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn limits_have_limits() {
        let mut limits = Limits::default();
        assert_eq!(limits.set("connections", 3), Some(Ok(())));
        assert_eq!(limits.connections, 3);
        assert!(limits.set("record-bytes", 63).unwrap().is_err());
        assert!(limits.set("record-bytes", (1 << 20) + 1).unwrap().is_err());
        assert!(limits.set("idle-seconds", 1).is_none());
        assert_eq!(limits.set_seconds("idle-seconds", 0.5), Some(Ok(())));
        assert!(limits.set_seconds("idle-seconds", 0.0).unwrap().is_err());
        assert!(limits.set_seconds("idle-seconds", f64::NAN).unwrap().is_err());
        // Each entry says what was set under its key.
        for (i, key) in Limits::KEYS.into_iter().enumerate() {
            let (before, mut limits) = (Limits::default(), Limits::default());
            let value = if key == "threads" { 63 } else { 5 << 20 };
            let value =
                if matches!(key, "record-bytes" | "connections" | "unacknowledged" | "requests") { 64 } else { value };
            limits.set(key, value).or_else(|| limits.set_seconds(key, 7.5)).unwrap().unwrap();
            let changed = |(a, b): (&(_, String), &(_, String))| a != b;
            let which: Vec<bool> = before.entries().iter().zip(&limits.entries()).map(changed).collect();
            assert_eq!(which.iter().position(|c| *c), Some(i), "{key}");
            assert_eq!(which.iter().filter(|c| **c).count(), 1, "{key}");
        }
    }
}
