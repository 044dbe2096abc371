//! Lines of JSON whose strings may be spelt as arrays of bytes: `"MESSAGE":[112,97,115,115]`.
//!
//! A line with such arrays is judged with strings in their place, and what was masked is spelt as numbers again.

use std::ops::Range;

use memchr::memchr;

use super::limits::{HELD_BYTES_MAX, UNJUDGED};
use crate::engine::stream::Stream;
use crate::engine::wipe::wipe;

/// Lines on their way.
pub struct Json {
    /// The line that has not ended.
    line: Vec<u8>,
    /// The rest of a line that was too long is passed over.
    skips: bool,
    looking: bool,
    /// Lines that were too long.
    pub unjudged: u64,
}

impl Json {
    /// At the beginning of a line.
    pub fn new(looking: bool) -> Json {
        Json { line: Vec::new(), skips: false, looking, unjudged: 0 }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, mut bytes: &[u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        while !bytes.is_empty() {
            let end = memchr(b'\n', bytes).map(|i| i + 1);
            let (piece, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            bytes = rest;
            if !self.skips && self.line.len() + piece.len() > HELD_BYTES_MAX {
                self.skips = true;
                self.unjudged += 1;
                wipe(&mut self.line);
                sink(&[b"{\"MESSAGE\":\"", UNJUDGED, b"\"}\n"].concat());
            }
            if !self.skips {
                self.line.extend_from_slice(piece);
            }
            if end.is_some() {
                self.end(stream, sink);
            }
        }
    }

    /// Ends the input.
    pub fn finish(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        self.end(stream, sink);
        stream.finish_with(sink);
    }

    fn end(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        self.skips = false;
        let Some(mut spelt) = Spelt::of(&self.line) else {
            stream.push_with(&self.line, sink);
            return wipe(&mut self.line);
        };
        if self.looking {
            stream.push_with(&spelt.text, sink);
        } else {
            let mut masked = Vec::new();
            stream.push(&spelt.text, &mut masked);
            if !self.line.ends_with(b"\n") {
                stream.finish(&mut masked);
            }
            spelt.back(&self.line, &masked, sink);
            wipe(&mut masked);
        }
        wipe(&mut spelt.text);
        wipe(&mut self.line);
    }
}

/// A line with strings in place of arrays of bytes.
struct Spelt {
    text: Vec<u8>,
    /// Which of the text's scalars were arrays, and where these stand in the line.
    arrays: Vec<(usize, Range<usize>)>,
}

impl Spelt {
    /// None where there is no such array.
    fn of(line: &[u8]) -> Option<Spelt> {
        let mut spelt = Spelt { text: Vec::new(), arrays: Vec::new() };
        let (mut from, mut scalars) = (0, 0);
        let mut at = 0;
        while at < line.len() {
            let array = if line[at] == b'[' { bytes_of(&line[at..]) } else { None };
            if let Some((mut bytes, len)) = array {
                spelt.text.extend_from_slice(&line[from..at]);
                quote(&bytes, &mut spelt.text);
                wipe(&mut bytes);
                spelt.arrays.push((scalars, at..at + len));
                scalars += 1;
                at += len;
                from = at;
            } else if let Some(len) = scalar(&line[at..]) {
                scalars += 1;
                at += len;
            } else {
                at += 1;
            }
        }
        spelt.text.extend_from_slice(&line[from..]);
        (!spelt.arrays.is_empty()).then_some(spelt)
    }

    /// Spells what was masked as it was spelt in the line. Where a mask goes over more than one string nothing tells
    /// them apart any more: then strings stay strings.
    fn back(&self, line: &[u8], masked: &[u8], sink: &mut impl FnMut(&[u8])) {
        let (before, after) = (scalars(&self.text), scalars(masked));
        if !alike(&self.text, &before, masked, &after) {
            return sink(masked);
        }
        let mut from = 0;
        for (index, array) in &self.arrays {
            let (old, new) = (&self.text[before[*index].clone()], after[*index].clone());
            sink(&masked[from..new.start]);
            match masked[new.clone()] == *old {
                true => sink(&line[array.clone()]),
                false => sink(&numbers(&unquote(&masked[new.clone()]))),
            }
            from = new.end;
        }
        sink(&masked[from..]);
    }
}

/// Whether two lines have as many scalars, and the same between them.
fn alike(a: &[u8], of_a: &[Range<usize>], b: &[u8], of_b: &[Range<usize>]) -> bool {
    let between = |line: &[u8], scalars: &[Range<usize>]| {
        let mut out = Vec::new();
        let mut from = 0;
        for scalar in scalars {
            out.extend_from_slice(&line[from..scalar.start]);
            out.push(b'.');
            from = scalar.end;
        }
        out.extend_from_slice(&line[from..]);
        out
    };
    of_a.len() == of_b.len() && between(a, of_a) == between(b, of_b)
}

/// Where a line's strings, numbers and words stand.
fn scalars(line: &[u8]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < line.len() {
        match scalar(&line[at..]) {
            Some(len) => {
                all.push(at..at + len);
                at += len;
            }
            None => at += 1,
        }
    }
    all
}

/// How long the string, number or word is that begins here, if one does.
fn scalar(text: &[u8]) -> Option<usize> {
    let is_mark = |b: u8| b.is_ascii_whitespace() || b"[]{}:,".contains(&b);
    match text.first()? {
        b'"' => {
            let mut at = 1;
            while at < text.len() && text[at] != b'"' {
                at += if text[at] == b'\\' { 2 } else { 1 };
            }
            Some((at + 1).min(text.len()))
        }
        b if is_mark(*b) => None,
        _ => Some(text.iter().position(|b| is_mark(*b) || *b == b'"').unwrap_or(text.len())),
    }
}

/// The bytes of an array of nothing but numbers up to 255 that begins here, and how long it is written.
fn bytes_of(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut bytes = Vec::new();
    let mut number: Option<u16> = None;
    let mut at = 1;
    let mut blank = false;
    loop {
        match *text.get(at)? {
            digit @ b'0'..=b'9' if !blank || number.is_none() => {
                number = Some(number.unwrap_or(0).checked_mul(10)? + u16::from(digit - b'0'));
                number.filter(|n| *n < 256)?;
                blank = false;
            }
            b' ' | b'\t' => blank = true,
            mark @ (b',' | b']') => {
                bytes.push(number.take()? as u8);
                blank = false;
                if mark == b']' {
                    return Some((bytes, at + 1));
                }
            }
            _ => return None,
        }
        at += 1;
    }
}

fn numbers(bytes: &[u8]) -> Vec<u8> {
    let all: Vec<String> = bytes.iter().map(u8::to_string).collect();
    format!("[{}]", all.join(",")).into_bytes()
}

/// Bytes as a string of JSON; what is no UTF-8 stays as it is.
fn quote(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &b in bytes {
        match b {
            b'"' | b'\\' => out.extend([b'\\', b]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0..0x20 => out.extend(format!("\\u{b:04x}").bytes()),
            _ => out.push(b),
        }
    }
    out.push(b'"');
}

/// The bytes of a string of JSON, or of what stands without quotes.
fn unquote(text: &[u8]) -> Vec<u8> {
    let Some(inner) = text.strip_prefix(b"\"").map(|t| t.strip_suffix(b"\"").unwrap_or(t)) else {
        return text.to_vec();
    };
    let mut out = Vec::new();
    let mut rest = inner.iter().copied();
    while let Some(b) = rest.next() {
        if b != b'\\' {
            out.push(b);
            continue;
        }
        match rest.next() {
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'u') => {
                let digits: Vec<u8> = rest.by_ref().take(4).collect();
                let code = std::str::from_utf8(&digits).ok().and_then(|d| u32::from_str_radix(d, 16).ok());
                // Halves of a pair are a mask's: what was an array has none.
                let c = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Some(other) => out.push(other),
            None => out.push(b'\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{HELD_BYTES_MAX, Json, bytes_of, numbers};
    use crate::engine::redactor::Redactor;
    use crate::engine::stream::Stream;

    fn filter(input: &[u8], step: usize) -> Vec<u8> {
        let (mut json, mut stream) = (Json::new(false), Stream::new(&Redactor::builtin()));
        let mut out = Vec::new();
        let mut sink = |b: &[u8]| out.extend_from_slice(b);
        input.chunks(step).for_each(|piece| json.push(piece, &mut stream, &mut sink));
        json.finish(&mut stream, &mut sink);
        out
    }

    fn array(bytes: &[u8]) -> Value {
        bytes.to_vec().into()
    }

    /// A value as text, wherever it is bytes.
    fn texts(value: &Value) -> Value {
        match value {
            Value::Array(all) if all.iter().all(Value::is_u64) && !all.is_empty() => {
                let bytes: Vec<u8> = all.iter().map(|n| n.as_u64().unwrap() as u8).collect();
                String::from_utf8_lossy(&bytes).into()
            }
            Value::Array(all) => all.iter().map(texts).collect::<Vec<_>>().into(),
            Value::Object(all) => {
                all.iter().map(|(k, v)| (k.clone(), texts(v))).collect::<serde_json::Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }

    #[test]
    fn arrays_are_judged_as_the_texts_they_are() {
        let key = [concat!("-----BEGIN RSA PRIV", "ATE KEY-----"), concat!("-----END RSA PRIV", "ATE KEY-----")];
        let block = format!("{}\nbm90IGEga2V5IGF0IGFsbCwgYnV0IGl0IGxvb2tz\n{}\n", key[0], key[1]);
        let values = [
            json!({"__CURSOR": "s=1", "MESSAGE": array(b"\x1b[1mlogin\x1b[0m password=hunter2 \"x\" \\ end\n"), "_PID": "1"}),
            json!({"MESSAGE": array("na\u{ef}ve \u{7cfb} password=hunter2".as_bytes()), "PRIORITY": "6"}),
            json!({"DB_PASSWORD": array(b"hunter2x\x01"), "MESSAGE": "password=hunter2"}),
            json!({"MESSAGE": [array(b"one\x01"), "token=q8Zr1Lw0mXv93TbN", array(b"password=hunter2\x02")]}),
            json!({"MESSAGE": array(block.as_bytes()), "A": null, "B": []}),
            json!({"MESSAGE": array(b"nothing to see\x01"), "PORTS": [80, 22]}),
        ];
        let redactor = Redactor::builtin();
        let input: String = values.iter().map(|v| format!("{v}\n")).collect();
        let whole = filter(input.as_bytes(), input.len());
        for step in [1, 2, 7, 64] {
            assert!(filter(input.as_bytes(), step) == whole, "{step}");
        }
        let lines = String::from_utf8(whole.clone()).unwrap();
        for (value, line) in values.iter().zip(lines.lines()) {
            let expected: Value = serde_json::from_str(&redactor.redact_str(&texts(value).to_string())).unwrap();
            let found: Value = serde_json::from_str(line).unwrap();
            assert_eq!(texts(&found), expected, "{line}");
            let shape = |v: &Value| v["MESSAGE"].as_array().map(Vec::len).is_some();
            assert_eq!(shape(value), shape(&found), "{line}");
            assert!(!texts(&found).to_string().contains("hunter2"));
        }
        assert_eq!(lines.lines().last().unwrap(), values[5].to_string(), "without a secret byte for byte");
        assert_eq!(filter(&whole, 9), whole, "masking twice changes nothing");
    }

    #[test]
    fn bytes_that_are_no_utf8_come_back() {
        let bytes = b"\xff\xfe password=hunter2 \x80".to_vec();
        let line = format!(
            "{{\"MESSAGE\" : [ {} ], \"x\" : 1 }}",
            bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
        );
        let expected = numbers(b"\xff\xfe password=[REDACTED:password] \x80");
        let expected = [b"{\"MESSAGE\" : ", &expected[..], b", \"x\" : 1 }"].concat();
        assert_eq!(filter(line.as_bytes(), 3), expected, "without a line's end, too");
    }

    #[test]
    fn a_line_too_long_leaves_unjudged() {
        let long =
            format!("{{\"MESSAGE\":{}}}\n{{\"MESSAGE\":\"next\"}}\n", Value::from(vec![112u8; HELD_BYTES_MAX / 4 + 9]));
        assert_eq!(filter(long.as_bytes(), 4096), b"{\"MESSAGE\":\"[REDACTED:unjudged]\"}\n{\"MESSAGE\":\"next\"}\n");
    }

    #[test]
    fn only_arrays_of_bytes_are_read_as_such() {
        for text in [
            "[]",
            "[1,256]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[-1]",
            "[1.0]",
            "[[1]]",
            "[1",
            "[\"a\"]",
            "[1,null]",
            "[99999999]",
        ] {
            assert_eq!(bytes_of(text.as_bytes()), None, "{text}");
        }
        assert_eq!(bytes_of(b"[ 112 , 97]rest"), Some((b"pa".to_vec(), 11)));
    }
}
