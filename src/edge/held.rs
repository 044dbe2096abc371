//! Who holds a file open for writing, as far as `/proc` tells: processes of other users show their files to root alone.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Flags of an open file that allow writing: O_WRONLY or O_RDWR.
const WRITES: u32 = 0o3;

/// A process that holds the file of this device and number open for writing, if one shows: its name and number.
pub fn for_writing(dev: u64, ino: u64) -> Option<String> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter(|p| p.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit));
    pids.map(|p| p.path()).find(|process| holds(process, dev, ino)).map(|process| {
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        let pid = process.file_name().unwrap_or_default().display().to_string();
        format!("{} (process {pid})", name.trim_end())
    })
}

fn holds(process: &Path, dev: u64, ino: u64) -> bool {
    let Ok(files) = fs::read_dir(process.join("fd")) else { return false };
    files.flatten().any(|file| {
        let same = fs::metadata(file.path()).is_ok_and(|m| (m.dev(), m.ino()) == (dev, ino));
        same && writes(&process.join("fdinfo").join(file.file_name()))
    })
}

/// Whether a descriptor's flags, in octal, allow writing.
fn writes(info: &Path) -> bool {
    let text = fs::read_to_string(info).unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|f| u32::from_str_radix(f.trim(), 8).ok()).is_some_and(|f| f & WRITES != 0)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::MetadataExt;

    use super::for_writing;

    #[test]
    fn readers_are_not_writers() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let writer = File::create(&path).unwrap();
        let m = writer.metadata().unwrap();
        let reader = File::open(&path).unwrap();
        let told = for_writing(m.dev(), m.ino()).unwrap();
        assert!(told.contains(&format!("(process {})", std::process::id())), "{told}");
        drop(writer);
        assert_eq!(for_writing(m.dev(), m.ino()), None);
        drop(reader);
    }
}
