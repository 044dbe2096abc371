//! Messages drawn by hand: what is masked, what stays, what is refused.

use super::mask;
use super::table::{self, Message};
use super::wire::put_varint;
use crate::edge::serve::http::refusal::Refusal;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;

/// A secret that must not leave. Split, so that nobody takes the source for a leak.
pub const SECRET: &str = concat!("hunter2", "Xq9Lw");
pub const LABEL: &str = "[REDACTED:password]";

/// A field with a length.
pub fn len(number: u32, body: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(u64::from(number) << 3 | 2, &mut out);
    put_varint(body.as_ref().len() as u64, &mut out);
    out.extend_from_slice(body.as_ref());
    out
}

pub fn number(field: u32, n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(u64::from(field) << 3, &mut out);
    put_varint(n, &mut out);
    out
}

pub fn text(value: &str) -> Vec<u8> {
    len(1, value)
}

pub fn pair(key: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    [len(1, key), len(2, value)].concat()
}

/// A request of one record.
fn logs(record: &[&[u8]]) -> Vec<u8> {
    len(1, len(2, len(2, record.concat())))
}

fn masked(source: &[u8], message: &'static Message) -> Result<Option<Vec<u8>>, Refusal> {
    let out = mask(source, message, &Redactor::builtin(), &mut Tally::default())?;
    if let Some(out) = &out {
        assert!(!out.windows(SECRET.len()).any(|w| w == SECRET.as_bytes()), "the secret is still there");
        let again = mask(out, message, &Redactor::builtin(), &mut Tally::default())?;
        assert!(again.is_none(), "masking twice changes nothing");
    }
    Ok(out)
}

fn record_becomes(before: &[&[u8]], after: &[&[u8]]) {
    assert_eq!(masked(&logs(before), &table::LOGS).unwrap(), Some(logs(after)));
}

#[test]
fn keys_speak_for_their_values_wherever_they_stand() {
    let (secret, label) = (text(SECRET), text(LABEL));
    record_becomes(&[&len(6, pair("db.password", &secret))], &[&len(6, pair("db.password", &label))]);
    // The value first.
    let turned = |value: &[u8]| len(6, [len(2, value), len(1, "db.password")].concat());
    record_becomes(&[&turned(&secret)], &[&turned(&label)]);
    let line = |secret: &str| len(5, text(&format!("login user=alice password={secret} from 203.0.113.9")));
    record_becomes(&[&line(SECRET)], &[&line(LABEL)]);
    let nested = |value: &[u8]| len(5, len(6, len(1, pair("password", value))));
    record_becomes(&[&nested(&secret)], &[&nested(&label)]);
    // As bytes.
    let bytes = |value: &str| len(6, pair("password", len(7, value)));
    record_becomes(&[&bytes(SECRET)], &[&bytes(LABEL)]);
}

#[test]
fn what_is_given_twice_is_judged_twice() {
    let (secret, label) = (text(SECRET), text(LABEL));
    let two_keys = |value: &[u8]| len(6, [len(1, "password"), len(1, "colour"), len(2, value)].concat());
    record_becomes(&[&two_keys(&secret)], &[&two_keys(&label)]);
    let two_values = |value: &[u8]| len(6, [len(1, "password"), len(2, text("")), len(2, value)].concat());
    let out = masked(&logs(&[&two_values(&secret)]), &table::LOGS).unwrap();
    assert!(out.is_some());
    let oneof = |secret: &str| len(5, [text("x"), text(&format!("password={secret}"))].concat());
    record_becomes(&[&oneof(SECRET)], &[&oneof(LABEL)]);
}

#[test]
fn numbers_become_texts_where_they_are_masked() {
    let card = 4_111_111_111_111_111;
    let out = masked(&logs(&[&len(6, pair("n", number(3, card)))]), &table::LOGS).unwrap();
    let out = out.expect("a card's number is found");
    assert!(String::from_utf8_lossy(&out).contains("[REDACTED:"));
    let kept =
        logs(&[&len(6, pair("ok", number(2, 1))), &len(6, pair("n", number(3, 7))), &[0x39, 1, 2, 3, 4, 5, 6, 7, 8]]);
    assert_eq!(masked(&kept, &table::LOGS), Ok(None));
}

#[test]
fn what_no_table_knows_stays_or_goes() {
    let plain = logs(&[&len(5, text("a")), &len(99, "colour=red"), &number(98, 7), &len(6, len(44, "x"))]);
    assert_eq!(masked(&plain, &table::LOGS), Ok(None));
    let unknown = len(99, format!("password={SECRET}"));
    record_becomes(
        &[&len(5, text("a")), &unknown, &len(6, pair("a", text("b")))],
        &[&len(5, text("a")), &len(6, pair("a", text("b")))],
    );
    let with_secret = len(1, len(2, len(2, unknown)));
    assert_eq!(masked(&with_secret, &table::LOGS), Ok(Some(len(1, len(2, len(2, ""))))));
}

#[test]
fn lengths_grow_and_shrink_all_the_way_up() {
    for pad in [0, 80, 100, 115, 127, 128, 16_300, 16_383, 70_000] {
        let record = |secret: &str| [len(6, pair("password", text(secret))), len(5, text(&"a ".repeat(pad)))].concat();
        let all = |secret: &str| len(1, [len(2, len(2, record(secret))), len(3, "schema")].concat());
        assert_eq!(masked(&all(SECRET), &table::LOGS), Ok(Some(all(LABEL))), "{pad}");
    }
    // A length that is written longer than need be.
    let long = [&[0x0A, 0x86, 0x80, 0x00][..], &len(3, "abcd")].concat();
    assert_eq!(masked(&long, &table::LOGS), Ok(None));
}

#[test]
fn a_long_text_is_judged_by_itself() {
    let long =
        |secret: &str| len(5, text(&format!("{}password={secret} {}", "word ".repeat(20_000), "word ".repeat(9))));
    record_becomes(&[&long(SECRET)], &[&long(LABEL)]);
    let whole = len(6, pair("password", text(&"Xq9LwTr4".repeat(10_000))));
    let out = masked(&logs(&[&whole]), &table::LOGS).unwrap();
    assert!(out.is_some_and(|out| out.len() < 200));
}

#[test]
fn every_text_of_every_signal_is_judged() {
    let line = |secret: &str| format!("password={secret}");
    let attribute = |secret: &str| pair("password", text(secret));
    let span = |s: &str| {
        let event = [len(2, line(s)), len(3, attribute(s))].concat();
        let link = [len(1, [7; 16]), len(4, attribute(s))].concat();
        [
            len(1, [9; 16]),
            len(5, line(s)),
            len(9, attribute(s)),
            len(11, event),
            len(13, link),
            len(15, len(2, line(s))),
        ]
        .concat()
    };
    let traces = |s: &str| {
        len(
            1,
            [len(1, len(1, attribute(s))), len(2, [len(1, len(3, attribute(s))), len(2, span(s))].concat())].concat(),
        )
    };
    assert_eq!(masked(&traces(SECRET), &table::TRACES), Ok(Some(traces(LABEL))));
    let exemplar = |s: &str| [len(4, [1; 8]), len(7, attribute(s))].concat();
    let point = |s: &str| [len(7, attribute(s)), len(5, exemplar(s))].concat();
    let buckets = [len(6, [0; 24]), len(7, [1; 16])].concat();
    let histogram = |s: &str| [buckets.clone(), len(9, attribute(s)), len(8, exemplar(s))].concat();
    let metric = |s: &str| {
        [len(1, line(s)), len(2, line(s)), len(3, "By"), len(7, len(1, point(s))), len(9, len(1, histogram(s)))]
            .concat()
    };
    let metrics = |s: &str| len(1, len(2, len(2, metric(s))));
    assert_eq!(masked(&metrics(SECRET), &table::METRICS), Ok(Some(metrics(LABEL))));
    let label = |s: &str| [len(1, "password"), len(2, s)].concat();
    let entry = |s: &str| [len(1, number(1, 5)), len(2, line(s)), len(3, label(s))].concat();
    let push = |s: &str| len(1, [len(1, "{app=\"x\"}"), len(2, entry(s)), len(2, entry(s)), number(3, 4)].concat());
    assert_eq!(masked(&push(SECRET), &table::PUSH), Ok(Some(push(LABEL))));
}

#[test]
fn a_key_block_may_span_records() {
    let records = ["-----BEGIN", "PRIVATE KEY-----"].join(" ");
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
    let all = [len(2, len(5, text(&records))), len(2, len(5, text(body)))].concat();
    let out = masked(&len(1, len(2, all)), &table::LOGS).unwrap().unwrap();
    assert!(!out.windows(body.len()).any(|w| w == body.as_bytes()));
}

#[test]
fn what_is_no_message_is_refused() {
    let mut deep = text("x");
    for _ in 0..110 {
        deep = len(5, len(1, deep));
    }
    for bad in [
        logs(&[&[0x0B]]),
        logs(&[&[0x2A, 9, 1]]),
        logs(&[&len(5, [0x0A, 5])]),
        logs(&[&len(5, deep)]),
        vec![0],
        vec![0x0A],
    ] {
        assert!(matches!(masked(&bad, &table::LOGS), Err(Refusal::Malformed(_))), "{bad:?}");
    }
    assert_eq!(masked(&[], &table::LOGS), Ok(None));
}

#[test]
fn what_takes_much_more_than_it_says_is_refused() {
    // A value under many keys, many of them within each other, and fields without a content.
    let product = len(6, [len(1, "").repeat(3_000), len(2, "").repeat(3_000)].concat());
    let mut doubled = text("x");
    for _ in 0..60 {
        let pair = [len(1, "a"), len(1, "b"), len(2, &doubled)].concat();
        doubled = len(6, len(1, pair));
    }
    let empty = [len(5, text(&format!("password={SECRET}"))), len(3, "").repeat(100_000)].concat();
    let records = len(1, len(2, len(2, "").repeat(100_000)));
    for bad in [logs(&[&product]), logs(&[&len(5, doubled)]), logs(&[&empty]), records] {
        assert!(matches!(masked(&bad, &table::LOGS), Err(Refusal::Malformed(_))), "{} bytes", bad.len());
    }
    // What senders write is far from it, also where their keys and values are letters.
    let small = |secret: &str| {
        let attributes = len(6, pair("a", text("b"))).repeat(2_000);
        [len(5, text(&format!("password={secret}"))), attributes].concat()
    };
    assert_eq!(masked(&logs(&[&small(SECRET)]), &table::LOGS), Ok(Some(logs(&[&small(LABEL)]))));
    let controls = len(5, text(&"\u{1}".repeat(60_000)));
    assert_eq!(masked(&logs(&[&controls]), &table::LOGS), Ok(None));
}
