//! Entries that were compressed: read through a window, bounded by ratio and by size.

use std::io::{self, Read, Write};

use flate2::Compression as Level;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::Refusal;
use super::msgpack::Extent;
use crate::engine::wipe::wipe;

/// Bytes out for each byte in; logs that repeat themselves come to some tens.
const RATIO_MAX: usize = 250;
/// So much may come of anything.
const GRACE_BYTES: usize = 64 << 10;
/// Read at once.
const READ_BYTES: usize = 64 << 10;
/// The largest window a zstd frame may ask for, as a power of two.
const WINDOW_LOG_MAX: u32 = 23;

/// Bits of a gzip member's flags that say that something stands in its header which nobody judges.
const GZIP_MORE: u8 = 0b1_1100;

/// How entries are compressed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// One or more gzip members.
    Gzip,
    /// Zstandard frames.
    Zstd,
}

impl Method {
    /// By the value of the option `compressed`; None for what means nothing.
    pub fn from_name(name: &[u8]) -> Option<Method> {
        match name {
            b"gzip" => Some(Method::Gzip),
            b"zstd" => Some(Method::Zstd),
            _ => None,
        }
    }

    /// Whether there may be more than what was compressed, which nobody judges: names and comments of gzip's members, frames
    /// of Zstandard that decoders pass over. Their marks may stand in others by chance, rarely.
    pub fn holds_more(self, compressed: &[u8]) -> bool {
        compressed.windows(4).any(|w| match self {
            Method::Gzip => w[..3] == [0x1F, 0x8B, 8] && w[3] & GZIP_MORE != 0,
            Method::Zstd => w[0] & 0xF0 == 0x50 && w[1..] == [0x2A, 0x4D, 0x18],
        })
    }

    /// Opens compressed bytes of which at most `limit` may come.
    pub fn open<'a>(self, compressed: &'a [u8], limit: usize) -> Result<Values<'a>, Refusal> {
        let from: Box<dyn Read + 'a> = match self {
            Method::Gzip => Box::new(MultiGzDecoder::new(compressed)),
            Method::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(compressed).map_err(|_| broken())?;
                decoder.window_log_max(WINDOW_LOG_MAX).map_err(|_| broken())?;
                Box::new(decoder)
            }
        };
        let most = limit.min(compressed.len().saturating_mul(RATIO_MAX).saturating_add(GRACE_BYTES));
        Ok(Values { from, left: most, limit, bytes: Vec::new(), at: 0, ended: false })
    }

    /// Compresses what is written to it.
    pub fn writer(self) -> io::Result<Packer> {
        Ok(match self {
            Method::Gzip => Packer::Gzip(GzEncoder::new(Vec::new(), Level::fast())),
            Method::Zstd => Packer::Zstd(zstd::stream::write::Encoder::new(Vec::new(), 1)?),
        })
    }
}

fn broken() -> Refusal {
    Refusal::Malformed("what is said to be compressed is not")
}

/// Values of MessagePack, one by one, out of what is compressed.
pub struct Values<'a> {
    from: Box<dyn Read + 'a>,
    /// Bytes that may still come.
    left: usize,
    limit: usize,
    bytes: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Values<'_> {
    /// Hands on the next value; None at the end.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn next_value(&mut self) -> Result<Option<&[u8]>, Refusal> {
        let mut extent = Extent::new(self.limit);
        loop {
            let rest = &self.bytes[self.at..];
            // A claim is as good as the bytes.
            let end = extent.end(rest).map_err(|why| if why == Refusal::Large { Refusal::Inflated } else { why })?;
            if let Some(end) = end {
                let start = self.at;
                self.at += end;
                return Ok(Some(&self.bytes[start..self.at]));
            }
            if self.ended {
                let cut = !rest.is_empty();
                return if cut { Err(Refusal::Malformed("an entry is cut off")) } else { Ok(None) };
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), Refusal> {
        if self.at > 0 {
            self.bytes.copy_within(self.at.., 0);
            let held = self.bytes.len() - self.at;
            self.bytes[held..].fill(0);
            self.bytes.truncate(held);
            self.at = 0;
        }
        let held = self.bytes.len();
        self.bytes.resize(held + READ_BYTES, 0);
        let n = self.from.read(&mut self.bytes[held..]).map_err(|_| broken())?;
        self.bytes.truncate(held + n);
        self.ended = n == 0;
        self.left = self.left.checked_sub(n).ok_or(Refusal::Inflated)?;
        Ok(())
    }
}

impl Drop for Values<'_> {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}

/// Compresses into memory.
pub enum Packer {
    /// As gzip.
    Gzip(GzEncoder<Vec<u8>>),
    /// As Zstandard.
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Packer {
    /// Takes more.
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Packer::Gzip(to) => to.write_all(bytes),
            Packer::Zstd(to) => to.write_all(bytes),
        }
    }

    /// All of it, compressed.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Packer::Gzip(to) => to.finish(),
            Packer::Zstd(to) => to.finish(),
        }
    }
}
