//! Known values: files and variables, an open descriptor, a socket.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::kit::{logveil, run_cases};

#[test]
fn cases_of_known_values() {
    run_cases(include_str!("known.toml"));
}

/// A pipe that stays open, as a shell's `N<` gives it.
#[test]
fn known_values_of_a_descriptor() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("many"), "p4ss&w0rd\nan0ther-value\n").unwrap();
    fs::write(dir.path().join("in"), "p4ss&w0rd an0ther-value\n").unwrap();
    let program = env!("CARGO_BIN_EXE_logveil");
    let script = format!("'{program}' --known-fd 5 in 5< many && cat many | '{program}' --known-fd 0 in");
    let out = Command::new("sh").arg("-c").arg(script).current_dir(dir.path()).output().unwrap();
    let line = "[REDACTED:known-value] [REDACTED:known-value]\n";
    assert_eq!(String::from_utf8_lossy(&out.stdout), line.repeat(2), "{}", String::from_utf8_lossy(&out.stderr));
}

/// Says something on the socket and returns the answer.
fn said(socket: &Path, asked: &str) -> String {
    let end = Instant::now() + Duration::from_secs(60);
    let mut to = loop {
        match UnixStream::connect(socket) {
            Ok(to) => break to,
            Err(why) => assert!(Instant::now() < end, "{why}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    to.write_all(asked.as_bytes()).unwrap();
    to.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    to.read_to_string(&mut answer).unwrap();
    answer
}

/// A value that comes while a filter runs is masked from the next line on, also around a program.
#[test]
fn known_values_of_a_socket() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("known.sock");
    let program = ["exec", "--", "sh", "-c", "while read line; do echo $line; done"];
    for args in [&[][..], &program] {
        let mut command = logveil(dir.path());
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("LOGVEIL_KNOWN_SOCKET", &socket);
        let mut child = command.args(args).stdin(Stdio::piped()).spawn().unwrap();
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut echoed = |line: &str| {
            writeln!(stdin, "{line}").unwrap();
            let mut back = String::new();
            stdout.read_line(&mut back).unwrap();
            back
        };
        assert_eq!(echoed("p4ss&w0rd"), "p4ss&w0rd\n");
        assert_eq!(said(&socket, "add db 9\np4ss&w0rdadd flag 4\ntrue").lines().next(), Some("ok"));
        assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(echoed("p4ss&w0rd p4ss%26w0rd"), "[REDACTED:known-value] [REDACTED:known-value]\n");
        assert_eq!(said(&socket, "remove db\nremove none\n"), "ok\nrefused: there is no such value\n");
        // Gone, it stays known for --known-grace.
        assert_eq!(echoed("p4ss&w0rd"), "[REDACTED:known-value]\n");
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}
