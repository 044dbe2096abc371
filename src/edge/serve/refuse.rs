//! What is said of, and to, those whose bytes are not taken.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::lane::Refused;
use super::numbers::reason::Reason;

/// For who speaks HTTP to a listener of records.
const ANSWER: &str = "This port takes log records over plain TCP (syslog, or lines), not HTTP. Nothing was taken. \
                      Use the sender's syslog or TCP output.\n";

/// Why a stream or a datagram was not taken, for numbers and log lines.
pub fn said(why: Refused) -> (Reason, String) {
    match why {
        Refused::Wide => {
            let what = "looks like UTF-16 or UTF-32, in which secrets would be missed: send UTF-8; none of it left";
            (Reason::Encoding, what.to_owned())
        }
        Refused::Foreign(foreign) => {
            let (name, cure) = (foreign.name, foreign.cure);
            let pass = "foreign = \"pass\" of the listener has it judged as the bytes it is";
            (Reason::Foreign, format!("looks like {name}; none of it left: {cure}; {pass}"))
        }
    }
}

/// What a log line says of a limit.
pub fn limit(reason: Reason) -> &'static str {
    match reason {
        Reason::Slow => {
            "a record took longer than slow-seconds; closed, what came of it is sent on. If the sender writes neither \
             line feed nor NUL behind a record, give the listener flush-after"
        }
        Reason::Idle => "nothing came for idle-seconds; closed",
        Reason::Drain => "was still sending when it was time to end; closed",
        _ => "closed",
    }
}

/// Answers a request of HTTP and waits until the peer has closed: what it still sends would break the
/// connection before it has read the answer.
///
/// # Errors
/// Those of the connection.
pub async fn answer(wire: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    let head = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n";
    let answer = format!("{head}Content-Length: {}\r\n\r\n{ANSWER}", ANSWER.len());
    wire.write_all(answer.as_bytes()).await?;
    wire.flush().await?;
    wire.shutdown().await?;
    let mut scratch = [0; 4096];
    while wire.read(&mut scratch).await? > 0 {
        scratch.fill(0);
        std::hint::black_box(&scratch);
    }
    Ok(())
}
