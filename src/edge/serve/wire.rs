//! What carries a connection, and who is at the other end of it.

use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::{client, server};

/// What carries a connection.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    /// Its end, when it is dropped, is to be told to a peer that never looks: the next thing that it
    /// writes fails. An end that is only said (a FIN) lets TCP take one write more, which is lost. A Unix
    /// socket tells by itself. False: there is something in its socket that nobody has read yet; true is to be
    /// followed by the drop at once, since what comes in between is lost.
    fn break_off(&self) -> bool {
        true
    }
}

impl Wire for TcpStream {
    fn break_off(&self) -> bool {
        let _ = SockRef::from(self).set_linger(Some(Duration::ZERO));
        rustix::io::ioctl_fionread(self).unwrap_or(0) == 0
    }
}

impl Wire for UnixStream {}

impl Wire for server::TlsStream<TcpStream> {
    fn break_off(&self) -> bool {
        self.get_ref().0.break_off()
    }
}

impl Wire for client::TlsStream<TcpStream> {
    fn break_off(&self) -> bool {
        self.get_ref().0.break_off()
    }
}

impl<W: Wire + ?Sized> Wire for Box<W> {
    fn break_off(&self) -> bool {
        (**self).break_off()
    }
}

/// Who is at the other end, and where it came in.
pub struct Peer {
    /// The listener's place in the settings.
    pub listener: usize,
    /// For log lines.
    pub name: String,
}
