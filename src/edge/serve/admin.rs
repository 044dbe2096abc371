//! `/`, `/metrics`, `/readyz`, `/healthz`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::shared::Shared;
use super::status::{self, View};

/// Connections at once: for one more the oldest is closed, so that those who hold theirs keep nobody
/// out who asks at once, as probes do.
const CONNECTIONS_MAX: usize = 64;
/// How long one may take to ask.
const ASKING: Duration = Duration::from_secs(2);
/// How long one may stay.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers until the runtime ends.
///
/// # Errors
/// When the runtime does not take the socket.
pub fn run(shared: Arc<Shared>, listener: net::TcpListener) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    tokio::spawn(async move {
        let mut open: VecDeque<AbortHandle> = VecDeque::new();
        loop {
            let Ok((tcp, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            open.retain(|one| !one.is_finished());
            if open.len() >= CONNECTIONS_MAX
                && let Some(oldest) = open.pop_front()
            {
                oldest.abort();
            }
            open.push_back(tokio::spawn(serve(shared.clone(), tcp)).abort_handle());
        }
    });
    Ok(())
}

/// One connection, which asks once.
async fn serve(shared: Arc<Shared>, tcp: TcpStream) {
    let service = service_fn(|request| {
        let answer = answer(&shared, &request);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut http = http1::Builder::new();
    http.keep_alive(false).timer(TokioTimer::new()).header_read_timeout(ASKING);
    let _ = timeout(PATIENCE, http.serve_connection(TokioIo::new(tcp), service)).await;
}

fn answer(shared: &Shared, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (code, text) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/") => {
            shared.look();
            (StatusCode::OK, status::page(shared, View::parse(request.uri().query().unwrap_or_default())))
        }
        (&Method::GET | &Method::HEAD, "/style.css") => (StatusCode::OK, status::STYLE.into()),
        (&Method::GET | &Method::HEAD, "/metrics") => {
            shared.look();
            (StatusCode::OK, shared.numbers.text())
        }
        (&Method::GET | &Method::HEAD, "/healthz") => (StatusCode::OK, "alive\n".into()),
        (&Method::GET | &Method::HEAD, "/readyz") => match shared.ready() {
            true => (StatusCode::OK, "ready\n".into()),
            false => (StatusCode::SERVICE_UNAVAILABLE, "not ready: stopping, or no upstream takes data\n".into()),
        },
        (&Method::GET | &Method::HEAD, _) => (StatusCode::NOT_FOUND, "/ /metrics /readyz /healthz\n".into()),
        _ => (StatusCode::METHOD_NOT_ALLOWED, "GET\n".into()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = code;
    let kind = match request.uri().path() {
        "/" => "text/html; charset=utf-8",
        "/style.css" => "text/css; charset=utf-8",
        "/metrics" => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, status::POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
