//! Records in, clean records out: each framing, whole and cut.

use std::io::Write;
use std::net::Shutdown;
use std::path::Path;

use logveil::Redactor;

use crate::kit::{Collector, SECRET, Sidecar, clean, line};
use crate::texts;

/// One TCP listener and one collector, with more settings of each.
pub fn between(collector: &Collector, listen: &str, upstream: &str) -> Sidecar {
    Sidecar::start(&format!(
        "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n{listen}\n[[upstream]]\nname = \"out\"\naddress = \"tcp://{}\"\n{upstream}\n",
        collector.address
    ))
}

fn octet(text: &str) -> String {
    format!("{} {text}", text.len())
}

#[test]
fn lines_leave_masked_and_in_order() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let mut tcp = sidecar.connect(0);
    let mut expected = String::new();
    for n in 0..5000 {
        let (raw, masked) = line(n);
        writeln!(tcp, "{raw}").unwrap();
        expected += &masked;
        expected.push('\n');
    }
    // Half-closed: what was sent still leaves, the unfinished last record too.
    write!(tcp, "last password={SECRET}").unwrap();
    expected += "last password=[REDACTED:password]\n";
    tcp.shutdown(Shutdown::Write).unwrap();
    collector.text.wait_is(expected.as_bytes());
    assert_eq!(sidecar.number("logveil_findings_total{listener=\"in\",rule=\"password\"}"), 5001.0);
    assert_eq!(sidecar.number("logveil_records_total{listener=\"in\"}"), 5001.0);
    let (code, log) = sidecar.end();
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("everything received was written"), "{log}");
}

#[test]
fn counted_records_get_right_counts_again() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let (raw, masked) = line(1);
    // A record of several lines is one record; RFC 5424 headers stay.
    let many = format!("<34>1 2026-10-11T22:14:15.003Z host su - ID47 - one\npassword={SECRET}\nthree");
    let many_masked = many.replace(SECRET, "[REDACTED:password]");
    let mut tcp = sidecar.connect(0);
    write!(tcp, "{}{}{}", octet(&raw), octet(&many), octet("<34>1 - - - - - - plain")).unwrap();
    let expected = [octet(&masked), octet(&many_masked), octet("<34>1 - - - - - - plain")].concat();
    collector.text.wait_is(expected.as_bytes());
}

#[test]
fn nul_ends_records() {
    let collector = Collector::start();
    let sidecar = between(&collector, "framing = \"nul\"", "");
    let mut tcp = sidecar.connect(0);
    write!(tcp, "one\ntwo password={SECRET}\0three\0").unwrap();
    collector.text.wait_is(b"one\ntwo password=[REDACTED:password]\0three\0");
}

#[test]
fn another_framing_makes_counts_of_lines() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "framing = \"octet\"");
    let (raw, masked) = line(7);
    sidecar.connect(0).write_all(format!("{raw}\n{raw}\n").as_bytes()).unwrap();
    collector.text.wait_is(octet(&masked).repeat(2).as_bytes());
}

/// A stream that is read at every possible cut, each certain to be one: the next part is sent when
/// the part before it was counted as received.
#[test]
fn a_frame_may_be_cut_anywhere() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let frames = octet(&format!("<13>a password={SECRET} b")) + &octet("<13>x");
    let expected = octet("<13>a password=[REDACTED:password] b") + &octet("<13>x");
    for cut in 1..frames.len() {
        let mut tcp = sidecar.connect(0);
        let before = collector.text.get().len();
        tcp.write_all(&frames.as_bytes()[..cut]).unwrap();
        // A body's bytes are counted as they come; those of a count are not.
        sidecar.wait_number("logveil_connections{listener=\"in\"}", |n| n >= 1.0);
        tcp.write_all(&frames.as_bytes()[cut..]).unwrap();
        drop(tcp);
        let all = collector.text.wait("the frames", |text| text.len() >= before + expected.len());
        assert_eq!(String::from_utf8_lossy(&all[before..]), expected, "cut at {cut}");
    }
}

/// Connections that end at every byte of a frame: what came of it leaves, rightly counted, without
/// the secret.
#[test]
fn a_connection_may_end_anywhere() {
    let collector = Collector::start();
    let sidecar = between(&collector, "framing = \"octet\"", "");
    let frame = octet(&format!("password={SECRET}"));
    let head = frame.len() - frame.split_once(' ').unwrap().1.len();
    for cut in head + 1..frame.len() {
        let before = collector.text.get().len();
        sidecar.connect(0).write_all(&frame.as_bytes()[..cut]).unwrap();
        let masked = Redactor::builtin().redact_str(&frame[head..cut]).into_owned();
        let expected = octet(&masked);
        let all = collector.text.wait("the rest", |text| text.len() >= before + expected.len());
        assert_eq!(String::from_utf8_lossy(&all[before..]), expected, "cut at {cut}");
    }
}

#[test]
fn a_record_over_the_limit_leaves_as_several() {
    let collector = Collector::start();
    let octet_only = between(&collector, "framing = \"octet\"", "[limits]\nrecord-bytes = 1000");
    let body = format!("{} password={SECRET} {}", "a".repeat(1990), "b".repeat(500));
    let masked = body.replace(SECRET, "[REDACTED:password]");
    let mut tcp = octet_only.connect(0);
    write!(tcp, "{}{}", octet(&body), octet("next")).unwrap();
    let parts = [&masked[..1000], &masked[1000..2000], &masked[2000..], "next"];
    collector.text.wait_is(parts.map(octet).concat().as_bytes());
    assert_eq!(octet_only.end().0, 0);
    let sidecar = between(&collector, "", "[limits]\nrecord-bytes = 1000");
    let mut tcp = sidecar.connect(0);
    write!(tcp, "<{body}\nnext\n").unwrap();
    let masked = format!("<{masked}");
    let lines = format!("{}\n{}\n{}\nnext\n", &masked[..1000], &masked[1000..2000], &masked[2000..]);
    collector.text.wait_is((parts.map(octet).concat() + &lines).as_bytes());
    assert_eq!(sidecar.number("logveil_records_over_limit_total{listener=\"in\"}"), 1.0);
}

/// Many connections at once: each one's records in order, none torn by another's.
#[test]
fn connections_do_not_mix() {
    const CONNECTIONS: usize = 40;
    const RECORDS: usize = 300;
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|c| {
            let mut tcp = sidecar.connect(0);
            std::thread::spawn(move || {
                for n in 0..RECORDS {
                    let record = format!("<13>c={c} n={n} password={SECRET} {}\n", "x".repeat(n % 700));
                    // In two pieces, so that records are open while others' come.
                    let (a, b) = record.split_at(record.len() / 2);
                    tcp.write_all(a.as_bytes()).unwrap();
                    tcp.write_all(b.as_bytes()).unwrap();
                }
            })
        })
        .collect();
    senders.into_iter().for_each(|s| s.join().unwrap());
    let count = |text: &[u8]| text.iter().filter(|b| **b == b'\n').count();
    let text = collector.text.wait("all records", |text| count(text) == CONNECTIONS * RECORDS);
    clean(&text);
    let mut next = [0; CONNECTIONS];
    for record in String::from_utf8(text).unwrap().lines() {
        let c: usize = record[6..].split(' ').next().unwrap().parse().unwrap();
        let n = next[c];
        assert_eq!(record, format!("<13>c={c} n={n} password=[REDACTED:password] {}", "x".repeat(n % 700)));
        next[c] += 1;
    }
}

/// What the tests of the pipe look for, through a socket: all at once, in pieces, byte by byte.
#[test]
fn the_vectors_of_the_pipe_go_through_a_socket() {
    let mut lines = Vec::new();
    for name in ["acceptance", "notations", "places", "stays"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/vectors/{name}.toml"));
        let file: toml::Table = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for group in file["group"].as_array().unwrap() {
            if group.get("raw").is_none() {
                lines.extend(group["lines"].as_array().unwrap().iter().map(|l| input(l.as_str().unwrap())));
            }
        }
    }
    assert!(lines.len() > 100);
    let text: String = lines.iter().map(|l| format!("<13>{l}\n")).collect();
    let expected = Redactor::builtin().redact(text.as_bytes()).into_owned();
    assert!(expected != text.as_bytes());
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let mut all = Vec::new();
    for step in [text.len(), 61, 1] {
        let mut tcp = sidecar.connect(0);
        tcp.set_nodelay(true).unwrap();
        text.as_bytes().chunks(step).for_each(|part| tcp.write_all(part).unwrap());
        drop(tcp);
        all.extend_from_slice(&expected);
        collector.text.wait_is(&all);
    }
}

/// The side of a vector that goes in.
fn input(marked: &str) -> String {
    let text = texts::line(marked);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('\u{27e6}') {
        let (mark, tail) = after.split_once('\u{27e7}').unwrap();
        out += before;
        out += mark.split_once('|').unwrap().1;
        rest = tail;
    }
    out + rest
}

/// Lines that begin with a number are lines, whatever it would count, and leave at once.
#[test]
fn a_line_that_begins_with_a_number_is_no_frame() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let mut expected = String::new();
    for head in ["12 errors in", "1700000000", "9 <13>", "1700000000 <13>", "1700000000 {\"a\": 1}"] {
        let mut tcp = sidecar.connect(0);
        writeln!(tcp, "{head} password={SECRET} x").unwrap();
        expected += &format!("{head} password=[REDACTED:password] x\n");
        // The connection stays open: nothing of it waits for an end.
        collector.text.wait_is(expected.as_bytes());
    }
}

/// A counted frame that nothing follows leaves before another one comes.
#[test]
fn a_frame_by_itself_leaves() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let (raw, masked) = line(1);
    let mut tcp = sidecar.connect(0);
    write!(tcp, "{}", octet(&raw)).unwrap();
    collector.text.wait_is(octet(&masked).as_bytes());
    write!(tcp, "{}", octet(&raw)).unwrap();
    collector.text.wait_is(octet(&masked).repeat(2).as_bytes());
}

/// Python's SysLogHandler ends records by NUL, its tracebacks have line feeds of their own.
#[test]
fn nul_and_line_feed_end_records_whatever_they_begin_with() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "framing = \"newline\"");
    let mut tcp = sidecar.connect(0);
    write!(tcp, "<14>one password={SECRET}\0<14>two\nof it\0plain\n").unwrap();
    collector.text.wait_is(b"<14>one password=[REDACTED:password]\n<14>two\nof it\nplain\n");
}

/// A sender that writes no end at all.
#[test]
fn a_record_without_an_end_leaves_after_flush_after() {
    let collector = Collector::start();
    let sidecar = between(&collector, "flush-after = 0.2", "");
    let mut tcp = sidecar.connect(0);
    for n in 1..4 {
        let (raw, masked) = line(7);
        write!(tcp, "{raw}").unwrap();
        collector.text.wait_is(format!("{masked}\n").repeat(n).as_bytes());
    }
    assert_eq!(sidecar.number("logveil_records_total{listener=\"in\"}"), 3.0);
}

/// Key blocks of two programs whose records take turns on one connection, as a relay sends them.
#[test]
fn blocks_of_two_programs_in_turns_are_masked() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let begin = ["-----BEGIN ", "PRIVATE KEY-----"].concat();
    let mut tcp = sidecar.connect(0);
    let mut records = 0;
    for n in 0..6 {
        for (app, text) in [("tls[7]", "MIIbone"), ("ssh[8]", "MIIbtwo"), ("web[9]", "took 12 ms,")] {
            let body =
                if app == "web[9]" { format!("{text} all is well") } else { format!("{text}x{n}{}", "aQ9z".repeat(9)) };
            let text = if n == 0 && app != "web[9]" { &begin } else { &body };
            writeln!(tcp, "<13>Oct 11 22:14:15 host {app}: {text}").unwrap();
            records += 1;
        }
    }
    let count = |text: &[u8]| text.iter().filter(|b| **b == b'\n').count();
    let text = collector.text.wait("all of it", |text| count(text) >= records);
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains("MIIb"), "{text}");
    assert_eq!(text.matches("took 12 ms, all is well").count(), 6, "{text}");
    assert_eq!(sidecar.end().0, 0);
}
