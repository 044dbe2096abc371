//! What speaks HTTP and Fluent, beside the same without masking, in one run: ratios, since machines differ.
//!
//! `cargo bench --bench doors` prints them. In the library: a batch of OTLP against `prost`, which decodes it and encodes it
//! again; a message of Fluent. As the door: CPU time a byte of `logveil serve` against a proxy of the same libraries that
//! reads each body as a whole and hands it on. What comes out is checked every time.

mod batches;
mod proxy;

#[allow(dead_code, reason = "the engine's bench wants all of it, this one some inputs")]
#[path = "../support/mod.rs"]
mod support;

use std::time::Instant;

use logveil::Redactor;
use prost::Message;

use batches::{Logs, bulk, fluent, otlp};

/// Records of a batch, and batches that are sent in turns.
const RECORDS: usize = 512;
const BATCHES: usize = 64;
const ROUNDS: usize = 7;

/// The median of some rounds, in bytes a second.
fn rate(bytes: usize, mut round: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            round();
            begun.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    bytes as f64 / times[ROUNDS / 2]
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
    let plain = rate(bytes, || {
        for batch in &batches {
            std::hint::black_box(Logs::decode(&batch[..]).expect("a message").encode_to_vec());
        }
    });
    let masked = rate(bytes, || {
        for batch in &batches {
            std::hint::black_box(logveil::fuzz::otlp(batch, &redactor));
        }
    });
    shown(name, wanted, plain, masked);
}

/// Messages of Fluent in the library, against its limit in MB/s and against a copy of them.
fn forwarded() {
    let redactor = Redactor::builtin();
    let messages: Vec<Vec<u8>> = (0..BATCHES).map(|n| fluent(RECORDS, n)).collect();
    let bytes = messages.iter().map(Vec::len).sum::<usize>();
    let mut relay = logveil::fuzz::Relay::new(&redactor);
    for message in &messages {
        assert!(relay.take(message).is_some_and(|out| out == *message), "a clean message leaves as it came");
    }
    let masked = rate(bytes, || {
        for message in &messages {
            std::hint::black_box(relay.take(message));
        }
    });
    println!(
        "{:<32} {} bytes a message, logveil {:>6.0} MB/s (wanted 500)",
        "fluent, clean",
        bytes / BATCHES,
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
    against_prost("otlp against prost, clean", 3.0, 0);
    against_prost("otlp against prost, 1 in 100", 2.0, 100);
    forwarded();
    let batches: Vec<Vec<u8>> = (0..BATCHES).map(|n| bulk(RECORDS, n)).collect();
    let (plain, masked) = proxy::compare("/_bulk", "application/x-ndjson", &batches);
    shown("_bulk through the door, clean", 0.5, plain, masked);
    let batches: Vec<Vec<u8>> = (0..BATCHES).map(|n| otlp(RECORDS, n, 0)).collect();
    let (plain, masked) = proxy::compare("/v1/logs", "application/x-protobuf", &batches);
    shown("otlp through the door, clean", 0.3, plain, masked);
}
