//! What a sidecar is to do, checked.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::access::Access;
use super::fluent::handshake::SharedKey;
use super::fluent::terms::{ClientTerms, ServerTerms};
use super::frame::Framing;
use super::http;
use super::limits::Limits;
use super::live::Live;
use super::tls::{ClientTls, ServerTls};
use crate::edge::fragments::Container;
use crate::engine::redactor::Redactor;
use crate::rules::rule::RuleId;

/// What a listener and an upstream speak: what comes in by one leaves by the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Records behind each other.
    Records,
    /// The forward protocol.
    Fluent,
    /// Requests that are answered.
    Http,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Protocol; 3] = [Protocol::Records, Protocol::Fluent, Protocol::Http];

    fn of(fluent: bool, http: bool) -> Protocol {
        match (fluent, http) {
            (true, _) => Protocol::Fluent,
            (_, true) => Protocol::Http,
            _ => Protocol::Records,
        }
    }
}

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

impl Rules {
    /// How many of the rules are in force.
    pub fn in_force(&self) -> usize {
        (0..self.redactor.rules().len()).filter(|i| self.redactor.is_on(RuleId(*i as u16))).count()
    }
}

/// A place where records are received.
pub struct Listen {
    /// Its name in metrics and log lines.
    pub name: String,
    /// Where.
    pub address: Address,
    /// Who may use it, where it is a Unix socket.
    pub access: Access,
    /// How records follow each other; found out for each connection if None.
    pub framing: Option<Framing>,
    /// Where lines are those of a container runtime, which cuts records in parts.
    pub parts: Option<Container>,
    /// How long a record whose end has not come may wait for it, where its sender writes none.
    pub flush_after: Option<Duration>,
    /// Whether what begins as no log text does is not taken.
    pub refuses_foreign: bool,
    /// With `tls://`.
    pub tls: Option<Live<ServerTls>>,
    /// What counts as a secret here.
    pub rules: Live<Rules>,
    /// Where the forward protocol is spoken, and no records follow each other.
    pub fluent: Option<ServerTerms>,
    /// Where HTTP is spoken.
    pub http: Option<http::terms::ServerTerms>,
}

impl Listen {
    /// What it speaks.
    pub fn protocol(&self) -> Protocol {
        Protocol::of(self.fluent.is_some(), self.http.is_some())
    }
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
    /// Where HTTP is spoken.
    pub http: Option<http::terms::ClientTerms>,
}

impl Upstream {
    /// What it speaks.
    pub fn protocol(&self) -> Protocol {
        Protocol::of(self.fluent.is_some(), self.http.is_some())
    }
}

/// What is said on standard error, and how.
#[derive(Debug, Clone, Copy)]
pub struct Log {
    /// As objects of JSON, one a line.
    pub json: bool,
    /// The least important lines that are written.
    pub level: tracing::Level,
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
    /// Whether addresses are bound beside another process that does so, too, as the next one will.
    pub hand_over: bool,
    /// Its own log lines.
    pub log: Log,
}

impl Settings {
    /// Whether a protocol is spoken.
    pub fn speaks(&self, protocol: Protocol) -> bool {
        !self.upstreams(protocol).is_empty()
    }

    /// Places of the upstreams that speak a protocol.
    pub fn upstreams(&self, protocol: Protocol) -> Vec<usize> {
        (0..self.upstream.len()).filter(|i| self.upstream[*i].protocol() == protocol).collect()
    }

    /// How records are to follow each other when they leave: the same for every upstream of records, since
    /// one may go to any of them.
    pub fn target(&self) -> Option<Framing> {
        self.upstream.iter().find(|u| u.protocol() == Protocol::Records).and_then(|u| u.framing)
    }

    /// Our certificates: of a listener or an upstream, its name, and when the first of them ends to be
    /// valid, in seconds since 1970.
    pub fn certificates(&self) -> Vec<(&'static str, &str, f64)> {
        let listen = self.listen.iter().filter_map(|l| Some(("listener", &*l.name, l.tls.as_ref()?.get().expires?)));
        let upstream =
            self.upstream.iter().filter_map(|u| Some(("upstream", &*u.name, u.tls.as_ref()?.get().expires?)));
        listen.chain(upstream).collect()
    }

    /// What holds until a restart: the settings' names, and their values to compare.
    pub fn fixed(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let framing = |framing: Option<Framing>| framing.map(|f| f.to_string()).unwrap_or_default();
        let mut terms = |place: &str, key: Option<&SharedKey>, host: &str, acknowledge: bool| {
            all.insert(format!("{place} protocol"), "fluent".to_owned());
            all.insert(format!("{place} shared key"), key.map(SharedKey::print).unwrap_or_default());
            all.insert(format!("{place} hostname"), host.to_owned());
            all.insert(format!("{place} acknowledge"), acknowledge.to_string());
        };
        for l in &self.listen {
            if let Some(t) = &l.fluent {
                terms(&format!("[[listen]] `{}`", l.name), t.key.as_ref(), &t.host, true);
            }
        }
        for u in &self.upstream {
            if let Some(t) = &u.fluent {
                terms(&format!("[[upstream]] `{}`", u.name), t.key.as_ref(), &t.host, t.acknowledge);
            }
        }
        for (l, t) in self.listen.iter().filter_map(|l| Some((l, l.http.as_ref()?))) {
            all.insert(format!("[[listen]] `{}` protocol", l.name), "http".to_owned());
            all.insert(format!("[[listen]] `{}` paths, formats", l.name), format!("{:?} {:?}", t.paths, t.formats));
        }
        for (u, t) in self.upstream.iter().filter_map(|u| Some((u, u.http.as_ref()?))) {
            all.insert(format!("[[upstream]] `{}` protocol", u.name), "http".to_owned());
            all.insert(format!("[[upstream]] `{}` host, path", u.name), format!("{:?} {}", t.host, t.prefix));
        }
        for l in &self.listen {
            all.insert(format!("[[listen]] `{}` address", l.name), l.address.to_string());
            let parts = l.parts.map(|parts| format!("{parts:?}"));
            all.insert(format!("[[listen]] `{}` framing", l.name), parts.unwrap_or_else(|| framing(l.framing)));
            all.insert(format!("[[listen]] `{}` mode, owner, group", l.name), format!("{:?}", l.access));
            all.insert(format!("[[listen]] `{}` foreign", l.name), format!("{:?}", l.refuses_foreign));
            all.insert(format!("[[listen]] `{}` flush-after", l.name), format!("{:?}", l.flush_after));
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
    use super::Address;

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
}
