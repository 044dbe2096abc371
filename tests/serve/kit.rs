//! A sidecar that runs, and collectors for it to send to. Nothing here waits for a time to pass:
//! what is awaited either comes or the test fails after a time that no machine needs.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// No machine needs so long for anything awaited here.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A secret that must not arrive, and the line it stands in. Split, so that nobody takes the source
/// for a leak.
pub const SECRET: &str = concat!("hunter2", "Xq9Lw");

/// A line with the secret, and how it leaves.
pub fn line(n: usize) -> (String, String) {
    let head = format!("<13>Oct 11 22:14:15 host app: n={n} user=alice password=");
    (format!("{head}{SECRET} from 203.0.113.9"), format!("{head}[REDACTED:password] from 203.0.113.9"))
}

/// Fails if the text holds the secret.
pub fn clean(bytes: &[u8]) {
    assert!(!bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes()), "the secret arrived");
}

/// Grows by what a thread reads; others wait for what they expect.
#[derive(Clone, Default)]
pub struct Text(Arc<(Mutex<Vec<u8>>, Condvar)>);

impl Text {
    pub fn add(&self, bytes: &[u8]) {
        self.0.0.lock().unwrap().extend_from_slice(bytes);
        self.0.1.notify_all();
    }

    pub fn get(&self) -> Vec<u8> {
        self.0.0.lock().unwrap().clone()
    }

    /// Waits until it is as `wanted` says.
    pub fn wait(&self, what: &str, wanted: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let guard = self.0.0.lock().unwrap();
        let (guard, out) = self.0.1.wait_timeout_while(guard, PATIENCE, |text| !wanted(text)).unwrap();
        assert!(!out.timed_out(), "{what} did not come; {} bytes: {}", guard.len(), tail(&guard));
        guard.clone()
    }

    pub fn wait_for(&self, part: &str) -> String {
        let text = self.wait(part, |text| text.windows(part.len()).any(|w| w == part.as_bytes()));
        String::from_utf8(text).unwrap()
    }

    pub fn wait_is(&self, whole: &[u8]) {
        let text = self.wait("all of it", |text| text.len() >= whole.len());
        assert!(text == whole, "{}\ninstead of\n{}", tail(&text), tail(whole));
    }
}

fn tail(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[text.len().saturating_sub(2000)..]).into_owned()
}

/// What is tested: the program of this build, or another one (`LOGVEIL_PROGRAM`, its whole path).
pub fn program() -> OsString {
    std::env::var_os("LOGVEIL_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_logveil").into())
}

/// `logveil serve` with a configuration.
pub struct Sidecar {
    pub child: Child,
    pub log: Text,
    /// Reads the log to its end.
    reader: Option<JoinHandle<()>>,
    pub folder: TempDir,
    pub addresses: Vec<String>,
    pub admin: String,
}

/// Runs it to its end, which is expected to be soon: exit code and log.
pub fn refused(config: &str, arguments: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    std::fs::write(&path, config).unwrap();
    let out = Command::new(program())
        .current_dir(folder.path())
        .args(["serve", "--config", "c.toml"])
        .args(arguments)
        .output()
        .unwrap();
    (out.status.code().unwrap(), String::from_utf8(out.stderr).unwrap())
}

impl Sidecar {
    /// With `[[listen]]` and so on; the admin listener is added.
    pub fn start(config: &str) -> Sidecar {
        Sidecar::start_in(tempfile::tempdir().unwrap(), config)
    }

    /// The same in a folder that holds what the configuration names; `DIR` in it is the folder.
    pub fn start_in(folder: TempDir, config: &str) -> Sidecar {
        Sidecar::start_with(folder, config, &[])
    }

    /// The same with more arguments.
    pub fn start_with(folder: TempDir, config: &str, arguments: &[&str]) -> Sidecar {
        Sidecar::start_behind(":", folder, config, arguments)
    }

    /// The same behind a command of the shell, which sets what a child has from its parent.
    pub fn start_behind(shell: &str, folder: TempDir, config: &str, arguments: &[&str]) -> Sidecar {
        Sidecar::start_from(Stdio::null(), shell, folder, config, arguments)
    }

    /// The same with a descriptor, which the shell finds as its standard input.
    pub fn start_given(given: OwnedFd, shell: &str, config: &str) -> Sidecar {
        Sidecar::start_from(given.into(), shell, tempfile::tempdir().unwrap(), config, &[])
    }

    fn start_from(stdin: Stdio, shell: &str, folder: TempDir, config: &str, arguments: &[&str]) -> Sidecar {
        let config = config.replace("DIR", folder.path().to_str().unwrap());
        let config = format!("{config}\n[admin]\nlisten = \"127.0.0.1:0\"\n");
        std::fs::write(folder.path().join("logveil.toml"), &config).unwrap();
        let mut child = Command::new("sh")
            .current_dir(folder.path())
            .args(["-c", &format!("{shell}; exec \"$0\" \"$@\"")])
            .arg(program())
            .arg("serve")
            .args(["--config", "logveil.toml"])
            .args(arguments)
            .stdin(stdin)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Text::default();
        let (stderr, writer) = (child.stderr.take().unwrap(), log.clone());
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                writer.add(line.as_bytes());
                writer.add(b"\n");
            }
        });
        let text = log.wait_for("metrics and health");
        let field = |l: &str| Some(l.split_once("address=")?.1.split_whitespace().next()?.to_owned());
        let addresses = text.lines().filter(|l| l.contains(" listening ")).filter_map(field).collect();
        let admin = text.lines().filter(|l| l.contains("metrics and health")).find_map(field).unwrap();
        log.wait_for("Landlock");
        Sidecar { child, log, reader: Some(reader), folder, addresses, admin }
    }

    /// Host and port of a listener.
    pub fn port(&self, n: usize) -> SocketAddr {
        self.addresses[n].split_once("://").unwrap().1.parse().unwrap()
    }

    pub fn connect(&self, n: usize) -> TcpStream {
        TcpStream::connect(self.port(n)).unwrap()
    }

    /// Status and body of an admin page.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut tcp = TcpStream::connect(&self.admin).unwrap();
        write!(tcp, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        tcp.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// A metric's value; the name with its labels, as it is written.
    pub fn number(&self, name: &str) -> f64 {
        let text = self.get("/metrics").1;
        let value = |l: &str| l.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        text.lines().find_map(value).unwrap_or_else(|| panic!("there is no {name} in\n{text}"))
    }

    /// Waits until a number is as wanted.
    pub fn wait_number(&self, name: &str, wanted: impl Fn(f64) -> bool) -> f64 {
        await_that(name, || Some(self.number(name)).filter(|n| wanted(*n)))
    }

    /// Whether the queue is full: connections wait for room. What a read may need is kept free, and
    /// small batches are counted for more than their bytes, so its bytes may be well below the limit.
    pub fn is_full(&self) -> bool {
        let half = self.number("logveil_queue_limit_bytes") / 2.0;
        self.number("logveil_connections_waiting{listener=\"in\"}") > 0.0 && self.number("logveil_queue_bytes") > half
    }

    /// Waits until it is ready, or is not.
    pub fn wait_ready(&self, ready: bool) {
        let code = if ready { 200 } else { 503 };
        await_that("readiness", || (self.get("/readyz").0 == code).then_some(()));
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Its exit code, and what it said.
    pub fn end(mut self) -> (i32, String) {
        self.signal("-TERM");
        self.wait()
    }

    pub fn wait(&mut self) -> (i32, String) {
        let code = await_that("its end", || self.child.try_wait().unwrap());
        // What it said last may still be on its way.
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        let log = String::from_utf8(self.log.get()).unwrap();
        clean(log.as_bytes());
        (code.code().unwrap_or(-1), log)
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again.
pub fn await_that<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A collector: everything of all its connections, one behind the other as they came.
pub struct Collector {
    pub address: SocketAddr,
    pub text: Text,
    taken: Receiver<TcpStream>,
    stopped: Arc<AtomicBool>,
}

impl Collector {
    pub fn start() -> Collector {
        Collector::on("127.0.0.1:0".parse().unwrap())
    }

    pub fn on(at: SocketAddr) -> Collector {
        let listener = await_that("the port", || TcpListener::bind(at).ok());
        let address = listener.local_addr().unwrap();
        let (text, (tell, taken)) = (Text::default(), channel());
        let writer = text.clone();
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = stopped.clone();
        std::thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::SeqCst) || tell.send(tcp.try_clone().unwrap()).is_err() {
                    return;
                }
                read_all(tcp, &writer);
                if stop.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        Collector { address, text, taken, stopped }
    }

    /// One that reads its connections beside each other: several processes send to it.
    pub fn many() -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, text, taken) = (listener.local_addr().unwrap(), Text::default(), channel().1);
        let writer = text.clone();
        std::thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                let writer = writer.clone();
                std::thread::spawn(move || read_lines(tcp, &writer));
            }
        });
        Collector { address, text, taken, stopped: Arc::default() }
    }

    /// Takes no more connections behind the present one, whose end frees the port.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// The next connection that was taken.
    pub fn taken(&self) -> TcpStream {
        self.taken.recv_timeout(PATIENCE).unwrap()
    }
}

/// The same, a whole line at a time.
fn read_lines(from: impl Read, to: &Text) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
        to.add(&line);
        line.clear();
    }
}

/// Reads a connection to its end, or until it breaks.
pub fn read_all(mut from: impl Read, to: &Text) {
    let mut buffer = [0; 64 << 10];
    while let Ok(n) = from.read(&mut buffer) {
        if n == 0 {
            return;
        }
        to.add(&buffer[..n]);
    }
}
