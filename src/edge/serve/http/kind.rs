//! What a body is: by its path, its `Content-Type`, and where that says nothing by its first byte.

use super::proto::table::{self, Message};
use super::refusal::Refusal;
use crate::edge::encoding::Detector;
use crate::edge::serve::foreign::{Look, foreign};

/// What a body is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Lines of text, of JSON among them.
    Text,
    /// One document of JSON, or several behind each other.
    Json,
    /// Values of MessagePack behind each other.
    Msgpack,
    /// A message of protobuf.
    Proto(&'static Message),
}

/// What a path is said to carry, or a `Content-Type` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Text, lines of JSON among it.
    Text,
    /// JSON.
    Json,
    /// MessagePack.
    Msgpack,
    /// Protobuf, of the message that belongs to the path.
    Proto,
    /// A form, which curl calls everything.
    Form,
    /// Nothing, or nothing that is known: what is text by its bytes is taken for text.
    Nothing,
    /// What cannot be judged.
    No,
}

/// Text whose bytes are no ASCII where it looks like ASCII.
const WIDE: Refusal = Refusal::Unsupported("text must be UTF-8 here: in UTF-16 and the like secrets would be missed");
const BINARY: Refusal =
    Refusal::Unsupported("the body is neither text, JSON nor a known message of protobuf; nothing of it left");

impl Said {
    /// By the name that a configuration gives it.
    pub fn from_name(name: &str) -> Option<Said> {
        match name {
            "text" => Some(Said::Text),
            "json" => Some(Said::Json),
            "msgpack" => Some(Said::Msgpack),
            "protobuf" => Some(Said::Proto),
            _ => None,
        }
    }

    /// By the value of `Content-Type`.
    ///
    /// # Errors
    /// When it names a set of characters in which ASCII is something else.
    pub fn of(content_type: &str) -> Result<Said, Refusal> {
        let lower = content_type.to_ascii_lowercase();
        let (essence, parameters) = lower.split_once(';').unwrap_or((&lower, ""));
        let charset = parameters.split(';').find_map(|p| p.trim().strip_prefix("charset="));
        if charset.is_some_and(|name| !is_ascii_like(name.trim_matches('"'))) {
            return Err(WIDE);
        }
        let (kind, sub) = essence.trim().split_once('/').unwrap_or(("", ""));
        Ok(match (kind, sub) {
            ("multipart", _) => Said::No,
            (_, "x-www-form-urlencoded") => Said::Form,
            _ if sub.contains("proto") => Said::Proto,
            _ if sub.contains("msgpack") => Said::Msgpack,
            _ if ["ndjson", "jsonl", "json-lines", "json-seq"].iter().any(|n| sub.contains(n)) => Said::Text,
            _ if sub.ends_with("json") => Said::Json,
            ("text", _) => Said::Text,
            _ if ["xml", "yaml", "javascript", "graphql"].iter().any(|n| sub.ends_with(n)) => Said::Text,
            _ => Said::Nothing,
        })
    }
}

fn is_ascii_like(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii", "windows-125", "iso-8859-", "latin"].iter().any(|n| charset.starts_with(n))
}

/// What a body is that was unpacked.
///
/// # Errors
/// When nobody here can read it.
pub fn kind(said: Said, path: &str, body: &[u8]) -> Result<Kind, Refusal> {
    let json = body.iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|b| matches!(b, b'{' | b'['));
    let kind = match said {
        Said::Proto => {
            let unknown = Refusal::Unsupported("no message of protobuf is known for this path");
            return table::of_path(path).map(Kind::Proto).ok_or(unknown);
        }
        Said::Msgpack => return Ok(Kind::Msgpack),
        Said::No => return Err(BINARY),
        Said::Json => Kind::Json,
        Said::Form | Said::Nothing if json => Kind::Json,
        Said::Text | Said::Form => Kind::Text,
        Said::Nothing if is_plain(body) => Kind::Text,
        Said::Nothing => return Err(BINARY),
    };
    if Detector::default().look(body).is_some() {
        return Err(WIDE);
    }
    match foreign(body, true) {
        Look::Foreign(_) => Err(BINARY),
        _ => Ok(kind),
    }
}

/// Whether bytes of which nothing is said are text.
fn is_plain(body: &[u8]) -> bool {
    let control = |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B) || *b == 0x7F;
    std::str::from_utf8(body).is_ok() && !body.iter().any(control)
}

#[cfg(test)]
mod tests {
    use super::{Kind, Said, kind};

    fn name(kind: Kind) -> &'static str {
        match kind {
            Kind::Text => "text",
            Kind::Json => "json",
            Kind::Msgpack => "msgpack",
            Kind::Proto(_) => "proto",
        }
    }

    #[test]
    fn bodies_are_what_they_say_or_what_they_look_like() {
        for (content_type, path, body, wanted) in [
            ("application/json", "/", &b"{}"[..], "json"),
            ("application/vnd.elasticsearch+json; compatible-with=9", "/", b"{}", "json"),
            ("application/vnd.elasticsearch+x-ndjson;compatible-with=9", "/_bulk", b"{}\n{}\n", "text"),
            ("application/x-ndjson", "/_bulk", b"{}\n{}\n", "text"),
            ("text/plain; charset=utf-8", "/", b"a", "text"),
            ("application/x-www-form-urlencoded", "/", b"a=b", "text"),
            ("application/x-www-form-urlencoded", "/", b" {\"a\":1}", "json"),
            ("", "/services/collector", b"{}{}", "json"),
            ("", "/", b"user=alice", "text"),
            ("application/octet-stream", "/", b"user=alice", "text"),
            ("application/x-protobuf", "/v1/logs", b"", "proto"),
            ("application/x-protobuf", "/otlp/v1/traces", b"", "proto"),
            ("application/x-protobuf", "/loki/api/v1/push", b"", "proto"),
            ("application/msgpack", "/", &[0x80], "msgpack"),
        ] {
            let said = Said::of(content_type).unwrap();
            assert_eq!(kind(said, path, body).map(name), Ok(wanted), "{content_type} {path}");
        }
        for (content_type, path, body) in [
            ("application/x-protobuf", "/v2/logs", &b""[..]),
            ("multipart/form-data; boundary=x", "/", b"--x"),
            ("application/octet-stream", "/", &[0xFF, 0xFE]),
            ("application/octet-stream", "/", b"\x08\x01"),
            ("application/json", "/", b"{\0\"\0p\0a\0s\0s\0w\0o\0r\0d\0\"\0:\0\"\0x\0\"\0}\0"),
            ("text/plain", "/", &[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]),
            ("", "/", &[0x0A, 3, b'a', b'b', b'c']),
        ] {
            let said = Said::of(content_type).unwrap();
            assert!(kind(said, path, body).is_err(), "{content_type} {path}");
        }
        assert!(Said::of("text/plain; charset=utf-16").is_err());
    }
}
