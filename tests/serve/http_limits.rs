//! Senders that are too large, too slow or break off too often: answered, or ended, and nobody else is kept waiting.

use std::io::{Read, Write};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::http_grpc::{LOGS, call};
use crate::http_kit::{Sender, Upstream, between, ok, read};
use crate::kit::{SECRET, Sidecar, await_that};

const TEXT: (&str, &str) = ("Content-Type", "text/plain");

fn said(secret: &str) -> String {
    format!("login user=alice password={secret} from 203.0.113.9\n")
}

/// Whether a sender's connection was ended by the other side.
fn is_ended(sender: &mut Sender) -> bool {
    let mut rest = Vec::new();
    sender.0.read_to_end(&mut rest).is_ok_and(|_| rest.is_empty())
}

#[test]
fn heads_have_their_bounds() {
    let upstream = Upstream::start(|_, _| ok());
    let sidecar = between(&[upstream.address], "", "", "slow-seconds = 1");
    let mut sender = Sender::to(&sidecar);
    let head = format!("POST /x HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n", "a".repeat(70 << 10));
    let _ = sender.0.write_all(head.as_bytes());
    assert_eq!(read(&mut sender.0).unwrap().status(), 431);
    assert!(is_ended(&mut sender));
    // One that never ends, one that is longer than what waits for itself, and one behind a request that was answered.
    let begun = "POST /x HTTP/1.1\r\nHost: x\r\n";
    let long = format!("{begun}X-Long: {}", "a".repeat(20 << 10));
    for (n, before, head) in [(1.0, false, begun), (2.0, false, &long), (3.0, true, begun)] {
        let mut sender = Sender::to(&sidecar);
        if before {
            assert_eq!(sender.ask("/x", &[TEXT], b"").status(), 200);
            upstream.next();
        }
        sender.0.write_all(head.as_bytes()).unwrap();
        let answer = read(&mut sender.0).unwrap();
        assert_eq!((answer.status(), answer.header("connection")), (408, Some("close")), "{n}");
        assert!(is_ended(&mut sender));
        assert_eq!(sidecar.number("logveil_rejections_total{listener=\"in\",reason=\"slow\"}"), n);
    }
    // Who says nothing at all, or nothing more, has done nothing wrong.
    let (mut silent, mut done) = (Sender::to(&sidecar), Sender::to(&sidecar));
    assert_eq!(done.ask("/x", &[TEXT], b"x").status(), 200);
    upstream.next();
    assert!(is_ended(&mut silent) && is_ended(&mut done));
    assert_eq!(sidecar.number("logveil_rejections_total{listener=\"in\",reason=\"slow\"}"), 3.0);
    // By and by a whole one comes, too.
    let mut sender = Sender::to(&sidecar);
    for byte in b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nab" {
        sender.0.write_all(&[*byte]).unwrap();
    }
    assert_eq!((read(&mut sender.0).unwrap().status(), upstream.next().text()), (200, "ab".to_owned()));
    assert!(upstream.got.try_recv().is_err(), "something left");
}

#[test]
fn bodies_that_do_not_come_are_not_waited_for() {
    let upstream = Upstream::start(|_, _| ok());
    let sidecar = between(&[upstream.address], "", "", "slow-seconds = 1");
    let mut sender = Sender::to(&sidecar);
    let head = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 900\r\n\r\n";
    sender.0.write_all(format!("{head}{}", said(SECRET)).as_bytes()).unwrap();
    let answer = read(&mut sender.0).unwrap();
    assert!(answer.status() == 408 && !answer.text().contains(SECRET));
    assert!(is_ended(&mut sender));
    sidecar.wait_number("logveil_rejections_total{listener=\"in\",reason=\"slow\"}", |n| n == 1.0);
    // Broken off within the body.
    let mut sender = Sender::to(&sidecar);
    sender.0.write_all(format!("{head}{}", said(SECRET)).as_bytes()).unwrap();
    drop(sender);
    sidecar.wait_number("logveil_rejections_total{listener=\"in\",reason=\"unfinished\"}", |n| n == 1.0);
    assert_eq!(Sender::to(&sidecar).ask("/x", &[TEXT], said(SECRET).as_bytes()).status(), 200);
    assert_eq!(upstream.next().text(), said("[REDACTED:password]"));
    assert!(upstream.got.try_recv().is_err(), "half a body left");
    let (code, log) = sidecar.end();
    assert!(code == 0 && !log.contains(SECRET), "{log}");
}

#[test]
fn who_begins_and_does_not_go_on_keeps_nobody_out() {
    let upstream = Upstream::start(|_, _| ok());
    let sidecar = between(&[upstream.address], "", "", "requests = 4");
    let head = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 20000\r\n\r\n";
    let begun = format!("{head}{}", said(SECRET).repeat(200));
    // More than may be held without a place, as often as there are places.
    let slow: Vec<Sender> = (0..4)
        .map(|_| {
            let mut sender = Sender::to(&sidecar);
            sender.0.write_all(begun.as_bytes()).unwrap();
            sender
        })
        .collect();
    // Once they have all the places, one after the other has to go; nobody else notices more than a pause.
    await_that("one that is sent away", || {
        assert_eq!(Sender::to(&sidecar).ask("/x", &[TEXT], said(SECRET).as_bytes()).status(), 200);
        assert_eq!(upstream.next().text(), said("[REDACTED:password]"));
        let busy = sidecar.number("logveil_rejections_total{listener=\"in\",reason=\"busy\"}");
        (busy >= 1.0).then_some(())
    });
    // Who had to go is told to come again.
    let told = slow.into_iter().filter_map(|mut sender| {
        sender.0.set_read_timeout(Some(Duration::from_millis(4000))).unwrap();
        read(&mut sender.0)
    });
    let told: Vec<_> = told.map(|answer| (answer.status(), answer.header("retry-after") == Some("1"))).collect();
    assert!(!told.is_empty() && told.iter().all(|one| *one == (503, true)), "{told:?}");
    assert!(upstream.got.try_recv().is_err(), "half a body left");
}

pub async fn many(sidecar: &Sidecar) -> SendRequest<Full<Bytes>> {
    let tcp = TcpStream::connect(sidecar.port(0)).await.unwrap();
    let (line, connection) = handshake(TokioExecutor::new(), TokioIo::new(tcp)).await.unwrap();
    tokio::spawn(connection);
    line
}

pub fn asking(path: &str, kind: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let head = Request::post(format!("http://x{path}")).header("content-type", kind).header("te", "trailers");
    head.body(Full::new(body.into())).unwrap()
}

#[test]
fn calls_over_the_limit_are_refused_for_good() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let upstream = Upstream::start(|_, _| ok());
    let sidecar = between(&[upstream.address], "", "", "message-bytes = 4096");
    runtime.block_on(async {
        let large = call(SECRET).repeat(100);
        let answer = many(&sidecar).await.send_request(asking(LOGS, "application/grpc", large)).await.unwrap();
        let headers = answer.headers();
        assert_eq!((answer.status().as_u16(), headers["grpc-status"].to_str().unwrap()), (200, "8"));
        // With details a client would come again.
        assert!(!headers.contains_key("grpc-status-details-bin"));
        let trailers = answer.into_body().collect().await.unwrap().trailers().cloned();
        assert!(trailers.is_none_or(|trailers| trailers.is_empty()));
    });
    assert!(upstream.got.try_recv().is_err(), "something left");
}

#[test]
fn who_breaks_off_again_and_again_is_ended() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let upstream = Upstream::start(|_, _| {
        std::thread::sleep(Duration::from_millis(20));
        ok()
    });
    let sidecar = between(&[upstream.address], "", "", "requests = 4");
    runtime.block_on(async {
        let mut line = many(&sidecar).await;
        let mut sent = 0;
        // A request that is no longer wanted is reset at once.
        while sent < 20_000 && !line.is_closed() {
            let Ok(()) = line.ready().await else { break };
            let asked = line.send_request(asking("/x", TEXT.1, said(SECRET)));
            let _ = tokio::time::timeout(Duration::from_micros(200), asked).await;
            sent += 1;
        }
        let mut other = many(&sidecar).await;
        let answer = other.send_request(asking("/x", TEXT.1, said(SECRET))).await.unwrap();
        assert_eq!(answer.status(), 200, "{sent} were sent before");
    });
    // Nobody's place is kept.
    await_that("an end of all requests", || {
        let open = sidecar.number("logveil_connections{listener=\"in\"}");
        (open <= 2.0).then_some(())
    });
    let (code, log) = sidecar.end();
    assert!(code == 0 && !log.contains(SECRET), "{log}");
    drop(runtime);
}
