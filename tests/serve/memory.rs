//! A thousand connections, all with something on its way, and an upstream that takes nothing at
//! first: memory stays under its bound, and everything arrives.

use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::kit::{SECRET, Sidecar, Text, await_that, clean, read_all};

const CONNECTIONS: usize = 1000;
/// Of 64 MiB, what is left beside the pages of a release's program: those of a build for tests are thrice as many.
const MEMORY_BYTES_MAX: u64 = 56 << 20;

/// The most memory a process ever had, without the pages of its program.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    };
    bytes("VmHWM:") - bytes("RssFile:")
}

/// One connection's text and how much of it is sent.
struct Sender {
    tcp: TcpStream,
    text: Vec<u8>,
    sent: usize,
}

impl Sender {
    /// Sends what goes without waiting; says how much that was.
    fn push(&mut self) -> usize {
        match self.tcp.write(&self.text[self.sent..]) {
            Ok(n) => {
                self.sent += n;
                n
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => 0,
            Err(e) => panic!("{e}"),
        }
    }
}

/// Every twentieth has records of nearly the limit, the others small ones; all end in an open one.
fn text(c: usize) -> Vec<u8> {
    let filler = if c.is_multiple_of(20) { 900_000 } else { 9_000 };
    let mut text = Vec::new();
    for n in 0..3 {
        text.extend(format!("<13>c={c} n={n} password={SECRET} {}\n", "x".repeat(filler)).bytes());
    }
    text.extend(format!("<13>open password={SECRET} {}", "y".repeat(7_000)).bytes());
    text
}

#[test]
fn a_thousand_connections_fit_into_the_bound() {
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, maximum: files.maximum }).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let sidecar = Sidecar::start(&format!(
        "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"tcp://{at}\"\n"
    ));
    let mut upstream = Some(listener.accept().unwrap().0);
    let mut senders: Vec<Sender> = (0..CONNECTIONS)
        .map(|c| {
            let tcp = sidecar.connect(0);
            tcp.set_nonblocking(true).unwrap();
            Sender { tcp, text: text(c), sent: 0 }
        })
        .collect();
    let arrived = Text::default();
    let read = |upstream| {
        let to = arrived.clone();
        std::thread::spawn(move || read_all(upstream, &to))
    };
    let mut reader = None;
    while senders.iter().any(|s| s.sent < s.text.len()) {
        let pushed: usize = senders.iter_mut().filter(|s| s.sent < s.text.len()).map(Sender::push).sum();
        if pushed == 0 {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        // Full: from now on the upstream takes what comes.
        if upstream.is_some() && sidecar.is_full() {
            reader = upstream.take().map(&read);
        }
    }
    // What is not full yet, the sockets between have taken; then it will be.
    if let Some(upstream) = upstream.take() {
        await_that("a full queue", || sidecar.is_full().then_some(()));
        reader = Some(read(upstream));
    }
    sidecar.wait_number("logveil_connections{listener=\"in\"}", |n| n == CONNECTIONS as f64);
    drop(senders);
    sidecar.wait_number("logveil_records_total{listener=\"in\"}", |n| n == (CONNECTIONS * 4) as f64);
    sidecar.wait_number("logveil_queue_bytes", |n| n == 0.0);
    let peak = peak(sidecar.child.id());
    assert!(peak < MEMORY_BYTES_MAX, "{} MiB", peak >> 20);
    assert_eq!(sidecar.end().0, 0);
    reader.expect("the queue was full once").join().unwrap();
    let text = arrived.get();
    clean(&text);
    assert_eq!(text.iter().filter(|b| **b == b'\n').count(), CONNECTIONS * 4);
}
