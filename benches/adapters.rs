//! What an adapter costs beside the same logger without it: `cargo bench --bench adapters --no-default-features
//! --features adapters`.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::sync::Mutex;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use log::Log;
use logveil::adapters::log::RedactLog;
use logveil::adapters::tracing::RedactMakeWriter;
use logveil::{RedactWriter, Redactor};
use tracing::Dispatch;
use tracing_subscriber::fmt::MakeWriter;

/// Events of one round, and rounds of which the fastest counts.
const EVENTS: u64 = 100_000;
const ROUNDS: usize = 9;

/// Where events go: nowhere at all, which shows the most an adapter can cost, or to `/dev/null` as to any file, with a call
/// of the system for each.
#[derive(Clone, Copy)]
enum Sink {
    Dropped,
    File(&'static File),
}

impl Sink {
    const DROPPED: (&'static str, Sink) = ("dropped", Sink::Dropped);

    fn file() -> (&'static str, Sink) {
        let file = File::options().append(true).open("/dev/null").expect("/dev/null");
        ("to /dev/null", Sink::File(Box::leak(Box::new(file))))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Dropped => {
                black_box(bytes);
                Ok(bytes.len())
            }
            Sink::File(file) => file.write(bytes),
        }
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

fn env(to: impl Write + Send + 'static) -> env_logger::Logger {
    let to = env_logger::Target::Pipe(Box::new(to));
    env_logger::Builder::new().filter_level(log::LevelFilter::Info).target(to).build()
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
    let redactor = Redactor::builtin();
    let loggers: [Box<dyn Log>; 2] =
        [Box::new(env(RedactWriter::new(Seen, &redactor))), Box::new(RedactLog::new(&redactor, env(Seen)))];
    for logger in loggers {
        line(&*logger, true, 1);
        let seen = String::from_utf8(std::mem::take(&mut *SEEN.lock().unwrap())).unwrap();
        assert!(seen.contains("[REDACTED:password]") && !seen.contains("hunter2"), "{seen}");
    }
}

/// What one event takes, in nanoseconds: `THREADS` log at once.
fn each<const THREADS: usize>(log: &(impl Fn(u64) + Sync)) -> f64 {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..EVENTS).for_each(log));
        }
    });
    began.elapsed().as_nanos() as f64 / EVENTS as f64 / THREADS as f64
}

/// The fastest of some rounds for each, taken in turns.
fn best<const N: usize>(all: [&dyn Fn() -> f64; N]) -> [f64; N] {
    (0..ROUNDS).fold([f64::MAX; N], |best, _| {
        let mut now = all.iter().map(|one| one());
        best.map(|best| best.min(now.next().unwrap_or(best)))
    })
}

fn said(name: &str, [plain, masked]: [f64; 2]) {
    println!("{name}: {plain:.0} ns plain, {masked:.0} ns masked, {:.2}", masked / plain);
}

/// Ratios to the same logger without an adapter, taken in one run.
fn ratios((place, sink): (&str, Sink)) {
    let redactor = Redactor::builtin();
    let through = |logger: &Dispatch, secret| {
        let log = |n| tracing::dispatcher::with_default(logger, || event(secret, n));
        each::<1>(&log)
    };
    for (format, json) in [("text", false), ("json", true)] {
        let plain = to(move || sink, json);
        let maker = to(RedactMakeWriter::new(&redactor, move || sink), json);
        let locked = to(Mutex::new(RedactWriter::new(sink, &redactor)), json);
        for (what, secret) in [("clean", false), ("a secret", true)] {
            for (name, logger) in [("RedactMakeWriter", &maker), ("Mutex<RedactWriter>", &locked)] {
                let ratio = best([&|| through(&plain, secret), &|| through(logger, secret)]);
                said(&format!("tracing {format}, {what}, {place}, {name}"), ratio);
            }
        }
        let at_once =
            |logger: &Dispatch| each::<2>(&|n| tracing::dispatcher::with_default(logger, || event(false, n))) * 2.0;
        let [one, two] = best([&|| through(&maker, false), &|| at_once(&maker)]);
        let [plain_one, plain_two] = best([&|| through(&plain, false), &|| at_once(&plain)]);
        println!(
            "tracing {format}, clean, {place}, two threads beside one: {:.2} masked, {:.2} plain",
            two / one,
            plain_two / plain_one
        );
    }
    let loggers: [(&str, Box<dyn Log>); 2] = [
        ("RedactWriter", Box::new(env(RedactWriter::new(sink, &redactor)))),
        ("RedactLog", Box::new(RedactLog::new(&redactor, env(sink)))),
    ];
    let plain = env(sink);
    for (what, secret) in [("clean", false), ("a secret", true)] {
        for (name, logger) in &loggers {
            let ratio =
                best([&|| each::<1>(&|n| line(&plain, secret, n)), &|| each::<1>(&|n| line(&**logger, secret, n))]);
            said(&format!("env_logger, {what}, {place}, {name}"), ratio);
        }
    }
}

fn line(logger: &dyn Log, secret: bool, n: u64) {
    let mut record = log::Record::builder();
    let record = record.level(log::Level::Info).target("orders").module_path(Some("orders"));
    match secret {
        false => logger.log(&record.args(format_args!("answered {n} for alice: /api/v1/orders took 12 ms")).build()),
        true => logger.log(&record.args(format_args!("answered {n} for alice: password=hunter2 took 12 ms")).build()),
    }
}

fn tracing_events(c: &mut Criterion) {
    assert_masked();
    if std::env::args().any(|argument| argument == "--bench") {
        ratios(Sink::DROPPED);
        ratios(Sink::file());
    }
    let (redactor, (_, sink)) = (Redactor::builtin(), Sink::DROPPED);
    for (format, json) in [("text", false), ("json", true)] {
        for (what, secret) in [("clean", false), ("a secret", true)] {
            let mut group = c.benchmark_group(format!("tracing {format}, {what}"));
            let loggers = [
                ("plain", to(move || sink, json)),
                ("RedactMakeWriter", to(RedactMakeWriter::new(&redactor, move || sink), json)),
                ("Mutex<RedactWriter>", to(Mutex::new(RedactWriter::new(sink, &redactor)), json)),
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
