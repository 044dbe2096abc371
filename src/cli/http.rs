//! The keys of HTTP in `[[listen]]` and `[[upstream]]`.

use std::collections::BTreeMap;

use super::failure::Failure;
use super::tables::Section;
use crate::edge::serve::http::kind::Said;
use crate::edge::serve::http::terms::{ClientTerms, ServerTerms};
use crate::edge::serve::limits::Limits;
use crate::edge::serve::settings::{Address, Protocol};

/// What is spoken above TLS, the preferred first.
pub const SPOKEN: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// What is kept in memory where requests come in, if nobody says: a body is held three times.
const BUFFERED_BYTES: usize = 48 << 20;
const ONLY: &str = "that is for `protocol = \"http\"` only";

/// Limits, before somebody says others.
///
/// # Errors
/// When HTTP stands beside another protocol.
pub fn limits(spoken: &[Protocol]) -> Result<Limits, Failure> {
    let limits = Limits::default();
    match spoken.contains(&Protocol::Http) {
        false => Ok(limits),
        true if spoken.iter().all(|one| *one == Protocol::Http) => {
            Ok(Limits { buffered_bytes: BUFFERED_BYTES, ..limits })
        }
        true => Err(Failure::usage(
            "serve: `protocol = \"http\"` shares its memory with no other protocol: give it a `logveil serve` of its own",
        )),
    }
}

fn is_http(section: &mut Section<'_>) -> Result<bool, Failure> {
    Ok(section.text("protocol")?.as_deref() == Some("http"))
}

/// What a listener takes; None where it speaks another protocol.
///
/// # Errors
/// What does not fit together.
pub fn server(section: &mut Section<'_>, address: &Address) -> Result<Option<ServerTerms>, Failure> {
    let paths = section.texts("paths")?;
    let formats = section.pairs("formats")?;
    if !is_http(section)? {
        let wrong = [("paths", paths.is_some()), ("formats", formats.is_some())].into_iter().find(|(_, given)| *given);
        return wrong.map_or(Ok(None), |(key, _)| Err(section.wrong_at(key, ONLY)));
    }
    if !matches!(address, Address::Tcp(_) | Address::Tls(_) | Address::Unix(_)) {
        return Err(section.wrong_at("protocol", "requests are answered, which needs tcp, tls or unix"));
    }
    if section.text("framing")?.is_some() {
        return Err(section.wrong_at("framing", "requests have none; leave it out"));
    }
    let paths = paths.unwrap_or_default();
    let formats = formats.unwrap_or_default();
    if let Some(path) = paths.iter().chain(formats.keys()).find(|path| !path.starts_with('/')) {
        return Err(section.wrong_at("paths", format!("`{path}`: a path begins with a slash")));
    }
    let said = |(path, name): (String, String)| match Said::from_name(&name) {
        Some(said) => Ok((path, said)),
        None => Err(section.wrong_at("formats", format!("`{name}`: write text, json, msgpack or protobuf"))),
    };
    let formats = formats.into_iter().map(said).collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(Some(ServerTerms { paths, formats }))
}

/// Where an upstream of HTTP is and how it is asked; None where it speaks another protocol.
///
/// # Errors
/// What does not fit together.
pub fn client(section: &mut Section<'_>) -> Result<Option<(Address, ClientTerms)>, Failure> {
    let host = section.text("host")?;
    if !is_http(section)? {
        return match host {
            None => Ok(None),
            Some(_) => Err(section.wrong_at("host", ONLY)),
        };
    }
    let Some(url) = section.text("address")? else { return Err(section.wrong("`address` is missing")) };
    let (address, prefix) = address(&url).map_err(|why| section.wrong_at("address", why))?;
    if !matches!(address, Address::Tcp(_) | Address::Tls(_) | Address::Unix(_)) {
        return Err(section.wrong_at("address", "requests need http, https, tcp, tls or unix"));
    }
    if section.text("framing")?.is_some() {
        return Err(section.wrong_at("framing", "requests have none; leave it out"));
    }
    let own = match &address {
        Address::Tcp(to) | Address::Tls(to) => {
            to.trim_end_matches(if url.starts_with("https") { ":443" } else { ":80" })
        }
        _ => "localhost",
    };
    let host = match host.as_deref() {
        None | Some("upstream") => Some(own.to_owned()),
        Some("keep") => None,
        Some(_) => return Err(section.wrong_at("host", "write \"upstream\" or \"keep\"")),
    };
    Ok(Some((address, ClientTerms { prefix, host })))
}

/// An address and what stands before every path.
fn address(url: &str) -> Result<(Address, String), String> {
    let (scheme, port, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => ("tcp", 80, rest),
        (_, Some(rest)) => ("tls", 443, rest),
        _ => return Address::parse(url).map(|address| (address, String::new())),
    };
    if rest.contains(['?', '#', '@']) {
        return Err("a URL of host, port and path: credentials are the senders'".into());
    }
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let bare = host.rsplit_once(':').is_none_or(|(_, port)| port.ends_with(']'));
    let to = if bare { format!("{host}:{port}") } else { host.to_owned() };
    Ok((Address::parse(&format!("{scheme}://{to}"))?, path.trim_end_matches('/').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn upstreams_are_urls() {
        for (url, to, prefix) in [
            ("http://loki:3100", "tcp://loki:3100", ""),
            ("https://elastic", "tls://elastic:443", ""),
            ("http://[::1]/a/b/", "tcp://[::1]:80", "/a/b"),
            ("tcp://loki:3100", "tcp://loki:3100", ""),
            ("unix:///run/x", "unix:///run/x", ""),
        ] {
            let (address, own) = address(url).unwrap();
            assert_eq!((address.to_string().as_str(), own.as_str()), (to, prefix), "{url}");
        }
        for url in ["http://", "http://user@host", "ftp://x", "http://h:x"] {
            assert!(address(url).is_err(), "{url}");
        }
    }
}
