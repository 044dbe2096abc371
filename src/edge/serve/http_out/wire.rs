//! A connection to an upstream that answers: HTTP/1.1, or HTTP/2 for gRPC, which knows nothing else.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;

use crate::edge::serve::live::Live;
use crate::edge::serve::settings::{Address, Upstream};
use crate::edge::serve::upstream::{accepted, tcp};
use crate::edge::serve::wire::Wire;

/// A request whose body is at hand.
pub type Ask = Request<Full<Bytes>>;

/// How often a connection of HTTP/2 that waits for answers is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);
/// The longest head of an answer.
const HEAD_BYTES: usize = 64 << 10;

/// A connection that takes requests.
pub enum Line {
    /// One at a time.
    One(http1::SendRequest<Full<Bytes>>),
    /// Many at a time.
    Many(http2::SendRequest<Full<Bytes>>),
}

/// What came of a request.
pub enum Sent {
    /// The upstream answers.
    Answer(Response<Incoming>),
    /// Nothing of it was sent: it may be sent elsewhere.
    Not(Box<Ask>),
    /// It may have arrived.
    Perhaps,
}

impl Line {
    /// Connects.
    ///
    /// # Errors
    /// Why not.
    pub async fn open(upstream: &Upstream, grpc: bool) -> io::Result<Line> {
        let wire: Box<dyn Wire> = match &upstream.address {
            Address::Tcp(to) => Box::new(tcp(to).await?),
            Address::Tls(to) => {
                let tls = upstream.tls.as_ref().map(Live::get).ok_or_else(|| io::Error::other("no TLS settings"))?;
                let mut config = (*tls.config).clone();
                config.alpn_protocols = vec![if grpc { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
                let mut wire = TlsConnector::from(Arc::new(config)).connect(tls.name, tcp(to).await?).await?;
                accepted(&mut wire).await?;
                Box::new(wire)
            }
            Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        let wire = TokioIo::new(wire);
        if grpc {
            let mut many = http2::Builder::new(TokioExecutor::new());
            many.timer(TokioTimer::new()).keep_alive_interval(PING).keep_alive_timeout(PING / 2);
            let (line, connection) = many.handshake(wire).await.map_err(io::Error::other)?;
            tokio::spawn(connection);
            return Ok(Line::Many(line));
        }
        let mut one = http1::Builder::new();
        one.max_buf_size(HEAD_BYTES);
        let (line, connection) = one.handshake(wire).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(Line::One(line))
    }

    /// Whether it takes a request.
    pub fn is_open(&self) -> bool {
        match self {
            Line::One(line) => line.is_ready(),
            Line::Many(line) => line.is_ready(),
        }
    }

    /// Waits until the answer has been read; false: it ended.
    pub async fn again(&mut self) -> bool {
        match self {
            Line::One(line) => line.ready().await.is_ok(),
            Line::Many(line) => line.ready().await.is_ok(),
        }
    }

    /// Sends a request once.
    pub async fn send(&mut self, ask: Ask) -> Sent {
        let sent = match self {
            Line::One(line) => line.try_send_request(ask).await,
            Line::Many(line) => line.try_send_request(ask).await,
        };
        match sent {
            Ok(answer) => Sent::Answer(answer),
            Err(mut failed) => match failed.take_message() {
                Some(ask) => Sent::Not(Box::new(ask)),
                None => Sent::Perhaps,
            },
        }
    }
}

/// Makes a request fit an upstream: where it goes, and what the upstream is called there.
pub fn address(ask: &mut Ask, upstream: &Upstream, grpc: bool) {
    let Some(terms) = &upstream.http else { return };
    let own = ask.uri().path_and_query().map_or("/", |p| p.as_str());
    let path = format!("{}{own}", terms.prefix);
    let host = match &terms.host {
        Some(host) => HeaderValue::from_str(host).ok(),
        None => ask.headers().get(HOST).cloned(),
    };
    let host = host.unwrap_or_else(|| HeaderValue::from_static("localhost"));
    let scheme = if upstream.tls.is_some() { "https" } else { "http" };
    let whole = Uri::builder().scheme(scheme).authority(host.as_bytes()).path_and_query(path.as_str()).build();
    if grpc {
        *ask.version_mut() = Version::HTTP_2;
        ask.headers_mut().remove(HOST);
        *ask.uri_mut() = whole.unwrap_or_default();
    } else {
        *ask.version_mut() = Version::HTTP_11;
        ask.headers_mut().insert(HOST, host);
        *ask.uri_mut() = path.parse().unwrap_or_default();
    }
}
