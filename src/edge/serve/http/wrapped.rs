//! The same record in every protocol: what is masked of it does not follow from how its values are wrapped.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rmpv::Value;
use serde_json::{Value as Json, json};

use super::json;
use super::proto::drawn::{SECRET, fields, len, pair, text};
use super::proto::{mask, table};
use crate::edge::serve::drawn::cases;
use crate::edge::serve::fluent::mask::Masker;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;

/// A body, and attributes by their keys.
pub type Record = (String, Vec<(String, String)>);

/// A card's number: under a secret's key one rule or the other has it, in the notations of one protocol or the other.
const CARD: &str = "4111 1111 1111 1111";

fn values() -> impl Strategy<Value = String> {
    select(vec![
        SECRET.to_owned(),
        "alice".to_owned(),
        String::new(),
        "true".to_owned(),
        "[REDACTED:password]".to_owned(),
        format!("Bearer {SECRET}{SECRET}"),
        format!("login user=alice password={SECRET} from 203.0.113.9"),
        format!("https://bob:{SECRET}@db.example/orders"),
        format!("{{\"password\":\"{SECRET}\",\"n\":1}}"),
        CARD.to_owned(),
        ["AKIA", "QYLPMN5HFIQR7XYA"].concat(),
        "GET /index.html 200 \"quoted\" \\ back".to_owned(),
        "two\nlines".to_owned(),
        "ünïcode 密".to_owned(),
    ])
}

fn keys() -> impl Strategy<Value = String> {
    select(vec![
        "password",
        "db.password",
        "api_key",
        "user.id",
        "http.request.header.authorization",
        "token",
        "clientSecret",
        "note",
        "http.route",
        "pin",
    ])
    .prop_map(str::to_owned)
}

fn records() -> impl Strategy<Value = Record> {
    let attributes = vec((keys(), values()), 0..6);
    (values(), attributes.prop_map(|all| all.into_iter().filter(|(k, v)| v != CARD || k == "note").collect()))
}

/// By OTLP's protobuf.
fn by_proto((body, attributes): &Record, redactor: &Redactor) -> Record {
    let attributes: Vec<u8> = attributes.iter().flat_map(|(k, v)| len(6, pair(k, text(v)))).collect();
    let source = len(1, len(2, len(2, [len(5, text(body)), attributes].concat())));
    let masked = mask(&source, &table::LOGS, redactor, &mut Tally::default()).unwrap();
    // A request, its resource, its scope, its record.
    let body = (0..3).fold(masked.unwrap_or(source), |outer, _| fields(&outer)[0].1.clone());
    let string = |value: &[u8]| String::from_utf8(fields(value)[0].1.clone()).unwrap();
    let (mut text, mut attributes) = (String::new(), Vec::new());
    for (number, field) in fields(&body) {
        match number {
            5 => text = string(&field),
            _ => {
                let pair = fields(&field);
                attributes.push((String::from_utf8(pair[0].1.clone()).unwrap(), string(&pair[1].1)));
            }
        }
    }
    (text, attributes)
}

/// As OTLP writes it in JSON.
fn wrapped((body, attributes): &Record) -> Json {
    let attribute = |(key, value): &(String, String)| json!({"key": key, "value": {"stringValue": value}});
    let attributes: Vec<Json> = attributes.iter().map(attribute).collect();
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"severityText": "INFO", "body": {"stringValue": body}, "attributes": attributes}]}]}]})
}

fn unwrapped(document: &Json) -> Record {
    let record = &document["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let attribute = |one: &Json| (text(&one["key"]), text(&one["value"]["stringValue"]));
    let attributes = record["attributes"].as_array().unwrap().iter().map(attribute).collect();
    (text(&record["body"]["stringValue"]), attributes)
}

/// By the door, which cuts a document into records.
fn by_json(record: &Record, redactor: &Redactor) -> Record {
    let document = wrapped(record).to_string();
    let masked = json::mask(document.as_bytes(), redactor, &mut Tally::default()).unwrap();
    unwrapped(&serde_json::from_slice(masked.as_deref().unwrap_or(document.as_bytes())).unwrap())
}

/// By the pipe.
fn by_line(record: &Record, redactor: &Redactor) -> Record {
    unwrapped(&serde_json::from_str(&redactor.redact_str(&wrapped(record).to_string())).unwrap())
}

fn packed(value: &Json) -> Value {
    match value {
        Json::Object(all) => Value::Map(all.iter().map(|(k, v)| (k.as_str().into(), packed(v))).collect()),
        Json::Array(all) => Value::Array(all.iter().map(packed).collect()),
        other => other.as_str().unwrap().into(),
    }
}

fn unpacked(value: &Value) -> Json {
    match value {
        Value::Map(all) => all.iter().map(|(k, v)| (k.as_str().unwrap().to_owned(), unpacked(v))).collect(),
        Value::Array(all) => all.iter().map(unpacked).collect(),
        other => other.as_str().unwrap().into(),
    }
}

/// By Fluent's door.
fn by_fluent(record: &Record, redactor: &Redactor) -> Record {
    let (mut source, mut masked) = (Vec::new(), Vec::new());
    rmpv::encode::write_value(&mut source, &packed(&wrapped(record))).unwrap();
    Masker::new(redactor).value(&source, &mut masked).unwrap();
    unwrapped(&unpacked(&rmpv::decode::read_value(&mut &masked[..]).unwrap()))
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn however_it_is_wrapped_the_same_is_masked(record in records()) {
        let redactor = Redactor::builtin();
        let wanted = by_line(&record, &redactor);
        prop_assert_eq!(by_json(&record, &redactor), wanted.clone(), "as a document of OTLP, cut into records");
        prop_assert_eq!(by_fluent(&record, &redactor), wanted.clone(), "as a record of Fluent");
        prop_assert_eq!(by_proto(&record, &redactor), wanted, "as protobuf");
    }
}

#[test]
fn what_is_held_to_be_the_same_is_masked() {
    let redactor = Redactor::builtin();
    let record = |secret: &str, mask: &str| {
        let attributes = [("db.password", secret), ("note", "alice"), ("api_key", mask)];
        (format!("login password={secret} ok"), attributes.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec())
    };
    let dirty = record(SECRET, SECRET);
    let clean = record("[REDACTED:password]", "[REDACTED:api-key]");
    for by in [by_line, by_json, by_fluent, by_proto] {
        assert_eq!(by(&dirty, &redactor), clean);
    }
}
