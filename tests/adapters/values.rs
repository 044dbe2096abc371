//! `serde_json`.

use logveil::Redactor;
use logveil::adapters::serde_json::redact_value;
use serde_json::{Value, json};

use crate::kit::line;
use crate::vectors;

/// A text in a value becomes what it does in a line of JSON.
#[test]
fn every_vector() {
    let redactor = Redactor::builtin();
    for (input, _) in vectors() {
        let mut value = json!({ "n": 1.5, "msg": input });
        let line: Value = serde_json::from_slice(&redactor.redact(value.to_string().as_bytes())).unwrap();
        let changed = redact_value(&redactor, &mut value);
        assert_eq!(value, line);
        assert_eq!(changed, usize::from(line["msg"] != input));
    }
}

#[test]
fn every_vector_that_is_json() {
    let redactor = Redactor::builtin();
    let mut values = 0;
    // serde_json writes numbers its own way: `4.1e15` is another text behind it.
    for (input, output) in vectors().into_iter().filter(|(input, _)| !input.contains("e15")) {
        let (Ok(mut value), Ok(expected)) =
            (serde_json::from_str::<Value>(&input), serde_json::from_str::<Value>(&output))
        else {
            continue;
        };
        redact_value(&redactor, &mut value);
        assert_eq!(value, expected, "{input}");
        values += 1;
    }
    assert!(values > 100, "{values} values");
}

#[test]
fn what_is_no_secret_stays_to_the_bit() {
    let redactor = Redactor::builtin();
    let mut value: Value = serde_json::from_str(
        r#"{"z":1,"a":0.1,"exact":3.141592653589793,"big":18446744073709551615,"password":"hunter2","zero":0,
            "deep":[[{"token":"kR93mTq7Lw0XvZ2b8Ns4"}],null,true]}"#,
    )
    .unwrap();
    let before = value.clone();
    assert_eq!(redact_value(&redactor, &mut value), 2);
    assert_eq!(value["password"], "[REDACTED:password]");
    assert_eq!(value["deep"][0][0]["token"], "[REDACTED:access-token]");
    for name in ["z", "a", "exact", "big", "zero"] {
        assert_eq!(value[name], before[name]);
    }
    assert_eq!(redact_value(&redactor, &mut value), 0, "masking twice");
}

#[test]
fn deeper_than_serde_json_reads() {
    let mut value = json!({ "password": "hunter2", "n": 7 });
    for _ in 0..200 {
        value = json!([value]);
    }
    assert_eq!(redact_value(&Redactor::builtin(), &mut value), 1);
    assert!(!value.to_string().contains("hunter2"));
    assert!(value.to_string().contains(r#""n":7"#));
}

#[test]
fn a_name_that_is_a_secret() {
    let token = line("gh<<>>p_<<alnum 36>>");
    let mut value = json!({ &token[..]: 1, "user": "alice" });
    redact_value(&Redactor::builtin(), &mut value);
    assert!(!value.to_string().contains(&token), "{value}");
}
