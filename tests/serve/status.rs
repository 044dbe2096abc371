//! The page for people: what it says is what `/metrics` says, and it says nothing that it should not.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use crate::kit::{Collector, Sidecar, await_that, clean, line};
use crate::reload::rules;

/// Name, labels, value.
type Series = (String, BTreeMap<String, String>, f64);

/// A series as it is written in the text format, its labels unescaped.
fn series(written: &str) -> Series {
    let (name, rest) = match written.find(['{', ' ']) {
        Some(at) => written.split_at(at),
        None => (written, ""),
    };
    let (mut labels, mut rest) = (BTreeMap::new(), rest.strip_prefix('{').unwrap_or(rest));
    while let Some((key, after)) = rest.split_once("=\"").filter(|(key, _)| !key.contains(' ')) {
        let (mut value, mut chars) = (String::new(), after.char_indices());
        let end = loop {
            match chars.next().unwrap() {
                (at, '"') => break at,
                (_, '\\') => {
                    value.push(Some(chars.next().unwrap().1).map_or('\\', |c| if c == 'n' { '\n' } else { c }))
                }
                (_, c) => value.push(c),
            }
        };
        labels.insert(key.trim_start_matches(',').to_owned(), value);
        rest = &after[end + 1..];
    }
    let value = rest.trim_start_matches(['}', ' ']).split(' ').next().unwrap();
    (name.to_owned(), labels, value.parse().unwrap_or(f64::NAN))
}

fn unescaped(html: &str) -> String {
    html.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The value of an attribute of each element that has it, with the element's text.
fn attribute(page: &str, name: &str) -> Vec<(f64, String)> {
    let data = page.split("<data value=\"").skip(1);
    let of = |element: &str| {
        let (value, rest) = element.split_once('"').unwrap();
        let (what, _) = rest.strip_prefix(&format!(" {name}=\""))?.split_once('"').unwrap();
        Some((value.parse().unwrap(), unescaped(what)))
    };
    data.filter_map(of).collect()
}

/// Compares every number of the page with the metrics, and says how many there are.
fn compare(page: &str, metrics: &str) -> usize {
    let all: Vec<Series> = metrics.lines().filter(|l| !l.starts_with('#')).map(series).collect();
    let sum = |name: &str, labels: &BTreeMap<String, String>| {
        let fits = |s: &&Series| s.0 == name && labels.iter().all(|(k, v)| s.1.get(k) == Some(v));
        let found: Vec<f64> = all.iter().filter(fits).map(|s| s.2).collect();
        // A family may have no series yet.
        assert!(
            !found.is_empty() || metrics.contains(&format!("# TYPE {} ", name.trim_end_matches("_total"))),
            "{name}"
        );
        found.iter().sum::<f64>()
    };
    let shown = attribute(page, "data-metric");
    for (value, written) in &shown {
        let (name, labels, _) = series(written);
        assert_eq!(*value, sum(&name, &labels), "{written}");
    }
    for (value, name) in attribute(page, "data-rest") {
        let is_row = |w: &&(f64, String)| w.1.starts_with(&format!("{name}{{"));
        let rows: f64 = shown.iter().filter(is_row).map(|(value, _)| value).sum();
        assert_eq!(value, sum(&name, &BTreeMap::new()) - rows, "the rest of {name}");
    }
    shown.len()
}

#[test]
fn its_numbers_are_those_of_the_metrics() {
    let collector = Collector::start();
    let name = "a <b> & \\\"c\\\" \\\\ d";
    let folder = tempfile::tempdir().unwrap();
    // More rules than have a row of their own.
    let letters: Vec<String> = ('a'..='y').map(|letter| format!("{letter}{letter}{letter}")).collect();
    let names: Vec<&str> = letters.iter().map(String::as_str).collect();
    std::fs::write(folder.path().join("rules.toml"), rules(&names)).unwrap();
    let config = format!(
        "rules = [\"rules.toml\"]\n[[listen]]\nname = \"{name}\"\naddress = \"tcp://127.0.0.1:0\"\n[[listen]]\naddress = \"udp://127.0.0.1:0\"\n\
         [[upstream]]\nname = \"out\"\naddress = \"tcp://{}\"\n[[upstream]]\nname = \"gone\"\naddress = \"tcp://127.0.0.1:1\"\n",
        collector.address
    );
    let sidecar = Sidecar::start_in(folder, &config);
    let before = sidecar.get("/").1;
    assert!(before.contains("nothing received") && before.contains("none yet"), "{before}");
    let mut tcp = sidecar.connect(0);
    for n in 0..500 {
        let tokens: String = names[..1 + n % names.len()].iter().map(|name| format!(" {name}-00000001")).collect();
        writeln!(tcp, "{}{tokens}", line(n).0).unwrap();
    }
    // Nothing is in flight any more.
    let records = |s: Series| s.0 == "logveil_records_total" && s.2 == 500.0;
    await_that("the records", || sidecar.get("/metrics").1.lines().map(series).any(records).then_some(()));
    sidecar.wait_number("logveil_queue_bytes", |n| n == 0.0);
    let findings =
        |page: &str| attribute(page, "data-metric").iter().find(|d| d.1 == "logveil_findings_total").unwrap().0;
    let (code, page) = sidecar.get("/");
    let metrics = sidecar.get("/metrics").1;
    assert_eq!(code, 200);
    assert!(compare(&page, &metrics) > 40);
    assert!(findings(&page) > 5000.0);
    assert_eq!(attribute(&page, "data-rest").len(), 1);
    // The history comes to hold what was counted.
    await_that("the chart", || sidecar.get("/").1.contains("<title>password: ").then_some(()));
    let later = sidecar.get("/?hours").1;
    compare(&later, &sidecar.get("/metrics").1);
    for page in [before, page, later] {
        clean(page.as_bytes());
        assert!(page.contains("a &lt;b&gt; &amp; &quot;c&quot;") && !page.contains("<b>"), "a name is not escaped");
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
        assert!(page.contains("http-equiv=\"refresh\""));
    }
    assert!(!sidecar.get("/?paused").1.contains("http-equiv=\"refresh\""));
}

#[test]
fn it_is_not_kept_and_loads_nothing_from_elsewhere() {
    let sidecar = Sidecar::start(
        "[[listen]]\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\nname = \"out\"\naddress = \"tcp://127.0.0.1:1\"\n",
    );
    for path in ["/", "/?hours&paused", "/style.css"] {
        let mut tcp = TcpStream::connect(&sidecar.admin).unwrap();
        write!(tcp, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        tcp.read_to_string(&mut text).unwrap();
        let head = text.split_once("\r\n\r\n").unwrap().0;
        for header in [
            "cache-control: no-store",
            "content-security-policy: default-src 'none'; style-src 'self';",
            "x-content-type-options: nosniff",
        ] {
            assert!(head.contains(header), "{path}: {head}");
        }
    }
    let css = sidecar.get("/style.css").1;
    assert!(!css.contains("url(") && !css.contains("@import"));
    sidecar.wait_number("logveil_upstream_failures_total{upstream=\"out\"}", |n| n >= 1.0);
    let page = sidecar.get("/").1;
    assert!(page.contains("No upstream") && page.contains("not connected"), "{page}");
    // What is inside an element of its own is no attribute that a policy without styles would drop.
    assert!(!page.contains("style=\""));
    assert_eq!(sidecar.get("/nothing").0, 404);
}
