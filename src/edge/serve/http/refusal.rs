//! What is answered where a request is not sent on, or no answer came.

/// Why there is no answer of the upstream's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The body is more than `message-bytes`.
    Large,
    /// More would come of what is compressed than may.
    Inflated,
    /// The body is not what it is said to be.
    Malformed(&'static str),
    /// A body that nobody here can read.
    Unsupported(&'static str),
    /// Its secrets cannot be masked without breaking a signature.
    Signed,
    /// There was no room, or no upstream took a connection, in `hold-seconds`.
    Busy(&'static str),
    /// The body did not come in time.
    Slow,
    /// The head did not end in time.
    Late,
    /// The sender broke off.
    Gone,
    /// The upstream broke off before it answered: it may have taken the request.
    Broken,
    /// The upstream did not answer in `answer-seconds`.
    Silent,
    /// Not one of the listener's paths.
    Path,
    /// A gRPC method that is not in the table.
    Method,
    /// The connection was to become something else.
    Upgrade,
    /// A proxy of connections was asked for.
    Connect,
}

impl Refusal {
    /// The status of HTTP.
    pub fn status(self) -> u16 {
        match self {
            Refusal::Large | Refusal::Inflated => 413,
            Refusal::Malformed(_) | Refusal::Signed | Refusal::Gone => 400,
            Refusal::Unsupported(_) => 415,
            Refusal::Busy(_) => 503,
            Refusal::Slow | Refusal::Late => 408,
            Refusal::Broken => 502,
            Refusal::Silent => 504,
            Refusal::Path | Refusal::Method => 404,
            Refusal::Upgrade => 501,
            Refusal::Connect => 405,
        }
    }

    /// The status of gRPC, whose clients send again what is UNAVAILABLE (14) alone.
    pub fn grpc_status(self) -> u16 {
        match self {
            // RESOURCE_EXHAUSTED without details is for good.
            Refusal::Large | Refusal::Inflated => 8,
            Refusal::Malformed(_) | Refusal::Signed | Refusal::Unsupported(_) | Refusal::Gone => 3,
            Refusal::Busy(_) => 14,
            // Whether it was taken nobody knows: the sender decides, as for any broken connection.
            Refusal::Broken => 14,
            Refusal::Slow | Refusal::Late | Refusal::Silent => 4,
            Refusal::Path | Refusal::Method | Refusal::Upgrade | Refusal::Connect => 12,
        }
    }

    /// What is said; no content.
    pub fn said(self) -> &'static str {
        match self {
            Refusal::Large => "the body is over message-bytes; nothing of it left",
            Refusal::Inflated => "the body becomes too large when it is unpacked; nothing of it left",
            Refusal::Malformed(what) | Refusal::Unsupported(what) | Refusal::Busy(what) => what,
            Refusal::Signed => "the body holds a secret and is signed: sign behind logveil",
            Refusal::Slow => "the body took longer than slow-seconds",
            Refusal::Late => "a request's head took longer than slow-seconds, or the first one 10 s; closed",
            Refusal::Gone => "the sender broke off within the body",
            Refusal::Broken => "the upstream broke the connection before it answered",
            Refusal::Silent => "the upstream did not answer in answer-seconds",
            Refusal::Path => "there is nothing at this path",
            Refusal::Method => {
                "only Export of OTLP's logs, traces and metrics and Push of Loki's Pusher are known here"
            }
            Refusal::Upgrade => "connections cannot become anything else here",
            Refusal::Connect => "this is no proxy of connections",
        }
    }

    /// Whether the sender should come again soon.
    pub fn retry(self) -> bool {
        matches!(self, Refusal::Busy(_))
    }
}
