//! What is no log text, known by its first bytes: another protocol's, or compressed.
//!
//! Text of any 8-bit encoding is none of it, with or without a byte order mark, escape sequences or
//! control characters as separators.

use self::Byte::{Any, In, Is};

/// So much of a stream's beginning is looked at where something in it is no text, in bytes.
const HEAD_BYTES: usize = 32;
/// So far into a stream something must be no text for it to be looked at so.
const SUSPECT_BYTES: usize = 4;
/// The longest request line of HTTP that is told, in bytes.
const REQUEST_BYTES_MAX: usize = 16 << 10;

/// Something that is no log text.
#[derive(Debug, PartialEq, Eq)]
pub struct Foreign {
    /// What it is.
    pub name: &'static str,
    /// What is to be done.
    pub cure: &'static str,
    begins: &'static [&'static [Byte]],
}

/// One of the first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Byte {
    Is(u8),
    In(u8, u8),
    Any,
}

/// What the first bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Not log text.
    Foreign(&'static Foreign),
    /// Text, or nothing that is known.
    Text,
    /// Not enough yet.
    Open,
}

/// HTTP in any version; it can be answered.
pub static HTTP: Foreign = Foreign {
    name: "HTTP",
    cure: "this port takes records over plain TCP (syslog, or lines): use the sender's syslog or TCP output",
    begins: &[],
};

static MSGPACK: Foreign = Foreign {
    name: "MessagePack (Fluentd, Fluent Bit)",
    cure: "give [[listen]] and [[upstream]] protocol = \"fluent\", or have the sender write lines of JSON over TCP",
    begins: &[],
};

static BINARY: Foreign = Foreign { name: "a binary protocol (protobuf or the like)", cure: TEXT, begins: &[] };

const TEXT: &str = "have the sender write text: lines, syslog, or JSON in lines";

const UNPACKED: &str = "turn compression off at the sender";
const BY_LINE: &str = "have it write lines of JSON over plain TCP (Logstash: the tcp output with json_lines)";
const FILES: &str = "send log text, not files of it; `logveil` itself reads compressed files";

static KNOWN: [Foreign; 16] = [
    Foreign {
        name: "TLS",
        cure: "give the listener a tls:// address with a certificate, or turn TLS off at the sender",
        begins: &[&[Is(0x16), Is(3), In(0, 4), Any, Any, Is(1)]],
    },
    Foreign { name: "gzip", cure: UNPACKED, begins: &[&[Is(0x1f), Is(0x8b), Is(8)]] },
    Foreign { name: "zstd", cure: UNPACKED, begins: &[&[Is(0x28), Is(0xb5), Is(0x2f), Is(0xfd)]] },
    Foreign { name: "zstd", cure: UNPACKED, begins: &[&[In(0x50, 0x5f), Is(0x2a), Is(0x4d), Is(0x18)]] },
    Foreign {
        name: "GELF in chunks",
        cure: "send GELF over TCP (ended by NUL), or in datagrams small enough for one, uncompressed",
        begins: &[&[Is(0x1e), Is(0x0f)]],
    },
    Foreign {
        name: "lumberjack (Beats, Logstash)",
        cure: BY_LINE,
        begins: &[&[In(b'1', b'2'), Is(b'W'), Is(0)], &[In(b'1', b'2'), Is(b'C'), Is(0)], &[Is(b'1'), Is(b'D'), Is(0)]],
    },
    Foreign {
        name: "Java serialization",
        cure: "use a syslog appender, or a socket appender with a text or JSON layout",
        begins: &[&[Is(0xac), Is(0xed), Is(0), Is(5)]],
    },
    Foreign {
        name: "pickle (Python's SocketHandler)",
        cure: "use logging.handlers.SysLogHandler, or write lines",
        // SocketHandler writes protocol 1: an empty dictionary, then what goes into it.
        begins: &[
            &[Is(0), Any, Any, Any, Is(b'}'), Is(b'q'), Is(0)],
            &[Is(0), Any, Any, Any, Is(0x80), In(1, 5)],
            &[Is(0x80), In(2, 5)],
        ],
    },
    Foreign { name: "xz", cure: FILES, begins: &[&[Is(0xfd), Is(b'7'), Is(b'z'), Is(b'X'), Is(b'Z'), Is(0)]] },
    Foreign { name: "LZ4", cure: UNPACKED, begins: &[&[Is(4), Is(0x22), Is(0x4d), Is(0x18)]] },
    Foreign { name: "Snappy", cure: UNPACKED, begins: &[&[Is(0xff), Is(6), Is(0), Is(0), Is(b's'), Is(b'N')]] },
    Foreign { name: "ZIP", cure: FILES, begins: &[&[Is(b'P'), Is(b'K'), Is(3), Is(4)]] },
    Foreign {
        name: "bzip2",
        cure: FILES,
        begins: &[&[Is(b'B'), Is(b'Z'), Is(b'h'), In(b'1', b'9'), Is(0x31), Is(0x41), Is(0x59), Is(0x26), Is(0x53)]],
    },
    Foreign { name: "AMQP", cure: BY_LINE, begins: &[&[Is(b'A'), Is(b'M'), Is(b'Q'), Is(b'P'), In(0, 3)]] },
    Foreign { name: "MQTT", cure: BY_LINE, begins: &[&[Is(0x10), Any, Is(0), Is(4), Is(b'M'), Is(b'Q')]] },
    // Its mark of itself; without one it is told as other binary protocols are.
    Foreign { name: "CBOR", cure: TEXT, begins: &[&[Is(0xd9), Is(0xd9), Is(0xf7)]] },
];

/// Its second byte may be text; what follows it never is for long.
static ZLIB: Foreign = Foreign { name: "zlib", cure: UNPACKED, begins: &[] };

const METHODS: [&str; 10] =
    ["GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "PATCH ", "OPTIONS ", "TRACE ", "CONNECT ", "PRI "];

/// What a stream begins with; `whole` when no more of it comes.
pub fn foreign(head: &[u8], whole: bool) -> Look {
    let mut open = head.is_empty();
    for look in KNOWN.iter().map(|f| known(f, head)).chain([http(head), msgpack(head), zlib(head)]) {
        match look {
            Look::Foreign(_) => return look,
            Look::Open => open = true,
            Look::Text => {}
        }
    }
    // What may still be known by its name is given the time.
    match binary(head, whole) {
        _ if open && !whole => Look::Open,
        Look::Open if whole => Look::Text,
        look => look,
    }
}

/// Whether the line that has begun may be a request of HTTP.
pub fn may_be_request(head: &[u8]) -> bool {
    http(head) == Look::Open
}

fn known(foreign: &'static Foreign, head: &[u8]) -> Look {
    let fits = |(byte, b): (&Byte, &u8)| match byte {
        Is(is) => is == b,
        In(from, to) => (from..=to).contains(&b),
        Any => true,
    };
    let mut all = foreign.begins.iter().filter(|begin| begin.iter().zip(head).all(fits)).peekable();
    if all.peek().is_none() {
        return Look::Text;
    }
    if all.any(|begin| begin.len() <= head.len()) { Look::Foreign(foreign) } else { Look::Open }
}

/// A request line with its version and both bytes of its end: a log may have lines that begin like one.
fn http(head: &[u8]) -> Look {
    let begins = |method: &&str| head.starts_with(method.as_bytes());
    if !METHODS.iter().any(begins) {
        let may = !head.is_empty() && METHODS.iter().any(|method| method.as_bytes().starts_with(head));
        return if may { Look::Open } else { Look::Text };
    }
    let line = &head[..head.len().min(REQUEST_BYTES_MAX)];
    let Some(end) = memchr::memchr(b'\n', line) else {
        return if head.len() < REQUEST_BYTES_MAX { Look::Open } else { Look::Text };
    };
    let version = line[..end].rsplit(|b| *b == b' ').next().unwrap_or_default();
    match version.strip_prefix(b"HTTP/") {
        Some([b'0'..=b'9', .., b'\r']) => Look::Foreign(&HTTP),
        _ => Look::Text,
    }
}

/// An array that begins with a tag and goes on as a message does, or a map that begins with a name.
/// In some 8-bit encodings both may begin a text: what they announce is looked for.
fn msgpack(head: &[u8]) -> Look {
    let is_map = match head.first() {
        Some(0x92..=0x94) => false,
        Some(0x81..=0x8f) => true,
        _ => return Look::Text,
    };
    let (begin, len) = match head.get(1..) {
        None | Some([] | [0xd9]) => return Look::Open,
        Some([short @ 0xa1..=0xbf, ..]) => (2, usize::from(short & 0x1f)),
        Some([0xd9, len, ..]) => (3, usize::from(*len)),
        Some(_) => return Look::Text,
    };
    let text = &head[begin..head.len().min(begin + len)];
    let name = |b: &u8| b.is_ascii_alphanumeric() || b"_.-@:/".contains(b);
    if !text.iter().all(|b| if is_map { name(b) } else { (b' '..0x7f).contains(b) }) {
        return Look::Text;
    }
    match head.get(begin + len) {
        None => Look::Open,
        // A name is followed by anything; a tag by a time, or by entries.
        Some(b) if is_map || matches!(b, 0x90..=0xbf | 0xc4..=0xc8 | 0xca..=0xd3 | 0xd7..=0xdd) => {
            Look::Foreign(&MSGPACK)
        }
        Some(_) => Look::Text,
    }
}

fn zlib(head: &[u8]) -> Look {
    match head {
        [0x78] => Look::Open,
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            let body = &head[2..head.len().min(HEAD_BYTES)];
            // Of drawn bytes half are over ASCII, of text in an 8-bit encoding few.
            let high = body.iter().filter(|b| !b.is_ascii()).count();
            if body.iter().any(is_control) || (head[1] != 0x5e && body.len() >= 8 && high > body.len() / 4) {
                return Look::Foreign(&ZLIB);
            }
            // Whole lines of text may begin so; a line feed by itself may stand in anything.
            let is_line = |end| head[1] == 0x5e && std::str::from_utf8(&body[..end]).is_ok();
            let text = head.len() >= HEAD_BYTES || memchr::memchr(b'\n', body).is_some_and(is_line);
            if text { Look::Text } else { Look::Open }
        }
        _ => Look::Text,
    }
}

/// Control characters of several kinds close together, NUL as one of two or any three. What separates
/// fields or ends records is of one kind.
fn binary(head: &[u8], whole: bool) -> Look {
    if !head.iter().take(SUSPECT_BYTES).any(is_control) {
        let text = head.len() >= SUSPECT_BYTES || head.iter().skip(1).any(|b| *b == b'\n');
        return if text { Look::Text } else { Look::Open };
    }
    let head = &head[..head.len().min(HEAD_BYTES)];
    let kinds = head.iter().filter(|b| is_control(b)).fold(0u32, |kinds, b| kinds | 1 << b);
    match kinds.count_ones() {
        3.. => Look::Foreign(&BINARY),
        2 if kinds & 1 == 1 => Look::Foreign(&BINARY),
        _ if whole || head.len() == HEAD_BYTES => Look::Text,
        _ => Look::Open,
    }
}

/// Control characters that hardly any text has: not those of lines, terminals and old printers.
fn is_control(b: &u8) -> bool {
    matches!(b, 0..=6 | 0x0e..=0x1a | 0x1c..=0x1f)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{BINARY, HTTP, KNOWN, Look, MSGPACK, ZLIB, foreign};

    fn name(look: Look) -> Option<&'static str> {
        match look {
            Look::Foreign(f) => Some(f.name),
            Look::Text => None,
            Look::Open => Some("open"),
        }
    }

    /// What is told of a stream that comes byte by byte.
    fn by_byte(bytes: &[u8]) -> Option<&'static str> {
        let looks = (1..=bytes.len()).map(|n| foreign(&bytes[..n], n == bytes.len()));
        name(looks.into_iter().find(|look| *look != Look::Open).unwrap())
    }

    #[test]
    fn protocols_are_known_by_their_first_bytes() {
        let zlib = |level| {
            let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), level);
            zlib.write_all(b"{\"short_message\": \"one two three\", \"host\": \"a\", \"level\": 6}").unwrap();
            zlib.finish().unwrap()
        };
        for (bytes, expected) in [
            (&b"GET / HTTP/1.1\r\n"[..], "HTTP"),
            (b"POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\n", "HTTP"),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"),
            (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "gzip"),
            (&zlib(flate2::Compression::fast()), "zlib"),
            (&zlib(flate2::Compression::default()), "zlib"),
            (&zlib(flate2::Compression::best()), "zlib"),
            (b"\x78\x9c\x0a\xab\x56\x01\x4e\x2d\xf2\x4d", "zlib"),
            (b"\x78\x5e\xab\x56\x0a\x01\x4e\x2d\xf2\x4d", "zlib"),
            (b"\x28\xb5\x2f\xfd\x04\x58", "zstd"),
            (b"\x50\x2a\x4d\x18\x00\x00", "zstd"),
            (b"\x1e\x0f12345678\x00\x02{", "GELF in chunks"),
            (b"2W\x00\x00\x00\x0a2J", "lumberjack (Beats, Logstash)"),
            (b"\xac\xed\x00\x05sr\x00", "Java serialization"),
            (b"\x00\x00\x01\x2c\x80\x04\x95", "pickle (Python's SocketHandler)"),
            (b"\x00\x00\x01\x2c}q\x00(X\x04\x00\x00\x00name", "pickle (Python's SocketHandler)"),
            (b"\x93\xa8app.logs\xd7\x00\x65\x53", "MessagePack (Fluentd, Fluent Bit)"),
            (b"\x92\xa8app.logs\xdc\x00\x05", "MessagePack (Fluentd, Fluent Bit)"),
            (b"\x93\xa3tag\xce\x65\x53\x00\x00\x81", "MessagePack (Fluentd, Fluent Bit)"),
            (b"\x82\xa3msg\xa5hello", "MessagePack (Fluentd, Fluent Bit)"),
            (b"\x0a\x05hello\x12\x03abc\x18\x01", "a binary protocol (protobuf or the like)"),
            (b"\x00\x00\x00\x2c\x0a\x10\x01abc", "a binary protocol (protobuf or the like)"),
            (b"PK\x03\x04\x14\x00", "ZIP"),
        ] {
            assert_eq!(name(foreign(bytes, true)), Some(expected), "{bytes:02x?}");
            assert_eq!(by_byte(bytes), Some(expected), "{bytes:02x?}, byte by byte");
        }
    }

    #[test]
    fn text_is_text_in_any_encoding() {
        let quoted: &[u8] = b"\x93\xbfQu\xe9 tal?\x94 dijo, y sigue un buen rato\n";
        for bytes in [
            &b"<13>Oct 11 22:14:15 host app: x\n"[..],
            b"12 <13>hello world",
            b"{\"a\":1}\n",
            b"a\n",
            b"\n",
            b"GET /users/7 200 12ms\n",
            b"GET / HTTP/1.1\n",
            b"POST something HTTP/1.1 200\r\n",
            b"GETTING there\n",
            b"PRIMARY up\n",
            b"x^2 + y^2 = z^2\n",
            b"1Week left\n",
            b"2Weeks left\n",
            b"\xef\xbb\xbf<13>with a mark\n",
            b"\x1b[32mINFO\x1b[0m green\n",
            b"8=FIX.4.2\x019=65\x0135=A\x0149=S\x0156=T\x01\n",
            b"\x01a\x01b\x01c\x01d and more of the same kind here\n",
            b"\x0bMSH|^~\\&|A|B\r\x1c\r\n",
            b"\0\0\0\0\0\0\0\0log text behind a hole in a file\n",
            b"hi\0<13>there\0",
            b"\xc4rger in Latin-1\n",
            b"\xe4\xb8\xad\xe6\x96\x87 text\n",
            b"\x84Anf\xfchrung\x93 in Windows-1252, und weiter\n",
            b"\x84\xa7 5 Abs. 2\x93 in Windows-1252\n",
            b"\x80 12.50 gezahlt\n",
            b"x\x9cuvre\n",
            b"\x82\xa0\x82\xa2\x82\xa4 in Shift JIS, as it is written\n",
            b"\xd0\xd2\xc9\xd7\xc5\xd4 in KOI8-R\n",
            b"\xff\xfe<\x001\x003\x00>\x00h\x00i\x00, UTF-16 is told elsewhere",
            quoted,
        ] {
            assert_eq!(by_byte(bytes), None, "{}", String::from_utf8_lossy(bytes));
            assert_eq!(name(foreign(bytes, true)), None, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn text_is_held_only_where_its_record_is_open() {
        for bytes in [&b"<13>"[..], b"5 <1>ab", b"{\"a\":", b"a\n", b"plain text", b"\xe4\xb8\xad\xe6"] {
            assert_eq!(name(foreign(bytes, false)), None, "{}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(name(foreign(b"GET /path", false)), Some("open"));
        assert_eq!(name(foreign(&[b"GET /", &[b'a'; 20_000][..]].concat(), false)), None);
        let page = include_str!("../../../docs/clients.md");
        for f in KNOWN.iter().chain([&HTTP, &MSGPACK, &BINARY, &ZLIB]) {
            assert!(page.contains(&format!("\n| {} | `", f.name)), "docs/clients.md has no row of {}", f.name);
            assert!(!f.cure.is_empty());
        }
    }
}
