//! Records in, clean records out: each framing, whole and cut.

use std::io::Write;
use std::net::Shutdown;

use crate::kit::{Collector, SECRET, Sidecar, line};

fn to(collector: &Collector) -> Sidecar {
    let config = format!(
        "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\nname = \"out\"\naddress = \"tcp://{}\"\n",
        collector.address
    );
    Sidecar::start(&config)
}

#[test]
fn lines_leave_masked_and_in_order() {
    let collector = Collector::start();
    let sidecar = to(&collector);
    let mut tcp = sidecar.connect(0);
    let mut expected = String::new();
    for n in 0..5000 {
        let (raw, masked) = line(n);
        writeln!(tcp, "{raw}").unwrap();
        expected += &masked;
        expected.push('\n');
    }
    // Half-closed: what was sent still leaves, the unfinished last record too.
    write!(tcp, "last password={SECRET}").unwrap();
    expected += "last password=[REDACTED:password]\n";
    tcp.shutdown(Shutdown::Write).unwrap();
    collector.text.wait_is(expected.as_bytes());
    assert_eq!(sidecar.number("logveil_findings_total{listener=\"in\",rule=\"password\"}"), 5001.0);
    assert_eq!(sidecar.number("logveil_records_total{listener=\"in\"}"), 5001.0);
    let (code, log) = sidecar.end();
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("everything received was written"), "{log}");
}
