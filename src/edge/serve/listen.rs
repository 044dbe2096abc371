//! Listeners: taking connections until it is time to stop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::bound::Bound;
use super::connection::{Connection, Peer, Wire};
use super::datagram::{self, Mouth};
use super::flight::Batch;
use super::fluent::{self, heartbeat};
use super::numbers::{Level, Reason};
use super::reload::live::Live;
use super::settings::Listen;
use super::shared::Shared;
use super::upstream::keep_alive;

/// How long to wait when the system has no connection to give.
const PAUSE: Duration = Duration::from_millis(100);

/// What listeners need to run.
#[derive(Clone)]
pub struct Ground {
    /// What is shared.
    pub shared: Arc<Shared>,
    /// Where batches go.
    pub queue: UnboundedSender<Batch>,
    /// Connections that are open.
    pub tasks: TaskTracker,
}

impl Ground {
    fn listen(&self, listener: usize) -> &Listen {
        &self.shared.settings.listen[listener]
    }

    fn mouth(&self, listener: usize) -> Mouth {
        Mouth::new(self.shared.clone(), self.queue.clone(), listener)
    }

    /// Runs a listener until it is time to stop.
    ///
    /// # Errors
    /// When the runtime does not take the socket.
    pub fn run(&self, listener: usize, bound: Bound) -> io::Result<()> {
        let ground = self.clone();
        match bound {
            Bound::Tcp(l) => {
                let l = TcpListener::from_std(l)?;
                if self.listen(listener).fluent.is_some() {
                    self.tasks.spawn(heartbeat::answer(self.shared.clone(), listener, l.local_addr()?));
                }
                self.tasks.spawn(async move { ground.accept_tcp(listener, l).await });
            }
            Bound::Unix(l, unlink) => {
                l.set_nonblocking(true)?;
                let l = UnixListener::from_std(l)?;
                self.tasks.spawn(async move {
                    ground.accept_unix(listener, l).await;
                    drop(unlink);
                });
            }
            Bound::Udp(s) => {
                let s = UdpSocket::from_std(s)?;
                self.tasks.spawn(datagram::udp(ground.mouth(listener), s));
            }
            Bound::UnixDatagram(s, unlink) => {
                s.set_nonblocking(true)?;
                let s = UnixDatagram::from_std(s)?;
                self.tasks.spawn(async move {
                    datagram::unix(ground.mouth(listener), s).await;
                    drop(unlink);
                });
            }
        }
        Ok(())
    }

    async fn accept_tcp(self, listener: usize, l: TcpListener) {
        loop {
            let accepted = tokio::select! {
                // What the kernel has taken for us is ours, even when it is time to stop.
                biased;
                accepted = l.accept() => accepted,
                () = self.shared.stop.cancelled() => return,
            };
            let (tcp, peer) = match accepted {
                Ok((tcp, at)) => (tcp, Peer { listener, name: at.to_string() }),
                Err(e) => {
                    self.cannot(listener, &e).await;
                    continue;
                }
            };
            let Some(place) = self.place(&peer) else { continue };
            let _ = keep_alive(&tcp).and_then(|()| tcp.set_nodelay(true));
            let tls = self.listen(listener).tls.as_ref().map(Live::get);
            let ground = self.clone();
            match tls {
                None => _ = self.tasks.spawn(ground.connection(tcp, peer, place)),
                Some(tls) => {
                    let acceptor = TlsAcceptor::from(tls.0);
                    self.tasks.spawn(async move { ground.handshake(acceptor, tcp, peer, place).await });
                }
            }
        }
    }

    async fn accept_unix(self, listener: usize, l: UnixListener) {
        loop {
            let accepted = tokio::select! {
                // What the kernel has taken for us is ours, even when it is time to stop.
                biased;
                accepted = l.accept() => accepted,
                () = self.shared.stop.cancelled() => return,
            };
            match accepted {
                Ok((unix, _)) => {
                    let pid = unix.peer_cred().ok().and_then(|c| c.pid());
                    let name = pid.map_or_else(|| "unix".to_owned(), |pid| format!("process {pid}"));
                    let peer = Peer { listener, name };
                    if let Some(place) = self.place(&peer) {
                        self.tasks.spawn(self.clone().connection(unix, peer, place));
                    }
                }
                Err(e) => self.cannot(listener, &e).await,
            }
        }
    }

    /// A connection that cannot be taken: the peer's fault, or there are too many files.
    async fn cannot(&self, listener: usize, e: &io::Error) {
        self.shared.turn_away(listener, "unknown", Reason::Broken, &format!("cannot accept: {}", e.kind()));
        tokio::time::sleep(PAUSE).await;
    }

    fn place(&self, peer: &Peer) -> Option<OwnedSemaphorePermit> {
        let place = self.shared.places.clone().try_acquire_owned().ok();
        if place.is_none() {
            self.shared.turn_away(peer.listener, &peer.name, Reason::Connections, "too many connections; closed");
        }
        place
    }

    async fn handshake(self, acceptor: TlsAcceptor, tcp: TcpStream, peer: Peer, place: OwnedSemaphorePermit) {
        let limit = self.shared.settings.limits.handshake;
        let (reason, why) = match timeout(limit, acceptor.accept(tcp)).await {
            Ok(Ok(tls)) => return self.connection(Box::new(tls), peer, place).await,
            Ok(Err(e)) => (Reason::Handshake, format!("TLS handshake failed: {e}")),
            Err(_) => (Reason::HandshakeTime, "TLS handshake took longer than handshake-seconds".into()),
        };
        self.shared.turn_away(peer.listener, &peer.name, reason, &why);
    }

    async fn connection(self, wire: impl Wire, peer: Peer, place: OwnedSemaphorePermit) {
        let numbers = &self.shared.numbers.listen[peer.listener];
        numbers.accepted.inc();
        let _open = Level::up(&numbers.connections);
        if self.listen(peer.listener).fluent.is_some() {
            fluent::connection::Connection::new(wire, peer, self.shared.clone(), self.queue.clone()).run().await;
        } else {
            Connection::new(wire, peer, self.shared.clone(), self.queue.clone()).run().await;
        }
        drop(place);
    }
}
