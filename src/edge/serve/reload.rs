//! Other rules and certificates while everything runs: at SIGHUP, and with `--watch` when a file has
//! changed.
//!
//! All is read and checked as at the start, aside; only what is whole takes the old one's place. Who
//! uses it takes it over where it can change nothing half done: a connection between two records
//! (`lane`), a listener at the next handshake, the forwarder at the next connection.

use std::future::ready;
use std::io;
use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use super::early::Early;
use super::files::Files;
use super::notify;
use super::settings::{Listen, Settings, Upstream};
use super::shared::Shared;

/// How often files are looked at. What changes is taken when two looks at it agree, so that no file
/// is read that is being written.
const LOOK: Duration = Duration::from_secs(1);

/// Reads and checks everything anew, and notes the files that it read.
pub type Load = dyn Fn(&mut Files) -> Result<Settings, String> + Send + Sync;

/// What reloads take.
pub struct Source {
    /// Reads everything.
    pub load: Arc<Load>,
    /// The files as they were read last.
    pub files: Files,
    /// Whether to look at them.
    pub watch: bool,
    /// Looks at what known values come from, takes what has changed, and returns what is to be said.
    pub look: fn() -> Vec<String>,
}

/// Waits for reasons to reload.
pub struct Reloader {
    shared: Arc<Shared>,
    source: Source,
    hangup: Signal,
    /// Whether one came before.
    asked: bool,
}

impl Reloader {
    /// Hears SIGHUP from here on; what came before is in `early`.
    ///
    /// # Errors
    /// When the system does not let signals be heard.
    pub fn new(shared: Arc<Shared>, source: Source, early: &Early) -> io::Result<Reloader> {
        let hangup = signal(SignalKind::hangup())?;
        Ok(Reloader { shared, source, hangup, asked: early.reload() })
    }

    /// Until it is time to stop.
    pub async fn run(mut self) {
        tokio::spawn(looking(self.source.look, self.shared.clone()));
        loop {
            let why = tokio::select! {
                () = self.shared.stop.cancelled() => return,
                () = ready(()), if take(&mut self.asked) => "SIGHUP",
                _ = self.hangup.recv() => "SIGHUP",
                () = changed(&self.source.files), if self.source.watch => "a file has changed",
            };
            tracing::info!(reason = why, "reloading");
            notify::reloading();
            let went = self.reload().await;
            let numbers = &self.shared.numbers.reload;
            match went {
                Ok(()) => {
                    tracing::info!("reloaded: it holds from the next record and the next handshake on");
                    numbers.ok.inc();
                    numbers.ended(true);
                }
                Err(why) => {
                    let reason = why.replace(char::is_control, " ");
                    tracing::error!(%reason, "not reloaded: rules and certificates stay as they were");
                    numbers.failed.inc();
                    numbers.ended(false);
                }
            }
            notify::tell(&[notify::State::Ready]);
        }
    }

    async fn reload(&mut self) -> Result<(), String> {
        let (load, old) = (self.source.load.clone(), self.source.files.clone());
        let loading = tokio::task::spawn_blocking(move || {
            let (old, mut files) = (old.now(), Files::default());
            let loaded = load(&mut files);
            (old, files, loaded)
        });
        // A panic has been said by then.
        let (old, mut files, loaded) = loading.await.map_err(|_| "a fault in logveil itself".to_owned())?;
        if loaded.is_err() {
            // It may have ended before it came to all of them.
            files.join(&old);
        }
        self.source.files = files;
        apply(&self.shared, &loaded.map_err(with_hint)?);
        Ok(())
    }
}

/// Looks once a second, until it is time to stop.
async fn looking(look: fn() -> Vec<String>, shared: Arc<Shared>) {
    while !shared.stop.is_cancelled() {
        sleep(LOOK).await;
        let Ok(said) = tokio::task::spawn_blocking(look).await else { continue };
        for why in said {
            tracing::warn!(%why, "known values");
        }
    }
}

/// Resolves when the files are no longer those that were read, and stay what they are.
async fn changed(read: &Files) {
    let mut before = read.clone();
    loop {
        sleep(LOOK).await;
        let files = read.clone();
        let Ok(now) = tokio::task::spawn_blocking(move || files.now()).await else { continue };
        if now != *read && now == before {
            return;
        }
        before = now;
    }
}

/// Puts what was loaded in the old one's place, and says what must wait for a restart.
fn apply(shared: &Shared, loaded: &Settings) {
    let settings = &shared.settings;
    let (before, after) = (settings.fixed(), loaded.fixed());
    for listen in &settings.listen {
        if let Some(to) = loaded.listen.iter().find(|l| l.name == listen.name) {
            renew_listen(shared, listen, to);
        }
    }
    for upstream in &settings.upstream {
        if let Some(to) = loaded.upstream.iter().find(|u| u.name == upstream.name) {
            renew_upstream(upstream, to);
        }
    }
    shared.numbers.reload.certificates(settings);
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let restart: Vec<&str> = names.filter(|name| before.get(*name) != after.get(*name)).map(String::as_str).collect();
    if !restart.is_empty() {
        tracing::warn!(settings = %restart.join(", "), "changed, but need a restart: these stay as they were");
    }
}

fn renew_listen(shared: &Shared, listen: &Listen, to: &Listen) {
    let (before, now) = (listen.rules.get(), to.rules.get());
    if before.hash != now.hash {
        tracing::info!(listener = %listen.name, rules = %now.hash, before = %before.hash, "other rules");
        shared.numbers.reload.rules(&listen.name, Some(&before.hash), &now);
    }
    // Of the same hash, too: a hash mask's key may be another one.
    listen.rules.set(now);
    if let (Some(tls), Some(to)) = (&listen.tls, &to.tls) {
        tls.set(to.get());
    }
}

fn renew_upstream(upstream: &Upstream, to: &Upstream) {
    if let (Some(tls), Some(to)) = (&upstream.tls, &to.tls) {
        tls.set(to.get());
    }
}

/// What a file that cannot be opened may come of.
fn with_hint(why: String) -> String {
    if !why.contains("Permission denied") {
        return why;
    }
    format!(
        "{why}; besides permissions: only folders of files that were named at the start can be read until a restart"
    )
}
