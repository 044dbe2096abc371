//! The sidecar beside a plain relay: the same records over loopback TCP, one connection, in turns.
//!
//! `cargo bench --bench relay` prints both and their ratio; what arrives is checked every time.

#[allow(dead_code, reason = "the engine's bench wants all of it, this one two inputs")]
mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::Input;

const BYTES: usize = 256 << 20;
const ROUNDS: usize = 7;

/// Sends the text through `to` and gives back what arrives at `collector`, and how long it took.
fn through(to: SocketAddr, collector: &TcpListener, text: &[u8], expected: &[u8]) -> Duration {
    let begin = Instant::now();
    let mut took = Duration::ZERO;
    let mut arrived = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut tcp = TcpStream::connect(to).expect("a listener");
            tcp.write_all(text).expect("everything is taken");
            tcp.shutdown(Shutdown::Write).expect("an open connection");
            let _ = tcp.read(&mut [0]);
        });
        let (mut tcp, _) = collector.accept().expect("a connection");
        let mut buffer = vec![0; 256 << 10];
        while arrived < expected.len() {
            let n = tcp.read(&mut buffer).expect("an open connection");
            assert!(n > 0, "the end came after {arrived} of {} bytes", expected.len());
            assert!(expected[arrived..].starts_with(&buffer[..n]), "what arrived behind {arrived} is not what should");
            arrived += n;
        }
        took = begin.elapsed();
    });
    took
}

/// A relay that looks at nothing.
fn plain(collector: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("an address");
    listener.set_nonblocking(true).expect("a socket");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("threads").block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            while let Ok((mut from, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut to = tokio::net::TcpStream::connect(collector).await.expect("a collector");
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
    });
    at
}

/// The median, as bytes a second.
fn rate(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    BYTES as f64 / times[times.len() / 2].as_secs_f64()
}

fn compare(name: &str, input: &Input) {
    let (mut plainly, mut masked) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // All of it new for each round: an instance that loses its collector comes back at once.
        let collector = TcpListener::bind("127.0.0.1:0").expect("a port");
        let relay = plain(collector.local_addr().expect("an address"));
        plainly.push(through(relay, &collector, &input.text, &input.text));
        let collector = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = collector.local_addr().expect("an address");
        let mut child = Command::new(env!("CARGO_BIN_EXE_logveil"))
            .args(["serve", "--listen", "tcp://127.0.0.1:0", "--admin", "off", "--upstream", &format!("tcp://{at}")])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        let line = lines.find(|l| l.contains(" listening ")).expect("a listener");
        let port = line.split("address=tcp://").nth(1).and_then(|a| a.trim().parse().ok()).expect("an address");
        std::thread::spawn(move || lines.for_each(drop));
        masked.push(through(port, &collector, &input.text, &input.expected));
        child.kill().expect("a process of ours");
        child.wait().expect("a process of ours");
    }
    let (plainly, masked) = (rate(plainly), rate(masked));
    println!(
        "{name:<10} tokio::io::copy {:>6.0} MB/s   logveil serve {:>6.0} MB/s   ratio {:.2}",
        plainly / 1e6,
        masked / 1e6,
        masked / plainly
    );
}

fn main() {
    // `cargo bench` hands its own arguments on; `cargo test --benches` only wants to see it start.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    compare("realistic", &support::realistic(BYTES));
    compare("clean", &support::clean(BYTES));
}
