//! `tokio` and `tokio_util::codec`.

use bytes::{Bytes, BytesMut};
use logveil::Redactor;
use logveil::adapters::codec::{LineRedactor, RedactCodec};
use logveil::adapters::tokio::{AsyncRedactWriter, RedactReader};
use proptest::prelude::*;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

use crate::{key, vectors};

/// A peer that takes or gives `n` bytes at a time, and is not ready every other time.
struct Slow {
    bytes: Vec<u8>,
    n: usize,
    ready: bool,
    writes: usize,
}

impl Slow {
    fn new(bytes: &[u8], n: usize) -> Slow {
        Slow { bytes: bytes.to_vec(), n, ready: false, writes: 0 }
    }

    fn is_ready(&mut self, cx: &Context<'_>) -> bool {
        self.ready = !self.ready;
        if !self.ready {
            cx.waker().wake_by_ref();
        }
        self.ready
    }
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        if !self.is_ready(cx) {
            return Poll::Pending;
        }
        assert!(!buf.is_empty(), "an empty write");
        let n = self.n.min(buf.len());
        self.bytes.extend_from_slice(&buf[..n]);
        self.writes += 1;
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Slow {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if !self.is_ready(cx) {
            return Poll::Pending;
        }
        let n = self.n.min(self.bytes.len()).min(buf.remaining());
        buf.put_slice(&self.bytes.drain(..n).collect::<Vec<_>>());
        Poll::Ready(Ok(()))
    }
}

/// Asks until it is ready.
fn done<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = poll(&mut cx) {
            return done;
        }
    }
}

fn written(input: &[u8], chunk: usize, n: usize) -> Vec<u8> {
    let mut writer = AsyncRedactWriter::new(Slow::new(b"", n), &Redactor::builtin());
    for mut part in input.chunks(chunk) {
        while !part.is_empty() {
            let taken = done(|cx| pin!(&mut writer).poll_write(cx, part)).unwrap();
            part = &part[taken..];
        }
    }
    done(|cx| pin!(&mut writer).poll_shutdown(cx)).unwrap();
    writer.into_inner().bytes
}

fn read(input: &[u8], chunk: usize, n: usize) -> Vec<u8> {
    let mut reader = RedactReader::new(Slow::new(input, n), &Redactor::builtin());
    let (mut all, mut room) = (Vec::new(), vec![0; chunk]);
    loop {
        let mut buf = ReadBuf::new(&mut room);
        done(|cx| pin!(&mut reader).poll_read(cx, &mut buf)).unwrap();
        if buf.filled().is_empty() {
            return all;
        }
        all.extend_from_slice(buf.filled());
    }
}

#[test]
fn every_vector() {
    let mut lines = LineRedactor::new(&Redactor::builtin(), 1 << 20);
    let mut frames = RedactCodec::new(LengthDelimitedCodec::new(), &Redactor::builtin());
    for (input, output) in vectors() {
        assert_eq!(String::from_utf8(written(input.as_bytes(), 7, 5)).unwrap(), output);
        assert_eq!(String::from_utf8(read(input.as_bytes(), 5, 7)).unwrap(), output);
        let mut buffer = BytesMut::from(format!("{input}\r\nnext").as_bytes());
        assert_eq!(lines.decode(&mut buffer).unwrap().unwrap(), output.as_bytes());
        assert_eq!(&buffer[..], b"next");
        let mut buffer = BytesMut::new();
        lines.encode(Bytes::from(input.clone()), &mut buffer).unwrap();
        assert_eq!(&buffer[..], format!("{output}\n").as_bytes());
        let mut buffer = BytesMut::new();
        frames.encode(Bytes::from(input.clone()), &mut buffer).unwrap();
        assert_eq!(&buffer[4..], output.as_bytes());
        let raw = [&(input.len() as u32).to_be_bytes(), input.as_bytes()].concat();
        assert_eq!(frames.decode(&mut BytesMut::from(&raw[..])).unwrap().unwrap(), output.as_bytes());
    }
}

#[test]
fn a_key_line_by_line() {
    let text = key().join("\n");
    let mut lines = LineRedactor::new(&Redactor::builtin(), 1 << 20);
    let mut buffer = BytesMut::from(text.as_bytes());
    let mut decoded = Vec::new();
    while let Some(line) = lines.decode_eof(&mut buffer).unwrap() {
        decoded.push(String::from_utf8(line.to_vec()).unwrap());
    }
    for all in [written(text.as_bytes(), 9, 100), read(text.as_bytes(), 9, 100), decoded.join("\n").into_bytes()] {
        let all = String::from_utf8(all).unwrap();
        assert_eq!(all.matches("[REDACTED:private-key]").count(), key().len() - 2, "{all}");
    }
}

#[test]
fn a_line_over_the_limit_is_an_error_and_says_why() {
    let mut lines = LineRedactor::new(&Redactor::builtin(), 16);
    let mut buffer = BytesMut::from(&b"password=hunter2password=hunter2"[..]);
    let error = lines.decode(&mut buffer).unwrap_err().to_string();
    assert_eq!(error, "a line is longer than 16 bytes");
}

#[test]
fn a_write_that_a_slow_peer_has_not_taken_takes_no_more() {
    let mut writer = AsyncRedactWriter::new(Slow::new(b"", 1), &Redactor::builtin());
    let mut cx = Context::from_waker(Waker::noop());
    let line = [b'x'; 99].iter().copied().chain(*b"\n").collect::<Vec<u8>>();
    let mut taken = 0;
    for _ in 0..1000 {
        if let Poll::Ready(n) = pin!(&mut writer).poll_write(&mut cx, &line) {
            taken += n.unwrap();
        }
    }
    assert!(taken <= 1000 + 2 * line.len(), "{taken} bytes were taken while at most 1000 left");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// However it is cut on both sides, the same leaves.
    #[test]
    fn any_cut(parts in prop::collection::vec(prop::sample::select(vec!["password=hunter2", "\n", "\r\n", "a b", "user=x&token=kR93mTq7Lw0XvZ2b8Ns4"]), 0..12), chunk in 1usize..40, n in 1usize..40) {
        let text = parts.concat();
        let expected = Redactor::builtin().redact_str(&text).into_owned();
        prop_assert_eq!(String::from_utf8(written(text.as_bytes(), chunk, n)).unwrap(), expected.clone());
        prop_assert_eq!(String::from_utf8(read(text.as_bytes(), chunk, n)).unwrap(), expected);
    }
}
