//! Files rewritten where they are.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use rustix::fs::{XattrFlags, getxattr, setxattr};

use crate::kit::{gzip, run};

#[test]
fn in_place_keeps_mode_and_times_and_refuses_links() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for name in ["plain", "linked", "target"] {
        fs::write(path(name), "password=hunter2\n").unwrap();
    }
    fs::set_permissions(path("plain"), fs::Permissions::from_mode(0o640)).unwrap();
    let then = std::time::UNIX_EPOCH + std::time::Duration::new(1_000_000_000, 123_456_789);
    File::options().write(true).open(path("plain")).unwrap().set_modified(then).unwrap();
    fs::hard_link(path("linked"), path("other")).unwrap();
    symlink("target", path("link")).unwrap();
    let out = run(dir.path(), &["--in-place", "linked", "link", "/dev/null", "plain"], b"");
    assert_eq!(out.status.code(), Some(3));
    let said = String::from_utf8(out.stderr).unwrap();
    for part in [
        "linked: left as it was: it has other hard",
        "link: left as it was: it is a sym",
        "/dev/null: left as it was: it is not a regular file",
    ] {
        assert!(said.contains(part), "{said}");
    }
    for name in ["linked", "target"] {
        assert_eq!(fs::read_to_string(path(name)).unwrap(), "password=hunter2\n");
    }
    assert_eq!(fs::read_to_string(path("plain")).unwrap(), "password=[REDACTED:password]\n");
    let now = fs::metadata(path("plain")).unwrap();
    assert_eq!((now.mode() & 0o7777, now.modified().unwrap()), (0o640, then));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 5, "no temporary file stays");
}

#[test]
fn compressed_files_stay_compressed_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let named = flate2::GzBuilder::new().filename("app.log").mtime(1_700_000_000).comment("c");
    let mut packer = named.write(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packer, b"one\npassword=hunter2\n").unwrap();
    fs::write(path("a.gz"), packer.finish().unwrap()).unwrap();
    fs::write(path("b.zst"), zstd::encode_all(&b"two\npassword=hunter2\n"[..], 19).unwrap()).unwrap();
    let clean = gzip(b"nothing here\n");
    fs::write(path("clean.gz"), &clean).unwrap();
    let number = fs::metadata(path("clean.gz")).unwrap().ino();
    let out = run(dir.path(), &["--in-place", "a.gz", "b.zst", "clean.gz"], b"");
    assert_eq!((out.status.code(), String::from_utf8_lossy(&out.stderr)), (Some(0), "".into()));
    let file = fs::read(path("a.gz")).unwrap();
    let mut text = String::new();
    let mut member = flate2::read::GzDecoder::new(&file[..]);
    member.read_to_string(&mut text).unwrap();
    assert_eq!(text, "one\npassword=[REDACTED:password]\n");
    let header = member.header().unwrap();
    assert_eq!(
        (header.filename(), header.mtime(), header.comment()),
        (Some(&b"app.log"[..]), 1_700_000_000, Some(&b"c"[..]))
    );
    let text = zstd::decode_all(&fs::read(path("b.zst")).unwrap()[..]).unwrap();
    assert_eq!(String::from_utf8_lossy(&text), "two\npassword=[REDACTED:password]\n");
    assert_eq!((fs::read(path("clean.gz")).unwrap(), fs::metadata(path("clean.gz")).unwrap().ino()), (clean, number));

    let cut = &file[..file.len() - 5];
    fs::write(path("cut.gz"), cut).unwrap();
    let out = run(dir.path(), &["--in-place", "cut.gz"], b"");
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(3), "{said}");
    assert!(said.contains("cut.gz: left as it was: cannot read it"), "{said}");
    assert_eq!(fs::read(path("cut.gz")).unwrap(), cut);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4, "no temporary file stays");
}

#[test]
fn binary_files_are_left_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let mut program = fs::read(env!("CARGO_BIN_EXE_logveil")).unwrap();
    program.truncate(2 << 20);
    program.extend(b"\npassword=hunter2\n");
    let database = [&b"SQLite format 3\0\x10\0\x01\x01"[..], &[0; 400], b"\x05password=hunter2\n"].concat();
    let packed = gzip(&program);
    let list = b"a/password=hunter2\0b\0".to_vec();
    for (name, bytes) in [("program", &program), ("data.db", &database), ("program.gz", &packed), ("list", &list)] {
        fs::write(path(name), bytes).unwrap();
        let out = run(dir.path(), &["--in-place", name], b"");
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(3), "{name} {said}");
        assert!(said.contains("left as it was: it is binary"), "{said}");
        assert!(fs::read(path(name)).unwrap() == *bytes, "{name}");
    }
    let out = run(dir.path(), &["--in-place", "--assume-bytes", "list"], b"");
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(fs::read(path("list")).unwrap(), b"a/password=[REDACTED:password]\0b\0");
    // A hole, as a rotation under a writer leaves one.
    fs::write(path("hole"), [&[0; 4096][..], b"password=hunter2\n"].concat()).unwrap();
    assert_eq!(run(dir.path(), &["--in-place", "hole"], b"").status.code(), Some(0));
    assert!(fs::read(path("hole")).unwrap().ends_with(b"\0password=[REDACTED:password]\n"));
}

/// An access list as the kernel keeps it: version 2, and who may do what.
fn access_list(user: u32) -> Vec<u8> {
    let entry = |tag: u16, may: u16, id: u32| [&tag.to_le_bytes()[..], &may.to_le_bytes(), &id.to_le_bytes()].concat();
    let none = u32::MAX;
    let entries =
        [entry(1, 6, none), entry(2, 4, user), entry(4, 4, none), entry(16, 4, none), entry(32, 0, none)].concat();
    [&2u32.to_le_bytes()[..], &entries].concat()
}

#[test]
fn access_lists_and_attributes_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.log");
    fs::write(&path, "password=hunter2\n").unwrap();
    if setxattr(&path, "user.origin", b"web-1", XattrFlags::empty()).is_err() {
        return; // this file system has none
    }
    let list = access_list(4711);
    let lists = setxattr(&path, "system.posix_acl_access", &list, XattrFlags::empty()).is_ok();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    // What a new file here gets is not what this one has.
    let _ = setxattr(dir.path(), "system.posix_acl_default", &access_list(4712), XattrFlags::empty());
    let out = run(dir.path(), &["--in-place", "a.log"], b"");
    assert_eq!((out.status.code(), String::from_utf8_lossy(&out.stderr)), (Some(0), "".into()));
    assert_eq!(fs::read_to_string(&path).unwrap(), "password=[REDACTED:password]\n");
    let mut value = [0; 256];
    let n = getxattr(&path, "user.origin", &mut value[..]).unwrap();
    assert_eq!(&value[..n], b"web-1");
    match getxattr(&path, "system.posix_acl_access", &mut value[..]) {
        Ok(n) => assert!(lists && value[..n] == list[..]),
        Err(_) => assert!(!lists),
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode(), mode);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_somebody_writes_to_is_left() {
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.log");
    fs::write(&path, "password=hunter2\n").unwrap();
    // A writer that says nothing yet.
    let file = File::options().append(true).open(&path).unwrap();
    let mut writer = Command::new("cat").stdin(Stdio::piped()).stdout(file).spawn().unwrap();
    let out = run(dir.path(), &["--in-place", "a.log"], b"");
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(3), "{said}");
    assert!(said.contains(&format!("cat (process {}) holds it open for writing", writer.id())), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "password=hunter2\n");
    drop(writer.stdin.take());
    writer.wait().unwrap();
    // Who only reads it is no reason.
    let reader = File::open(&path).unwrap();
    assert_eq!(run(dir.path(), &["--in-place", "a.log"], b"").status.code(), Some(0));
    drop(reader);
    assert_eq!(fs::read_to_string(&path).unwrap(), "password=[REDACTED:password]\n");
}
