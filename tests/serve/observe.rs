//! What an operator sees: metrics by Prometheus' conventions, what is in force, and log lines for programs.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::flow::between;
use crate::kit::{Collector, PATIENCE, SECRET, Sidecar, line, program};
use crate::peers::certificates;

/// As `promtool check metrics` has them: base units, counters end with `_total`, a help text each.
#[test]
fn metrics_follow_the_conventions() {
    let collector = Collector::start();
    let sidecar = between(&collector, "", "");
    let text = sidecar.get("/metrics").1;
    let mut kinds = std::collections::BTreeMap::new();
    for l in text.lines().filter_map(|l| l.strip_prefix("# TYPE ")) {
        let (name, kind) = l.split_once(' ').unwrap();
        kinds.insert(name.to_owned(), kind.to_owned());
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{name}");
        assert!(name.starts_with("logveil_") || name.starts_with("process_"), "{name}");
        for short in ["_ms", "_msec", "_sec", "_kb", "_mb", "_min", "_total", "_count", "_sum"] {
            assert!(!name.ends_with(short), "{name} ends with {short}");
        }
        for unit in ["bytes", "seconds"] {
            assert_eq!(name.ends_with(unit), text.contains(&format!("# UNIT {name} {unit}\n")), "{name}");
        }
    }
    for l in text.lines().filter(|l| !l.starts_with('#')) {
        let name = l.split(['{', ' ']).next().unwrap();
        let family = name.strip_suffix("_total").unwrap_or(name);
        if let Some(kind) = kinds.get(family) {
            assert_eq!(kind == "counter", name.ends_with("_total"), "{l}");
        }
    }
    // As every client of Prometheus has them.
    for name in ["cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "start_time_seconds", "open_fds"]
    {
        assert!(sidecar.number(&format!("process_{name}")) > 0.0 || name.starts_with("cpu"), "{name}");
    }
    let fds = || sidecar.number("process_open_fds");
    let before = fds();
    let open: Vec<_> = (0..20).map(|_| sidecar.connect(0)).collect();
    sidecar.wait_number("logveil_connections{listener=\"in\"}", |n| n == 20.0);
    assert!(fds() >= before + 20.0, "{} and {before}", fds());
    assert!(sidecar.number("process_max_fds") >= fds());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((0.0..120.0).contains(&(now - sidecar.number("process_start_time_seconds"))));
    assert!(sidecar.number("process_resident_memory_bytes") > 1e6);
    drop(open);
}

#[test]
fn what_is_in_force_and_what_it_spared_is_seen() {
    let collector = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("allow.toml"), format!("[[allow]]\nname = \"demo\"\nvalues = [\"{SECRET}\"]\n"))
        .unwrap();
    let config = format!(
        "allow = [\"allow.toml\"]\n[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n\
         [[listen]]\nname = \"few\"\naddress = \"tcp://127.0.0.1:0\"\nonly = [\"password\"]\n[[upstream]]\naddress = \"tcp://{}\"\n",
        collector.address
    );
    let sidecar = Sidecar::start_in(folder, &config);
    let (raw, _) = line(1);
    writeln!(sidecar.connect(0), "{raw}").unwrap();
    collector.text.wait_is(format!("{raw}\n").as_bytes());
    let text = sidecar.get("/metrics").1;
    let spared = text.lines().find(|l| l.starts_with("logveil_spared_total{")).unwrap_or_else(|| panic!("{text}"));
    assert!(
        spared.contains("listener=\"in\"") && spared.contains("by=\"value\"") && spared.ends_with(" 1"),
        "{spared}"
    );
    assert!(!text.contains(SECRET));
    assert!(sidecar.number("logveil_rules{listener=\"in\"}") > 100.0);
    assert_eq!(sidecar.number("logveil_rules{listener=\"few\"}"), 1.0);
    let page = sidecar.get("/").1;
    assert!(page.contains("data-metric=\"logveil_rules{") && page.contains("data-metric=\"logveil_spared_total{"));
}

#[test]
fn the_end_of_certificates_is_seen() {
    let folder = certificates();
    let sidecar = Sidecar::start_in(
        folder,
        "[[listen]]\nname = \"in\"\naddress = \"tls://127.0.0.1:0\"\ncertificate = \"server.pem\"\nkey = \"server.key\"\n\
         [[upstream]]\naddress = \"file://DIR/out\"\n",
    );
    let ends = sidecar.number("logveil_certificate_expiry_timestamp_seconds{side=\"listener\",name=\"in\"}");
    assert!(ends > SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64(), "{ends}");
    let page = sidecar.get("/").1;
    assert!(page.contains("Certificate of in") && page.contains(" left"), "{page}");
}

/// A collector that has read everything and closes has lost nothing, and one that has not has.
#[test]
fn an_orderly_close_loses_nothing() {
    for reads in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sidecar = Sidecar::start(&format!(
            "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\nname = \"out\"\naddress = \"tcp://{}\"\n",
            listener.local_addr().unwrap()
        ));
        let mut upstream = listener.accept().unwrap().0;
        let mut tcp = sidecar.connect(0);
        let (raw, masked) = line(1);
        writeln!(tcp, "{raw}").unwrap();
        let mut read = vec![0; if reads { masked.len() + 1 } else { 1 }];
        upstream.set_read_timeout(Some(PATIENCE)).unwrap();
        upstream.read_exact(&mut read).unwrap();
        drop(upstream);
        sidecar.wait_number("logveil_upstream_failures_total{upstream=\"out\"}", |n| n == 1.0);
        let lost = sidecar.number("logveil_upstream_unconfirmed_bytes_total{upstream=\"out\"}");
        assert_eq!(lost == 0.0, reads, "{lost}");
        sidecar.log.wait_for(&format!("unconfirmed_bytes={lost}"));
    }
}

#[test]
fn log_lines_may_be_json_and_few() {
    let config =
        "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"file:///dev/null\"\n";
    let run = |arguments: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        let ready = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        ready.set_read_timeout(Some(PATIENCE)).unwrap();
        std::fs::write(&path, config).unwrap();
        let mut child = std::process::Command::new(program())
            .args(["serve", "--admin", "off", "--config"])
            .arg(&path)
            .args(arguments)
            .env("NOTIFY_SOCKET", folder.path().join("notify"))
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        ready.recv(&mut [0; 64]).unwrap();
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(child.wait().unwrap().success());
        said
    };
    let said = run(&["--log-format", "json"]);
    assert!(said.lines().count() > 2);
    for l in said.lines() {
        let line: serde_json::Value = serde_json::from_str(l).unwrap();
        assert!(line["level"].is_string() && line["message"].is_string() && line["timestamp"].is_string(), "{l}");
    }
    assert!(said.contains("\"listener\":\"in\""), "{said}");
    assert_eq!(run(&["--log-level", "warn"]), "");
}
