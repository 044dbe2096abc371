//! `serve`: arguments and configuration -> a sidecar.

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use toml::de::DeTable;

use super::args::{Args, Choice, Command};
use super::args_serve::{LogFormat, LogLevel, Serve};
use super::completions;
use super::config;
use super::failure::{self, Failure};
use super::fluent;
use super::http;
use super::known;
use super::plain::{self, NOT_FROM, NOT_TO};
use super::setup;
use super::tables::{self, Section, Source};
use crate::edge::fragments::Container;
use crate::edge::serve::access::{self, Access};
use crate::edge::serve::files::Files;
use crate::edge::serve::frame::Framing;
use crate::edge::serve::limits::Limits;
use crate::edge::serve::live::Live;
use crate::edge::serve::ready::{self, Look};
use crate::edge::serve::reload::Source as Again;
use crate::edge::serve::settings::{Address, Listen, Log, Protocol, Rules, Settings, Upstream};
use crate::edge::serve::tls::{self, ClientTls, Identity};
use crate::edge::serve::{self, Ended};

/// Where metrics and health are by default.
const ADMIN: &str = "127.0.0.1:9600";

/// Runs a sidecar.
///
/// # Errors
/// Wrong options or configuration; a listener that cannot be bound.
pub fn run(args: &Args, given: &Serve) -> Result<u8, Failure> {
    let mut files = Files::default();
    let settings = settings(args, given, &mut files)?;
    if given.check {
        return check(&settings);
    }
    known::listen(&args.known)?;
    if args.choice.found.is_some() {
        setup::tell_found(&args.choice, &setup::built(setup::builder(&args.choice)?)?);
    }
    let config = args.choice.config.clone();
    let load = Arc::new(move |files: &mut Files| {
        regular(config.as_deref()).map_err(Failure::why)?;
        again(files)
    });
    match serve::run(settings, Again { load, files, watch: given.watch, look: known::look }).map_err(Failure::usage)? {
        Ended::Clean => Ok(failure::OK),
        Ended::Left => Ok(failure::OUTPUT),
        Ended::Fault => Ok(failure::INTERNAL),
    }
}

/// Says of each socket, name and folder whether it would do.
fn check(settings: &Settings) -> Result<u8, Failure> {
    let looks = ready::look(settings);
    let line = |look: &Look| format!("{}: {}\n", look.what, look.wrong.as_deref().or(look.note).unwrap_or("ok"));
    completions::print(looks.iter().map(line).collect::<String>().as_bytes())?;
    match looks.iter().filter(|look| look.wrong.is_some()).count() {
        0 => Ok(failure::OK),
        n => Err(Failure::usage(format!("serve --check: {n} of these would keep it from starting or from sending"))),
    }
}

/// What can be read again at a reload; a FIFO would hold it up.
fn regular(config: Option<&Path>) -> Result<(), Failure> {
    let is_fifo = |path: &&Path| path.metadata().is_ok_and(|m| m.file_type().is_fifo());
    let Some(path) = config.filter(is_fifo) else { return Ok(()) };
    let why = "it is a FIFO, which a reload could not read again: name a regular file";
    Err(Failure::usage(format!("{}: cannot read the configuration: {why}", path.display())))
}

/// What the same arguments and environment mean now that files may have changed.
fn again(files: &mut Files) -> Result<Settings, String> {
    let args = config::parse(std::env::args_os()).map_err(Failure::why)?;
    match &args.command {
        Some(Command::Serve(given)) => settings(&args, given, files).map_err(Failure::why),
        _ => Err("the arguments are no longer those of `serve`".into()),
    }
}

/// Reads what a sidecar would be: how many listeners and upstreams, or what is wrong with them.
///
/// # Errors
/// As [`run`], but for what shows when sockets are bound.
pub fn sidecar(args: &Args) -> Result<(usize, usize), Failure> {
    let settings = settings(args, &Serve::default(), &mut Files::default())?;
    Ok((settings.listen.len(), settings.upstream.len()))
}

fn settings(args: &Args, given: &Serve, files: &mut Files) -> Result<Settings, Failure> {
    regular(args.choice.config.as_deref())?;
    let file = config::text(&args.choice)?;
    if let Some((path, _)) = &file {
        files.note(path);
    }
    known::keep(&args.known, &args.choice, files)?;
    let redactor = rules(&args.choice, args, files)?;
    let (path, text) = file.as_ref().map_or((Path::new(""), ""), |(path, text)| (path, text));
    let source = Source { path, text };
    // The file was read once already: only its tables are new here.
    let parsed = DeTable::parse(text).map_err(|e| Failure::usage(e.message()))?;
    let root = parsed.get_ref();
    let mut listen = Vec::new();
    let mut places = (Vec::new(), Vec::new());
    for section in Section::all(&source, root, "listen", "[[listen]]")? {
        places.0.push(section.wrong(fluent::MIX));
        listen.push(self::listen(args, section, &redactor, files)?);
    }
    let mut upstream = Vec::new();
    for section in Section::all(&source, root, "upstream", "[[upstream]]")? {
        places.1.push(section.wrong(fluent::MIX));
        upstream.push(self::upstream(section, files)?);
    }
    if !given.listen.is_empty() {
        places.0 = given.listen.iter().map(|_| Failure::usage(format!("--listen: {}", fluent::MIX))).collect();
        listen = given.listen.iter().map(|url| plain::listen(url, &redactor)).collect::<Result<_, _>>()?;
    }
    if !given.upstream.is_empty() {
        places.1 = given.upstream.iter().map(|_| Failure::usage(format!("--upstream: {}", fluent::MIX))).collect();
        upstream = given.upstream.iter().map(|url| plain::upstream(url)).collect::<Result<_, _>>()?;
    }
    if listen.is_empty() || upstream.is_empty() {
        let what = if listen.is_empty() { "listen" } else { "upstream" };
        return Err(Failure::usage(format!(
            "serve: name at least one --{what} URL, or one [[{what}]] in logveil.toml"
        )));
    }
    named(listen.iter().map(|l| l.name.as_str()), "[[listen]]")?;
    named(upstream.iter().map(|u| u.name.as_str()), "[[upstream]]")?;
    let spoken = fluent::both_sides(&listen, &upstream, places.0.into_iter().chain(places.1))?;
    let mut framings = upstream.iter().filter(|u| u.protocol() == Protocol::Records).map(|u| u.framing);
    if framings.next().is_some_and(|first| framings.any(|framing| framing != first)) {
        return Err(Failure::usage("a record may go to any [[upstream]]: give all of them the same `framing`"));
    }
    let mut limits = http::limits(&spoken)?;
    for section in Section::all(&source, root, "limits", "[limits]")? {
        self::limits(&section, &mut limits)?;
    }
    fluent::room(&spoken, &limits)?;
    let mut admin = ADMIN.to_owned();
    for mut section in Section::all(&source, root, "admin", "[admin]")? {
        section.only(&["listen"])?;
        admin = section.text("listen")?.unwrap_or(admin);
    }
    let admin = given.admin.clone().unwrap_or(admin);
    // Written as listeners are it means the same.
    let admin = admin.strip_prefix("tcp://").map(str::to_owned).unwrap_or(admin);
    let admin = (admin != "off").then_some(admin);
    Ok(Settings { listen, upstream, limits, admin, hand_over: given.hand_over, log: log(given) })
}

fn log(given: &Serve) -> Log {
    let level = match given.log_level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
    };
    Log { json: given.log_format == LogFormat::Json, level }
}

/// Names are labels: two of a kind would be counted as one. They stand in log lines: a line feed in one
/// would begin another.
fn named<'a>(names: impl Iterator<Item = &'a str>, title: &str) -> Result<(), Failure> {
    let mut seen = std::collections::BTreeSet::new();
    let names: Vec<&str> = names.collect();
    if let Some(name) = names.iter().find(|name| name.contains(char::is_control)) {
        return Err(Failure::usage(format!("{title} {name:?}: a name or address cannot have control characters")));
    }
    match names.into_iter().find(|name| !seen.insert(name.to_owned())) {
        Some(name) => Err(Failure::usage(format!("two {title} are called `{name}`: give each a `name` of its own"))),
        None => Ok(()),
    }
}

fn address(section: &mut Section<'_>) -> Result<Address, Failure> {
    match section.text("address")? {
        None => Err(section.wrong("`address` is missing")),
        Some(url) => Address::parse(&url).map_err(|why| section.wrong_at("address", why)),
    }
}

fn framing(section: &mut Section<'_>, none: &str) -> Result<Option<Framing>, Failure> {
    let Some(name) = section.text("framing")?.filter(|name| name != none) else {
        return Ok(None);
    };
    let more = if none == "auto" { "; for a container runtime's lines \"cri\" or \"docker\"" } else { "" };
    let wrong = || section.wrong_at("framing", format!("write {}{more}", Framing::choice(none)));
    Framing::from_name(&name).map(Some).ok_or_else(wrong)
}

fn listen(args: &Args, mut section: Section<'_>, shared: &Rules, files: &mut Files) -> Result<Listen, Failure> {
    section.only(&tables::LISTEN)?;
    let address = address(&mut section)?;
    if !address.listens() {
        return Err(section.wrong_at("address", NOT_FROM));
    }
    let name = section.text("name")?.unwrap_or_else(|| address.to_string());
    let fluent = fluent::server(&mut section, &address, files)?;
    let parts = section.text("framing")?.and_then(|name| Container::from_name(&name));
    let framing = if parts.is_some() { Some(Framing::Newline) } else { framing(&mut section, "auto")? };
    let http = http::server(&mut section, &address)?;
    if framing.is_some() && address.is_datagram() {
        return Err(section.wrong_at("framing", "a datagram is one record; leave it out"));
    }
    let access = access(&mut section, &address)?;
    let flush_after =
        flush_after(&mut section, &address, (framing, parts.is_some()), fluent.is_some() || http.is_some())?;
    let refuses_foreign = match section.text("foreign")?.as_deref() {
        None | Some("refuse") => true,
        Some("pass") if fluent.is_none() && http.is_none() => false,
        Some(_) => return Err(section.wrong_at("foreign", "write \"refuse\", or \"pass\" where records come in")),
    };
    let (certificate, key) = (section.path("certificate")?, section.path("key")?);
    let (ca, names) = (section.path("client-ca")?, section.texts("client-names")?);
    let rules = own_rules(args, &mut section, shared, files)?;
    note(files, [&certificate, &key, &ca]);
    let tls = match (&address, &certificate, &key) {
        (Address::Tls(_), Some(certificate), Some(key)) => {
            if names.is_some() && ca.is_none() {
                return Err(
                    section.wrong_at("client-names", "names count only with a `client-ca` that vouches for them")
                );
            }
            if names.as_ref().is_some_and(Vec::is_empty) {
                return Err(section.wrong_at("client-names", "with no name nobody gets in; leave it out or name one"));
            }
            let made = tls::server(Identity { certificate, key }, ca.as_deref(), names.unwrap_or_default());
            let made = made.map_err(|why| section.wrong(why))?;
            Some(Live::new(if http.is_some() { made.speaking(&http::SPOKEN) } else { made }))
        }
        (Address::Tls(_), ..) => return Err(section.wrong("tls:// needs `certificate` and `key`")),
        _ if certificate.is_some() || key.is_some() || ca.is_some() || names.is_some() => {
            return Err(section.wrong("certificates and names of clients are for tls:// only"));
        }
        _ => None,
    };
    let rules = Live::new(rules);
    Ok(Listen { name, address, access, framing, parts, flush_after, refuses_foreign, tls, rules, fluent, http })
}

/// Who may use a Unix socket.
fn access(section: &mut Section<'_>, address: &Address) -> Result<Access, Failure> {
    let mut access = Access::default();
    if let Some(mode) = section.text("mode")? {
        let octal = u32::from_str_radix(&mode, 8).ok().filter(|mode| *mode <= 0o777);
        access.mode = Some(octal.ok_or_else(|| section.wrong_at("mode", "write it in octal, as \"0660\""))?);
    }
    for (key, file, place) in [("owner", "/etc/passwd", &mut access.owner), ("group", "/etc/group", &mut access.group)]
    {
        if let Some(name) = section.text(key)? {
            *place = Some(access::number(&name, file).map_err(|why| section.wrong_at(key, why))?);
        }
    }
    match address {
        Address::Unix(_) | Address::UnixDatagram(_) => Ok(access),
        _ if access == Access::default() => Ok(access),
        _ => Err(section.wrong("mode, owner and group are for unix and unix-datagram only")),
    }
}

/// How long a record waits for an end that its sender does not write.
fn flush_after(
    section: &mut Section<'_>,
    address: &Address,
    (framing, parts): (Option<Framing>, bool),
    fluent: bool,
) -> Result<Option<Duration>, Failure> {
    let why = match section.seconds("flush-after")? {
        None => return Ok(None),
        Some(_) if address.is_datagram() => "a datagram is one record; leave it out",
        Some(_) if fluent => "messages and requests have an end; leave it out",
        Some(_) if parts => "a line of a container runtime has an end; leave it out",
        Some(_) if framing == Some(Framing::Octet) => "a counted record ends where its count says; leave it out",
        Some(after) => return Ok(Some(after)),
    };
    Err(section.wrong_at("flush-after", why))
}

/// The rules of one listener: where it names none of its own, everybody's.
fn own_rules(args: &Args, section: &mut Section<'_>, shared: &Rules, files: &mut Files) -> Result<Rules, Failure> {
    let lists = (section.texts("only")?, section.texts("except")?, section.texts("with")?);
    if let (None, None, None) = lists {
        return Ok(shared.clone());
    }
    let mut choice = args.choice.clone();
    choice.only = lists.0.unwrap_or(choice.only);
    choice.except = lists.1.unwrap_or(choice.except);
    choice.with = lists.2.unwrap_or(choice.with);
    rules(&choice, args, files).map_err(|e| section.wrong(e.why()))
}

fn rules(choice: &Choice, args: &Args, files: &mut Files) -> Result<Rules, Failure> {
    let chosen = setup::chosen(choice, &args.filter, &mut |path| files.read(path))?;
    let redactor = match known::kept() {
        Some(kept) => chosen.builder.build().map_err(Failure::usage)?.with_live_values(kept.live()),
        None => setup::built(chosen.builder)?,
    };
    let hash = chosen.print.text(&redactor);
    Ok(Rules { redactor, hash })
}

/// These are about to be read.
fn note<const N: usize>(files: &mut Files, paths: [&Option<PathBuf>; N]) {
    paths.into_iter().flatten().for_each(|path| files.note(path));
}

fn upstream(mut section: Section<'_>, files: &mut Files) -> Result<Upstream, Failure> {
    section.only(&tables::UPSTREAM)?;
    let (address, http) = match http::client(&mut section)? {
        Some((address, terms)) => (address, Some(terms)),
        None => (address(&mut section)?, None),
    };
    if !address.takes() {
        return Err(section.wrong_at("address", NOT_TO));
    }
    let name = section.text("name")?.unwrap_or_else(|| address.to_string());
    let fluent = fluent::client(&mut section, &address, files)?;
    let framing = framing(&mut section, "same")?;
    let tls = client_tls(&mut section, &address, files)?.map(Live::new);
    Ok(Upstream { name, address, framing, tls, fluent, http })
}

fn client_tls(section: &mut Section<'_>, address: &Address, files: &mut Files) -> Result<Option<ClientTls>, Failure> {
    let (ca, server) = (section.path("ca")?, section.text("server-name")?);
    let (certificate, key) = (section.path("certificate")?, section.path("key")?);
    note(files, [&certificate, &key]);
    let Address::Tls(to) = address else {
        return match ca.is_some() || server.is_some() || certificate.is_some() || key.is_some() {
            true => Err(section.wrong("certificates and names of servers are for tls:// only")),
            false => Ok(None),
        };
    };
    let Some(ca) = ca else {
        return Err(section.wrong("tls:// needs a `ca`, the authority that vouches for the collector"));
    };
    files.note(&ca);
    let who = match (&certificate, &key) {
        (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
        (None, None) => None,
        _ => return Err(section.wrong("`certificate` and `key` go together")),
    };
    let host = to.rsplit_once(':').map_or(to.as_str(), |(host, _)| host.trim_matches(['[', ']']));
    tls::client(&ca, server.as_deref().unwrap_or(host), who).map(Some).map_err(|why| section.wrong(why))
}

fn limits(section: &Section<'_>, limits: &mut Limits) -> Result<(), Failure> {
    for (key, number) in section.numbers()? {
        let plain = number.replace('_', "");
        let set = match plain.parse::<u64>() {
            Ok(n) => limits.set(key, n).or_else(|| limits.set_seconds(key, n as f64)),
            Err(_) => limits.set_seconds(key, plain.parse().unwrap_or(f64::NAN)),
        };
        match set {
            Some(Ok(())) => {}
            Some(Err(why)) => return Err(section.wrong_at(key, why)),
            None => {
                return Err(section.wrong_at(key, tables::unknown(key, &Limits::KEYS, "[limits]")));
            }
        }
    }
    Ok(())
}
