//! What a sidecar is to do, checked.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::budget::{BUFFERED_BYTES_MIN, TURN_BYTES};
use super::fluent::terms::{ClientTerms, ServerTerms};
use super::framing::Framing;
use super::reload::live::Live;
use super::tls::{ClientTls, ServerTls};
use crate::engine::redactor::Redactor;

/// The least limit of a record, in bytes.
pub const RECORD_BYTES_MIN: u64 = 64;
/// The greatest limit of a record: what the engine looks through as a whole.
pub const RECORD_BYTES_MAX: u64 = 1 << 20;

/// Where records come from or go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// TCP, by `host:port`.
    Tcp(String),
    /// TLS over TCP, by `host:port`.
    Tls(String),
    /// UDP, by `host:port`.
    Udp(String),
    /// A Unix stream socket.
    Unix(PathBuf),
    /// A Unix datagram socket.
    UnixDatagram(PathBuf),
    /// Standard output.
    Stdout,
    /// A file that is appended to.
    File(PathBuf),
}

impl Address {
    /// From a URL.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(url: &str) -> Result<Address, String> {
        if url == "stdout:" {
            return Ok(Address::Stdout);
        }
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(format!("`{url}` is no address; write tcp://HOST:PORT or the like"));
        };
        let host = || match rest.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(rest.to_owned()),
            _ => Err(format!("`{url}`: write {scheme}://HOST:PORT")),
        };
        let path = || match rest.starts_with('/') {
            true => Ok(PathBuf::from(rest)),
            false => Err(format!("`{url}`: write {scheme}:///PATH, with a path from the root")),
        };
        Ok(match scheme {
            "tcp" => Address::Tcp(host()?),
            "tls" => Address::Tls(host()?),
            "udp" => Address::Udp(host()?),
            "unix" => Address::Unix(path()?),
            "unix-datagram" => Address::UnixDatagram(path()?),
            "file" => Address::File(path()?),
            _ => return Err(format!("`{url}`: there is no scheme `{scheme}`")),
        })
    }

    /// Whether records can be received here.
    pub fn listens(&self) -> bool {
        !matches!(self, Address::Stdout | Address::File(_))
    }

    /// Whether records can be sent here.
    pub fn takes(&self) -> bool {
        !matches!(self, Address::Udp(_) | Address::UnixDatagram(_))
    }

    /// Whether each read is a record of its own.
    pub fn is_datagram(&self) -> bool {
        matches!(self, Address::Udp(_) | Address::UnixDatagram(_))
    }

    /// The host's name, where it is one and no number.
    pub fn named_host(&self) -> Option<&str> {
        let (Address::Tcp(to) | Address::Tls(to) | Address::Udp(to)) = self else {
            return None;
        };
        let host = to.rsplit_once(':')?.0.trim_matches(['[', ']']);
        host.parse::<std::net::IpAddr>().is_err().then_some(host)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(to) => write!(f, "tcp://{to}"),
            Address::Tls(to) => write!(f, "tls://{to}"),
            Address::Udp(to) => write!(f, "udp://{to}"),
            Address::Unix(path) => write!(f, "unix://{}", path.display()),
            Address::UnixDatagram(path) => write!(f, "unix-datagram://{}", path.display()),
            Address::Stdout => f.write_str("stdout:"),
            Address::File(path) => write!(f, "file://{}", path.display()),
        }
    }
}

/// What counts as a secret, and what becomes of it.
#[derive(Clone)]
pub struct Rules {
    /// Finds and masks.
    pub redactor: Redactor,
    /// Of all that made it.
    pub hash: String,
}

/// A place where records are received.
pub struct Listen {
    /// Its name in metrics and log lines.
    pub name: String,
    /// Where.
    pub address: Address,
    /// How records follow each other; found out for each connection if None.
    pub framing: Option<Framing>,
    /// With `tls://`.
    pub tls: Option<Live<ServerTls>>,
    /// What counts as a secret here.
    pub rules: Live<Rules>,
    /// Where the forward protocol is spoken, and no records follow each other.
    pub fluent: Option<ServerTerms>,
}

/// A place where records go.
pub struct Upstream {
    /// Its name in metrics and log lines.
    pub name: String,
    /// Where.
    pub address: Address,
    /// How records follow each other; as they were received if None.
    pub framing: Option<Framing>,
    /// With `tls://`.
    pub tls: Option<Live<ClientTls>>,
    /// Where the forward protocol is spoken.
    pub fluent: Option<ClientTerms>,
}

/// What nobody may exceed.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once, over all listeners.
    pub connections: usize,
    /// Bytes of a frame that leaves.
    pub record_bytes: usize,
    /// Bytes in memory, over all connections.
    pub buffered_bytes: usize,
    /// Bytes of a message of the forward protocol, and of what it unpacks to.
    pub message_bytes: usize,
    /// Messages that were sent and that the upstream has not acknowledged.
    pub unacknowledged: usize,
    /// For a TLS handshake.
    pub handshake: Duration,
    /// Without a byte.
    pub idle: Duration,
    /// For one record, or one window of a longer one.
    pub slow: Duration,
    /// For a connection to an upstream.
    pub connect: Duration,
    /// For an upstream that takes nothing.
    pub write: Duration,
    /// For an upstream to acknowledge a message.
    pub ack: Duration,
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
            handshake: Duration::from_secs(10),
            idle: Duration::from_secs(86_400),
            slow: Duration::from_secs(60),
            connect: Duration::from_secs(5),
            write: Duration::from_secs(30),
            ack: Duration::from_secs(190),
            drain: Duration::from_secs(20),
            threads: std::thread::available_parallelism().map_or(1, usize::from).min(4),
        }
    }
}

impl Limits {
    /// The keys there are.
    pub const KEYS: [&str; 13] = [
        "connections",
        "record-bytes",
        "buffered-bytes",
        "message-bytes",
        "unacknowledged",
        "handshake-seconds",
        "idle-seconds",
        "slow-seconds",
        "connect-seconds",
        "write-seconds",
        "ack-seconds",
        "drain-seconds",
        "threads",
    ];

    /// Every key with its value.
    fn entries(&self) -> [(&'static str, String); 10] {
        let Limits { connections, record_bytes, buffered_bytes, threads, .. } = self;
        let Limits { handshake, idle, slow, connect, write, drain, .. } = self;
        let text: [&dyn fmt::Debug; 10] =
            [connections, record_bytes, buffered_bytes, handshake, idle, slow, connect, write, drain, threads];
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

    /// Sets a time by its key; says which times there may be. None: no such key.
    pub fn set_seconds(&mut self, key: &str, value: f64) -> Option<Result<(), String>> {
        let place = match key {
            "handshake-seconds" => &mut self.handshake,
            "idle-seconds" => &mut self.idle,
            "slow-seconds" => &mut self.slow,
            "connect-seconds" => &mut self.connect,
            "write-seconds" => &mut self.write,
            "ack-seconds" => &mut self.ack,
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

/// All of it.
pub struct Settings {
    /// At least one.
    pub listen: Vec<Listen>,
    /// At least one, the preferred first.
    pub upstream: Vec<Upstream>,
    /// What nobody may exceed.
    pub limits: Limits,
    /// Where `/metrics` and the like are; None is nowhere.
    pub admin: Option<String>,
}

impl Settings {
    /// Whether the forward protocol is spoken: on both sides, or on none.
    pub fn fluent(&self) -> bool {
        self.upstream.iter().any(|u| u.fluent.is_some())
    }

    /// How records are to follow each other when they leave: the same for every upstream, since a
    /// record may go to any of them.
    pub fn target(&self) -> Option<Framing> {
        self.upstream.first().and_then(|u| u.framing)
    }

    /// What holds until a restart: the settings' names, and their values to compare.
    pub fn fixed(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let framing = |framing: Option<Framing>| framing.map(|f| f.to_string()).unwrap_or_default();
        for l in &self.listen {
            all.insert(format!("[[listen]] `{}` address", l.name), l.address.to_string());
            all.insert(format!("[[listen]] `{}` framing", l.name), framing(l.framing));
        }
        for u in &self.upstream {
            all.insert(format!("[[upstream]] `{}` address", u.name), u.address.to_string());
            all.insert(format!("[[upstream]] `{}` framing", u.name), framing(u.framing));
        }
        let names: Vec<&str> = self.upstream.iter().map(|u| u.name.as_str()).collect();
        all.insert("the order of [[upstream]]".into(), names.join(" "));
        all.insert("[admin] listen".into(), self.admin.clone().unwrap_or_default());
        all.extend(self.limits.entries().map(|(key, value)| (format!("[limits] {key}"), value)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Limits};

    #[test]
    fn addresses_are_urls() {
        for url in
            ["tcp://0.0.0.0:6514", "tls://[::1]:0", "udp://h:514", "unix:///a/b", "unix-datagram:///a", "stdout:"]
        {
            assert_eq!(Address::parse(url).unwrap().to_string(), url);
        }
        for (url, said) in [
            ("localhost:514", "is no address"),
            ("tcp://localhost", "write tcp://HOST:PORT"),
            ("tcp://:514", "write tcp://HOST:PORT"),
            ("tcp://h:99999", "write tcp://HOST:PORT"),
            ("unix://a", "with a path from the root"),
            ("ftp://h:1", "there is no scheme `ftp`"),
        ] {
            let why = Address::parse(url).unwrap_err();
            assert!(why.contains(said), "{why}");
        }
        assert_eq!(Address::parse("tcp://[::1]:1").unwrap().named_host(), None);
        assert_eq!(Address::parse("tls://collector:1").unwrap().named_host(), Some("collector"));
    }

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
            let value = if key == "record-bytes" || key == "connections" { 64 } else { value };
            limits.set(key, value).or_else(|| limits.set_seconds(key, 7.5)).unwrap().unwrap();
            let changed = |(a, b): (&(_, String), &(_, String))| a != b;
            let which: Vec<bool> = before.entries().iter().zip(&limits.entries()).map(changed).collect();
            assert_eq!(which.iter().position(|c| *c), Some(i), "{key}");
            assert_eq!(which.iter().filter(|c| **c).count(), 1, "{key}");
        }
    }
}
