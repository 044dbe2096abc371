//! How reloads went, and which rules are in force.

use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::edge::serve::settings::{Rules, Settings};

type Labels = Vec<(&'static str, String)>;

/// The numbers of reloads. The start counts as one that went well, but for the count.
pub struct ReloadNumbers {
    /// Reloads whose rules and certificates are in force, or were.
    pub ok: Counter,
    /// Reloads that changed nothing.
    pub failed: Counter,
    /// When the last one was, in seconds since 1970.
    pub at: Gauge<f64, AtomicU64>,
    /// Whether it went well.
    pub successful: Gauge,
    rules: Family<Labels, Gauge>,
    many: Family<Labels, Gauge>,
    expire: Family<Labels, Gauge<f64, AtomicU64>>,
}

impl ReloadNumbers {
    /// Before the first.
    pub fn new(registry: &mut Registry) -> ReloadNumbers {
        let reloads = Family::<Labels, Counter>::default();
        let (at, successful) = (Gauge::default(), Gauge::default());
        let rules = Family::<Labels, Gauge>::default();
        registry.register("reloads", "Reloads of rules and certificates, by what became of them", reloads.clone());
        let help = "When the last reload was, or the start";
        registry.register_with_unit("last_reload_timestamp", help, Unit::Seconds, at.clone());
        registry.register("last_reload_successful", "Whether the last reload went well", successful.clone());
        registry.register("rules_info", "The hash of the rules in force", rules.clone());
        let many = Family::<Labels, Gauge>::default();
        registry.register("rules", "How many rules are in force", many.clone());
        let expire = Family::<Labels, Gauge<f64, AtomicU64>>::default();
        let help = "When the first of our certificates of a listener or upstream is no longer valid";
        registry.register_with_unit("certificate_expiry_timestamp", help, Unit::Seconds, expire.clone());
        let by = |result: &str| reloads.get_or_create_owned(&vec![("result", result.to_owned())]);
        let numbers = ReloadNumbers { ok: by("ok"), failed: by("failed"), at, successful, rules, many, expire };
        numbers.ended(true);
        numbers
    }

    /// A reload has ended.
    pub fn ended(&self, well: bool) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Whole milliseconds: what nobody needs would only fill the page.
        self.at.set((now.as_secs_f64() * 1e3).round() / 1e3);
        self.successful.set(i64::from(well));
    }

    /// A listener has other rules.
    pub fn rules(&self, listener: &str, before: Option<&str>, now: &Rules) {
        let labels = |hash: &str| vec![("listener", listener.to_owned()), ("hash", hash.to_owned())];
        if let Some(before) = before {
            self.rules.remove(&labels(before));
        }
        self.rules.get_or_create(&labels(&now.hash)).set(1);
        self.many.get_or_create(&vec![("listener", listener.to_owned())]).set(now.in_force() as i64);
    }

    /// Listeners and upstreams have these certificates.
    pub fn certificates(&self, settings: &Settings) {
        for (side, name, expires) in settings.certificates() {
            self.expire.get_or_create(&vec![("side", side.to_owned()), ("name", name.to_owned())]).set(expires);
        }
    }
}
