//! Signals that ask to end, while a pipe is read and while files are rewritten.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::kit::{heeding_all, logveil};

const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

fn send(child: &Child, signal: i32) {
    let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A filter that has answered a first line, so that its handlers are there.
fn begun(dir: &std::path::Path, args: &[&str]) -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let mut child = heeding_all(logveil(dir).args(args)).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdin.write_all(b"first password=hunter2\n").unwrap();
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    (child, stdin, stdout)
}

#[test]
fn the_last_lines_of_a_pipe_come_through() {
    let dir = tempfile::tempdir().unwrap();
    for (signal, args) in [(SIGINT, &[][..]), (SIGTERM, &[]), (SIGINT, &["--check"])] {
        let (mut child, mut stdin, mut stdout) = begun(dir.path(), args);
        send(&child, signal);
        // What the signal does is done once what follows is read.
        std::thread::sleep(Duration::from_millis(100));
        stdin.write_all(b"shutting down password=hunter3\nlast").unwrap();
        drop(stdin);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        let code = child.wait().unwrap().code();
        match args {
            [] => assert_eq!((code, &*rest), (Some(0), "shutting down password=[REDACTED:password]\nlast")),
            _ => assert!(code == Some(1) && rest.starts_with("-:2:24: password "), "{code:?} {rest}"),
        }
    }
}

#[test]
fn the_second_signal_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    for (first, second) in [(SIGINT, SIGINT), (SIGTERM, SIGTERM), (SIGINT, SIGTERM)] {
        let (mut child, stdin, _stdout) = begun(dir.path(), &[]);
        send(&child, first);
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(child.try_wait().unwrap(), None, "the first one does not");
        send(&child, second);
        assert_eq!(child.wait().unwrap().signal(), Some(second), "a shell calls it {}", 128 + second);
        drop(stdin);
    }
}

/// As `nohup` and a script's `&` start it.
#[cfg(target_os = "linux")]
#[test]
fn what_was_to_be_ignored_is() {
    let dir = tempfile::tempdir().unwrap();
    let ignoring = format!("trap '' INT; exec '{}'", env!("CARGO_BIN_EXE_logveil"));
    let mut child = Command::new("sh")
        .args(["-c", &ignoring])
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for n in 0..3 {
        stdin.write_all(b"password=hunter2\n").unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "password=[REDACTED:password]\n", "after {n} signals");
        send(&child, SIGINT);
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A file so long that it is still being rewritten when the signal comes.
#[test]
fn no_temporary_file_stays_behind() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.log");
    let line = format!("password=hunter2 {}\n", "x".repeat(40));
    fs::write(&path, line.repeat(3_000_000)).unwrap();
    let before = fs::metadata(&path).unwrap().len();
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        let mut child = heeding_all(logveil(dir.path()).args(["--in-place", "a.log"])).spawn().unwrap();
        let begun = Instant::now();
        while fs::read_dir(dir.path()).unwrap().count() < 2 {
            assert!(begun.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none());
        }
        send(&child, signal);
        assert_eq!(child.wait().unwrap().signal(), Some(signal));
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["a.log"]);
        assert_eq!(fs::metadata(&path).unwrap().len(), before);
    }
}
