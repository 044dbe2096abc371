//! How fast the engine is. Each bench checks the whole output, byte for byte, before it takes a time.
//!
//! `cargo bench` runs all in a few minutes; `cargo bench -- block` runs one group. To bench a log of
//! your own as well: `LOGVEIL_BENCH_LOG=FILE cargo bench -- log`.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

mod support;

use std::cell::OnceCell;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use logveil::{Redactor, Stream, Tally};
use support::{Input, blocks};

const MIB: usize = 1 << 20;
const BLOCK: usize = 256 << 10;
/// The engine's promise: bytes looked at behind the prefilter, for each byte that comes in.
const WORK_MAX: u64 = 16;

/// Makes an input of about that many bytes.
type Make = fn(usize) -> Input;

fn group<'a>(c: &'a mut Criterion, name: &str, bytes: usize) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Bytes(bytes as u64));
    group
}

/// The first place where two texts differ, for a message that a person can use.
fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    (a != b).then(|| a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len())))
}

/// Panics unless the engine makes of the input what it must, in one go and in pieces.
fn check(redactor: &Redactor, input: &Input) {
    let mut tally = Tally::default();
    let mut out = Vec::with_capacity(input.expected.len());
    for block in blocks(&input.text, BLOCK) {
        out.extend_from_slice(&redactor.redact_counted(block, &mut tally));
    }
    let line_of = |text: &[u8], at: usize| {
        let start = text[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let line = text[start..].split(|b| *b == b'\n').next().unwrap_or_default();
        String::from_utf8_lossy(line).into_owned()
    };
    if let Some(at) = first_difference(&out, &input.expected) {
        panic!("{}: got  {}\n  expected {}", input.name, line_of(&out, at), line_of(&input.expected, at));
    }
    assert_eq!(tally.findings(), input.findings, "findings in {}", input.name);
    assert_eq!(tally.bytes_in, input.text.len() as u64, "bytes into {}", input.name);
    assert_eq!(tally.bytes_out, input.expected.len() as u64, "bytes out of {}", input.name);
    assert!(streamed(redactor, &input.text, 64 << 10) == input.expected, "{} as a stream", input.name);
}

fn streamed(redactor: &Redactor, text: &[u8], chunk: usize) -> Vec<u8> {
    let mut stream = Stream::new(redactor);
    let mut out = Vec::with_capacity(text.len() + 1024);
    for chunk in text.chunks(chunk) {
        stream.push(chunk, &mut out);
    }
    stream.finish(&mut out);
    out
}

/// `redact` over blocks, against a copy of the same bytes.
fn block(c: &mut Criterion) {
    let mut group = group(c, "block", 64 * MIB);
    let clean = OnceCell::new();
    let clean = || clean.get_or_init(|| checked(support::clean(64 * MIB)));
    group.bench_function("memcpy", |b| {
        let text = &clean().text[..64 * MIB];
        let mut copy = vec![1; text.len()];
        b.iter(|| {
            for (to, from) in copy.chunks_mut(BLOCK).zip(text.chunks(BLOCK)) {
                to.copy_from_slice(black_box(from));
            }
            black_box(&copy);
        });
        assert!(copy == text);
    });
    group.bench_function("clean", |b| b.iter(|| redact_all(clean())));
    group.throughput(Throughput::Bytes(32 * MIB as u64));
    let makes: [(&str, Make); 4] = [
        ("realistic", support::realistic),
        ("json", support::json_lines),
        ("templates", support::templates::json_templates),
        ("dense", support::dense),
    ];
    for (name, make) in makes {
        let input = OnceCell::new();
        group.bench_function(name, |b| {
            let input = input.get_or_init(|| checked(make(32 * MIB)));
            b.iter(|| redact_all(input));
        });
    }
    group.finish();
}

fn checked(input: Input) -> Input {
    check(&Redactor::builtin(), &input);
    input
}

fn redact_all(input: &Input) {
    let redactor = Redactor::builtin();
    for block in blocks(&input.text, BLOCK) {
        black_box(redactor.redact(black_box(block)));
    }
}

/// `redact` on one clean line of 100 bytes: what a call costs.
fn line(c: &mut Criterion) {
    let redactor = Redactor::builtin();
    let line = b"Dec 10 06:55:46 web-01 sshd[24200]: Failed password for invalid user alice from 203.0.113.9 port 380";
    assert_eq!(line.len(), 100);
    assert!(matches!(redactor.redact(line), std::borrow::Cow::Borrowed(_)));
    let plain = b"2024-03-07 09:14:22,117 - INFO  [main-7:QuorumPeer@913] - Received block of size 67108864 from peer.";
    assert_eq!(plain.len(), 100);
    assert!(matches!(redactor.redact(plain), std::borrow::Cow::Borrowed(_)));
    let fields =
        b"2026-11-29T20:21:31.123456Z  INFO shop: request answered user=\"bob\" path=\"/api/v1/orders\" took_ms=12";
    assert_eq!(fields.len(), 100);
    assert!(matches!(redactor.redact(fields), std::borrow::Cow::Borrowed(_)));
    let mut group = group(c, "line", line.len());
    group.sample_size(20);
    group.bench_function("plain", |b| b.iter(|| redactor.redact(black_box(plain)).len()));
    group.bench_function("with-fields", |b| b.iter(|| redactor.redact(black_box(fields)).len()));
    group.bench_function("with-a-key-word", |b| b.iter(|| redactor.redact(black_box(line)).len()));
    group.finish();
}

/// A stream, whatever the reads.
fn stream(c: &mut Criterion) {
    let redactor = Redactor::builtin();
    let mut group = group(c, "stream", 16 * MIB);
    let input = OnceCell::new();
    for (name, chunk) in [("1KiB", 1 << 10), ("64KiB", 64 << 10), ("1MiB", MIB)] {
        group.bench_function(name, |b| {
            let input = input.get_or_init(|| checked(support::realistic(16 * MIB)));
            assert!(streamed(&redactor, &input.text, chunk) == input.expected, "chunks of {name}");
            let mut out = Vec::with_capacity(input.expected.len() + 1024);
            b.iter(|| {
                let mut stream = Stream::new(&redactor);
                for chunk in input.text.chunks(chunk) {
                    out.clear();
                    stream.push(black_box(chunk), &mut out);
                }
                stream.finish(&mut out);
                stream.tally().findings()
            });
        });
    }
    group.finish();
}

/// What is weighed by the judge and stays, one candidate a line; by candidate.
fn judge(c: &mut Criterion) {
    const LINES: usize = 1000;
    let redactor = Redactor::builtin();
    let line = |n: usize| format!("{{\"session_id\":\"6383b290.{n:x}\",\"line\":\"4\"}}\n");
    let text: String = (0x100..0x100 + LINES).map(line).collect();
    assert_eq!(redactor.explain(text.as_bytes()).weighed.len(), LINES, "weighed");
    assert!(matches!(redactor.redact(text.as_bytes()), std::borrow::Cow::Borrowed(_)), "stays");
    // The same lines without a secret's key, of the same length: the difference is the judge and the way to it.
    let plain = text.replace("session_id", "section_id");
    assert!(redactor.explain(plain.as_bytes()).weighed.is_empty(), "not weighed");
    let mut group = group(c, "judge", text.len());
    group.throughput(Throughput::Elements(LINES as u64));
    group.bench_function("weighed", |b| b.iter(|| redactor.redact(black_box(text.as_bytes())).len()));
    group.bench_function("without", |b| b.iter(|| redactor.redact(black_box(plain.as_bytes())).len()));
    group.finish();
}

/// From the linked pack to a redactor: what start-up costs.
fn load(c: &mut Criterion) {
    let build = || Redactor::builder().build().expect("the built-in pack loads");
    assert!(build().rules().len() >= 60);
    assert_eq!(build().findings(b"password=hunter2").len(), 1);
    let mut group = c.benchmark_group("load");
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group.bench_function("builtin", |b| b.iter(build));
    group.finish();
}

/// Inputs made to hurt: a rate for each, and the promised bound.
fn hostile(c: &mut Criterion) {
    let redactor = Redactor::builtin();
    let mut group = group(c, "hostile", MIB);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(500));
    for (name, text) in support::hostile::all(MIB) {
        let bounded = OnceCell::new();
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| {
            // The head first, so that a rule that is not linear fails soon instead of taking for ever.
            bounded.get_or_init(|| [16 << 10, text.len()].map(|n| check_bound(&redactor, name, &text[..n])));
            b.iter(|| {
                let mut stream = Stream::new(&redactor);
                let mut bytes = 0;
                stream.push_with(black_box(&text), &mut |b| bytes += b.len());
                stream.finish_with(&mut |b| bytes += b.len());
                bytes
            });
        });
    }
    group.finish();
}

/// Panics if more is looked at than promised, or if the cuts make a difference.
fn check_bound(redactor: &Redactor, name: &str, text: &[u8]) {
    let mut stream = Stream::new(redactor);
    let mut whole = Vec::new();
    stream.push(text, &mut whole);
    stream.finish(&mut whole);
    let tally = stream.tally();
    assert_eq!(tally.bytes_in, text.len() as u64, "{name}");
    assert_eq!(tally.bytes_out, whole.len() as u64, "{name}");
    let (work, most) = (tally.work, WORK_MAX * text.len() as u64);
    eprintln!("hostile/{name}: {:.2} bytes looked at for each byte", work as f64 / text.len() as f64);
    assert!(work <= most, "{name}: {work} bytes looked at, {most} promised");
    assert!(streamed(redactor, text, 4099) == whole, "{name}: cut otherwise, masked otherwise");
}

/// A log of your own.
fn log(c: &mut Criterion) {
    let Some(path) = std::env::var_os("LOGVEIL_BENCH_LOG") else {
        return;
    };
    let redactor = Redactor::builtin();
    let text = std::fs::read(path).expect("LOGVEIL_BENCH_LOG names a file that can be read");
    let expected = streamed(&redactor, &text, MIB);
    assert!(streamed(&redactor, &text, 4099) == expected, "cut otherwise, masked otherwise");
    let mut group = group(c, "log", text.len());
    group.bench_function("stream-256KiB", |b| {
        b.iter(|| {
            let mut stream = Stream::new(&redactor);
            let mut bytes = 0;
            for chunk in text.chunks(BLOCK) {
                stream.push_with(black_box(chunk), &mut |b| bytes += b.len());
            }
            stream.finish_with(&mut |b| bytes += b.len());
            bytes
        });
    });
    group.finish();
}

criterion_group!(benches, block, line, stream, judge, load, hostile, log);
criterion_main!(benches);
