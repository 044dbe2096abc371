//! HTTP over TLS, where both sides agree on a version, and over Unix sockets.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::http_grpc::{LOGS, call};
use crate::kit::{PATIENCE, SECRET, Sidecar, clean};
use crate::peers::{certificates, chain, key, roots};

const LABEL: &str = "[REDACTED:password]";
const TEXT: &str = "text/plain";

fn said(secret: &str) -> Vec<u8> {
    format!("login user=alice password={secret} from 203.0.113.9\n").into_bytes()
}

/// An upstream over TLS: how each request came, and its body.
async fn upstream(folder: &Path) -> (SocketAddr, Receiver<(Version, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let mut config = builder.with_single_cert(chain(folder, "server"), key(folder, "server")).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (tell, got) = channel();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(tls) = acceptor.accept(tcp).await else { continue };
            let tell = tell.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let tell = tell.clone();
                async move {
                    let version = request.version();
                    let body = request.into_body().collect().await.unwrap().to_bytes().to_vec();
                    clean(&body);
                    tell.send((version, body)).unwrap();
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"taken"))))
                }
            });
            tokio::spawn(async move {
                let auto = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let _ = auto.serve_connection(TokioIo::new(tls), service).await;
            });
        }
    });
    (at, got)
}

/// Sends by the version that both agree on, of those that are offered: that version, and the answer.
async fn ask(sidecar: &Sidecar, offered: &[&[u8]], path: &str, kind: &str, body: Vec<u8>) -> (Version, Vec<u8>) {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots(sidecar.folder.path())).with_no_client_auth();
    config.alpn_protocols = offered.iter().map(|p| p.to_vec()).collect();
    let tcp = TcpStream::connect(sidecar.port(0)).await.unwrap();
    let tls = TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), tcp).await.unwrap();
    let many = tls.get_ref().1.alpn_protocol() == Some(b"h2");
    let request = Request::post(format!("https://localhost{path}")).header("content-type", kind);
    let request = request.header("te", "trailers").body(Full::new(Bytes::from(body))).unwrap();
    let answer = if many {
        let (mut line, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.unwrap();
        tokio::spawn(connection);
        line.send_request(request).await
    } else {
        let (mut line, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls)).await.unwrap();
        tokio::spawn(connection);
        line.send_request(request).await
    };
    let answer = answer.unwrap();
    (answer.version(), answer.into_body().collect().await.unwrap().to_bytes().to_vec())
}

#[test]
fn over_tls_both_sides_agree_on_a_version() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = certificates();
    let (at, got) = runtime.block_on(upstream(folder.path()));
    let config = format!(
        "[[listen]]\nname = \"in\"\naddress = \"tls://127.0.0.1:0\"\nprotocol = \"http\"\ncertificate = \"server.pem\"\n\
         key = \"server.key\"\n[[upstream]]\naddress = \"https://localhost:{}\"\nprotocol = \"http\"\nca = \"ca.pem\"\n",
        at.port()
    );
    let sidecar = Sidecar::start_in(folder, &config);
    let one: &[u8] = b"http/1.1";
    // Whoever offers both gets the newer one; whoever offers none, the older.
    let cases: [(&[&[u8]], Version); 3] =
        [(&[b"h2", one], Version::HTTP_2), (&[one], Version::HTTP_11), (&[], Version::HTTP_11)];
    for (offered, version) in cases {
        let answer = runtime.block_on(ask(&sidecar, offered, "/raw", TEXT, said(SECRET)));
        assert_eq!(answer, (version, b"taken".to_vec()));
        assert_eq!(got.recv_timeout(PATIENCE).unwrap(), (Version::HTTP_11, said(LABEL)));
    }
    runtime.block_on(ask(&sidecar, &[b"h2"], LOGS, "application/grpc", call(SECRET)));
    assert_eq!(got.recv_timeout(PATIENCE).unwrap(), (Version::HTTP_2, call(LABEL)));
    let (code, log) = sidecar.end();
    assert_eq!(code, 0, "{log}");
    drop(runtime);
}

#[test]
fn unix_sockets_carry_requests_too() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = UnixListener::bind(folder.path().join("upstream")).unwrap();
    let config = "[[listen]]\nname = \"in\"\naddress = \"unix://DIR/in\"\nprotocol = \"http\"\n\
                  [[upstream]]\naddress = \"unix://DIR/upstream\"\nprotocol = \"http\"\n";
    let sidecar = Sidecar::start_in(folder, config);
    let (tell, got) = channel();
    std::thread::spawn(move || {
        for mut unix in upstream.incoming().map_while(Result::ok) {
            let wanted = said(LABEL);
            let mut bytes = Vec::new();
            let mut piece = [0; 4096];
            while !bytes.ends_with(&wanted) {
                match unix.read(&mut piece) {
                    Ok(n @ 1..) => bytes.extend_from_slice(&piece[..n]),
                    _ => break,
                }
            }
            // A look whether somebody is there sends nothing.
            if !bytes.is_empty() {
                let _ = unix.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\ntaken");
                tell.send(bytes).unwrap();
            }
        }
    });
    let mut sender = UnixStream::connect(sidecar.folder.path().join("in")).unwrap();
    sender.set_read_timeout(Some(PATIENCE)).unwrap();
    let body = said(SECRET);
    let head = format!(
        "POST /raw?x=1 HTTP/1.1\r\nHost: logs\r\nContent-Type: {TEXT}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    sender.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    let mut answer = String::new();
    sender.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n") && answer.ends_with("\r\n\r\ntaken"), "{answer}");
    let bytes = got.recv_timeout(PATIENCE).unwrap();
    clean(&bytes);
    assert!(bytes.starts_with(b"POST /raw?x=1 HTTP/1.1\r\n") && bytes.ends_with(&said(LABEL)));
    let (code, log) = sidecar.end();
    assert_eq!(code, 0, "{log}");
}
