//! What carries a connection, and who is at the other end of it.

use std::net::Shutdown;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::{client, server};

/// What carries a connection.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    /// Its end, when it is dropped, is to be told to a peer that never looks: the next thing that it
    /// writes fails. An end that is only said (a FIN) lets TCP take one write more, which is lost. False:
    /// there is something in its socket that nobody has read yet; true: nothing more will come, as on a wire
    /// that is only written to.
    fn break_off(&self) -> bool {
        true
    }
}

impl Wire for TcpStream {
    fn break_off(&self) -> bool {
        let _ = SockRef::from(self).set_linger(Some(Duration::ZERO));
        let empty = rustix::io::ioctl_fionread(self).unwrap_or(0) == 0;
        // The reset itself, so that nothing but these two calls lies between the look and it.
        let _ = empty.then(|| rustix::net::connect_unspec(self));
        empty
    }
}

impl Wire for UnixStream {
    fn break_off(&self) -> bool {
        // What is written from here on fails, what was written is still there to be read.
        let _ = SockRef::from(self).shutdown(Shutdown::Read);
        rustix::io::ioctl_fionread(self).unwrap_or(0) == 0
    }
}

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
