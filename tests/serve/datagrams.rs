//! Datagrams: what one leaves open is asked in the next one of its sender.

use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;

use crate::kit::{Collector, Sidecar};

/// A line of a key's body that nothing else looks like.
const BODY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDx";
/// Lines of it: more than lines of others may stand between them where sources are not told apart.
const LINES: usize = 25;

/// The lines of a key block.
fn block() -> Vec<String> {
    let mark = |what: &str| format!("-----{what} {}", "PRIVATE KEY-----");
    let body = |n: usize| format!("{BODY}{n:02}aQ");
    [vec![mark("BEGIN")], (0..LINES).map(body).collect(), vec![mark("END")]].concat()
}

fn sidecar(address: &str, collector: &Collector) -> Sidecar {
    Sidecar::start(&format!(
        "[[listen]]\nname = \"in\"\naddress = \"{address}\"\n[[upstream]]\naddress = \"tcp://{}\"\nframing = \"newline\"\n",
        collector.address
    ))
}

/// Sends the block's lines in turns with prose, and holds what arrives to that.
fn in_turns(sidecar: Sidecar, collector: &Collector, block_line: impl Fn(&str), prose: impl Fn()) {
    for line in block() {
        block_line(&line);
        prose();
    }
    sidecar.wait_number("logveil_records_total{listener=\"in\"}", |n| n == 2.0 * (LINES + 2) as f64);
    assert_eq!(sidecar.end().0, 0);
    let out = String::from_utf8(collector.text.get()).unwrap();
    assert!(!out.contains("MIIE"), "{out}");
    assert_eq!(out.matches("took 12 ms, all is well\n").count(), LINES + 2, "{out}");
    assert_eq!(out.matches("-----END").count(), 1);
}

#[test]
fn blocks_of_senders_without_a_header_are_masked() {
    let collector = Collector::start();
    let sidecar = sidecar("udp://127.0.0.1:0", &collector);
    let (to, bound) = (sidecar.port(0), || UdpSocket::bind("127.0.0.1:0").unwrap());
    let (one, other) = (bound(), bound());
    // As Python's SysLogHandler writes records.
    let sent =
        move |socket: &UdpSocket, text: &str| _ = socket.send_to(format!("<14>{text}\0").as_bytes(), to).unwrap();
    in_turns(sidecar, &collector, |line| sent(&one, line), || sent(&other, "took 12 ms, all is well"));
}

#[test]
fn blocks_of_hosts_behind_one_relay_are_masked() {
    let relay = UdpSocket::bind("127.0.0.1:0").unwrap();
    headed(|| relay.try_clone().unwrap());
}

/// As `logger` is run by a script.
#[test]
fn blocks_that_come_from_a_socket_a_record_are_masked() {
    headed(|| UdpSocket::bind("127.0.0.1:0").unwrap());
}

fn headed(socket: impl Fn() -> UdpSocket) {
    let collector = Collector::start();
    let sidecar = sidecar("udp://127.0.0.1:0", &collector);
    let to = sidecar.port(0);
    let sent = |host: &str, text: &str| {
        let text = format!("<13>1 2024-10-11T22:14:15Z {host} app 42 - - {text}");
        socket().send_to(text.as_bytes(), to).unwrap();
    };
    in_turns(sidecar, &collector, |line| sent("one", line), || sent("other", "took 12 ms, all is well"));
}

#[test]
fn blocks_of_programs_at_a_local_socket_are_masked() {
    let collector = Collector::start();
    let sidecar = sidecar("unix-datagram://DIR/log", &collector);
    let (path, socket) = (sidecar.folder.path().join("log"), UnixDatagram::unbound().unwrap());
    let sent = |program: &str, text: &str| {
        socket.send_to(format!("<13>Oct 11 22:14:15 {program}: {text}").as_bytes(), &path).unwrap();
    };
    in_turns(sidecar, &collector, |line| sent("tls[7]", line), || sent("web[9]", "took 12 ms, all is well"));
}
