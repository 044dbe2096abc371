//! The keys of the forward protocol in `[[listen]]` and `[[upstream]]`.

use super::failure::Failure;
use super::tables::Section;
use crate::edge::serve::files::Files;
use crate::edge::serve::fluent::handshake::SharedKey;
use crate::edge::serve::fluent::terms::{ClientTerms, ServerTerms, own_host};
use crate::edge::serve::limits::Limits;
use crate::edge::serve::settings::{Address, Listen, Protocol, Upstream};

/// How a protocol without another side is refused.
pub const MIX: &str = "records go to upstreams of records, and messages and requests to those that speak their protocol, \
                       since what is acknowledged must have arrived: nothing on the other side has this `protocol`";

/// What a listener asks; None where it takes records.
///
/// # Errors
/// What does not fit together.
pub fn server(section: &mut Section<'_>, address: &Address, files: &mut Files) -> Result<Option<ServerTerms>, Failure> {
    let Some((key, host)) = common(section, address, files)? else { return Ok(None) };
    Ok(Some(ServerTerms { key, host }))
}

/// What is asked of an upstream; None where it takes records.
///
/// # Errors
/// What does not fit together.
pub fn client(section: &mut Section<'_>, address: &Address, files: &mut Files) -> Result<Option<ClientTerms>, Failure> {
    let acknowledge = section.flag("acknowledge")?;
    let Some((key, host)) = common(section, address, files)? else {
        return match acknowledge {
            None => Ok(None),
            Some(_) => Err(section.wrong_at("acknowledge", ONLY)),
        };
    };
    Ok(Some(ClientTerms { key, host, acknowledge: acknowledge.unwrap_or(true) }))
}

const ONLY: &str = "that is for `protocol = \"fluent\"` only";

fn common(
    section: &mut Section<'_>,
    address: &Address,
    files: &mut Files,
) -> Result<Option<(Option<SharedKey>, String)>, Failure> {
    let fluent = match section.text("protocol")?.as_deref() {
        None | Some("records" | "http") => false,
        Some("fluent") => true,
        Some(_) => return Err(section.wrong_at("protocol", "write \"records\", \"fluent\" or \"http\"")),
    };
    let (key, host) = (shared_key(section, files)?, section.text("hostname")?);
    if !fluent {
        return match (key, host) {
            (None, None) => Ok(None),
            (Some(_), _) => Err(section.wrong_at("shared-key-file", ONLY)),
            (None, Some(_)) => Err(section.wrong_at("hostname", ONLY)),
        };
    }
    if !matches!(address, Address::Tcp(_) | Address::Tls(_) | Address::Unix(_)) {
        return Err(section.wrong_at("protocol", "the forward protocol acknowledges, which needs tcp, tls or unix"));
    }
    if section.text("framing")?.is_some() {
        return Err(section.wrong_at("framing", "messages of the forward protocol have none; leave it out"));
    }
    Ok(Some((key, host.unwrap_or_else(own_host))))
}

fn shared_key(section: &mut Section<'_>, files: &mut Files) -> Result<Option<SharedKey>, Failure> {
    use std::os::unix::ffi::OsStrExt;
    let (file, variable) = (section.path("shared-key-file")?, section.text("shared-key-env")?);
    let (name, material) = match (&file, &variable) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(section.wrong_at("shared-key-env", "name a file or a variable, not both")),
        (Some(path), None) => {
            let said = |e| section.wrong_at("shared-key-file", format!("{}: {e}", path.display()));
            ("shared-key-file", files.read(path).map_err(said)?)
        }
        (None, Some(variable)) => {
            let material = std::env::var_os(variable);
            let unset = || section.wrong_at("shared-key-env", format!("the variable {variable} is not set"));
            ("shared-key-env", material.ok_or_else(unset)?.as_bytes().to_vec())
        }
    };
    SharedKey::new(&material).map(Some).ok_or_else(|| section.wrong_at(name, "the key is empty"))
}

/// Which protocols are spoken, if each has both sides; `places` are those of the listeners, then of the upstreams.
///
/// # Errors
/// The first whose protocol nobody speaks on the other side.
pub fn both_sides(
    listen: &[Listen],
    upstream: &[Upstream],
    places: impl Iterator<Item = Failure>,
) -> Result<Vec<Protocol>, Failure> {
    let come: Vec<Protocol> = listen.iter().map(Listen::protocol).collect();
    let go: Vec<Protocol> = upstream.iter().map(Upstream::protocol).collect();
    let alone = come.iter().map(|one| !go.contains(one)).chain(go.iter().map(|one| !come.contains(one)));
    match alone.zip(places).find(|(alone, _)| *alone) {
        Some((_, place)) => Err(place),
        None => Ok(come),
    }
}

/// Whether the limits leave room for messages and bodies.
///
/// # Errors
/// When they do not.
pub fn room(spoken: &[Protocol], limits: &Limits) -> Result<(), Failure> {
    let wrong = |why| Failure::usage(format!("[limits]: {why}"));
    if spoken.contains(&Protocol::Fluent) {
        limits.hold_messages().map_err(wrong)?;
    }
    if spoken.contains(&Protocol::Http) {
        limits.hold_bodies().map_err(wrong)?;
    }
    Ok(())
}
