//! A program inside `logveil exec` beside the same program in front of `logveil`, and what each takes to start; in turns, in
//! one run.
//!
//! `cargo bench --bench exec --no-default-features --features cli`; what leaves is checked first.

#[allow(dead_code, reason = "the engine's bench wants all of it, this one one input")]
mod support;

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const BYTES: usize = 256 << 20;
const ROUNDS: usize = 9;
/// Starts, of which the median counts.
const STARTS: usize = 101;
const LOGVEIL: &str = env!("CARGO_BIN_EXE_logveil");

fn logveil(arguments: &[&str]) -> Command {
    let mut command = Command::new(LOGVEIL);
    command.args(arguments).arg("--no-config").env_clear().stdin(Stdio::null());
    command
}

/// `exec cat FILE` with both outputs where no terminal is, or `cat FILE | logveil`; what leaves goes to `to`.
fn run(inside: bool, path: &Path, to: impl Into<Stdio>) -> Duration {
    let began = Instant::now();
    let ended = if inside {
        logveil(&["exec"]).arg("--").arg("/bin/cat").arg(path).stdout(to).status()
    } else {
        let mut cat = Command::new("/bin/cat").arg(path).stdout(Stdio::piped()).spawn().expect("cat");
        let pipe = cat.stdout.take().expect("a pipe");
        let ended = logveil(&[]).stdin(pipe).stdout(to).status();
        cat.wait().expect("a process of ours");
        ended
    };
    assert!(ended.expect("the command").success());
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn started(mut command: Command) -> Duration {
    let began = Instant::now();
    assert!(command.stdout(Stdio::null()).status().expect("a command").success());
    began.elapsed()
}

fn throughput(folder: &Path) {
    let input = support::realistic(BYTES);
    let path = folder.join("log");
    std::fs::write(&path, &input.text).expect("room for a file");
    for inside in [true, false] {
        let out = folder.join("out");
        run(inside, &path, File::create(&out).expect("a file"));
        assert!(std::fs::read(&out).expect("a file") == input.expected, "what leaves is not what should");
        std::fs::remove_file(&out).expect("a file");
    }
    let rounds: Vec<[Duration; 2]> =
        (0..ROUNDS).map(|_| [true, false].map(|inside| run(inside, &path, Stdio::null()))).collect();
    let [inside, behind] = [0, 1].map(|n| median(rounds.iter().map(|both| both[n]).collect()));
    let rate = |time: Duration| BYTES as f64 / time.as_secs_f64() / 1e6;
    println!(
        "logveil exec cat: {:.0} MB/s, cat | logveil: {:.0} MB/s, ratio {:.2}",
        rate(inside),
        rate(behind),
        behind.as_secs_f64() / inside.as_secs_f64()
    );
}

fn starts() {
    let known = || {
        let mut command = logveil(&["exec", "--known-env"]);
        (0..20).for_each(|n| _ = command.env(format!("APP_{n}_TOKEN"), format!("tr0ub4dor-{n}-x{}", n * 7919)));
        command.args(["--", "/bin/true"]);
        command
    };
    let inside = || {
        let mut command = logveil(&["exec"]);
        command.args(["--", "/bin/true"]);
        command
    };
    let rounds: Vec<[Duration; 3]> =
        (0..STARTS).map(|_| [started(Command::new("/bin/true")), started(inside()), started(known())]).collect();
    let [alone, inside, known] =
        [0, 1, 2].map(|n| median(rounds.iter().map(|all| all[n]).collect()).as_secs_f64() * 1e3);
    println!(
        "true: {alone:.2} ms, inside exec {:+.2} ms, with 20 known values of the environment {:+.2} ms more",
        inside - alone,
        known - inside
    );
}

fn main() {
    // `cargo bench` hands its own arguments on; `cargo test --benches` only wants to see it start.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    throughput(folder.path());
    starts();
}
