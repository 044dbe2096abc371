//! What cannot be judged goes nowhere: what is answered to each kind of bad input, in whose words, and what is counted.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::http::gzip;
use crate::http_grpc::{LOGS, call};
use crate::http_kit::{Sender, Upstream, between, ok, read};
use crate::http_limits::{asking, many};
use crate::kit::{SECRET, Sidecar};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const PROTO: (&str, &str) = ("Content-Type", "application/x-protobuf");
const OCTETS: (&str, &str) = ("Content-Type", "application/octet-stream");
const GZIP: (&str, &str) = ("Content-Encoding", "gzip");
const LIMIT: usize = 1 << 20;

fn counted(sidecar: &Sidecar, reason: &str) -> f64 {
    sidecar.number(&format!("logveil_rejections_total{{listener=\"in\",reason=\"{reason}\"}}"))
}

/// More than it may be when it is unpacked, and more than 250 times what it was.
fn bombs() -> [Vec<u8>; 2] {
    let zlib = |body: &[u8]| {
        let mut to = ZlibEncoder::new(Vec::new(), Compression::best());
        to.write_all(body).unwrap();
        to.finish().unwrap()
    };
    // Digits of a number that never repeat pack badly: this is over the limit and far below 250 times.
    let digits: String = (0..100_000).map(|n: u64| format!("{:x} ", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    [zlib(digits.as_bytes()), zlib(&vec![b'a'; LIMIT / 2])]
}

/// Status, what it is counted as, path, headers, body.
type Row<'a> = (u16, &'a str, &'a str, &'a [(&'a str, &'a str)], &'a [u8]);

#[test]
fn each_is_answered_by_its_row() {
    let upstream = Upstream::start(|_, _| ok());
    let listen = "paths = [\"/v1/\", \"/x\", \"/raw\"]\nformats = { \"/raw\" = \"text\" }";
    let sidecar = between(&[upstream.address], listen, "", "message-bytes = 1048576\n");
    let [large, ratio] = bombs();
    assert!(large.len() * 20 > LIMIT && ratio.len() * 250 < LIMIT / 2);
    let packed = gzip(b"password=x");
    let cut = &packed[..packed.len() - 3];
    let secret = format!("{{\"password\":\"{SECRET}\"}}");
    let huge = vec![b'a'; LIMIT + 1];
    let deflate = ("Content-Encoding", "deflate");
    let signed = ("Authorization", "AWS4-HMAC-SHA256 Credential=x");
    let rows: [Row<'_>; 17] = [
        (413, "message-size", "/x", &[JSON], &huge),
        (413, "inflated", "/x", &[JSON, deflate], &large),
        (413, "inflated", "/x", &[JSON, deflate], &ratio),
        (415, "unsupported", "/x", &[JSON, ("Content-Encoding", "br")], b"x"),
        (415, "unsupported", "/x", &[JSON, ("Content-Encoding", "gzip, gzip")], &packed),
        (415, "unsupported", "/x", &[OCTETS], &[0xFF, 0xFE, 0]),
        (415, "unsupported", "/x", &[("Content-Type", "multipart/form-data; boundary=x")], b"--x"),
        (415, "unsupported", "/x", &[PROTO], b"\x0a\x00"),
        (400, "malformed", "/x", &[JSON, GZIP], cut),
        (400, "malformed", "/x", &[JSON, deflate], b"no zlib"),
        (400, "malformed", "/x", &[JSON, ("Content-Encoding", "zstd")], b"no zstd"),
        (400, "malformed", "/v1/logs", &[PROTO], b"\x0a\x05x"),
        (400, "malformed", "/x", &[("Content-Type", "application/msgpack")], b"\x82\xa1"),
        (400, "signed", "/x", &[JSON, signed], secret.as_bytes()),
        (404, "unsupported", "/y", &[JSON], b"{}"),
        (501, "unsupported", "/x", &[("Upgrade", "websocket"), ("Connection", "upgrade")], b""),
        (405, "unsupported", "", &[], b""),
    ];
    for (n, (status, reason, path, headers, body)) in rows.into_iter().enumerate() {
        let before = counted(&sidecar, reason);
        let mut sender = Sender::to(&sidecar);
        let got = if path.is_empty() {
            sender.0.write_all(b"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n").unwrap();
            read(&mut sender.0).unwrap()
        } else {
            sender.ask(path, headers, body)
        };
        assert_eq!((got.status(), counted(&sidecar, reason) - before), (status, 1.0), "row {n}: {}", got.text());
        assert!(!got.text().contains(SECRET));
    }
    assert!(upstream.got.try_recv().is_err(), "something left");
    let (code, log) = sidecar.end();
    assert!(code == 0 && !log.contains(SECRET), "{log}");
}

#[test]
fn who_does_not_say_how_long_it_is_is_measured() {
    let upstream = Upstream::start(|_, _| ok());
    let sidecar = between(&[upstream.address], "", "", "message-bytes = 65536");
    let mut sender = Sender::to(&sidecar);
    sender.0.write_all(b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    let chunk = format!("8000\r\n{}\r\n", "a".repeat(0x8000));
    for _ in 0..3 {
        sender.0.write_all(chunk.as_bytes()).unwrap();
    }
    assert_eq!(read(&mut sender.0).unwrap().status(), 413);
    assert_eq!(counted(&sidecar, "message-size"), 1.0);
    // What is no chunk is no body.
    let mut sender = Sender::to(&sidecar);
    sender.0.write_all(b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").unwrap();
    assert_eq!(read(&mut sender.0).unwrap().status(), 400);
    // Two lengths are a way to hide a request behind another one.
    let two = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 30\r\n\r\n{}";
    let mut sender = Sender::to(&sidecar);
    sender.0.write_all(two.replace("{}", &"a".repeat(30)).as_bytes()).unwrap();
    assert_eq!(read(&mut sender.0).unwrap().status(), 400);
    assert!(upstream.got.try_recv().is_err(), "something left");
}

#[test]
fn it_is_said_in_the_words_of_the_request() {
    let upstream = Upstream::start(|_, _| ok());
    let sidecar = between(&[upstream.address], "", "", "");
    // A status of protobuf or JSON, as OTLP wants it: INVALID_ARGUMENT.
    let got = Sender::to(&sidecar).ask("/v1/logs", &[PROTO], b"\x0a\x05x");
    assert_eq!((got.header("content-type"), &got.body[..2]), (Some(PROTO.1), &[8, 3][..]));
    let packed = gzip(b"{}");
    let got = Sender::to(&sidecar).ask("/v1/logs", &[JSON, GZIP], &packed[..packed.len() - 3]);
    let said: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
    assert_eq!((got.header("content-type"), said["code"].as_u64()), (Some(JSON.1), Some(3)));
    let got = Sender::to(&sidecar).ask("/x", &[OCTETS], &[0xFF, 0xFE, 0]);
    assert!(got.header("content-type").unwrap().starts_with("text/plain") && got.text().starts_with("logveil: "));
    assert!(upstream.got.try_recv().is_err(), "something left");
}

#[test]
fn broken_json_and_text_that_is_no_unicode_are_judged_and_go_on() {
    let upstream = Upstream::start(|_, _| ok());
    let sidecar = between(&[upstream.address], "formats = { \"/raw\" = \"text\" }", "", "");
    let broken = |secret: &str| format!("{{\"user\":\"alice\",\"password\":\"{secret}\",").into_bytes();
    let latin = |secret: &str| [b"\xE9t\xE9 password=", secret.as_bytes(), b"\n"].concat();
    for (path, kind, of) in [("/x", JSON, &broken as &dyn Fn(&str) -> Vec<u8>), ("/raw", OCTETS, &latin)] {
        assert_eq!(Sender::to(&sidecar).ask(path, &[kind], &of(SECRET)).status(), 200);
        assert_eq!(upstream.next().body, of("[REDACTED:password]"));
    }
}

#[test]
fn calls_and_streams_have_their_rows() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let upstream = Upstream::start(|_, _| ok());
    let sidecar = between(&[upstream.address], "", "", "message-bytes = 1048576");
    let frame = |flag: u8, body: &[u8]| [&[flag][..], &(body.len() as u32).to_be_bytes(), body].concat();
    let bomb = frame(1, &gzip(&vec![b'a'; 64 << 20]));
    let broken = frame(1, &gzip(&call(SECRET)[5..])[..30]);
    let grpc = |path: &str, body: Vec<u8>, coding: &'static str| {
        let mut ask = asking(path, "application/grpc", body);
        ask.headers_mut().insert("grpc-encoding", coding.parse().unwrap());
        ask
    };
    // RESOURCE_EXHAUSTED, INVALID_ARGUMENT, UNIMPLEMENTED.
    let rows = [
        ("8", "inflated", grpc(LOGS, bomb, "gzip")),
        ("3", "malformed", grpc(LOGS, broken, "gzip")),
        ("3", "unsupported", grpc(LOGS, call(SECRET), "br")),
        ("12", "unsupported", grpc("/x.Y/Z", call(SECRET), "identity")),
    ];
    runtime.block_on(async {
        for (status, reason, ask) in rows {
            let before = counted(&sidecar, reason);
            let answer = many(&sidecar).await.send_request(ask).await.unwrap();
            assert_eq!(answer.headers()["grpc-status"].to_str().unwrap(), status, "{reason}");
            assert_eq!((answer.status().as_u16(), counted(&sidecar, reason) - before), (200, 1.0), "{reason}");
        }
        // A head over 64 KiB.
        let mut ask = asking("/x", "text/plain", SECRET);
        ask.headers_mut().insert("x-long", "a".repeat(70 << 10).parse().unwrap());
        let refused = many(&sidecar).await.send_request(ask).await;
        assert!(refused.is_ok_and(|answer| answer.status() == 431));
    });
    assert!(upstream.got.try_recv().is_err(), "something left");
    drop(runtime);
}

#[test]
fn streams_are_few_and_small() {
    let upstream = Upstream::start(|_, _| ok());
    let sidecar = between(&[upstream.address], "", "", "");
    let mut sender = Sender::to(&sidecar);
    sender.0.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00").unwrap();
    // The first frame: its length, SETTINGS on stream 0, and pairs of a name and a number.
    let mut head = [0; 9];
    std::io::Read::read_exact(&mut sender.0, &mut head).unwrap();
    assert_eq!(head[3], 4, "{head:?}");
    let mut settings = vec![0; usize::from(head[2])];
    std::io::Read::read_exact(&mut sender.0, &mut settings).unwrap();
    let of = |name: u8| {
        let pair = settings.chunks(6).find(|pair| pair[..2] == [0, name]).unwrap();
        u32::from_be_bytes(pair[2..].try_into().unwrap())
    };
    // Streams at once, what may come of one before it is read, its head.
    assert_eq!((of(3), of(4), of(6)), (256, 64 << 10, 64 << 10));
}
