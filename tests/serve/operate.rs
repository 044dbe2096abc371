//! What operators meet: slow visitors, few descriptors, files that are none.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};

use crate::flow::between;
use crate::kit::{Collector, PATIENCE, Sidecar, await_that, line, program, refused};

/// Whoever holds connections to the admin listener keeps no probe out.
#[test]
fn slow_visitors_do_not_starve_probes() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut tcp = TcpStream::connect(&sidecar.admin).unwrap();
        tcp.write_all(b"GET /heal").unwrap();
        slow.push(tcp);
    }
    for _ in 0..20 {
        assert_eq!(sidecar.get("/healthz"), (200, "alive\n".to_owned()));
    }
}

/// Connections take the descriptors there are but for those that answer and send on.
#[test]
fn health_is_answered_when_descriptors_run_out() {
    let collector = Collector::start();
    let config = format!(
        "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"tcp://{}\"\n",
        collector.address
    );
    let folder = tempfile::tempdir().unwrap();
    let sidecar = Sidecar::start_behind("ulimit -n 64", folder, &config, &[]);
    let (raw, masked) = line(1);
    let mut all: Vec<TcpStream> = (0..100).map(|_| sidecar.connect(0)).collect();
    assert_eq!(sidecar.get("/healthz"), (200, "alive\n".to_owned()));
    sidecar.wait_number("logveil_rejections_total{listener=\"in\",reason=\"connections\"}", |n| n == 68.0);
    assert_eq!(sidecar.number("logveil_connections{listener=\"in\"}"), 32.0);
    writeln!(all[0], "{raw}").unwrap();
    collector.text.wait_is(format!("{masked}\n").as_bytes());
    let (_, log) = sidecar.end();
    assert!(log.contains("too few open files") && log.contains("places=32"), "{log}");
}

#[test]
fn a_name_cannot_split_a_log_line() {
    for config in [
        "[[listen]]\naddress = 'tcp://127.0.0.1:0'\nname = \"a\\nINFO forged\"\n[[upstream]]\naddress = 'stdout:'\n",
        "[[listen]]\naddress = \"unix:///tmp/a\\nb\"\n[[upstream]]\naddress = 'stdout:'\n",
        "[[listen]]\naddress = 'tcp://127.0.0.1:0'\n[[upstream]]\naddress = 'stdout:'\nname = \"a\\u001b[2J\"\n",
    ] {
        let (code, log) = refused(config, &[]);
        assert_eq!(code, 2, "{log}");
        assert!(log.contains("cannot have control characters") && log.trim_end().lines().count() == 1, "{log}");
    }
}

/// The socket of the process that came after this one stays.
#[test]
fn only_the_socket_that_was_made_is_removed() {
    for (scheme, again) in [("unix", false), ("unix", true), ("unix-datagram", false), ("unix-datagram", true)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let config = format!("[[listen]]\naddress = \"{scheme}://DIR/s\"\n[[upstream]]\naddress = \"stdout:\"\n");
        let sidecar =
            Sidecar::start_in(tempfile::tempdir().unwrap(), &config.replace("DIR", folder.path().to_str().unwrap()));
        let next = again.then(|| {
            std::fs::remove_file(&path).unwrap();
            UnixListener::bind(&path).unwrap()
        });
        assert!(path.exists());
        sidecar.wait_ready(true);
        assert_eq!(sidecar.end().0, 0);
        assert_eq!(path.exists(), again, "{scheme}");
        drop(next);
    }
}

fn fifo(path: &std::path::Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A FIFO would hold up the start, or every later reload.
#[test]
fn what_is_no_regular_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("fifo");
    fifo(&at);
    let at = at.to_str().unwrap();
    let both = "[[listen]]\naddress = 'tcp://127.0.0.1:0'\n[[upstream]]\naddress = 'stdout:'\n";
    let tls = format!("[[listen]]\naddress = 'tls://127.0.0.1:0'\ncertificate = '{at}'\nkey = '{at}'\n");
    let trusts =
        format!("[[listen]]\naddress = 'tcp://127.0.0.1:0'\n[[upstream]]\naddress = 'tls://h:1'\nca = '{at}'\n");
    for config in [
        format!("rules = ['{at}']\n{both}"),
        format!("allow = ['{at}']\n{both}"),
        format!("rules = ['/dev/zero']\n{both}"),
        format!("{tls}[[upstream]]\naddress = 'stdout:'\n"),
        trusts,
    ] {
        let (code, log) = refused(&config, &[]);
        assert_eq!(code, 2, "{log}");
        assert!(log.contains("it is a FIFO or a device: name a regular file"), "{log}");
    }
}

#[test]
fn a_reload_does_not_wait_for_a_fifo() {
    let folder = tempfile::tempdir().unwrap();
    let allow = folder.path().join("allow.toml");
    let list = "[[allow]]\nname = \"known\"\nvalues = [\"letmepass1\"]\n";
    std::fs::write(&allow, list).unwrap();
    let collector = Collector::start();
    let config = format!(
        "allow = [\"allow.toml\"]\n[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"tcp://{}\"\n",
        collector.address
    );
    let sidecar = Sidecar::start_in(folder, &config);
    std::fs::remove_file(&allow).unwrap();
    fifo(&allow);
    sidecar.signal("-HUP");
    sidecar.wait_number("logveil_reloads_total{result=\"failed\"}", |n| n == 1.0);
    std::fs::remove_file(&allow).unwrap();
    std::fs::write(&allow, list).unwrap();
    sidecar.signal("-HUP");
    sidecar.wait_number("logveil_reloads_total{result=\"ok\"}", |n| n == 1.0);
}

#[test]
fn unix_sockets_have_the_mode_and_group_that_was_asked_for() {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let folder = tempfile::tempdir().unwrap();
    let gid = std::fs::metadata(folder.path()).unwrap().gid();
    let config = format!(
        "[[listen]]\naddress = \"unix://DIR/a\"\nmode = \"0620\"\ngroup = \"{gid}\"\n\
         [[listen]]\naddress = \"unix-datagram://DIR/b\"\nmode = \"0602\"\n[[upstream]]\naddress = \"stdout:\"\n"
    );
    let sidecar = Sidecar::start_behind("umask 027", folder, &config, &[]);
    for (name, mode) in [("a", 0o620), ("b", 0o602)] {
        let metadata = std::fs::metadata(sidecar.folder.path().join(name)).unwrap();
        assert!(metadata.file_type().is_socket());
        assert_eq!((metadata.mode() & 0o777, metadata.gid()), (mode, gid), "{name}");
    }
    let tcp = "[[listen]]\naddress = 'tcp://127.0.0.1:0'\n";
    let out = "[[upstream]]\naddress = 'stdout:'\n";
    for (config, said) in [
        (format!("{tcp}mode = '0660'\n{out}"), "c.toml:1: [[listen]]: mode, owner and group are for unix"),
        ("[[listen]]\naddress = 'unix:///x'\nmode = '0888'\n".to_owned(), "c.toml:3: `mode`: write it in octal"),
        ("[[listen]]\naddress = 'unix:///x'\ngroup = 'no-such'\n".to_owned(), "`group`: /etc/group knows no `no-such`"),
        (format!("{tcp}flush-after = 0\n{out}"), "c.toml:3: `flush-after`: write seconds from 0.01"),
        (format!("{tcp}framing = 'octet'\nflush-after = 1\n{out}"), "`flush-after`: a counted record ends"),
        (format!("{tcp}foreign = 'drop'\n{out}"), "c.toml:3: `foreign`: write \"refuse\""),
    ] {
        let (code, log) = refused(&config, &[]);
        assert_eq!(code, 2, "{log}");
        assert!(log.contains(said), "{log}\ninstead of\n{said}");
    }
}

/// What would keep it from starting is said before it is started.
#[test]
fn a_check_tries_sockets_names_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = "[admin]\nlisten = 'tcp://127.0.0.1:0'\n";
    let run = |config: &str| {
        let path = folder.path().join("c.toml");
        std::fs::write(&path, config).unwrap();
        let mut serve = Command::new(program());
        let out = serve.args(["serve", "--check", "--config", path.to_str().unwrap()]).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
    };
    let good = format!(
        "[[listen]]\nname = 'a'\naddress = 'unix://{at}/s'\n[[upstream]]\naddress = 'file://{at}/out'\n{admin}"
    );
    let (code, out, err) = run(&good);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(out.matches(": ok\n").count(), 3, "{out}");
    assert!(!folder.path().join("s").exists() && !folder.path().join("out").exists());
    // An instance that is running holds its port.
    let port = busy.local_addr().unwrap();
    let (code, out, _) = run(&good.replace(&format!("unix://{at}/s"), &format!("tcp://{port}")));
    assert!(code == 0 && out.contains("in use"), "{out}");
    let bad = format!(
        "[[listen]]\nname = 'a'\naddress = 'tcp://192.0.2.1:1'\n[[upstream]]\naddress = 'file://{at}/no/out'\n{admin}"
    );
    let (code, out, err) = run(&bad);
    assert_eq!(code, 2, "{out}");
    assert!(err.contains("2 of these would keep it from starting"), "{err}");
    assert!(out.contains("[[listen]] `a`: tcp://192.0.2.1:1: Cannot assign"), "{out}");
}

/// While it starts, a signal is noted: it reloads then, or ends in order. Its first line is held up until the signal has
/// come, by a standard error that takes nothing.
#[test]
fn a_signal_while_it_starts_is_obeyed() {
    for (signal, said) in [("-HUP", "reason=\"SIGHUP\""), ("-TERM", "everything received was written")] {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("in");
        let listen = format!("[[listen]]\naddress = 'unix://{}'\n", socket.display());
        let config = format!("{listen}[[upstream]]\naddress = 'stdout:'\n[limits]\nconnections = 8\n");
        std::fs::write(folder.path().join("logveil.toml"), config).unwrap();
        let (full, stderr) = UnixStream::pair().unwrap();
        full.set_read_timeout(Some(PATIENCE)).unwrap();
        stderr.set_nonblocking(true).unwrap();
        while (&stderr).write(b"\n").is_ok() {}
        stderr.set_nonblocking(false).unwrap();
        let mut child = Command::new(program())
            .current_dir(folder.path())
            .args(["serve", "--config", "logveil.toml"])
            .stdout(Stdio::null())
            .stderr(OwnedFd::from(stderr))
            .spawn()
            .unwrap();
        let pid = child.id().to_string();
        let send = |signal: &str| assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        await_that("its socket", || socket.exists().then_some(()));
        send(signal);
        let mut lines = BufReader::new(full).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains(said)), "{signal}");
        if signal == "-HUP" {
            send("-TERM");
        }
        lines.for_each(drop);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
        assert!(!socket.exists());
    }
}
