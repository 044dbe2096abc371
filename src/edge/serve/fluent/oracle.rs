//! Messages against a naive reading of them: rmpv takes them apart, serde_json writes the records as
//! JSON, and the public redactor says what must become of that.

use proptest::prelude::*;
use rmpv::Value;

use super::cases::{CHUNK, LABEL, LIMIT, SECRET, covered, list, map, masked, options, pack, relayed, time};
use super::incoming::Incoming;
use crate::edge::serve::drawn::cases;
use crate::engine::redactor::Redactor;

/// The record as JSON, by another hand.
fn json(value: &Value) -> Vec<u8> {
    let text = |s: &[u8]| serde_json::to_vec(std::str::from_utf8(s).unwrap()).unwrap();
    let joined = |parts: Vec<Vec<u8>>| parts.join(&b","[..]);
    match value {
        Value::Nil | Value::Ext(..) => b"null".to_vec(),
        Value::String(s) => text(s.as_bytes()),
        Value::Binary(b) => text(b),
        Value::Array(all) => [&b"["[..], &joined(all.iter().map(json).collect()), b"]"].concat(),
        Value::Map(pairs) => {
            let pair = |(k, v): &(Value, Value)| {
                let key = if k.is_str() || k.is_bin() { json(k) } else { [&b"\""[..], &json(k), b"\""].concat() };
                [&key[..], b":", &json(v)].concat()
            };
            [&b"{"[..], &joined(pairs.iter().map(pair).collect()), b"}"].concat()
        }
        Value::F64(x) => format!("{x:?}").into_bytes(),
        other => other.to_string().into_bytes(),
    }
}

fn words() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "password",
        "dbPassword",
        "DB_PASSWORD",
        "user",
        "token",
        "=",
        ":",
        " ",
        "\"",
        "\\",
        "\n",
        "'",
        "{",
        "}",
        ",",
        "é",
        "密",
        "\u{1}",
        "\t",
        SECRET,
        LABEL,
        "Authorization: Bearer ",
        "https://u:",
        "@host/",
        "4111111111111111",
        "x9Kd73jQ",
        "-----BEGIN",
        " PRIVATE KEY-----",
        "name",
        "value",
        "&",
        "/",
        "\u{8}",
    ]);
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

pub fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => words().prop_map(Value::from),
        1 => words().prop_map(|s| Value::Binary(s.into_bytes())),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => Just(Value::from(4_111_111_111_111_111_u64)),
        1 => any::<bool>().prop_map(Value::from),
        1 => prop::sample::select(vec![0.5, -2.25, 1e300]).prop_map(Value::from),
        1 => Just(Value::Nil),
        1 => (any::<i8>(), prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(t, b)| Value::Ext(t, b)),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let key = prop_oneof![8 => words().prop_map(Value::from), 1 => any::<u8>().prop_map(Value::from)];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((key, inner), 0..5).prop_map(Value::Map),
        ]
    })
}

/// Texts in which there is nothing to find.
fn harmless() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        "[a-e \"\\\\\n]{0,9}".prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..4).prop_map(Value::Binary),
        any::<i16>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec(("[a-e]{1,5}".prop_map(Value::from), inner), 0..5).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #![proptest_config(cases(1000))]

    /// What becomes of a record is what becomes of it as a line of JSON; and nothing is left to find.
    #[test]
    fn a_record_is_masked_as_its_json_is(value in values()) {
        let out = masked(&value);
        let expected = Redactor::builtin().redact(&json(&value)).into_owned();
        // Where a mask reaches over quotes, what is whose cannot be told, and nothing stays.
        if out != covered(&value) {
            prop_assert_eq!(String::from_utf8(json(&out)).unwrap(), String::from_utf8(expected).unwrap());
        }
    }

    #[test]
    fn masking_twice_changes_nothing(value in values()) {
        // But for the records whose JSON is not settled either, see the README.
        let once = Redactor::builtin().redact(&json(&value)).into_owned();
        prop_assume!(Redactor::builtin().redact(&once) == once && serde_json::from_slice::<serde_json::Value>(&once).is_ok());
        let out = masked(&value);
        prop_assert_eq!(masked(&out), out);
    }

    #[test]
    fn without_a_secret_not_a_byte_changes(values in prop::collection::vec(harmless(), 0..4)) {
        let entries = values.into_iter().map(|v| list(&[time(), v])).collect();
        let message = pack(&list(&["t".into(), Value::Array(entries), map(&[("chunk", CHUNK.into())])]));
        prop_assert_eq!(relayed(&message, Some("ours")).unwrap().unwrap().bytes, message);
    }

    /// However the bytes are cut, the values are the same.
    #[test]
    fn cuts_change_nothing(values in prop::collection::vec(values(), 1..4), cuts in prop::collection::vec(1usize..40, 1..50)) {
        let packed: Vec<Vec<u8>> = values.iter().map(pack).collect();
        let bytes = packed.concat();
        let (mut incoming, mut found, mut rest) = (Incoming::new(LIMIT), Vec::new(), &bytes[..]);
        for cut in cuts.iter().cycle() {
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            incoming.push(now);
            while let Some(len) = incoming.whole().unwrap() {
                found.push(incoming.value(len).to_vec());
                incoming.consume(len);
            }
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(found, packed);
        prop_assert_eq!(incoming.held(), 0);
    }

    /// Any bytes, and messages with any byte changed: an error or a message, never a panic.
    #[test]
    fn anything_may_come(bytes in prop::collection::vec(any::<u8>(), 0..400), value in values(), at in any::<prop::sample::Index>()) {
        super::fuzz::any_bytes(&bytes, LIMIT);
        let mut message = pack(&list(&["t".into(), list(&[list(&[1.into(), value])]), options(1, &[])]));
        let at = at.index(message.len());
        message[at] = bytes.first().copied().unwrap_or(0xC1);
        super::fuzz::any_bytes(&message, LIMIT);
    }
}
