//! Other rules and certificates while records flow.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection, StreamOwned};

use crate::kit::{Collector, SECRET, Sidecar, Text, await_that, clean, line, read_all};
use crate::peers::{certificates, chain, key, roots};

/// A file with these rules; each finds its own name, a `-`, and eight digits.
pub fn rules(names: &[&str]) -> String {
    let mut text = "family = \"custom\"\nmax = 64\n".to_owned();
    for name in names {
        text += &format!(
            "[[rule]]\nid = \"own-{name}\"\nabout = \"made up\"\nlink = \"https://example.com\"\n\
             literals = [\"{name}-\"]\npattern = '{name}- [0-9]{{8}}'\nfinds = [\"at {name}-00000009 ok\"]\n\
             spares = [\"at {name}-x\"]\n"
        );
    }
    text
}

/// Puts a file in another's place as a whole.
pub fn replace(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join("fresh"), text).unwrap();
    fs::rename(folder.join("fresh"), folder.join(name)).unwrap();
}

/// Reloads and waits until it is done, well or not.
pub fn reload(sidecar: &Sidecar, result: &str) {
    let name = format!("logveil_reloads_total{{result=\"{result}\"}}");
    let before = sidecar.number(&name);
    sidecar.signal("-HUP");
    sidecar.wait_number(&name, |n| n > before);
}

fn with_rules(collector: &Collector, names: &[&str]) -> Sidecar {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rules.toml"), rules(names)).unwrap();
    let config = format!(
        "rules = [\"rules.toml\"]\n[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n\
         [[upstream]]\nname = \"out\"\naddress = \"tcp://{}\"\n",
        collector.address
    );
    Sidecar::start_in(folder, &config)
}

fn findings(sidecar: &Sidecar, rule: &str) -> f64 {
    sidecar.number(&format!("logveil_findings_total{{listener=\"in\",rule=\"{rule}\"}}"))
}

fn hash(sidecar: &Sidecar) -> String {
    let text = sidecar.get("/metrics").1;
    let lines: Vec<&str> = text.lines().filter(|l| l.starts_with("logveil_rules_info{listener=\"in\"")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    lines[0].to_owned()
}

/// Connections that write flat out while the rules are replaced: each record is masked by the old
/// rules or by the new ones, none by both or neither, and those that were sent after the reload by the
/// new ones. Nothing is lost, torn or out of order, and the counts say what arrived.
#[test]
fn a_reload_under_load_loses_and_leaks_nothing() {
    const CONNECTIONS: usize = 6;
    const AFTER: usize = 3000;
    let collector = Collector::start();
    let sidecar = with_rules(&collector, &["alpha"]);
    let reloaded = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|c| {
            let (mut tcp, reloaded) = (sidecar.connect(0), reloaded.clone());
            std::thread::spawn(move || {
                let (mut sent, mut after) = (0, 0);
                while after < AFTER {
                    let late = reloaded.load(Ordering::SeqCst);
                    after += usize::from(late);
                    let record = format!(
                        "<13>c={c} n={sent} late={late} alpha-00000001 beta-00000002 password={SECRET} {}\n",
                        "x".repeat(sent % 300)
                    );
                    tcp.write_all(record.as_bytes()).unwrap();
                    sent += 1;
                }
                sent
            })
        })
        .collect();
    let lines = |text: &[u8]| text.iter().filter(|b| **b == b'\n').count();
    collector.text.wait("some records", |text| lines(text) > 5000);
    let before = hash(&sidecar);
    // The new rules come in another order, so that what is counted by place would be counted wrongly.
    replace(sidecar.folder.path(), "rules.toml", &rules(&["zero", "beta"]));
    reload(&sidecar, "ok");
    reloaded.store(true, Ordering::SeqCst);
    let sent: Vec<usize> = senders.into_iter().map(|s| s.join().unwrap()).collect();
    let total: usize = sent.iter().sum();
    let text = collector.text.wait("all records", |text| lines(text) >= total);
    clean(&text);
    let (mut next, mut turned, mut old) = ([0; CONNECTIONS], [false; CONNECTIONS], 0);
    for record in String::from_utf8(text).unwrap().lines() {
        let c: usize = record[6..7].parse().unwrap();
        let n = next[c];
        next[c] += 1;
        let form = |late: bool, alpha: &str, beta: &str| {
            let x = "x".repeat(n % 300);
            format!("<13>c={c} n={n} late={late} {alpha} {beta} password=[REDACTED:password] {x}")
        };
        let is_old = record == form(false, "[REDACTED:own-alpha]", "beta-00000002");
        let new = |late| record == form(late, "alpha-00000001", "[REDACTED:own-beta]");
        assert!(is_old || new(false) || new(true), "{record}");
        assert!(!(is_old && turned[c]), "old rules behind new ones: {record}");
        turned[c] |= !is_old;
        old += usize::from(is_old);
    }
    assert_eq!(next.to_vec(), sent);
    assert!(old > 0);
    assert_eq!(findings(&sidecar, "own-alpha"), old as f64);
    assert_eq!(findings(&sidecar, "own-beta"), (total - old) as f64);
    assert_eq!(findings(&sidecar, "password"), total as f64);
    assert_ne!(hash(&sidecar), before);
    assert_eq!(sidecar.number("logveil_connections_accepted_total{listener=\"in\"}"), CONNECTIONS as f64);
}

/// The rules change in the middle of a record: it ends under those it began under.
#[test]
fn a_record_ends_under_the_rules_it_began_under() {
    let collector = Collector::start();
    let sidecar = with_rules(&collector, &["alpha"]);
    let mut tcp = sidecar.connect(0);
    let (head, tail) = ("one alpha-00000001 ", "alpha-00000001 beta-00000002\n");
    tcp.write_all(head.as_bytes()).unwrap();
    sidecar.wait_number("logveil_received_bytes_total{listener=\"in\"}", |n| n == head.len() as f64);
    // An idle connection has nothing open.
    let mut idle = sidecar.connect(0);
    sidecar.wait_number("logveil_connections{listener=\"in\"}", |n| n == 2.0);
    fs::write(sidecar.folder.path().join("rules.toml"), rules(&["beta"])).unwrap();
    reload(&sidecar, "ok");
    tcp.write_all(tail.repeat(2).as_bytes()).unwrap();
    let mut expected = "one [REDACTED:own-alpha] [REDACTED:own-alpha] beta-00000002\n".to_owned();
    expected += "alpha-00000001 [REDACTED:own-beta]\n";
    collector.text.wait_is(expected.as_bytes());
    idle.write_all(tail.as_bytes()).unwrap();
    expected += "alpha-00000001 [REDACTED:own-beta]\n";
    collector.text.wait_is(expected.as_bytes());
}

#[test]
fn a_bad_file_keeps_the_old_rules_and_says_so() {
    let collector = Collector::start();
    let sidecar = with_rules(&collector, &["alpha"]);
    let mut tcp = sidecar.connect(0);
    let before = hash(&sidecar);
    let folder = sidecar.folder.path();
    let config = fs::read_to_string(folder.join("logveil.toml")).unwrap();
    let bad: [(&str, String, &str); 4] = [
        ("rules.toml", rules(&["beta"]) + "[[rule\n", "rules.toml:11: "),
        ("rules.toml", rules(&["beta"]).replace("spares", "spare"), "rules.toml:"),
        (
            "logveil.toml",
            config.replace("name = \"in\"", "nam = \"in\""),
            "logveil.toml:3: `nam`: there is no such key",
        ),
        ("logveil.toml", config.replace("rules.toml", "gone.toml"), "gone.toml: No such file"),
    ];
    for (n, (name, text, said)) in bad.iter().enumerate() {
        let good = fs::read_to_string(folder.join(name)).unwrap();
        replace(folder, name, text);
        reload(&sidecar, "failed");
        let log = sidecar.log.wait_for(said);
        let line = log.lines().find(|l| l.contains(said)).unwrap();
        assert!(line.contains("not reloaded: rules and certificates stay as they were"), "{line}");
        assert_eq!(sidecar.number("logveil_last_reload_successful"), 0.0);
        assert_eq!(sidecar.number("logveil_reloads_total{result=\"failed\"}"), (n + 1) as f64);
        writeln!(tcp, "alpha-00000001 beta-00000002").unwrap();
        let expected = "[REDACTED:own-alpha] beta-00000002\n".repeat(n + 1);
        collector.text.wait_is(expected.as_bytes());
        replace(folder, name, &good);
    }
    assert_eq!(hash(&sidecar), before);
    reload(&sidecar, "ok");
    assert_eq!(sidecar.number("logveil_last_reload_successful"), 1.0);
    assert_eq!(hash(&sidecar), before);
}

/// Landlock leaves the folders of the files that were named at the start, and no other.
#[test]
fn a_file_in_another_folder_needs_a_restart() {
    let collector = Collector::start();
    let sidecar = with_rules(&collector, &["alpha"]);
    let shut = sidecar.log.wait_for("Landlock").contains("shut away by Landlock");
    let (folder, elsewhere) = (sidecar.folder.path(), tempfile::tempdir().unwrap());
    fs::write(elsewhere.path().join("rules.toml"), rules(&["beta"])).unwrap();
    let config = fs::read_to_string(folder.join("logveil.toml")).unwrap();
    let other = elsewhere.path().join("rules.toml").to_str().unwrap().to_owned();
    replace(folder, "logveil.toml", &config.replace("rules.toml", &other));
    reload(&sidecar, if shut { "failed" } else { "ok" });
    if shut {
        sidecar.log.wait_for("only folders of files that were named at the start can be read until a restart");
    }
}

/// Masks, allow-lists and a listener's own choice are as new as the rules; what a reload cannot change
/// is named.
#[test]
fn the_configuration_is_read_again_and_what_needs_a_restart_is_named() {
    let collector = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    let sidecar = Sidecar::start_in(
        folder,
        &format!(
            "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"tcp://{}\"\n",
            collector.address
        ),
    );
    let mut tcp = sidecar.connect(0);
    let text = format!("password={SECRET} password=letmein-99 card 4111 1111 1111 1111\n");
    tcp.write_all(text.as_bytes()).unwrap();
    let mut expected =
        "password=[REDACTED:password] password=[REDACTED:password] card [REDACTED:card-number]\n".to_owned();
    collector.text.wait_is(expected.as_bytes());
    let path = sidecar.folder.path().join("logveil.toml");
    let config = fs::read_to_string(&path).unwrap();
    let more = "mask = [\"text:GONE\"]\n[[allow]]\nname = \"known\"\nvalues = [\"letmein-99\"]\n";
    let config = config.replace("name = \"in\"", "name = \"in\"\nexcept = [\"card\"]\nframing = \"newline\"");
    let limits = "[limits]\nconnections = 7\n[[listen]]\naddress = \"tcp://127.0.0.1:1\"\n";
    fs::write(&path, format!("{more}{config}{limits}")).unwrap();
    reload(&sidecar, "ok");
    tcp.write_all(text.as_bytes()).unwrap();
    expected += "password=GONE password=letmein-99 card 4111 1111 1111 1111\n";
    collector.text.wait_is(expected.as_bytes());
    let log = sidecar.log.wait_for("need a restart");
    let line = log.lines().find(|l| l.contains("need a restart")).unwrap();
    for what in ["[[listen]] `in` framing", "[limits] connections", "[[listen]] `tcp://127.0.0.1:1` address"] {
        assert!(line.contains(what), "{line}");
    }
    assert!(!line.contains("[[upstream]]") && !line.contains("[admin]") && !line.contains("threads"), "{line}");
}

/// As Kubernetes changes a ConfigMap: the file is a link into a folder that is a link, and that one is
/// replaced.
#[test]
fn watched_files_may_be_replaced_behind_links() {
    let collector = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let version = |n: &str, names: &[&str]| {
        fs::create_dir_all(at(n)).unwrap();
        fs::write(at(n).join("rules.toml"), rules(names)).unwrap();
        symlink(n, at("fresh")).unwrap();
        fs::rename(at("fresh"), at("data")).unwrap();
    };
    version("1", &["alpha"]);
    symlink("data/rules.toml", at("rules.toml")).unwrap();
    let config = format!(
        "rules = [\"rules.toml\"]\n[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n\
         [[upstream]]\naddress = \"tcp://{}\"\n",
        collector.address
    );
    let path = folder.path().to_owned();
    let sidecar = Sidecar::start_with(folder, &config, &["--watch"]);
    let at = |name: &str| path.join(name);
    let version = |n: &str, names: &[&str]| {
        fs::create_dir_all(at(n)).unwrap();
        fs::write(at(n).join("rules.toml"), rules(names)).unwrap();
        symlink(n, at("fresh")).unwrap();
        fs::rename(at("fresh"), at("data")).unwrap();
    };
    let mut tcp = sidecar.connect(0);
    version("2", &["beta"]);
    sidecar.wait_number("logveil_reloads_total{result=\"ok\"}", |n| n == 1.0);
    writeln!(tcp, "alpha-00000001 beta-00000002").unwrap();
    let mut expected = "alpha-00000001 [REDACTED:own-beta]\n".to_owned();
    collector.text.wait_is(expected.as_bytes());
    // A bad one is tried once, not again and again; the next one is taken.
    version("3", &["Upper"]);
    sidecar.wait_number("logveil_reloads_total{result=\"failed\"}", |n| n == 1.0);
    version("4", &["gamma"]);
    sidecar.wait_number("logveil_reloads_total{result=\"ok\"}", |n| n == 2.0);
    assert_eq!(sidecar.number("logveil_reloads_total{result=\"failed\"}"), 1.0);
    writeln!(tcp, "beta-00000002 gamma-00000003").unwrap();
    expected += "beta-00000002 [REDACTED:own-gamma]\n";
    collector.text.wait_is(expected.as_bytes());
}

/// A client that trusts the authority in `folder`.
fn client(sidecar: &Sidecar, folder: &Path) -> StreamOwned<ClientConnection, TcpStream> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots(folder));
    let config = builder.with_client_auth_cert(chain(folder, "app"), key(folder, "app")).unwrap();
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    StreamOwned::new(connection, sidecar.connect(0))
}

fn install(from: &Path, to: &Path) {
    for name in ["ca.pem", "server.pem", "server.key", "app.pem", "app.key"] {
        fs::copy(from.join(name), to.join("fresh")).unwrap();
        fs::rename(to.join("fresh"), to.join(name)).unwrap();
    }
}

/// New handshakes see the new certificate and the new authority of clients; a connection that is open
/// goes on.
#[test]
fn certificates_of_a_listener_are_replaced() {
    let (first, second) = (certificates(), certificates());
    let collector = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    install(first.path(), folder.path());
    let sidecar = Sidecar::start_in(
        folder,
        &format!(
            "[[listen]]\nname = \"in\"\naddress = \"tls://127.0.0.1:0\"\ncertificate = \"server.pem\"\nkey = \"server.key\"\n\
             client-ca = \"ca.pem\"\n[[upstream]]\naddress = \"tcp://{}\"\n",
            collector.address
        ),
    );
    let (raw, masked) = line(1);
    let mut expected = String::new();
    let mut open = client(&sidecar, first.path());
    let mut works = |tls: &mut StreamOwned<ClientConnection, TcpStream>| {
        writeln!(tls, "{raw}").unwrap();
        expected += &format!("{masked}\n");
        collector.text.wait_is(expected.as_bytes());
    };
    works(&mut open);
    // A key that does not fit the certificate: neither is taken.
    replace(sidecar.folder.path(), "server.key", &fs::read_to_string(second.path().join("server.key")).unwrap());
    reload(&sidecar, "failed");
    sidecar.log.wait_for("server.pem and server.key: ");
    works(&mut client(&sidecar, first.path()));
    install(second.path(), sidecar.folder.path());
    reload(&sidecar, "ok");
    works(&mut open);
    works(&mut client(&sidecar, second.path()));
    let mut stranger = client(&sidecar, first.path());
    let refused = stranger.write_all(b"x").and_then(|()| stranger.read_to_end(&mut Vec::new()));
    assert!(refused.is_err());
    works(&mut open);
}

/// An upstream whose certificate is of a new authority is believed once that is loaded.
#[test]
fn the_authority_of_an_upstream_is_replaced() {
    let (first, second) = (certificates(), certificates());
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config =
        Arc::new(config.with_single_cert(chain(second.path(), "server"), key(second.path(), "server")).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let text = Text::default();
    let writer = text.clone();
    std::thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            read_all(StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), tcp), &writer);
        }
    });
    let folder: TempDir = tempfile::tempdir().unwrap();
    install(first.path(), folder.path());
    let sidecar = Sidecar::start_in(
        folder,
        &format!(
            "[[listen]]\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\nname = \"out\"\naddress = \"tls://{at}\"\nca = \"ca.pem\"\n\
             server-name = \"localhost\"\n"
        ),
    );
    let (raw, masked) = line(1);
    writeln!(sidecar.connect(0), "{raw}").unwrap();
    sidecar.wait_number("logveil_upstream_failures_total{upstream=\"out\"}", |n| n >= 2.0);
    assert!(text.get().is_empty());
    install(second.path(), sidecar.folder.path());
    reload(&sidecar, "ok");
    text.wait_is(format!("{masked}\n").as_bytes());
    await_that("the upstream", || (sidecar.number("logveil_upstream_up{upstream=\"out\"}") == 1.0).then_some(()));
}
