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
