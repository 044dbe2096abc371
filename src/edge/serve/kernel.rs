//! What the kernel's tables say of a socket, found by its inode. They are opened before files are shut away.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

const UDP: [&str; 2] = ["/proc/self/net/udp", "/proc/self/net/udp6"];
const TCP: [&str; 2] = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
/// The columns that are asked for.
const QUEUES: usize = 4;
const INODE: usize = 9;

fn open(names: [&str; 2]) -> Vec<File> {
    names.iter().filter_map(|name| File::open(name).ok()).collect()
}

fn inode(socket: impl AsFd) -> Option<String> {
    rustix::fs::fstat(socket).ok().map(|stat| stat.st_ino.to_string())
}

/// Datagrams that the kernel dropped because we were too slow: it keeps count, by socket.
pub struct Drops {
    tables: Vec<File>,
    inode: String,
}

impl Drops {
    /// Of this socket; None where the system does not say.
    pub fn of(socket: impl AsFd) -> Option<Drops> {
        Some(Drops { tables: open(UDP), inode: inode(socket)? })
    }

    /// So many since the socket was bound.
    pub fn count(&self) -> Option<u64> {
        self.tables.iter().find_map(|table| last(line(&whole(table)?, &self.inode)?))
    }
}

fn tcp() -> &'static [File] {
    static TABLES: OnceLock<Vec<File>> = OnceLock::new();
    TABLES.get_or_init(|| open(TCP))
}

/// Opens what is asked for when an upstream closes. Must run before files are shut away.
pub fn prepare() {
    tcp();
}

/// A TCP connection, to be asked of later.
pub struct Sent(String);

impl Sent {
    /// Of this socket.
    pub fn by(socket: impl AsFd) -> Option<Sent> {
        inode(socket).map(Sent)
    }

    /// Bytes that were written to it and that the peer's kernel has not taken; None where the system does
    /// not say.
    pub fn unacknowledged(&self) -> Option<u64> {
        tcp().iter().find_map(|table| queued(line(&whole(table)?, &self.0)?))
    }
}

fn whole(table: &File) -> Option<String> {
    let (mut bytes, mut at) = (vec![0; 64 << 10], 0);
    loop {
        let n = table.read_at(&mut bytes[at..], at as u64).ok()?;
        at += n;
        if n == 0 {
            bytes.truncate(at);
            return String::from_utf8(bytes).ok();
        }
        if at == bytes.len() {
            bytes.resize(at * 2, 0);
        }
    }
}

/// The line of a socket.
fn line<'a>(table: &'a str, inode: &str) -> Option<&'a str> {
    table.lines().skip(1).find(|l| l.split_whitespace().nth(INODE) == Some(inode))
}

/// Its last column.
fn last(line: &str) -> Option<u64> {
    line.split_whitespace().last()?.parse().ok()
}

/// What waits to be sent, of what waits both ways: `00000000:00000000`.
fn queued(line: &str) -> Option<u64> {
    u64::from_str_radix(line.split_whitespace().nth(QUEUES)?.split(':').next()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use super::{Drops, Sent, last, line, queued};

    #[test]
    fn the_kernels_tables_are_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            12: 0100007F:0202 00000000:0000 07 0000000A:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 17\n";
        assert_eq!(line(table, "4711").and_then(last), Some(17));
        assert_eq!(line(table, "4711").and_then(queued), Some(10));
        assert_eq!(line(table, "47"), None);
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(Drops::of(&socket).unwrap().count(), Some(0));
    }

    /// What the peer's kernel has taken is not counted, what it has no room for is.
    #[test]
    fn what_a_peer_has_not_taken_is_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let _peer = listener.accept().unwrap();
        let sent = Sent::by(&tcp).unwrap();
        tcp.write_all(b"some").unwrap();
        assert_eq!(sent.unacknowledged(), Some(0));
        tcp.set_nonblocking(true).unwrap();
        while tcp.write(&[b'x'; 64 << 10]).is_ok() {}
        assert!(sent.unacknowledged().unwrap() > 0);
    }
}
