//! Whole bodies: every kind, every coding, cut into records or not.

use proptest::collection::vec;
use proptest::prelude::*;

use super::body::{About, judge};
use super::coding::Coding;
use super::grammar::is_json;
use super::grpc;
use super::json;
use super::kind::Said;
use super::proto::table;
use super::refusal::Refusal;
use crate::edge::serve::drawn::cases;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;

const SECRET: &str = concat!("hunter2", "Xq9Lw");
const LABEL: &str = "[REDACTED:password]";
const CODINGS: [Coding; 7] =
    [Coding::Identity, Coding::Gzip, Coding::Zlib, Coding::Raw, Coding::Zstd, Coding::Snappy, Coding::Framed];

fn about(coding: Coding, said: Said, path: &str) -> About<'_> {
    About { coding, said, path, limit: 1 << 20 }
}

#[test]
fn the_same_body_leaves_however_it_is_compressed() {
    let redactor = Redactor::builtin();
    let lines =
        |secret: &str| format!("{{\"index\":{{}}}}\n{{\"user\":\"alice\",\"password\":\"{secret}\"}}\n").repeat(50);
    for coding in CODINGS {
        let asked = about(coding, Said::Text, "/_bulk");
        let dirty = coding.pack(lines(SECRET).as_bytes()).unwrap();
        let judged = judge(&dirty, asked, &redactor).unwrap();
        let out = coding.open(&judged.body.unwrap(), 1 << 20).unwrap();
        assert_eq!(String::from_utf8(out.bytes).unwrap(), lines(LABEL), "{coding:?}");
        assert_eq!(judged.plain, lines(SECRET).len());
        let clean = coding.pack(lines(LABEL).as_bytes()).unwrap();
        assert!(judge(&clean, asked, &redactor).unwrap().body.is_none(), "{coding:?}");
        let asked = About { limit: 100, ..asked };
        if coding != Coding::Identity {
            assert_eq!(judge(&clean, asked, &redactor).err(), Some(Refusal::Inflated), "{coding:?}");
        }
    }
}

#[test]
fn each_kind_is_masked_in_its_own_way() {
    let redactor = Redactor::builtin();
    let of = |said, path, body: &[u8]| judge(body, about(Coding::Identity, said, path), &redactor).unwrap().body;
    let form = |secret: &str| format!("user=alice&password={secret}&x=1").into_bytes();
    assert_eq!(of(Said::Form, "/", &form(SECRET)), Some(form(LABEL)));
    let packed = |secret: &str| {
        let mut out = vec![0x81, 0xA8];
        out.extend_from_slice(b"password");
        out.push(0xA0 | secret.len() as u8);
        out.extend_from_slice(secret.as_bytes());
        out
    };
    assert_eq!(of(Said::Msgpack, "/", &packed(SECRET)), Some(packed(LABEL)));
    // Loki's push is compressed, and says so nowhere.
    let push = super::proto::push(&format!("password={SECRET}"));
    let body = Coding::Snappy.pack(&push).unwrap();
    let out = of(Said::Proto, "/loki/api/v1/push", &body).unwrap();
    let wanted = super::proto::push(&format!("password={LABEL}"));
    assert_eq!(Coding::Snappy.open(&out, 1 << 20).unwrap().bytes, wanted);
    // What is no JSON is text: the upstream says what it thinks of it.
    let broken = |secret: &str| format!("{{\"password\":\"{secret}\",").into_bytes();
    assert_eq!(of(Said::Json, "/", &broken(SECRET)), Some(broken(LABEL)));
}

#[test]
fn calls_of_grpc_are_messages_behind_each_other() {
    let redactor = Redactor::builtin();
    let frame = |flag: u8, body: &[u8]| [&[flag][..], &(body.len() as u32).to_be_bytes(), body].concat();
    let push = |secret: &str| super::proto::push(&format!("password={secret}"));
    let gzip = |body: &[u8]| Coding::Gzip.pack(body).unwrap();
    let call =
        |secret: &str| [frame(0, &push(secret)), frame(1, &gzip(&super::proto::push("x y"))), frame(0, b"")].concat();
    let judged = |body: &[u8], coding| grpc::judge(body, &table::PUSH, coding, 1 << 20, &redactor).map(|j| j.body);
    assert_eq!(judged(&call(SECRET), Coding::Gzip), Ok(Some(call(LABEL))));
    assert_eq!(judged(&call(LABEL), Coding::Gzip), Ok(None));
    // Go's gRPC calls frames of Snappy by the block's name.
    let framed = judged(&frame(1, &Coding::Framed.pack(&push(SECRET)).unwrap()), Coding::Snappy).unwrap().unwrap();
    assert_eq!(Coding::Framed.open(&framed[5..], 1 << 20).unwrap().bytes, push(LABEL));
    let packed = judged(&frame(1, &gzip(&push(SECRET))), Coding::Gzip).unwrap().unwrap();
    assert_eq!(Coding::Gzip.open(&packed[5..], 1 << 20).unwrap().bytes, push(LABEL));
    for (bad, coding) in [
        (call(SECRET), Coding::Identity),
        (frame(2, b""), Coding::Gzip),
        (vec![0, 0], Coding::Gzip),
        (vec![0, 0, 0, 0, 9, 1], Coding::Gzip),
    ] {
        assert!(judged(&bad, coding).is_err());
    }
}

/// A record as senders write it, with its secret or without.
fn records() -> impl Strategy<Value = String> {
    let known = [
        format!(r#"{{"message":"login user=alice password={SECRET} from 203.0.113.9","n":1}}"#),
        format!(r#"{{"password":"{SECRET}","tags":["a","b"],"m":{{"x":[1,2,{{"y":null}}]}}}}"#),
        format!(
            r#"{{"body":{{"stringValue":"x"}},"attributes":[{{"key":"db.password","value":{{"stringValue":"{SECRET}"}}}}]}}"#
        ),
        r#"{"message":"GET /a}],[{ \"quoted\" 200","level":"info"}"#.to_owned(),
        r#"{"card":4111111111111111,"pin":1234}"#.to_owned(),
        format!(r#"{{"passwords":[["{SECRET}"],["{SECRET}"]]}}"#),
        format!("{{\n  \"message\": \"padding {}\"\n}}", "word ".repeat(60)),
        "{}".to_owned(),
    ];
    proptest::sample::select(known.to_vec())
}

fn documents() -> impl Strategy<Value = String> {
    let shapes = [
        "[@]",
        r#"{"logs":[@]}"#,
        r#"{"a":{"b":[@]},"events":[@]}"#,
        r#"{"resourceLogs":[{"resource":{"attributes":[]},"scopeLogs":[{"scope":{},"logRecords":[@]},{"logRecords":[@]}]}]}"#,
        r#"{"password":"x","items":[ @ ]}"#,
    ];
    (proptest::sample::select(shapes.to_vec()), vec(records(), 0..40))
        .prop_map(|(shape, all)| shape.replace('@', &all.join(",")))
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn cut_into_records_and_whole_a_document_is_judged_the_same(document in documents()) {
        let redactor = Redactor::builtin();
        let whole = redactor.redact_str(&document).into_owned();
        let cut = json::mask(document.as_bytes(), &redactor, &mut Tally::default()).unwrap();
        let cut = cut.map_or(document, |cut| String::from_utf8(cut).unwrap());
        prop_assert!(is_json(cut.as_bytes()));
        prop_assert_eq!(cut, whole);
    }
}
