//! Files rewritten where they are: all of the new text or all of the old, never a mix.

use std::fmt;
use std::fs::{self, File, FileTimes, Metadata, OpenOptions};
use std::io::{self, Cursor, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::attributes;
use super::binary;
use super::packing::{self, Kind, Packer};

/// Why a file was left as it was.
#[derive(Debug)]
pub enum Left {
    /// It is not the kind of file that can be replaced safely.
    Kind(&'static str),
    /// A process, by name and number, holds it open for writing.
    Held(String),
    /// Somebody else wrote to it meanwhile.
    Changed,
    /// The system said no while doing this.
    Failed(&'static str, io::Error),
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Left::Kind(why) => write!(f, "left as it was: {why}"),
            Left::Held(who) => write!(
                f,
                "left as it was: {who} holds it open for writing and would go on writing into the old file, unseen: \
                 stop it or rotate the file first, or write a masked copy with -o"
            ),
            Left::Changed => {
                f.write_str("left as it was: it changed meanwhile; stop what writes to it, or filter a copy with -o")
            }
            Left::Failed(what, e) => write!(f, "left as it was: {what}: {e}"),
        }
    }
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> Left {
    move |e| Left::Failed(what, e)
}

/// Replaces a file's text by what `filter` makes of it: from the file, to a new one beside it. Says
/// `true` for "something changed", or the file keeps even its number. What is compressed is compressed
/// again the same way. Mode, owner, times, access lists and other extended attributes are kept.
/// What is no text is left as it was unless it is to be taken `as_bytes`.
///
/// # Errors
/// `filter`'s own, or why the file was left as it was.
pub fn rewrite<E: From<io::Error>>(
    path: &Path,
    as_bytes: bool,
    filter: impl FnOnce(&mut dyn Read, &mut dyn Write) -> Result<bool, E>,
) -> Result<Result<(), E>, Left> {
    let before = fs::symlink_metadata(path).map_err(failed("cannot look at it"))?;
    fit(&before)?;
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32)
        .open(path)
        .map_err(failed("cannot open it"))?;
    let opened = file.metadata().map_err(failed("cannot look at it"))?;
    fit(&opened)?;
    let kind = packing::head(&mut file).map_err(failed("cannot read it"))?.1;
    file.rewind().map_err(failed("cannot read it"))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new =
        tempfile::Builder::new().prefix(".logveil-").tempfile_in(folder).map_err(failed("cannot write beside it"))?;
    match filtered(&mut file, kind, as_bytes, new.as_file_mut(), filter)? {
        Ok(true) => {}
        Ok(false) => return Ok(Ok(())),
        Err(e) => return Ok(Err(e)),
    }
    dress(new.as_file(), &file, &opened)?;
    new.as_file().sync_all().map_err(failed("cannot write beside it"))?;
    // In this order: who opened it before is seen to hold it, who wrote and closed meanwhile to have changed it.
    held(&opened)?;
    let now = fs::symlink_metadata(path).map_err(failed("cannot look at it"))?;
    if identity(&now) != identity(&opened) {
        return Err(Left::Changed);
    }
    new.persist(path).map_err(|e| Left::Failed("cannot replace it", e.error))?;
    // The name is in place; a folder that cannot be synced is no reason to speak of failure.
    let _ = File::open(folder).and_then(|f| f.sync_all());
    Ok(Ok(()))
}

/// The text of a file through `filter`, packed again as it was.
fn filtered<E: From<io::Error>>(
    file: &mut File,
    kind: Option<Kind>,
    as_bytes: bool,
    new: &mut File,
    filter: impl FnOnce(&mut dyn Read, &mut dyn Write) -> Result<bool, E>,
) -> Result<Result<bool, E>, Left> {
    let packing = match kind {
        Some(Kind::Read(packing)) => packing,
        Some(Kind::Refused(foreign)) if !as_bytes => {
            return Err(Left::Failed("cannot read it", packing::refuse(foreign)));
        }
        _ => {
            let mut text = text(file, as_bytes)?;
            return Ok(filter(&mut text, new));
        }
    };
    let unread = failed("cannot read it");
    let mut packer = Packer::like(packing, &*file, new).map_err(&unread)?;
    file.rewind().map_err(&unread)?;
    let unpacked = packing::unpack(packing, &*file).map_err(&unread)?;
    let mut text = text(unpacked, as_bytes)?;
    Ok(filter(&mut text, &mut packer).and_then(|changed| packer.finish().map(|()| changed).map_err(E::from)))
}

/// A file's text, if it is one.
fn text<'a>(mut from: impl Read + 'a, as_bytes: bool) -> Result<impl Read + 'a, Left> {
    let mut head = Vec::new();
    from.by_ref().take(binary::HEAD_BYTES).read_to_end(&mut head).map_err(failed("cannot read it"))?;
    if !as_bytes && binary::looks(&head) {
        return Err(Left::Kind(
            "it is binary, and would hardly work with masks in it: write a masked copy with -o, or --assume-bytes if \
             it is a log all the same",
        ));
    }
    Ok(Cursor::new(head).chain(from))
}

/// Whether nobody is seen to hold the file open for writing. Only Linux tells, and only of processes whose files we
/// may see.
fn held(file: &Metadata) -> Result<(), Left> {
    #[cfg(target_os = "linux")]
    if let Some(who) = super::held::for_writing(file.dev(), file.ino()) {
        return Err(Left::Held(who));
    }
    let _ = file;
    Ok(())
}

/// What tells that nobody touched a file.
fn identity(m: &Metadata) -> (u64, u64, u64, u64, i64, i64, u32) {
    (m.dev(), m.ino(), m.nlink(), m.size(), m.mtime(), m.mtime_nsec(), m.mode())
}

fn fit(m: &Metadata) -> Result<(), Left> {
    let kind = m.file_type();
    if kind.is_symlink() {
        return Err(Left::Kind("it is a symbolic link; name the file it leads to"));
    }
    if !kind.is_file() {
        return Err(Left::Kind("it is not a regular file"));
    }
    if m.nlink() > 1 {
        return Err(Left::Kind("it has other hard links, which would keep the old text"));
    }
    Ok(())
}

/// Gives the new file the old one's owner, mode, extended attributes and times.
fn dress(new: &File, from: &File, old: &Metadata) -> Result<(), Left> {
    let now = new.metadata().map_err(failed("cannot look at the new file"))?;
    let owner = (now.uid() != old.uid()).then(|| rustix::fs::Uid::from_raw(old.uid()));
    let group = (now.gid() != old.gid()).then(|| rustix::fs::Gid::from_raw(old.gid()));
    if owner.is_some() || group.is_some() {
        rustix::fs::fchown(new, owner, group).map_err(|e| Left::Failed("cannot keep its owner", e.into()))?;
    }
    // After the owner: changing that takes set-id bits away.
    new.set_permissions(old.permissions()).map_err(failed("cannot keep its mode"))?;
    // After the mode, which an access list says more exactly.
    attributes::copy(from, new)
        .map_err(|e| Left::Failed("cannot keep its access list and other extended attributes", e))?;
    let mut times = FileTimes::new();
    if let Ok(at) = old.modified() {
        times = times.set_modified(at);
    }
    if let Ok(at) = old.accessed() {
        times = times.set_accessed(at);
    }
    new.set_times(times).map_err(failed("cannot keep its times"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{self, Read, Write};

    use super::{Left, rewrite};

    fn shout(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<bool> {
        let mut text = String::new();
        from.read_to_string(&mut text)?;
        to.write_all(text.to_uppercase().as_bytes())?;
        Ok(true)
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        fs::write(&path, "text").unwrap();
        let result = rewrite(&path, false, |from, to| {
            fs::OpenOptions::new().append(true).open(&path)?.write_all(b" and more")?;
            shout(from, to)
        });
        assert!(matches!(result, Err(Left::Changed)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "text and more");
        let result = rewrite(&path, false, |from, to| {
            let other = dir.path().join("other");
            fs::write(&other, "other words!!")?;
            fs::rename(&other, &path)?;
            shout(from, to)
        });
        assert!(matches!(result, Err(Left::Changed)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "other words!!");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn an_error_leaves_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        fs::write(&path, "text").unwrap();
        let result = rewrite(&path, false, |_, to| {
            to.write_all(b"half")?;
            Err::<bool, _>(io::Error::other("no"))
        });
        assert!(matches!(result, Ok(Err(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
    }
}
