//! Sockets, bound before files are shut away.

use std::io;
use std::net::{self, ToSocketAddrs};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net as unix;
use std::path::{Path, PathBuf};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

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

/// Removes a socket's file when dropped.
pub struct Unlink(PathBuf);

impl Drop for Unlink {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Bound {
    /// Binds a listener.
    ///
    /// # Errors
    /// Why not.
    pub fn new(address: &Address) -> io::Result<Bound> {
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
                free(path, |path| unix::UnixStream::connect(path).map(drop))?;
                let listener = unix::UnixListener::bind(path)?;
                Bound::Unix(listener, Unlink(path.clone()))
            }
            Address::UnixDatagram(path) => {
                free(path, |path| unix::UnixDatagram::unbound()?.connect(path))?;
                let socket = unix::UnixDatagram::bind(path)?;
                Bound::UnixDatagram(socket, Unlink(path.clone()))
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
fn free(path: &Path, connect: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let is_socket = path.symlink_metadata().is_ok_and(|m| m.file_type().is_socket());
    if is_socket && connect(path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused) {
        std::fs::remove_file(path)?;
    }
    Ok(())
}
