//! Sockets that a service manager has bound for us and keeps when we end (`LISTEN_FDS`, as systemd and
//! others pass them): whoever connects between one process and the next waits, and is not refused.

use std::env;
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener};

use listenfd::ListenFd;

use super::bound::{Bound, Kind};
use super::settings::Address;

/// Sockets that were passed and that nobody has taken yet, with their names.
pub struct Handed(Vec<(String, Kind)>);

impl Handed {
    /// Those of this process. Must run before there are threads: what says so is taken out of the
    /// environment, so that no child takes them for its own.
    ///
    /// # Errors
    /// When one is no socket that records come through.
    pub fn from_env() -> io::Result<Handed> {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut fds = ListenFd::from_env();
        let mut names = names.split(':');
        let mut all = Vec::new();
        for i in 0..fds.len() {
            let name = names.next().unwrap_or_default().to_owned();
            let wrong = || io::Error::other(format!("socket {i} (`{name}`) is no listener that can be used"));
            let kind = kind(&mut fds, i)?.ok_or_else(wrong)?;
            all.push((name, kind));
        }
        Ok(Handed(all))
    }

    /// The socket that is called `name`, or that is bound where `address` says.
    ///
    /// # Errors
    /// When the one that is called so is of another kind.
    pub fn take(&mut self, name: &str, address: &Address) -> io::Result<Option<Bound>> {
        let Some(at) = self.place(name, |kind| kind.is_at(address)) else { return Ok(None) };
        if !self.0[at].1.fits(address) {
            return Err(io::Error::other(format!("the service manager's socket of that name is no {address}")));
        }
        let (_, kind) = self.0.swap_remove(at);
        kind.unblock()?;
        Ok(Some(Bound { kind, kept: true }))
    }

    fn place(&self, name: &str, is_there: impl Fn(&Kind) -> bool) -> Option<usize> {
        let named = self.0.iter().position(|(n, _)| !name.is_empty() && n == name);
        named.or_else(|| self.0.iter().position(|(_, kind)| is_there(kind)))
    }

    /// The name and address of one that nobody has taken: who connects to it would wait for ever.
    pub fn left(&self) -> Option<String> {
        self.0.first().map(|(name, kind)| format!("`{name}` ({})", kind.shown()))
    }
}

/// Takes descriptor `i` as what it is.
fn kind(fds: &mut ListenFd, i: usize) -> io::Result<Option<Kind>> {
    type Take = fn(&mut ListenFd, usize) -> io::Result<Option<Kind>>;
    let ways: [Take; 4] = [
        |fds, i| Ok(fds.take_tcp_listener(i)?.map(|s: TcpListener| Kind::Tcp(s))),
        |fds, i| Ok(fds.take_unix_listener(i)?.map(|s: UnixListener| Kind::Unix(s, None))),
        |fds, i| Ok(fds.take_udp_socket(i)?.map(|s: UdpSocket| Kind::Udp(s))),
        |fds, i| Ok(fds.take_unix_datagram(i)?.map(|s: UnixDatagram| Kind::UnixDatagram(s, None))),
    ];
    for way in ways {
        match way(fds, i) {
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => {}
            taken => return taken,
        }
    }
    Ok(None)
}
