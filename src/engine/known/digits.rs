//! Hexadecimal digits and base64.

use super::escapes::hex;
use super::form::Tell;
use super::secret::Bytes;

/// Bytes in digits: one behind the other, behind `\x` each, apart by colons.
pub(super) fn hexes(value: &[u8], out: &mut Bytes, tell: &mut Tell<'_>) {
    for upper in [false, true] {
        for (before, between) in [(&b""[..], &b""[..]), (b"\\x", b""), (b"", b":")] {
            out.clear();
            for (n, b) in value.iter().enumerate() {
                out.put(if n > 0 { between } else { b"" });
                out.put(before);
                hex(u32::from(*b), 2, upper, out);
            }
            tell(out.as_slice(), false);
        }
    }
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Of base64 the characters that depend on the value alone, whatever stood before and behind it: they are the same behind
/// every prefix of the same length modulo three.
pub(super) fn base64s(value: &[u8], out: &mut Bytes, tell: &mut Tell<'_>) {
    for alphabet in [STANDARD, URL] {
        for before in 0..3 {
            out.clear();
            // In bits, counted from where a group of three begins.
            let (start, end) = (before * 8, (before + value.len()) * 8);
            let bit = |at: usize| value[at / 8 - before] >> (7 - at % 8) & 1;
            for at in (usize::div_ceil(start, 6)..end / 6).map(|n| n * 6) {
                let six = (0..6).fold(0, |six, n| six << 1 | bit(at + n));
                out.put(&[alphabet[usize::from(six)]]);
            }
            tell(out.as_slice(), true);
        }
    }
}

/// Whether a byte may stand in base64.
pub(super) fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-')
}
