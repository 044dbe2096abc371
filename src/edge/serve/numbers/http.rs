//! What is counted of requests.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::edge::serve::settings::{Protocol, Settings};

/// Counters by their labels.
type Counts = Family<Vec<(&'static str, String)>, Counter>;

/// Counts and times of requests.
pub struct HttpNumbers {
    requests: Counts,
    bytes: Counts,
    bodies: Counts,
    /// Seconds that a request waited for room, and for an upstream that takes it.
    pub held: Histogram,
    /// Seconds from a request that was sent to the head of its answer.
    pub answer: Histogram,
}

impl HttpNumbers {
    /// They are shown where HTTP is spoken.
    pub fn new(registry: &mut Registry, settings: &Settings) -> HttpNumbers {
        // From a millisecond to 100 seconds.
        let times = || Histogram::new((0..16).map(|i| 1e-3 * 10f64.powf(f64::from(i) / 3.0)));
        let (requests, bytes, bodies) = (Counts::default(), Counts::default(), Counts::default());
        let (held, answer) = (times(), times());
        if settings.speaks(Protocol::Http) {
            let help = "Requests, by whose answer it was (none: our own) and its status";
            registry.register("http_requests", help, requests.clone());
            let help = "Bytes of requests' bodies, as they came (wire) and unpacked (plain)";
            registry.register_with_unit("http_request", help, Unit::Bytes, bytes.clone());
            registry.register("http_bodies", "Bodies that left as they came, or masked", bodies.clone());
            let help = "What a request waited for room, and for an upstream that takes it";
            registry.register_with_unit("http_held", help, Unit::Seconds, held.clone());
            let help = "From a request that was sent to the head of its answer";
            registry.register_with_unit("http_answer", help, Unit::Seconds, answer.clone());
        }
        HttpNumbers { requests, bytes, bodies, held, answer }
    }

    /// One more request, with the upstream that answered.
    pub fn request(&self, listener: &str, upstream: Option<&str>, code: u16) {
        let upstream = upstream.unwrap_or("none").to_owned();
        let labels = vec![("listener", listener.to_owned()), ("upstream", upstream), ("code", code.to_string())];
        self.requests.get_or_create_owned(&labels).inc();
    }

    /// A body that was judged.
    pub fn body(&self, listener: &str, wire: usize, plain: usize, masked: bool) {
        let of = |family: &Counts, key, value: &str| -> Counter {
            family.get_or_create_owned(&vec![("listener", listener.to_owned()), (key, value.to_owned())])
        };
        of(&self.bytes, "state", "wire").inc_by(wire as u64);
        of(&self.bytes, "state", "plain").inc_by(plain as u64);
        of(&self.bodies, "result", if masked { "masked" } else { "same" }).inc();
    }
}
