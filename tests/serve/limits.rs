//! Limits: each has a number and a log line that names the peer and never the content.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::flow::between;
use crate::kit::{Collector, SECRET, Sidecar, line};

/// Waits until the other side has closed.
fn closed(mut tcp: &TcpStream) {
    // Closed with an error is closed too.
    let _ = tcp.read_to_end(&mut Vec::new());
}

fn rejected(sidecar: &Sidecar, reason: &str, n: f64) {
    sidecar.wait_number(&format!("logveil_rejections_total{{listener=\"in\",reason=\"{reason}\"}}"), |m| m == n);
}

/// The log line of a limit.
fn says(sidecar: Sidecar, reason: &str, peer: &TcpStream) {
    let at = peer.local_addr().unwrap();
    let (_, log) = sidecar.end();
    let line = log.lines().find(|l| l.contains(&format!("reason={reason}"))).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains("listener=in") && line.contains(&format!("peer={at}")), "{line}");
}

#[test]
fn more_connections_than_allowed_are_turned_away() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "[limits]\nconnections = 2");
    let (raw, masked) = line(1);
    let mut first: Vec<TcpStream> = (0..2).map(|_| sidecar.connect(0)).collect();
    sidecar.wait_number("logveil_connections{listener=\"in\"}", |n| n == 2.0);
    let third = sidecar.connect(0);
    closed(&third);
    rejected(&sidecar, "connections", 1.0);
    // The others are not disturbed, and a place that is free again can be taken.
    for tcp in &mut first {
        writeln!(tcp, "{raw}").unwrap();
    }
    collector.text.wait_is(format!("{masked}\n").repeat(2).as_bytes());
    drop(first);
    sidecar.wait_number("logveil_connections{listener=\"in\"}", |n| n == 0.0);
    writeln!(sidecar.connect(0), "{raw}").unwrap();
    collector.text.wait_is(format!("{masked}\n").repeat(3).as_bytes());
    says(sidecar, "connections", &third);
}

/// Those that have ended already, and were not read yet, keep nobody out: a sidecar that comes late to many short
/// connections loses none.
#[test]
fn short_connections_wait_for_a_place() {
    let collector = Collector::start();
    let mut sidecar = between(&collector, "", "[limits]\nconnections = 2");
    sidecar.signal("-STOP");
    for n in 0..300 {
        writeln!(sidecar.connect(0), "n={n}").unwrap();
    }
    sidecar.signal("-CONT");
    sidecar.wait_number("logveil_records_total{listener=\"in\"}", |n| n == 300.0);
    sidecar.signal("-TERM");
    let (code, log) = sidecar.wait();
    assert_eq!((code, log.contains("too many")), (0, false), "{log}");
    assert_eq!(collector.text.get().iter().filter(|b| **b == b'\n').count(), 300);
}

#[test]
fn a_record_that_takes_too_long_ends_its_connection_masked() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "[limits]\nslow-seconds = 0.2");
    let mut slow = sidecar.connect(0);
    write!(slow, "whole\npassword={SECRET}").unwrap();
    closed(&slow);
    collector.text.wait_is(b"whole\npassword=[REDACTED:password]\n");
    rejected(&sidecar, "slow", 1.0);
    says(sidecar, "slow", &slow);
}

#[test]
fn a_silent_connection_is_closed() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "[limits]\nidle-seconds = 0.2");
    let mut idle = sidecar.connect(0);
    writeln!(idle, "whole").unwrap();
    closed(&idle);
    collector.text.wait_is(b"whole\n");
    rejected(&sidecar, "idle", 1.0);
    says(sidecar, "idle", &idle);
}

#[test]
fn utf16_is_refused_and_nothing_of_it_leaves() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let mut tcp = sidecar.connect(0);
    let wide: Vec<u8> = format!("password={SECRET}\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    tcp.write_all(&wide).unwrap();
    closed(&tcp);
    rejected(&sidecar, "encoding", 1.0);
    says(sidecar, "encoding", &tcp);
    assert!(collector.text.get().is_empty());
}

#[test]
fn a_count_that_is_none_is_read_as_a_line() {
    let collector = Collector::start();
    let sidecar = between(&collector, "framing = \"octet\"", "");
    let mut tcp = sidecar.connect(0);
    write!(tcp, "1 apassword={SECRET}\nnext\n").unwrap();
    collector.text.wait_is(b"1 a28 password=[REDACTED:password]4 next");
    rejected(&sidecar, "misframed", 1.0);
    says(sidecar, "misframed", &tcp);
}

/// A flood of the same is not a flood of log lines.
#[test]
fn log_lines_are_thinned_out() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "[limits]\nconnections = 1");
    let _first = sidecar.connect(0);
    sidecar.wait_number("logveil_connections{listener=\"in\"}", |n| n == 1.0);
    for _ in 0..300 {
        closed(&sidecar.connect(0));
    }
    rejected(&sidecar, "connections", 300.0);
    let (_, log) = sidecar.end();
    let lines = log.lines().filter(|l| l.contains("reason=connections")).count();
    // So many in each of the windows that 300 connections can take.
    assert!((10..150).contains(&lines), "{lines} lines");
}

#[test]
fn each_listener_has_rules_of_its_own() {
    let collector = Collector::start();
    let sidecar = Sidecar::start(&format!(
        "except = [\"password\"]\n[[listen]]\naddress = \"tcp://127.0.0.1:0\"\nname = \"a\"\n\
         [[listen]]\naddress = \"tcp://127.0.0.1:0\"\nname = \"b\"\nexcept = []\n[[upstream]]\naddress = \"tcp://{}\"\n",
        collector.address
    ));
    writeln!(sidecar.connect(0), "password=letitpass").unwrap();
    collector.text.wait_is(b"password=letitpass\n");
    writeln!(sidecar.connect(1), "password=letitpass").unwrap();
    collector.text.wait_is(b"password=letitpass\npassword=[REDACTED:password]\n");
}

/// What other protocols begin with. Nothing of it may leave; each has a secret in it.
fn foreign() -> Vec<(&'static str, Vec<u8>)> {
    let with = |head: &[u8], tail: &[u8]| [head, format!("password={SECRET}\n").as_bytes(), tail].concat();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gzip.write_all(&with(b"", b"")).unwrap();
    vec![
        ("TLS", with(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"")),
        ("MessagePack", with(b"\x93\xa8app.logs\xce\x65\x53\x00\x00\x81\xa3msg\xb9", b"")),
        ("gzip", gzip.finish().unwrap()),
        ("zlib", with(b"\x78\x01\x01\x12\x00\xed\xff", b"")),
        ("zstd", with(b"\x28\xb5\x2f\xfd\x04\x58\x91\x00\x00", b"")),
        ("GELF in chunks", with(b"\x1e\x0f12345678\x00\x02", b"")),
        ("lumberjack", with(b"2W\x00\x00\x00\x012J\x00\x00\x00\x01", b"")),
        ("Java", with(b"\xac\xed\x00\x05sr\x00\x20", b"")),
        ("pickle", with(b"\x00\x00\x01\x2c\x80\x04\x95\x00", b"\n\n\n\n")),
        ("a binary protocol", with(b"\x0a\x19", b"\x12\x03abc\x18\x01\n")),
    ]
}

#[test]
fn foreign_bytes_are_refused_by_name_and_nothing_of_them_leaves() {
    for (name, bytes) in foreign() {
        let collector = Collector::start();
        let sidecar = between(&collector, "", "");
        let mut tcp = sidecar.connect(0);
        tcp.write_all(&bytes).unwrap();
        closed(&tcp);
        rejected(&sidecar, "foreign", 1.0);
        let at = tcp.local_addr().unwrap();
        let (_, log) = sidecar.end();
        let line = log.lines().find(|l| l.contains("reason=foreign")).unwrap_or_else(|| panic!("{name}: {log}"));
        assert!(line.contains(&format!("looks like {name}")), "{name}: {line}");
        assert!(line.contains("WARN") && line.contains(&format!("peer={at}")), "{line}");
        assert!(collector.text.get().is_empty(), "{name}");
    }
}

#[test]
fn http_is_answered_with_a_sentence() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let mut tcp = sidecar.connect(0);
    let body = format!("password={SECRET}\n").repeat(5000);
    write!(tcp, "POST /logs HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(answer.contains("This port takes log records"), "{answer}");
    rejected(&sidecar, "foreign", 1.0);
    says(sidecar, "foreign", &tcp);
    assert!(collector.text.get().is_empty());
}

#[test]
fn foreign_bytes_pass_where_they_are_wanted() {
    let collector = Collector::start();
    let sidecar = between(&collector, "foreign = \"pass\"", "");
    let mut tcp = sidecar.connect(0);
    write!(tcp, "GET / HTTP/1.1\r\npassword={SECRET}\r\n").unwrap();
    collector.text.wait_is(b"GET / HTTP/1.1\r\npassword=[REDACTED:password]\r\n");
}

#[test]
fn foreign_datagrams_are_dropped_and_counted() {
    let collector = Collector::start();
    let sidecar = Sidecar::start(&format!(
        "[[listen]]\nname = \"in\"\naddress = \"udp://127.0.0.1:0\"\n[[upstream]]\naddress = \"tcp://{}\"\n",
        collector.address
    ));
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.connect(sidecar.port(0)).unwrap();
    let all = foreign();
    for (_, bytes) in &all {
        udp.send(bytes).unwrap();
    }
    udp.send(format!("GET / password={SECRET}").as_bytes()).unwrap();
    rejected(&sidecar, "foreign", all.len() as f64);
    collector.text.wait_is(b"GET / password=[REDACTED:password]\n");
}
