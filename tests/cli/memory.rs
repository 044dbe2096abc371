//! Memory of one endless line, whatever stands in it.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::kit::{logveil, shipped};

/// What a pipe may take for it, in bytes, with the pages of its program.
const BYTES_MAX: u64 = 32 << 20;
/// What of these the pages of a program as it is shipped may be. A development build has more of them: there only the
/// others are asked.
const PAGES_BYTES: u64 = 5 << 20;

/// The most memory a process ever had, with the pages of its program or without.
fn peak(pid: u32, pages: bool) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    };
    bytes("VmHWM:") - if pages { 0 } else { bytes("RssFile:") }
}

/// The worst that is known: every few bytes a finding, most of them with a mask that is longer than they are.
#[test]
fn an_endless_line_takes_bounded_memory() {
    let dir = tempfile::tempdir().unwrap();
    let most = if shipped().is_some() { BYTES_MAX } else { BYTES_MAX - PAGES_BYTES };
    for part in
        ["pwd=a ", "Cookie: a=b; ", "sid%3", "sig%3d", "mysql -u a ", "password=token=", "password=a@b://c ", "a@b:c@"]
    {
        let mut child = logveil(dir.path()).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(part.repeat(4_000_000 / part.len()).as_bytes()).unwrap();
        let peak = peak(child.id(), shipped().is_some());
        drop(stdin);
        assert!(child.wait().unwrap().success());
        assert!(peak <= most, "{part:?} took {peak} bytes");
        println!("{part:?} took {} KiB", peak >> 10);
    }
}
