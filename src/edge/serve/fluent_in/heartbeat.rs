//! UDP heartbeats: a byte of zero is answered by one.
//!
//! Forward Protocol Specification v1.5, "Heartbeat Message".

use std::net::{SocketAddr, UdpSocket as Bound};
use std::sync::Arc;

use tokio::net::UdpSocket;

use crate::edge::serve::shared::Shared;

const BEAT: [u8; 1] = [0];

/// Answers at the address of a TCP listener until it is time to stop. Who cannot have that address
/// goes without: the protocol asks for it, but no sender of today depends on it.
pub async fn answer(shared: Arc<Shared>, listener: usize, at: SocketAddr) {
    let bound = Bound::bind(at).and_then(|socket| {
        socket.set_nonblocking(true)?;
        UdpSocket::from_std(socket)
    });
    let socket = match bound {
        Ok(socket) => socket,
        Err(e) => {
            let name = &shared.settings.listen[listener].name;
            tracing::warn!(listener = %name, address = %at, reason = %e, "UDP heartbeats are not answered");
            return;
        }
    };
    let mut buffer = [0; 16];
    loop {
        let received = tokio::select! {
            () = shared.stop.cancelled() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        // An error is of an answer that nobody took.
        if let Ok((1, from)) = received
            && buffer[0] == BEAT[0]
            && socket.send_to(&BEAT, from).await.is_ok()
        {
            shared.numbers.listen[listener].heartbeats.inc();
        }
    }
}
