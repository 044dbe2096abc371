//! Base64, RFC 4648: what it stands for.

/// Whether all of it is base64, padded, of a text in ASCII: `aHVudGVyMg==`. A word is not: one of eight letters in 400 would
/// be.
pub fn is_text(encoded: &[u8]) -> bool {
    let bare = encoded.strip_suffix(b"==").or(encoded.strip_suffix(b"=")).unwrap_or(encoded);
    encoded.len().is_multiple_of(4)
        && !bare.is_empty()
        && bare.iter().all(|b| value(*b).is_some())
        && bare.chunks(4).flat_map(decode_four).all(|b| matches!(b, b' '..=b'~'))
}

/// The bytes that four signs of either alphabet stand for, or fewer at the end.
pub(super) fn decode_four(four: &[u8]) -> impl Iterator<Item = u8> + use<> {
    let mut bits = 0u32;
    let mut known = 0;
    for &c in four {
        let Some(v) = value(c) else { break };
        bits = bits << 6 | v;
        known += 1;
    }
    let whole: usize = known * 6 / 8;
    let bits = bits << (32 - known * 6).min(31);
    let bytes = if known == 0 { [0; 4] } else { bits.to_be_bytes() };
    bytes.into_iter().take(whole)
}

fn value(c: u8) -> Option<u32> {
    Some(u32::from(match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'-' | b'+' => 62,
        b'_' | b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::is_text;

    #[test]
    fn texts() {
        for text in ["aHVudGVyMg==", "MTIzNDU2", "cGFzc3dvcmQ=", "UGFzc3dvcmQ6"] {
            assert!(is_text(text.as_bytes()), "{text}");
        }
        for text in ["successful", "password", "accepted", "SIZE", "aHVudGVyMg=", "====", "", "a b="] {
            assert!(!is_text(text.as_bytes()), "{text}");
        }
    }
}
