//! The handshake, over a connection.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::handshake::{self, MESSAGE_BYTES_MAX, SharedKey};
use super::incoming::Incoming;
use super::terms::{ClientTerms, ServerTerms};
use crate::edge::serve::wire::Wire;

/// Read at once.
const READ_BYTES: usize = 512;

/// Shows an upstream that we know the key, and has it show that too.
///
/// # Errors
/// When the connection breaks, or the upstream does not do as it should.
pub async fn upstream(wire: &mut impl Wire, terms: &ClientTerms) -> io::Result<()> {
    let Some(key) = &terms.key else { return Ok(()) };
    let salt = handshake::salt().map_err(io::Error::other)?;
    let helo = value(wire).await?;
    let asked = handshake::ping(&helo, &terms.host, &salt, key).map_err(io::Error::other)?;
    send(wire, &asked.ping).await?;
    let pong = value(wire).await?;
    asked.pong(&pong, &terms.host, &salt, key).map_err(io::Error::other)
}

/// Has a sender show that it knows the key. False: it does not.
///
/// # Errors
/// When the connection breaks, or what comes is no handshake.
pub async fn sender(wire: &mut impl Wire, terms: &ServerTerms, key: &SharedKey) -> io::Result<bool> {
    let nonce = handshake::salt().map_err(io::Error::other)?;
    send(wire, &handshake::helo(&nonce)).await?;
    let ping = value(wire).await?;
    let Ok((pong, known)) = handshake::pong(&ping, &nonce, &terms.host, key) else { return Ok(false) };
    send(wire, &pong).await?;
    Ok(known)
}

async fn send(wire: &mut impl Wire, bytes: &[u8]) -> io::Result<()> {
    wire.write_all(bytes).await?;
    wire.flush().await
}

/// The next value, and nothing behind it: both sides wait for each other.
async fn value(wire: &mut impl Wire) -> io::Result<Vec<u8>> {
    let mut incoming = Incoming::new(MESSAGE_BYTES_MAX);
    loop {
        match incoming.whole() {
            Ok(Some(len)) if len == incoming.held() => return Ok(incoming.value(len).to_vec()),
            Ok(None) => {}
            _ => return Err(io::Error::other("what came is no message of a handshake")),
        }
        if wire.read_buf(incoming.room(READ_BYTES)).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
