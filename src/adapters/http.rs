//! `http`: headers and addresses as they may be logged.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use crate::engine::mask::emit::UNJUDGED;
use crate::engine::redactor::Redactor;

/// The headers as they may be logged.
///
/// Each is judged as its line `name: value` would be. For what is only to be kept out of `Debug` see [`mark_sensitive`].
///
/// ```
/// use http::HeaderMap;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("accept", "text/html".parse().unwrap());
/// headers.insert("x-api-key", "kR93mTq7Lw0XvZ2b8Ns4".parse().unwrap());
/// let shown = logveil::adapters::http::redact_headers(&logveil::Redactor::builtin(), &headers);
/// assert_eq!(shown["accept"], "text/html");
/// assert_eq!(shown["x-api-key"], "[REDACTED:api-key]");
/// ```
pub fn redact_headers(redactor: &Redactor, headers: &HeaderMap) -> HeaderMap {
    let shown = headers
        .iter()
        .map(|(name, value)| (name.clone(), masked(redactor, name, value).unwrap_or_else(|| value.clone())));
    shown.collect()
}

/// Marks the values that hold a secret as sensitive, so that `Debug` shows `Sensitive` in their place and HTTP/2 keeps them out
/// of its tables; says how many.
///
/// ```
/// use http::HeaderMap;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("authorization", "Bearer kR93mTq7Lw0XvZ2b8Ns4".parse().unwrap());
/// assert_eq!(logveil::adapters::http::mark_sensitive(&logveil::Redactor::builtin(), &mut headers), 1);
/// assert_eq!(format!("{headers:?}"), r#"{"authorization": Sensitive}"#);
/// ```
pub fn mark_sensitive(redactor: &Redactor, headers: &mut HeaderMap) -> usize {
    let mut marked = 0;
    for (name, value) in headers.iter_mut().filter(|(_, value)| !value.is_sensitive()) {
        if masked(redactor, name, value).is_some() {
            value.set_sensitive(true);
            marked += 1;
        }
    }
    marked
}

/// What a header's value becomes, if it holds a secret.
fn masked(redactor: &Redactor, name: &HeaderName, value: &HeaderValue) -> Option<HeaderValue> {
    let front = format!("{name}: ");
    let line = [front.as_bytes(), value.as_bytes()].concat();
    let masked = redactor.redact(&line);
    if *masked == *line {
        return None;
    }
    let own = masked.strip_prefix(front.as_bytes()).and_then(|rest| HeaderValue::from_bytes(rest).ok());
    own.or_else(|| HeaderValue::from_bytes(UNJUDGED).ok())
}

/// An address as it may be logged.
///
/// ```
/// use logveil::adapters::http::RedactedUri;
///
/// let uri = "https://example.org/login?user=alice&password=hunter2".parse().unwrap();
/// let shown = RedactedUri::new(&logveil::Redactor::builtin(), &uri).to_string();
/// assert_eq!(shown, "https://example.org/login?user=alice&password=[REDACTED:password]");
/// ```
pub struct RedactedUri<'a> {
    redactor: &'a Redactor,
    uri: &'a Uri,
}

impl<'a> RedactedUri<'a> {
    /// To be shown by `Display`.
    pub fn new(redactor: &'a Redactor, uri: &'a Uri) -> Self {
        RedactedUri { redactor, uri }
    }
}

impl fmt::Display for RedactedUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redactor.redact_str(&self.uri.to_string()))
    }
}

impl fmt::Debug for RedactedUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The first line of a request as it may be logged, as an access log writes it: `GET /login?password=... HTTP/1.1`.
///
/// For spans made by hand, such as tower-http's `TraceLayer::make_span_with`:
///
/// ```
/// use http::Request;
/// use logveil::adapters::http::RedactedRequest;
///
/// let redactor = logveil::Redactor::builtin();
/// let request = Request::get("/login?token=kR93mTq7Lw0XvZ2b8Ns4").body(()).unwrap();
/// let shown = RedactedRequest::new(&redactor, &request).to_string();
/// assert_eq!(shown, "GET /login?token=[REDACTED:access-token] HTTP/1.1");
/// ```
pub struct RedactedRequest<'a> {
    redactor: &'a Redactor,
    method: &'a Method,
    uri: &'a Uri,
    version: http::Version,
}

impl<'a> RedactedRequest<'a> {
    /// To be shown by `Display`.
    pub fn new<B>(redactor: &'a Redactor, request: &'a Request<B>) -> Self {
        RedactedRequest { redactor, method: request.method(), uri: request.uri(), version: request.version() }
    }
}

impl fmt::Display for RedactedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!("{} {} {:?}", self.method, self.uri, self.version);
        f.write_str(&self.redactor.redact_str(&line))
    }
}

impl fmt::Debug for RedactedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
