//! Connections to upstreams.

use std::fs;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ProtocolVersion;

use super::fluent::ack::Answers;
use super::fluent::greet;
use super::kernel::Sent;
use super::live::Live;
use super::outfile::{FILE_BYTES, Opened};
use super::settings::{Address, Upstream};
use super::wire::Wire;

/// The most a peer's kernel keeps for it unread, where ours does not say what is usual.
const PEER_BYTES: u64 = 6 << 20;
/// What our kernel takes ahead of what it has sent: it would be lost with the connection, and what
/// is still ours is not.
const UNSENT_BYTES: u32 = 128 << 10;
/// Plaintext and records that TLS may hold back.
const TLS_BYTES: u64 = 128 << 10;
/// How long a collector that says nothing behind a TLS 1.3 handshake may still refuse us.
const VERDICT: Duration = Duration::from_millis(500);
/// When a silent connection is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A connection to an upstream.
pub struct Link {
    wire: Box<dyn Wire>,
    /// Bytes written.
    pub written: u64,
    /// When it was made.
    pub since: Instant,
    /// Bytes that may be on the way at most.
    window: u64,
    /// What is known of them when the peer has closed its side.
    closed: Closed,
    /// Whether what is written passes through TLS.
    is_tls: bool,
    /// Whether something may be held back above the socket.
    unflushed: bool,
    /// What it says has arrived, where the forward protocol is spoken.
    answers: Option<Answers>,
    /// Whether everything that is written to it is acknowledged.
    confirms: bool,
    /// The file that it is, if it is one.
    file: Option<Box<Opened>>,
}

/// What is known of what was written, when the peer has closed its side in order.
enum Closed {
    /// Its kernel has taken all but so much.
    Asked(Sent),
    /// What is written is with the peer at once.
    HasAll,
    /// Nothing.
    Unknown,
}

impl Closed {
    fn of(tcp: &TcpStream) -> Closed {
        Sent::by(tcp).map_or(Closed::Unknown, Closed::Asked)
    }
}

impl Link {
    /// Connects.
    ///
    /// # Errors
    /// Why not.
    pub async fn connect(upstream: &Upstream) -> io::Result<Link> {
        let mut file = None;
        let (mut wire, window, closed): (Box<dyn Wire>, u64, Closed) = match &upstream.address {
            Address::Tcp(to) => {
                let tcp = tcp(to).await?;
                let closed = Closed::of(&tcp);
                (Box::new(tcp), at_risk(), closed)
            }
            Address::Tls(to) => {
                let tls = upstream.tls.as_ref().map(Live::get).ok_or_else(|| io::Error::other("no TLS settings"))?;
                let tcp = tcp(to).await?;
                let connector = TlsConnector::from(tls.config);
                let mut tls = connector.connect(tls.name, tcp).await?;
                accepted(&mut tls).await?;
                let closed = Closed::of(tls.get_ref().0);
                (Box::new(tls), at_risk() + TLS_BYTES, closed)
            }
            Address::Unix(path) => {
                let unix = UnixStream::connect(path).await?;
                let window = SockRef::from(&unix).send_buffer_size().unwrap_or(PEER_BYTES as usize) as u64;
                (Box::new(unix), window, Closed::HasAll)
            }
            Address::Stdout | Address::File(_) => {
                let opened = match &upstream.address {
                    Address::File(path) => Opened::append(path)?,
                    _ => Opened::stdout()?,
                };
                let window = if opened.keeps() { 0 } else { FILE_BYTES as u64 };
                (Box::new(file.insert(Box::new(opened)).wire()), window, Closed::Unknown)
            }
            Address::Udp(_) | Address::UnixDatagram(_) => return Err(io::ErrorKind::Unsupported.into()),
        };
        if let Some(terms) = &upstream.fluent {
            greet::upstream(&mut wire, terms).await?;
        }
        let answers = upstream.fluent.as_ref().map(|_| Answers::default());
        let confirms = upstream.fluent.as_ref().is_some_and(|terms| terms.acknowledge);
        Ok(Link {
            wire,
            written: 0,
            since: Instant::now(),
            window,
            closed,
            is_tls: upstream.tls.is_some(),
            unflushed: false,
            answers,
            confirms,
            file,
        })
    }

    /// At most so many of the bytes written did not arrive, should it break now. A peer that has `closed`
    /// its side has read what its kernel had taken: a kernel that throws something away breaks the
    /// connection instead.
    pub fn unconfirmed(&self, closed: bool) -> u64 {
        let left = match &self.closed {
            // What is not acknowledged is sent again.
            _ if self.confirms => Some(0),
            _ if !closed || self.unflushed => None,
            Closed::Asked(sent) => sent.unacknowledged(),
            Closed::HasAll => Some(0),
            Closed::Unknown => None,
        };
        self.written.min(left.unwrap_or(self.window))
    }

    /// Writes of the slices what goes; with none it flushes. Collectors of records never send: what
    /// comes is passed over, and the end of it is an error. An acknowledgement that comes while
    /// nothing goes is worth coming back for.
    pub async fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        std::future::poll_fn(|cx| {
            self.poll_alive(cx)?;
            if slices.is_empty() {
                let flushed = Pin::new(&mut self.wire).poll_flush(cx).map_ok(|()| 0);
                self.unflushed &= !matches!(flushed, Poll::Ready(Ok(_)));
                return flushed;
            }
            let written = match Pin::new(&mut self.wire).poll_write_vectored(cx, slices) {
                Poll::Pending if self.has_news() => return Poll::Ready(Ok(0)),
                written => std::task::ready!(written)?,
            };
            (self.written, self.unflushed) = (self.written + written as u64, self.is_tls);
            Poll::Ready(if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(written) })
        })
        .await
    }

    /// The file that it is, if it is one.
    pub fn file(&mut self) -> Option<&mut Opened> {
        self.file.as_deref_mut()
    }

    /// The name of a message that has arrived.
    pub fn arrived(&mut self) -> Option<Vec<u8>> {
        self.answers.as_mut().and_then(Answers::next)
    }

    fn has_news(&self) -> bool {
        self.answers.as_ref().is_some_and(|answers| !answers.is_empty())
    }

    /// Resolves when a message has arrived, or, as an error, when the peer is gone.
    pub async fn news(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| match self.poll_alive(cx) {
            Err(e) => Poll::Ready(Err(e)),
            Ok(()) if self.has_news() => Poll::Ready(Ok(())),
            Ok(()) => Poll::Pending,
        })
        .await
    }

    /// Resolves when the peer is gone.
    pub async fn gone(&mut self) -> io::Error {
        std::future::poll_fn(|cx| match self.poll_alive(cx) {
            Err(e) => Poll::Ready(e),
            Ok(()) => Poll::Pending,
        })
        .await
    }

    fn poll_alive(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut scratch = [0; 512];
        loop {
            let mut read = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.wire).poll_read(cx, &mut read) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(e)) => return Err(e),
                Poll::Ready(Ok(())) if read.filled().is_empty() => {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed by the upstream"));
                }
                Poll::Ready(Ok(())) => {
                    if let Some(answers) = &mut self.answers {
                        answers.push(read.filled()).map_err(io::Error::other)?;
                    }
                }
            }
        }
    }

    /// Says that this is the end and waits until the peer has seen it.
    ///
    /// # Errors
    /// When the peer did not close, but broke the connection: it may not have read what was written.
    pub async fn close(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| Pin::new(&mut self.wire).poll_shutdown(cx)).await?;
        match self.gone().await {
            e if e.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            e => Err(e),
        }
    }
}

/// Waits for a collector's word on our certificate. In TLS 1.3 the handshake is over for us before it
/// has seen one: whoever refuses says so behind it, and whoever takes us mostly sends tickets for the
/// next time. Who says neither for a while has taken us.
///
/// # Errors
/// When it refuses us.
pub async fn accepted(tls: &mut TlsStream<TcpStream>) -> io::Result<()> {
    if tls.get_ref().1.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return Ok(());
    }
    let verdict = std::future::poll_fn(|cx| match Pin::new(&mut *tls).poll_fill_buf(cx).map_ok(<[u8]>::is_empty) {
        Poll::Ready(Ok(true)) => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
        Poll::Ready(Ok(false)) => Poll::Ready(Ok(())),
        Poll::Ready(Err(e)) => Poll::Ready(Err(e)),
        Poll::Pending if tls.get_ref().1.tls13_tickets_received() > 0 => Poll::Ready(Ok(())),
        Poll::Pending => Poll::Pending,
    });
    let refused = |e| io::Error::other(format!("refused behind the TLS handshake, as for a certificate: {e}"));
    timeout(VERDICT, verdict).await.unwrap_or(Ok(())).map_err(refused)
}

/// Connects by TCP.
///
/// # Errors
/// Why not.
pub async fn tcp(to: &str) -> io::Result<TcpStream> {
    let tcp = TcpStream::connect(to).await?;
    tcp.set_nodelay(true)?;
    SockRef::from(&tcp).set_tcp_notsent_lowat(UNSENT_BYTES)?;
    keep_alive(&tcp)?;
    Ok(tcp)
}

/// Has the kernel ask a silent peer whether it is still there.
///
/// # Errors
/// Those of the system.
pub fn keep_alive(tcp: &TcpStream) -> io::Result<()> {
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 6);
    SockRef::from(tcp).set_tcp_keepalive(&keepalive)
}

/// The most that a connection which breaks can take with it: what is on the way and what the peer's
/// process has not read fit into the peer's receive buffer together, and little more is given to
/// our kernel. The peer's buffer is not ours to see; it is taken to be as large as this machine
/// would let one grow. Read once, before files are shut away.
pub fn at_risk() -> u64 {
    static AT_RISK: OnceLock<u64> = OnceLock::new();
    *AT_RISK.get_or_init(|| {
        let grown = fs::read_to_string("/proc/sys/net/ipv4/tcp_rmem").unwrap_or_default();
        let peer = grown.split_whitespace().last().and_then(|n| n.parse().ok()).unwrap_or(PEER_BYTES);
        // A segment more may be begun.
        peer.max(PEER_BYTES) + 2 * u64::from(UNSENT_BYTES)
    })
}
