//! The page at `/` of the admin listener: how things are, for people. Counts, sizes and names, never
//! content; no scripts and nothing from elsewhere. Each number of `/metrics` that it shows is in a
//! `<data>` that carries the metric's name and its exact value.

mod chart;
mod datum;
mod lately;
mod state;
mod tables;
mod tiles;
mod units;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use maud::{DOCTYPE, html};
use tokio::time::{MissedTickBehavior, interval};

use self::state::{badge, state};
use super::history::Totals;
use super::shared::Shared;

/// The page's style sheet.
pub const STYLE: &str = include_str!("style.css");
/// What the page may load: its style sheet and nothing else; it may not be framed.
pub const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How often the counters are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often the page asks for itself again, in seconds.
const REFRESH: u32 = 5;

/// What somebody wants to see.
#[derive(Default, Clone, Copy)]
pub struct View {
    /// Hours rather than minutes.
    hours: bool,
    /// Stays as it is.
    paused: bool,
}

impl View {
    /// From the part of the URL behind the question mark.
    pub fn parse(query: &str) -> View {
        let has = |word: &str| query.split('&').any(|part| part == word);
        View { hours: has("hours"), paused: has("paused") }
    }

    fn link(self) -> &'static str {
        match (self.hours, self.paused) {
            (false, false) => "/",
            (true, false) => "/?hours",
            (false, true) => "/?paused",
            (true, true) => "/?hours&paused",
        }
    }
}

/// Looks at the counters again and again.
pub async fn watch(shared: Arc<Shared>) {
    let begun = Instant::now();
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        looks.tick().await;
        let totals = totals(&shared);
        let mut history = shared.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.look(begun.elapsed().as_secs_f64(), totals);
    }
}

fn totals(shared: &Shared) -> Totals {
    let mut totals = Totals::default();
    let (mut rules, mut listeners) = (BTreeMap::<String, u64>::new(), BTreeMap::new());
    for (listen, numbers) in shared.settings.listen.iter().zip(&shared.numbers.listen) {
        totals.received += numbers.received.get();
        totals.records += numbers.records.get();
        let mut all = 0;
        for (rule, n) in numbers.findings() {
            all += n;
            *rules.entry(rule).or_default() += n;
        }
        listeners.insert(listen.name.clone(), all);
    }
    totals.sent = shared.numbers.upstream.iter().map(|u| u.sent.get()).sum();
    Totals { rules, listeners, ..totals }
}

/// The page.
pub fn page(shared: &Shared, view: View) -> String {
    let other = |view: View, text: &str, current: bool| {
        html! { a href=(view.link()) aria-current=[current.then_some("true")] { (text) } }
    };
    let history = shared.history.lock().unwrap_or_else(PoisonError::into_inner);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (state(shared).1) " – logveil" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                @if !view.paused { meta http-equiv="refresh" content=(REFRESH); }
                link rel="stylesheet" href="/style.css";
            }
            body {
                header {
                    h1 { "logveil" }
                    (badge(shared))
                    nav aria-label="What is shown" {
                        span.group {
                            (other(View { hours: false, ..view }, "5 min", !view.hours))
                            (other(View { hours: true, ..view }, "6 h", view.hours))
                        }
                        (other(View { paused: !view.paused, ..view }, if view.paused { "Resume" } else { "Pause" }, false))
                    }
                }
                main {
                    (tiles::tiles(shared, &history))
                    section.charts aria-label="Over time" { (lately::charts(&history, view.hours)) }
                    (tables::upstreams(shared))
                    (tables::listeners(shared))
                    div.two {
                        (tables::findings(shared))
                        (tables::reloads(shared))
                    }
                }
                footer {
                    "logveil " (env!("CARGO_PKG_VERSION")) " · counts, sizes and names, never content · "
                    a href="/metrics" { "/metrics" } " · " a href="/readyz" { "/readyz" } " · " a href="/healthz" { "/healthz" }
                }
            }
        }
    };
    page.into_string()
}
