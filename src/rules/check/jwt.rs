//! Is it a JSON Web Token? RFC 7519: base64url parts joined by dots, the first a JSON object.

/// Whether the part before the first dot decodes to something that begins as a JSON object does.
pub fn has_header(token: &[u8]) -> bool {
    let part = token.split(|&b| b == b'.').next().unwrap_or_default();
    let mut text = part.chunks(4).flat_map(decode_four);
    let first = text.by_ref().find(|b| !b.is_ascii_whitespace());
    let second = text.find(|b| !b.is_ascii_whitespace());
    first == Some(b'{') && matches!(second, Some(b'"' | b'}'))
}

fn decode_four(four: &[u8]) -> impl Iterator<Item = u8> + use<> {
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
    use super::has_header;

    #[test]
    fn headers() {
        assert!(has_header(b"eyJhbGciOiJub25lIn0.e30."));
        assert!(has_header(b"ewogICJhbGciOiAibm9uZSIKfQ.e30.x")); // "{\n  ..."
        assert!(has_header(b"e30.e30.x"));
        assert!(!has_header(b"eyes.wide.shut"));
        assert!(!has_header(b""));
    }
}
