//! Is what comes out still what it was? Shapes of JSON, XML, logfmt and URLs: keys without values.

use quick_xml::events::Event;
use serde_json::Value;

/// The keys of a text in a notation, or why it is none.
pub fn shape(notation: &str, text: &str) -> Result<Vec<String>, String> {
    match notation {
        "json" => json(text),
        "xml" => xml(text),
        "logfmt" => logfmt(text),
        "url" => url(text),
        other => Err(format!("no parser for {other}")),
    }
}

fn json(text: &str) -> Result<Vec<String>, String> {
    let mut keys = Vec::new();
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).map_err(|e| format!("no JSON: {e}"))?;
        json_keys(&value, "", &mut keys);
    }
    Ok(keys)
}

fn json_keys(value: &Value, path: &str, keys: &mut Vec<String>) {
    keys.push(path.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| json_keys(v, &format!("{path}.{k}"), keys)),
        Value::Array(list) => list.iter().for_each(|v| json_keys(v, &format!("{path}[]"), keys)),
        Value::String(s) => {
            if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(s) {
                json_keys(&inner, &format!("{path}\""), keys);
            }
        }
        _ => {}
    }
}

fn xml(text: &str) -> Result<Vec<String>, String> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut keys = Vec::new();
    loop {
        match reader.read_event().map_err(|e| format!("no XML: {e}"))? {
            Event::Start(tag) | Event::Empty(tag) => {
                keys.push(format!("<{}", tag.name().as_ref()));
                for attribute in tag.attributes() {
                    let attribute = attribute.map_err(|e| format!("no attribute: {e}"))?;
                    keys.push(format!("@{}", attribute.key.as_ref()));
                }
            }
            Event::End(tag) => keys.push(format!(">{}", tag.name().as_ref())),
            Event::Eof => return Ok(keys),
            _ => {}
        }
    }
}

/// `k=v k="v w"`: as Go's logfmt reads it, where a bare value holds no quote and no `=`.
fn logfmt(text: &str) -> Result<Vec<String>, String> {
    let mut keys = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        keys.push(rest[..end].to_owned());
        rest = &rest[end..];
        if let Some(value) = rest.strip_prefix('=') {
            let used = match value.strip_prefix('"') {
                Some(body) => 1 + closing(body).ok_or("an open quote")? + 1,
                None => value.find(' ').unwrap_or(value.len()),
            };
            if !value.starts_with('"') && value[..used].contains(['"', '=']) {
                return Err(format!("a quote or `=` in the bare value of {}", keys[keys.len() - 1]));
            }
            rest = &value[used..];
        }
        if !rest.is_empty() && !rest.starts_with(' ') {
            return Err("no blank behind a value".into());
        }
        rest = rest.trim_start_matches(' ');
    }
    Ok(keys)
}

fn closing(body: &str) -> Option<usize> {
    let mut escaped = false;
    body.bytes().position(|b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    })
}

fn url(text: &str) -> Result<Vec<String>, String> {
    let url = url::Url::parse(text).map_err(|e| format!("no URL: {e}"))?;
    let mut keys = vec![
        format!("{}://{}@{}:{:?}", url.scheme(), url.username(), url.host_str().unwrap_or_default(), url.port()),
        url.path().to_owned(),
    ];
    keys.extend(url.query_pairs().map(|(k, _)| k.into_owned()));
    Ok(keys)
}

#[test]
fn the_parsers_see_what_is_broken() {
    assert!(json(r#"{"a":[REDACTED:x]}"#).is_err());
    assert!(xml("<a>x</b>").is_err());
    assert!(logfmt(r#"a="b" c=d"e"#).is_err());
    assert_eq!(logfmt(r#"a="b \" c" d=e f"#).unwrap(), ["a", "d", "f"]);
    assert_ne!(url("https://u:p@h/x?a=1&b=2"), url("https://u:p@h/x?a=1"));
    assert_ne!(json(r#"{"a":"{\"b\":1}"}"#), json(r#"{"a":"{\"c\":1}"}"#));
}
