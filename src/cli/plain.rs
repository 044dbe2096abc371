//! Listeners and upstreams of `serve` that are named on the command line by a URL alone.

use super::failure::Failure;
use crate::edge::serve::access::Access;
use crate::edge::serve::live::Live;
use crate::edge::serve::settings::{Address, Listen, Rules, Upstream};

/// A listener without settings of its own.
///
/// # Errors
/// When nothing can come in there, or not without settings.
pub fn listen(url: &str, rules: &Rules) -> Result<Listen, Failure> {
    let wrong = |why: String| Failure::usage(format!("--listen {why}"));
    let address = Address::parse(url).map_err(wrong)?;
    if !address.listens() {
        return Err(wrong(format!("{url}: {NOT_FROM}")));
    }
    if matches!(address, Address::Tls(_)) {
        return Err(wrong(format!("{url}: TLS needs a certificate: write a [[listen]] with it in logveil.toml")));
    }
    Ok(Listen {
        name: url.to_owned(),
        address,
        access: Access::default(),
        framing: None,
        parts: None,
        flush_after: None,
        refuses_foreign: true,
        tls: None,
        rules: Live::new(rules.clone()),
        fluent: None,
        http: None,
    })
}

/// An upstream without settings of its own.
///
/// # Errors
/// When nothing can be sent there, or not without settings.
pub fn upstream(url: &str) -> Result<Upstream, Failure> {
    let wrong = |why: String| Failure::usage(format!("--upstream {why}"));
    let address = Address::parse(url).map_err(wrong)?;
    if !address.takes() {
        return Err(wrong(format!("{url}: {NOT_TO}")));
    }
    if matches!(address, Address::Tls(_)) {
        return Err(wrong(format!("{url}: TLS needs a `ca`: write an [[upstream]] with it in logveil.toml")));
    }
    Ok(Upstream { name: url.to_owned(), address, framing: None, tls: None, fluent: None, http: None })
}

/// What is no listener's address.
pub const NOT_FROM: &str = "records cannot be received from there; use tcp, tls, udp, unix or unix-datagram";
/// What is no upstream's.
pub const NOT_TO: &str = "records cannot be sent there; use tcp, tls, unix, stdout: or file";
