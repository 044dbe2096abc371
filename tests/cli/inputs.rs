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

/// Records that a container runtime cut, whether it is named or found out, and where they are listed.
#[test]
fn parts_of_records_are_judged_together() {
    let dir = tempfile::tempdir().unwrap();
    let cri =
        |a: &str, b: &str| format!("2024-10-11T22:14:15.1Z stdout P x {a}\n2024-10-11T22:14:15.1Z stdout F {b} y\n");
    let docker = |a: &str, b: &str| {
        let line =
            |text: &str| format!("{{\"log\":\"{text}\",\"stream\":\"stderr\",\"time\":\"2024-10-11T22:14:15.1Z\"}}\n");
        [line(&format!("x {a}")), line(&format!("{b} y\\n"))].concat()
    };
    let (secret, mask) = (["password=hun", "ter2"], ["password=[REDACTED:password]", ""]);
    for (name, input, output) in [
        ("cri", cri(secret[0], secret[1]), cri(mask[0], mask[1])),
        ("docker", docker(secret[0], secret[1]), docker(mask[0], mask[1])),
    ] {
        let (input, output) = (format!("{input}{input}"), format!("{output}{output}"));
        for args in [&[][..], &["--input", name], &["--framing", name]] {
            let out = run(dir.path(), args, input.as_bytes());
            assert_eq!(String::from_utf8_lossy(&out.stdout), output, "{args:?}");
        }
        fs::write(dir.path().join("log"), input.repeat(3000)).unwrap();
        assert!(run(dir.path(), &["log", "--threads=2"], b"").stdout == output.repeat(3000).into_bytes());
        assert!(run(dir.path(), &["--input", "text"], input.as_bytes()).stdout != output.as_bytes());
        // Listed where the secret begins.
        let out = run(dir.path(), &["--check"], input.as_bytes());
        assert_eq!(out.status.code(), Some(1));
        let listed = String::from_utf8_lossy(&out.stdout).into_owned();
        let column = input.find("hun").unwrap() + 1;
        assert!(listed.contains(&format!(":1:{column}")) && listed.contains(&format!(":3:{column}")), "{listed}");
        // A part without its last one, and a word of which nobody knows the rest.
        let half = input.split_inclusive('\n').next().unwrap().replace("password=hun", "gh1");
        let out = run(dir.path(), &["--report", "json"], half.as_bytes());
        assert_eq!(String::from_utf8_lossy(&out.stdout), half.replace("gh1", "[REDACTED:unjudged]"));
        assert!(
            String::from_utf8_lossy(&out.stderr).contains("\"unjudged\":1"),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
    }
}

/// A part whose next one never comes leaves, judged, while the pipe stays open; its rest is masked then, and what comes
/// behind is as ever. Also out of a compressor.
#[test]
fn a_part_leaves_though_nothing_comes_any_more() {
    use std::io::{BufRead, BufReader};
    let line = |tag: &str, text: &str| format!("2024-10-11T22:14:15.1Z stdout {tag} {text}\n");
    let told = |packed: bool| {
        let dir = tempfile::tempdir().unwrap();
        let mut child = logveil(dir.path()).args(["--framing=cri"]).stdin(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stdin: Box<dyn Write> = match packed {
            true => Box::new(flate2::write::GzEncoder::new(stdin, flate2::Compression::fast())),
            false => Box::new(stdin),
        };
        let mut say = |text: String| stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()).unwrap();
        let mut next = || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            line
        };
        say(line("P", "login password=hun"));
        // Nothing else is written: what is read here was let go for its age.
        assert_eq!(next(), line("P", "login password=[REDACTED:password]"));
        say(line("F", "ter2") + &line("F", "said password=hunter2"));
        assert_eq!(next(), line("F", "[REDACTED:unjudged]"));
        assert_eq!(next(), line("F", "said password=[REDACTED:password]"));
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    };
    std::thread::scope(|scope| {
        scope.spawn(|| told(true));
        told(false);
    });
}

/// What `journalctl -o export` sends for a message with colours in it, and what `-o json` does.
#[test]
fn bytes_of_the_journal_are_judged_as_text() {
    let dir = tempfile::tempdir().unwrap();
    let message = |secret: &str| format!("\x1b[1mlogin\x1b[0m password={secret} ok").into_bytes();
    let head = b"__CURSOR=s=e8;i=1;b=ab\n__REALTIME_TIMESTAMP=1764327600000000\n".to_vec();
    let export = |secret: &str| {
        let data = message(secret);
        [&head[..], b"MESSAGE\n", &(data.len() as u64).to_le_bytes(), &data, b"\n_PID=1\n\n"].concat().repeat(2)
    };
    let json = |secret: &str| {
        let line = serde_json::json!({"__CURSOR": "s=e8", "__REALTIME_TIMESTAMP": "1", "MESSAGE": message(secret)});
        format!("{line}\n").into_bytes().repeat(2)
    };
    let mask = "[REDACTED:password]";
    let (before, after) = (json("hunter2x"), json(mask));
    for (input, output) in [(export("hunter2x"), export(mask)), (before, after)] {
        fs::write(dir.path().join("journal"), input.repeat(3000)).unwrap();
        let out = run(dir.path(), &[], &input);
        assert_eq!(out.stdout.escape_ascii().to_string(), output.escape_ascii().to_string());
        let out = run(dir.path(), &["journal", "--threads=2"], b"");
        assert!(out.stdout == output.repeat(3000), "as a file with threads, too");
        let out = run(dir.path(), &["--check"], &input);
        assert_eq!(out.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&out.stdout).lines().count(), 2);
        let out = run(dir.path(), &["--input", "text"], &input);
        assert!(out.stdout != output, "unless text is asked for");
        let rest = [&b"\n"[..], &input].concat();
        let named = if input.starts_with(b"{") { "journal-json" } else { "journal-export" };
        assert_eq!(run(dir.path(), &["--input", named], &rest).stdout, [&b"\n"[..], &output].concat());
    }
}

/// Every field of an entry of export, by its length where it has one.
fn fields(mut export: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    while !export.is_empty() {
        let (line, rest) = export.split_at(export.iter().position(|b| *b == b'\n').unwrap());
        export = &rest[1..];
        let line = String::from_utf8(line.to_vec()).unwrap();
        match line.split_once('=') {
            _ if line.is_empty() => all.push((line, Vec::new())),
            Some((name, text)) => all.push((name.into(), text.into())),
            None => {
                let len = u64::from_le_bytes(export[..8].try_into().unwrap()) as usize;
                all.push((line, export[8..8 + len].to_vec()));
                assert_eq!(export[8 + len], b'\n');
                export = &export[8 + len + 1..];
            }
        }
    }
    all
}

/// A field's bytes, however they are spelt.
fn bytes(value: &serde_json::Value) -> Vec<Vec<u8>> {
    match value {
        serde_json::Value::String(text) => vec![text.clone().into()],
        serde_json::Value::Array(all) if all.iter().all(serde_json::Value::is_u64) => {
            vec![all.iter().map(|n| n.as_u64().unwrap() as u8).collect()]
        }
        serde_json::Value::Array(all) => all.iter().flat_map(bytes).collect(),
        other => panic!("{other}"),
    }
}

/// What systemd's own daemon and `journalctl` 252 or later made of messages in its native protocol: colours, several
/// lines, a field three times, bytes that are no UTF-8. Paths and ids are made up.
#[test]
fn what_journald_itself_writes_keeps_its_form() {
    let dir = tempfile::tempdir().unwrap();
    let has = |text: &[u8], what: &str| text.windows(what.len()).any(|w| w == what.as_bytes());
    let masked = |text: &[u8]| has(text, "[REDACTED:password]");
    let export = &include_bytes!("journal.export")[..];
    let out = run(dir.path(), &[], export);
    assert_eq!((out.status.code(), String::from_utf8_lossy(&out.stderr)), (Some(0), "".into()));
    let (before, after) = (fields(export), fields(&out.stdout));
    assert_eq!(before.len(), after.len());
    for ((name, old), (also, new)) in before.iter().zip(&after) {
        assert_eq!(name, also);
        assert!(if has(old, "hunter2") { masked(new) && !has(new, "hunter2") } else { old == new }, "{name}");
    }
    let text = include_str!("journal.json");
    let out = run(dir.path(), &[], text.as_bytes());
    assert_eq!((out.status.code(), String::from_utf8_lossy(&out.stderr)), (Some(0), "".into()));
    let lines = String::from_utf8(out.stdout).unwrap();
    assert_eq!(lines.lines().count(), 6);
    for (old, new) in text.lines().zip(lines.lines()) {
        let parse = |line| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line).unwrap();
        let (before, after) = (parse(old), parse(new));
        assert_eq!(before.len(), after.len());
        for ((name, old), (also, new)) in before.iter().zip(&after) {
            assert_eq!((name, old.is_array()), (also, new.is_array()));
            for (old, new) in bytes(old).iter().zip(bytes(new)) {
                assert!(
                    if has(old, "hunter2") { masked(&new) && !has(&new, "hunter2") } else { *old == new },
                    "{name}"
                );
            }
        }
    }
    assert!(text.lines().last() == lines.lines().last(), "what has no secret leaves byte for byte");
}
