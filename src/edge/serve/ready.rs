//! Whether everything is there that a sidecar needs to start: sockets, names, folders.

use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::path::Path;

use rustix::fs::{Access, access};

use super::bound::{Bound, answers};
use super::settings::{Address, Settings};

/// What was looked at, and what is wrong with it.
pub struct Look {
    /// Which table, with its name.
    pub what: String,
    /// Why it would not do; an address in use is a note, since an instance may be running.
    pub wrong: Option<String>,
    /// What is worth saying besides.
    pub note: Option<&'static str>,
}

/// Tries every listener, upstream and the admin listener; what is made for it is removed again.
pub fn look(settings: &Settings) -> Vec<Look> {
    let listen = settings.listen.iter().map(|l| {
        let tried = match &l.address {
            Address::Unix(path) | Address::UnixDatagram(path) if answers(&l.address) => {
                parent(path).and(Err(io::ErrorKind::AddrInUse.into()))
            }
            _ => Bound::new(&l.address, l.access, settings.hand_over).map(drop),
        };
        said(format!("[[listen]] `{}`: {}", l.name, l.address), tried)
    });
    let upstream = settings.upstream.iter().map(|u| {
        let tried = match &u.address {
            Address::Tcp(to) | Address::Tls(to) => to.to_socket_addrs().map(drop),
            Address::File(path) if path.exists() => access(path, Access::WRITE_OK).map_err(Into::into),
            Address::File(path) | Address::Unix(path) => parent(path),
            _ => Ok(()),
        };
        said(format!("[[upstream]] `{}`: {}", u.name, u.address), tried)
    });
    let admin = settings.admin.iter().map(|at| said(format!("[admin] {at}"), TcpListener::bind(at.as_str()).map(drop)));
    listen.chain(upstream).chain(admin).collect()
}

fn said(what: String, tried: io::Result<()>) -> Look {
    match tried {
        Ok(()) => Look { what, wrong: None, note: None },
        Err(e) if e.kind() == io::ErrorKind::AddrInUse => {
            Look { what, wrong: None, note: Some("in use, as by an instance that is running") }
        }
        Err(e) => Look { what, wrong: Some(e.to_string()), note: None },
    }
}

/// Whether something can be made in the folder of `path`.
fn parent(path: &Path) -> io::Result<()> {
    access(path.parent().unwrap_or(Path::new("/")), Access::WRITE_OK | Access::EXEC_OK).map_err(Into::into)
}
