//! Known values that are given while the program runs: a socket on which whoever has our user adds and removes them.
//!
//! A line each, and behind `add` as many bytes as it says; each is answered by a line:
//!
//! ```text
//! add db-password 12
//! tr0ub4dor&3x            -> ok, or refused: it is a common word
//! remove db-password      -> ok, or refused: there is no such value
//! ```

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

use super::keeper::Keeper;
use super::{Place, VALUE_BYTES_MAX, gathered};
use crate::edge::serve::access::Access;
use crate::edge::serve::bound::{Bound, Kind};
use crate::edge::serve::settings::Address;

/// The longest line, in bytes.
const LINE_BYTES_MAX: u64 = 512;

/// Listens at the path for as long as the program runs. One that a program left behind is replaced.
///
/// # Errors
/// Those of the system; another program that listens there.
pub fn listen(path: &Path, keeper: &'static Keeper) -> io::Result<()> {
    let access = Access { mode: Some(0o600), ..Access::default() };
    let bound = Bound::new(&Address::Unix(path.to_owned()), access, false)?;
    let Kind::Unix(listener, unlink) = bound.kind else { return Err(io::ErrorKind::Unsupported.into()) };
    listener.set_nonblocking(false)?;
    let place = Place::Socket(path.to_owned());
    thread::Builder::new().name("known-values".into()).spawn(move || {
        let _file = unlink;
        accept(&listener, keeper, &place);
    })?;
    Ok(())
}

/// One connection after the other: who gives values gives few.
fn accept(listener: &UnixListener, keeper: &Keeper, place: &Place) {
    for connection in listener.incoming() {
        let Ok(connection) = connection else { continue };
        // Whoever is cut off or says what is none is told, as far as it listens, and may come again.
        let _ = greeted(&connection, keeper, place);
    }
}

fn greeted(mut connection: &UnixStream, keeper: &Keeper, place: &Place) -> io::Result<()> {
    let peer = rustix::net::sockopt::socket_peercred(connection)?;
    if peer.uid != rustix::process::geteuid() {
        return connection.write_all(b"refused: not our user\n");
    }
    talk(BufReader::with_capacity(1, connection), connection, keeper, place)
}

/// Does what is asked until the connection ends, or what it asks cannot be understood.
fn talk(mut from: impl BufRead, mut to: impl Write, keeper: &Keeper, place: &Place) -> io::Result<()> {
    loop {
        let mut line = String::new();
        if from.by_ref().take(LINE_BYTES_MAX).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let done = match *words {
            ["add", name, length] if let Ok(length @ 0..VALUE_BYTES_MAX) = length.parse() => {
                let value = gathered(from.by_ref().take(length))?;
                if value.bytes().len() as u64 != length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                keeper.add(place, &plain(name), value)
            }
            ["remove", name] if keeper.remove(place, &plain(name)) => Ok(()),
            ["remove", _] => Err("there is no such value".into()),
            [] => continue,
            _ => {
                return to.write_all(b"refused: write `add NAME LENGTH` and as many bytes, or `remove NAME`\n");
            }
        };
        match done {
            Ok(()) => to.write_all(b"ok\n")?,
            Err(why) => writeln!(to, "refused: {why}")?,
        }
    }
}

/// A name as it may be told.
fn plain(name: &str) -> String {
    name.replace(char::is_control, "?")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Place, talk};
    use crate::Redactor;
    use crate::edge::known::Group;
    use crate::edge::known::keeper::Keeper;

    fn said(keeper: &Keeper, asked: &[u8]) -> String {
        let mut out = Vec::new();
        let _ = talk(asked, &mut out, keeper, &Place::Socket("s".into()));
        String::from_utf8(out).unwrap()
    }

    fn masked(keeper: &Keeper, text: &str) -> String {
        let redactor = Redactor::builtin().with_live_values(keeper.live());
        redactor.redact_str(text).replace("[REDACTED:known-value]", "*")
    }

    #[test]
    fn values_come_and_go() {
        let keeper = Keeper::default();
        let group = Group { places: vec![Place::Socket("s".into())], ..Group::default() };
        keeper.renew(vec![group], Duration::ZERO).unwrap();
        assert_eq!(said(&keeper, b"add a 10\nfir5t-valu\nadd b 12\ns3cond\nvalue"), "ok\nok\n");
        assert_eq!(masked(&keeper, "x fir5t-valu y"), "x * y");
        // What takes a name's place is known from then on, what had it for as long as was asked for.
        assert_eq!(said(&keeper, b"add a 11\nfir5t-again"), "ok\n");
        assert_eq!(masked(&keeper, "fir5t-again"), "*");
        assert_eq!(said(&keeper, b"remove a\nremove a\n"), "ok\nrefused: there is no such value\n");
        keeper.look();
        assert_eq!(masked(&keeper, "fir5t-again fir5t-valu"), "fir5t-again fir5t-valu");
    }

    #[test]
    fn what_is_no_value_is_refused_by_name() {
        let keeper = Keeper::default();
        let answer = said(&keeper, b"add flag 4\ntrue");
        assert!(answer.starts_with("refused: flag: not taken") && !answer.contains("true"), "{answer}");
        for asked in [&b"add a\n"[..], b"add a 99999999\n", b"add a -1\n", b"put a 1\n", b"add a 12\nshort"] {
            let answer = said(&keeper, asked);
            assert!(answer.starts_with("refused: write") || answer.is_empty(), "{answer}");
        }
    }
}
