//! Sockets, bound before files are shut away.

use std::io;
use std::net::{self, ToSocketAddrs};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net as unix;
use std::path::{Path, PathBuf};

use socket2::{Domain, Protocol, SockAddr, SockFilter, SockRef, Socket, Type};

use super::access::Access;
use super::kernel::Drops;
use super::settings::Address;

/// Connections the kernel keeps for us.
const BACKLOG: i32 = 1024;
/// Asked for from the kernel for datagrams that wait.
const DATAGRAM_BUFFER_BYTES: usize = 4 << 20;

/// A bound socket.
pub struct Bound {
    /// It.
    pub kind: Kind,
    /// Whether somebody keeps it when we end: who connects then waits for the next process.
    pub kept: bool,
}

/// Which kind of socket it is; files of Unix sockets are removed at the end, if we made them.
pub enum Kind {
    /// TCP or TLS.
    Tcp(net::TcpListener),
    /// A Unix stream socket.
    Unix(unix::UnixListener, Option<Unlink>),
    /// A Unix datagram socket.
    UnixDatagram(unix::UnixDatagram, Option<Unlink>),
    /// UDP.
    Udp(net::UdpSocket),
}

impl Kind {
    /// Whether it is what an address of this scheme needs.
    pub fn fits(&self, address: &Address) -> bool {
        matches!(
            (self, address),
            (Kind::Tcp(_), Address::Tcp(_) | Address::Tls(_))
                | (Kind::Udp(_), Address::Udp(_))
                | (Kind::Unix(..), Address::Unix(_))
                | (Kind::UnixDatagram(..), Address::UnixDatagram(_))
        )
    }

    /// Whether it is bound there: at the same port, and at the same host or at all of them.
    pub fn is_at(&self, address: &Address) -> bool {
        let inet = |at: io::Result<net::SocketAddr>, to: &str| {
            let at = at.ok()?;
            let same = |to: net::SocketAddr| to.port() == at.port() && (to.ip() == at.ip() || at.ip().is_unspecified());
            to.to_socket_addrs().ok()?.any(same).then_some(())
        };
        self.fits(address)
            && match (self, address) {
                (Kind::Tcp(s), Address::Tcp(to) | Address::Tls(to)) => inet(s.local_addr(), to).is_some(),
                (Kind::Udp(s), Address::Udp(to)) => inet(s.local_addr(), to).is_some(),
                (Kind::Unix(s, _), Address::Unix(to)) => {
                    s.local_addr().is_ok_and(|at| at.as_pathname() == Some(to.as_path()))
                }
                (Kind::UnixDatagram(s, _), Address::UnixDatagram(to)) => {
                    s.local_addr().is_ok_and(|at| at.as_pathname() == Some(to.as_path()))
                }
                _ => false,
            }
    }

    /// Where it is bound, for messages.
    pub fn shown(&self) -> String {
        let path = |at: io::Result<unix::SocketAddr>| {
            at.ok().and_then(|at| at.as_pathname().map(|path| path.display().to_string())).unwrap_or_default()
        };
        match self {
            Kind::Tcp(s) => s.local_addr().map(|at| format!("tcp://{at}")).unwrap_or_default(),
            Kind::Udp(s) => s.local_addr().map(|at| format!("udp://{at}")).unwrap_or_default(),
            Kind::Unix(s, _) => format!("unix://{}", path(s.local_addr())),
            Kind::UnixDatagram(s, _) => format!("unix-datagram://{}", path(s.local_addr())),
        }
    }

    /// No call on it waits.
    ///
    /// # Errors
    /// Those of the system.
    pub fn unblock(&self) -> io::Result<()> {
        match self {
            Kind::Tcp(s) => s.set_nonblocking(true),
            Kind::Udp(s) => s.set_nonblocking(true),
            Kind::Unix(s, _) => s.set_nonblocking(true),
            Kind::UnixDatagram(s, _) => s.set_nonblocking(true),
        }
    }
}

/// Removes a socket's file when dropped, unless another one has taken its place: that of the process
/// that came after this one.
pub struct Unlink {
    path: PathBuf,
    made: Option<(u64, u64)>,
}

impl Unlink {
    /// Of a socket that was bound just now.
    fn of(path: &Path) -> Unlink {
        Unlink { path: path.to_owned(), made: identity(path) }
    }
}

impl Drop for Unlink {
    fn drop(&mut self) {
        if self.made.is_some() && identity(&self.path) == self.made {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Which file stands at a path.
fn identity(path: &Path) -> Option<(u64, u64)> {
    path.symlink_metadata().ok().map(|m| (m.dev(), m.ino()))
}

impl Bound {
    /// Binds a listener; with `beside`, also where another process has bound one so.
    ///
    /// # Errors
    /// Why not.
    pub fn new(address: &Address, access: Access, beside: bool) -> io::Result<Bound> {
        let kind = match address {
            Address::Tcp(to) | Address::Tls(to) => Kind::Tcp(tcp(to, beside)?),
            Address::Udp(to) => {
                let socket = each_address(to, |at| {
                    let socket = Socket::new(Domain::for_address(*at), Type::DGRAM, Some(Protocol::UDP))?;
                    // As much as the system allows.
                    let _ = socket.set_recv_buffer_size(DATAGRAM_BUFFER_BYTES);
                    socket.set_reuse_port(beside)?;
                    socket.bind(&SockAddr::from(*at))?;
                    Ok(socket)
                })?;
                Kind::Udp(socket.into())
            }
            Address::Unix(path) => {
                let (listener, unlink) = at_path(address, path, access, beside, |at| unix::UnixListener::bind(at))?;
                Kind::Unix(listener, Some(unlink))
            }
            Address::UnixDatagram(path) => {
                let (socket, unlink) = at_path(address, path, access, beside, |at| unix::UnixDatagram::bind(at))?;
                Kind::UnixDatagram(socket, Some(unlink))
            }
            Address::Stdout | Address::File(_) => return Err(io::ErrorKind::Unsupported.into()),
        };
        kind.unblock()?;
        Ok(Bound { kind, kept: false })
    }

    /// What the kernel drops of it.
    pub fn drops(&self) -> Option<Drops> {
        match &self.kind {
            Kind::Udp(s) => Drops::of(s),
            _ => None,
        }
    }

    /// Where it listens: the port that was given where none was named.
    pub fn address(&self, asked: &Address) -> String {
        let at = match &self.kind {
            Kind::Tcp(l) => l.local_addr(),
            Kind::Udp(s) => s.local_addr(),
            Kind::Unix(..) | Kind::UnixDatagram(..) => return asked.to_string(),
        };
        let scheme = match asked {
            Address::Tls(_) => "tls",
            Address::Udp(_) => "udp",
            _ => "tcp",
        };
        at.map_or_else(|_| asked.to_string(), |at| format!("{scheme}://{at}"))
    }
}

/// A listener for TCP; with `beside`, also where another process has bound one so.
///
/// # Errors
/// Why not.
pub fn tcp(to: &str, beside: bool) -> io::Result<net::TcpListener> {
    let socket = each_address(to, |at| {
        let socket = Socket::new(Domain::for_address(*at), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(beside)?;
        socket.bind(&SockAddr::from(*at))?;
        socket.listen(BACKLOG)?;
        Ok(socket)
    })?;
    Ok(socket.into())
}

/// The new connections of a TCP listener are left to the process that has bound the same address beside
/// this one: their first packet (SYN without ACK) is not taken, and comes again a second later, when this
/// listener is gone. What is half connected by now is still taken. A listener that is closed outright
/// would turn away what reaches it meanwhile.
///
/// # Errors
/// Those of the system.
pub fn leave_to_other(listener: SockRef<'_>) -> io::Result<()> {
    const FLAGS_AT: u32 = 13;
    const SYN: u32 = 0x02;
    const SYN_OR_ACK: u32 = 0x12;
    // Load the flags, and them, compare; take nothing of the packet, or all of it.
    listener.attach_filter(&[
        SockFilter::new(0x30, 0, 0, FLAGS_AT),
        SockFilter::new(0x54, 0, 0, SYN_OR_ACK),
        SockFilter::new(0x15, 0, 1, SYN),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ])
}

/// Binds a Unix socket; with `beside`, in the place of the one that another process listens at, which keeps
/// what has come to it.
fn at_path<T>(
    address: &Address,
    path: &Path,
    access: Access,
    beside: bool,
    bind: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<(T, Unlink)> {
    if !beside {
        free(address, path)?;
        return Ok((access.around(path, || bind(path))?, Unlink::of(path)));
    }
    let made = path.with_file_name(format!(".{}", std::process::id()));
    let socket = access.around(&made, || bind(&made))?;
    std::fs::rename(&made, path)?;
    Ok((socket, Unlink::of(path)))
}

fn each_address(to: &str, bind: impl Fn(&net::SocketAddr) -> io::Result<Socket>) -> io::Result<Socket> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for at in to.to_socket_addrs()? {
        match bind(&at) {
            Ok(socket) => {
                socket.set_nonblocking(true)?;
                return Ok(socket);
            }
            Err(e) => last = e,
        }
    }
    Err(last)
}

/// Takes away the socket of an instance that is gone; one that answers stays.
fn free(address: &Address, path: &Path) -> io::Result<()> {
    let is_socket = path.symlink_metadata().is_ok_and(|m| m.file_type().is_socket());
    if is_socket && connect(address).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused) {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// Whether a Unix socket is in use.
pub fn answers(address: &Address) -> bool {
    connect(address).is_ok()
}

fn connect(address: &Address) -> io::Result<()> {
    match address {
        Address::Unix(path) => unix::UnixStream::connect(path).map(drop),
        Address::UnixDatagram(path) => unix::UnixDatagram::unbound()?.connect(path),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}
