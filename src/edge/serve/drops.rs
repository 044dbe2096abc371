//! Datagrams that the kernel dropped because we were too slow: it keeps count, by socket.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

/// The tables of UDP sockets, opened before files are shut away.
const TABLES: [&str; 2] = ["/proc/self/net/udp", "/proc/self/net/udp6"];

/// Asks for one socket's drops.
pub struct Drops {
    tables: Vec<File>,
    inode: String,
}

impl Drops {
    /// Of this socket; None where the system does not say.
    pub fn of(socket: impl AsFd) -> Option<Drops> {
        let inode = rustix::fs::fstat(socket).ok()?.st_ino.to_string();
        Some(Drops { tables: TABLES.iter().filter_map(|t| File::open(t).ok()).collect(), inode })
    }

    /// So many since the socket was bound.
    pub fn count(&self) -> Option<u64> {
        self.tables.iter().find_map(|table| count(&whole(table)?, &self.inode))
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

/// The last column of the line whose tenth is the inode.
fn count(table: &str, inode: &str) -> Option<u64> {
    let line = table.lines().skip(1).find(|l| l.split_whitespace().nth(9) == Some(inode))?;
    line.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Drops, count};

    #[test]
    fn the_kernels_table_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            12: 0100007F:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 17\n";
        assert_eq!(count(table, "4711"), Some(17));
        assert_eq!(count(table, "47"), None);
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(Drops::of(&socket).unwrap().count(), Some(0));
    }
}
