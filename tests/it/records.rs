//! Records that come one by one from several threads, and what a writer hands on.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use logveil::{Records, RedactWriter, Redactor};
use proptest::prelude::*;

use crate::kit::{line, recorded};
use crate::texts;

fn masked(records: &Records, text: &str) -> String {
    let mut out = Vec::new();
    String::from_utf8(records.redact(text.as_bytes(), &mut out).to_vec()).unwrap()
}

fn begin() -> String {
    ["-----BEGIN RSA PRIVATE", " KEY-----"].concat()
}

fn end() -> String {
    ["-----END RSA PRIVATE", " KEY-----"].concat()
}

const MASK: &str = "[REDACTED:private-key]";

/// A thread that logs what it is sent, and answers with what became of it.
struct Logger {
    lines: Sender<String>,
    masked: Receiver<String>,
}

impl Logger {
    fn of<'s>(records: &'s Records, scope: &'s thread::Scope<'s, '_>) -> Logger {
        let (lines, to_log) = channel::<String>();
        let (answer, masked) = channel();
        scope.spawn(move || to_log.iter().for_each(|text| answer.send(self::masked(records, &text)).unwrap()));
        Logger { lines, masked }
    }

    fn log(&self, text: &str) -> String {
        self.lines.send(text.to_owned()).unwrap();
        self.masked.recv().unwrap()
    }
}

#[test]
fn two_threads_log_a_key_each_line_by_line_at_once() {
    let records = Records::new(&Redactor::builtin());
    let body = line("<<b64 64>>");
    thread::scope(|scope| {
        let (one, other) = (Logger::of(&records, scope), Logger::of(&records, scope));
        for logger in [&one, &other] {
            assert_eq!(logger.log(&begin()), begin());
        }
        for logger in [&one, &other, &one, &other] {
            assert_eq!(logger.log(&body), MASK);
        }
        assert_eq!(one.log(&end()), end());
        // The other's block is still open.
        assert_eq!(other.log(&body), MASK);
        assert_eq!(other.log(&end()), end());
        assert_eq!(other.log(&body), body, "a run of base64 by itself is no secret");
    });
}

#[test]
fn a_line_from_another_thread_stays_unless_it_can_be_the_body() {
    let records = Records::new(&Redactor::builtin());
    let body = line("<<b64 64>>");
    thread::scope(|scope| {
        let (one, other) = (Logger::of(&records, scope), Logger::of(&records, scope));
        one.log(&begin());
        let innocent = "GET /healthz 200 in 3 ms";
        assert_eq!(other.log(innocent), innocent);
        assert_eq!(one.log(&body), MASK, "what another thread logs closes no block");
        assert_eq!(other.log(&body), MASK, "a task that has moved");
    });
}

#[test]
fn what_stands_below_a_name_is_of_the_same_thread() {
    let records = Records::new(&Redactor::builtin());
    thread::scope(|scope| {
        let (one, other) = (Logger::of(&records, scope), Logger::of(&records, scope));
        one.log("<password>");
        assert_eq!(other.log("started"), "started");
        assert_eq!(one.log("hunter2x9"), "[REDACTED:password]");
    });
}

proptest! {
    #![proptest_config(texts::cases(500))]

    /// Whole records are what the lines of one input are.
    #[test]
    fn records_are_lines(text in texts::text(), line_feeds: bool) {
        let redactor = Redactor::builtin();
        prop_assert!(recorded(&redactor, &text, line_feeds) == *redactor.redact(&text));
    }

    /// What is appended is what is answered, behind what was there.
    #[test]
    fn into_memory_at_hand(text in texts::text()) {
        let redactor = Redactor::builtin();
        let (whole, mut out) = (redactor.redact(&text), b"before".to_vec());
        let masked = redactor.redact_into(&text, &mut out);
        let expected = [b"before", &whole[..]].concat();
        prop_assert_eq!(masked, *whole != text[..]);
        let right = out == if masked { expected } else { b"before".to_vec() };
        prop_assert!(right);
    }
}

/// Notes how long each write is.
#[derive(Default)]
struct Lengths(Vec<usize>);

impl Write for Lengths {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// To a socket for datagrams an empty write is an empty datagram.
#[test]
fn a_writer_hands_on_no_empty_write() {
    let mut writer = RedactWriter::new(Lengths::default(), &Redactor::builtin());
    for part in ["one line\n", "", "half a ", "line", "\n"] {
        writer.write_all(part.as_bytes()).unwrap();
        writer.flush().unwrap();
    }
    assert_eq!(writer.finish().unwrap().0, [9, 12]);
}

#[test]
fn a_record_over_the_limit_leaves_its_block_open_within_one_call() {
    let body = line("<<b64 64>>");
    for padding in [1 << 20, 3 << 20] {
        let text = format!("{}{}\n{body}\n{}\n", "x ".repeat(padding / 2), begin(), end());
        let whole = Redactor::builtin().redact(text.as_bytes()).into_owned();
        assert!(!String::from_utf8(whole).unwrap().contains(&body[..20]), "{padding} bytes before the header");
    }
}
