//! Who knows the shared key: HELO, PING, PONG.
//!
//! Forward Protocol Specification v1.5, "Handshake Messages". User names and passwords besides the
//! key are asked of nobody, and not sent.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA512};
use aws_lc_rs::rand;

use super::Refusal;
use super::msgpack::{Kind, Reader, Token, put_array, put_bin, put_bool, put_map, put_str};

/// The longest message of a handshake.
pub const MESSAGE_BYTES_MAX: usize = 4096;
/// Random bytes in a nonce or salt.
const SALT_BYTES: usize = 16;

/// A key that both sides know.
#[derive(Clone)]
pub struct SharedKey(Vec<u8>);

impl SharedKey {
    /// White space at the ends is not part of it. None: nothing is left.
    pub fn new(material: &[u8]) -> Option<SharedKey> {
        let key = material.trim_ascii();
        (!key.is_empty()).then(|| SharedKey(key.to_vec()))
    }

    /// Tells this key from another, and nothing more.
    pub fn print(&self) -> String {
        blake3::hash(&self.0).to_hex().to_string()
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKey")
    }
}

impl Drop for SharedKey {
    fn drop(&mut self) {
        crate::engine::wipe::wipe(&mut self.0);
    }
}

/// Random bytes, for a nonce or a salt.
///
/// # Errors
/// When the system has none to give.
pub fn salt() -> Result<[u8; SALT_BYTES], &'static str> {
    let mut bytes = [0; SALT_BYTES];
    rand::fill(&mut bytes).map_err(|_| "the system has no random bytes")?;
    Ok(bytes)
}

/// SHA-512 of salt, host, nonce and key, in hexadecimal digits.
fn digest(salt: &[u8], host: &[u8], nonce: &[u8], key: &SharedKey) -> String {
    let mut context = Context::new(&SHA512);
    [salt, host, nonce, &key.0].into_iter().for_each(|part| context.update(part));
    context.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

fn same(digest: &str, given: &[u8]) -> bool {
    verify_slices_are_equal(digest.as_bytes(), given).is_ok()
}

/// A listener's first words.
pub fn helo(nonce: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_array(&mut out, 2);
    put_str(&mut out, b"HELO");
    put_map(&mut out, 3);
    put_str(&mut out, b"nonce");
    put_bin(&mut out, nonce);
    put_str(&mut out, b"auth");
    put_bin(&mut out, b"");
    put_str(&mut out, b"keepalive");
    put_bool(&mut out, true);
    out
}

/// A sender's answer to HELO.
///
/// # Errors
/// When it is no HELO, or asks for what we do not have.
pub fn ping(helo: &[u8], host: &str, salt: &[u8], key: &SharedKey) -> Result<Asked, &'static str> {
    let nonce = nonce(helo).map_err(|_| "it did not begin with HELO: it asks for no shared key")?;
    let Some(nonce) = nonce else {
        return Err("it asks for a user name and password, which are not supported");
    };
    let mut ping = Vec::new();
    put_array(&mut ping, 6);
    put_str(&mut ping, b"PING");
    put_str(&mut ping, host.as_bytes());
    put_bin(&mut ping, salt);
    put_str(&mut ping, digest(salt, host.as_bytes(), &nonce, key).as_bytes());
    put_str(&mut ping, b"");
    put_str(&mut ping, b"");
    Ok(Asked { ping, nonce })
}

/// What an upstream is told, and what its answer is held to.
pub struct Asked {
    /// The message.
    pub ping: Vec<u8>,
    nonce: Vec<u8>,
}

impl Asked {
    /// Looks at the answer.
    ///
    /// # Errors
    /// When it refuses us, or does not know the key itself.
    pub fn pong(&self, pong: &[u8], host: &str, salt: &[u8], key: &SharedKey) -> Result<(), &'static str> {
        const WRONG: &str = "it did not answer PING by PONG";
        let [name, result, _, theirs, given] = parts(pong).map_err(|_| WRONG)?;
        if name.body != b"PONG" {
            return Err(WRONG);
        }
        if result.kind != Kind::Bool(true) {
            return Err("it refuses our shared key");
        }
        // Or our own PING would do for an answer.
        if theirs.body == host.as_bytes() {
            return Err("it has the same name as we do: give one of the two a `hostname` of its own");
        }
        match same(&digest(salt, theirs.body, &self.nonce, key), given.body) {
            true => Ok(()),
            false => Err("it does not know the shared key"),
        }
    }
}

/// A listener's answer to PING: what to send, and whether the sender may go on.
///
/// # Errors
/// When it is no PING.
pub fn pong(ping: &[u8], nonce: &[u8], host: &str, key: &SharedKey) -> Result<(Vec<u8>, bool), Refusal> {
    let [name, theirs, salt, given, _, _] = parts(ping)?;
    if name.body != b"PING" {
        return Err(Refusal::Malformed("no PING"));
    }
    let ok = same(&digest(salt.body, theirs.body, nonce, key), given.body);
    let mut out = Vec::new();
    put_array(&mut out, 5);
    put_str(&mut out, b"PONG");
    put_bool(&mut out, ok);
    put_str(&mut out, if ok { b"" } else { b"shared_key mismatch" });
    put_str(&mut out, host.as_bytes());
    // Who does not know the key gets nothing to try keys on.
    let proof = if ok { digest(salt.body, host.as_bytes(), nonce, key) } else { String::new() };
    put_str(&mut out, proof.as_bytes());
    Ok((out, ok))
}

/// The parts of an array of so many plain values.
fn parts<const N: usize>(value: &[u8]) -> Result<[Token<'_>; N], Refusal> {
    let wrong = Refusal::Malformed("no message of a handshake");
    let mut reader = Reader(value);
    if reader.token()?.kind != Kind::Array(N as u32) {
        return Err(wrong);
    }
    let mut parts = Vec::with_capacity(N);
    for _ in 0..N {
        let token = reader.token()?;
        if token.children() > 0 {
            return Err(wrong);
        }
        parts.push(token);
    }
    parts.try_into().map_err(|_| wrong)
}

/// The nonce of a HELO; None: it asks for more than a key.
fn nonce(helo: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
    let wrong = Refusal::Malformed("no HELO");
    let mut reader = Reader(helo);
    if reader.token()?.kind != Kind::Array(2) || reader.token()?.body != b"HELO" {
        return Err(wrong);
    }
    let Kind::Map(pairs) = reader.token()?.kind else { return Err(wrong) };
    let mut nonce = None;
    for _ in 0..pairs {
        let (key, value) = (reader.value()?, reader.value()?);
        let (key, value) = (Reader(key).token()?, Reader(value).token()?);
        match key.body {
            b"nonce" => nonce = Some(value.body.to_vec()),
            b"auth" if !value.body.is_empty() => return Ok(None),
            _ => {}
        }
    }
    nonce.map(Some).ok_or(wrong)
}
