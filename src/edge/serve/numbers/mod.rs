//! What is counted, in one place: counts and sizes, never content. Labels are names of listeners,
//! upstreams, rules and reasons, so that their number is bounded.

pub mod http;
mod process;
pub mod reason;
pub mod reload;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{PoisonError, RwLock};

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use self::http::HttpNumbers;
use self::process::Process;
use self::reason::Reason;
use self::reload::ReloadNumbers;
use super::budget::queue_bytes;
use super::lane::Done;
use super::settings::{Protocol, Settings};
use crate::engine::found::allowed::AllowedBy;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::rules::rule::RuleId;

/// Labels with their values.
type Labels = Vec<(&'static str, String)>;
type Counts = Family<Labels, Counter>;
type Levels = Family<Labels, Gauge<f64, AtomicU64>>;

/// One more in a gauge, for as long as it lives: it goes down whichever way things end.
pub struct Level(Gauge);

impl Level {
    /// One more.
    pub fn up(gauge: &Gauge) -> Level {
        gauge.inc();
        Level(gauge.clone())
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A listener's numbers.
pub struct ListenNumbers {
    /// Connections that are open.
    pub connections: Gauge,
    /// Connections that are not read from until there is room.
    pub waiting: Gauge,
    /// Connections that were taken.
    pub accepted: Counter,
    /// Records.
    pub records: Counter,
    /// Bytes received.
    pub received: Counter,
    /// Bytes masked, framed and queued.
    pub queued: Counter,
    /// Records that left as several frames.
    pub over: Counter,
    /// Spans masked because they could not be judged.
    pub unjudged: Counter,
    /// Datagrams dropped for want of room.
    pub dropped: Counter,
    /// Datagrams the kernel dropped.
    pub dropped_by_kernel: Counter,
    /// Messages of the forward protocol.
    pub messages: Counter,
    /// Messages that were acknowledged to their senders.
    pub acks: Counter,
    /// UDP heartbeats that were answered.
    pub heartbeats: Counter,
    rejected: Vec<Counter>,
    /// Findings that the allow-list let go, all of them, and by entry.
    pub spared: Counter,
    by_entry: Counts,
    /// By id: rules may change their places at a reload, and counts only grow.
    findings: RwLock<BTreeMap<String, Counter>>,
    by_rule: Counts,
    name: String,
}

impl ListenNumbers {
    /// How often a reason was given.
    pub fn rejected(&self, reason: Reason) -> &Counter {
        &self.rejected[reason as usize]
    }

    /// Adds what a stretch of input came to; `redactor` is the one that counted last.
    pub fn add(&self, done: &Done, redactor: &Redactor) {
        self.records.inc_by(done.records);
        self.over.inc_by(done.over);
        if let Some((tally, redactor)) = done.before.as_deref() {
            self.tally(tally, redactor);
        }
        self.tally(&done.tally, redactor);
    }

    fn tally(&self, tally: &Tally, redactor: &Redactor) {
        self.received.inc_by(tally.bytes_in);
        self.unjudged.inc_by(tally.unjudged);
        if tally.spared() > 0 {
            self.spared(tally, redactor);
        }
        if tally.findings() == 0 {
            return;
        }
        for (i, rule) in redactor.rules().iter().enumerate() {
            let n = tally.of(RuleId(i as u16));
            if n > 0 {
                self.found(&rule.id, n);
            }
        }
    }

    fn spared(&self, tally: &Tally, redactor: &Redactor) {
        self.spared.inc_by(tally.spared());
        for (i, entry) in redactor.allowed().iter().enumerate() {
            for by in AllowedBy::ALL.into_iter().filter(|by| tally.spared_by(i, *by) > 0) {
                let labels =
                    [("listener", self.name.clone()), ("entry", entry.clone()), ("by", by.name().to_owned())].to_vec();
                self.by_entry.get_or_create(&labels).inc_by(tally.spared_by(i, by));
            }
        }
    }

    fn found(&self, rule: &str, n: u64) {
        let known = self.findings.read().unwrap_or_else(PoisonError::into_inner).get(rule).map(|c| c.inc_by(n));
        if known.is_none() {
            let labels = vec![("listener", self.name.clone()), ("rule", rule.to_owned())];
            let counter = self.by_rule.get_or_create_owned(&labels);
            counter.inc_by(n);
            self.findings.write().unwrap_or_else(PoisonError::into_inner).insert(rule.to_owned(), counter);
        }
    }

    /// Secrets masked, by the rule's id.
    pub fn findings(&self) -> Vec<(String, u64)> {
        let findings = self.findings.read().unwrap_or_else(PoisonError::into_inner);
        findings.iter().map(|(rule, counter)| (rule.clone(), counter.get())).collect()
    }
}

/// An upstream's numbers.
pub struct UpstreamNumbers {
    /// 1 while it is connected and takes data.
    pub up: Gauge,
    /// Connections that were made.
    pub connects: Counter,
    /// Tries that failed, and connections that broke.
    pub failures: Counter,
    /// Bytes written.
    pub sent: Counter,
    /// Bytes written to connections that broke before anyone could know that they arrived.
    pub unconfirmed: Counter,
    /// Messages it has acknowledged.
    pub acks: Counter,
}

/// All numbers.
pub struct Numbers {
    /// By listener, in the order of the settings.
    pub listen: Vec<ListenNumbers>,
    /// By upstream, in the order of the settings.
    pub upstream: Vec<UpstreamNumbers>,
    /// Bytes masked and not yet written.
    pub queue: Gauge,
    /// Bytes that may wait before senders have to.
    pub queue_limit: u64,
    /// Frames masked and not yet written.
    pub queue_frames: Gauge,
    /// Messages written and not yet acknowledged.
    pub unacknowledged: Gauge,
    /// Of requests.
    pub http: HttpNumbers,
    /// How reloads went.
    pub reload: ReloadNumbers,
    /// Seconds from the read that completed a record to its last byte's write.
    pub delay: Histogram,
    registry: Registry,
}

impl Numbers {
    /// For these listeners and upstreams.
    pub fn new(settings: &Settings) -> Numbers {
        let mut root = Registry::default();
        root.register_collector(Box::new(Process::start()));
        let registry = root.sub_registry_with_prefix("logveil");
        let listen = listen(registry, settings);
        let upstream = upstream(registry, settings);
        // From 50 microseconds to 100 seconds.
        let bounds = (0..20).map(|i| 50e-6 * 10f64.powf(f64::from(i) / 3.0));
        let delay = Histogram::new(bounds);
        let (queue, queue_frames) = (Gauge::default(), Gauge::default());
        registry.register_with_unit(
            "delay",
            "From the read that completed a record to its write",
            Unit::Seconds,
            delay.clone(),
        );
        let unacknowledged = Gauge::default();
        let help = "Messages written and not yet acknowledged by the upstream";
        if settings.speaks(Protocol::Fluent) {
            registry.register("unacknowledged_messages", help, unacknowledged.clone());
        }
        registry.register_with_unit("queue", "Bytes masked and not yet written", Unit::Bytes, queue.clone());
        registry.register("queue_records", "Records masked and not yet written", queue_frames.clone());
        let limit: Gauge = Gauge::default();
        let queue_limit = queue_bytes(settings.limits.buffered_bytes) as u64;
        limit.set(queue_limit as i64);
        registry.register_with_unit("queue_limit", "Bytes that may wait before senders have to", Unit::Bytes, limit);
        let version = Levels::default();
        version.get_or_create_owned(&vec![("version", env!("CARGO_PKG_VERSION").to_owned())]).set(1.0);
        registry.register("build_info", "The version", version);
        let http = HttpNumbers::new(registry, settings);
        let reload = ReloadNumbers::new(registry);
        settings.listen.iter().for_each(|l| reload.rules(&l.name, None, &l.rules.get()));
        reload.certificates(settings);
        Numbers {
            listen,
            upstream,
            queue,
            queue_limit,
            queue_frames,
            unacknowledged,
            http,
            reload,
            delay,
            registry: root,
        }
    }

    /// All of it as Prometheus text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

fn listen(registry: &mut Registry, settings: &Settings) -> Vec<ListenNumbers> {
    let counts = |registry: &mut Registry, name: &str, help: &str| {
        let family = Counts::default();
        registry.register(name, help, family.clone());
        family
    };
    let open = Family::<Labels, Gauge>::default();
    registry.register("connections", "Connections that are open", open.clone());
    let waiting = Family::<Labels, Gauge>::default();
    registry.register("connections_waiting", "Connections not read from until there is room", waiting.clone());
    let accepted = counts(registry, "connections_accepted", "Connections that were taken");
    let records = counts(registry, "records", "Records received");
    let bytes = |registry: &mut Registry, name: &str, help: &str| {
        let family = Counts::default();
        registry.register_with_unit(name, help, Unit::Bytes, family.clone());
        family
    };
    let received = bytes(registry, "received", "Bytes of records received");
    let queued = bytes(registry, "queued", "Bytes masked and framed for the upstream");
    let over = counts(registry, "records_over_limit", "Records over record-bytes, which left as several");
    let unjudged = counts(registry, "unjudged", "Spans masked because they could not be judged");
    let dropped = counts(registry, "datagrams_dropped", "Datagrams lost for want of room, by whom");
    let rejected =
        counts(registry, "rejections", "Connections turned away or ended, requests refused, and streams misframed");
    let by_rule = counts(registry, "findings", "Secrets masked");
    let by_entry = counts(registry, "spared", "Findings that an entry of the allow-list let go, and by what of it");
    let (messages, acks, heartbeats) = (Counts::default(), Counts::default(), Counts::default());
    if settings.speaks(Protocol::Fluent) {
        registry.register("messages", "Messages of the forward protocol received", messages.clone());
        registry.register("acks", "Messages acknowledged to their senders", acks.clone());
        registry.register("heartbeats", "UDP heartbeats answered", heartbeats.clone());
    }
    let one = |l: &super::settings::Listen| {
        let name = || vec![("listener", l.name.clone())];
        let with = |key, value: &str| vec![("listener", l.name.clone()), (key, value.to_owned())];
        let ours = |by: &str| match l.address.is_datagram() {
            true => dropped.get_or_create_owned(&with("by", by)),
            false => Counter::default(),
        };
        ListenNumbers {
            connections: open.get_or_create_owned(&name()),
            waiting: waiting.get_or_create_owned(&name()),
            accepted: accepted.get_or_create_owned(&name()),
            records: records.get_or_create_owned(&name()),
            received: received.get_or_create_owned(&name()),
            queued: queued.get_or_create_owned(&name()),
            over: over.get_or_create_owned(&name()),
            unjudged: unjudged.get_or_create_owned(&name()),
            dropped: ours("logveil"),
            dropped_by_kernel: ours("kernel"),
            messages: messages.get_or_create_owned(&name()),
            acks: acks.get_or_create_owned(&name()),
            heartbeats: heartbeats.get_or_create_owned(&name()),
            rejected: Reason::ALL.map(|r| rejected.get_or_create_owned(&with("reason", r.name()))).to_vec(),
            spared: Counter::default(),
            by_entry: by_entry.clone(),
            findings: RwLock::default(),
            by_rule: by_rule.clone(),
            name: l.name.clone(),
        }
    };
    settings.listen.iter().map(one).collect()
}

fn upstream(registry: &mut Registry, settings: &Settings) -> Vec<UpstreamNumbers> {
    let (up, connects, failures) = (Family::<Labels, Gauge>::default(), Counts::default(), Counts::default());
    let (sent, unconfirmed, acks) = (Counts::default(), Counts::default(), Counts::default());
    if settings.speaks(Protocol::Fluent) {
        registry.register("upstream_acks", "Messages the upstream acknowledged", acks.clone());
    }
    registry.register("upstream_up", "1 while it is connected and takes data", up.clone());
    registry.register("upstream_connects", "Connections made", connects.clone());
    registry.register("upstream_failures", "Tries that failed and connections that broke", failures.clone());
    registry.register_with_unit("sent", "Bytes written", Unit::Bytes, sent.clone());
    let help = "At most so many bytes written to connections that broke did not arrive";
    registry.register_with_unit("upstream_unconfirmed", help, Unit::Bytes, unconfirmed.clone());
    let one = |u: &super::settings::Upstream| {
        let name = vec![("upstream", u.name.clone())];
        UpstreamNumbers {
            up: up.get_or_create_owned(&name),
            connects: connects.get_or_create_owned(&name),
            failures: failures.get_or_create_owned(&name),
            sent: sent.get_or_create_owned(&name),
            unconfirmed: unconfirmed.get_or_create_owned(&name),
            acks: acks.get_or_create_owned(&name),
        }
    };
    settings.upstream.iter().map(one).collect()
}
