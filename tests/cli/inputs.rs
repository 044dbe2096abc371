//! Inputs that hide what they hold: read, or refused by name.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::kit::{gzip, logveil, run};

#[test]
fn compressed_files_are_read_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let members = [gzip(b"one\npass"), gzip(b"word=hunter2\n")].concat();
    fs::write(dir.path().join("a.log"), &members).unwrap();
    let frames = [zstd::encode_all(&b"two\n"[..], 1).unwrap(), zstd::encode_all(&b"three\n"[..], 1).unwrap()].concat();
    fs::write(dir.path().join("b"), &frames).unwrap();
    let out = run(dir.path(), &["a.log", "b"], b"");
    assert_eq!(String::from_utf8_lossy(&out.stdout), "one\npassword=[REDACTED:password]\ntwo\nthree\n");
    assert_eq!(out.status.code(), Some(0));
    fs::write(dir.path().join("cut"), &members[..members.len() - 9]).unwrap();
    let out = run(dir.path(), &["cut", "b"], b"");
    assert_eq!(out.status.code(), Some(3));
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.starts_with("one\n") && text.ends_with("two\nthree\n") && !text.contains("hunter2"), "{text}");
}

fn zstd_with_window(log: u32, text: &[u8]) -> Vec<u8> {
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    packer.window_log(log).unwrap();
    // Not known to be short, so that the window is not made smaller.
    packer.write_all(text).unwrap();
    packer.flush().unwrap();
    packer.finish().unwrap()
}

#[test]
fn compressed_standard_input_is_read_as_files_are() {
    let dir = tempfile::tempdir().unwrap();
    let skippable = b"\x53\x2a\x4d\x18\x05\0\0\0skip!".to_vec();
    let frame = zstd_with_window(23, b"password=hunter2\n");
    for packed in [
        [gzip(b"pass"), gzip(b"word=hunter2\n")].concat(),
        frame.clone(),
        [skippable.clone(), frame.clone()].concat(),
        [frame.clone(), skippable.clone()].concat(),
    ] {
        let out = run(dir.path(), &[], &packed);
        assert_eq!(String::from_utf8_lossy(&out.stdout), "password=[REDACTED:password]\n");
        assert_eq!((out.status.code(), &out.stderr[..]), (Some(0), &b""[..]));
        assert_eq!(run(dir.path(), &["--check"], &packed).status.code(), Some(1));
        assert_eq!(run(dir.path(), &["explain"], &packed).status.code(), Some(0));
    }
    let out = run(dir.path(), &["--check"], &frame[..frame.len() - 3]);
    assert_eq!(out.status.code(), Some(3), "what is cut short is not green");
}

/// The lines that a compressor has sent leave before it sends more.
#[test]
fn compressed_lines_leave_as_they_come() {
    use std::io::{BufRead, BufReader};
    let dir = tempfile::tempdir().unwrap();
    let mut child = logveil(dir.path()).stdin(Stdio::piped()).spawn().unwrap();
    let mut packer = flate2::write::GzEncoder::new(child.stdin.take().unwrap(), flate2::Compression::fast());
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        packer.write_all(b"password=hunter2\n").unwrap();
        packer.flush().unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "password=[REDACTED:password]\n");
    }
    drop(packer.finish().unwrap());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_window_that_takes_too_much_memory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let packed = [zstd_with_window(20, b"first\n"), zstd_with_window(24, b"password=hunter2\n")].concat();
    fs::write(dir.path().join("a.zst"), &packed).unwrap();
    for (args, input) in [(&["a.zst"][..], &b""[..]), (&[], &packed), (&["--check"], &packed), (&["explain"], &packed)]
    {
        let out = run(dir.path(), args, input);
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(
            said.contains("larger than the 8 MiB") && said.contains("`zstd -dc --long=31 FILE | logveil`"),
            "{said}"
        );
    }
    let out = run(dir.path(), &[], &packed);
    assert_eq!(String::from_utf8_lossy(&out.stdout), "first\n", "what came before left");
}

/// First bytes as the programs themselves write them.
#[test]
fn what_is_compressed_otherwise_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    for (head, name, cure) in [
        (&b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F"[..], "xz", "`xz -dc FILE | logveil`"),
        (b"BZh91AY&SY\xde\xad", "bzip2", "`bzip2 -dc FILE | logveil`"),
        (b"BZh9\x17rE8P\x90\0\0\0\0", "bzip2", "`bzip2 -dc"),
        (b"\x04\"M\x18d@\xa7", "lz4", "`lz4 -dc"),
        (b"\x02!L\x18\x05\0\0\0", "lz4", "`lz4 -dc"),
        (b"PK\x03\x04\x14\0\0\0\x08\0", "zip", "`unzip -p"),
        (b"PK\x05\x06\0\0\0\0", "zip", "`unzip -p"),
        (b"7z\xbc\xaf\x27\x1c\0\x04", "7z", "`7z x -so"),
        (b"LZIP\x01\x0c", "lzip", "`lzip -dc"),
        (b"\x89LZO\0\r\n\x1a\n\x10", "lzop", "`lzop -dc"),
        (b"\xff\x06\0\0sNaPpY\x01", "snappy", "`snzip -dc"),
        (b"\x1f\x9d\x90", "compress", "`uncompress -c"),
    ] {
        fs::write(dir.path().join("packed"), head).unwrap();
        for (args, input) in [
            (&["packed"][..], &b""[..]),
            (&[], head),
            (&["--check"], head),
            (&["--check", "packed"], head),
            (&["explain"], head),
        ] {
            let out = run(dir.path(), args, input);
            let said = String::from_utf8_lossy(&out.stderr);
            assert_eq!((out.status.code(), &out.stdout[..]), (Some(2), &b""[..]), "{args:?} {said}");
            assert!(said.contains(&format!("compressed by {name},")) && said.contains(cure), "{said}");
        }
        let out = run(dir.path(), &["--assume-bytes"], head);
        assert_eq!((out.status.code(), &out.stdout[..]), (Some(0), head), "{name}");
        let out = run(dir.path(), &["--in-place", "packed"], b"");
        assert_eq!(out.status.code(), Some(2));
        assert_eq!(fs::read(dir.path().join("packed")).unwrap(), head);
    }
}

#[test]
fn texts_that_begin_alike_are_texts() {
    let dir = tempfile::tempdir().unwrap();
    for text in [&b"BZh9 is a magic\n"[..], b"PK of the table\n", b"LZIP\n", b"7z\n", b"P", b"BZh", b"\x1f", b"Q*M"] {
        let out = run(dir.path(), &[], text);
        assert_eq!((out.status.code(), &out.stdout[..]), (Some(0), text));
    }
}

#[test]
fn utf16_that_begins_late_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let secret = wide("2026-11-28 password=hunter2\r\n");
    let russian = wide(&"вход выполнен, пользователь\r\n".repeat(100));
    let line = b"2026-11-28 11:00:00 a line as logs have it\n";
    for input in [
        [line.repeat(200), secret.clone()].concat(),
        [line.repeat(20_000), secret.clone()].concat(),
        [vec![0; 5001], secret.clone()].concat(),
        [russian.clone(), secret.clone()].concat(),
        russian,
    ] {
        fs::write(dir.path().join("a.log"), &input).unwrap();
        for (args, from) in
            [(&[][..], &input[..]), (&["a.log"], b""), (&["a.log", "--threads=2"], b""), (&["--check"], &input)]
        {
            let out = run(dir.path(), args, from);
            let said = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(2), "{args:?} {} {said}", input.len());
            assert!(said.contains("looks like UTF-16"), "{said}");
            assert!(!out.stdout.windows(14).any(|w| w == &wide("hunter2")[..]), "{args:?}");
        }
        assert_eq!(run(dir.path(), &["--assume-bytes"], &input).stdout, input);
    }
}
