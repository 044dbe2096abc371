//! What each shortcut buys: the time that a text takes with it switched off, beside the time with all of them, taken in turns.
//! Each says first that the answer is the same.
//!
//! `cargo bench --bench shortcuts --no-default-features --features compile,switches`, with `LOGVEIL_BENCH_LOG=FILE` also of a
//! log of your own.

#[allow(dead_code, reason = "shared with other benches")]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use logveil::{Redactor, Shortcut};
use support::blocks;

const BLOCK: usize = 256 << 10;
/// Rounds of which the fastest counts.
const ROUNDS: usize = 9;

fn time(redactor: &Redactor, text: &[u8]) -> Duration {
    let began = Instant::now();
    for block in blocks(text, BLOCK) {
        black_box(redactor.redact(block));
    }
    began.elapsed()
}

fn main() {
    // `cargo test` wants the answers alone.
    let timed = std::env::args().any(|argument| argument == "--bench");
    let (size, rounds) = if timed { (8 << 20, ROUNDS) } else { (64 << 10, 0) };
    let made =
        [support::clean, support::realistic, support::dense, support::json_lines, support::templates::json_templates];
    let mut texts: Vec<(String, Vec<u8>)> =
        made.into_iter().map(|make| make(size)).map(|input| (input.name.to_owned(), input.text)).collect();
    if let Some(path) = std::env::var_os("LOGVEIL_BENCH_LOG") {
        texts.push(("your log".into(), std::fs::read(path).expect("the log that LOGVEIL_BENCH_LOG names")));
    }
    let all = Redactor::builtin();
    let names: Vec<&str> = texts.iter().map(|(name, _)| name.as_str()).collect();
    println!("| without | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    for shortcut in Shortcut::ALL {
        let without = Redactor::builder().without_shortcut(shortcut).build().expect("no rule is wrong");
        let row = texts.iter().map(|(name, text)| {
            assert!(all.redact(text) == without.redact(text), "{shortcut:?} changes {name}");
            let mut best = [Duration::MAX; 2];
            for _ in 0..rounds {
                best = [best[0].min(time(&all, text)), best[1].min(time(&without, text))];
            }
            format!("{:.2}", best[1].as_secs_f64() / best[0].as_secs_f64())
        });
        println!("| {shortcut:?} | {} |", row.collect::<Vec<_>>().join(" | "));
    }
}
