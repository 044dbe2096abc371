//! The forward protocol: what is acknowledged has arrived, and what is no message goes nowhere.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use rmpv::Value;

use crate::kit::{PATIENCE, SECRET, Sidecar, await_that, clean};

pub fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(pairs.iter().map(|(k, v)| ((*k).into(), v.clone())).collect())
}

/// A message of one event, with a chunk or without.
fn message(n: u64, secret: &str, chunk: Option<&str>) -> Value {
    let mut parts = vec!["app".into(), 1.into(), map(&[("n", n.into()), ("password", secret.into())])];
    parts.extend(chunk.map(|c| map(&[("chunk", c.into())])));
    Value::Array(parts)
}

fn masked(n: u64, chunk: Option<&str>) -> Value {
    message(n, "[REDACTED:password]", chunk)
}

fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    rmpv::encode::write_value(&mut out, value).unwrap();
    out
}

/// One end of a connection.
pub struct End(TcpStream);

impl End {
    fn new(tcp: TcpStream) -> End {
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        End(tcp)
    }

    pub fn to(sidecar: &Sidecar) -> End {
        End::new(sidecar.connect(0))
    }

    pub fn send(&mut self, value: &Value) {
        self.0.write_all(&bytes(value)).unwrap();
    }

    /// The next value; None at the end.
    pub fn next(&mut self) -> Option<Value> {
        let value = rmpv::decode::read_value(&mut self.0).ok()?;
        clean(&bytes(&value));
        Some(value)
    }

    pub fn ack(&mut self, chunk: &str) {
        self.send(&map(&[("ack", chunk.into())]));
    }

    pub fn acked(&mut self, chunk: &str) {
        assert_eq!(self.next(), Some(map(&[("ack", chunk.into())])));
    }

    /// Waits for the other side's end; nothing may come before it.
    fn ended(mut self) {
        let mut rest = Vec::new();
        let _ = self.0.read_to_end(&mut rest);
        assert!(rest.is_empty());
    }
}

/// An upstream.
pub struct Collector(TcpListener);

impl Collector {
    pub fn start() -> Collector {
        Collector(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub fn taken(&self) -> End {
        End::new(self.0.accept().unwrap().0)
    }
}

fn between(collectors: &[&Collector], listen: &str, upstream: &str, more: &str) -> Sidecar {
    let mut config =
        format!("[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\nprotocol = \"fluent\"\n{listen}\n");
    for (n, collector) in collectors.iter().enumerate() {
        let address = collector.address();
        config += &format!(
            "[[upstream]]\nname = \"out{n}\"\naddress = \"tcp://{address}\"\nprotocol = \"fluent\"\n{upstream}\n"
        );
    }
    Sidecar::start(&format!("{config}{more}\n"))
}

fn rejected(sidecar: &Sidecar, reason: &str) {
    sidecar.wait_number(&format!("logveil_rejections_total{{listener=\"in\",reason=\"{reason}\"}}"), |n| n == 1.0);
}

#[test]
fn the_sender_hears_when_the_upstream_has_said_so() {
    let collector = Collector::start();
    let sidecar = between(&[&collector], "", "", "");
    let (mut sender, mut upstream) = (End::to(&sidecar), collector.taken());
    for n in 0..2 {
        sender.send(&message(n, SECRET, Some(&format!("c{n}"))));
        assert_eq!(upstream.next(), Some(masked(n, Some(&format!("c{n}")))));
    }
    sidecar.wait_number("logveil_unacknowledged_messages", |n| n == 2.0);
    assert_eq!(sidecar.number("logveil_acks_total{listener=\"in\"}"), 0.0);
    // In any order.
    upstream.ack("c1");
    sender.acked("c1");
    upstream.ack("c0");
    sender.acked("c0");
    assert_eq!(sidecar.number("logveil_upstream_acks_total{upstream=\"out0\"}"), 2.0);
    sidecar.wait_number("logveil_queue_bytes", |n| n == 0.0);
    drop((sender, upstream));
    let (code, log) = sidecar.end();
    assert_eq!(code, 0, "{log}");
}

#[test]
fn what_is_not_acknowledged_is_sent_again() {
    let collector = Collector::start();
    let sidecar = between(&[&collector], "", "", "");
    let (mut sender, mut upstream) = (End::to(&sidecar), collector.taken());
    for n in 0..3 {
        sender.send(&message(n, SECRET, Some(&format!("c{n}"))));
        upstream.next().unwrap();
    }
    upstream.ack("c1");
    sender.acked("c1");
    drop(upstream);
    let mut upstream = collector.taken();
    for n in [0, 2] {
        assert_eq!(upstream.next(), Some(masked(n, Some(&format!("c{n}")))));
        upstream.ack(&format!("c{n}"));
        sender.acked(&format!("c{n}"));
    }
    assert_eq!(sidecar.number("logveil_upstream_unconfirmed_bytes_total{upstream=\"out0\"}"), 0.0);
}

/// Who does not ask is not answered, but logveil itself asks, unless it is told not to.
#[test]
fn messages_without_a_chunk_get_one() {
    let collector = Collector::start();
    let sidecar = between(&[&collector], "", "", "");
    let (mut sender, mut upstream) = (End::to(&sidecar), collector.taken());
    sender.send(&message(1, SECRET, None));
    let first = upstream.next().unwrap();
    let chunk = first[3]["chunk"].as_str().unwrap().to_owned();
    assert_eq!((chunk.len(), &first), (24, &masked(1, Some(&chunk))));
    drop(upstream);
    let mut upstream = collector.taken();
    assert_eq!(upstream.next(), Some(first));
    upstream.ack(&chunk);
    sidecar.wait_number("logveil_queue_bytes", |n| n == 0.0);
    sender.0.shutdown(Shutdown::Write).unwrap();
    sender.ended();

    let sidecar = between(&[&collector], "", "acknowledge = false", "");
    let (mut sender, mut upstream) = (End::to(&sidecar), collector.taken());
    sender.send(&message(1, SECRET, None));
    assert_eq!(upstream.next(), Some(masked(1, None)));
    sidecar.wait_number("logveil_queue_bytes", |n| n == 0.0);
}

#[test]
fn what_is_no_message_goes_nowhere_and_ends_the_connection() {
    let raw = |n: u8| [&[0x93, 0xA1, b't', 1, 0xC6 + n][..], &[0xFF; 4], SECRET.as_bytes()].concat();
    let zeros = bytes(&Value::Array(vec![1.into(), map(&[("k", Value::Binary(vec![0; 4 << 20]))])]));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&zeros).unwrap();
    let bomb =
        Value::Array(vec!["t".into(), Value::Binary(gzip.finish().unwrap()), map(&[("compressed", "gzip".into())])]);
    let large = Value::Array(vec!["t".into(), 1.into(), map(&[("log", "y".repeat(3 << 20).into())])]);
    for (what, reason) in [
        (format!("GET / HTTP/1.1\r\nX: {SECRET}\r\n\r\n").into_bytes(), "malformed"),
        // Bytes, and lists, of 4 GiB.
        (raw(0), "message-size"),
        (raw(0xDD - 0xC6), "message-size"),
        (vec![0x91; 1000], "malformed"),
        (bytes(&large), "message-size"),
        (bytes(&bomb), "inflated"),
    ] {
        let collector = Collector::start();
        let sidecar = between(&[&collector], "", "", "[limits]\nmessage-bytes = 2097152");
        let (mut sender, mut upstream) = (End::to(&sidecar), collector.taken());
        sender.send(&message(1, SECRET, Some("c1")));
        // It may be closed while we still write.
        let _ = sender.0.write_all(&what);
        rejected(&sidecar, reason);
        // What came before it is none the worse.
        assert_eq!(upstream.next(), Some(masked(1, Some("c1"))));
        upstream.ack("c1");
        sender.acked("c1");
        sender.ended();
        assert_eq!(sidecar.number("logveil_queue_bytes"), 0.0);
        let (code, log) = sidecar.end();
        assert_eq!(code, 0, "{log}");
        assert_eq!(upstream.next(), None);
    }
}

#[test]
fn a_message_that_is_cut_off_is_not_sent_on() {
    let collector = Collector::start();
    let sidecar = between(&[&collector], "", "", "");
    let (mut sender, mut upstream) = (End::to(&sidecar), collector.taken());
    let whole = bytes(&message(1, SECRET, None));
    sender.0.write_all(&whole[..whole.len() - 1]).unwrap();
    drop(sender);
    rejected(&sidecar, "unfinished");
    // Somebody who only looks whether we are there, and one who says nil.
    drop(sidecar.connect(0));
    let mut sender = End::to(&sidecar);
    sender.send(&Value::Nil);
    sender.send(&message(2, SECRET, Some("c2")));
    assert_eq!(upstream.next(), Some(masked(2, Some("c2"))));
}

/// One sender cannot fill the memory while nothing is acknowledged.
#[test]
fn senders_wait_while_nothing_is_acknowledged() {
    let collector = Collector::start();
    let limits = "[limits]\nbuffered-bytes = 8388608\nmessage-bytes = 1048576\nunacknowledged = 4";
    let sidecar = between(&[&collector], "", "", limits);
    let sender = End::to(&sidecar);
    let mut upstream = collector.taken();
    let mut writer = sender.0.try_clone().unwrap();
    let send = std::thread::spawn(move || {
        for n in 0..40 {
            let record = map(&[("n", n.into()), ("log", "y".repeat(900 << 10).into())]);
            let value = Value::Array(vec!["app".into(), 1.into(), record]);
            writer.write_all(&bytes(&value)).unwrap();
        }
    });
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(upstream.next().unwrap());
    }
    sidecar.wait_number("logveil_unacknowledged_messages", |n| n == 4.0);
    // The fifth has no room: it waits, and so does the sender.
    sidecar.wait_number("logveil_connections_waiting{listener=\"in\"}", |n| n == 1.0);
    assert!(sidecar.number("logveil_queue_bytes") <= sidecar.number("logveil_queue_limit_bytes"));
    let mut seen = seen.into_iter();
    for n in 0..40_u64 {
        let value = seen.next().or_else(|| upstream.next()).unwrap();
        assert_eq!(value[2]["n"], n.into());
        assert!(sidecar.number("logveil_unacknowledged_messages") <= 4.0);
        upstream.ack(value[3]["chunk"].as_str().unwrap());
    }
    send.join().unwrap();
}

#[test]
fn the_end_waits_for_acknowledgements() {
    let collector = Collector::start();
    let sidecar = between(&[&collector], "", "", "");
    let (mut sender, mut upstream) = (End::to(&sidecar), collector.taken());
    sender.send(&message(1, SECRET, Some("c1")));
    upstream.next().unwrap();
    sidecar.signal("-TERM");
    sidecar.log.wait_for("stopping");
    upstream.ack("c1");
    sender.acked("c1");
    sender.ended();
    drop(upstream);
    let (code, log) = { sidecar }.wait();
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("everything received was written"), "{log}");

    let sidecar = between(&[&collector], "", "", "[limits]\ndrain-seconds = 1");
    let (mut sender, mut upstream) = (End::to(&sidecar), collector.taken());
    sender.send(&message(1, SECRET, Some("c1")));
    upstream.next().unwrap();
    let (code, log) = sidecar.end();
    assert_eq!(code, 4, "{log}");
    assert!(log.contains("left_records=1"), "{log}");
}

/// An upstream that takes messages and says nothing is left for the next one.
#[test]
fn a_silent_upstream_is_given_up() {
    let (silent, other) = (Collector::start(), Collector::start());
    let sidecar = between(&[&silent, &other], "", "", "[limits]\nack-seconds = 0.2");
    let (mut sender, mut first) = (End::to(&sidecar), silent.taken());
    sender.send(&message(1, SECRET, Some("c1")));
    assert_eq!(first.next(), Some(masked(1, Some("c1"))));
    assert_eq!(first.next(), None);
    sidecar.log.wait_for("did not acknowledge");
    // It is the first that is tried again, and it does not listen any more.
    drop(silent);
    // On a slow machine the answer may be late too, and wanted again.
    std::thread::spawn(move || {
        loop {
            let mut second = other.taken();
            while let Some(value) = second.next() {
                assert_eq!(value, masked(1, Some("c1")));
                let _ = second.0.write_all(&bytes(&map(&[("ack", "c1".into())])));
            }
        }
    });
    sender.acked("c1");
}

#[test]
fn heartbeats_are_answered() {
    let collector = Collector::start();
    let sidecar = between(&[&collector], "", "", "");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut answer = [9; 8];
    // It is bound after the listener is, and datagrams may be lost: asked until it answers.
    await_that("a heartbeat", || {
        socket.send_to(&[0], sidecar.port(0)).unwrap();
        socket.recv_from(&mut answer).ok()
    });
    assert_eq!(answer, [0, 9, 9, 9, 9, 9, 9, 9]);
    sidecar.wait_number("logveil_heartbeats_total{listener=\"in\"}", |n| n >= 1.0);
}

/// One logveil behind another, each with the key of the other, or without.
#[test]
fn keys_are_shown_on_both_sides() {
    let collector = Collector::start();
    let folder = || {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "a key that both know\n").unwrap();
        std::fs::write(folder.path().join("other"), "another").unwrap();
        folder
    };
    let config = |to: SocketAddr, listen: &str, upstream: &str| {
        format!(
            "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\nprotocol = \"fluent\"\n{listen}\n\
             [[upstream]]\nname = \"out0\"\naddress = \"tcp://{to}\"\nprotocol = \"fluent\"\n{upstream}\n"
        )
    };
    let asks = "shared-key-file = \"key\"\nhostname = \"inner\"";
    let inner = Sidecar::start_in(folder(), &config(collector.address(), asks, ""));
    for (upstream, reason) in [
        ("shared-key-file = \"other\"", Some("refuses our shared key")),
        ("", Some("it asks for a shared key")),
        ("shared-key-file = \"key\"\nhostname = \"inner\"", Some("the same name")),
        ("shared-key-file = \"key\"", None),
    ] {
        let outer = Sidecar::start_in(folder(), &config(inner.port(0), "", upstream));
        if let Some(reason) = reason {
            outer.log.wait_for(reason);
            continue;
        }
        let (mut sender, mut last) = (End::to(&outer), collector.taken());
        sender.send(&message(1, SECRET, Some("c1")));
        assert_eq!(last.next(), Some(masked(1, Some("c1"))));
        last.ack("c1");
        sender.acked("c1");
        assert!(!String::from_utf8(outer.log.get()).unwrap().contains("both know"));
    }
}
