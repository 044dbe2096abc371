//! What the two sides ask of each other, from the configuration.

use super::handshake::SharedKey;

/// What a listener asks of its senders.
#[derive(Clone)]
pub struct ServerTerms {
    /// The key they must know, if there is one.
    pub key: Option<SharedKey>,
    /// Our name.
    pub host: String,
}

/// What an upstream asks of us, and we of it.
#[derive(Clone)]
pub struct ClientTerms {
    /// The key it must know, if there is one.
    pub key: Option<SharedKey>,
    /// Our name.
    pub host: String,
    /// Whether it is to acknowledge messages whose sender does not ask.
    pub acknowledge: bool,
}

/// A name that no other program of this machine has: two sides of one name are a mistake.
pub fn own_host() -> String {
    format!("logveil.{}", rustix::system::uname().nodename().to_string_lossy())
}
