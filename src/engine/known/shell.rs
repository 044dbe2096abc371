//! What shells write.

use super::form::Tell;
use super::secret::Bytes;

/// What a bare word has behind backslashes: bash's `%q`, which leaves `#` and `~` but for the first, and others.
const BARE: [&[u8]; 3] = [b" !\"$&'()*,;<>?[\\]^`{|}", b" !\"#$&'()*,;<>?[\\]^`{|}~", b" !\"#$&'()*;<>?[\\]^`{|}~"];

/// Every way of a shell.
pub(super) fn all(value: &[u8], out: &mut Bytes, tell: &mut Tell<'_>) {
    // In single quotes: POSIX, `set -x`; Python's `shlex.quote`; SQL. In double quotes: CSV.
    for (sign, text) in [(b'\'', &b"'\\''"[..]), (b'\'', b"'\"'\"'"), (b'\'', b"''"), (b'"', b"\"\"")] {
        replaced(value, out, |b| if b == sign { text } else { b"" });
        tell(out.as_slice(), false);
    }
    for slashed in [&b"\"\\$`"[..], b"\"\\$`!", BARE[0], BARE[1], BARE[2]] {
        out.clear();
        for b in value {
            if slashed.contains(b) {
                out.put(b"\\");
            }
            out.put(&[*b]);
        }
        tell(out.as_slice(), false);
    }
    out.clear();
    value.iter().for_each(|b| ansi(*b, out));
    tell(out.as_slice(), false);
}

fn replaced(value: &[u8], out: &mut Bytes, text: impl Fn(u8) -> &'static [u8]) {
    out.clear();
    for b in value {
        match text(*b) {
            b"" => out.put(&[*b]),
            text => out.put(text),
        }
    }
}

/// In `$'...'`.
fn ansi(b: u8, out: &mut Bytes) {
    const LETTERS: [(u8, u8); 8] =
        [(7, b'a'), (8, b'b'), (9, b't'), (10, b'n'), (11, b'v'), (12, b'f'), (13, b'r'), (27, b'E')];
    match b {
        b'\\' | b'\'' => out.put(&[b'\\', b]),
        0..32 | 127 => match LETTERS.iter().find(|(of, _)| *of == b) {
            Some((_, letter)) => out.put(&[b'\\', *letter]),
            None => out.put(&[b'\\', b'0' + (b >> 6), b'0' + (b >> 3 & 7), b'0' + (b & 7)]),
        },
        _ => out.put(&[b]),
    }
}
