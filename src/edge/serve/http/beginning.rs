//! How a connection of HTTP begins: whether so much has come that it is worth what a connection costs.
//!
//! This decides when a request is read, never how: what came is handed on as it is.

use memchr::memmem;

/// What HTTP/2 begins with where it was not agreed on.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// More than this waits nowhere.
pub const BEGINNING_BYTES: usize = 8 << 10;

/// Whether the first request has come as a whole, or what came is none, or more than waits.
pub fn is_enough(bytes: &[u8]) -> bool {
    if PREFACE.starts_with(bytes) {
        return bytes.len() == PREFACE.len();
    }
    if bytes.len() >= BEGINNING_BYTES || !bytes[0].is_ascii_alphabetic() {
        return true;
    }
    // A sender that does not say how long its body is, or waits to be told to go on, is answered at once.
    let Some(end) = head_end(bytes) else { return false };
    body_bytes(&bytes[..end]).is_none_or(|body| bytes.len() - end >= body)
}

/// Whether a connection that begins so speaks HTTP/2.
pub fn is_http2(bytes: &[u8]) -> bool {
    bytes.starts_with(PREFACE)
}

/// Where the head of a request ends.
pub fn head_end(bytes: &[u8]) -> Option<usize> {
    let end = |empty: &[u8]| memmem::find(bytes, empty).map(|at| at + empty.len());
    match (end(b"\n\r\n"), end(b"\n\n")) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// How long a head says that the body is; None where it is not to be waited for.
fn body_bytes(head: &[u8]) -> Option<usize> {
    let mut length = None;
    for line in head.split(|b| *b == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if is("expect") || is("transfer-encoding") || is("upgrade") {
            return None;
        }
        if is("content-length") {
            length = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::{BEGINNING_BYTES, PREFACE, is_enough, is_http2};

    #[test]
    fn a_request_that_has_not_come_is_waited_for() {
        let whole = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-LENGTH : 5\r\n\r\nabcde";
        for end in 0..whole.len() {
            assert!(!is_enough(&whole[..end]), "{end}");
        }
        assert!(is_enough(whole));
        for end in 0..PREFACE.len() {
            assert!(!is_enough(&PREFACE[..end]), "{end}");
        }
        assert!(is_enough(PREFACE) && is_enough(&[PREFACE, b"more"].concat()));
        assert!(is_http2(PREFACE) && !is_http2(whole));
    }

    #[test]
    fn what_nobody_can_wait_for_is_enough() {
        let long = |head: &str| [head.as_bytes(), &vec![b'a'; BEGINNING_BYTES]].concat();
        for bytes in [
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            b"GET / HTTP/1.1\nHost: x\n\n".to_vec(),
            b"POST / HTTP/1.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n".to_vec(),
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
            b"POST / HTTP/1.1\r\nContent-Length: much\r\n\r\n".to_vec(),
            b"\x16\x03\x01".to_vec(),
            b"<13>a record\n".to_vec(),
            long("POST / HTTP/1.1\r\nX-Long: "),
            long("POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n"),
        ] {
            assert!(is_enough(&bytes), "{}", String::from_utf8_lossy(&bytes[..bytes.len().min(80)]));
        }
    }
}
