//! `log`.

use std::io::Write;

use log::kv::{self, Key, VisitSource};
use log::{Level, Log, Metadata, Record};
use logveil::Redactor;
use logveil::adapters::log::RedactLog;

use crate::{Sink, two_threads_log_a_key, vectors};

/// A logger that writes the message and the key-values.
struct Plain(Sink);

impl Log for Plain {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Info
    }

    fn log(&self, record: &Record<'_>) {
        struct Pairs<'a>(&'a mut String);
        impl<'kvs> VisitSource<'kvs> for Pairs<'_> {
            fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
                self.0.push_str(&format!(" {key}={value}"));
                Ok(())
            }
        }
        let mut line = record.args().to_string();
        record.key_values().visit(&mut Pairs(&mut line)).unwrap();
        self.0.clone().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn flush(&self) {}
}

fn logger(sink: &Sink) -> RedactLog<Plain> {
    RedactLog::new(&Redactor::builtin(), Plain(sink.clone()))
}

fn info(logger: &impl Log, line: &str) {
    logger.log(&Record::builder().level(Level::Info).args(format_args!("{line}")).build());
}

#[test]
fn every_vector() {
    let sink = Sink::default();
    let logger = logger(&sink);
    for (input, output) in vectors() {
        info(&logger, &input);
        assert_eq!(String::from_utf8(sink.take()).unwrap(), format!("{output}\n"));
    }
}

#[test]
fn a_key_line_by_line_on_two_threads() {
    let sink = Sink::default();
    let logger = logger(&sink);
    two_threads_log_a_key(|line| info(&logger, line), || sink.take());
}

#[test]
fn key_values_are_judged_by_their_key() {
    let sink = Sink::default();
    let card = 4_111_111_111_111_111_u64;
    let pairs = [
        ("password", kv::Value::from("hunter2")),
        ("user", kv::Value::from("alice")),
        ("tries", kv::Value::from(3)),
        ("card", kv::Value::from(card)),
        ("ratio", kv::Value::from(0.1)),
        ("note", kv::Value::from("quoted \"x\" and token=kR93mTq7Lw0XvZ2b8Ns4")),
    ];
    let record = Record::builder().level(Level::Info).args(format_args!("login")).key_values(&pairs).build();
    logger(&sink).log(&record);
    assert_eq!(
        String::from_utf8(sink.take()).unwrap(),
        "login password=[REDACTED:password] user=alice tries=3 card=[REDACTED:card-number] ratio=0.1 \
         note=quoted \"x\" and token=[REDACTED:access-token]\n"
    );
}

#[test]
fn what_is_off_is_not_formatted() {
    struct Never;
    impl std::fmt::Display for Never {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("formatted")
        }
    }
    let sink = Sink::default();
    logger(&sink).log(&Record::builder().level(Level::Trace).args(format_args!("{Never}")).build());
    assert!(sink.take().is_empty());
}
