//! Pieces of vectors as the values of a JSON record: it stays JSON, with the keys it had.

use logveil::{Redactor, Tally};
use proptest::prelude::*;
use serde_json::Value;

use crate::kit::shown;
use crate::texts;
use crate::vectors::splices;

/// Names of members, some of them a secret's.
const KEYS: &[&str] = &[
    "message",
    "password",
    "url",
    "user",
    "api_key",
    "headers",
    "Authorization",
    "sql",
    "cmd",
    "token",
    "card",
    "log",
];

/// The names of all members, in order.
fn names(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            out.push(key.clone());
            names(value, out);
        }),
        Value::Array(list) => list.iter().for_each(|value| names(value, out)),
        _ => {}
    }
}

fn record() -> impl Strategy<Value = Value> {
    let text = || splices().prop_map(|text| Value::from(String::from_utf8_lossy(&text).into_owned()));
    let member = (prop::sample::select(KEYS), text(), any::<u8>());
    prop::collection::vec(member, 1..4).prop_map(|members| {
        let mut map = serde_json::Map::new();
        for (key, value, how) in members {
            let value = match how % 4 {
                0 => Value::Array(vec![value, 7.into()]),
                1 => Value::Object([(KEYS[usize::from(how) % KEYS.len()].to_owned(), value)].into_iter().collect()),
                _ => value,
            };
            map.insert(key.to_owned(), value);
        }
        Value::Object(map)
    })
}

proptest! {
    #![proptest_config(texts::cases(500))]

    /// A secret that is cut off by the end of its text (`password=@`, `add_user =`) ends there.
    #[test]
    fn spliced_values_keep_a_record_valid(value in record()) {
        let text = value.to_string();
        let redactor = Redactor::builtin();
        let mut tally = Tally::default();
        let masked = redactor.redact_counted(text.as_bytes(), &mut tally);
        // What a budget ends is masked to the record's end.
        prop_assume!(tally.unjudged == 0);
        let now: Result<Value, _> = serde_json::from_slice(&masked);
        prop_assert!(now.is_ok(), "no JSON any more: {} of {}", shown(&masked), shown(text.as_bytes()));
        let (mut before, mut after) = (Vec::new(), Vec::new());
        names(&value, &mut before);
        names(&now.unwrap(), &mut after);
        prop_assert_eq!(before, after, "of {}", shown(text.as_bytes()));
        prop_assert_eq!(shown(&redactor.redact(&masked)), shown(&masked), "twice, of {}", shown(text.as_bytes()));
    }
}
