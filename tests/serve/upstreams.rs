//! What upstreams are: files that are moved or full, collectors that refuse us, and one framing each.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::flow::between;
use crate::kit::{Collector, SECRET, Sidecar, Text, await_that, line, read_all};
use crate::peers::{certificates, chain, key, roots};

/// A collector by TLS 1.3 that wants clients of the authority `ca`, with or without tickets.
fn tls_collector(folder: &std::path::Path, tickets: usize) -> (std::net::SocketAddr, Text) {
    let provider = || Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(folder)), provider()).build().unwrap();
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_client_cert_verifier(verifier);
    let mut config = builder.with_single_cert(chain(folder, "server"), key(folder, "server")).unwrap();
    config.send_tls13_tickets = tickets;
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (at, text) = (listener.local_addr().unwrap(), Text::default());
    let writer = text.clone();
    std::thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            read_all(StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), tcp), &writer);
        }
    });
    (at, text)
}

fn tls_upstream(at: std::net::SocketAddr, more: &str) -> String {
    format!(
        "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\nname = \"out\"\naddress = \"tls://{at}\"\n\
         ca = \"ca.pem\"\nserver-name = \"localhost\"\n{more}\n[limits]\ndrain-seconds = 1\n"
    )
}

/// In TLS 1.3 our handshake is over before the collector has seen our certificate: nothing is sent before
/// it has taken it, and the end says what was left.
#[test]
fn a_collector_that_refuses_our_certificate_loses_nothing() {
    for who in ["certificate = \"forged.pem\"\nkey = \"forged.key\"", ""] {
        let folder = certificates();
        let (at, text) = tls_collector(folder.path(), 2);
        let sidecar = Sidecar::start_in(folder, &tls_upstream(at, who));
        let mut tcp = sidecar.connect(0);
        for n in 0..200 {
            writeln!(tcp, "{}", line(n).0).unwrap();
        }
        drop(tcp);
        sidecar.wait_number("logveil_upstream_failures_total{upstream=\"out\"}", |n| n >= 2.0);
        assert_eq!(sidecar.number("logveil_upstream_unconfirmed_bytes_total{upstream=\"out\"}"), 0.0);
        assert_eq!(sidecar.number("logveil_queue_records"), 200.0);
        assert_eq!(sidecar.get("/readyz").0, 503);
        let (code, log) = sidecar.end();
        assert_eq!(code, 4, "{log}");
        assert!(log.contains("left_records=200") && log.contains("refused behind the TLS handshake"), "{log}");
        assert!(text.get().is_empty());
    }
}

/// A collector that takes us may say so by tickets, or by saying nothing.
#[test]
fn a_collector_that_takes_our_certificate_gets_all() {
    for tickets in [2, 0] {
        let folder = certificates();
        let (at, text) = tls_collector(folder.path(), tickets);
        let sidecar = Sidecar::start_in(folder, &tls_upstream(at, "certificate = \"app.pem\"\nkey = \"app.key\""));
        let (raw, masked) = line(1);
        writeln!(sidecar.connect(0), "{raw}").unwrap();
        text.wait_is(format!("{masked}\n").as_bytes());
        assert_eq!(sidecar.end().0, 0);
    }
}

/// A collector that breaks the connection at the end, with records in its socket that it has not read.
#[test]
fn the_end_tells_of_an_upstream_that_breaks() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut sidecar = Sidecar::start(&format!(
        "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"tcp://{}\"\n",
        listener.local_addr().unwrap()
    ));
    let mut upstream = listener.accept().unwrap().0;
    writeln!(sidecar.connect(0), "{}", line(1).0).unwrap();
    sidecar.wait_number(
        "logveil_sent_bytes_total{upstream=\"tcp://PORT\"}"
            .replace("tcp://PORT", &format!("tcp://{}", listener.local_addr().unwrap()))
            .as_str(),
        |n| n > 0.0,
    );
    let mut first = [0];
    upstream.read_exact(&mut first).unwrap();
    sidecar.signal("-TERM");
    sidecar.log.wait_for("stopping");
    // The rest was not read: the kernel says so to the other side.
    drop(upstream);
    let (code, log) = sidecar.wait();
    assert_eq!(code, 4, "{log}");
    assert!(log.contains("connection lost") || log.contains("broke the connection"), "{log}");
}

const FILE: &str = "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n\
                    [[upstream]]\nname = \"out\"\naddress = \"file://DIR/out.log\"\n[limits]\ndrain-seconds = 1\n";

#[test]
fn a_file_that_was_moved_is_opened_again() {
    let sidecar = Sidecar::start(FILE);
    let at = |name: &str| sidecar.folder.path().join(name);
    let holds = |name: &str, text: &str| {
        let text = text.to_owned();
        let path = at(name);
        await_that(name, move || (std::fs::read_to_string(&path).ok()? == text).then_some(()));
    };
    let mut tcp = sidecar.connect(0);
    writeln!(tcp, "one password={SECRET}").unwrap();
    holds("out.log", "one password=[REDACTED:password]\n");
    // As logrotate does it, without a word.
    std::fs::rename(at("out.log"), at("out.log.1")).unwrap();
    holds("out.log", "");
    writeln!(tcp, "two").unwrap();
    holds("out.log", "two\n");
    // And with one, before it would be seen.
    std::fs::rename(at("out.log"), at("out.log.2")).unwrap();
    sidecar.signal("-HUP");
    holds("out.log", "");
    writeln!(tcp, "three").unwrap();
    holds("out.log", "three\n");
    holds("out.log.1", "one password=[REDACTED:password]\n");
    holds("out.log.2", "two\n");
    // A folder in its place cannot be written to: that is down.
    std::fs::remove_file(at("out.log")).unwrap();
    std::fs::create_dir(at("out.log")).unwrap();
    sidecar.wait_ready(false);
    writeln!(tcp, "four").unwrap();
    sidecar.wait_number("logveil_queue_records", |n| n == 1.0);
    std::fs::remove_dir(at("out.log")).unwrap();
    holds("out.log", "four\n");
    sidecar.wait_ready(true);
    assert_eq!(sidecar.end().0, 0);
}

/// A limit of the process stands for the disk: a write takes a part, and the next one nothing.
#[test]
fn a_full_disk_tears_and_loses_nothing() {
    let blocks = 4;
    let full = format!("trap '' XFSZ; ulimit -S -f {blocks}");
    let record = |n: usize| format!("<13>n={n} {}\n", "x".repeat(83));
    let expected = |many: usize| (0..many).map(record).collect::<String>();
    for room in [true, false] {
        let sidecar = Sidecar::start_behind(&full, tempfile::tempdir().unwrap(), FILE, &[]);
        let path = sidecar.folder.path().join("out.log");
        let mut tcp = sidecar.connect(0);
        for n in 0..120 {
            tcp.write_all(record(n).as_bytes()).unwrap();
        }
        sidecar.wait_number("logveil_upstream_failures_total{upstream=\"out\"}", |n| n >= 2.0);
        sidecar.wait_ready(false);
        let whole = |text: &str| {
            let many = text.lines().count();
            assert!(many > 10 && text == expected(many), "torn or lost behind {many} records");
            many
        };
        let kept = whole(&std::fs::read_to_string(&path).unwrap());
        assert!(kept < 60, "{kept} records in a full file");
        if room {
            let pid = sidecar.child.id().to_string();
            assert!(
                Command::new("prlimit")
                    .args(["--pid", &pid, "--fsize=unlimited:unlimited"])
                    .status()
                    .unwrap()
                    .success()
            );
            let all = || (std::fs::read_to_string(&path).unwrap() == expected(120)).then_some(());
            await_that("all of it", all);
            sidecar.wait_ready(true);
            assert_eq!(sidecar.end().0, 0);
        } else {
            let (code, log) = sidecar.end();
            assert_eq!(code, 4, "{log}");
            assert!(log.contains("left_records="), "{log}");
        }
    }
}

/// Senders of several framings: the upstream sees one.
#[test]
fn a_connection_to_an_upstream_has_one_framing() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let octet = |text: &str| format!("{} {text}", text.len());
    let mut counted = sidecar.connect(0);
    write!(counted, "{}", octet("<13>one\nof two").repeat(2)).unwrap();
    let mut expected = octet("<13>one\nof two").repeat(2);
    collector.text.wait_is(expected.as_bytes());
    write!(sidecar.connect(0), "<13>two\n<13>three\n").unwrap();
    expected += &[octet("<13>two"), octet("<13>three")].concat();
    collector.text.wait_is(expected.as_bytes());
    write!(sidecar.connect(0), "<13>four\0").unwrap();
    expected += &octet("<13>four");
    collector.text.wait_is(expected.as_bytes());
    sidecar.wait_number("logveil_queue_bytes", |n| n == 0.0);
    let (code, log) = sidecar.end();
    assert_eq!(code, 0);
    assert!(log.contains("senders differ in how their records follow each other"), "{log}");
}
