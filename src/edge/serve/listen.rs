//! Listeners: taking connections until it is time to stop.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::SockRef;

use tokio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::bound::{Bound, Kind, leave_to_other};
use super::connection::Connection;
use super::datagram::{self, Mouth};
use super::flight::Batch;
use super::fluent_in::{self, heartbeat};
use super::http_in;
use super::http_in::hall::Hall;
use super::live::Live;
use super::numbers::Level;
use super::numbers::reason::Reason;
use super::settings::Listen;
use super::shared::Shared;
use super::upstream::keep_alive;
use super::wire::{Peer, Wire};

/// How long to wait when the system has no connection to give.
const PAUSE: Duration = Duration::from_millis(100);
/// How long one that comes while all places are taken waits for one: those who have ended, and were not read to
/// their end yet, give theirs.
const PLACE: Duration = Duration::from_secs(1);
/// How long a listener that leaves its address to another process takes what is half connected.
const HALF_CONNECTED: Duration = Duration::from_millis(300);

/// What listeners need to run.
#[derive(Clone)]
pub struct Ground {
    /// What is shared.
    pub shared: Arc<Shared>,
    /// Where batches of records go, and messages of the forward protocol.
    pub queues: [UnboundedSender<Batch>; 2],
    /// Where requests go.
    pub hall: Arc<Hall>,
    /// Connections that are open.
    pub tasks: TaskTracker,
}

/// Whether somebody has waited for a place in vain: nobody else waits then until one is free.
#[derive(Default)]
struct Full(bool);

impl Ground {
    fn listen(&self, listener: usize) -> &Listen {
        &self.shared.settings.listen[listener]
    }

    fn mouth<K: PartialEq>(&self, listener: usize) -> Mouth<K> {
        Mouth::new(self.shared.clone(), self.queue(listener), listener)
    }

    fn queue(&self, listener: usize) -> UnboundedSender<Batch> {
        self.queues[usize::from(self.listen(listener).fluent.is_some())].clone()
    }

    /// Runs a listener until it is time to stop.
    ///
    /// # Errors
    /// When the runtime does not take the socket.
    pub fn run(&self, listener: usize, bound: Bound) -> io::Result<()> {
        let ground = self.clone();
        let kept = bound.kept;
        match bound.kind {
            Kind::Tcp(l) => {
                let l = TcpListener::from_std(l)?;
                if self.listen(listener).fluent.is_some() {
                    self.tasks.spawn(heartbeat::answer(self.shared.clone(), listener, l.local_addr()?));
                }
                self.tasks.spawn(async move { ground.accept_tcp(listener, l, kept).await });
            }
            Kind::Unix(l, unlink) => {
                let l = UnixListener::from_std(l)?;
                self.tasks.spawn(async move {
                    ground.accept_unix(listener, l, kept).await;
                    drop(unlink);
                });
            }
            Kind::Udp(s) => {
                let s = UdpSocket::from_std(s)?;
                self.tasks.spawn(datagram::udp(ground.mouth(listener), s));
            }
            Kind::UnixDatagram(s, unlink) => {
                let s = UnixDatagram::from_std(s)?;
                self.tasks.spawn(async move {
                    datagram::unix(ground.mouth(listener), s).await;
                    drop(unlink);
                });
            }
        }
        Ok(())
    }

    /// The next connection, until it is time to stop. What is kept by a service manager is left to the
    /// next process then; of what is ours all is taken that the kernel has taken for us, and where
    /// another process has bound the address, too, `leave` leaves to it what comes from then on. What
    /// the runtime has not heard of yet is not taken here: behind the last one the kernel itself is asked.
    async fn next<T>(
        &self,
        kept: bool,
        closing: &mut Option<Instant>,
        accept: impl Future<Output = T>,
        leave: impl FnOnce() -> bool,
    ) -> Option<T> {
        let stop = &self.shared.stop;
        if kept && stop.is_cancelled() {
            return None;
        }
        tokio::pin!(accept);
        let mut leave = Some(leave);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled(), if kept => return None,
                accepted = &mut accept => return Some(accepted),
                () = stop.cancelled(), if closing.is_none() => {
                    if !leave.take().is_some_and(|leave| leave()) {
                        return None;
                    }
                    *closing = Some(Instant::now() + HALF_CONNECTED);
                }
                () = async { if let Some(at) = *closing { sleep_until(at.into()).await } }, if closing.is_some() => return None,
            }
        }
    }

    async fn accept_tcp(self, listener: usize, l: TcpListener, kept: bool) {
        let (mut closing, mut full) = (None, Full::default());
        let leave = || self.shared.settings.hand_over && leave_to_other(SockRef::from(&l)).is_ok();
        while let Some(accepted) = self.next(kept, &mut closing, l.accept(), leave).await {
            match accepted {
                Ok((tcp, at)) => self.take_tcp(listener, tcp, at, &mut full).await,
                Err(e) => self.cannot(listener, &e).await,
            }
        }
        if !kept && let Ok(l) = l.into_std() {
            for (tcp, at) in std::iter::from_fn(|| l.accept().ok()) {
                if let Ok(tcp) = tcp.set_nonblocking(true).and_then(|()| TcpStream::from_std(tcp)) {
                    self.take_tcp(listener, tcp, at, &mut full).await;
                }
            }
        }
    }

    async fn take_tcp(&self, listener: usize, tcp: TcpStream, at: SocketAddr, full: &mut Full) {
        let peer = Peer { listener, name: at.to_string() };
        let Some(place) = self.place(&peer, full).await else { return };
        let _ = keep_alive(&tcp).and_then(|()| tcp.set_nodelay(true));
        let tls = self.listen(listener).tls.as_ref().map(Live::get);
        let ground = self.clone();
        match tls {
            None => ground.connection(tcp, peer, place),
            Some(tls) => {
                let acceptor = TlsAcceptor::from(tls.config);
                self.tasks.spawn(async move { ground.handshake(acceptor, tcp, peer, place).await });
            }
        }
    }

    async fn accept_unix(self, listener: usize, l: UnixListener, kept: bool) {
        let (mut closing, mut full) = (None, Full::default());
        // Whoever had found the other's file by now may still be on its way in.
        let leave = || self.shared.settings.hand_over;
        while let Some(accepted) = self.next(kept, &mut closing, l.accept(), leave).await {
            match accepted {
                Ok((unix, _)) => self.take_unix(listener, unix, &mut full).await,
                Err(e) => self.cannot(listener, &e).await,
            }
        }
        if !kept && let Ok(l) = l.into_std() {
            for (unix, _) in std::iter::from_fn(|| l.accept().ok()) {
                if let Ok(unix) = unix.set_nonblocking(true).and_then(|()| UnixStream::from_std(unix)) {
                    self.take_unix(listener, unix, &mut full).await;
                }
            }
        }
    }

    async fn take_unix(&self, listener: usize, unix: UnixStream, full: &mut Full) {
        let pid = unix.peer_cred().ok().and_then(|c| c.pid());
        let name = pid.map_or_else(|| "unix".to_owned(), |pid| format!("process {pid}"));
        let peer = Peer { listener, name };
        if let Some(place) = self.place(&peer, full).await {
            self.clone().connection(unix, peer, place);
        }
    }

    /// A connection that cannot be taken: the peer's fault, or there are too many files.
    async fn cannot(&self, listener: usize, e: &io::Error) {
        self.shared.turn_away(listener, "unknown", Reason::Broken, &format!("cannot accept: {}", e.kind()));
        tokio::time::sleep(PAUSE).await;
    }

    async fn place(&self, peer: &Peer, full: &mut Full) -> Option<OwnedSemaphorePermit> {
        let places = &self.shared.places;
        let place = match places.clone().try_acquire_owned() {
            Ok(place) => Some(place),
            Err(_) if full.0 => None,
            Err(_) => timeout(PLACE, places.clone().acquire_owned()).await.ok().and_then(Result::ok),
        };
        full.0 = place.is_none();
        if place.is_none() {
            self.shared.turn_away(peer.listener, &peer.name, Reason::Connections, "too many connections; closed");
        }
        place
    }

    async fn handshake(self, acceptor: TlsAcceptor, tcp: TcpStream, peer: Peer, place: OwnedSemaphorePermit) {
        let limit = self.shared.settings.limits.handshake;
        let (reason, why) = match timeout(limit, acceptor.accept(tcp)).await {
            Ok(Ok(tls)) => return self.connection(Box::new(tls), peer, place),
            Ok(Err(e)) => (Reason::Handshake, format!("TLS handshake failed: {e}")),
            Err(_) => (Reason::HandshakeTime, "TLS handshake took longer than handshake-seconds".into()),
        };
        self.shared.turn_away(peer.listener, &peer.name, reason, &why);
    }

    /// Runs a connection in a task of its own kind: one that waits is not to take the room of one that works.
    fn connection(self, wire: impl Wire + 'static, peer: Peer, place: OwnedSemaphorePermit) {
        let numbers = &self.shared.numbers.listen[peer.listener];
        numbers.accepted.inc();
        let open = (Level::up(&numbers.connections), place);
        let (queue, shared, listen) = (self.queue(peer.listener), self.shared.clone(), self.listen(peer.listener));
        // Made within its task, which would else have room for it twice.
        if listen.fluent.is_some() {
            self.tasks.spawn(async move {
                let _open = open;
                fluent_in::connection::Connection::new(wire, peer, shared, queue).run().await;
            });
        } else if listen.http.is_some() {
            let hall = self.hall.clone();
            self.tasks.spawn(async move {
                let _open = open;
                http_in::connection::run(wire, peer, hall).await;
            });
        } else {
            self.tasks.spawn(async move {
                let _open = open;
                Connection::new(wire, peer, shared, queue).run().await;
            });
        }
    }
}
