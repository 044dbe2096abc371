//! Who may use a Unix socket: its file's mode, owner and group.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use rustix::fs::Mode;

/// Of a socket's file, what is not left to the process's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Access {
    /// Permissions.
    pub mode: Option<u32>,
    /// Its owner, by number.
    pub owner: Option<u32>,
    /// Its group, by number.
    pub group: Option<u32>,
}

impl Access {
    /// Makes the socket's file by `bind` and gives it away; nobody else may use it before that. Umask is
    /// the process's: not for when there are threads.
    ///
    /// # Errors
    /// Those of `bind` and of the system.
    pub fn around<T>(&self, path: &Path, bind: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if *self == Access::default() {
            return bind();
        }
        let before = rustix::process::umask(Mode::RWXG | Mode::RWXO);
        let bound = bind();
        rustix::process::umask(before);
        let socket = bound?;
        if self.owner.is_some() || self.group.is_some() {
            chown(path, self.owner, self.group)?;
        }
        let usual = 0o777 & !before.bits();
        fs::set_permissions(path, Permissions::from_mode(self.mode.unwrap_or(usual)))?;
        Ok(socket)
    }
}

/// The number of a user or group: itself, or as a file like `/etc/passwd` or `/etc/group` says.
///
/// # Errors
/// When the file cannot be read or does not know the name.
pub fn number(name: &str, file: &str) -> Result<u32, String> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let text = fs::read_to_string(file).map_err(|e| format!("{file}: {e}: write a number"))?;
    let of = |line: &str| {
        let mut fields = line.split(':');
        fields.next().filter(|n| *n == name).and_then(|_| fields.nth(1)?.parse().ok())
    };
    text.lines().find_map(of).ok_or_else(|| format!("{file} knows no `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn names_are_looked_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("group");
        std::fs::write(&path, "root:x:0:\nadm:x:4:syslog\nadmin:x:x:\n").unwrap();
        let file = path.to_str().unwrap();
        assert_eq!(number("adm", file), Ok(4));
        assert_eq!(number("65534", "/nonexistent"), Ok(65534));
        for name in ["syslog", "admin", "", "-1"] {
            assert!(number(name, file).unwrap_err().contains("knows no"), "{name}");
        }
        assert!(number("adm", "/nonexistent").is_err());
    }
}
