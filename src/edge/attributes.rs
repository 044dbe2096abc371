//! Extended attributes of a file, access lists among them, on the one that takes its place.

use std::fs::File;
use std::io;

/// Gives `to` the attributes that `from` has, and no others.
///
/// # Errors
/// What cannot be read, given or taken away.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub fn copy(from: &File, to: &File) -> io::Result<()> {
    use rustix::fs::{XattrFlags, fgetxattr, fremovexattr, fsetxattr};
    let (old, new) = (names(from)?, names(to)?);
    let mut value = vec![0; VALUE_BYTES_MAX];
    for name in &old {
        let len = fgetxattr(from, name.as_slice(), &mut value[..])?;
        let has = new.contains(name) && {
            let mut other = vec![0; VALUE_BYTES_MAX];
            let n = fgetxattr(to, name.as_slice(), &mut other[..])?;
            other[..n] == value[..len]
        };
        if !has {
            fsetxattr(to, name.as_slice(), &value[..len], XattrFlags::empty())?;
        }
    }
    // An access list that the folder gives to new files.
    new.iter().filter(|name| !old.contains(name)).try_for_each(|name| Ok(fremovexattr(to, name.as_slice())?))
}

/// The largest value, and the longest list of names, that Linux has.
#[cfg(any(target_os = "linux", target_os = "macos"))]
const VALUE_BYTES_MAX: usize = 64 << 10;

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn names(file: &File) -> io::Result<Vec<Vec<u8>>> {
    let mut list = vec![0; VALUE_BYTES_MAX];
    let len = match rustix::fs::flistxattr(file, &mut list[..]) {
        Ok(len) => len,
        // A file system without any.
        Err(rustix::io::Errno::OPNOTSUPP) => 0,
        Err(e) => return Err(e.into()),
    };
    Ok(list[..len].split(|b| *b == 0).filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect())
}

/// Elsewhere they are not known of.
///
/// # Errors
/// None.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub fn copy(_: &File, _: &File) -> io::Result<()> {
    Ok(())
}
