//! What is answered where the upstream does not: in the words that a sender understands.

use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

use crate::edge::serve::http::head;
use crate::edge::serve::http::kind::Said;
use crate::edge::serve::http::proto::status;
use crate::edge::serve::http::refusal::Refusal;
use crate::edge::serve::numbers::reason::Reason;

/// An upstream's body, as it comes, or ours.
pub type Body = Either<Incoming, Full<Bytes>>;

/// In which words a sender wants to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// A status of gRPC.
    Grpc,
    /// A status of protobuf.
    Proto,
    /// An object of JSON.
    Json,
    /// A line of text.
    Text,
}

impl Words {
    /// By what the request says of itself.
    pub fn of(headers: &HeaderMap) -> Words {
        match head::said(headers) {
            _ if head::is_grpc(headers) => Words::Grpc,
            Ok(Said::Proto) => Words::Proto,
            Ok(Said::Json) => Words::Json,
            _ => Words::Text,
        }
    }
}

/// The answer.
pub fn reply(why: Refusal, words: Words) -> Response<Body> {
    let said = why.said();
    let (kind, body) = match words {
        Words::Grpc => ("application/grpc", Vec::new()),
        Words::Proto => ("application/x-protobuf", status(why.grpc_status(), said)),
        // Nothing in it needs to be escaped.
        Words::Json => (
            "application/json",
            format!("{{\"code\":{},\"message\":\"logveil: {said}\"}}", why.grpc_status()).into_bytes(),
        ),
        Words::Text => ("text/plain; charset=utf-8", format!("logveil: {said}\n").into_bytes()),
    };
    let mut response = Response::new(Either::Right(Full::new(Bytes::from(body))));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if words == Words::Grpc {
        headers.insert(HeaderName::from_static("grpc-status"), HeaderValue::from(why.grpc_status()));
        headers.insert(HeaderName::from_static("grpc-message"), HeaderValue::from_static(said));
        return response;
    }
    if why.retry() {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    *response.status_mut() = StatusCode::from_u16(why.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    response
}

/// The answer of text to what is no request yet, behind which the connection ends.
pub fn closing(why: Refusal) -> Vec<u8> {
    let status = StatusCode::from_u16(why.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let said = format!("logveil: {}\n", why.said());
    let length = said.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\r\n{said}"
    )
    .into_bytes()
}

/// What a refusal is counted as; None where it is the upstream's doing, or nobody's.
pub fn reason(why: Refusal) -> Option<Reason> {
    match why {
        Refusal::Large => Some(Reason::MessageSize),
        Refusal::Inflated => Some(Reason::Inflated),
        Refusal::Malformed(_) => Some(Reason::Malformed),
        Refusal::Unsupported(_) | Refusal::Method | Refusal::Upgrade | Refusal::Connect | Refusal::Path => {
            Some(Reason::Unsupported)
        }
        Refusal::Signed => Some(Reason::Signed),
        Refusal::Busy(_) => Some(Reason::Busy),
        Refusal::Slow | Refusal::Late => Some(Reason::Slow),
        Refusal::Gone => Some(Reason::Unfinished),
        Refusal::Broken | Refusal::Silent => None,
    }
}
