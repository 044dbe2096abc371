//! Messages, one by one: what each becomes, or why it is refused. Another hand writes and reads them.

use std::io::{Read, Write};

use rmpv::Value;

use super::Refusal;
use super::incoming::Incoming;
use super::mask::Masker;
use super::relay::{Outgoing, relay};
use crate::engine::redactor::Redactor;

pub const LIMIT: usize = 4 << 20;
/// In parts, so that nobody takes the source for a leak.
pub const SECRET: &str = concat!("hunter2", "Xq9Lw");
pub const LABEL: &str = "[REDACTED:password]";
const UNJUDGED: &str = "[REDACTED:unjudged]";
pub const CHUNK: &str = "p8n9gmxTQVC8/nh2wlKKeQ==";

pub fn pack(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    rmpv::encode::write_value(&mut out, value).unwrap();
    out
}

fn unpack(mut bytes: &[u8]) -> Value {
    let value = rmpv::decode::read_value(&mut bytes).unwrap();
    assert!(bytes.is_empty(), "something stands behind the value");
    value
}

pub fn relayed(value: &[u8], own: Option<&str>) -> Result<Option<Outgoing>, Refusal> {
    relay(value, &mut Masker::new(&Redactor::builtin()), LIMIT, own)
}

pub fn masked(value: &Value) -> Value {
    let mut out = Vec::new();
    let bytes = pack(value);
    let changed = Masker::new(&Redactor::builtin()).value(&bytes, &mut out).unwrap();
    assert_eq!(changed, out != bytes);
    unpack(&out)
}

pub fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(pairs.iter().map(|(k, v)| ((*k).into(), v.clone())).collect())
}

pub fn list(values: &[Value]) -> Value {
    Value::Array(values.to_vec())
}

/// A record with this secret in all kinds of places, and this card.
fn record(secret: &str, card: Value) -> Value {
    map(&[
        ("user", "alice".into()),
        ("password", secret.into()),
        ("nested", map(&[("dbPassword", secret.into()), ("list", list(&[7.into(), map(&[("pwd", secret.into())])]))])),
        ("DB_PASSWORD", Value::Binary(secret.as_bytes().to_vec())),
        ("line", format!("login password={secret} from 203.0.113.9").into()),
        ("json", format!("{{\"password\":\"{secret}\"}}").into()),
        ("card", card),
        ("other", Value::Ext(17, vec![1, 2, 3])),
        ("none", Value::Nil),
    ])
}

fn raw() -> Value {
    record(SECRET, 4_111_111_111_111_111_u64.into())
}

fn clean() -> Value {
    record(LABEL, "[REDACTED:card-number]".into())
}

pub fn time() -> Value {
    Value::Ext(0, vec![0x65, 0, 0, 1, 0, 0, 0, 9])
}

/// Two entries, one with metadata.
fn entries(record: &Value) -> Vec<Value> {
    let metadata = list(&[time(), map(&[("password", record["password"].clone())])]);
    vec![list(&[time(), record.clone()]), list(&[metadata, record.clone()])]
}

fn stream(record: &Value) -> Vec<u8> {
    entries(record).iter().flat_map(pack).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    to.write_all(bytes).unwrap();
    to.finish().unwrap()
}

pub fn options(size: u64, more: &[(&str, Value)]) -> Value {
    map(&[&[("size", size.into())], more, &[("chunk", CHUNK.into()), ("x", 1.into())]].concat())
}

#[test]
fn each_mode_leaves_as_it_came_without_its_secrets() {
    let tag = || Value::from("app.x");
    let message = |record: Value| list(&[tag(), 1_441_588_984.into(), record, options(1, &[])]);
    let forward = |record: Value, n| list(&[tag(), list(&entries(&record)), options(n, &[])]);
    let packed = |record: Value, n| list(&[tag(), Value::Binary(stream(&record)), options(n, &[])]);
    // A wrong number of events is set right.
    let cases = [
        (message(raw()), message(clean())),
        (forward(raw(), 9), forward(clean(), 2)),
        (packed(raw(), 9), packed(clean(), 2)),
    ];
    for (came, leaves) in cases {
        let out = relayed(&pack(&came), Some("ours")).unwrap().unwrap();
        assert_eq!(unpack(&out.bytes), leaves);
        assert_eq!(out.chunk.unwrap(), CHUNK.as_bytes());
        assert_eq!(unpack(&out.ack.unwrap()), map(&[("ack", CHUNK.into())]));
    }
}

/// Entries may be in a text too; a stream of bytes is no UTF-8, so rmpv cannot write it.
#[test]
fn entries_in_a_text_stay_in_a_text() {
    let message = |record: &Value| {
        let stream = stream(record);
        let mut bytes = vec![0x92, 0xA1, b't', 0xDA];
        bytes.extend_from_slice(&(stream.len() as u16).to_be_bytes());
        [bytes, stream].concat()
    };
    let out = relayed(&message(&raw()), None).unwrap().unwrap();
    assert_eq!((out.bytes, out.events, out.chunk.is_none(), out.ack.is_none()), (message(&clean()), 2, true, true));
}

#[test]
fn what_is_compressed_is_looked_into() {
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
    let gunzip = |bytes: &[u8]| {
        let mut out = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).unwrap();
        out
    };
    // Members one behind the other are one stream.
    let members = entries(&raw()).iter().flat_map(|e| gzip(&pack(e))).collect::<Vec<u8>>();
    let cases = [("gzip", members), ("zstd", zstd(&stream(&raw())))];
    for (name, bytes) in cases {
        let option = options(2, &[("compressed", name.into())]);
        let came = list(&["t".into(), Value::Binary(bytes), option.clone()]);
        let out = relayed(&pack(&came), None).unwrap().unwrap();
        let leaves = unpack(&out.bytes);
        let body = leaves[1].as_slice().unwrap();
        let body = if name == "gzip" { gunzip(body) } else { zstd::decode_all(body).unwrap() };
        assert_eq!((body, &leaves[2], out.events), (stream(&clean()), &option, 2));
        // Without a secret not a byte changes.
        let came = list(&["t".into(), leaves[1].clone(), option]);
        assert_eq!(relayed(&pack(&came), None).unwrap().unwrap().bytes, pack(&came));
    }
}

/// What stands beside entries in what is compressed is neither entry nor judged, so that it goes.
#[test]
fn what_is_compressed_leaves_without_comments() {
    let mut to = flate2::GzBuilder::new().comment(SECRET).write(Vec::new(), flate2::Compression::best());
    to.write_all(&stream(&clean())).unwrap();
    let named = [gzip(&stream(&clean())), to.finish().unwrap()].concat();
    let skipped = [&[0x53, 0x2A, 0x4D, 0x18, SECRET.len() as u8, 0, 0, 0][..], SECRET.as_bytes()].concat();
    let skipped = [zstd::encode_all(&stream(&clean())[..], 3).unwrap(), skipped].concat();
    for (name, bytes) in [("gzip", named), ("zstd", skipped)] {
        let option = map(&[("compressed", name.into())]);
        let out = relayed(&pack(&list(&["t".into(), Value::Binary(bytes), option])), None).unwrap().unwrap();
        assert!(!out.bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes()), "{name}");
    }
}

#[test]
fn what_inflates_beyond_bounds_is_refused() {
    let message = |name: &str, bytes: Vec<u8>| {
        pack(&list(&["t".into(), Value::Binary(bytes), map(&[("compressed", name.into())])]))
    };
    // One entry of zeros: by ratio, then by size.
    let bomb = |n: usize| pack(&list(&[1.into(), map(&[("k", Value::Binary(vec![0; n]))])]));
    let refused = |value: Vec<u8>| relayed(&value, None).err().unwrap();
    assert_eq!(refused(message("gzip", gzip(&bomb(3 << 20)))), Refusal::Inflated);
    assert_eq!(refused(message("zstd", zstd::encode_all(&bomb(3 << 20)[..], 3).unwrap())), Refusal::Inflated);
    // Twice, since a ratio may be a trick of many small members.
    let entry = pack(&list(&[
        1.into(),
        map(&[("k", Value::Binary((0..1 << 20).map(|i: u32| (i.wrapping_mul(i) >> 7) as u8).collect()))]),
    ]));
    assert_eq!(refused(message("gzip", gzip(&entry).repeat(5))), Refusal::Inflated);
    assert!(matches!(refused(message("gzip", b"no gzip".to_vec())), Refusal::Malformed(_)));
    assert!(matches!(refused(message("gzip", gzip(&pack(&raw())[..9]))), Refusal::Malformed(_)));
}

#[test]
fn tags_and_options_are_judged_and_signals_are_no_logs() {
    let came = list(&[
        format!("app.password={SECRET}").into(),
        list(&[]),
        map(&[("password", SECRET.into()), ("metadata", map(&[("apiKey", SECRET.into())]))]),
    ]);
    let out = relayed(&pack(&came), Some("ours")).unwrap().unwrap();
    let leaves = unpack(&out.bytes);
    assert_eq!(
        (leaves[0].as_str().unwrap(), &leaves[2]["password"]),
        ("app.password=[REDACTED:password]", &LABEL.into())
    );
    assert_eq!((leaves[2]["chunk"].as_str(), out.chunk.as_deref()), (Some("ours"), Some(&b"ours"[..])));
    assert!(!format!("{leaves}").contains(SECRET));
    // Metrics are values of any kind.
    let metrics = |value: Value| {
        let body = [pack(&value), pack(&5.into())].concat();
        list(&["t".into(), Value::Binary(body), map(&[("size", 77.into()), ("fluent_signal", 1.into())])])
    };
    let out = relayed(&pack(&metrics(raw())), None).unwrap().unwrap();
    assert_eq!(unpack(&out.bytes), metrics(clean()));
}

#[test]
fn what_is_no_message_is_refused() {
    let pair = || list(&[1.into(), map(&[])]);
    for wrong in [
        list(&[]),
        list(&["t".into()]),
        list(&["t".into(), 1.into()]),
        list(&[1.into(), list(&[])]),
        list(&["t".into(), map(&[])]),
        list(&["t".into(), list(&[1.into()])]),
        list(&["t".into(), list(&[list(&[1.into()])])]),
        list(&["t".into(), list(&[pair()]), 1.into()]),
        list(&["t".into(), list(&[pair()]), map(&[]), map(&[])]),
        list(&["t".into(), "no entries".into()]),
        list(&["t".into(), list(&[pair()]), map(&[("chunk", 7.into())])]),
        map(&[("t", list(&[]))]),
        "GET / HTTP/1.1".into(),
    ] {
        assert!(matches!(relayed(&pack(&wrong), None), Err(Refusal::Malformed(_))), "{wrong}");
    }
    assert!(relayed(&pack(&Value::Nil), None).unwrap().is_none());
}

#[test]
fn claims_reserve_nothing() {
    // Texts, bytes, other types, lists and maps of 4 GiB.
    for marker in [0xDB, 0xC6, 0xC9, 0xDD, 0xDF] {
        let mut incoming = Incoming::new(LIMIT);
        incoming.push(&[0x93, 0xA1, b't', marker, 0xFF, 0xFF, 0xFF, 0xFF, 0]);
        assert_eq!(incoming.whole(), Err(Refusal::Large));
        let inside = [&[0x92, 1, 0x81, 0xA1, b'k', marker][..], &[0xFF; 4], &[0]].concat();
        let message = pack(&list(&["t".into(), Value::Binary(inside)]));
        assert!(matches!(relayed(&message, None), Err(Refusal::Malformed(_))));
    }
    let mut incoming = Incoming::new(LIMIT);
    incoming.push(&[0x91; 100_000]);
    assert!(matches!(incoming.whole(), Err(Refusal::Malformed(_))));
    let deep = pack(&list(&["t".into(), Value::Binary([&[0x92, 1][..], &[0x91; 100_000], &[0xC0]].concat())]));
    assert!(matches!(relayed(&deep, None), Err(Refusal::Malformed(_))));
}

/// A text too long for a line, and a record whose line is too long.
#[test]
fn long_values_are_judged_too() {
    let text =
        |secret: &str| format!("{}\nlogin password={secret} ok\n{}", "a line\n".repeat(30_000), "x ".repeat(999));
    let long = |secret: &str, whole: &str| {
        map(&[("log", text(secret).into()), ("user", "bob".into()), ("password", whole.into()), ("pwd", secret.into())])
    };
    let word = SECRET.repeat(10_000);
    assert_eq!(masked(&long(SECRET, &word)), long(LABEL, LABEL));
    // Two MiB in parts of 50 KiB, one in a list deep in it.
    let many = |secret: &str| {
        let part = |i: usize| map(&[("n", i.into()), ("log", "y ".repeat(25_000).into()), ("password", secret.into())]);
        let parts = list(&(0..40).map(part).collect::<Vec<_>>());
        map(&[("parts", parts), ("password", list(&[secret.into(), 1.into()])), ("line", text(secret).into())])
    };
    let out = masked(&many(SECRET));
    assert_eq!(out["parts"], many(LABEL)["parts"]);
    assert_eq!(out["line"], many(LABEL)["line"]);
}

/// A value of which no text and no number stays.
pub fn covered(value: &Value) -> Value {
    match value {
        Value::Array(all) => Value::Array(all.iter().map(covered).collect()),
        Value::Map(pairs) => Value::Map(pairs.iter().map(|(k, v)| (covered(k), covered(v))).collect()),
        Value::String(s) if !s.as_bytes().is_empty() => UNJUDGED.into(),
        Value::Binary(b) if !b.is_empty() => Value::Binary(UNJUDGED.into()),
        Value::Integer(_) | Value::F32(_) | Value::F64(_) => UNJUDGED.into(),
        other => other.clone(),
    }
}

/// JSON has no such keys: nothing of such a record can be judged, so no text of it stays.
#[test]
fn a_container_as_a_key_is_covered() {
    let odd = Value::Map(vec![(list(&["a".into()]), SECRET.into()), ("n".into(), 1.into())]);
    assert_eq!(masked(&odd), covered(&odd));
}

/// A key block whose lines are records of their own.
#[test]
fn a_key_block_may_span_records() {
    let line = |text: &str| list(&[1.into(), map(&[("id", "c1".into()), ("log", format!("{text}\n").into())])]);
    let begin = concat!("-----BEGIN RSA ", "PRIVATE KEY-----");
    let body = "MIIEowIBAAKCAQEAvvR0BSMmu5gBvT4eZ0Yx8Wj1Z2b3c4d5e6f7a8b9c0d1e2f3";
    let came = list(&["t".into(), list(&[line(begin), line(body), line("that is all")])]);
    let out = unpack(&relayed(&pack(&came), None).unwrap().unwrap().bytes);
    assert_eq!((&out[1][0], &out[1][2]), (&line(begin), &line("that is all")));
    assert!(!format!("{out}").contains(body));
}

/// Key blocks of two tags whose records take turns on one connection, as Fluent Bit sends chunks.
#[test]
fn blocks_of_two_tags_in_turns_are_masked() {
    let begin = ["-----BEGIN ", "PRIVATE KEY-----"].concat();
    let body = |tag: &str, n: usize| format!("MIIb{tag}x{n}{}", "aQ9z".repeat(10));
    let mut masker = Masker::new(&Redactor::builtin());
    let mut leave = |tag: &str, line: &str| {
        let message = list(&[format!("kube.{tag}").into(), 1.into(), map(&[("log", format!("{line}\n").into())])]);
        relay(&pack(&message), &mut masker, LIMIT, None).unwrap().unwrap().bytes
    };
    for n in 0..6 {
        for tag in ["one", "two"] {
            let line = if n == 0 { begin.clone() } else { body(tag, n) };
            let bytes = leave(tag, &line);
            assert!(!bytes.windows(4).any(|w| w == b"MIIb"), "line {n} of {tag}");
        }
        assert!(leave("web", "took 12 ms").windows(10).any(|w| w == b"took 12 ms"));
    }
}
