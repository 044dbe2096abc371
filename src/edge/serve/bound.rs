//! Sockets, bound before files are shut away.

use std::io;
use std::net::{self, ToSocketAddrs};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net as unix;
use std::path::{Path, PathBuf};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::access::Access;
use super::drops::Drops;
use super::settings::Address;

/// Connections the kernel keeps for us.
const BACKLOG: i32 = 1024;
/// Asked for from the kernel for datagrams that wait.
const DATAGRAM_BUFFER_BYTES: usize = 4 << 20;

/// A bound socket.
pub enum Bound {
    /// TCP or TLS.
    Tcp(net::TcpListener),
    /// A Unix stream socket.
    Unix(unix::UnixListener, Unlink),
    /// A Unix datagram socket.
    UnixDatagram(unix::UnixDatagram, Unlink),
    /// UDP.
    Udp(net::UdpSocket),
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
    /// Binds a listener.
    ///
    /// # Errors
    /// Why not.
    pub fn new(address: &Address, access: Access) -> io::Result<Bound> {
        Ok(match address {
            Address::Tcp(to) | Address::Tls(to) => {
                let socket = each_address(to, |at| {
                    let socket = Socket::new(Domain::for_address(*at), Type::STREAM, Some(Protocol::TCP))?;
                    socket.set_reuse_address(true)?;
                    socket.bind(&SockAddr::from(*at))?;
                    socket.listen(BACKLOG)?;
                    Ok(socket)
                })?;
                Bound::Tcp(socket.into())
            }
            Address::Udp(to) => {
                let socket = each_address(to, |at| {
                    let socket = Socket::new(Domain::for_address(*at), Type::DGRAM, Some(Protocol::UDP))?;
                    // As much as the system allows.
                    let _ = socket.set_recv_buffer_size(DATAGRAM_BUFFER_BYTES);
                    socket.bind(&SockAddr::from(*at))?;
                    Ok(socket)
                })?;
                Bound::Udp(socket.into())
            }
            Address::Unix(path) => {
                free(address, path)?;
                let listener = access.around(path, || unix::UnixListener::bind(path))?;
                Bound::Unix(listener, Unlink::of(path))
            }
            Address::UnixDatagram(path) => {
                free(address, path)?;
                let socket = access.around(path, || unix::UnixDatagram::bind(path))?;
                Bound::UnixDatagram(socket, Unlink::of(path))
            }
            Address::Stdout | Address::File(_) => return Err(io::ErrorKind::Unsupported.into()),
        })
    }

    /// What the kernel drops of it.
    pub fn drops(&self) -> Option<Drops> {
        match self {
            Bound::Udp(s) => Drops::of(s),
            _ => None,
        }
    }

    /// Where it listens: the port that was given where none was named.
    pub fn address(&self, asked: &Address) -> String {
        let at = match self {
            Bound::Tcp(l) => l.local_addr(),
            Bound::Udp(s) => s.local_addr(),
            Bound::Unix(..) | Bound::UnixDatagram(..) => return asked.to_string(),
        };
        let scheme = match asked {
            Address::Tls(_) => "tls",
            Address::Udp(_) => "udp",
            _ => "tcp",
        };
        at.map_or_else(|_| asked.to_string(), |at| format!("{scheme}://{at}"))
    }
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
