//! Folders: walked, listed for programs, and held against a baseline.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::kit::{gzip, run};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Two files with secrets, one without, and what is to be left out.
fn folder(root: &Path) {
    for name in ["logs/sub", "logs/.git", "logs/old"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    for (name, text) in [
        ("logs/a.log", &b"clean\n"[..]),
        ("logs/b.log", b"one\npassword=hunter2\n"),
        ("logs/sub/c.log.gz", &gzip(b"password=hunter3 password=hunter2\n")),
        ("logs/.git/config", b"password=hunter4\n"),
        ("logs/old/x.log", b"password=hunter5\n"),
        ("logs/.gitignore", b"old/\n"),
    ] {
        fs::write(root.join(name), text).unwrap();
    }
    fs::write(root.join("key"), "0123456789abcdef\n").unwrap();
}

#[test]
fn a_folder_is_read_as_the_files_below_it() {
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path());
    let out = run(dir.path(), &["logs"], b"");
    let mask = "password=[REDACTED:password]";
    assert_eq!(text(&out.stdout), format!("old/\nclean\none\n{mask}\n{mask} {mask}\n"));
    assert_eq!((out.status.code(), text(&out.stderr)), (Some(0), "logveil: 4 files, 3 findings in 2 of them\n".into()));
    let out = run(dir.path(), &["--check", "logs"], b"");
    assert_eq!(out.status.code(), Some(1));
    let places: Vec<String> = text(&out.stdout).lines().map(|l| l.rsplit_once(' ').unwrap().0.to_owned()).collect();
    let gz = "logs/sub/c.log.gz:1";
    assert_eq!(
        places,
        ["logs/b.log:2:10: password".into(), format!("{gz}:10: password"), format!("{gz}:27: password")]
    );
    fs::write(dir.path().join("logs/d.xz"), b"\xfd7zXZ\0\0\x04").unwrap();
    let out = run(dir.path(), &["--check", "logs"], b"");
    assert_eq!(out.status.code(), Some(2), "what could not be read is not green");
    assert!(
        text(&out.stderr)
            .ends_with("logveil: 4 files, 3 findings in 2 of them; 1 were not read or left as they were\n")
    );
    fs::remove_file(dir.path().join("logs/d.xz")).unwrap();
    let out = run(dir.path(), &["--in-place", "logs"], b"");
    assert_eq!((out.status.code(), text(&out.stderr)), (Some(0), "logveil: 4 files, 3 findings in 2 of them\n".into()));
    assert_eq!(run(dir.path(), &["--check", "logs"], b"").status.code(), Some(0));
    assert_eq!(fs::read_to_string(dir.path().join("logs/old/x.log")).unwrap(), "password=hunter5\n");
}

#[test]
fn lists_are_for_programs_too() {
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path());
    let list = |format: &str| {
        let out = run(dir.path(), &["--check", "--format", format, "--hash-key-file", "key", "logs"], b"");
        assert_eq!(out.status.code(), Some(1));
        assert!(!text(&out.stdout).contains("hunter"));
        text(&out.stdout)
    };
    let json: Value = serde_json::from_str(&list("json")).unwrap();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!((findings.len(), &findings[0]["file"], &findings[0]["line"]), (3, &"logs/b.log".into(), &2.into()));
    let sarif: Value = serde_json::from_str(&list("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!((results.len(), &results[0]["ruleId"], &sarif["version"]), (3, &"password".into(), &"2.1.0".into()));
    let first = &results[0]["partialFingerprints"]["logveil/v1"];
    assert_eq!(*first, findings[0]["fingerprint"], "the same under the same key");
    let github = list("github");
    assert!(
        github.starts_with("::error file=logs/b.log,line=2,col=10,title=password::") && github.lines().count() == 3
    );
    let out = run(dir.path(), &["--check", "--format", "sarif", "logs/a.log"], b"");
    assert!(out.status.code() == Some(0) && serde_json::from_slice::<Value>(&out.stdout).is_ok());
    let out = run(dir.path(), &["--format", "json", "logs"], b"");
    assert!(out.status.code() == Some(2) && text(&out.stderr).contains("give --check, too"));
}

#[test]
fn a_baseline_knows_what_was_found_before() {
    let dir = tempfile::tempdir().unwrap();
    folder(dir.path());
    let path = |name: &str| dir.path().join(name);
    let check =
        |args: &[&str]| -> Output { run(dir.path(), &[&["--check", "--hash-key-file", "key"], args].concat(), b"") };
    fs::write(path("base.json"), check(&["--format", "json", "logs"]).stdout).unwrap();
    let known = ["--baseline", "base.json", "logs"];
    let out = check(&known);
    assert_eq!((out.status.code(), text(&out.stdout)), (Some(0), String::new()));
    assert_eq!(text(&out.stderr), "logveil: 4 files, 3 findings in 2 of them, 3 of them known\n");
    // Lines may move; the same secret once more, or in another file, is new.
    fs::write(path("logs/b.log"), "zero\none\npassword=hunter2\npassword=hunter2\n").unwrap();
    fs::write(path("logs/new.log"), "password=hunter2\n").unwrap();
    let out = check(&known);
    assert_eq!(out.status.code(), Some(1));
    let listed = text(&out.stdout);
    assert!(
        listed.starts_with("logs/b.log:4:10: password ") && listed.contains("\nlogs/new.log:1:10: password "),
        "{listed}"
    );
    assert_eq!(listed.lines().count(), 2);
    let out = run(dir.path(), &["--check", "--baseline", "base.json", "logs"], b"");
    assert!(out.status.code() == Some(2) && text(&out.stderr).contains("only under a key of your own"));
    fs::write(path("key"), "fedcba9876543210").unwrap();
    let out = check(&known);
    assert!(out.status.code() == Some(2) && text(&out.stderr).contains("made under another key"));
    for wrong in ["{\"a\":\n\"hunter2\" x", "{}", "[]"] {
        fs::write(path("base.json"), wrong).unwrap();
        let out = check(&known);
        assert!(out.status.code() == Some(2) && text(&out.stderr).contains("it is no list of --check --format json"));
        assert!(!text(&out.stderr).contains("hunter2"));
    }
}
