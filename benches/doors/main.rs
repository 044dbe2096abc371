//! What speaks HTTP and Fluent, beside the same without masking, in one run: ratios, since machines differ.
//!
//! `cargo bench --bench doors` prints them; parts of names behind it choose some. In the library: a batch of OTLP against `prost`, which decodes it and encodes it
//! again; a message of Fluent. As the door: CPU time a byte of `logveil serve` against a proxy of the same libraries that
//! reads each body as a whole and hands it on. What comes out is checked every time.

mod batches;
mod proxy;

#[allow(dead_code, reason = "the engine's bench wants all of it, this one some inputs")]
#[path = "../support/mod.rs"]
mod support;

use logveil::Redactor;
use prost::Message;

use batches::{Logs, bulk, fluent, otlp};

/// Records of a batch, and batches that are sent in turns.
const RECORDS: usize = 512;
const BATCHES: usize = 64;
const ROUNDS: usize = 7;
/// How long a round is at least, in seconds: the kernel counts in some milliseconds.
const ROUND: f64 = 0.25;

/// Seconds of CPU time that this thread has taken, so that whoever shares the machine counts little.
fn spent() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    stat.split(' ').next().and_then(|n| n.parse::<f64>().ok()).expect("a number") / 1e9
}

/// Bytes that pass for a second of CPU time.
fn round(bytes: usize, work: &mut impl FnMut()) -> f64 {
    let (begun, mut passed) = (spent(), 0);
    loop {
        work();
        passed += bytes;
        let took = spent() - begun;
        if took > ROUND {
            return passed as f64 / took;
        }
    }
}

/// The medians of some rounds, one beside the other.
fn rates(bytes: usize, mut one: impl FnMut(), mut other: impl FnMut()) -> (f64, f64) {
    let (mut ones, mut others): (Vec<f64>, Vec<f64>) =
        (0..ROUNDS).map(|_| (round(bytes, &mut one), round(bytes, &mut other))).unzip();
    (median(&mut ones), median(&mut others))
}

/// The middle one.
fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn shown(name: &str, wanted: f64, plain: f64, masked: f64) {
    println!(
        "{name:<32} plain {:>6.0} MB/s   logveil {:>6.0} MB/s   ratio {:.2} (wanted {wanted})",
        plain / 1e6,
        masked / 1e6,
        masked / plain
    );
}

/// Batches of OTLP in the library. A clean one leaves as it is; what a dirty one becomes is a message without a secret.
fn against_prost(name: &str, wanted: f64, every: usize) {
    let redactor = Redactor::builtin();
    let batches: Vec<Vec<u8>> = (0..BATCHES).map(|n| otlp(RECORDS, n, every)).collect();
    let bytes = batches.iter().map(Vec::len).sum();
    for batch in &batches {
        let masked = logveil::fuzz::otlp(batch, &redactor);
        assert_eq!(masked.is_some(), every > 0);
        if let Some(masked) = masked {
            assert!(!masked.windows(batches::SECRET.len()).any(|w| w == batches::SECRET.as_bytes()), "a secret left");
            assert_eq!(Logs::decode(&masked[..]).expect("a message").encode_to_vec(), masked);
        }
        assert_eq!(&Logs::decode(&batch[..]).expect("a message").encode_to_vec(), batch);
    }
    let decoded = || {
        for batch in &batches {
            std::hint::black_box(Logs::decode(&batch[..]).expect("a message").encode_to_vec());
        }
    };
    let (plain, masked) = rates(bytes, decoded, || {
        for batch in &batches {
            std::hint::black_box(logveil::fuzz::otlp(batch, &redactor));
        }
    });
    shown(name, wanted, plain, masked);
}

/// Messages of Fluent in the library, against its limit in MB/s and beside a copy of them.
fn forwarded() {
    let redactor = Redactor::builtin();
    let messages: Vec<Vec<u8>> = (0..BATCHES).map(|n| fluent(RECORDS, n)).collect();
    let bytes = messages.iter().map(Vec::len).sum::<usize>();
    let mut relay = logveil::fuzz::Relay::new(&redactor);
    for message in &messages {
        assert!(relay.take(message).is_some_and(|out| out == *message), "a clean message leaves as it came");
    }
    let copied = || {
        for message in &messages {
            std::hint::black_box(message.clone());
        }
    };
    let (copied, masked) = rates(bytes, copied, || {
        for message in &messages {
            std::hint::black_box(relay.take(message));
        }
    });
    println!(
        "{:<32} {} bytes a message, copied {:.0} MB/s, logveil {:.0} MB/s (wanted 500)",
        "fluent, clean",
        bytes / BATCHES,
        copied / 1e6,
        masked / 1e6
    );
}

fn main() {
    let mut arguments = std::env::args();
    if arguments.any(|a| a == proxy::PLAIN) {
        let upstream = arguments.next().and_then(|a| a.parse().ok()).expect("an address");
        return proxy::plain(upstream);
    }
    // `cargo bench` hands its own arguments on; `cargo test --benches` only wants to see it start.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let named: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let asked = |name: &str| named.is_empty() || named.iter().any(|n| name.contains(n.as_str()));
    for (name, wanted, every) in [("otlp against prost, clean", 3.0, 0), ("otlp against prost, 1 in 100", 2.0, 100)] {
        if asked(name) {
            against_prost(name, wanted, every);
        }
    }
    if asked("fluent, clean") {
        forwarded();
    }
    type Batch = fn(usize) -> Vec<u8>;
    let doors: [(&str, f64, &str, &str, Batch); 2] = [
        ("_bulk through the door, clean", 0.5, "/_bulk", "application/x-ndjson", |n| bulk(RECORDS, n)),
        ("otlp through the door, clean", 0.3, "/v1/logs", "application/x-protobuf", |n| otlp(RECORDS, n, 0)),
    ];
    for (name, wanted, path, kind, batch) in doors {
        if asked(name) {
            let (plain, masked) = proxy::compare(path, kind, &(0..BATCHES).map(batch).collect::<Vec<_>>());
            shown(name, wanted, plain, masked);
        }
    }
}
