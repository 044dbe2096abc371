//! TLS, Unix sockets, UDP, files.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};

use crate::kit::{Collector, SECRET, Sidecar, Text, line, read_all};

/// An authority `ca`, a server, clients of several names, and one of another authority.
pub fn certificates() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        write(&format!("{name}.pem"), certificate.pem());
        Issuer::new(params, key)
    };
    let (ca, stranger) = (authority("ca"), authority("stranger"));
    let signed = |name: &str, names: &[&str], by: &Issuer<'_, KeyPair>| {
        let mut params = CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, format!("{name}.common"));
        let key = KeyPair::generate().unwrap();
        write(&format!("{name}.pem"), params.signed_by(&key, by).unwrap().pem());
        write(&format!("{name}.key"), key.serialize_pem());
    };
    signed("server", &["localhost"], &ca);
    signed("app", &["app.example"], &ca);
    signed("plain", &[], &ca);
    signed("other", &["other.example"], &ca);
    signed("forged", &["app.example"], &stranger);
    folder
}

pub fn chain(folder: &Path, name: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(folder.join(format!("{name}.pem"))).unwrap().map(Result::unwrap).collect()
}

pub fn key(folder: &Path, name: &str) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap()
}

pub fn roots(folder: &Path) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(chain(folder, "ca").remove(0)).unwrap();
    roots
}

/// Sends over TLS as `who`; an error where the listener does not take it.
fn send(sidecar: &Sidecar, who: Option<&str>, text: &str) -> std::io::Result<()> {
    let folder = sidecar.folder.path();
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots(folder));
    let config = match who {
        None => builder.with_no_client_auth(),
        Some(name) => builder.with_client_auth_cert(chain(folder, name), key(folder, name)).unwrap(),
    };
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut tls = StreamOwned::new(connection, TcpStream::connect(sidecar.port(0))?);
    tls.write_all(text.as_bytes())?;
    tls.conn.send_close_notify();
    tls.flush()?;
    // TLS 1.3 says only now whether the certificate was good enough.
    tls.read_to_end(&mut Vec::new()).map(drop)
}

fn tls_listener(collector: &Collector, more: &str) -> Sidecar {
    Sidecar::start_in(
        certificates(),
        &format!(
            "[[listen]]\nname = \"in\"\naddress = \"tls://127.0.0.1:0\"\ncertificate = \"server.pem\"\nkey = \"server.key\"\n{more}\n\
             [[upstream]]\naddress = \"tcp://{}\"\n",
            collector.address
        ),
    )
}

#[test]
fn tls_without_client_certificates() {
    let collector = Collector::start();
    let sidecar = tls_listener(&collector, "");
    let (raw, masked) = line(1);
    send(&sidecar, None, &format!("{raw}\n")).unwrap();
    collector.text.wait_is(format!("{masked}\n").as_bytes());
    // What is no TLS is turned away, and nothing of it leaves.
    sidecar.connect(0).write_all(format!("{raw}\n").as_bytes()).unwrap();
    sidecar.wait_number("logveil_rejections_total{listener=\"in\",reason=\"handshake\"}", |n| n == 1.0);
    let (code, _) = sidecar.end();
    assert_eq!(code, 0);
    assert_eq!(collector.text.get(), format!("{masked}\n").as_bytes());
}

#[test]
fn only_named_clients_get_in() {
    let collector = Collector::start();
    let sidecar =
        tls_listener(&collector, "client-ca = \"ca.pem\"\nclient-names = [\"APP.example\", \"plain.common\"]");
    let (raw, masked) = line(1);
    send(&sidecar, Some("app"), &format!("{raw}\n")).unwrap();
    // A certificate without names is known by its common name.
    send(&sidecar, Some("plain"), &format!("{raw}\n")).unwrap();
    for stranger in [None, Some("other"), Some("forged")] {
        assert!(send(&sidecar, stranger, &format!("{raw}\n")).is_err(), "{stranger:?} got in");
    }
    sidecar.wait_number("logveil_rejections_total{listener=\"in\",reason=\"handshake\"}", |n| n == 3.0);
    let (code, log) = sidecar.end();
    assert_eq!(code, 0);
    assert_eq!(log.matches("TLS handshake failed").count(), 3, "{log}");
    assert_eq!(collector.text.get(), format!("{masked}\n").repeat(2).as_bytes());
}

#[test]
fn an_upstream_by_tls_is_who_it_says() {
    for (name, arrives) in [("localhost", true), ("other.example", false)] {
        let folder = certificates();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let (chain, key) = (chain(folder.path(), "server"), key(folder.path(), "server"));
        let config = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let text = Text::default();
        let writer = text.clone();
        std::thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                read_all(StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), tcp), &writer);
            }
        });
        let sidecar = Sidecar::start_in(
            folder,
            &format!(
                "[[listen]]\naddress = \"tcp://127.0.0.1:0\"\n[[upstream]]\nname = \"out\"\naddress = \"tls://{at}\"\nca = \"ca.pem\"\nserver-name = \"{name}\"\n"
            ),
        );
        let (raw, masked) = line(1);
        sidecar.connect(0).write_all(format!("{raw}\n").as_bytes()).unwrap();
        if arrives {
            text.wait_is(format!("{masked}\n").as_bytes());
        } else {
            sidecar.wait_number("logveil_upstream_failures_total{upstream=\"out\"}", |n| n >= 2.0);
            assert_eq!(sidecar.get("/readyz").0, 503);
            assert!(text.get().is_empty());
        }
    }
}

#[test]
fn unix_sockets_at_both_ends() {
    let folder = tempfile::tempdir().unwrap();
    let collector = UnixListener::bind(folder.path().join("out")).unwrap();
    // The socket of an instance that is gone is taken over.
    drop(UnixListener::bind(folder.path().join("in")).unwrap());
    let sidecar = Sidecar::start_in(
        folder,
        "[[listen]]\naddress = \"unix://DIR/in\"\n[[listen]]\nname = \"log\"\naddress = \"unix-datagram://DIR/log\"\n\
         [[upstream]]\naddress = \"unix://DIR/out\"\n",
    );
    let text = Text::default();
    let writer = text.clone();
    std::thread::spawn(move || read_all(collector.accept().unwrap().0, &writer));
    let (raw, masked) = line(1);
    let mut expected = String::new();
    UnixStream::connect(sidecar.folder.path().join("in")).unwrap().write_all(format!("{raw}\n").as_bytes()).unwrap();
    expected += &format!("{masked}\n");
    text.wait_is(expected.as_bytes());
    let socket = UnixDatagram::unbound().unwrap();
    for record in [raw.clone(), format!("{raw}\n"), format!("two\nlines password={SECRET}")] {
        socket.send_to(record.as_bytes(), sidecar.folder.path().join("log")).unwrap();
    }
    // A datagram leaves as one line, whatever is in it.
    expected += &format!("{masked}\n{masked}\ntwo lines password=[REDACTED:password]\n");
    text.wait_is(expected.as_bytes());
    assert_eq!(sidecar.number("logveil_records_total{listener=\"log\"}"), 3.0);
    let path = sidecar.folder.path().join("in");
    assert!(path.exists());
    sidecar.signal("-TERM");
    let mut sidecar = sidecar;
    assert_eq!(sidecar.wait().0, 0);
    assert!(!path.exists(), "the socket's file is left behind");
}

#[test]
fn udp_in_and_a_file_out() {
    let sidecar = Sidecar::start(
        "[[listen]]\nname = \"udp\"\naddress = \"udp://127.0.0.1:0\"\n[[upstream]]\nframing = \"octet\"\naddress = \"file://DIR/clean.log\"\n",
    );
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (raw, masked) = line(1);
    for _ in 0..20 {
        socket.send_to(raw.as_bytes(), sidecar.port(0)).unwrap();
    }
    sidecar.wait_number("logveil_records_total{listener=\"udp\"}", |n| n == 20.0);
    assert_eq!(sidecar.number("logveil_datagrams_dropped_total{listener=\"udp\",by=\"kernel\"}"), 0.0);
    sidecar.wait_number("logveil_queue_bytes", |n| n == 0.0);
    let path = sidecar.folder.path().join("clean.log");
    sidecar.signal("-TERM");
    let mut sidecar = sidecar;
    assert_eq!(sidecar.wait().0, 0);
    assert_eq!(std::fs::read_to_string(path).unwrap(), format!("{} {masked}", masked.len()).repeat(20));
}
