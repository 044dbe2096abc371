//! Texts behind backslashes: JSON and source code. One writer, and a table of who writes how.

use super::secret::Bytes;

/// How signs that are not written as they are get a number.
#[derive(Clone, Copy)]
enum Number {
    /// `\u00e9`, two of them above the first plane.
    Json { upper: bool },
    /// `\x7f`, `\u00e9`, `\U0001f600`.
    Go,
    /// `\u{7f}`.
    Rust,
    /// `\x7f`; what is no ASCII stays.
    Python,
}

/// How a program writes a text.
pub(super) struct Style {
    /// What gets a backslash.
    slashed: &'static [u8],
    /// What gets a backslash and this letter.
    letters: &'static [(u8, u8)],
    /// Printable ASCII that becomes a number.
    numbered: &'static [u8],
    number: Number,
    /// Whether what is no ASCII becomes a number.
    ascii: bool,
}

const JSON_LETTERS: &[(u8, u8)] = &[(8, b'b'), (12, b'f'), (b'\n', b'n'), (b'\r', b'r'), (b'\t', b't')];
const LOWER: Number = Number::Json { upper: false };
const UPPER: Number = Number::Json { upper: true };

const fn style(slashed: &'static [u8], numbered: &'static [u8], number: Number, ascii: bool) -> Style {
    Style { slashed, letters: JSON_LETTERS, numbered, number, ascii }
}

/// Writers of JSON.
pub(super) const JSON: [Style; 9] = [
    // serde_json, JavaScript, jq
    style(b"\"\\", b"", LOWER, false),
    // Python; Ruby and Java with ASCII
    style(b"\"\\", b"", LOWER, true),
    // `/` as well; PHP by default
    style(b"\"\\/", b"", LOWER, false),
    style(b"\"\\/", b"", LOWER, true),
    // Go, safe in HTML
    style(b"\"\\", b"<>&", LOWER, false),
    // Gson; PHP's and .NET's ways to be safe in HTML
    style(b"\"\\", b"<>&='", LOWER, false),
    style(b"\\/", b"<>&'\"", UPPER, true),
    style(b"\\", b"<>&'\"+`", UPPER, true),
    style(b"\"\\", b"", UPPER, true),
];

const GO_LETTERS: &[(u8, u8)] =
    &[(7, b'a'), (8, b'b'), (12, b'f'), (b'\n', b'n'), (b'\r', b'r'), (b'\t', b't'), (11, b'v')];
const RUST_LETTERS: &[(u8, u8)] = &[(b'\n', b'n'), (b'\r', b'r'), (b'\t', b't'), (0, b'0')];

/// Writers of source code.
pub(super) const SOURCE: [Style; 6] = [
    Style { slashed: b"\"\\", letters: GO_LETTERS, numbered: b"", number: Number::Go, ascii: false },
    Style { slashed: b"\"\\", letters: GO_LETTERS, numbered: b"", number: Number::Go, ascii: true },
    Style { slashed: b"\"\\", letters: RUST_LETTERS, numbered: b"", number: Number::Rust, ascii: false },
    // Python's `repr` in the marks that the text lacks, or in single ones; JavaScript's `inspect`
    Style { slashed: b"\\", letters: JSON_LETTERS_OF_PYTHON, numbered: b"", number: Number::Python, ascii: false },
    Style { slashed: b"\\'", letters: JSON_LETTERS_OF_PYTHON, numbered: b"", number: Number::Python, ascii: false },
    // Ruby's `inspect`
    Style { slashed: b"\"\\#", letters: GO_LETTERS, numbered: b"", number: Number::Go, ascii: false },
];

const JSON_LETTERS_OF_PYTHON: &[(u8, u8)] = &[(b'\n', b'n'), (b'\r', b'r'), (b'\t', b't')];

/// Writes the text so.
pub(super) fn write(text: &str, style: &Style, out: &mut Bytes) {
    out.clear();
    for c in text.chars() {
        let byte = u8::try_from(u32::from(c)).ok().filter(u8::is_ascii);
        let letter = byte.and_then(|b| style.letters.iter().find(|(of, _)| *of == b));
        match (byte, letter) {
            (_, Some((_, letter))) => out.put(&[b'\\', *letter]),
            (Some(b), _) if style.slashed.contains(&b) => out.put(&[b'\\', b]),
            (Some(b), _) if b < b' ' || style.numbered.contains(&b) => number(c, style.number, out),
            // DEL is no control to most writers of JSON.
            (Some(127), _) if style.ascii || !matches!(style.number, Number::Json { .. }) => {
                number(c, style.number, out);
            }
            (None, _) if style.ascii => number(c, style.number, out),
            // Go and Gson: line ends to JavaScript.
            (None, _) if matches!(c, '\u{2028}' | '\u{2029}') && !style.numbered.is_empty() => {
                number(c, style.number, out);
            }
            _ => out.put(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn number(c: char, number: Number, out: &mut Bytes) {
    let code = u32::from(c);
    match number {
        Number::Json { upper } => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.put(b"\\u");
                hex(u32::from(*unit), 4, upper, out);
            }
        }
        Number::Rust => {
            out.put(b"\\u{");
            hex(code, (32 - code.leading_zeros()).div_ceil(4).max(1) as usize, false, out);
            out.put(b"}");
        }
        Number::Python | Number::Go => {
            let (sign, digits) = match code {
                0..=0x7f => (b"\\x", 2),
                0x80..=0xffff => (b"\\u", 4),
                _ => (b"\\U", 8),
            };
            out.put(sign);
            hex(code, digits, false, out);
        }
    }
}

/// So many digits of a number.
pub(super) fn hex(code: u32, digits: usize, upper: bool, out: &mut Bytes) {
    const DIGITS: [&[u8; 16]; 2] = [b"0123456789abcdef", b"0123456789ABCDEF"];
    for place in (0..digits).rev() {
        out.put(&[DIGITS[usize::from(upper)][(code >> (4 * place) & 15) as usize]]);
    }
}

/// Python's `repr` of bytes.
pub(super) fn bytes(value: &[u8], slashed: &[u8], out: &mut Bytes) {
    out.clear();
    for b in value {
        match b {
            b if slashed.contains(b) => out.put(&[b'\\', *b]),
            b'\n' => out.put(b"\\n"),
            b'\r' => out.put(b"\\r"),
            b'\t' => out.put(b"\\t"),
            b' '..=b'~' => out.put(&[*b]),
            _ => {
                out.put(b"\\x");
                hex(u32::from(*b), 2, false, out);
            }
        }
    }
}
