//! Is it a JSON Web Token? RFC 7519: base64url parts joined by dots, the first a JSON object.

use super::base64::decode_four;

/// Whether the part before the first dot decodes to something that begins as a JSON object does.
pub fn has_header(token: &[u8]) -> bool {
    let part = token.split(|&b| b == b'.').next().unwrap_or_default();
    let mut text = part.chunks(4).flat_map(decode_four);
    let first = text.by_ref().find(|b| !b.is_ascii_whitespace());
    let second = text.find(|b| !b.is_ascii_whitespace());
    first == Some(b'{') && matches!(second, Some(b'"' | b'}'))
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
