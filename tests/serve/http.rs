//! HTTP: the sender hears what the upstream said, and what cannot be judged goes nowhere.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::http_kit::{Message, Sender, Upstream, answer, between, ok, read};
use crate::kit::{SECRET, refused};

const LABEL: &str = "[REDACTED:password]";
const NDJSON: (&str, &str) = ("Content-Type", "application/x-ndjson");

fn bulk(secret: &str) -> String {
    format!("{{\"index\":{{}}}}\n{{\"user\":\"alice\",\"password\":\"{secret}\"}}\n")
}

pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut to = GzEncoder::new(Vec::new(), Compression::fast());
    to.write_all(body).unwrap();
    to.finish().unwrap()
}

fn gunzip(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut out).unwrap();
    out
}

/// What a request was, in one line: what leaves is what came, but for the secret.
fn first_line(message: &Message) -> &str {
    message.head.lines().next().unwrap()
}

#[test]
fn the_sender_hears_what_the_upstream_says() {
    let said = |n: usize, _: &Message| match n {
        0 => ok(),
        1 => answer("503 Service Unavailable", "Retry-After: 7\r\nX-Own: a\r\n", "later"),
        _ => answer("201 Created", "", ""),
    };
    let upstream = Upstream::start(said);
    let sidecar = between(&[upstream.address], "", "", "");
    let mut sender = Sender::to(&sidecar);
    let got =
        sender.ask("/_bulk?refresh=true&token=x", &[NDJSON, ("Authorization", "Basic eDp5")], bulk(SECRET).as_bytes());
    assert_eq!((got.status(), got.text()), (200, "{\"errors\":false}".to_owned()));
    let message = upstream.next();
    assert_eq!(message.text(), bulk(LABEL));
    assert_eq!(first_line(&message), "POST /_bulk?refresh=true&token=x HTTP/1.1");
    assert_eq!(message.header("authorization"), Some("Basic eDp5"));
    assert_eq!(message.header("host").unwrap(), upstream.address.to_string());
    // Not ours to repeat.
    let got = sender.ask("/_bulk", &[NDJSON], bulk(LABEL).as_bytes());
    assert_eq!((got.status(), got.text().as_str()), (503, "later"));
    assert_eq!((got.header("retry-after"), got.header("x-own")), (Some("7"), Some("a")));
    assert_eq!(upstream.next().text(), bulk(LABEL));
    assert_eq!(sender.ask("/_bulk", &[NDJSON], b"").status(), 201);
    upstream.next();
    assert!(upstream.got.try_recv().is_err(), "a body was sent twice");
    let number = |name: &str| sidecar.number(name);
    assert_eq!(number("logveil_http_requests_total{listener=\"in\",upstream=\"out0\",code=\"200\"}"), 1.0);
    assert_eq!(number("logveil_http_bodies_total{listener=\"in\",result=\"masked\"}"), 1.0);
    assert_eq!(number("logveil_http_bodies_total{listener=\"in\",result=\"same\"}"), 1.0);
    assert_eq!(number("logveil_findings_total{listener=\"in\",rule=\"password\"}"), 1.0);
    assert_eq!(number("logveil_upstream_up{upstream=\"out0\"}"), 1.0);
    drop(sender);
    let (code, log) = sidecar.end();
    assert_eq!(code, 0, "{log}");
}

#[test]
fn bodies_leave_as_they_came_or_masked_in_the_same_coding() {
    let upstream = Upstream::start(|_, _| ok());
    let sidecar = between(&[upstream.address], "", "", "");
    let mut sender = Sender::to(&sidecar);
    let packed = gzip(bulk(LABEL).as_bytes());
    sender.ask("/_bulk", &[NDJSON, ("Content-Encoding", "gzip"), ("Content-MD5", "x")], &packed);
    let message = upstream.next();
    assert_eq!((message.body == packed, message.header("content-md5")), (true, Some("x")));
    sender.ask("/_bulk", &[NDJSON, ("Content-Encoding", "gzip"), ("Content-MD5", "x")], &gzip(bulk(SECRET).as_bytes()));
    let message = upstream.next();
    assert_eq!(gunzip(&message.body), bulk(LABEL).as_bytes());
    assert_eq!((message.header("content-encoding"), message.header("content-md5")), (Some("gzip"), None));
    // Splunk's handler says nothing of its body.
    let hec = |secret: &str| format!("{{\"event\":{{\"password\":\"{secret}\"}}}}{{\"event\":\"x\"}}");
    sender.ask("/services/collector/event", &[], hec(SECRET).as_bytes());
    assert_eq!(upstream.next().text(), hec(LABEL));
    // curl waits to be told to go on, and says no length.
    let head = "POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
    sender.0.write_all(head.as_bytes()).unwrap();
    assert_eq!(read(&mut sender.0).unwrap().status(), 100);
    let body = format!("login password={SECRET} from x\n");
    sender.0.write_all(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).as_bytes()).unwrap();
    assert_eq!(read(&mut sender.0).unwrap().status(), 200);
    let message = upstream.next();
    assert_eq!((message.text(), message.header("expect")), (format!("login password={LABEL} from x\n"), None));
    // More than is free for anybody.
    let large = bulk(SECRET).repeat(80_000);
    assert_eq!(sender.ask("/_bulk", &[NDJSON], large.as_bytes()).status(), 200);
    assert!(upstream.next().body == bulk(LABEL).repeat(80_000).as_bytes());
    let many = |secret: &str| (0..60_000).map(|n| format!("{n} {}\n", bulk(secret))).collect::<String>();
    let large = gzip(many(SECRET).as_bytes());
    assert_eq!(sender.ask("/_bulk", &[NDJSON, ("Content-Encoding", "gzip")], &large).status(), 200);
    assert!(gunzip(&upstream.next().body) == many(LABEL).as_bytes());
}

/// Nobody listens there, for now.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn an_upstream_that_is_not_there_is_waited_for() {
    let at = nobody();
    let sidecar = between(&[at], "", "", "hold-seconds = 1");
    let got = Sender::to(&sidecar).ask("/_bulk", &[NDJSON], bulk(SECRET).as_bytes());
    assert_eq!((got.status(), got.header("retry-after")), (503, Some("1")));
    assert_eq!(sidecar.get("/readyz").0, 503);
    let mut sender = Sender::to(&sidecar);
    sender.send("/_bulk", &[NDJSON], bulk(SECRET).as_bytes());
    std::thread::sleep(Duration::from_millis(300));
    let upstream = Upstream::on(at, |_, _| ok());
    assert_eq!(read(&mut sender.0).unwrap().status(), 200);
    assert_eq!(upstream.next().text(), bulk(LABEL));
    sidecar.wait_ready(true);
}

#[test]
fn the_next_upstream_takes_what_the_first_does_not() {
    let second = Upstream::start(|_, _| ok());
    let sidecar = between(&[nobody(), second.address], "", "host = \"keep\"", "");
    let mut sender = Sender::to(&sidecar);
    for _ in 0..3 {
        assert_eq!(sender.ask("/_bulk", &[NDJSON], bulk(SECRET).as_bytes()).status(), 200);
        assert_eq!(second.next().header("host"), Some("logs.test"));
    }
}

#[test]
fn what_is_cut_is_heard_and_never_sent_twice() {
    let said = |n: usize, _: &Message| match n {
        0 => Vec::new(),
        1 => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nCUT".to_vec(),
        _ => ok(),
    };
    let upstream = Upstream::start(said);
    let sidecar = between(&[upstream.address], "", "", "");
    let mut sender = Sender::to(&sidecar);
    assert_eq!(sender.ask("/_bulk", &[NDJSON], bulk(SECRET).as_bytes()).status(), 502);
    upstream.next();
    sender.send("/_bulk", &[NDJSON], bulk(SECRET).as_bytes());
    assert!(read(&mut sender.0).is_none(), "an answer that was cut is no answer");
    upstream.next();
    assert_eq!(Sender::to(&sidecar).ask("/_bulk", &[NDJSON], bulk(SECRET).as_bytes()).status(), 200);
    upstream.next();
    assert!(upstream.got.try_recv().is_err());
}

#[test]
fn many_slow_senders_keep_nobody_out() {
    let upstream = Upstream::start(|_, _| ok());
    let sidecar = between(&[upstream.address], "", "", "requests = 2");
    let slow: Vec<Sender> = (0..40)
        .map(|_| {
            let mut sender = Sender::to(&sidecar);
            sender.0.write_all(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nabc").unwrap();
            sender
        })
        .collect();
    assert_eq!(Sender::to(&sidecar).ask("/_bulk", &[NDJSON], bulk(SECRET).as_bytes()).status(), 200);
    drop(slow);
}

#[test]
fn settings_say_what_is_wrong() {
    let listen = "[[listen]]\naddress = \"tcp://127.0.0.1:0\"\nprotocol = \"http\"\n";
    let upstream = "[[upstream]]\naddress = \"http://127.0.0.1:1\"\nprotocol = \"http\"\n";
    for (config, said) in [
        (format!("{listen}[[upstream]]\naddress = \"tcp://127.0.0.1:1\"\n"), "nothing on the other side"),
        (format!("{listen}framing = \"newline\"\n{upstream}"), "requests have none"),
        (format!("{listen}paths = [\"x\"]\n{upstream}"), "begins with a slash"),
        (format!("{listen}formats = {{ \"/x\" = \"csv\" }}\n{upstream}"), "write text, json, msgpack or protobuf"),
        (format!("{listen}{upstream}host = \"x\"\n"), "upstream\\\" or \\\"keep"),
        (format!("{listen}{upstream}[limits]\nmessage-bytes = 67108864\n"), "give buffered-bytes at least"),
        (
            format!(
                "{listen}{upstream}[[listen]]\nname = \"b\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"stdout:\"\n"
            ),
            "shares its memory",
        ),
    ] {
        let (code, log) = refused(&config, &[]);
        assert!(code == 2 && log.replace('\\', "").contains(&said.replace('\\', "")), "{log}");
    }
}
