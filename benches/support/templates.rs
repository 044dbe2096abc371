//! JSON lines of many programs: six hundred templates, records of an audit trail among them. No place is met so often
//! that what was said of it once is still remembered.

use std::fmt::Write as _;

use super::{Input, Rng};

const TEMPLATES: usize = 600;
/// Names of members as programs have them, without a secret's.
const NAMES: &[&str] = &[
    "level",
    "logger",
    "msg",
    "requestId",
    "sourceIPAddress",
    "eventName",
    "eventTime",
    "awsRegion",
    "bytes",
    "duration_ms",
    "path",
    "status",
    "trace_id",
    "user",
    "host",
    "pod",
    "namespace",
    "container",
    "version",
    "attempt",
    "queue",
    "topic",
    "partition",
    "offset",
    "latency",
    "tenant",
    "region",
    "zone",
    "order",
    "customer",
    "currency",
    "amount",
    "items",
    "retry",
    "cache",
    "hit",
    "shard",
    "replica",
    "role",
    "scope",
    "client",
    "agent",
    "referer",
    "method",
    "protocol",
    "size",
    "rows",
    "table",
    "database",
    "query",
    "plan",
    "lock",
    "wait",
    "thread",
    "file",
    "line",
    "function",
    "stack",
    "cause",
    "reason",
    "code",
    "severity",
    "labels",
    "tags",
    "source",
    "target",
    "batch",
    "worker",
];
/// Members that have a word of a secret's key, and no secret.
const NEAR: &[&str] = &[
    "\"token_type\":\"Bearer\"",
    "\"auth_method\":\"oidc\"",
    "\"max_tokens\":4096",
    "\"password_changed\":true",
    "\"secretName\":\"db-main\"",
    "\"keyspace\":\"orders\"",
    "\"partitionKey\":\"customer\"",
    "\"secretVersion\":3",
    "\"passwordPolicy\":\"strict\"",
    "\"tokens_used\":1532",
    "\"authenticated\":true",
    "\"session_age_s\":86",
    "\"authorization\":{\"allowed\":true}",
    "\"credentialType\":\"role\"",
    "\"keyId\":null",
];
/// What a member's value is.
const KINDS: usize = 8;

/// The lines, with a secret in every hundredth.
pub fn json_templates(length: usize) -> Input {
    let mut rng = Rng::new(19);
    let templates: Vec<Vec<usize>> = (0..TEMPLATES).map(|_| template(&mut rng)).collect();
    let mut input = Input::empty("templates", length);
    let mut line = String::new();
    for n in 0.. {
        if input.text.len() >= length {
            break;
        }
        line.clear();
        match rng.below(4) {
            0 => trail(&mut rng, &mut line),
            _ => record(&mut rng, &templates[turn(n)], &mut line),
        }
        input.both(&line);
        if n % 100 == 50 {
            input.plant((",\"clientSecret\":\"", rng.signs(32), "[REDACTED:secret]", "\""));
        }
        input.both("}\n");
    }
    input
}

/// Templates take turns as their programs do: some are met often, most seldom.
fn turn(n: usize) -> usize {
    let mut rng = Rng::new(n as u64);
    let (a, b) = (rng.below(TEMPLATES), rng.below(TEMPLATES));
    a.min(b)
}

/// Members by number: those of [`NAMES`], each with a kind of value, then those of [`NEAR`].
fn template(r: &mut Rng) -> Vec<usize> {
    let own = |r: &mut Rng| r.below(NAMES.len() * KINDS);
    let near = |r: &mut Rng| NAMES.len() * KINDS + r.below(NEAR.len());
    let count = 6 + r.below(14);
    (0..count).map(|_| if r.below(8) == 0 { near(r) } else { own(r) }).collect()
}

/// A record without its last brace.
fn record(r: &mut Rng, template: &[usize], out: &mut String) {
    let _ = write!(
        out,
        "{{\"ts\":\"2024-03-{:02}T{:02}:{:02}:{:02}Z\"",
        1 + r.below(28),
        r.below(24),
        r.below(60),
        r.below(60)
    );
    for &member in template {
        let Some(near) = member.checked_sub(NAMES.len() * KINDS) else {
            let _ = write!(out, ",\"{}\":", NAMES[member / KINDS]);
            value(r, member % KINDS, out);
            continue;
        };
        let _ = write!(out, ",{}", NEAR[near]);
    }
}

fn value(r: &mut Rng, kind: usize, out: &mut String) {
    let word = |r: &mut Rng| NAMES[r.below(NAMES.len())];
    let _ = match kind {
        0 => write!(out, "{}", r.below(100_000)),
        1 => write!(out, "{}", r.below(2) == 0),
        2 => write!(out, "\"{:016x}{:016x}\"", r.next(), r.next()),
        3 => write!(out, "\"{} {} {} of {}\"", word(r), word(r), word(r), r.below(100)),
        4 => write!(out, "\"/api/v1/{}/{}\"", word(r), r.below(10_000)),
        5 => write!(out, "\"10.{}.{}.{}\"", r.below(256), r.below(256), r.below(256)),
        6 => write!(out, "{{\"{}\":{},\"name\":\"{}\"}}", word(r), r.below(1000), word(r)),
        _ => write!(out, "[\"{}\",\"{}\"]", word(r), word(r)),
    };
}

/// A record of an audit trail, as CloudTrail writes them, without its last brace.
fn trail(r: &mut Rng, out: &mut String) {
    const EVENTS: &[&str] =
        &["GetObject", "AssumeRole", "DescribeInstances", "PutObject", "ListBuckets", "GetSecretValue", "Decrypt"];
    let _ = write!(
        out,
        "{{\"eventVersion\":\"1.08\",\"userIdentity\":{{\"type\":\"AssumedRole\",\"principalId\":\"role:worker-{}\",\
         \"sessionContext\":{{\"attributes\":{{\"mfaAuthenticated\":\"false\",\"creationDate\":\"2024-03-{:02}T10:11:12Z\"}}}}}},\
         \"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"{}\",\"sourceIPAddress\":\"10.0.{}.{}\",\
         \"userAgent\":\"aws-sdk-go/1.44.{}\",\"requestParameters\":{{\"bucketName\":\"logs-{}\",\"key\":\"2024/03/{:02}/part-{}.json.gz\"}},\
         \"additionalEventData\":{{\"AuthenticationMethod\":\"AuthHeader\",\"bytesTransferredOut\":{}}},\
         \"requestID\":\"{:016x}\",\"readOnly\":true,\"eventType\":\"AwsApiCall\"",
        r.below(50),
        1 + r.below(28),
        EVENTS[r.below(EVENTS.len())],
        r.below(256),
        r.below(256),
        r.below(300),
        r.below(20),
        1 + r.below(28),
        r.below(10_000),
        r.below(1_000_000),
        r.next(),
    );
}
