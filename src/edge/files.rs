//! Inputs by name, read decompressed, and where the output goes.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::raw::{self, Raw};

/// How much compressed input is read at once, in bytes.
const PACKED_READ_BYTES: usize = 64 << 10;

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    Path(PathBuf),
}

impl Input {
    /// The inputs that were named; `-` is standard input, and so is naming none.
    pub fn all(names: &[PathBuf]) -> Vec<Input> {
        match names {
            [] => vec![Input::Stdin],
            _ => {
                names.iter().map(|n| if n.as_os_str() == "-" { Input::Stdin } else { Input::Path(n.clone()) }).collect()
            }
        }
    }

    /// Its name in messages.
    pub fn name(&self) -> String {
        match self {
            Input::Stdin => "-".into(),
            Input::Path(path) => path.display().to_string(),
        }
    }

    /// Its size in bytes, if it is a plain file.
    pub fn size(&self) -> Option<u64> {
        match self {
            Input::Stdin => None,
            Input::Path(path) => path.metadata().ok().filter(Metadata::is_file).map(|m| m.len()),
        }
    }

    /// Whether it is a plain file of at least so many bytes, so that reading them waits for nobody.
    /// What the kernel makes as it is read (`trace_pipe`, `/proc/kmsg`) looks like one, of no bytes.
    pub fn is_at_hand(&self, bytes: usize) -> bool {
        let size = match self {
            Input::Stdin => rustix::fs::fstat(io::stdin())
                .ok()
                .filter(|s| rustix::fs::FileType::from_raw_mode(s.st_mode) == rustix::fs::FileType::RegularFile)
                .and_then(|s| u64::try_from(s.st_size).ok()),
            Input::Path(_) => self.size(),
        };
        size.is_some_and(|size| size >= bytes as u64)
    }

    /// Opens it. Files that begin as gzip or Zstandard do are read decompressed; standard input is
    /// read as it is. `seen` is told how many bytes each read of the file itself gave.
    ///
    /// # Errors
    /// When it cannot be opened or its first bytes cannot be read.
    pub fn open<'a>(&self, seen: impl FnMut(usize) + 'a) -> io::Result<Box<dyn Read + 'a>> {
        let path = match self {
            Input::Stdin => return Ok(Box::new(Raw::stdin()?)),
            Input::Path(path) => path,
        };
        let mut file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        raw::grow(&file);
        let (head, packing) = head(&mut file)?;
        let whole = Counted { inner: Cursor::new(head).chain(file), seen };
        Ok(match packing {
            None => Box::new(whole),
            Some(Packing::Gzip) => Box::new(MultiGzDecoder::new(BufReader::with_capacity(PACKED_READ_BYTES, whole))),
            Some(Packing::Zstd) => {
                Box::new(zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(PACKED_READ_BYTES, whole))?)
            }
        })
    }
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// gzip, one member or several.
    Gzip,
    /// Zstandard, one frame or several.
    Zstd,
}

const MAGIC: [(&[u8], Packing); 2] = [(b"\x1f\x8b\x08", Packing::Gzip), (b"\x28\xb5\x2f\xfd", Packing::Zstd)];

/// The first bytes of a file, and what they say. No more is read than it takes to tell: a named
/// pipe whose first line is short is not kept waiting.
///
/// # Errors
/// Those of the reader.
pub fn head(file: &mut impl Read) -> io::Result<(Vec<u8>, Option<Packing>)> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some((_, packing)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Ok((head, Some(*packing)));
        }
        if !MAGIC.iter().any(|(magic, _)| magic.starts_with(&head)) {
            return Ok((head, None));
        }
        match file.read(&mut buffer) {
            Ok(0) => return Ok((head, None)),
            Ok(n) => head.extend_from_slice(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

struct Counted<R, F> {
    inner: R,
    seen: F,
}

impl<R: Read, F: FnMut(usize)> Read for Counted<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        (self.seen)(n);
        Ok(n)
    }
}

/// Whether two names lead to the same file.
pub fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (a.metadata(), b.metadata()) {
        (Ok(a), Ok(b)) => a.is_file() && (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Packing, head};

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
        assert_eq!(head(&mut OneByOne(b"abc", 1)).unwrap(), (b"a".to_vec(), None));
        assert_eq!(head(&mut OneByOne(b"\x1fabc", 2)).unwrap(), (b"\x1fa".to_vec(), None));
        assert_eq!(head(&mut OneByOne(b"\x1f\x8b\x08x", 3)).unwrap().1, Some(Packing::Gzip));
        assert_eq!(head(&mut OneByOne(b"\x28\xb5\x2f\xfdx", 4)).unwrap().1, Some(Packing::Zstd));
        assert_eq!(head(&mut OneByOne(b"", 1)).unwrap(), (vec![], None));
        assert_eq!(head(&mut OneByOne(b"\x28\xb5", 3)).unwrap(), (b"\x28\xb5".to_vec(), None));
    }
}
