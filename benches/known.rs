//! What known values cost: the engine with 10 to 100,000 of them beside the engine without, and beside an automaton of as
//! many patterns as they have forms. Each says first that it finds what it must.
//!
//! `cargo bench --bench known --no-default-features --features compile`; of a log of your own: `LOGVEIL_BENCH_LOG=FILE`.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

#[allow(dead_code, reason = "shared with other benches")]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logveil::{Redactor, Values, Verdict};
use support::{Rng, blocks};

const BLOCK: usize = 256 << 10;
const COUNTS: [usize; 5] = [10, 100, 1_000, 10_000, 20_000];
/// Beyond it only ratios are taken: building them is no short look.
const SOME: usize = 10_000;
/// Rounds of which the fastest counts.
const ROUNDS: usize = 7;

/// Passwords with signs, tokens, hexadecimal and base64, as services have them.
fn secrets(count: usize) -> Vec<String> {
    const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const SIGNS: &str = "!#$%&()*+,-./:;<=>?@[]^_{|}~\"'\\ ";
    let mut r = Rng::new(11);
    let mut draw = |from: &str, count: usize| -> String {
        let from: Vec<char> = from.chars().collect();
        (0..count).map(|_| from[r.below(from.len())]).collect()
    };
    let one = |n: usize| match n % 10 {
        0..=3 => draw(&[ALNUM, SIGNS].concat(), 9 + n % 15) + "x",
        4 | 5 => draw(ALNUM, 20 + n % 21),
        6 | 7 => draw("0123456789abcdef", 32),
        _ => draw(&[ALNUM, "+/"].concat(), 43) + "=",
    };
    // Of very many some look like a template by chance, which is refused.
    let taken = |secret: &String| Values::builder().add(secret.as_str()) == Verdict::Taken;
    (0..).map(one).filter(taken).take(count).collect()
}

fn values(secrets: &[String]) -> Values {
    let mut values = Values::builder();
    for secret in secrets {
        assert_eq!(values.add(secret.as_str()), Verdict::Taken);
    }
    values.build()
}

fn text() -> Vec<u8> {
    match std::env::var_os("LOGVEIL_BENCH_LOG") {
        Some(path) => std::fs::read(path).expect("LOGVEIL_BENCH_LOG is a file"),
        None => support::clean(if timed() { 32 << 20 } else { 1 << 20 }).text,
    }
}

/// Whether it is `cargo bench` that asks; `cargo test` wants the answers alone.
fn timed() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

fn check(redactor: &Redactor, secrets: &[String]) {
    for secret in secrets.iter().step_by(secrets.len() / 10) {
        let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
        let line = format!("it said |{secret}| and |{hex}|");
        assert_eq!(redactor.redact_str(&line), "it said |[REDACTED:known-value]| and |[REDACTED:known-value]|");
    }
}

fn all(redactor: &Redactor, text: &[u8]) -> usize {
    blocks(text, BLOCK).iter().map(|block| redactor.redact(black_box(block)).len()).sum()
}

/// The fastest of some rounds.
fn best(mut run: impl FnMut() -> usize) -> Duration {
    let one = |_| {
        let began = Instant::now();
        black_box(run());
        began.elapsed()
    };
    (0..ROUNDS).map(one).min().expect("there are rounds")
}

/// Ratios, taken in one run.
fn ratios(text: &[u8]) {
    let plain = Redactor::builtin();
    let rate = |time: Duration| text.len() as f64 / time.as_secs_f64() / 1e6;
    for count in COUNTS {
        let secrets = secrets(count);
        let began = Instant::now();
        let values = values(&secrets);
        let (built, forms, memory) = (began.elapsed(), values.forms(), values.memory());
        let redactor = plain.with_values(values);
        check(&redactor, &secrets);
        let (without, with) = (best(|| all(&plain, text)), best(|| all(&redactor, text)));
        let ratio = without.as_secs_f64() / with.as_secs_f64();
        println!(
            "{count} values, {forms} forms, {:.1} MiB, built in {:.1} ms: {:.0} of {:.0} MB/s, {ratio:.2} of the engine without",
            memory as f64 / f64::from(1 << 20),
            built.as_secs_f64() * 1e3,
            rate(with),
            rate(without)
        );
        // An automaton of more takes half a minute.
        if (1_000..=SOME).contains(&count) {
            let mut r = Rng::new(3);
            let pattern = |n: usize| (0..8 + n % 40).map(|_| b"0123456789abcdef"[r.below(16)]).collect::<Vec<u8>>();
            let patterns: Vec<Vec<u8>> = (0..forms).map(pattern).collect();
            let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(patterns).unwrap();
            let some = &text[..text.len().min(4 << 20)];
            let time = best(|| automaton.find_overlapping_iter(some).count());
            let alone = with.saturating_sub(without).as_secs_f64() / text.len() as f64;
            let times = time.as_secs_f64() / some.len() as f64 / alone;
            println!("  the values alone are {times:.1} times as fast as a contiguous aho-corasick");
        }
    }
    let line = b"Dec 10 06:55:46 web-01 sshd[24200]: Failed password for invalid user alice from 203.0.113.9 port 380";
    let redactor = plain.with_values(values(&secrets(1_000)));
    let each =
        |r: &Redactor| best(|| (0..100_000).map(|_| r.redact(black_box(line)).len()).sum()).as_nanos() as f64 / 1e5;
    println!(
        "a line of {} bytes: {:.0} ns without, {:.0} ns with 1,000 values",
        line.len(),
        each(&plain),
        each(&redactor)
    );
}

fn known(c: &mut Criterion) {
    let text = text();
    if timed() {
        ratios(&text);
    }
    let mut group = c.benchmark_group("known");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("none", |b| b.iter(|| all(&Redactor::builtin(), &text)));
    for count in COUNTS.into_iter().filter(|count| *count <= SOME) {
        let secrets = secrets(count);
        let redactor = Redactor::builtin().with_values(values(&secrets));
        check(&redactor, &secrets);
        group.bench_function(count.to_string(), |b| b.iter(|| all(&redactor, &text)));
    }
    group.finish();
}

criterion_group!(benches, known);
criterion_main!(benches);
