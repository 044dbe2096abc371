//! What is judged together, against the same judged one by one.

use proptest::prelude::*;
use rmpv::Value;

use super::cases::{LABEL, SECRET, list, map, pack, time};
use super::mask::Masker;
use super::msgpack::Reader;
use super::oracle::values;
use super::relay::relay;
use crate::edge::serve::drawn::cases;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;

/// Bytes that a message may be.
const LIMIT: usize = 256 << 20;

/// Records that leave something open, continue it, are too long for a line, or for a batch.
fn records() -> impl Strategy<Value = Value> {
    let log = |text: String| map(&[("id", "c1".into()), ("log", text.into())]);
    let begin = ["-----BEGIN ", "PRIVATE KEY-----\n"].concat();
    let end = ["-----END ", "PRIVATE KEY-----\n"].concat();
    let known = [
        log(begin),
        log(format!("MIIb{}\n", "aQ9z".repeat(14))),
        log(end),
        log(format!("login password={SECRET} from 203.0.113.9")),
        log(format!("masked already: {LABEL}")),
        log("GET /index.html 200 ".repeat(300)),
        log(format!("{}password={SECRET} ", "a line\n".repeat(10_000))),
        map(&[("password", SECRET.into()), ("parts", Value::Array(vec!["word ".repeat(12_000).into(); 20]))]),
        Value::Map(vec![(list(&["a".into()]), SECRET.into())]),
        Value::from(4_111_111_111_111_111_u64),
        Value::from(SECRET),
    ];
    // The longest seldom: they take longest.
    let weights = [6, 6, 6, 6, 6, 20, 1, 1, 2, 2, 2];
    let known = proptest::strategy::Union::new_weighted(weights.into_iter().zip(known.map(Just)).collect());
    prop_oneof![3 => known, 2 => values()]
}

/// Messages: which tag, and its entries, some with metadata.
fn messages() -> impl Strategy<Value = Vec<(usize, Vec<(bool, Value)>)>> {
    let entries = prop::collection::vec((any::<bool>(), records()), 0..40);
    prop::collection::vec((0..3usize, entries), 1..5)
}

/// One call for each value.
fn one_by_one(tag: &str, entries: &[(Value, Value)], masker: &mut Masker) -> Vec<u8> {
    masker.text(&Reader(&pack(&tag.into())).token().unwrap(), &mut Vec::new());
    masker.tag(tag.as_bytes());
    let mut out = Vec::new();
    for (time, record) in entries {
        out.push(0x92);
        for part in [time, record] {
            let may_hold_text = part.is_str() || part.is_bin() || part.is_array() || part.is_map();
            let bytes = pack(part);
            if may_hold_text {
                masker.value(&bytes, &mut out).unwrap();
            } else {
                out.extend_from_slice(&bytes);
            }
        }
    }
    out
}

/// What was counted, but for the work, of which together there is less.
fn counts(masker: &mut Masker) -> Tally {
    let mut tally = masker.take_tally();
    tally.work = 0;
    tally
}

/// Compressed, with so much beside it that nobody takes it for a bomb.
fn zstd(stream: &[u8]) -> Vec<u8> {
    let beside = vec![0; stream.len() / 200];
    let frame = [&0x184D_2A50_u32.to_le_bytes()[..], &(beside.len() as u32).to_le_bytes(), &beside].concat();
    [zstd::encode_all(stream, 1).unwrap(), frame].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(1000).cases / 20, ..cases(1000) })]

    /// Byte for byte, whoever takes turns on the connection, and in every mode.
    #[test]
    fn together_and_one_by_one_values_become_the_same(messages in messages()) {
        let redactor = Redactor::builtin();
        let mut makers = [Masker::new(&redactor), Masker::new(&redactor), Masker::new(&redactor), Masker::new(&redactor)];
        let [alone, packed, listed, zipped] = &mut makers;
        for (tag, entries) in messages {
            let tag = ["kube.a", "kube.b", "web"][tag];
            let with = |metadata: bool| {
                if metadata { list(&[time(), map(&[("password", SECRET.into())])]) } else { time() }
            };
            let entries: Vec<(Value, Value)> = entries.into_iter().map(|(m, record)| (with(m), record)).collect();
            let wanted = one_by_one(tag, &entries, alone);
            let pairs: Vec<Value> = entries.iter().map(|(t, r)| list(&[t.clone(), r.clone()])).collect();
            let stream = pairs.iter().flat_map(pack).collect::<Vec<u8>>();
            let leave = |message: Value, masker: &mut Masker| relay(&pack(&message), masker, LIMIT, None).unwrap().unwrap();

            let out = leave(list(&[tag.into(), Value::Binary(stream.clone())]), packed);
            prop_assert_eq!(out.events, pairs.len() as u64);
            let leaves = pack(&list(&[tag.into(), Value::Binary(wanted.clone())]));
            prop_assert!(out.bytes == leaves, "packed entries differ");

            let out = leave(list(&[tag.into(), Value::Array(pairs.clone())]), listed);
            let head = pack(&list(&[tag.into(), Value::Array(Vec::new())])).len() - 1;
            let width = pack(&Value::Array(pairs.clone())).len() - stream.len();
            prop_assert!(out.bytes[head + width..] == wanted, "listed entries differ");

            let option = map(&[("compressed", "zstd".into())]);
            let out = leave(list(&[tag.into(), Value::Binary(zstd(&stream)), option]), zipped);
            let leaves = rmpv::decode::read_value(&mut &out.bytes[..]).unwrap();
            prop_assert!(zstd::decode_all(leaves[1].as_slice().unwrap()).unwrap() == wanted, "compressed entries differ");
        }
        let between = alone.is_between();
        prop_assert_eq!(makers.each_ref().map(Masker::is_between), [between; 4]);
        let [alone, others @ ..] = makers.each_mut().map(counts);
        for other in others {
            prop_assert_eq!(other, alone.clone());
        }
    }
}
