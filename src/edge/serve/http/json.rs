//! A document of JSON -> records, one a line -> the document again.
//!
//! What senders write as one document is many records: an array at the top, documents behind each other, and lists
//! under the names that envelopes of logs have. Each element of such a list is put on a line of its own, so that it is
//! judged as the same record in NDJSON would be; the line feeds are taken out again. Elsewhere a document stays whole,
//! since a key speaks for all that is below it.

use memchr::{memchr_iter, memchr2};

use super::grammar::is_json;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::engine::wipe::wipe;

/// Names of lists whose elements are records, or envelopes of more such lists: none is a secret's.
const ENVELOPES: [&[u8]; 20] = [
    b"resourceLogs",
    b"scopeLogs",
    b"logRecords",
    b"resourceSpans",
    b"scopeSpans",
    b"spans",
    b"resourceMetrics",
    b"scopeMetrics",
    b"metrics",
    b"dataPoints",
    b"streams",
    b"logs",
    b"events",
    b"records",
    b"entries",
    b"items",
    b"messages",
    b"docs",
    b"lines",
    b"logEvents",
];
/// Below this a document is one record: to cut it is more work than it saves.
const WHOLE_BYTES: usize = 2 << 10;

/// A document with line feeds put in.
struct Cut {
    text: Vec<u8>,
    /// Places of the line feeds that were put in.
    places: Vec<usize>,
}

/// A document, masked; None where it holds no secret. Err: it cannot be masked and still be JSON.
pub fn mask(document: &[u8], redactor: &Redactor, tally: &mut Tally) -> Result<Option<Vec<u8>>, ()> {
    if let Some(cut) = cut(document) {
        let mut counted = Tally::default();
        let masked = by_records(cut, redactor, &mut counted);
        match masked {
            Ok(None) => {
                tally.add(&counted);
                return Ok(None);
            }
            Ok(Some(masked)) if is_json(&masked) => {
                tally.add(&counted);
                return Ok(Some(masked));
            }
            // What was cut there was no record: as a whole then.
            _ => {}
        }
    }
    let mut counted = Tally::default();
    let std::borrow::Cow::Owned(masked) = redactor.redact_counted(document, &mut counted) else {
        tally.add(&counted);
        return Ok(None);
    };
    tally.add(&counted);
    match is_json(&masked) || !is_json(document) {
        true => Ok(Some(masked)),
        false => Err(()),
    }
}

/// Judges the lines, and takes out the line feeds. Err: one of them is gone.
fn by_records(mut cut: Cut, redactor: &Redactor, tally: &mut Tally) -> Result<Option<Vec<u8>>, ()> {
    let out = {
        match redactor.redact_counted(&cut.text, tally) {
            std::borrow::Cow::Borrowed(_) => Ok(None),
            std::borrow::Cow::Owned(mut masked) => {
                let joined = join(&cut, &masked);
                wipe(&mut masked);
                joined.map(Some)
            }
        }
    };
    wipe(&mut cut.text);
    out
}

fn join(cut: &Cut, masked: &[u8]) -> Result<Vec<u8>, ()> {
    let mut out = Vec::with_capacity(masked.len());
    let mut places = cut.places.iter().peekable();
    let (mut from, mut feeds) = (0, memchr_iter(b'\n', masked));
    for place in memchr_iter(b'\n', &cut.text) {
        let there = feeds.next().ok_or(())?;
        let ours = places.next_if(|p| **p == place).is_some();
        out.extend_from_slice(&masked[from..there + usize::from(!ours)]);
        from = there + 1;
    }
    if feeds.next().is_some() {
        return Err(());
    }
    out.extend_from_slice(&masked[from..]);
    Ok(out)
}

/// A container that is open: an object or a list, and whether its elements are records.
struct Open {
    object: bool,
    envelope: bool,
}

/// Puts each record on a line of its own; None where there is nothing to put there, or it is no JSON.
fn cut(document: &[u8]) -> Option<Cut> {
    if document.len() < WHOLE_BYTES {
        return None;
    }
    let places = places(document)?;
    if places.is_empty() || !is_json(document) {
        return None;
    }
    let mut text = Vec::with_capacity(document.len() + places.len());
    let mut from = 0;
    let mut ours = Vec::with_capacity(places.len());
    for place in places {
        text.extend_from_slice(&document[from..place]);
        ours.push(text.len());
        text.push(b'\n');
        from = place;
    }
    text.extend_from_slice(&document[from..]);
    Some(Cut { text, places: ours })
}

/// Where line feeds belong: before and behind each element of a list of records.
fn places(document: &[u8]) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    // The text that ended last, which may be a key.
    let mut last = 0..0;
    let mut key = 0..0;
    let mut at = 0;
    while let Some(b) = document.get(at) {
        match b {
            b'"' => {
                let end = text_end(document, at)?;
                last = at + 1..end - 1;
                at = end;
                continue;
            }
            b':' => key = last.clone(),
            b'{' | b'[' => {
                let record = open.last().is_none_or(|o| o.envelope && !o.object);
                if record && at > 0 {
                    push(&mut places, at);
                }
                // Lists below a name that says nothing are part of what is there.
                let inside = open.last().is_none_or(|o| o.envelope);
                let named = match open.last() {
                    Some(o) if o.object => ENVELOPES.contains(&&document[key.clone()]),
                    // An element of a list is an envelope, if an object; the list at the top has records.
                    Some(_) => *b == b'{',
                    None => true,
                };
                open.push(Open { object: *b == b'{', envelope: inside && named });
                last = 0..0;
            }
            b'}' | b']' => {
                let closed = open.pop()?;
                if closed.object != (*b == b'}') {
                    return None;
                }
                let record = open.last().is_none_or(|o| o.envelope && !o.object);
                if record && at + 1 < document.len() {
                    push(&mut places, at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    open.is_empty().then_some(places)
}

fn push(places: &mut Vec<usize>, at: usize) {
    if places.last() != Some(&at) {
        places.push(at);
    }
}

fn text_end(document: &[u8], at: usize) -> Option<usize> {
    let mut here = at + 1;
    loop {
        here += memchr2(b'"', b'\\', document.get(here..)?)?;
        if document[here] == b'"' {
            return Some(here + 1);
        }
        here += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::{ENVELOPES, WHOLE_BYTES, cut, join, places};
    use crate::engine::redactor::Redactor;

    fn lines(document: &str) -> Vec<String> {
        let mut text = String::new();
        let mut from = 0;
        for place in places(document.as_bytes()).unwrap() {
            text += &document[from..place];
            text.push('\n');
            from = place;
        }
        text += &document[from..];
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn records_stand_on_lines_of_their_own() {
        assert_eq!(lines(r#"[{"a":1},{"b":[{"c":1}]}]"#), ["[", r#"{"a":1}"#, ",", r#"{"b":[{"c":1}]}"#, "]"]);
        assert_eq!(lines(r#"{"event":1}{"event":{"x":[1]}}"#), [r#"{"event":1}"#, r#"{"event":{"x":[1]}}"#]);
        let loki = r#"{"streams":[{"stream":{"app":"x"},"values":[["1","a"],["2","b"]]}]}"#;
        assert_eq!(lines(loki), [r#"{"streams":["#, r#"{"stream":{"app":"x"},"values":[["1","a"],["2","b"]]}"#, "]}"]);
        let otlp = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"}]"}},{}]}]}]}"#;
        let cut = [
            r#"{"resourceLogs":["#,
            r#"{"scopeLogs":["#,
            r#"{"logRecords":["#,
            r#"{"body":{"stringValue":"}]"}}"#,
            ",",
            "{}",
            "]}",
            "]}",
            "]}",
        ];
        assert_eq!(lines(otlp), cut);
        // A secret's key speaks for what is below it.
        for whole in [r#"{"passwords":[["x"],["y"]]}"#, r#"{"a":{"logs":[1]},"password":[{"v":"x"},{"v":"y"}]}"#] {
            assert_eq!(lines(whole), [whole]);
        }
        for broken in ["{", "[}", "]", "{\"a"] {
            assert!(places(broken.as_bytes()).is_none(), "{broken}");
        }
    }

    #[test]
    fn line_feeds_that_were_put_in_are_taken_out() {
        let document = format!("[\n{}{{}}\n]", "{\"n\": 1},\n ".repeat(WHOLE_BYTES));
        let cut = cut(document.as_bytes()).unwrap();
        assert_eq!(join(&cut, &cut.text).unwrap(), document.as_bytes());
    }

    #[test]
    fn no_name_of_an_envelope_is_a_secrets() {
        for name in ENVELOPES {
            let name = std::str::from_utf8(name).unwrap();
            let line = format!("{{\"{name}\":\"Xq9LwTr4vZ\"}}");
            assert!(Redactor::builtin().findings(line.as_bytes()).is_empty(), "{name}");
        }
    }
}
