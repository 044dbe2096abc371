//! `http` and `tower`.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use logveil::Redactor;
use logveil::adapters::http::{RedactedUri, mark_sensitive, redact_headers};
use logveil::adapters::tower::MarkSensitiveLayer;
use tower_layer::Layer;
use tower_service::Service;

use crate::vectors;

/// A header's value becomes what it does in a line `name: value`.
#[test]
fn every_vector() {
    let redactor = Redactor::builtin();
    let mut tried = 0;
    for (input, _) in vectors() {
        let Ok(value) = HeaderValue::from_str(&input) else { continue };
        let line = redactor.redact_str(&format!("x-note: {input}")).into_owned();
        let headers = HeaderMap::from_iter([(HeaderName::from_static("x-note"), value)]);
        let shown = redact_headers(&redactor, &headers);
        assert_eq!([b"x-note: ", shown["x-note"].as_bytes()].concat(), line.as_bytes());
        let mut marked = headers;
        assert_eq!(mark_sensitive(&redactor, &mut marked), usize::from(line != format!("x-note: {input}")));
        tried += 1;
    }
    assert!(tried > 300, "{tried} headers");
}

#[test]
fn several_values_of_one_name_stay_in_order() {
    let mut headers = HeaderMap::new();
    for value in ["a=1", "session=kR93mTq7Lw0XvZ2b8Ns4kR93", "b=2"] {
        headers.append("cookie", value.parse().unwrap());
    }
    let shown: Vec<_> = redact_headers(&Redactor::builtin(), &headers)
        .get_all("cookie")
        .iter()
        .map(|value| value.to_str().unwrap().to_owned())
        .collect();
    assert_eq!(shown.len(), 3);
    assert!(!shown[1].contains("kR93"), "{shown:?}");
}

#[test]
fn addresses() {
    let redactor = Redactor::builtin();
    for (uri, expected) in [
        ("/a/b?page=2", "/a/b?page=2"),
        ("https://u:hunter2x@example.org/x", "https://u:[REDACTED:url-password]@example.org/x"),
    ] {
        let uri = uri.parse().unwrap();
        let shown = RedactedUri::new(&redactor, &uri);
        assert_eq!(shown.to_string().replace("REDACTED-url-password", "[REDACTED:url-password]"), expected);
        assert_eq!(format!("{shown:?}"), shown.to_string());
    }
}

/// A service that answers with what it saw, and with a cookie.
#[derive(Clone)]
struct Echo;

impl Service<Request<()>> for Echo {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let seen = format!("{:?}", request.headers());
        ready(Ok(Response::builder().header("set-cookie", "sid=kR93mTq7Lw0XvZ2b8Ns4kR93").body(seen).unwrap()))
    }
}

#[test]
fn within_and_without_the_layer_headers_are_sensitive() {
    let mut service = MarkSensitiveLayer::new(&Redactor::builtin()).layer(Echo);
    let request =
        Request::get("/").header("authorization", "Bearer kR93mTq7Lw0XvZ2b8Ns4").header("accept", "a/b").body(());
    let mut answer = pin!(service.call(request.unwrap()));
    let Poll::Ready(Ok(response)) = answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it is ready");
    };
    assert!(format!("{:?}", response.headers()).contains("Sensitive"), "{:?}", response.headers());
    let seen = response.into_body();
    assert!(seen.contains(r#""authorization": Sensitive"#) && seen.contains(r#""accept": "a/b""#), "{seen}");
}
