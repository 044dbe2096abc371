//! One process after another: whoever connects is not refused, and whoever sends loses nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::flow::between;
use crate::kit::{Collector, PATIENCE, SECRET, Sidecar, await_that, line, program};

/// Between two records of a sender that never looks.
const PAUSE: Duration = Duration::from_millis(20);

/// A sender that never looks, as Go's `log/syslog`: when a write fails it connects again and writes once
/// more. How many records it wrote.
fn never_looks(to: SocketAddr, name: &str, end: &AtomicBool) -> usize {
    let mut tcp = TcpStream::connect(to).expect("refused");
    let mut n = 0;
    while !end.load(Ordering::SeqCst) {
        let record = format!("<13>{name} n={n} password={SECRET}\n");
        if tcp.write_all(record.as_bytes()).is_err() {
            tcp = TcpStream::connect(to).expect("refused");
            tcp.write_all(record.as_bytes()).unwrap();
        }
        n += 1;
        std::thread::sleep(PAUSE);
    }
    n
}

/// The numbers that came from a sender.
fn came(collector: &Collector, name: &str) -> Vec<usize> {
    let text = String::from_utf8(collector.text.get()).unwrap();
    let number = |l: &str| l.strip_prefix(&format!("<13>{name} n="))?.split(' ').next()?.parse().ok();
    let mut all: Vec<usize> = text.lines().filter_map(number).collect();
    all.sort_unstable();
    all
}

/// What did not come of a sender's records; none comes twice.
fn missing(collector: &Collector, name: &str, sent: usize) -> Vec<usize> {
    let came = came(collector, name);
    assert!(came.windows(2).all(|two| two[0] < two[1]), "{name}: twice");
    (0..sent).filter(|n| came.binary_search(n).is_err()).collect()
}

/// How long all of it may take to come: what is late and what is lost look alike until then.
const ARRIVAL: Duration = Duration::from_secs(20);

/// Senders that never look, and were left so many times in all, have lost at most one record each time, and mostly none
/// (README: what they write in the very moment of the reset, which a machine that does other things stretches).
fn nearly_all(collector: &Collector, sent: &[(String, usize)], left: usize) {
    let end = Instant::now() + ARRIVAL;
    let lost = || -> Vec<_> { sent.iter().map(|(name, sent)| (name, missing(collector, name, *sent))).collect() };
    while lost().iter().any(|(_, lost)| !lost.is_empty()) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    let lost = lost();
    assert!(lost.iter().map(|(_, lost)| lost.len()).sum::<usize>() <= left / 2, "missing: {lost:?}");
}

/// Each process has the descriptor that the test has bound, as a service manager would pass it.
fn activated(listener: &TcpListener, config: &str, name: &str) -> Sidecar {
    let shell = format!("exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_FDNAMES={name}");
    Sidecar::start_given(listener.try_clone().unwrap().into(), &shell, config)
}

/// A service manager keeps the socket: who connects or sends between two processes waits.
#[test]
fn a_socket_that_was_passed_refuses_nobody() {
    let collector = Collector::many();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let mut sent = Vec::new();
    for (name, address) in [("in", "tcp://127.0.0.1:1".to_owned()), ("logveil.socket", format!("tcp://{at}"))] {
        let config = format!(
            "[[listen]]\nname = \"in\"\naddress = \"{address}\"\n[[upstream]]\naddress = \"tcp://{}\"\n",
            collector.address
        );
        let first = activated(&listener, &config, name);
        assert_eq!(first.port(0), at);
        let end = Arc::new(AtomicBool::new(false));
        let sender = {
            let end = end.clone();
            std::thread::spawn(move || never_looks(at, name, &end))
        };
        await_that("some", || (came(&collector, name).len() > 10).then_some(()));
        let (code, log) = first.end();
        assert_eq!(code, 0, "{log}");
        assert!(log.contains("passed=true"), "{log}");
        // Nobody is there: the kernel takes it for the next one.
        let waits = TcpStream::connect(at).expect("refused");
        let now = came(&collector, name).len();
        let second = activated(&listener, &config, name);
        await_that("more", || (came(&collector, name).len() > now + 10).then_some(()));
        end.store(true, Ordering::SeqCst);
        sent.push((name.to_owned(), sender.join().unwrap()));
        drop(waits);
        assert_eq!(second.end().0, 0);
    }
    nearly_all(&collector, &sent, 2);
}

/// A socket that nobody takes would let its clients wait for ever; one of another kind is no listener.
#[test]
fn a_socket_that_fits_nothing_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for (name, listen, said) in [
        ("other", "tcp://127.0.0.1:0", "`other` (tcp://127.0.0.1:"),
        ("in", "udp://127.0.0.1:0", "of that name is no udp://127.0.0.1:0"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config =
            format!("[[listen]]\nname = \"in\"\naddress = \"{listen}\"\n[[upstream]]\naddress = \"stdout:\"\n");
        std::fs::write(folder.path().join("c.toml"), config).unwrap();
        let out = std::process::Command::new("sh")
            .args(["-c", &format!("exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_FDNAMES={name} exec \"$@\""), "-"])
            .arg(program())
            .args(["serve", "--admin", "off", "--config"])
            .arg(folder.path().join("c.toml"))
            .stdin(std::os::fd::OwnedFd::from(listener.try_clone().unwrap()))
            .output()
            .unwrap();
        let log = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{log}");
        assert!(log.contains(said), "{log}");
    }
}

/// The new process is there before the old one goes: nobody is refused, and nobody's record is missing.
#[test]
fn a_hand_over_refuses_nobody() {
    let collector = Collector::many();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("log.sock");
    let config = format!(
        "[[listen]]\nname = \"in\"\naddress = \"tcp://{port}\"\n[[listen]]\naddress = \"unix://{}\"\n[[upstream]]\naddress = \"tcp://{}\"\n",
        socket.display(),
        collector.address
    );
    let start = || Sidecar::start_with(tempfile::tempdir().unwrap(), &config, &["--hand-over"]);
    let mut old = start();
    let (end, many) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut senders = Vec::new();
    for name in ["a", "b"] {
        let end = end.clone();
        senders.push((name.to_owned(), std::thread::spawn(move || never_looks(port, name, &end))));
    }
    // A connection for each record, over both kinds of sockets: of these nothing is ever lost.
    let mut ones = Vec::new();
    for name in ["c", "d"] {
        let (end, many, socket) = (end.clone(), many.clone(), socket.clone());
        ones.push((
            name.to_owned(),
            std::thread::spawn(move || {
                let mut n = 0;
                while !end.load(Ordering::SeqCst) {
                    writeln!(TcpStream::connect(port).expect("refused"), "<13>{name} n={n} tcp").unwrap();
                    writeln!(UnixStream::connect(&socket).expect("refused"), "<13>{name} n={} unix", n + 1).unwrap();
                    n += 2;
                    many.fetch_add(1, Ordering::SeqCst);
                }
                n
            }),
        ));
    }
    for _ in 0..3 {
        let before = many.load(Ordering::SeqCst);
        await_that("some", || (many.load(Ordering::SeqCst) > before + 50).then_some(()));
        let new = start();
        let (code, log) = std::mem::replace(&mut old, new).end();
        assert_eq!(code, 0, "{log}");
    }
    end.store(true, Ordering::SeqCst);
    let joined = |all: Vec<(String, JoinHandle<usize>)>| -> Vec<_> {
        all.into_iter().map(|(name, sender)| (name, sender.join().unwrap())).collect()
    };
    let (senders, ones) = (joined(senders), joined(ones));
    let (code, log) = old.end();
    assert_eq!(code, 0, "{log}");
    nearly_all(&collector, &ones, 0);
    nearly_all(&collector, &senders, 6);
}

/// Who goes on sending, whatever is said, is left at a record's end, and knows it by its next write.
#[test]
fn a_sender_that_never_looks_does_not_hold_up_the_end() {
    let collector = Collector::many();
    let sent: Vec<_> = ["a", "b", "c"].map(|name| (name.to_owned(), left_while_sending(&collector, name))).into();
    nearly_all(&collector, &sent, 3);
}

/// A sidecar's end while this sender goes on; how many records were written.
fn left_while_sending(collector: &Collector, name: &str) -> usize {
    let mut sidecar = between(collector, "", "");
    let at = sidecar.port(0);
    let mut tcp = TcpStream::connect(at).unwrap();
    let mut sent = 0;
    // Each record in two writes: the end comes at no other place than between two.
    let mut send = |n: usize| {
        tcp.write_all(format!("<13>{name} n={n} pass").as_bytes())?;
        std::thread::sleep(Duration::from_millis(1));
        tcp.write_all(format!("word={SECRET}\n").as_bytes())
    };
    for n in 0..50 {
        send(n).unwrap();
        sent += 1;
    }
    sidecar.signal("-TERM");
    let begun = Instant::now();
    while send(sent).is_ok() {
        sent += 1;
        std::thread::sleep(Duration::from_millis(5));
        assert!(begun.elapsed() < PATIENCE);
    }
    let (code, log) = sidecar.wait();
    assert_eq!(code, 0, "{log}");
    assert!(begun.elapsed() < Duration::from_secs(10), "the deadline was waited for: {:?}", begun.elapsed());
    sent
}

/// Who is silent while the end comes knows it by its next write, too: an end that is only said would let
/// TCP take a record that nobody reads.
#[test]
fn a_silent_sender_knows_by_its_next_write() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let mut tcp = sidecar.connect(0);
    let (raw, masked) = line(1);
    writeln!(tcp, "{raw}").unwrap();
    collector.text.wait_is(format!("{masked}\n").as_bytes());
    assert_eq!(sidecar.end().0, 0);
    let said = writeln!(tcp, "{raw}").unwrap_err().kind();
    assert!(matches!(said, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{said}");
}

/// A service manager is told.
#[test]
fn what_becomes_of_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let next = || {
        let mut buffer = [0; 512];
        let n = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..n].to_vec()).unwrap()
    };
    let sidecar = Sidecar::start_behind(
        &format!("export NOTIFY_SOCKET={}/notify", folder.path().display()),
        tempfile::tempdir().unwrap(),
        "[[listen]]\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"file://DIR/out\"\n",
        &[],
    );
    assert_eq!(next(), "READY=1\n");
    sidecar.signal("-HUP");
    let reloading = next();
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(next(), "READY=1\n");
    sidecar.signal("-TERM");
    assert_eq!(next(), "STOPPING=1\n");
    let mut sidecar = sidecar;
    assert_eq!(sidecar.wait().0, 0);
}

/// Without the option an address belongs to one process.
#[test]
fn an_address_is_shared_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sock");
    let _holds = UnixListener::bind(&path).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [format!("unix://{}", path.display()), format!("tcp://{}", tcp.local_addr().unwrap())] {
        let config = format!("[[listen]]\naddress = \"{address}\"\n[[upstream]]\naddress = \"stdout:\"\n");
        let (code, log) = crate::kit::refused(&config, &["--admin", "off"]);
        assert_eq!(code, 2, "{log}");
        assert!(log.contains("cannot listen on"), "{log}");
    }
    let mut nobody = [0];
    tcp.set_nonblocking(true).unwrap();
    assert!(tcp.accept().map(|(mut tcp, _)| tcp.read(&mut nobody)).is_err());
}
