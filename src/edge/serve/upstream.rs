//! Connections to upstreams.

use std::fs;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::connection::Wire;
use super::fluent::ack::Answers;
use super::fluent::greet;
use super::reload::live::Live;
use super::settings::{Address, Upstream};

/// The most a peer's kernel keeps for it unread, where ours does not say what is usual.
const PEER_BYTES: u64 = 6 << 20;
/// What our kernel takes ahead of what it has sent: it would be lost with the connection, and what
/// is still ours is not.
const UNSENT_BYTES: u32 = 128 << 10;
/// Plaintext and records that TLS may hold back.
const TLS_BYTES: u64 = 128 << 10;
/// Written to a file at once.
const FILE_BYTES: usize = 64 << 10;
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
    /// What it says has arrived, where the forward protocol is spoken.
    answers: Option<Answers>,
    /// Whether everything that is written to it is acknowledged.
    confirms: bool,
}

impl Link {
    /// Connects.
    ///
    /// # Errors
    /// Why not.
    pub async fn connect(upstream: &Upstream) -> io::Result<Link> {
        let (mut wire, window): (Box<dyn Wire>, u64) = match &upstream.address {
            Address::Tcp(to) => (Box::new(tcp(to).await?), at_risk()),
            Address::Tls(to) => {
                let tls = upstream.tls.as_ref().map(Live::get).ok_or_else(|| io::Error::other("no TLS settings"))?;
                let tcp = tcp(to).await?;
                let connector = TlsConnector::from(tls.config);
                (Box::new(connector.connect(tls.name, tcp).await?), at_risk() + TLS_BYTES)
            }
            Address::Unix(path) => {
                let unix = UnixStream::connect(path).await?;
                let window = SockRef::from(&unix).send_buffer_size().unwrap_or(PEER_BYTES as usize) as u64;
                (Box::new(unix), window)
            }
            Address::Stdout => {
                // A descriptor of its own: the runtime's standard output has a buffer by lines.
                let stdout = io::stdout().as_fd().try_clone_to_owned()?;
                (Box::new(file(fs::File::from(stdout))), FILE_BYTES as u64)
            }
            Address::File(path) => {
                let opened = fs::OpenOptions::new().append(true).create(true).open(path)?;
                (Box::new(file(opened)), FILE_BYTES as u64)
            }
            Address::Udp(_) | Address::UnixDatagram(_) => return Err(io::ErrorKind::Unsupported.into()),
        };
        if let Some(terms) = &upstream.fluent {
            greet::upstream(&mut wire, terms).await?;
        }
        let answers = upstream.fluent.as_ref().map(|_| Answers::default());
        let confirms = upstream.fluent.as_ref().is_some_and(|terms| terms.acknowledge);
        Ok(Link { wire, written: 0, since: Instant::now(), window, answers, confirms })
    }

    /// At most so many of the bytes written did not arrive, should it break now.
    pub fn unconfirmed(&self) -> u64 {
        // What is not acknowledged is sent again.
        if self.confirms { 0 } else { self.written.min(self.window) }
    }

    /// Writes of the slices what goes; with none it flushes. Collectors of records never send: what
    /// comes is passed over, and the end of it is an error. An acknowledgement that comes while
    /// nothing goes is worth coming back for.
    pub async fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        std::future::poll_fn(|cx| {
            self.poll_alive(cx)?;
            if slices.is_empty() {
                return Pin::new(&mut self.wire).poll_flush(cx).map_ok(|()| 0);
            }
            let written = match Pin::new(&mut self.wire).poll_write_vectored(cx, slices) {
                Poll::Pending if self.has_news() => return Poll::Ready(Ok(0)),
                written => std::task::ready!(written)?,
            };
            self.written += written as u64;
            Poll::Ready(if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(written) })
        })
        .await
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
    pub async fn close(mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| Pin::new(&mut self.wire).poll_shutdown(cx)).await?;
        self.gone().await;
        Ok(())
    }
}

async fn tcp(to: &str) -> io::Result<TcpStream> {
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

/// A file as a connection that says nothing until it is closed.
struct Silent {
    file: tokio::fs::File,
    closed: bool,
}

fn file(file: fs::File) -> Silent {
    let mut file = tokio::fs::File::from_std(file);
    file.set_max_buf_size(FILE_BYTES);
    Silent { file, closed: false }
}

impl AsyncRead for Silent {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.closed { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl AsyncWrite for Silent {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.file).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.closed = true;
        self.poll_flush(cx)
    }
}
