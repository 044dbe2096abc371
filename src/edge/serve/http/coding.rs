//! How a body is compressed. Bodies are whole, so that one call does; what unpacks is bounded by size and by ratio.

use std::io::{Read, Write};

use flate2::Compression as Level;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::refusal::Refusal;
use crate::edge::serve::fluent::inflate::Method;

/// Bytes out for each byte in; logs that repeat themselves come to some tens.
const RATIO_MAX: usize = 250;
/// So much may come of anything.
const GRACE_BYTES: usize = 64 << 10;
/// Unpacked at once.
const STEP_BYTES: usize = 64 << 10;
/// The largest window a zstd frame may ask for, as a power of two.
const WINDOW_LOG_MAX: u32 = 23;
/// What frames of Snappy begin with.
const FRAMED: &[u8] = b"\xFF\x06\0\0sNaPpY";

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// One or more members of gzip.
    Gzip,
    /// zlib, which HTTP calls deflate.
    Zlib,
    /// What some senders take deflate for.
    Raw,
    /// Zstandard frames.
    Zstd,
    /// A block of Snappy, without frames around it.
    Snappy,
    /// Frames of Snappy, which gRPC in Go calls snappy, too.
    Framed,
}

/// A body as it was before it was compressed.
pub struct Opened {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// How it is compressed, exactly.
    pub coding: Coding,
    /// Whether its wrapping holds what nobody judges, so that it cannot leave as it is.
    pub extras: bool,
}

impl Coding {
    /// By the value of `Content-Encoding` or `grpc-encoding`; None for one that is not known, and for two.
    pub fn from_name(name: &str) -> Option<Coding> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Coding::Identity),
            "gzip" | "x-gzip" => Some(Coding::Gzip),
            "deflate" => Some(Coding::Zlib),
            "zstd" => Some(Coding::Zstd),
            "snappy" => Some(Coding::Snappy),
            "x-snappy-framed" => Some(Coding::Framed),
            _ => None,
        }
    }

    /// Unpacks a body of which at most `limit` bytes may come.
    ///
    /// # Errors
    /// When more would come, or it is not what it is said to be.
    pub fn open(self, packed: &[u8], limit: usize) -> Result<Opened, Refusal> {
        let most = limit.min(packed.len().saturating_mul(RATIO_MAX).saturating_add(GRACE_BYTES));
        let bounded = |from: &mut dyn Read| bounded(from, most, packed.len());
        let opened = |bytes, coding| Ok(Opened { bytes, coding, extras: false });
        match self {
            Coding::Identity => opened(packed.to_vec(), self),
            Coding::Gzip => {
                let bytes = bounded(&mut MultiGzDecoder::new(packed))?;
                Ok(Opened { bytes, coding: self, extras: Method::Gzip.holds_more(packed) })
            }
            Coding::Zlib if is_zlib(packed) => {
                let mut from = ZlibDecoder::new(packed);
                let bytes = bounded(&mut from)?;
                ended(from.into_inner())?;
                opened(bytes, self)
            }
            Coding::Zlib | Coding::Raw => {
                let mut from = DeflateDecoder::new(packed);
                let bytes = bounded(&mut from)?;
                ended(from.into_inner())?;
                opened(bytes, Coding::Raw)
            }
            Coding::Zstd => {
                let mut from = zstd::stream::read::Decoder::with_buffer(packed).map_err(|_| BROKEN)?;
                from.window_log_max(WINDOW_LOG_MAX).map_err(|_| BROKEN)?;
                let bytes = bounded(&mut from)?;
                Ok(Opened { bytes, coding: self, extras: Method::Zstd.holds_more(packed) })
            }
            // No block begins so: what it would copy from there is not there.
            Coding::Snappy | Coding::Framed if packed.starts_with(FRAMED) => {
                let bytes = bounded(&mut snap::read::FrameDecoder::new(packed))?;
                Ok(Opened { bytes, coding: Coding::Framed, extras: holds_passed_over(packed) })
            }
            Coding::Framed => Err(BROKEN),
            Coding::Snappy => {
                let len = snap::raw::decompress_len(packed).map_err(|_| BROKEN)?;
                if len > most {
                    return Err(Refusal::Inflated);
                }
                opened(snap::raw::Decoder::new().decompress_vec(packed).map_err(|_| BROKEN)?, self)
            }
        }
    }

    /// Compresses a body, fast.
    ///
    /// # Errors
    /// When the compressor has no memory.
    pub fn pack(self, plain: &[u8]) -> Result<Vec<u8>, Refusal> {
        let failed = |_| Refusal::Malformed("it could not be compressed again");
        let out = Vec::with_capacity(plain.len() / 4);
        match self {
            Coding::Identity => Ok(plain.to_vec()),
            Coding::Gzip => {
                let mut to = GzEncoder::new(out, Level::fast());
                to.write_all(plain).and_then(|()| to.finish()).map_err(failed)
            }
            Coding::Zlib => {
                let mut to = ZlibEncoder::new(out, Level::fast());
                to.write_all(plain).and_then(|()| to.finish()).map_err(failed)
            }
            Coding::Raw => {
                let mut to = DeflateEncoder::new(out, Level::fast());
                to.write_all(plain).and_then(|()| to.finish()).map_err(failed)
            }
            Coding::Zstd => zstd::stream::encode_all(plain, 1).map_err(failed),
            Coding::Framed => {
                let mut to = snap::write::FrameEncoder::new(out);
                to.write_all(plain).map_err(failed)?;
                to.into_inner().map_err(|_| failed(std::io::ErrorKind::Other.into()))
            }
            Coding::Snappy => {
                snap::raw::Encoder::new().compress_vec(plain).map_err(|_| failed(std::io::ErrorKind::Other.into()))
            }
        }
    }
}

const BROKEN: Refusal = Refusal::Malformed("the body is not compressed as it says, or is cut off");

/// What is behind the end of a compressed body nobody judges.
fn ended(rest: &[u8]) -> Result<(), Refusal> {
    if rest.is_empty() { Ok(()) } else { Err(BROKEN) }
}

/// The two bytes that zlib begins with.
fn is_zlib(packed: &[u8]) -> bool {
    matches!(packed, [a, b, ..] if a & 15 == 8 && u16::from_be_bytes([*a, *b]).is_multiple_of(31))
}

/// Whether frames of Snappy hold some that decoders pass over.
fn holds_passed_over(mut packed: &[u8]) -> bool {
    while let [kind, a, b, c, rest @ ..] = packed {
        if !matches!(kind, 0 | 1 | 0xFF) {
            return true;
        }
        let len = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
        packed = rest.get(len..).unwrap_or_default();
    }
    false
}

fn bounded(from: &mut dyn Read, most: usize, packed: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::with_capacity(most.min(packed.saturating_mul(4)));
    loop {
        let held = bytes.len();
        let n = Read::take(&mut *from, STEP_BYTES as u64).read_to_end(&mut bytes).map_err(|_| BROKEN)?;
        if held + n > most {
            return Err(Refusal::Inflated);
        }
        if n == 0 {
            return Ok(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Coding, GRACE_BYTES, GzEncoder, Level, Write, ZlibEncoder};
    use crate::edge::serve::http::refusal::Refusal;

    const ALL: [Coding; 7] =
        [Coding::Identity, Coding::Gzip, Coding::Zlib, Coding::Raw, Coding::Zstd, Coding::Snappy, Coding::Framed];

    #[test]
    fn what_is_packed_comes_back_and_what_is_cut_does_not() {
        let plain = b"user=alice login from 203.0.113.9\n".repeat(40);
        for coding in ALL {
            let packed = coding.pack(&plain).unwrap();
            let opened = coding.open(&packed, plain.len()).unwrap();
            assert!(opened.bytes == plain && opened.coding == coding && !opened.extras, "{coding:?}");
            if coding == Coding::Identity {
                continue;
            }
            assert_eq!(coding.open(&packed, plain.len() - 1).err(), Some(Refusal::Inflated), "{coding:?}");
            for cut in [1, packed.len() / 2, packed.len() - 1] {
                assert!(coding.open(&packed[..cut], plain.len()).is_err(), "{coding:?} {cut}");
            }
            let more = [&packed[..], b"password=x"].concat();
            assert!(coding.open(&more, plain.len()).is_err(), "{coding:?} with something behind it");
        }
        let members = [Coding::Gzip.pack(b"a").unwrap(), Coding::Gzip.pack(b"b").unwrap()].concat();
        assert_eq!(Coding::Gzip.open(&members, 9).unwrap().bytes, b"ab");
    }

    #[test]
    fn a_bomb_is_refused_whatever_its_limit() {
        let bomb = vec![0; 64 * GRACE_BYTES];
        let mut gzip = GzEncoder::new(Vec::new(), Level::best());
        gzip.write_all(&bomb).unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Level::best());
        zlib.write_all(&bomb).unwrap();
        let packed = [
            (Coding::Gzip, gzip.finish().unwrap()),
            (Coding::Zlib, zlib.finish().unwrap()),
            (Coding::Zstd, Coding::Zstd.pack(&bomb).unwrap()),
        ];
        for (coding, packed) in packed {
            assert_eq!(coding.open(&packed, usize::MAX).err(), Some(Refusal::Inflated), "{coding:?}");
        }
    }

    #[test]
    fn what_nobody_judges_is_noticed() {
        let mut gzip = flate2::GzBuilder::new().filename("password=x").write(Vec::new(), Level::fast());
        gzip.write_all(b"a").unwrap();
        assert!(Coding::Gzip.open(&gzip.finish().unwrap(), 9).unwrap().extras);
        // Not in the first one's header alone.
        let mut second = flate2::GzBuilder::new().comment("password=x").write(Vec::new(), Level::fast());
        second.write_all(b"b").unwrap();
        let members = [Coding::Gzip.pack(b"a").unwrap(), second.finish().unwrap()].concat();
        let opened = Coding::Gzip.open(&members, 9).unwrap();
        assert!(opened.extras && opened.bytes == b"ab");
        let framed = [&Coding::Framed.pack(b"a").unwrap()[..], &[0x80, 1, 0, 0, b'x']].concat();
        // gRPC has one name for both.
        let opened = Coding::Snappy.open(&framed, 9).unwrap();
        assert!(opened.extras && opened.bytes == b"a" && opened.coding == Coding::Framed);
        let skipped = [&[0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, b'x'][..], &Coding::Zstd.pack(b"a").unwrap()].concat();
        let opened = Coding::Zstd.open(&skipped, 9).unwrap();
        assert!(opened.extras && opened.bytes == b"a");
    }

    #[test]
    fn names() {
        for (name, coding) in [
            ("x-snappy-framed", Some(Coding::Framed)),
            ("GZIP", Some(Coding::Gzip)),
            ("", Some(Coding::Identity)),
            ("gzip, gzip", None),
            ("br", None),
        ] {
            assert_eq!(Coding::from_name(name), coding, "{name}");
        }
    }
}
