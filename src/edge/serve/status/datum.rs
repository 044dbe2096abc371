//! A number of `/metrics`, as the page shows it.

use std::fmt::Display;

use maud::{Markup, html};

use super::units;

/// The sum of all series of that name with these labels.
pub fn datum(metric: &str, labels: &[(&str, &str)], value: impl Display, shown: &str) -> Markup {
    let escaped = |v: &str| v.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", escaped(v))).collect();
    let name = if labels.is_empty() { metric.to_owned() } else { format!("{metric}{{{}}}", labels.join(",")) };
    html! { data value=(value) data-metric=(name) { (shown) } }
}

/// A count of things.
pub fn counted(metric: &str, labels: &[(&str, &str)], value: u64) -> Markup {
    datum(metric, labels, value, &units::count(value))
}

/// A count of bytes.
pub fn sized(metric: &str, labels: &[(&str, &str)], value: u64) -> Markup {
    datum(metric, labels, value, &units::bytes(value as f64))
}
