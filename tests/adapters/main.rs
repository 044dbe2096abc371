//! Each adapter over every vector and over a key block that is logged line by line from two threads at once.
//!
//! `cargo test --features adapters --test adapters`

#[path = "../it/cases.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod cases;
mod codecs;
#[path = "../it/kit.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod kit;
mod logs;
mod traces;
mod values;
mod webs;

use std::io::{self, Write};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

/// A writer that several loggers share, and what they wrote.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!bytes.is_empty(), "an empty write");
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The vectors that are text of one line.
fn vectors() -> Vec<(String, String)> {
    let cases = cases::cases().into_iter().filter(|case| !case.defect);
    let texts = cases.filter_map(|case| {
        let (input, output) = (String::from_utf8(case.input).ok()?, String::from_utf8(case.output).ok()?);
        (!input.contains(['\n', '\r'])).then_some((input, output))
    });
    let all: Vec<_> = texts.collect();
    assert!(all.len() > 500, "vectors are missing: {}", all.len());
    all
}

/// A key's lines: the header, body lines, the footer.
fn key() -> Vec<String> {
    let mut lines = vec![["-----BEGIN RSA PRIVATE", " KEY-----"].concat()];
    lines.extend((1..=6).map(|n| kit::line(&format!("<<b64 {}>>", 58 + n))));
    lines.push(["-----END RSA PRIVATE", " KEY-----"].concat());
    lines
}

/// Two threads log a key each, line by line and each line at the same time; then nothing of a body may be in what was
/// written, and both headers and footers must be.
fn two_threads_log_a_key(log: impl Fn(&str) + Sync, written: impl FnOnce() -> Vec<u8>) {
    let (lines, turn) = (key(), Barrier::new(2));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for line in &lines {
                    turn.wait();
                    log(line);
                }
            });
        }
    });
    let written = String::from_utf8(written()).unwrap();
    let (ends, bodies) = ([&lines[0], &lines[lines.len() - 1]], &lines[1..lines.len() - 1]);
    assert!(ends.iter().all(|end| written.matches(&end[..]).count() == 2), "header and footer stay:\n{written}");
    let shown = bodies.iter().filter(|body| written.contains(&body[..16])).count();
    assert_eq!(shown, 0, "lines of a key are shown:\n{written}");
    assert_eq!(written.matches("[REDACTED:private-key]").count(), 2 * bodies.len());
}
