//! The command in a folder of its own, and cases as data.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Case {
    name: String,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    stdin: String,
    status: i32,
    /// All of standard output.
    stdout: Option<String>,
    /// A part of it.
    stdout_has: Option<String>,
    /// A part of standard error; none at all if missing.
    stderr: Option<String>,
    not_in_output: Option<String>,
    after: BTreeMap<String, String>,
    after_has: BTreeMap<String, String>,
}

/// The program as it is shipped, if that is what is tested (`LOGVEIL_PROGRAM`, its whole path).
pub fn shipped() -> Option<OsString> {
    std::env::var_os("LOGVEIL_PROGRAM")
}

pub fn logveil(dir: &Path) -> Command {
    let mut command = Command::new(shipped().unwrap_or_else(|| env!("CARGO_BIN_EXE_logveil").into()));
    command.current_dir(dir).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A command for tests of signals, where the tests themselves were told to ignore one, as `nohup` and a script's `&` do.
pub fn heeding_all(command: &Command) -> Command {
    let mut heeding = Command::new("env");
    heeding.arg("--default-signal").arg(command.get_program()).args(command.get_args());
    heeding.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    heeding
        .current_dir(command.get_current_dir().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    heeding
}

pub fn fed(mut child: Child, input: &[u8]) -> Output {
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|s| {
        // A command that refuses its input closes it early.
        s.spawn(move || _ = stdin.write_all(input));
        child.wait_with_output().unwrap()
    })
}

pub fn run(dir: &Path, args: &[&str], input: &[u8]) -> Output {
    fed(logveil(dir).args(args).stdin(Stdio::piped()).spawn().unwrap(), input)
}

pub fn run_cases(text: &str) {
    let cases: Cases = toml::from_str(text).unwrap();
    for case in cases.case {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in &case.files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut command = logveil(dir.path());
        command.args(&case.args).envs(&case.env).stdin(Stdio::piped());
        let out = fed(command.spawn().unwrap(), case.stdin.as_bytes());
        let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        let name = &case.name;
        assert_eq!(out.status.code(), Some(case.status), "{name}: {stderr}");
        if let Some(whole) = &case.stdout {
            assert_eq!(stdout, whole.as_str(), "{name}");
        }
        for part in case.stdout_has.iter() {
            assert!(stdout.contains(part), "{name}: {stdout}");
        }
        match &case.stderr {
            Some(part) => assert!(stderr.contains(part), "{name}: {stderr}"),
            None => assert_eq!(stderr, "", "{name}"),
        }
        for secret in case.not_in_output.iter() {
            assert!(!stdout.replace("[REDACTED", "").contains(secret) && !stderr.contains(secret), "{name}");
        }
        let read = |file: &str| fs::read_to_string(dir.path().join(file)).unwrap();
        case.after.iter().for_each(|(file, text)| assert_eq!(read(file), *text, "{name}"));
        case.after_has.iter().for_each(|(file, part)| assert!(read(file).contains(part), "{name}"));
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}
