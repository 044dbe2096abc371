//! Upstreams that are gone, come back, or take nothing; and the end.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};

use crate::flow::between;
use crate::kit::{Collector, SECRET, Sidecar, Text, await_that, clean, line, read_all};

/// A port that nobody listens on.
fn free() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn records_wait_for_an_upstream_that_is_not_there_yet() {
    let at = free();
    let sidecar = Sidecar::start(&format!(
        "[[listen]]\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\nname = \"out\"\naddress = \"tcp://{at}\"\n"
    ));
    assert_eq!(sidecar.get("/healthz").0, 200);
    sidecar.wait_ready(false);
    let (raw, masked) = line(1);
    writeln!(sidecar.connect(0), "{raw}").unwrap();
    sidecar.wait_number("logveil_upstream_failures_total{upstream=\"out\"}", |n| n >= 2.0);
    let collector = Collector::on(at);
    collector.text.wait_is(format!("{masked}\n").as_bytes());
    sidecar.wait_ready(true);
    assert_eq!(sidecar.number("logveil_upstream_up{upstream=\"out\"}"), 1.0);
}

#[test]
fn the_next_upstream_takes_over_and_the_preferred_one_gets_it_back() {
    let first = Collector::start();
    let second = Collector::start();
    let (a, b) = (first.address, second.address);
    let sidecar = Sidecar::start(&format!(
        "[[listen]]\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\nname = \"a\"\naddress = \"tcp://{a}\"\n\
         [[upstream]]\nname = \"b\"\naddress = \"tcp://{b}\"\n"
    ));
    let mut tcp = sidecar.connect(0);
    writeln!(tcp, "one").unwrap();
    first.text.wait_is(b"one\n");
    // The first goes away for a while: its port is taken by nobody.
    let held = first.taken();
    first.stop();
    held.shutdown(Shutdown::Both).unwrap();
    sidecar.wait_number("logveil_upstream_up{upstream=\"b\"}", |n| n == 1.0);
    writeln!(tcp, "two password={SECRET}").unwrap();
    second.text.wait_is(b"two password=[REDACTED:password]\n");
    let again = Collector::on(a);
    sidecar.wait_number("logveil_upstream_up{upstream=\"a\"}", |n| n == 1.0);
    writeln!(tcp, "three").unwrap();
    again.text.wait_is(b"three\n");
    let (code, log) = sidecar.end();
    assert_eq!(code, 0);
    assert!(log.contains("going back to a preferred upstream"), "{log}");
}

/// While nobody takes data, senders wait: what is in memory stays under its limit, and all of it
/// arrives in the end.
#[test]
fn senders_wait_while_the_upstream_takes_nothing() {
    const RECORDS: usize = 60_000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let sidecar = Sidecar::start(&format!(
        "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"tcp://{at}\"\n[limits]\nbuffered-bytes = 4194304\n"
    ));
    // Taken, and not read from.
    let upstream = listener.accept().unwrap().0;
    let mut tcp = sidecar.connect(0);
    let filler = "x".repeat(400);
    let record = move |n: usize| format!("<13>n={n} {filler} password=");
    let send = record.clone();
    let sender = std::thread::spawn(move || {
        (0..RECORDS).for_each(|n| writeln!(tcp, "{}{SECRET}", send(n)).unwrap());
    });
    let limit = sidecar.number("logveil_queue_limit_bytes");
    await_that("a full queue", || sidecar.is_full().then_some(()));
    let full = sidecar.number("logveil_queue_bytes");
    // A read and the masks in it may be over it.
    assert!(full <= limit + 65_536.0 * 4.0, "{full} queued");
    // UDP cannot wait, but another connection can.
    let mut other = sidecar.connect(0);
    other.write_all(b"other\n").unwrap();
    let received = sidecar.number("logveil_received_bytes_total{listener=\"in\"}");
    assert!(received < RECORDS as f64 * 420.0, "everything was taken");
    let text = Text::default();
    let writer = text.clone();
    std::thread::spawn(move || read_all(upstream, &writer));
    sender.join().unwrap();
    let count = |text: &[u8]| text.iter().filter(|b| **b == b'\n').count();
    let text = text.wait("all records", |text| count(text) > RECORDS);
    clean(&text);
    let text = String::from_utf8(text).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let place = lines.iter().position(|l| *l == "other").unwrap();
    lines.remove(place);
    for (n, l) in lines.iter().enumerate() {
        assert_eq!(*l, format!("{}[REDACTED:password]", record(n)));
    }
}

#[test]
fn datagrams_that_find_no_room_are_dropped_and_counted() {
    let sidecar = Sidecar::start(&format!(
        "[[listen]]\nname = \"udp\"\naddress = \"udp://127.0.0.1:0\"\n[[upstream]]\naddress = \"tcp://{}\"\n[limits]\nbuffered-bytes = 4194304\n",
        free()
    ));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let record = "x".repeat(8000);
    let (mut sent, mut counted) = (0.0, 0.0);
    while counted < 20.0 {
        for _ in 0..50 {
            socket.send_to(record.as_bytes(), sidecar.port(0)).unwrap();
            sent += 1.0;
        }
        counted = sidecar.number("logveil_datagrams_dropped_total{listener=\"udp\",by=\"logveil\"}");
    }
    // Each is somewhere: queued, dropped by us, or by the kernel.
    await_that("the sum", || {
        let dropped = |by| sidecar.number(&format!("logveil_datagrams_dropped_total{{listener=\"udp\",by=\"{by}\"}}"));
        let queued = sidecar.number("logveil_queue_records");
        (queued + dropped("logveil") + dropped("kernel") == sent).then_some(())
    });
}

/// The connection breaks in the middle of a record: it begins again on the next one, whole.
#[test]
fn a_broken_record_is_sent_again_as_a_whole() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let sidecar = Sidecar::start(&format!(
        "[[listen]]\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\nname = \"out\"\naddress = \"tcp://{at}\"\n"
    ));
    // More than the sockets between hold, so that a write is cut somewhere.
    let record = |n: usize| format!("<13>n={n} {}\n", "x".repeat(50_000));
    let mut tcp = sidecar.connect(0);
    let sender = std::thread::spawn(move || {
        (0..600).for_each(|n| tcp.write_all(record(n).as_bytes()).unwrap());
    });
    let mut first = listener.accept().unwrap().0;
    let mut head = vec![0; 1_000_000];
    first.read_exact(&mut head).unwrap();
    sidecar.wait_number("logveil_queue_bytes", |n| n > 1e6);
    drop(first);
    let second = listener.accept().unwrap().0;
    let text = Text::default();
    let writer = text.clone();
    let reader = std::thread::spawn(move || read_all(second, &writer));
    sender.join().unwrap();
    sidecar.wait_number("logveil_queue_bytes", |n| n == 0.0);
    let lost = sidecar.number("logveil_upstream_unconfirmed_bytes_total{upstream=\"out\"}");
    let (code, log) = sidecar.end();
    assert_eq!(code, 0);
    assert!(log.contains("connection lost; at most so many bytes"), "{log}");
    reader.join().unwrap();
    // The second connection begins with a whole record and has every one after it.
    let text = String::from_utf8(text.get()).unwrap();
    let begin: usize = text[6..].split(' ').next().unwrap().parse().unwrap();
    let expected: String = (begin..600).map(record).collect();
    assert!(text == expected, "from {begin} on, but not all of it");
    // What is missing between what the first had read and that is within the bound.
    let missing = (0..begin).map(|n| record(n).len()).sum::<usize>() - head.len();
    assert!(missing as f64 <= lost, "{missing} missing, {lost} said");
}

#[test]
fn a_drain_under_load_loses_nothing() {
    let collector = Collector::start();
    let mut sidecar = between(&collector, "", "");
    let senders: Vec<_> = (0..8)
        .map(|c| {
            let mut tcp = sidecar.connect(0);
            std::thread::spawn(move || {
                for n in 0.. {
                    // Whoever sees that the end has come stops behind a whole record.
                    tcp.write_all(format!("<13>c={c} n={n} password={SECRET}\n").as_bytes()).unwrap();
                    tcp.set_nonblocking(true).unwrap();
                    let told = matches!(tcp.read(&mut [0]), Ok(0));
                    tcp.set_nonblocking(false).unwrap();
                    if told {
                        return n + 1;
                    }
                }
                0
            })
        })
        .collect();
    collector.text.wait("some", |text| text.len() > 100_000);
    sidecar.signal("-TERM");
    let sent: Vec<usize> = senders.into_iter().map(|s| s.join().unwrap()).collect();
    let (code, log) = sidecar.wait();
    assert_eq!(code, 0, "{log}");
    let total: usize = sent.iter().sum();
    let count = |text: &[u8]| text.iter().filter(|b| **b == b'\n').count();
    let text = collector.text.wait("all that was sent", |text| count(text) >= total);
    assert_eq!(count(&text), total);
    let mut next = [0; 8];
    for l in String::from_utf8(text).unwrap().lines() {
        let c: usize = l[6..7].parse().unwrap();
        assert_eq!(l, format!("<13>c={c} n={} password=[REDACTED:password]", next[c]));
        next[c] += 1;
    }
}

#[test]
fn what_is_left_at_the_deadline_is_said() {
    let at = free();
    let mut sidecar = Sidecar::start(&format!(
        "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"tcp://{at}\"\n[limits]\ndrain-seconds = 1\n"
    ));
    let mut tcp: TcpStream = sidecar.connect(0);
    write!(tcp, "one\ntwo\nthree password={SECRET}").unwrap();
    sidecar.wait_number("logveil_queue_records", |n| n == 2.0);
    sidecar.signal("-TERM");
    let (code, log) = sidecar.wait();
    assert_eq!(code, 4, "{log}");
    let said = log.lines().last().unwrap();
    assert!(said.contains("left_records=3") && said.contains("left_bytes=43"), "{said}");
}

/// Not ready while draining, and a second signal is the end.
#[test]
fn draining_is_not_ready() {
    let mut sidecar = Sidecar::start(&format!(
        "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"tcp://{}\"\n[limits]\ndrain-seconds = 600\n",
        free()
    ));
    writeln!(sidecar.connect(0), "kept").unwrap();
    sidecar.wait_number("logveil_queue_records", |n| n == 1.0);
    sidecar.signal("-TERM");
    sidecar.log.wait_for("stopping");
    assert_eq!(sidecar.get("/readyz").0, 503);
    assert_eq!(sidecar.get("/healthz").0, 200);
    sidecar.signal("-INT");
    let (code, log) = sidecar.wait();
    assert_eq!(code, 4, "{log}");
}
