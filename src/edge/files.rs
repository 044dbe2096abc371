//! Inputs by name, read decompressed, and where the output goes.

use std::fs::{File, Metadata};
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use super::packing::{self, Kind};
use super::patience::{Patience, Patient};
use super::raw::{self, Raw};

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

    /// Whether it is a pipe or a socket, of which somebody writes the end.
    pub fn is_pipe(&self) -> bool {
        use rustix::fs::FileType;
        let stat = match self {
            Input::Stdin => rustix::fs::fstat(io::stdin()),
            Input::Path(path) => rustix::fs::stat(path),
        };
        stat.is_ok_and(|s| matches!(FileType::from_raw_mode(s.st_mode), FileType::Fifo | FileType::Socket))
    }

    /// Opens it. What begins as gzip or Zstandard do is read decompressed; what is compressed otherwise is refused
    /// unless it is to be taken `as_bytes`. Reads wait by `patience`. `seen` is told how many bytes each read of the input itself gave.
    ///
    /// # Errors
    /// When it cannot be opened, its first bytes cannot be read, or it is refused.
    pub fn open<'a>(
        &self,
        as_bytes: bool,
        patience: &Patience,
        seen: impl FnMut(usize) + 'a,
    ) -> io::Result<Box<dyn Read + 'a>> {
        match self {
            Input::Stdin => opened(Patient::new(Raw::stdin()?, patience), as_bytes, seen),
            Input::Path(path) => {
                let file = File::open(path)?;
                if file.metadata()?.is_dir() {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                raw::grow(&file);
                opened(Patient::new(file, patience), as_bytes, seen)
            }
        }
    }
}

fn opened<'a>(
    mut input: impl Read + 'a,
    as_bytes: bool,
    seen: impl FnMut(usize) + 'a,
) -> io::Result<Box<dyn Read + 'a>> {
    let (head, kind) = packing::head(&mut input)?;
    let whole = Counted { inner: Cursor::new(head).chain(input), seen };
    match kind {
        None => Ok(Box::new(whole)),
        Some(Kind::Read(packing)) => packing::unpack(packing, whole),
        Some(Kind::Refused(_)) if as_bytes => Ok(Box::new(whole)),
        Some(Kind::Refused(foreign)) => Err(packing::refuse(foreign)),
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
