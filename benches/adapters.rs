//! What an adapter costs beside the same logger without it: `cargo bench --bench adapters --no-default-features
//! --features adapters`.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;
use std::io::{self, Write};

use criterion::{Criterion, criterion_group, criterion_main};
use logveil::adapters::tracing::RedactMakeWriter;
use logveil::{RedactWriter, Redactor};
use std::sync::Mutex;
use tracing::Dispatch;
use tracing_subscriber::fmt::MakeWriter;

/// A file descriptor's stand-in: what is written is looked at, and gone.
#[derive(Clone, Copy)]
struct Null;

impl Write for Null {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        black_box(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn to<W>(writer: W, json: bool) -> Dispatch
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let text = tracing_subscriber::fmt().with_ansi(false).with_writer(writer);
    if json { Dispatch::new(text.json().finish()) } else { Dispatch::new(text.finish()) }
}

fn event(secret: bool, n: u64) {
    match secret {
        false => tracing::info!(user = "alice", n, path = "/api/v1/orders", took_ms = 12, "request answered"),
        true => tracing::info!(user = "alice", n, password = "hunter2", took_ms = 12, "request answered"),
    }
}

/// That the bench measures masking at all.
fn assert_masked() {
    static SEEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    struct Seen;
    impl Write for Seen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            SEEN.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for json in [false, true] {
        let masked = to(RedactMakeWriter::new(&Redactor::builtin(), || Seen), json);
        tracing::dispatcher::with_default(&masked, || event(true, 1));
        let seen = String::from_utf8(std::mem::take(&mut *SEEN.lock().unwrap())).unwrap();
        assert!(seen.contains("[REDACTED:password]") && !seen.contains("hunter2"), "{seen}");
    }
}

fn tracing_events(c: &mut Criterion) {
    assert_masked();
    let redactor = Redactor::builtin();
    for (format, json) in [("text", false), ("json", true)] {
        for (what, secret) in [("clean", false), ("a secret", true)] {
            let mut group = c.benchmark_group(format!("tracing {format}, {what}"));
            let loggers = [
                ("plain", to(|| Null, json)),
                ("RedactMakeWriter", to(RedactMakeWriter::new(&redactor, || Null), json)),
                ("Mutex<RedactWriter>", to(Mutex::new(RedactWriter::new(Null, &redactor)), json)),
            ];
            for (name, logger) in loggers {
                let mut n = 0;
                group.bench_function(name, |b| {
                    tracing::dispatcher::with_default(&logger, || {
                        b.iter(|| {
                            n += 1;
                            event(secret, n);
                        });
                    });
                });
            }
            group.finish();
        }
    }
}

criterion_group!(benches, tracing_events);
criterion_main!(benches);
