//! `tracing`.

use std::fmt;
use std::io::{self, Write};

use logveil::Redactor;
use logveil::adapters::tracing::{RedactMakeWriter, WithoutFields};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use crate::{Sink, two_threads_log_a_key, vectors};

/// Nothing but the message.
struct MessageOnly;

impl<S: Subscriber + for<'a> LookupSpan<'a>, N: for<'a> FormatFields<'a> + 'static> FormatEvent<S, N> for MessageOnly {
    fn format_event(&self, cx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        cx.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

fn subscriber(sink: &Sink) -> impl Subscriber + Send + Sync {
    let sink = sink.clone();
    let writer = RedactMakeWriter::new(&Redactor::builtin(), move || sink.clone());
    tracing_subscriber::fmt().with_ansi(false).event_format(MessageOnly).with_writer(writer).finish()
}

#[test]
fn every_vector() {
    let sink = Sink::default();
    tracing::subscriber::with_default(subscriber(&sink), || {
        for (input, output) in vectors().into_iter().filter(|(input, _)| !input.chars().any(char::is_control)) {
            tracing::info!("{input}");
            assert_eq!(String::from_utf8(sink.take()).unwrap(), format!("{output}\n"));
        }
    });
}

#[test]
fn a_key_line_by_line_on_two_threads() {
    let sink = Sink::default();
    let subscriber = tracing::Dispatch::new(subscriber(&sink));
    let log = |line: &str| tracing::dispatcher::with_default(&subscriber, || tracing::info!("{line}"));
    two_threads_log_a_key(log, || sink.take());
}

#[test]
fn formats_spans_and_colours() {
    let sink = Sink::default();
    let log = |subscriber: tracing::Dispatch| {
        tracing::dispatcher::with_default(&subscriber, || {
            let span = tracing::info_span!("login", api_key = "kR93mTq7Lw0XvZ2b8Ns4");
            span.in_scope(|| tracing::info!(password = "hunter2", user = "alice", "accepted"));
        });
        String::from_utf8(sink.take()).unwrap()
    };
    let writer = || {
        let sink = sink.clone();
        RedactMakeWriter::new(&Redactor::builtin(), move || sink.clone())
    };
    let text = || tracing_subscriber::fmt().with_writer(writer());
    for subscriber in [
        tracing::Dispatch::new(text().finish()),
        tracing::Dispatch::new(text().with_ansi(true).pretty().finish()),
        tracing::Dispatch::new(text().with_ansi(true).compact().finish()),
        tracing::Dispatch::new(text().json().finish()),
    ] {
        let written = log(subscriber);
        assert!(!written.contains("hunter2") && !written.contains("kR93mTq7"), "{written}");
        assert!(written.contains("alice") && written.contains("accepted"), "{written}");
    }
}

#[test]
fn fields_that_nobody_may_see() {
    let sink = Sink::default();
    let to = sink.clone();
    let fields = WithoutFields::new(["diagnosis", "age"]);
    // No time in front: its digits are as often as not a value's (`.824841Z` is no age of 41).
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .fmt_fields(fields)
        .with_ansi(false)
        .with_writer(move || to.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("visit", diagnosis = "flu");
        span.in_scope(|| tracing::info!(age = 41, diagnosis = ?"cold", ward = "B", "seen"));
    });
    let written = String::from_utf8(sink.take()).unwrap();
    assert!(!["flu", "cold", "41"].iter().any(|value| written.contains(value)), "{written}");
    assert!(written.contains("diagnosis=[REDACTED:field]") && written.contains("ward=\"B\""), "{written}");
}

/// Whoever writes an event in pieces has no half secret slip through.
#[test]
fn an_event_in_pieces() {
    let sink = Sink::default();
    let to = sink.clone();
    let writer = RedactMakeWriter::new(&Redactor::builtin(), move || to.clone());
    let mut event = writer.make_writer();
    for piece in ["login pass", "word=hun", "ter2"] {
        event.write_all(piece.as_bytes()).unwrap();
        event.flush().unwrap();
    }
    drop(event);
    assert_eq!(sink.take(), b"login password=[REDACTED:password]");
}

/// A sink that panics or fails takes no later event along.
#[test]
fn a_sink_that_panics() {
    struct Panics(Sink, bool);
    impl Write for Panics {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            assert!(!self.1, "on purpose");
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (sink, panics) = (Sink::default(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true)));
    let (to, now) = (sink.clone(), panics.clone());
    let writer = RedactMakeWriter::new(&Redactor::builtin(), move || {
        Panics(to.clone(), now.load(std::sync::atomic::Ordering::Relaxed))
    });
    let log = || writer.make_writer().write_all(b"password=hunter2\n");
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(log)).is_err());
    panics.store(false, std::sync::atomic::Ordering::Relaxed);
    log().unwrap();
    assert_eq!(sink.take(), b"password=[REDACTED:password]\n");
}
