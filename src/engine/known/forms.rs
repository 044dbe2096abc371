//! A value -> the ways in which programs write it. Each is a pure function, tried against the encoder it is named for.

use super::form::Tell;
use super::secret::{Bytes, Secret};
use super::{digits, escapes, markup, shell};

/// A family of encodings that a value is looked for in, besides the value as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Texts of JSON, as serde_json, Python, Go, PHP, Gson and .NET escape them, and such a text in another one.
    Json,
    /// Percent-encoding of URLs and forms, with small and capital digits.
    Percent,
    /// XML and HTML, named and numeric.
    Markup,
    /// What shells write: in single, double and no quotes, and in `$'...'`; quotes doubled, as in SQL and CSV.
    Shell,
    /// Texts in source form: Go's `%q`, Rust's `{:?}`, Python's `repr`.
    Source,
    /// Hexadecimal digits, bare, behind `\x` each, and apart by colons.
    Hex,
    /// Base64 of both alphabets, wherever in a longer text the value stood.
    Base64,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Encoding; 7] = [
        Encoding::Json,
        Encoding::Percent,
        Encoding::Markup,
        Encoding::Shell,
        Encoding::Source,
        Encoding::Hex,
        Encoding::Base64,
    ];

    /// The name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Json => "json",
            Encoding::Percent => "percent",
            Encoding::Markup => "markup",
            Encoding::Shell => "shell",
            Encoding::Source => "source",
            Encoding::Hex => "hex",
            Encoding::Base64 => "base64",
        }
    }

    /// The encoding of that name.
    pub fn from_name(name: &str) -> Option<Encoding> {
        Encoding::ALL.into_iter().find(|e| e.name() == name)
    }
}

/// Tells each form of the value but the value itself.
pub(super) fn each(value: &[u8], encodings: &[Encoding], tell: &mut Tell<'_>) {
    let mut room = Bytes::default();
    let room = &mut room;
    if value.contains(&b'\n') {
        // A log that knows one line an event writes blanks instead.
        let line: Vec<u8> = value.iter().map(|b| if *b == b'\n' { b' ' } else { *b }).collect();
        room.put(&line);
        drop(Secret::from(line)); // wiped
        tell(room.as_slice(), false);
    }
    let text = std::str::from_utf8(value).ok();
    // What most tokens are: letters and digits, which nobody writes otherwise but in digits and base64.
    let plain = value.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let marked = value.iter().any(|b| b"&<>\"'".contains(b));
    let written = |encoding: &&Encoding| match encoding {
        Encoding::Hex | Encoding::Base64 => true,
        Encoding::Markup => marked,
        _ => !plain,
    };
    for encoding in encodings.iter().filter(written) {
        match encoding {
            Encoding::Json => text.into_iter().for_each(|text| json(text, room, tell)),
            Encoding::Percent => markup::percents(value, room, tell),
            Encoding::Markup => markup::markups(value, room, tell),
            Encoding::Shell => shell::all(value, room, tell),
            Encoding::Source => {
                text.into_iter().for_each(|text| {
                    escapes::SOURCE.iter().for_each(|style| one(text, style, room, tell));
                });
                for slashed in [&b"\\"[..], b"\\'"] {
                    escapes::bytes(value, slashed, room);
                    tell(room.as_slice(), false);
                }
            }
            Encoding::Hex => digits::hexes(value, room, tell),
            Encoding::Base64 => {
                digits::base64s(value, room, tell);
                // Base64 of JSON, as of a token's payload.
                if let (Some(text), true) = (text.filter(|_| !plain), encodings.contains(&Encoding::Json)) {
                    let mut inner = Bytes::default();
                    for style in &escapes::JSON[..2] {
                        escapes::write(text, style, &mut inner);
                        if inner.as_slice() != value {
                            digits::base64s(inner.as_slice(), room, tell);
                        }
                    }
                }
            }
        }
    }
}

fn one(text: &str, style: &escapes::Style, room: &mut Bytes, tell: &mut Tell<'_>) {
    escapes::write(text, style, room);
    tell(room.as_slice(), false);
}

/// JSON, and JSON in a text of JSON.
fn json(text: &str, room: &mut Bytes, tell: &mut Tell<'_>) {
    for style in &escapes::JSON {
        one(text, style, room, tell);
    }
    let mut inner = Bytes::default();
    for style in &escapes::JSON {
        escapes::write(text, style, &mut inner);
        if let Ok(inner) = std::str::from_utf8(inner.as_slice())
            && inner != text
        {
            // What was escaped is ASCII by now, or may stay as it is.
            one(inner, style, room, tell);
        }
    }
}
