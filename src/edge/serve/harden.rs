//! What the process gives up before it takes a byte.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
    path_beneath_rules,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, setrlimit};

use super::files::Files;
use super::settings::{Address, Settings};

/// Files besides connections: listeners, upstreams, the runtime's own.
const FILES_BESIDES: u64 = 256;
/// Where a name's address is looked up.
const NAMES: [&str; 8] = [
    "/etc",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/run/NetworkManager",
];

/// Raises the limit of open files to what the system allows, and says how many connections of senders
/// that leaves room for, besides what answers probes and writes to upstreams.
pub fn raise_files(settings: &Settings) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let _ = setrlimit(Resource::Nofile, raised);
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let room = files - FILES_BESIDES.min(files / 2);
    settings.limits.connections.min(usize::try_from(room).unwrap_or(usize::MAX))
}

/// No core files, no debugger, no new privileges, and no files but those that are needed, for a
/// reload too: the last as far as the kernel has Landlock. Must run before there are threads.
pub fn lock(settings: &Settings, files: &Files) {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    if let Err(e) = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(reason = %e, "the process stays traceable");
    }
    if let Err(e) = rustix::thread::set_no_new_privs(true) {
        tracing::warn!(reason = %e, "the process may gain privileges");
    }
    match shut_files(settings, files) {
        Ok(RulesetStatus::NotEnforced) => tracing::info!("files are not shut away: this kernel has no Landlock"),
        Ok(status) => tracing::info!(?status, "files are shut away by Landlock"),
        Err(e) => tracing::warn!(reason = %e, "files are not shut away"),
    }
}

fn shut_files(settings: &Settings, read: &Files) -> Result<RulesetStatus, RulesetError> {
    let abi = ABI::V5;
    let listens = settings.listen.iter().map(|l| &l.address);
    let takes = settings.upstream.iter().map(|u| &u.address);
    let folder = |path: &Path| path.parent().map(PathBuf::from);
    let sockets: Vec<PathBuf> = listens
        .filter_map(|a| match a {
            Address::Unix(path) | Address::UnixDatagram(path) => folder(path),
            _ => None,
        })
        .collect();
    let files: Vec<PathBuf> = takes
        .clone()
        .filter_map(|a| match a {
            Address::File(path) => folder(path),
            _ => None,
        })
        .collect();
    let names: &[&str] = if takes.clone().any(|a| a.named_host().is_some()) { &NAMES } else { &[] };
    let append: BitFlags<AccessFs> = AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::Truncate;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(sockets, BitFlags::from(AccessFs::RemoveFile)))?
        .add_rules(path_beneath_rules(files, append))?
        .add_rules(path_beneath_rules(names, AccessFs::from_read(abi)))?
        // Names of files, too: a folder of known values is looked through again.
        .add_rules(path_beneath_rules(read.places(), AccessFs::ReadFile | AccessFs::ReadDir))?
        .restrict_self()?;
    Ok(status.ruleset)
}
