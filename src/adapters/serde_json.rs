//! `serde_json`: a value's secrets, masked where they stand.

use serde_json::{Map, Value};

use crate::engine::mask::emit::UNJUDGED;
use crate::engine::redactor::Redactor;

/// Masks the secrets of a value in place and says how many of its leaves changed.
///
/// The value is judged as one line of JSON, so that keys and whatever stands around say what a text is. Everything that is no
/// secret stays as it is, its numbers and the order of its members among it; a number that is masked becomes a text (or 0,
/// by [`Builder::number_zero`](crate::Builder::number_zero)). An object one of whose names is a secret becomes another one.
///
/// ```
/// let mut value = serde_json::json!({ "user": "alice", "password": "hunter2", "tries": 3 });
/// let masked = logveil::adapters::serde_json::redact_value(&logveil::Redactor::builtin(), &mut value);
/// assert_eq!(masked, 1);
/// assert_eq!(value, serde_json::json!({ "user": "alice", "password": "[REDACTED:password]", "tries": 3 }));
/// ```
pub fn redact_value(redactor: &Redactor, value: &mut Value) -> usize {
    let line = value.to_string();
    let masked = redactor.redact(line.as_bytes());
    if *masked == *line.as_bytes() {
        return 0;
    }
    match serde_json::from_slice(&masked) {
        Ok(masked) => adopt(value, masked),
        // It is deeper than what serde_json reads.
        Err(_) => each(redactor, "", value),
    }
}

/// Takes over what is masked.
fn adopt(value: &mut Value, masked: Value) -> usize {
    match (value, masked) {
        (Value::Object(own), Value::Object(masked)) if own.keys().eq(masked.keys()) => {
            own.values_mut().zip(masked).map(|(own, (_, masked))| adopt(own, masked)).sum()
        }
        (Value::Array(own), Value::Array(masked)) if own.len() == masked.len() => {
            own.iter_mut().zip(masked).map(|(own, masked)| adopt(own, masked)).sum()
        }
        // What was written and read again may differ in its last bit.
        (Value::Number(own), Value::Number(masked)) if own.as_f64() == Some(0.0) || masked.as_f64() != Some(0.0) => 0,
        (own, masked) if *own == masked => 0,
        (own, masked) => {
            *own = masked;
            1
        }
    }
}

/// Masks leaf by leaf, each by the name it stands behind.
fn each(redactor: &Redactor, name: &str, value: &mut Value) -> usize {
    match value {
        Value::Object(members) => members.iter_mut().map(|(name, value)| each(redactor, name, value)).sum(),
        Value::Array(elements) => elements.iter_mut().map(|value| each(redactor, name, value)).sum(),
        leaf => match masked_leaf(redactor, name, leaf) {
            Some(masked) => adopt(leaf, masked),
            None => 0,
        },
    }
}

/// What a leaf becomes behind a name, if it is a secret.
pub(super) fn masked_leaf(redactor: &Redactor, name: &str, leaf: &Value) -> Option<Value> {
    let line = Value::Object(Map::from_iter([(name.to_owned(), leaf.clone())])).to_string();
    let masked = redactor.redact(line.as_bytes());
    if *masked == *line.as_bytes() {
        return None;
    }
    let unjudged = || Value::String(String::from_utf8_lossy(UNJUDGED).into_owned());
    let members: Option<Map<String, Value>> = serde_json::from_slice(&masked).ok();
    Some(members.and_then(|members| members.into_iter().next()).map_or_else(unjudged, |(_, value)| value))
}
