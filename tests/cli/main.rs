//! The command: cases as files (`*.toml`), and what takes pipes, links and signals.
#![cfg(feature = "cli")]
#![allow(missing_docs)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

mod exec;
mod files;
mod folders;
mod inputs;
mod kit;
mod known;
mod memory;
mod signals;

use kit::{fed, logveil, run, run_cases};

#[test]
fn cases_of_the_filter() {
    run_cases(include_str!("filter.toml"));
}

#[test]
fn cases_of_the_configuration() {
    run_cases(include_str!("config.toml"));
}

/// Writes a line, waits until it comes back, writes the next.
#[test]
fn each_line_leaves_before_the_next_read() {
    let dir = tempfile::tempdir().unwrap();
    for args in [&[][..], &["--encoding", "utf-8"]] {
        let mut child = logveil(dir.path()).args(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        for (line, expected) in
            [("a\n", "a\n"), ("password=hunter2\n", "password=[REDACTED:password]\n"), ("b\n", "b\n")]
        {
            let (first, second) = line.split_at(1);
            stdin.write_all(first.as_bytes()).unwrap();
            stdin.write_all(second.as_bytes()).unwrap();
            let mut echo = String::new();
            stdout.read_line(&mut echo).unwrap();
            assert_eq!(echo, expected);
        }
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

/// The same through a named pipe given as FILE, which must not wait to tell its compression.
#[test]
fn a_named_pipe_is_read_as_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Command::new("mkfifo").arg(dir.path().join("p")).status().unwrap().success());
    let mut child = logveil(dir.path()).arg("p").spawn().unwrap();
    let mut pipe = File::options().write(true).open(dir.path().join("p")).unwrap();
    pipe.write_all(b"x\n").unwrap();
    let mut echo = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut echo).unwrap();
    assert_eq!(echo, "x\n");
    drop(pipe);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_closed_output_ends_it_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = logveil(dir.path()).stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let out = fed(child, &b"line\n".repeat(1 << 20));
    assert_eq!((out.status.code(), &out.stderr[..]), (Some(0), &b""[..]));
    let mut man = logveil(dir.path()).arg("man").spawn().unwrap();
    drop(man.stdout.take());
    assert_eq!(man.wait().unwrap().code(), Some(0));
}

#[test]
fn a_full_output_is_code_4() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "x\n").unwrap();
    let out = logveil(dir.path()).arg("a").stdout(full).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&out.stderr).contains("standard output: cannot write"));
}

#[test]
fn threads_change_nothing_but_the_time() {
    let dir = tempfile::tempdir().unwrap();
    let text: String = (0..40_000).map(|n| format!("n={n} password=hunter{n} {}\n", "x".repeat(n % 97))).collect();
    fs::write(dir.path().join("a.log"), &text).unwrap();
    fs::write(dir.path().join("b.log"), &text).unwrap();
    let piped = run(dir.path(), &[], text.as_bytes());
    assert_eq!(piped.stdout.windows(21).filter(|w| *w == b"[REDACTED:password] x").count(), 40_000 - 413);
    for threads in ["1", "2", "7"] {
        let out = run(dir.path(), &["--threads", threads, "a.log"], b"");
        assert!(out.status.success() && out.stderr.is_empty() && out.stdout == piped.stdout, "{threads}");
        let check = run(dir.path(), &["--check", "--threads", threads, "a.log"], b"");
        let last = check.stdout.trim_ascii_end().rsplit(|b| *b == b'\n').next().unwrap();
        assert!(last.starts_with(b"a.log:40000:18: password "), "{}", last.escape_ascii());
    }
    assert!(run(dir.path(), &["--threads=2", "--in-place", "b.log"], b"").status.success());
    assert!(fs::read(dir.path().join("b.log")).unwrap() == piped.stdout);
}

#[test]
fn a_report_is_json_without_content() {
    let dir = tempfile::tempdir().unwrap();
    let out = run(dir.path(), &["--report", "json"], b"password=hunter2\nclean\n");
    let report: serde_json::Value = serde_json::from_slice(&out.stderr).unwrap();
    assert_eq!((&report["findings"], &report["records"], &report["bytes_in"]), (&1.into(), &2.into(), &23.into()));
    assert_eq!(report["by_rule"]["password"], 1);
    assert_eq!(report["bytes_out"], out.stdout.len());
}

#[test]
fn fingerprints_depend_on_the_key_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("key"), "0123456789abcdef\n").unwrap();
    let tags = |args: &[&str], input: &[u8]| {
        let out = run(dir.path(), args, input);
        assert_eq!(out.status.code(), Some(1));
        let text = String::from_utf8(out.stdout).unwrap();
        text.lines().map(|l| l.rsplit(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let with_key = ["--check", "--hash-key-file", "key"];
    let a = tags(&with_key, b"password=hunter2\npassword: hunter2\npassword=hunter3\n");
    assert!(a.len() == 3 && a[0] == a[1] && a[1] != a[2]);
    assert_eq!(a[0], tags(&with_key, b"x password=hunter2\n")[0]);
    assert_ne!(tags(&["--check"], b"password=hunter2")[0], tags(&["--check"], b"password=hunter2")[0]);
    let wide: Vec<u8> = "ab\npassword=hunter2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut args = with_key.to_vec();
    args.extend(["--encoding", "utf-16le"]);
    let out = run(dir.path(), &args, &wide);
    assert!(String::from_utf8(out.stdout).unwrap().starts_with(&format!("-:2:10: password {}", a[0])));
}

/// A rule that looks through the rest of the record at each of its literals is stopped, and not blamed.
#[test]
fn what_no_rule_judged_is_listed_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let rule = "family = 'custom'\nmax = 4096\n[[rule]]\nid = 'dear'\nabout = 'a'\nlink = 'l'\nliterals = ['zqj-']\n\
        start = 'any'\npattern = 'zqj- [a-z-]* !'\nfinds = ['x zqj-<<lower 8>>! y']\nspares = ['x zqj-']\n";
    fs::write(dir.path().join("own.toml"), rule).unwrap();
    let log = format!("a zqj-abcdefgh! b\n{}\n", "zqj-".repeat(8000));
    let out = run(dir.path(), &["--rules", "own.toml", "--check"], log.as_bytes());
    assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stderr));
    let listed = String::from_utf8(out.stdout).unwrap();
    let found: Vec<(&str, &str)> =
        listed.lines().filter_map(|line| line.rsplit_once(' ')?.0.split_once(": ")).collect();
    assert_eq!(found[0], ("-:1:3", "dear"), "{listed}");
    assert!(found.len() == 2 && found[1].0.starts_with("-:2:") && found[1].1 == "unjudged", "{listed}");
}

#[test]
fn rule_files_are_judged_as_a_whole_and_compiled() {
    let dir = tempfile::tempdir().unwrap();
    let rule = |id: &str, literal: &str, finds: &str| {
        format!(
            "[[rule]]\nid = '{id}'\nabout = 'a'\nlink = 'l'\nliterals = ['{literal}']\npattern = '{literal} [a-z]{{8}}'\n\
             finds = ['x {finds} y']\nspares = ['x {literal} y']\n"
        )
    };
    let good = format!("family = 'custom'\nmax = 64\n{}", rule("good", "zqj-", "zqj-<<lower 8>>"));
    fs::write(dir.path().join("good.toml"), &good).unwrap();
    let bad = format!("{good}{}{}", rule("bad", "zqk-", "nothing"), rule("Worse", "zql-", "zql-<<lower 8>>"));
    fs::write(dir.path().join("bad.toml"), bad).unwrap();
    let out = run(dir.path(), &["rules", "check", "bad.toml"], b"");
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(said.contains("bad.toml:11: rule `bad`: finds nothing in example 1"), "{said}");
    assert!(said.contains("bad.toml:19: rule `Worse`: an id has"), "{said}");
    let out = run(dir.path(), &["rules", "compile", "good.toml", "-o", "good.pack"], b"");
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    for args in [["--pack", "good.pack"], ["--rules", "good.toml"]] {
        let out = run(dir.path(), &args, b"a zqj-abcdefgh b\n");
        assert_eq!(String::from_utf8_lossy(&out.stdout), "a [REDACTED:good] b\n");
    }
    let mut pack = Vec::new();
    File::open(dir.path().join("good.pack")).unwrap().read_to_end(&mut pack).unwrap();
    fs::write(dir.path().join("cut.pack"), &pack[..pack.len() / 2]).unwrap();
    let out = run(dir.path(), &["--pack", "cut.pack"], b"");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("cut.pack"));
}

/// What becomes of every feature of the format, and that the rules are good.
#[test]
fn rules_of_gitleaks_are_imported() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("gitleaks.toml"), include_str!("gitleaks.toml")).unwrap();
    let args =
        ["rules", "import", "gitleaks.toml", "-o", "rules.toml", "--allow-out", "allow.toml", "--report", "said"];
    let out = run(dir.path(), &args, b"");
    let said = fs::read_to_string(dir.path().join("said")).unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(String::from_utf8_lossy(&out.stderr), "logveil: 8 of 12 rules were imported\n", "{said}");
    for part in include_str!("gitleaks.said").lines() {
        assert!(said.contains(part), "{part}\nis missing in\n{said}");
    }
    assert_eq!(said.lines().count(), include_str!("gitleaks.said").lines().count(), "{said}");
    let again = run(dir.path(), &["rules", "import", "gitleaks.toml"], b"");
    let rules = fs::read_to_string(dir.path().join("rules.toml")).unwrap();
    assert_eq!(String::from_utf8_lossy(&again.stdout), rules, "the same again, examples and all");
    assert!(String::from_utf8_lossy(&again.stderr).contains("--allow-out FILE writes them"));
    let checked = run(dir.path(), &["rules", "check", "rules.toml"], b"");
    let why = String::from_utf8_lossy(&checked.stderr);
    assert_eq!(checked.status.code(), Some(0), "{why}");
    let hex = "5f2a90c1e7b34d68";
    let lines = [
        ("a zqt_q8Zr1Lw0mXv93TbNk2Yd b", "a [REDACTED:gitleaks-zq-token] b"),
        // Longer than it may be, and below its entropy.
        ("a zqt_q8Zr1Lw0mXv93TbNk2Yd7 b", "a zqt_q8Zr1Lw0mXv93TbNk2Yd7 b"),
        ("a zqt_aaaaaaaaaabbbbbbbbbb b", "a zqt_aaaaaaaaaabbbbbbbbbb b"),
        // Allowed by a list.
        ("a zqt_q8Zr1Lw0mXv93TSAMPLE b", "a zqt_q8Zr1Lw0mXv93TSAMPLE b"),
        ("k9d2x7.zqmid1.q8zr1lw0mxv93tbnk2yd7hs5fj4gp6cc", "[REDACTED:gitleaks-zq-middle]"),
        (&format!("my_ZQPROVIDER_id: '{hex}{hex}'"), "my_ZQPROVIDER_id: '[REDACTED:gitleaks-zq-key]'"),
        ("zqprovider=5f2a01234567896834d68e7b32a90c1f x", "zqprovider=5f2a01234567896834d68e7b32a90c1f x"),
        (&format!("zqsg-abcd-{hex}90c1e7b3"), "zqsg-abcd-[REDACTED:gitleaks-zq-second-group]"),
        (&format!("zqe_{hex}90c1 {hex}{hex}90c1e7b3"), &format!("[REDACTED:gitleaks-zq-either] {hex}{hex}90c1e7b3")),
        ("zqphp_123456789012", "[REDACTED:gitleaks-zq-php]"),
        ("zqagain_kjhgfdsaqwer", "[REDACTED:gitleaks-zq-token-100]"),
    ];
    let args = ["--rules", "rules.toml", "--allow", "allow.toml"];
    for (input, output) in lines {
        let out = run(dir.path(), &args, input.as_bytes());
        assert_eq!(String::from_utf8_lossy(&out.stdout), output, "{}", String::from_utf8_lossy(&out.stderr));
    }
}

#[test]
fn help_names_the_exit_codes_and_every_option_its_default() {
    let dir = tempfile::tempdir().unwrap();
    let help = String::from_utf8(run(dir.path(), &["--help"], b"").stdout).unwrap();
    for code in ["  0   ", "  1   ", "  2   ", "  3   ", "  4   ", "  70  "] {
        assert!(help.contains(code), "{code}");
    }
    let list = run(dir.path(), &["rules", "list", "--json"], b"");
    let rules: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert!(rules.as_array().unwrap().iter().any(|r| r["id"] == "password" && r["family"] == "key"));
}
