//! Calls of gRPC over HTTP/2 in the clear, with trailers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

use crate::http_kit::between;
use crate::kit::{SECRET, clean};

const LABEL: &str = "[REDACTED:password]";
pub const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

fn len(number: u8, body: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, body.len() as u8][..], body].concat()
}

/// A call of one record.
pub fn call(secret: &str) -> Vec<u8> {
    let attribute = [len(1, b"db.password"), len(2, &len(1, secret.as_bytes()))].concat();
    let message = len(1, &len(2, &len(2, &len(6, &attribute))));
    [&[0][..], &(message.len() as u32).to_be_bytes(), &message].concat()
}

type Parts = Vec<Result<Frame<Bytes>, Infallible>>;

/// Iterates over what is at hand.
struct Given(std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>);

impl hyper::body::Body for Given {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        std::task::Poll::Ready(self.0.next())
    }
}

async fn upstream() -> (SocketAddr, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (tell, got) = channel();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let tell = tell.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let tell = tell.clone();
                async move {
                    assert_eq!(request.headers()["te"], "trailers");
                    let body = request.into_body().collect().await.unwrap().to_bytes().to_vec();
                    clean(&body);
                    tell.send(body).unwrap();
                    let trailers: HeaderMap =
                        [("grpc-status".parse().unwrap(), HeaderValue::from_static("14"))].into_iter().collect();
                    let parts: Parts =
                        vec![Ok(Frame::data(Bytes::from_static(&[0; 5]))), Ok(Frame::trailers(trailers))];
                    Ok::<_, Infallible>(Response::new(Given(parts.into_iter())))
                }
            });
            let many = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(many.serve_connection(TokioIo::new(tcp), service));
        }
    });
    (at, got)
}

#[test]
fn calls_are_masked_and_their_status_comes_back() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (at, got) = runtime.block_on(upstream());
    let sidecar = between(&[at], "", "", "");
    runtime.block_on(async {
        let tcp = TcpStream::connect(sidecar.port(0)).await.unwrap();
        let (mut line, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tcp)).await.unwrap();
        tokio::spawn(connection);
        let ask = |path: &str, body: Vec<u8>| {
            let head = Request::post(format!("http://x{path}")).header("content-type", "application/grpc");
            head.header("te", "trailers").body(Full::new(Bytes::from(body))).unwrap()
        };
        let answer = line.send_request(ask(LOGS, call(SECRET))).await.unwrap();
        let answer = answer.into_body().collect().await.unwrap();
        assert_eq!(answer.trailers().unwrap()["grpc-status"], "14");
        assert_eq!(answer.to_bytes(), vec![0; 5]);
        assert_eq!(got.recv().unwrap(), call(LABEL));
        // Not known; no call; refused in the words of gRPC, whose HTTP is well.
        for (path, body, status) in [("/x.Y/Z", call(SECRET), "12"), (LOGS, vec![0, 0, 0, 0, 9], "3")] {
            let answer = line.send_request(ask(path, body)).await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.headers()["grpc-status"].to_str().unwrap()), (200, status));
        }
    });
    assert!(got.try_recv().is_err());
    let (code, log) = sidecar.end();
    assert_eq!(code, 0, "{log}");
    drop(runtime);
}
