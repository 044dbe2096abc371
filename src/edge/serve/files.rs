//! The files that rules and certificates come from: whether they are still those that were read.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How many links one file may be behind.
const LINKS_MAX: usize = 16;

/// What tells one state of a file from another: inode and device of what its links lead to, size, and
/// when it was written and last moved, in nanoseconds.
type Seen = (u64, u64, u64, i128, i128);

/// Files, and how each was when it was read; None where there was none.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct Files(Vec<(PathBuf, Option<Seen>)>);

impl Files {
    /// Notes how the file is. Whoever reads it does so behind this, so that a change in between is
    /// one that will be seen.
    pub fn note(&mut self, path: &Path) {
        if !self.0.iter().any(|(p, _)| p == path) {
            self.0.push((path.to_owned(), seen(path)));
        }
    }

    /// Notes it and reads it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        self.note(path);
        regular(path)
    }

    /// The same files as they are now.
    pub fn now(&self) -> Files {
        Files(self.0.iter().map(|(path, _)| (path.clone(), seen(path))).collect())
    }

    /// The other's files besides its own.
    pub fn join(&mut self, other: &Files) {
        let more = other.0.iter().filter(|(path, _)| !self.0.iter().any(|(p, _)| p == path));
        let more: Vec<_> = more.cloned().collect();
        self.0.extend(more);
    }

    /// Where reading must stay allowed: the folders that hold the files and whatever their links lead
    /// over, since a file that is replaced by rename is another one. Of a file in the root itself,
    /// that file alone: its folder is everything.
    pub fn places(&self) -> Vec<PathBuf> {
        let mut places: Vec<PathBuf> = Vec::new();
        for (path, _) in &self.0 {
            let mut at = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            for _ in 0..LINKS_MAX {
                let place = at.parent().filter(|folder| folder.parent().is_some()).unwrap_or(&at);
                places.push(place.to_owned());
                let Ok(to) = fs::read_link(&at) else { break };
                at = at.parent().unwrap_or(Path::new("/")).join(to);
            }
            // Its folders may be links, too.
            if let Some(folder) = fs::canonicalize(path).ok().as_deref().and_then(Path::parent)
                && folder.parent().is_some()
            {
                places.push(folder.to_owned());
            }
        }
        places.sort();
        places.dedup();
        places
    }
}

/// Reads a regular file. What is none (a FIFO, a terminal, a device) would give its content once, or
/// never end, and hold up every reload to come.
///
/// # Errors
/// Those of the system; when it is no regular file.
pub fn regular(path: &Path) -> io::Result<Vec<u8>> {
    // A FIFO that nobody writes to would hold up the opening already.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let kind = file.metadata()?;
    if !kind.is_file() {
        let what = if kind.is_dir() { "a directory" } else { "a FIFO or a device" };
        return Err(io::Error::other(format!("it is {what}: name a regular file, which a reload can read again")));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn seen(path: &Path) -> Option<Seen> {
    let m = fs::metadata(path).ok()?;
    let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    Some((m.dev(), m.ino(), m.size(), nanos(m.mtime(), m.mtime_nsec()), nanos(m.ctime(), m.ctime_nsec())))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::Files;

    #[test]
    fn every_way_to_change_a_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("1")).unwrap();
        fs::create_dir(at("2")).unwrap();
        fs::write(at("1/rules"), "one").unwrap();
        fs::write(at("2/rules"), "two").unwrap();
        symlink("1", at("data")).unwrap();
        symlink("data/rules", at("rules")).unwrap();
        let mut files = Files::default();
        assert_eq!(files.read(&at("rules")).unwrap(), b"one");
        files.note(&at("later"));
        let changes: [&dyn Fn(); 4] = [
            // As Kubernetes does it: another folder behind the link in between.
            &|| {
                symlink("2", at("new")).unwrap();
                fs::rename(at("new"), at("data")).unwrap();
            },
            &|| fs::write(at("2/rules"), "too").unwrap(),
            &|| {
                fs::write(at("new"), "tou").unwrap();
                fs::rename(at("new"), at("2/rules")).unwrap();
            },
            &|| fs::write(at("later"), "").unwrap(),
        ];
        for change in changes {
            let before = files.now();
            assert!(before == files.now());
            change();
            assert!(before != files.now());
        }
    }

    #[test]
    fn places_are_folders_along_the_links_and_never_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir(root.join("c")).unwrap();
        fs::write(root.join("a/b/file"), "").unwrap();
        symlink("../a/b/file", root.join("c/link")).unwrap();
        let mut files = Files::default();
        files.note(&root.join("c/link"));
        files.note(Path::new("/file-in-the-root"));
        let mut expected = vec![root.join("a/b"), root.join("c"), "/file-in-the-root".into()];
        // The link's own way of writing it.
        expected.push(root.join("c/../a/b"));
        expected.sort();
        assert_eq!(files.places(), expected);
    }
}
