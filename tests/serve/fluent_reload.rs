//! Other rules for messages of the forward protocol, and records beside them.

use std::io::Write;

use rmpv::Value;

use crate::fluent::{Collector, End, map};
use crate::kit::{Collector as Lines, SECRET, Sidecar, line};
use crate::reload::{reload, replace, rules};

/// From the first message after a reload the new rules hold, on connections that were open before, too;
/// what needs a restart is named, the shared key without what it is.
#[test]
fn a_reload_takes_the_rules_and_names_the_rest() {
    let collector = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    let address = collector.address();
    let config = |hostname: &str| {
        format!(
            "rules = [\"rules.toml\"]\n[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\nprotocol = \"fluent\"\n\
             [[upstream]]\nname = \"out\"\naddress = \"tcp://{address}\"\nprotocol = \"fluent\"\n\
             hostname = \"{hostname}\"\n"
        )
    };
    std::fs::write(folder.path().join("rules.toml"), rules(&["alpha"])).unwrap();
    let sidecar = Sidecar::start_in(folder, &config("one"));
    let (mut sender, mut upstream) = (End::to(&sidecar), collector.taken());
    let event = |alpha: &str, beta: &str| {
        let text = format!("{alpha} {beta}");
        Value::Array(vec!["app".into(), 1.into(), map(&[("text", text.into())]), map(&[("chunk", "c".into())])])
    };
    let raw = event("alpha-00000001", "beta-00000002");
    let mut arrives = |expected: &Value| {
        sender.send(&raw);
        assert_eq!(upstream.next().as_ref(), Some(expected));
        upstream.ack("c");
        sender.acked("c");
    };
    arrives(&event("[REDACTED:own-alpha]", "beta-00000002"));
    replace(sidecar.folder.path(), "rules.toml", &rules(&["beta"]));
    let admin = "[admin]\nlisten = \"127.0.0.1:0\"\n";
    replace(sidecar.folder.path(), "logveil.toml", &(config("two") + admin));
    reload(&sidecar, "ok");
    arrives(&event("alpha-00000001", "[REDACTED:own-beta]"));
    let (_, log) = sidecar.end();
    let named = log.lines().find(|l| l.contains("need a restart")).unwrap();
    assert!(named.contains("settings=[[upstream]] `out` hostname"), "{named}");
}

/// Records and messages through one process: each goes to upstreams of its own kind, and is ready when both
/// are.
#[test]
fn records_and_messages_go_beside_each_other() {
    let (collector, lines) = (Collector::start(), Lines::start());
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sidecar = Sidecar::start(&format!(
        "[[listen]]\nname = \"messages\"\naddress = \"tcp://127.0.0.1:0\"\nprotocol = \"fluent\"\n\
         [[listen]]\nname = \"records\"\naddress = \"tcp://127.0.0.1:0\"\n\
         [[upstream]]\nname = \"gone\"\naddress = \"tcp://{gone}\"\nframing = \"newline\"\n\
         [[upstream]]\nname = \"fluent\"\naddress = \"tcp://{}\"\nprotocol = \"fluent\"\n\
         [[upstream]]\nname = \"lines\"\naddress = \"tcp://{}\"\nframing = \"newline\"\n",
        collector.address(),
        lines.address
    ));
    let (mut sender, mut upstream) = (End::to(&sidecar), collector.taken());
    let event = |password: &str| {
        Value::Array(vec!["app".into(), 1.into(), map(&[("password", password.into())]), map(&[("chunk", "c".into())])])
    };
    let mut tcp = sidecar.connect(1);
    let mut expected = String::new();
    for n in 0..3 {
        let (raw, masked) = line(n);
        writeln!(tcp, "{raw}").unwrap();
        expected += &format!("{masked}\n");
        sender.send(&event(SECRET));
        assert_eq!(upstream.next(), Some(event("[REDACTED:password]")));
        upstream.ack("c");
        sender.acked("c");
        lines.text.wait_is(expected.as_bytes());
    }
    sidecar.wait_ready(true);
    drop(upstream);
    drop(collector);
    sidecar.wait_ready(false);
    drop((tcp, sender));
    let (code, log) = sidecar.end();
    assert_eq!(code, 0, "{log}");
}
