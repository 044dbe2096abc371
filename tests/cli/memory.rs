//! Memory of one endless line, whatever stands in it.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::kit::logveil;

/// What a pipe may take for it, in bytes, besides the pages of its program, which are shared and can be dropped.
const BYTES_MAX: u64 = 32 << 20;

/// The most memory a process ever had, without the pages of its program.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    };
    bytes("VmHWM:") - bytes("RssFile:")
}

/// The worst that is known: every few bytes a finding, most of them with a mask that is longer than they are.
#[test]
fn an_endless_line_takes_bounded_memory() {
    let dir = tempfile::tempdir().unwrap();
    for part in
        ["pwd=a ", "Cookie: a=b; ", "sid%3", "sig%3d", "mysql -u a ", "password=token=", "password=a@b://c ", "a@b:c@"]
    {
        let mut child = logveil(dir.path()).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(part.repeat(4_000_000 / part.len()).as_bytes()).unwrap();
        let peak = peak(child.id());
        drop(stdin);
        assert!(child.wait().unwrap().success());
        assert!(peak <= BYTES_MAX, "{part:?} took {peak} bytes");
    }
}
