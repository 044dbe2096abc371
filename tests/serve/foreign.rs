//! What is no log text, by the table of `docs/clients.md`: each row is sent, over TCP and as a datagram.

use std::io::{Read, Write};
use std::net::{Shutdown, UdpSocket};

use crate::kit::{Collector, SECRET, Sidecar, clean};

struct Row {
    what: String,
    bytes: Vec<u8>,
    said: String,
}

fn rows() -> Vec<Row> {
    let page = include_str!("../../docs/clients.md");
    let table = page.split_once("<!-- foreign -->\n").unwrap().1;
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [what, bytes, said] = cells[..] else { panic!("{line}: three cells") };
        let bytes = bytes.trim_matches('`').split(' ').map(|b| u8::from_str_radix(b, 16).unwrap()).collect();
        Row {
            what: what.into(),
            bytes,
            said: said.split(". It is answered").next().unwrap().trim_end_matches('.').into(),
        }
    };
    table.lines().skip(2).take_while(|line| line.starts_with('|')).map(row).collect()
}

/// None of it reaches an upstream, whatever follows; the log names it, with what to do.
#[test]
fn no_foreign_protocol_reaches_an_upstream() {
    let collector = Collector::start();
    let sidecar = Sidecar::start(&format!(
        "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[listen]]\nname = \"udp\"\naddress = \"udp://127.0.0.1:0\"\n\
         [[upstream]]\naddress = \"tcp://{}\"\n",
        collector.address
    ));
    let rows = rows();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for (n, row) in rows.iter().enumerate() {
        let bytes = [&row.bytes[..], format!("password={SECRET}\npassword={SECRET}\n").as_bytes()].concat();
        let mut tcp = sidecar.connect(0);
        // It may be closed before all of it is written.
        let _ = tcp.write_all(&bytes).and_then(|()| tcp.shutdown(Shutdown::Write));
        let _ = tcp.read_to_end(&mut Vec::new());
        socket.send_to(&bytes, sidecar.port(1)).unwrap();
        for listener in ["in", "udp"] {
            let counted = format!("logveil_rejections_total{{listener=\"{listener}\",reason=\"foreign\"}}");
            let now = sidecar.wait_number(&counted, |now| now > n as f64);
            assert_eq!(now, (n + 1) as f64, "{} on {listener}", row.what);
        }
    }
    assert_eq!(sidecar.number("logveil_queue_bytes"), 0.0);
    let (code, log) = sidecar.end();
    assert_eq!(code, 0, "{log}");
    clean(log.as_bytes());
    assert!(collector.text.get().is_empty());
}

/// What the log says of each, one sidecar each: a flood of such lines is thinned out.
#[test]
fn the_page_says_what_the_log_says() {
    for chunk in rows().chunks(5) {
        let sidecar = Sidecar::start(
            "[[listen]]\nname = \"in\"\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\naddress = \"file://DIR/out\"\n",
        );
        for row in chunk {
            let mut tcp = sidecar.connect(0);
            let _ = tcp.write_all(&row.bytes).and_then(|()| tcp.shutdown(Shutdown::Write));
            sidecar.log.wait_for(&row.said);
            assert!(sidecar.log.wait_for(&row.what).contains("reason=foreign"));
        }
    }
}
