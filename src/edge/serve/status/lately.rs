//! The history as charts.

use maud::{Markup, html};

use super::super::history::{History, MINUTES, SECONDS, Sample, Shares, greatest};
use super::chart::{Chart, Series};
use super::units;

/// So many rules or listeners are drawn by themselves.
const SERIES_MAX: usize = 6;

/// What came and went, and what was masked: over minutes or over hours.
pub fn charts(history: &History, hours: bool) -> Markup {
    let samples = history.samples(hours);
    let end = samples.last().map_or(0.0, |s| s.end);
    let (back, marks) = if hours { (60.0 * MINUTES as f64, 6) } else { (SECONDS as f64, 5) };
    let times: Vec<(f64, f64)> = samples.iter().map(|s| (end - s.end + s.length, end - s.end)).collect();
    let values = |of: &dyn Fn(&Sample) -> u64| -> Vec<f64> {
        samples.iter().map(|s| of(s) as f64 / s.length.max(1e-3)).collect()
    };
    let total = |of: &dyn Fn(&Sample) -> u64| samples.iter().map(|s| of(s)).sum::<u64>();
    let flow = |name: &str, class: &str, of: &dyn Fn(&Sample) -> u64| Series {
        name: name.to_owned(),
        shown: units::bytes(total(of) as f64),
        values: values(of),
        class: class.to_owned(),
    };
    let stack = |of: fn(&Sample) -> &Shares| {
        let (mut top, others) = greatest(&samples, of, SERIES_MAX);
        // In the order in which they first came, so that none changes its colour for its rank's sake.
        top.sort_unstable();
        let mut all: Vec<Series> = top
            .iter()
            .enumerate()
            .map(|(i, (name, sum))| Series {
                name: history.name(*name).to_owned(),
                shown: units::count(*sum),
                values: values(&|s| of(s).of(*name)),
                class: format!("s{i}"),
            })
            .collect();
        if others > 0 {
            let shown = |s: &Sample| of(s).sum() - top.iter().map(|(name, _)| of(s).of(*name)).sum::<u64>();
            all.push(Series {
                name: "others".into(),
                shown: units::count(others),
                values: values(&shown),
                class: "sx".into(),
            });
        }
        all
    };
    let chart = |id, title, unit, nothing, stacked, line| {
        Chart { id, title, unit, times: times.clone(), back, marks, nothing, stacked, line }.html()
    };
    let per_second: fn(f64) -> String = |n| format!("{}/s", units::bytes(n));
    let found: fn(f64) -> String = |n| format!("{}/s", units::rate(n));
    html! {
        div.wide { (chart("flow", "Throughput", per_second, "nothing received",
            vec![flow("received", "s0", &|s| s.received)], Some(flow("sent", "line", &|s| s.sent)))) }
        (chart("rules", "Secrets masked, by rule", found, "no secrets", stack(|s| &s.rules), None))
        (chart("listeners", "Secrets masked, by listener", found, "no secrets", stack(|s| &s.listeners), None))
    }
}
