//! What senders of datagrams have left open: a key block that is logged line by line comes as many. Pure.

use std::net::{IpAddr, SocketAddr};

use super::lane::Lane;
use crate::engine::redactor::Redactor;

/// Senders with something open that are told apart; those that come then share a lane.
const SENDERS_MAX: usize = 256;
/// Bytes of others' datagrams after which a sender has nothing open any more.
const SILENT_BYTES_MAX: u64 = 16 << 20;

/// The lanes in which something is open.
pub struct Senders<K> {
    open: Vec<Open<K>>,
    /// Bytes of datagrams that came.
    clock: u64,
}

/// A lane, and who writes in it.
pub struct Open<K> {
    /// None where it is whoever found no place of their own.
    from: Option<K>,
    /// Its lane.
    pub lane: Lane,
    at: u64,
}

impl<K> Default for Senders<K> {
    fn default() -> Senders<K> {
        Senders { open: Vec::new(), clock: 0 }
    }
}

impl<K: PartialEq> Senders<K> {
    /// A datagram of so many bytes begins: in the lane where its sender has left something open, whose rules are
    /// `rules` from the next record on, or in a new one.
    pub fn enter(&mut self, from: K, bytes: usize, rules: &Redactor, new: impl FnOnce(&Redactor) -> Lane) -> Open<K> {
        self.clock += bytes as u64;
        let clock = self.clock;
        self.open.retain(|open| clock - open.at <= SILENT_BYTES_MAX);
        let from = Some(from);
        let place = |from: &Option<K>| self.open.iter().position(|open| open.from == *from);
        // While something is open in the shared lane it may be of anybody who has none of their own.
        match place(&from).or_else(|| place(&None)) {
            Some(place) => {
                let mut open = self.open.swap_remove(place);
                open.lane.renew(rules);
                open
            }
            None => Open { from: from.filter(|_| self.open.len() < SENDERS_MAX), lane: new(rules), at: clock },
        }
    }

    /// It has ended.
    pub fn leave(&mut self, open: Open<K>) {
        if !open.lane.is_between() {
            self.open.push(Open { at: self.clock, ..open });
        }
    }
}

/// Who sends a datagram over UDP: a host, whose programs its records' headers tell apart, whatever socket each record
/// comes from; where they have no header, one of its ports.
pub fn by_udp(from: SocketAddr, datagram: &[u8]) -> (IpAddr, Option<u16>) {
    (from.ip(), (!says_who(datagram)).then(|| from.port()))
}

/// Whether it begins as a header of syslog does that says who writes: with a time, behind the priority.
fn says_who(datagram: &[u8]) -> bool {
    let behind = |end: usize| &datagram[end + 1..];
    let digits = datagram.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    let is_priority = datagram.first() == Some(&b'<') && datagram.get(1 + digits) == Some(&b'>');
    let text = if is_priority { behind(1 + digits) } else { datagram };
    let text = text.strip_prefix(b"1 ").unwrap_or(text);
    let fits = |shape: &[u8]| {
        text.len() > shape.len()
            && text.iter().zip(shape).all(|(b, of)| match of {
                b'A' => b.is_ascii_alphabetic(),
                b'9' => b.is_ascii_digit() || *b == b' ',
                of => b == of,
            })
    };
    fits(b"AAA 99 99:99:99") || fits(b"9999-99-99T99:99:99")
}

#[cfg(test)]
mod tests {
    use super::{SENDERS_MAX, SILENT_BYTES_MAX, Senders, by_udp};
    use crate::edge::serve::lane::Lane;
    use crate::engine::redactor::Redactor;

    const BODY: &str = "MIIbx9Qz4aQ9zaQ9zaQ9zaQ9zaQ9zaQ9zaQ9z";

    /// What a datagram leaves as.
    fn sent(senders: &mut Senders<usize>, from: usize, text: &str) -> String {
        let new = |rules: &Redactor| Lane::datagram(rules, None, 1 << 20);
        let mut open = senders.enter(from, text.len(), &Redactor::builtin(), new);
        let mut out = Vec::new();
        open.lane.begin_datagram(true);
        open.lane.push(text.as_bytes(), &mut out).unwrap_or_else(|_| panic!("it is text"));
        open.lane.end_datagram(&mut out);
        senders.leave(open);
        String::from_utf8(out).unwrap()
    }

    fn mark(what: &str) -> String {
        format!("-----{what} {}", "PRIVATE KEY-----")
    }

    /// Of a program that opens a socket for each record a header says that it is the same.
    #[test]
    fn a_header_or_a_port_tells_senders_apart() {
        let same = |one: &str, other: &str| {
            let at = |port: u16, text: &str| by_udp(([127, 0, 0, 1], port).into(), text.as_bytes());
            at(1, one) == at(2, other)
        };
        for headed in [
            "<13>Oct 11 22:14:15 host app[42]: text",
            "<13>Oct  1 22:14:15 app: text",
            "Oct 11 22:14:15 host app: text",
            "<13>1 2024-10-11T22:14:15.003Z host app 42 ID - text",
            "2024-10-11T22:14:15Z host app: text",
        ] {
            assert!(same(headed, headed), "{headed}");
        }
        for bare in ["<13>text", "text", "", "<13", "<13>1 - host app - - - text", "{\"host\":\"h\"}", "<13>1 text"] {
            assert!(!same(bare, bare), "{bare}");
        }
    }

    /// However many there are, and whatever others write between.
    #[test]
    fn blocks_of_many_senders_in_turns_are_masked() {
        for many in [1, 2, SENDERS_MAX, SENDERS_MAX + 9] {
            let mut senders = Senders::default();
            let mut all = |text: &str| (0..many).map(|from| sent(&mut senders, from, text)).collect::<String>();
            assert_eq!(all(&mark("BEGIN")).matches("-----BEGIN").count(), many);
            for _ in 0..12 {
                let out = all(BODY);
                assert!(!out.contains("MIIb"), "of {many}: {out}");
                assert_eq!(out.lines().count(), many);
            }
            assert_eq!(all(&mark("END")).matches("-----END").count(), many);
            assert_eq!(all(BODY).matches("MIIb").count(), many, "nothing is open any more");
            assert!(senders.open.is_empty());
        }
    }

    /// Prose of others ends no block, and stays.
    #[test]
    fn prose_of_another_sender_ends_no_block() {
        let mut senders = Senders::default();
        sent(&mut senders, 1, &mark("BEGIN"));
        for _ in 0..100 {
            assert!(!sent(&mut senders, 1, BODY).contains("MIIb"));
            assert_eq!(sent(&mut senders, 2, "took 12 ms, all is well"), "took 12 ms, all is well\n");
        }
    }

    /// Whoever never writes the end is forgotten.
    #[test]
    fn a_sender_that_never_comes_back_is_forgotten() {
        let mut senders = Senders::default();
        sent(&mut senders, 1, &mark("BEGIN"));
        let long = "took 12 ms, all is well; ".repeat(2_000);
        for _ in 0..=SILENT_BYTES_MAX as usize / long.len() {
            assert_eq!(senders.open.len(), 1);
            sent(&mut senders, 2, &long);
        }
        assert!(senders.open.is_empty());
    }
}
