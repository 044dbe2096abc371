//! A door for fuzzing: any bytes as a request's body. And one for benches.

use super::body::{About, judge};
use super::coding::Coding;
use super::grammar::is_json;
use super::grpc;
use super::kind::Said;
use super::proto::{mask, table};
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;

/// Takes bytes as a body of every kind; what was well-formed leaves well-formed.
///
/// # Panics
/// When it does not.
pub fn any_bytes(bytes: &[u8], limit: usize) {
    let redactor = Redactor::builtin();
    for path in ["/v1/logs", "/v1/traces", "/v1/metrics", "/loki/api/v1/push"] {
        let Some(message) = table::of_path(path) else { continue };
        let _ = grpc::judge(bytes, message, Coding::Gzip, limit, &redactor);
        if let Ok(Some(masked)) = mask(bytes, message, &redactor, &mut Tally::default()) {
            assert!(mask(&masked, message, &redactor, &mut Tally::default()).is_ok(), "what leaves is a message");
        }
    }
    for said in [Said::Text, Said::Json, Said::Msgpack, Said::Nothing] {
        for coding in [Coding::Identity, Coding::Gzip, Coding::Zlib, Coding::Zstd, Coding::Snappy] {
            let judged = judge(bytes, About { coding, said, path: "/", limit }, &redactor);
            let Ok(Some(masked)) = judged.map(|judged| judged.body) else { continue };
            if said == Said::Json && coding == Coding::Identity && is_json(bytes) {
                assert!(is_json(&masked), "what leaves is JSON");
            }
        }
    }
}

/// A request of OTLP's logs, masked; None where it leaves as it is.
pub fn otlp(bytes: &[u8], redactor: &Redactor) -> Option<Vec<u8>> {
    mask(bytes, &table::LOGS, redactor, &mut Tally::default()).ok().flatten()
}
