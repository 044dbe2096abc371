//! Why something is not taken, by the names that metrics have.

/// Why a connection was turned away or ended, or something in it was not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// There were too many.
    Connections,
    /// The TLS handshake failed, the certificate's name included.
    Handshake,
    /// The TLS handshake took too long.
    HandshakeTime,
    /// Nothing came for too long.
    Idle,
    /// A record took too long.
    Slow,
    /// It looked like UTF-16.
    Encoding,
    /// A count was expected and something else came; it was read as lines.
    Misframed,
    /// The connection broke.
    Broken,
    /// It was still sending when the time to drain was over.
    Drain,
    /// What came is no message of its protocol.
    Malformed,
    /// A message was larger than may be.
    MessageSize,
    /// What was compressed would have become larger than may be.
    Inflated,
    /// It did not know the shared key.
    SharedKey,
    /// It ended within a message.
    Unfinished,
    /// It began as no log text does.
    Foreign,
    /// A body that nobody here can read.
    Unsupported,
    /// A body with a secret was signed.
    Signed,
    /// There was no room, or no upstream, for as long as a request may wait.
    Busy,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 18] = [
        Reason::Connections,
        Reason::Handshake,
        Reason::HandshakeTime,
        Reason::Idle,
        Reason::Slow,
        Reason::Encoding,
        Reason::Misframed,
        Reason::Broken,
        Reason::Drain,
        Reason::Malformed,
        Reason::MessageSize,
        Reason::Inflated,
        Reason::SharedKey,
        Reason::Unfinished,
        Reason::Foreign,
        Reason::Unsupported,
        Reason::Signed,
        Reason::Busy,
    ];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Connections => "connections",
            Reason::Handshake => "handshake",
            Reason::HandshakeTime => "handshake-time",
            Reason::Idle => "idle",
            Reason::Slow => "slow",
            Reason::Encoding => "encoding",
            Reason::Misframed => "misframed",
            Reason::Broken => "broken",
            Reason::Drain => "drain",
            Reason::Malformed => "malformed",
            Reason::MessageSize => "message-size",
            Reason::Inflated => "inflated",
            Reason::SharedKey => "shared-key",
            Reason::Unfinished => "unfinished",
            Reason::Foreign => "foreign",
            Reason::Unsupported => "unsupported",
            Reason::Signed => "signed",
            Reason::Busy => "busy",
        }
    }
}
