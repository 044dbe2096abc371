//! A program run with its output masked: order, signals, what it leaves behind.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::kit::{heeding_all, logveil, run_cases};

fn exec(dir: &std::path::Path, options: &[&str], script: &str) -> Command {
    let mut command = logveil(dir);
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command.arg("exec").args(options).args(["--", "sh", "-c", script]);
    command
}

/// A script that has said its first line, so that its traps are there.
fn begun(mut command: Command) -> (Child, BufReader<ChildStdout>) {
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    (child, stdout)
}

fn send(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn cases_of_exec() {
    run_cases(include_str!("exec.toml"));
}

/// The program's own secrets are known from its environment, in both streams and any encoding.
#[test]
fn what_the_program_is_given_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let mut command =
        exec(dir.path(), &["--known-env=APP_*"], "echo got $APP_TOKEN; echo q=$APP_PERCENT >&2; echo $OTHER");
    command.env("APP_TOKEN", "tr0ub4dor&3x").env("APP_PERCENT", "tr0ub4dor%263x").env("OTHER", "in-sight-9");
    let said = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "got [REDACTED:known-value]\nin-sight-9\n");
    assert_eq!(String::from_utf8_lossy(&said.stderr), "q=[REDACTED:known-value]\n");
}

/// What was masked in both streams, and which of the values; its own options or those before it in a file.
#[test]
fn a_report_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let script = "echo got $APP_TOKEN; echo q=$APP_TOKEN >&2; exit 5";
    let options = ["--known-env=APP_*", "--report-file=r.json", "--report-names"];
    let mut command = exec(dir.path(), &options, script);
    assert_eq!(command.env("APP_TOKEN", "tr0ub4dor&3x").status().unwrap().code(), Some(5));
    let report = fs::read_to_string(dir.path().join("r.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["findings"], &report["by_known"]["--known-env APP_TOKEN"]), (&2.into(), &2.into()));
    let settings = "report = 'text'\n[[known]]\nenv = ['APP_*']\n";
    fs::write(dir.path().join("x.toml"), settings).unwrap();
    let mut command = exec(dir.path(), &["--config=x.toml"], "echo got $APP_TOKEN");
    let said = command.env("APP_TOKEN", "tr0ub4dor&3x").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "got [REDACTED:known-value]\n");
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(text.contains("    known-value") && !text.contains("APP_TOKEN"), "{text}");
    // What cannot be said is an output that could not be written; the program's own code comes first.
    for (script, code) in [("exit 0", 74), ("exit 5", 5)] {
        let said = exec(dir.path(), &["--report-file=missing/r.json"], script).output().unwrap();
        assert_eq!(said.status.code(), Some(code));
        assert!(String::from_utf8_lossy(&said.stderr).contains("--report-file missing/r.json: "));
    }
    let said = exec(dir.path(), &["--report-names"], "exit 0").output().unwrap();
    assert_eq!(said.status.code(), Some(78));
}

/// Both streams into one file: as the program wrote them.
#[test]
fn one_place_has_one_order() {
    let dir = tempfile::tempdir().unwrap();
    let script = "i=0; while [ $i -lt 200 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done";
    for append in [false, true] {
        let path = dir.path().join("both");
        let file = || File::options().create(true).append(append).write(true).open(&path).unwrap();
        let first = file();
        let second = if append { file() } else { first.try_clone().unwrap() };
        let ended = exec(dir.path(), &[], script).stdout(first).stderr(second).status().unwrap();
        assert!(ended.success());
        let wanted: String = (0..200).map(|n| format!("out {n}\nerr {n}\n")).collect();
        assert!(fs::read_to_string(&path).unwrap() == wanted, "append: {append}");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn signals_are_passed_on() {
    let dir = tempfile::tempdir().unwrap();
    let script = "n=0; trap 'n=$((n+1)); echo got $n password=hunter2; [ $n = 2 ] && exit 3' TERM USR1 HUP; \
                  echo ready; while :; do sleep 0.05; done";
    for signal in ["-TERM", "-USR1", "-HUP"] {
        // In a group of one, or the sleep between would end by the signal and say so.
        let (mut child, mut stdout) = begun(heeding_all(&exec(dir.path(), &["--single"], script)));
        for n in 1..=2 {
            send(&child, signal);
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            assert_eq!(line, format!("got {n} password=[REDACTED:password]\n"));
        }
        assert_eq!(child.wait().unwrap().code(), Some(3));
    }
}

#[test]
fn a_signal_that_ended_it_ends_us() {
    let dir = tempfile::tempdir().unwrap();
    for (script, signal) in [("kill -TERM $$", 15), ("kill -KILL $$", 9), ("kill -USR1 $$", 10)] {
        assert_eq!(exec(dir.path(), &[], script).status().unwrap().signal(), Some(signal), "{script}");
    }
}

#[test]
fn one_that_does_not_end_is_killed_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let script = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
    let (mut child, _stdout) = begun(exec(dir.path(), &["--kill-after", "0.3"], script));
    let asked = Instant::now();
    send(&child, "-TERM");
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert!((Duration::from_millis(300)..Duration::from_secs(5)).contains(&asked.elapsed()));
}

/// A child of the child holds the pipe on.
#[test]
fn what_was_left_behind_is_waited_for_so_long() {
    let dir = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let late = "(sleep 0.1; echo password=hunter2; sleep 30) & echo first";
    let out = exec(dir.path(), &["--drain-idle", "400ms"], late).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "first\npassword=[REDACTED:password]\n");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(said.contains("closed after 1 findings in 23 bytes"), "{said}");
    assert!(out.status.success() && begin.elapsed() < Duration::from_secs(5));
    // Nor for ever where it is never quiet.
    let begin = Instant::now();
    let busy = "while echo x; do sleep 0.02; done & echo first; exit 5";
    let mut busy = exec(dir.path(), &["--drain", "0.5s", "--drain-idle", "400ms"], busy);
    assert_eq!(busy.output().unwrap().status.code(), Some(5));
    assert!((Duration::from_millis(400)..Duration::from_secs(5)).contains(&begin.elapsed()));
}

#[test]
fn the_reader_goes_and_the_program_learns_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = logveil(dir.path());
    let mut child = command.env("PATH", std::env::var_os("PATH").unwrap()).args(["exec", "yes"]).spawn().unwrap();
    let mut some = [0; 2];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(13));
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let out = exec(dir.path(), &[], "echo x; echo err >&2").stdout(full).output().unwrap();
    assert_eq!(out.status.code(), Some(74));
    assert!(String::from_utf8_lossy(&out.stderr).contains("standard output: cannot write"));
}

/// Killed outright, it has written nothing raw, and the program's pipe is closed.
#[test]
fn nothing_raw_is_left_when_it_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let script = "echo ready; while :; do echo password=hunter2 || exit; done";
    let (mut child, mut stdout) = begun(exec(dir.path(), &[], script));
    let mut line = String::new();
    (0..1000).for_each(|_| drop(stdout.read_line(&mut line)));
    send(&child, "-KILL");
    stdout.read_to_string(&mut line).unwrap();
    child.wait().unwrap();
    assert!(!line.contains("hunter2") && line.contains("[REDACTED:password]"));
}

/// What was closed before it began takes nothing; the program runs to its end all the same, and the other stream is masked.
#[test]
fn outputs_that_are_closed() {
    let dir = tempfile::tempdir().unwrap();
    let inner = "echo password=hunter2; echo password=hunter3 >&2; exit 5";
    for (closed, kept) in [(">&-", [false, true]), ("2>&-", [true, false]), (">&- 2>&-", [false, false])] {
        let script = format!("'{}' exec -- sh -c '{inner}' {closed}", env!("CARGO_BIN_EXE_logveil"));
        let said = Command::new("sh").arg("-c").arg(script).current_dir(dir.path()).output().unwrap();
        let wanted = kept.map(|kept| if kept { "password=[REDACTED:password]\n" } else { "" });
        let got = [&said.stdout, &said.stderr].map(|out| String::from_utf8_lossy(out).into_owned());
        assert_eq!((got, said.status.code()), (wanted.map(str::to_owned), Some(5)), "{closed}");
    }
}

/// Both pipes at once, each full all the time. `.ci/long` runs it with LOGVEIL_EXEC_MIB=1024.
#[test]
fn megabytes_through_both_pipes_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mib: usize = std::env::var("LOGVEIL_EXEC_MIB").ok().and_then(|n| n.parse().ok()).unwrap_or(16);
    let line = "2026-05-01 password=hunter2 and some more text that is no secret at all\n";
    let lines = (mib << 20) / line.len();
    let script = format!("yes '{0}' | head -n {lines} & yes '{0}' | head -n {lines} >&2; wait", line.trim_end());
    let mut child = exec(dir.path(), &[], &script).stdin(Stdio::null()).spawn().unwrap();
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let wanted = line.replace("hunter2", "[REDACTED:password]");
    let count = |mut from: Box<dyn Read + Send>| {
        let wanted = wanted.clone().into_bytes();
        std::thread::spawn(move || {
            let (mut buffer, mut at, mut n) = (vec![0; 1 << 16], 0, 0);
            loop {
                let got = from.read(&mut buffer).unwrap();
                if got == 0 {
                    return n;
                }
                for byte in &buffer[..got] {
                    assert!(*byte == wanted[at % wanted.len()]);
                    at += 1;
                }
                n = at / wanted.len();
            }
        })
    };
    let counts = [count(Box::new(out)), count(Box::new(err))].map(|thread| thread.join().unwrap());
    assert_eq!((counts, child.wait().unwrap().code()), ([lines; 2], Some(0)));
}

/// As process 1 of a namespace of its own, where that is allowed: whatever loses its parent is reaped.
#[cfg(target_os = "linux")]
#[test]
fn as_process_1_it_leaves_no_zombie() {
    let dir = tempfile::tempdir().unwrap();
    let inside = ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
    let allowed = Command::new("unshare").args(inside).arg("true").stderr(Stdio::null()).status();
    if !allowed.is_ok_and(|status| status.success()) {
        eprintln!("NOT RUN: no namespaces for whoever runs this");
        return;
    }
    let children: usize = std::env::var("LOGVEIL_EXEC_CHILDREN").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    // Each `sh` ends before its child, which so comes to process 1.
    let script = format!(
        "i=0; while [ $i -lt {children} ]; do sh -c 'sleep 0.001 &'; i=$((i+1)); done; sleep 0.3; \
         cat /proc/[0-9]*/stat 2>/dev/null | grep -c ' Z ' ; exit 0"
    );
    let out = Command::new("unshare")
        .args(inside)
        .args([env!("CARGO_BIN_EXE_logveil"), "exec", "--", "sh", "-c", &script])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "0\n", "{}", String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success());
}

/// Whose parent an orphan has.
#[cfg(target_os = "linux")]
#[test]
fn orphans_are_taken_in_where_asked() {
    let dir = tempfile::tempdir().unwrap();
    let script = "sh -c 'sleep 1 & echo $! >pid'; sleep 0.1; \
                  [ \"$(cut -d' ' -f4 /proc/$(cat pid)/stat)\" = $PPID ] && echo ours || echo not; kill $(cat pid)";
    for (options, wanted) in [(&["--init"][..], "ours\n"), (&[], "not\n")] {
        let out = exec(dir.path(), options, script).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&out.stdout), wanted, "{}", String::from_utf8_lossy(&out.stderr));
    }
}
