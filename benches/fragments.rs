//! What joining costs: lines of container runtimes with and without parts, beside the stream that takes them as they are.
//! Each says first that joined it leaves what the whole records leave.
//!
//! `cargo bench --bench fragments --no-default-features --features compile`

#![allow(missing_docs, reason = "criterion's macros make public functions")]

#[allow(dead_code, reason = "shared with other benches")]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logveil::{Container, Fragments, Redactor, Stream};

/// What is taken in one push, as the filter reads.
const READ: usize = 256 << 10;
/// Where runtimes cut.
const CUT: usize = 16 << 10;
/// Rounds of which the fastest counts.
const ROUNDS: usize = 9;
const TIME: &str = "2024-10-11T22:14:15.123456789Z";

/// Whether it is `cargo bench` that asks; `cargo test` wants the answers alone.
fn timed() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

fn line(container: Container, text: &str, last: bool, out: &mut String) {
    match container {
        Container::Docker => {
            let text = serde_json::to_string(text).expect("text");
            let end = if last { "\\n" } else { "" };
            let text = &text[..text.len() - 1];
            *out += &format!("{{\"log\":{text}{end}\",\"stream\":\"stdout\",\"time\":\"{TIME}\"}}\n");
        }
        _ => *out += &format!("{TIME} stdout {} {text}\n", if last { "F" } else { "P" }),
    }
}

/// Each record as a whole line, and in parts of that many bytes.
fn written(container: Container, records: &[String], cut: usize) -> [Vec<u8>; 2] {
    let (mut whole, mut parts) = (String::new(), String::new());
    for record in records {
        line(container, record, true, &mut whole);
        let mut rest = &record[..];
        while rest.len() > cut {
            let mut at = cut;
            while !rest.is_char_boundary(at) {
                at -= 1;
            }
            line(container, &rest[..at], false, &mut parts);
            rest = &rest[at..];
        }
        line(container, rest, true, &mut parts);
    }
    [whole.into_bytes(), parts.into_bytes()]
}

fn plain(redactor: &Redactor, text: &[u8]) -> Vec<u8> {
    let (mut stream, mut out) = (Stream::new(redactor), Vec::with_capacity(text.len() + READ));
    text.chunks(READ).for_each(|chunk| stream.push(chunk, &mut out));
    stream.finish(&mut out);
    out
}

fn joining(redactor: &Redactor, container: Container, text: &[u8]) -> Vec<u8> {
    let (mut fragments, mut out) = (Fragments::new(redactor, container), Vec::with_capacity(text.len() + READ));
    text.chunks(READ).for_each(|chunk| fragments.push(chunk, &mut out));
    fragments.finish(&mut out);
    out
}

/// The contents of all lines, those of a record behind each other.
fn contents(container: Container, text: &[u8]) -> String {
    let text = std::str::from_utf8(text).expect("text");
    let content = |line: &str| match container {
        Container::Docker => {
            let end = line.rfind("\",\"stream\"").expect("an object");
            line["{\"log\":\"".len()..end].replace("\\n", "\n")
        }
        _ => format!("{}{}", &line[TIME.len() + 10..], if line[TIME.len() + 8..].starts_with('F') { "\n" } else { "" }),
    };
    text.lines().map(content).collect()
}

/// The fastest of some rounds, each of both.
fn best(mut a: impl FnMut() -> Vec<u8>, mut b: impl FnMut() -> Vec<u8>) -> [Duration; 2] {
    let time = |run: &mut dyn FnMut() -> Vec<u8>| {
        let began = Instant::now();
        black_box(run());
        began.elapsed()
    };
    (0..ROUNDS).map(|_| [time(&mut a), time(&mut b)]).fold([Duration::MAX; 2], |[a, b], [c, d]| [a.min(c), b.min(d)])
}

fn fragments(c: &mut Criterion) {
    let redactor = Redactor::builtin();
    let size = if timed() { 16 << 20 } else { 256 << 10 };
    let text = String::from_utf8(support::realistic(size).text).expect("text");
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // Records of some 40 KiB, which runtimes cut, and lines as they are, cut in two or three.
    let long: Vec<String> = lines.chunks(320).map(|lines| lines.join(" | ")).collect();
    let mut group = c.benchmark_group("fragments");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for container in [Container::Cri, Container::Docker] {
        for (name, records, cut) in [("none", &lines, usize::MAX), ("16 KiB", &long, CUT), ("60 bytes", &lines, 60)] {
            let [whole, parts] = written(container, records, cut);
            let answer = contents(container, &joining(&redactor, container, &parts));
            assert!(answer == contents(container, &plain(&redactor, &whole)), "{container:?}, {name}");
            assert!(answer.contains("[REDACTED:"), "{container:?}, {name}");
            if timed() {
                let [a, b] = best(|| plain(&redactor, &parts), || joining(&redactor, container, &parts));
                let rate = |time: Duration| parts.len() as f64 / time.as_secs_f64() / 1e6;
                let ratio = a.as_secs_f64() / b.as_secs_f64();
                println!("{container:?}, parts: {name}: {:.0} of {:.0} MB/s, {ratio:.2}", rate(b), rate(a));
            }
            group.throughput(Throughput::Bytes(parts.len() as u64));
            group.bench_function(format!("{container:?}/{name}"), |b| {
                b.iter(|| joining(&redactor, container, &parts));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, fragments);
criterion_main!(benches);
