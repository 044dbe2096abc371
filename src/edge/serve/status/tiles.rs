//! The few numbers that say most.

use maud::{Markup, html};

use super::super::history::{History, Sample};
use super::super::numbers::ListenNumbers;
use super::super::shared::Shared;
use super::datum::{counted, datum, sized};
use super::units;

/// Over so many samples what is said to be now is averaged.
const NOW: usize = 10;

/// From so much of the room on, in percent, senders are about to wait.
const FULL: f64 = 80.0;

/// What comes, what is masked, what waits.
pub fn tiles(shared: &Shared, history: &History) -> Markup {
    let numbers = &shared.numbers;
    let seconds: f64 = history.latest(NOW).map(|s| s.length).sum();
    let now = |of: fn(&Sample) -> u64| history.latest(NOW).map(of).sum::<u64>() as f64 / seconds.max(1e-3);
    let sum = |of: fn(&ListenNumbers) -> u64| numbers.listen.iter().map(of).sum::<u64>();
    let found = sum(|l| l.findings().iter().map(|(_, n)| n).sum());
    let (queue, limit) = (numbers.queue.get().max(0) as u64, numbers.queue_limit);
    let (received, unit) = split(units::bytes(now(|s| s.received)));
    let (waiting, waiting_unit) = split(units::bytes(queue as f64));
    let plain = |text: String| html! { (text) };
    html! {
        section.tiles aria-label="Now" {
            (tile("Received", &plain(received), &format!("{unit}/s"), &html! {
                (sized("logveil_received_bytes_total", &[], sum(|l| l.received.get()))) " so far"
            }))
            (tile("Records", &plain(units::rate(now(|s| s.records))), "records/s", &html! {
                (counted("logveil_records_total", &[], sum(|l| l.records.get()))) " so far"
            }))
            (tile("Secrets masked", &plain(units::rate(now(|s| s.rules.sum()))), "secrets/s", &html! {
                (counted("logveil_findings_total", &[], found)) " so far"
            }))
            (tile("Waiting for an upstream", &datum("logveil_queue_bytes", &[], queue, &waiting), &waiting_unit, &html! {
                (meter(queue, limit))
                "of " (sized("logveil_queue_limit_bytes", &[], limit)) ", "
                (counted("logveil_queue_records", &[], numbers.queue_frames.get().max(0) as u64)) " records"
            }))
            (tile("Connections", &counted("logveil_connections", &[], sum(|l| l.connections.get().max(0) as u64)), "open", &html! {
                (counted("logveil_connections_waiting", &[], sum(|l| l.waiting.get().max(0) as u64))) " wait for room"
            }))
        }
    }
}

fn tile(title: &str, value: &Markup, unit: &str, below: &Markup) -> Markup {
    html! {
        div.tile {
            h2 { (title) }
            p.value { (value) " " span.unit { (unit) } }
            div.below { (below) }
        }
    }
}

/// A number and its unit.
fn split(shown: String) -> (String, String) {
    match shown.split_once(' ') {
        Some((number, unit)) => (number.to_owned(), unit.to_owned()),
        None => (shown, String::new()),
    }
}

fn meter(value: u64, limit: u64) -> Markup {
    let part = (value as f64 / limit.max(1) as f64).min(1.0) * 100.0;
    html! {
        svg.meter viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
            rect.all width="100" height="4" {}
            rect class=(if part < FULL { "used" } else { "used full" }) width=(format!("{part:.1}")) height="4" {}
        }
    }
}
