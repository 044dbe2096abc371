//! Batches of log lines in each protocol.

use std::fmt::Write as _;
use std::sync::LazyLock;

use prost::{Message, Oneof};

use crate::{BATCHES, RECORDS, support};

/// A made-up secret, in parts so that nobody takes it for one that is in use.
pub const SECRET: &str = concat!("hunter2", "Xq9Lw");

/// A request of OTLP's logs, as far as senders fill it.
#[derive(Clone, PartialEq, Message)]
pub struct Logs {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<Resources>,
}

#[derive(Clone, PartialEq, Message)]
struct Resources {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<Scopes>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<Pair>,
}

#[derive(Clone, PartialEq, Message)]
struct Scopes {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    records: Vec<Record>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(fixed64, tag = "1")]
    at: u64,
    #[prost(int32, tag = "2")]
    severity: i32,
    #[prost(string, tag = "3")]
    severity_text: String,
    #[prost(message, optional, tag = "5")]
    body: Option<Value>,
    #[prost(message, repeated, tag = "6")]
    attributes: Vec<Pair>,
    #[prost(fixed32, tag = "8")]
    flags: u32,
    #[prost(bytes = "vec", tag = "9")]
    trace: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    span: Vec<u8>,
    #[prost(fixed64, tag = "11")]
    seen: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Pair {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(oneof = "Of", tags = "1, 2, 3")]
    of: Option<Of>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Of {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
}

fn pair(key: &str, of: Of) -> Pair {
    Pair { key: key.to_owned(), value: Some(Value { of: Some(of) }) }
}

fn text(key: &str, value: impl Into<String>) -> Pair {
    pair(key, Of::Text(value.into()))
}

/// Lines of a batch; no two batches have the same.
fn lines(many: usize, batch: usize) -> Vec<String> {
    static ALL: LazyLock<Vec<String>> = LazyLock::new(|| {
        let all = String::from_utf8(support::clean(256 * RECORDS * BATCHES).text).expect("text");
        all.lines().map(str::to_owned).collect()
    });
    ALL.iter().skip(many * batch).take(many).cloned().collect()
}

/// A request of so many records; one in `every` has a secret, none if that is zero.
pub fn otlp(many: usize, batch: usize, every: usize) -> Vec<u8> {
    let record = |(n, line): (usize, String)| {
        let dirty = every > 0 && n % every == every / 2;
        let body = if dirty { format!("{line} password={SECRET}") } else { line };
        let at = 1_700_000_000_000_000_000 + (n * 1000 + batch) as u64;
        Record {
            at,
            severity: 9,
            severity_text: "INFO".to_owned(),
            body: Some(Value { of: Some(Of::Text(body)) }),
            attributes: vec![
                text("http.request.method", "GET"),
                text("url.path", format!("/api/v1/orders/{}", n * 7919 % 100_000)),
                pair("http.response.status_code", Of::Int(200)),
                text("user.id", format!("u{}", n * 31 % 10_000)),
                text("log.file.path", "/var/log/app/current"),
                pair("cached", Of::Bool(n % 3 == 0)),
            ],
            flags: 1,
            trace: (0..16).map(|i| (n * 37 + batch * 11 + i * 101) as u8).collect(),
            span: (0..8).map(|i| (n * 41 + batch * 13 + i * 103) as u8).collect(),
            seen: at + 1,
        }
    };
    let attributes = [
        ("service.name", "shop"),
        ("service.version", "1.4.2"),
        ("host.name", "web-01"),
        ("os.type", "linux"),
        ("k8s.namespace.name", "default"),
        ("k8s.pod.name", "shop-6c9f-x2k"),
        ("telemetry.sdk.language", "rust"),
        ("deployment.environment", "production"),
    ];
    let scope = Scope { name: "shop.orders".to_owned(), version: "1".to_owned() };
    let records = lines(many, batch).into_iter().enumerate().map(record).collect();
    let resource = Resource { attributes: attributes.map(|(k, v)| text(k, v)).to_vec() };
    let scopes = vec![Scopes { scope: Some(scope), records }];
    Logs { resources: vec![Resources { resource: Some(resource), scopes }] }.encode_to_vec()
}

/// A body of `_bulk`.
pub fn bulk(many: usize, batch: usize) -> Vec<u8> {
    let mut out = String::new();
    for (n, line) in lines(many, batch).iter().enumerate() {
        let message = serde_json::to_string(line).expect("text");
        let _ = writeln!(
            out,
            "{{\"index\":{{\"_index\":\"logs-shop\"}}}}\n{{\"@timestamp\":\"2026-03-14T10:{:02}:{:02}.123Z\",\"level\":\"info\",\
             \"service\":\"shop\",\"host\":\"web-01\",\"path\":\"/api/v1/orders/{}\",\"status\":200,\"message\":{message}}}",
            n / 60 % 60,
            n % 60,
            n * 7919 % 100_000,
        );
    }
    out.into_bytes()
}

/// A message in the mode PackedForward.
pub fn fluent(many: usize, batch: usize) -> Vec<u8> {
    use rmpv::Value;
    let mut entries = Vec::new();
    for (n, line) in lines(many, batch).into_iter().enumerate() {
        let texts = [
            ("log", line),
            ("stream", "stdout".to_owned()),
            ("container_id", format!("{:064x}", 0x5ca1_ab1e + batch)),
            ("container_name", "/shop".to_owned()),
            ("source", "stdout".to_owned()),
        ];
        let record = texts.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        let time = Value::Ext(0, [(1_700_000_000 + n as u32).to_be_bytes(), 9_u32.to_be_bytes()].concat());
        let entry = Value::Array(vec![time, Value::Map(record)]);
        rmpv::encode::write_value(&mut entries, &entry).expect("memory");
    }
    let options = Value::Map(vec![("size".into(), many.into()), ("chunk".into(), "p8n9gmxTQVC8/nh2wlKKeQ==".into())]);
    let message = Value::Array(vec!["app.web".into(), Value::Binary(entries), options]);
    let mut out = Vec::new();
    rmpv::encode::write_value(&mut out, &message).expect("memory");
    out
}
