//! Known values while records flow: their files change, and nobody reloads.

use std::fs;
use std::io::Write;

use crate::kit::{Collector, Sidecar};
use crate::reload::{reload, replace};

fn config(collector: &Collector) -> String {
    format!(
        "[[known]]\nfile = \"secret\"\n[[known]]\ndir = \"mount\"\n[[listen]]\nname = \"in\"\n\
         address = \"tcp://127.0.0.1:0\"\n[[upstream]]\nname = \"out\"\naddress = \"tcp://{}\"\n",
        collector.address
    )
}

/// A connection stays open: what changes holds for its next records, and the old value is known on.
#[test]
fn files_that_change_are_taken_without_a_reload() {
    let collector = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret"), "0ld-value1\n").unwrap();
    fs::create_dir(folder.path().join("mount")).unwrap();
    fs::write(folder.path().join("mount/db"), "m0unted-value\n").unwrap();
    let sidecar = Sidecar::start_in(folder, &config(&collector));
    let mut tcp = sidecar.connect(0);
    let line = "0ld-value1 m0unted-value n3w-value2 add3d-value\n";
    let known = "[REDACTED:known-value]";
    tcp.write_all(line.as_bytes()).unwrap();
    let expected = format!("{known} {known} n3w-value2 add3d-value\n");
    collector.text.wait_is(expected.as_bytes());
    replace(sidecar.folder.path(), "secret", "n3w-value2\n");
    fs::write(sidecar.folder.path().join("mount/api"), "add3d-value\n").unwrap();
    let all = format!("{known} {known} {known} {known}\n");
    // Looks are a second apart, and two must agree.
    let began = std::time::Instant::now();
    loop {
        assert!(began.elapsed().as_secs() < 20, "what changed is not taken");
        std::thread::sleep(std::time::Duration::from_millis(200));
        tcp.write_all(line.as_bytes()).unwrap();
        let text = collector.text.wait("a record", |text| text.ends_with(b"\n"));
        if String::from_utf8_lossy(&text).ends_with(&all) {
            break;
        }
    }
    // What is absent stays known, and a reload goes on as before.
    fs::remove_file(sidecar.folder.path().join("secret")).unwrap();
    reload(&sidecar, "failed");
    tcp.write_all(format!("last {line}").as_bytes()).unwrap();
    collector.text.wait_for(&format!("last {all}"));
    fs::write(sidecar.folder.path().join("secret"), "n3w-value2\n").unwrap();
    reload(&sidecar, "ok");
    tcp.write_all(format!("end {line}").as_bytes()).unwrap();
    collector.text.wait_for(&format!("end {all}"));
}
