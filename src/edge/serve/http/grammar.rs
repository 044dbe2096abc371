//! Whether bytes are JSON: one value, or several behind each other. No values are made, and no stack is used but a
//! bit a container.

use memchr::memchr2;

/// So deep at most, as most parsers have it.
const DEPTH_MAX: usize = 512;

/// Whether it is JSON: values behind each other, with nothing or white space between them. Bytes of texts need not be UTF-8.
pub fn is_json(text: &[u8]) -> bool {
    let mut at = blank(text, 0);
    while at < text.len() {
        let Some(end) = value(text, at) else { return false };
        at = blank(text, end);
    }
    true
}

fn blank(text: &[u8], at: usize) -> usize {
    let stays = |b: &u8| !matches!(b, b' ' | b'\t' | b'\n' | b'\r');
    text[at..].iter().position(stays).map_or(text.len(), |n| at + n)
}

/// Where the value ends that begins at `at`.
fn value(text: &[u8], mut at: usize) -> Option<usize> {
    // What is open: true for an object.
    let mut open: Vec<bool> = Vec::new();
    loop {
        // A value is due.
        match text.get(at)? {
            b @ (b'{' | b'[') => {
                let object = *b == b'{';
                at = blank(text, at + 1);
                if *text.get(at)? == if object { b'}' } else { b']' } {
                    at += 1;
                } else {
                    if open.len() == DEPTH_MAX {
                        return None;
                    }
                    open.push(object);
                    if object {
                        at = key(text, at)?;
                    }
                    continue;
                }
            }
            b'"' => at = string(text, at)?,
            b'-' | b'0'..=b'9' => at = number(text, at)?,
            _ => {
                let word = ["true", "false", "null"].iter().find(|w| text[at..].starts_with(w.as_bytes()))?;
                at += word.len();
            }
        }
        // A value has ended.
        loop {
            let Some(object) = open.last().copied() else { return Some(at) };
            at = blank(text, at);
            match (text.get(at)?, object) {
                (b',', true) => at = key(text, blank(text, at + 1))?,
                (b',', false) => at = blank(text, at + 1),
                (b'}', true) | (b']', false) => {
                    open.pop();
                    at += 1;
                    continue;
                }
                _ => return None,
            }
            break;
        }
    }
}

/// Where the value of the key that begins at `at` begins.
fn key(text: &[u8], at: usize) -> Option<usize> {
    let at = blank(text, string(text, at)?);
    (text.get(at)? == &b':').then(|| blank(text, at + 1))
}

/// Behind the text that begins at `at`.
pub fn string(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at)? != &b'"' {
        return None;
    }
    let mut here = at + 1;
    loop {
        let n = memchr2(b'"', b'\\', text.get(here..)?)?;
        if text[here..here + n].iter().any(|b| *b < 0x20) {
            return None;
        }
        here += n;
        if text[here] == b'"' {
            return Some(here + 1);
        }
        let hex = |d: &[u8]| d.iter().all(u8::is_ascii_hexdigit);
        here += match text.get(here + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' if text.get(here + 2..here + 6).is_some_and(hex) => 6,
            _ => return None,
        };
    }
}

fn number(text: &[u8], at: usize) -> Option<usize> {
    let digits = |at: usize| text[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = at + usize::from(text[at] == b'-');
    let whole = digits(at);
    if whole == 0 || whole > 1 && text[at] == b'0' {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let n = digits(at + 1);
        if n == 0 {
            return None;
        }
        at += 1 + n;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let n = if at <= text.len() { digits(at) } else { 0 };
        if n == 0 {
            return None;
        }
        at += n;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{is_json, value};
    use crate::edge::serve::drawn::cases;

    #[test]
    fn it_is_what_serde_takes() {
        let text = "[{}\"a:,1-0.eE+ntrufls\\\u{1}] ";
        let any = proptest::collection::vec(proptest::sample::select(text.chars().collect::<Vec<_>>()), 0..12);
        let known = [
            "{\"a\":[1,-2.5e+3,true,null,\"\\u0041\\n\"]}",
            "{}{} []\n1",
            "01",
            "1.",
            "[1,]",
            "{\"a\"}",
            "\"\\x\"",
            "1e",
        ];
        let serde =
            |text: &str| serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>().all(|v| v.is_ok());
        for text in known {
            assert_eq!(is_json(text.as_bytes()), serde(text), "{text}");
        }
        proptest!(cases(4000), |(chars in any)| {
            let text: String = chars.into_iter().collect();
            // Numbers and words that touch are two values to us.
            if serde(&text) {
                prop_assert!(is_json(text.as_bytes()), "{}", text);
            }
            let array = format!("[{text}]");
            let one = value(array.as_bytes(), 0) == Some(array.len());
            prop_assert_eq!(one, serde_json::from_str::<serde_json::Value>(&array).is_ok(), "{}", array);
        });
    }
}
