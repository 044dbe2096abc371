//! What each field of a message is. One row a field that is a text, or holds some; numbers need none.
//!
//! OTLP: <https://github.com/open-telemetry/opentelemetry-proto>, v1.9; Loki: `pkg/push/push.proto`.

/// A message.
pub struct Message {
    /// Its fields by number; others are unknown, and what is a text in them is judged as one.
    pub fields: &'static [(u32, Field)],
}

/// What a field is.
#[derive(Clone, Copy)]
pub enum Field {
    /// No text: an identifier of bytes, or numbers one behind the other.
    Skip,
    /// A text, or bytes, under this name.
    Text(&'static str),
    /// A message that is a record, or an envelope of records: a line of its own.
    Line(&'static Message),
    /// A message whose members are those of the one around it.
    Below(&'static Message),
    /// A message under this name.
    Object(&'static str, &'static Message),
    /// A value of OTLP under this name.
    Value(&'static str),
    /// A key and its value, of OTLP.
    Pair,
    /// A name and its text, of Loki.
    Label,
}

use Field::{Below, Label, Line, Object, Pair, Skip, Text, Value};

/// Number and kind of writing of `AnyValue.string_value`, as bytes.
pub const STRING_VALUE: &[u8] = &[0x0A];

/// The message that belongs to a path of HTTP.
pub fn of_path(path: &str) -> Option<&'static Message> {
    let path = path.trim_end_matches('/');
    let ends: [(&str, &'static Message); 4] =
        [("/v1/logs", &LOGS), ("/v1/traces", &TRACES), ("/v1/metrics", &METRICS), ("/loki/api/v1/push", &PUSH)];
    ends.into_iter().find(|(end, _)| path.ends_with(end)).map(|(_, message)| message)
}

/// The message that belongs to a method of gRPC.
pub fn of_method(path: &str) -> Option<&'static Message> {
    match path {
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Some(&LOGS),
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Some(&TRACES),
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Some(&METRICS),
        "/logproto.Pusher/Push" => Some(&PUSH),
        _ => None,
    }
}

const fn message(fields: &'static [(u32, Field)]) -> Message {
    Message { fields }
}

/// `ExportLogsServiceRequest`.
pub static LOGS: Message = message(&[(1, Line(&RESOURCE_LOGS))]);
static RESOURCE_LOGS: Message = message(&[(1, Line(&RESOURCE)), (2, Line(&SCOPE_LOGS)), (3, Text("schema_url"))]);
static SCOPE_LOGS: Message = message(&[(1, Line(&SCOPE)), (2, Line(&LOG_RECORD)), (3, Text("schema_url"))]);
static LOG_RECORD: Message = message(&[
    (3, Text("severity_text")),
    (5, Value("body")),
    (6, Pair),
    (9, Skip),
    (10, Skip),
    (12, Text("event_name")),
]);
static RESOURCE: Message = message(&[(1, Pair), (3, Object("entity", &ENTITY))]);
static ENTITY: Message =
    message(&[(1, Text("schema_url")), (2, Text("type")), (3, Text("id_keys")), (4, Text("description_keys"))]);
static SCOPE: Message = message(&[(1, Text("name")), (2, Text("version")), (3, Pair)]);

/// `ExportTraceServiceRequest`.
pub static TRACES: Message = message(&[(1, Line(&RESOURCE_SPANS))]);
static RESOURCE_SPANS: Message = message(&[(1, Line(&RESOURCE)), (2, Line(&SCOPE_SPANS)), (3, Text("schema_url"))]);
static SCOPE_SPANS: Message = message(&[(1, Line(&SCOPE)), (2, Line(&SPAN)), (3, Text("schema_url"))]);
static SPAN: Message = message(&[
    (1, Skip),
    (2, Skip),
    (3, Text("trace_state")),
    (4, Skip),
    (5, Text("name")),
    (9, Pair),
    (11, Line(&EVENT)),
    (13, Line(&LINK)),
    (15, Object("status", &STATUS)),
]);
static EVENT: Message = message(&[(2, Text("name")), (3, Pair)]);
static LINK: Message = message(&[(1, Skip), (2, Skip), (3, Text("trace_state")), (4, Pair)]);
static STATUS: Message = message(&[(2, Text("message"))]);

/// `ExportMetricsServiceRequest`.
pub static METRICS: Message = message(&[(1, Line(&RESOURCE_METRICS))]);
static RESOURCE_METRICS: Message = message(&[(1, Line(&RESOURCE)), (2, Line(&SCOPE_METRICS)), (3, Text("schema_url"))]);
static SCOPE_METRICS: Message = message(&[(1, Line(&SCOPE)), (2, Line(&METRIC)), (3, Text("schema_url"))]);
static METRIC: Message = message(&[
    (1, Text("name")),
    (2, Text("description")),
    (3, Text("unit")),
    (5, Below(&NUMBERS)),
    (7, Below(&NUMBERS)),
    (9, Below(&HISTOGRAMS)),
    (10, Below(&EXPONENTIALS)),
    (11, Below(&SUMMARIES)),
    (12, Pair),
]);
static NUMBERS: Message = message(&[(1, Line(&NUMBER))]);
static NUMBER: Message = message(&[(5, Line(&EXEMPLAR)), (7, Pair)]);
static HISTOGRAMS: Message = message(&[(1, Line(&HISTOGRAM))]);
static HISTOGRAM: Message = message(&[(6, Skip), (7, Skip), (8, Line(&EXEMPLAR)), (9, Pair)]);
static EXPONENTIALS: Message = message(&[(1, Line(&EXPONENTIAL))]);
static EXPONENTIAL: Message = message(&[(1, Pair), (8, Below(&BUCKETS)), (9, Below(&BUCKETS)), (11, Line(&EXEMPLAR))]);
static BUCKETS: Message = message(&[(2, Skip)]);
static SUMMARIES: Message = message(&[(1, Line(&SUMMARY))]);
static SUMMARY: Message = message(&[(6, Below(&QUANTILE)), (7, Pair)]);
static QUANTILE: Message = message(&[]);
static EXEMPLAR: Message = message(&[(4, Skip), (5, Skip), (7, Pair)]);

/// Loki's `PushRequest`.
pub static PUSH: Message = message(&[(1, Line(&STREAM)), (2, Text("format"))]);
static STREAM: Message = message(&[(1, Text("labels")), (2, Line(&ENTRY))]);
static ENTRY: Message = message(&[(1, Below(&TIMESTAMP)), (2, Text("line")), (3, Label), (4, Label)]);
static TIMESTAMP: Message = message(&[]);
