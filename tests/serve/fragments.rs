//! Records that a container runtime cut: judged together, sent on as the lines they came in.

use std::io::Write;

use crate::flow::between;
use crate::kit::{Collector, SECRET};
use crate::reload::reload;

const TIME: &str = "2024-10-11T22:14:15.1Z";

fn cri(stream: &str, tag: &str, text: &str) -> String {
    format!("{TIME} {stream} {tag} {text}\n")
}

#[test]
fn parts_of_both_streams_are_joined_and_leave_in_order() {
    let collector = Collector::start();
    let sidecar = between(&collector, "framing = \"cri\"", "");
    let mut tcp = sidecar.connect(0);
    let (front, back) = SECRET.split_at(5);
    let mut expected = String::new();
    for n in 0..500 {
        let lines = |front: &str, back: &str| {
            [
                cri("stdout", "P", &format!("{n} password={front}")),
                cri("stderr", "F", "GET / 200"),
                cri("stdout", "F", &format!("{back} end")),
            ]
            .concat()
        };
        tcp.write_all(lines(front, back).as_bytes()).unwrap();
        expected += &lines("[REDACTED:password]", "");
    }
    collector.text.wait_is(expected.as_bytes());
    assert_eq!(sidecar.number("logveil_findings_total{listener=\"in\",rule=\"password\"}"), 500.0);
    assert_eq!(sidecar.number("logveil_records_total{listener=\"in\"}"), 1500.0);
    // Other rules wait for the record that is open.
    tcp.write_all(cri("stdout", "P", &format!("password={front}")).as_bytes()).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    reload(&sidecar, "ok");
    tcp.write_all(cri("stdout", "F", &format!("{back} end")).as_bytes()).unwrap();
    expected += &[cri("stdout", "P", "password=[REDACTED:password]"), cri("stdout", "F", " end")].concat();
    collector.text.wait_is(expected.as_bytes());
}

#[test]
fn a_part_waits_so_long_and_no_longer() {
    let collector = Collector::start();
    let sidecar = between(&collector, "framing = \"cri\"\n[limits]\nfragment-seconds = 0.4", "");
    let mut tcp = sidecar.connect(0);
    tcp.write_all(cri("stdout", "P", "it says gh1").as_bytes()).unwrap();
    let mut expected = cri("stdout", "P", "it says [REDACTED:unjudged]");
    collector.text.wait_is(expected.as_bytes());
    // Its rest may be the rest of a secret; the next record is a record.
    tcp.write_all([cri("stdout", "F", "2abc"), cri("stdout", "F", "next")].concat().as_bytes()).unwrap();
    expected += &[cri("stdout", "F", ""), cri("stdout", "F", "next")].concat();
    collector.text.wait_is(expected.as_bytes());
    // The end of the connection is the end of what waits.
    write!(tcp, "{}", cri("stdout", "P", &format!("password={SECRET}")).trim_end()).unwrap();
    drop(tcp);
    expected += &cri("stdout", "P", "password=[REDACTED:password]");
    collector.text.wait_is(expected.as_bytes());
    assert_eq!(sidecar.number("logveil_unjudged_total{listener=\"in\"}"), 1.0);
}

#[test]
fn objects_of_docker_leave_counted_where_that_is_asked_for() {
    let collector = Collector::start();
    let sidecar = between(&collector, "framing = \"docker\"", "framing = \"octet\"");
    let (front, back) = SECRET.split_at(5);
    let line = |text: &str| format!("{{\"log\":\"{text}\",\"stream\":\"stdout\",\"time\":\"{TIME}\"}}");
    let lines = |front: &str, back: &str| [line(&format!("password={front}")), line(&format!("{back} x\\n"))];
    sidecar.connect(0).write_all((lines(front, back).join("\n") + "\n").as_bytes()).unwrap();
    let expected = lines("[REDACTED:password]", "").map(|line| format!("{} {line}", line.len()));
    collector.text.wait_is(expected.concat().as_bytes());
}
