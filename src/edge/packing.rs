//! How an input is compressed, told by its first bytes: read decompressed, or refused by name.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::{Compression, GzBuilder, GzHeader};

/// How much compressed input is read at once, in bytes.
const PACKED_READ_BYTES: usize = 64 << 10;
/// The largest window of Zstandard that is held in memory, as a power of two: 8 MiB, which RFC 8878 asks of every
/// reader and which all levels without `--ultra` and `--long` keep to.
const WINDOW_LOG_MAX: u32 = 23;
/// What Zstandard says of a larger one.
const TOO_LARGE: &str = "requires too much memory";

/// A way of compressing that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// gzip, one member or several.
    Gzip,
    /// Zstandard, one frame or several, and frames to skip.
    Zstd,
}

/// What first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Compressed, and read.
    Read(Packing),
    /// Compressed, and refused.
    Refused(Foreign),
}

/// A way of compressing that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    name: &'static str,
    /// What writes the text of a file to standard output.
    cure: &'static str,
}

const fn foreign(name: &'static str, cure: &'static str) -> Kind {
    Kind::Refused(Foreign { name, cure })
}

/// First bytes in hexadecimal, `?` for any digit. None is the beginning of a text: each has a byte that no text has,
/// or, bzip2's, ten bytes that nobody writes.
const MAGIC: [(&str, Kind); 15] = [
    ("1f 8b 08", Kind::Read(Packing::Gzip)),
    ("28 b5 2f fd", Kind::Read(Packing::Zstd)),
    ("5? 2a 4d 18", Kind::Read(Packing::Zstd)),
    ("fd 37 7a 58 5a 00", foreign("xz", "xz -dc FILE")),
    ("42 5a 68 3? 31 41 59 26 53 59", foreign("bzip2", "bzip2 -dc FILE")),
    ("42 5a 68 3? 17 72 45 38 50 90", foreign("bzip2", "bzip2 -dc FILE")),
    ("04 22 4d 18", foreign("lz4", "lz4 -dc FILE")),
    ("02 21 4c 18", foreign("lz4", "lz4 -dc FILE")),
    ("50 4b 03 04", foreign("zip", "unzip -p FILE")),
    ("50 4b 05 06", foreign("zip", "unzip -p FILE")),
    ("37 7a bc af 27 1c", foreign("7z", "7z x -so FILE")),
    ("4c 5a 49 50 01", foreign("lzip", "lzip -dc FILE")),
    ("89 4c 5a 4f 00 0d 0a 1a 0a", foreign("lzop", "lzop -dc FILE")),
    ("ff 06 00 00 73 4e 61 50 70 59", foreign("snappy", "snzip -dc FILE")),
    ("1f 9d", foreign("compress", "uncompress -c FILE")),
];

/// Whether bytes begin so; None where there are too few of them to tell.
fn begins(head: &[u8], magic: &str) -> Option<bool> {
    let mut bytes = head.iter();
    for wanted in magic.split(' ') {
        let byte = bytes.next()?;
        let digits = format!("{byte:02x}");
        if !digits.bytes().zip(wanted.bytes()).all(|(is, wanted)| wanted == b'?' || is == wanted) {
            return Some(false);
        }
    }
    Some(true)
}

/// The first bytes of an input, and what they say. No more is read than it takes to tell: a pipe whose first line is
/// short is not kept waiting.
///
/// # Errors
/// Those of the reader.
pub fn head(input: &mut impl Read) -> io::Result<(Vec<u8>, Option<Kind>)> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let said = MAGIC.map(|(magic, kind)| (begins(&head, magic), kind));
        if let Some((_, kind)) = said.iter().find(|(fits, _)| *fits == Some(true)) {
            return Ok((head, Some(*kind)));
        }
        if said.iter().all(|(fits, _)| *fits == Some(false)) {
            return Ok((head, None));
        }
        match input.read(&mut buffer) {
            Ok(0) => return Ok((head, None)),
            Ok(n) => head.extend_from_slice(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Why an input is refused for what it is.
#[derive(Debug, Clone, Copy)]
enum Refused {
    Foreign(Foreign),
    Window,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Foreign(Foreign { name, cure }) => write!(
                f,
                "it is compressed by {name}, so that a filter of bytes would miss secrets in it; gzip and Zstandard \
                 are read: decompress it first (`{cure} | logveil`), or --assume-bytes to filter it as bytes all the \
                 same"
            ),
            Refused::Window => write!(
                f,
                "its Zstandard window is larger than the {} MiB that logveil holds in memory: decompress it first \
                 (`zstd -dc --long=31 FILE | logveil`)",
                (1 << WINDOW_LOG_MAX) >> 20
            ),
        }
    }
}

impl std::error::Error for Refused {}

/// Whether an input was refused for what it is, and not because reading failed.
pub fn is_refusal(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Refused>())
}

/// The error of an input that is refused.
pub fn refuse(foreign: Foreign) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, Refused::Foreign(foreign))
}

/// Reads compressed bytes as text.
///
/// # Errors
/// Where the decompressor has no memory.
pub fn unpack<'a>(packing: Packing, packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let packed = BufReader::with_capacity(PACKED_READ_BYTES, packed);
    Ok(match packing {
        Packing::Gzip => Box::new(MultiGzDecoder::new(packed)),
        Packing::Zstd => {
            let mut frames = zstd::stream::read::Decoder::with_buffer(packed)?;
            frames.window_log_max(WINDOW_LOG_MAX)?;
            Box::new(Frames(frames))
        }
    })
}

/// Zstandard's frames; a window that is too large has a sentence of ours.
struct Frames<'a, R: BufRead>(zstd::stream::read::Decoder<'a, R>);

impl<R: BufRead> Read for Frames<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|e| match e.to_string().contains(TOO_LARGE) {
            true => io::Error::new(io::ErrorKind::Unsupported, Refused::Window),
            false => e,
        })
    }
}

/// Writes text compressed as a file was.
pub enum Packer<W: Write> {
    /// One member with the header of the file's first.
    Gzip(flate2::write::GzEncoder<W>),
    /// One frame, with a checksum.
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Packer<W> {
    /// In front of `out`; `packed` is the beginning of what is packed anew.
    ///
    /// # Errors
    /// Where the compressor has no memory, or the header is none.
    pub fn like(packing: Packing, packed: impl Read, out: W) -> io::Result<Packer<W>> {
        match packing {
            Packing::Gzip => {
                let mut first = MultiGzDecoder::new(BufReader::new(packed));
                // The header is there once something was read.
                io::copy(&mut first.by_ref().take(1), &mut io::sink())?;
                Ok(Packer::Gzip(gzip_like(first.header(), out)))
            }
            Packing::Zstd => {
                let mut packer = zstd::stream::write::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                packer.include_checksum(true)?;
                Ok(Packer::Zstd(packer))
            }
        }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Packer::Gzip(packer) => packer.finish().map(drop),
            Packer::Zstd(packer) => packer.finish().map(drop),
        }
    }
}

fn gzip_like<W: Write>(header: Option<&GzHeader>, out: W) -> flate2::write::GzEncoder<W> {
    let mut new = GzBuilder::new();
    if let Some(old) = header {
        new = new.mtime(old.mtime()).operating_system(old.operating_system());
        new = match old.filename() {
            Some(name) => new.filename(name),
            None => new,
        };
        new = match old.comment() {
            Some(comment) => new.comment(comment),
            None => new,
        };
        new = match old.extra() {
            Some(extra) => new.extra(extra),
            None => new,
        };
    }
    new.write(out, Compression::default())
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Packer::Gzip(packer) => packer.write(bytes),
            Packer::Zstd(packer) => packer.write(bytes),
        }
    }

    /// Nothing leaves before its block is full: it is a file that nobody waits for.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Kind, Packing, head};

    /// Gives one byte a read, and fails the test when asked for more than `allowed`.
    struct OneByOne(&'static [u8], usize);

    impl Read for OneByOne {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.1 = self.1.checked_sub(1).expect("read more than it takes to tell");
            self.0.read(&mut buffer[..1])
        }
    }

    #[test]
    fn no_more_is_read_than_it_takes() {
        let says = |bytes, reads| head(&mut OneByOne(bytes, reads)).unwrap();
        assert_eq!(says(b"abc", 1), (b"a".to_vec(), None));
        assert_eq!(says(b"\x1fabc", 2), (b"\x1fa".to_vec(), None));
        assert_eq!(says(b"BZ\nh", 3), (b"BZ\n".to_vec(), None));
        assert_eq!(says(b"\x1f\x8b\x08x", 3).1, Some(Kind::Read(Packing::Gzip)));
        assert_eq!(says(b"\x28\xb5\x2f\xfdx", 4).1, Some(Kind::Read(Packing::Zstd)));
        assert_eq!(says(b"", 1), (vec![], None));
        assert_eq!(says(b"\x28\xb5", 3), (b"\x28\xb5".to_vec(), None));
    }
}
