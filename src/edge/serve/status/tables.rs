//! The page's tables.

use std::time::{SystemTime, UNIX_EPOCH};

use maud::{Markup, html};

use super::super::numbers::reason::Reason;
use super::super::numbers::{ListenNumbers, UpstreamNumbers};
use super::super::settings::{Listen, Upstream};
use super::super::shared::Shared;
use super::datum::{counted, datum, sized};
use super::state::mark;
use super::units;

/// So many rows of findings are shown by themselves.
const FINDINGS_MAX: usize = 20;

/// A certificate is to be renewed when it has so many seconds left.
const SOON: f64 = 14.0 * 86_400.0;
/// So many columns fit on a phone.
const CELLS_MAX: usize = 3;

/// One column: its title and a row's cell. What is text stands left, and numbers right.
type Cell = (&'static str, Markup);
/// Columns of text, besides the first.
const TEXT: [&str; 2] = ["State", "Listener"];

fn side(title: &str) -> Option<&'static str> {
    TEXT.contains(&title).then_some("text")
}

/// A table whose rows, where they are long and there is little room, are cards; the first cell is the
/// row's head.
fn table(title: &str, rows: Vec<Vec<Cell>>, nothing: &str) -> Markup {
    html! {
        section.panel {
            h2 { (title) }
            @match rows.first() {
                None => p.nothing { (nothing) },
                Some(first) => table role="table" class=[(first.len() > CELLS_MAX).then_some("cards")] aria-label=(title) {
                    thead role="rowgroup" { tr role="row" {
                        @for (title, _) in first { th role="columnheader" scope="col" class=[side(title)] { (title) } }
                    } }
                    tbody role="rowgroup" {
                        @for row in &rows { tr role="row" {
                            @for (i, (title, cell)) in row.iter().enumerate() {
                                @if i == 0 { th role="rowheader" scope="row" { (cell) } }
                                @else { td role="cell" class=[side(title)] data-title=(title) { (cell) } }
                            }
                        } }
                    }
                }
            }
        }
    }
}

/// Where records go.
pub fn upstreams(shared: &Shared) -> Markup {
    let row = |(u, n): (&Upstream, &UpstreamNumbers)| {
        let of = [("upstream", u.name.as_str())];
        let up = n.up.get();
        let (class, word) = match up {
            1 => ("good", "takes data"),
            // A spare one need not be connected.
            _ if shared.ready() => ("idle", "not connected"),
            _ => ("bad", "not connected"),
        };
        vec![
            ("Upstream", html! { span.name { (u.name) } span.address { (u.address) } }),
            (
                "State",
                html! { span class={ "state " (class) } { (mark(class)) (datum("logveil_upstream_up", &of, up, word)) } },
            ),
            ("Sent", sized("logveil_sent_bytes_total", &of, n.sent.get())),
            ("Connections made", counted("logveil_upstream_connects_total", &of, n.connects.get())),
            ("Failures", counted("logveil_upstream_failures_total", &of, n.failures.get())),
            ("Lost, at most", sized("logveil_upstream_unconfirmed_bytes_total", &of, n.unconfirmed.get())),
        ]
    };
    table("Upstreams", shared.settings.upstream.iter().zip(&shared.numbers.upstream).map(row).collect(), "none")
}

/// Where records come from.
pub fn listeners(shared: &Shared) -> Markup {
    let row = |(l, n): (&Listen, &ListenNumbers)| {
        let of = [("listener", l.name.as_str())];
        let rejected: u64 = Reason::ALL.iter().map(|r| n.rejected(*r).get()).sum();
        let rules = l.rules.get();
        let (many, hash) = (rules.in_force() as u64, rules.hash);
        let info = [("listener", l.name.as_str()), ("hash", hash.as_str())];
        vec![
            ("Listener", html! { span.name { (l.name) } span.address { (l.address) } }),
            ("Open", counted("logveil_connections", &of, n.connections.get().max(0) as u64)),
            ("Accepted", counted("logveil_connections_accepted_total", &of, n.accepted.get())),
            ("Turned away", counted("logveil_rejections_total", &of, rejected)),
            ("Received", sized("logveil_received_bytes_total", &of, n.received.get())),
            ("Records", counted("logveil_records_total", &of, n.records.get())),
            ("Over the limit", counted("logveil_records_over_limit_total", &of, n.over.get())),
            ("Unjudged", counted("logveil_unjudged_total", &of, n.unjudged.get())),
            (
                "Allowed",
                match n.spared.get() {
                    0 => html! { "0" },
                    spared => counted("logveil_spared_total", &of, spared),
                },
            ),
            (
                "Dropped",
                match l.address.is_datagram() {
                    true => {
                        counted("logveil_datagrams_dropped_total", &of, n.dropped.get() + n.dropped_by_kernel.get())
                    }
                    false => html! { "–" },
                },
            ),
            (
                "Rules",
                html! { (counted("logveil_rules", &of, many)) " " code { (datum("logveil_rules_info", &info, 1, &hash)) } },
            ),
        ]
    };
    table("Listeners", shared.settings.listen.iter().zip(&shared.numbers.listen).map(row).collect(), "none")
}

/// What was masked: the rows with the most, and the others together.
pub fn findings(shared: &Shared) -> Markup {
    let mut all = Vec::new();
    for (l, n) in shared.settings.listen.iter().zip(&shared.numbers.listen) {
        all.extend(n.findings().into_iter().map(|(rule, n)| (n, rule, l.name.as_str())));
    }
    all.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| (&a.1, a.2).cmp(&(&b.1, b.2))));
    let others: u64 = all.iter().skip(FINDINGS_MAX).map(|(n, ..)| n).sum();
    let many = all.len().saturating_sub(FINDINGS_MAX);
    let row = |(n, rule, listener): &(u64, String, &str)| {
        let of = [("listener", *listener), ("rule", rule.as_str())];
        vec![
            ("Rule", html! { span.name { (rule) } }),
            ("Listener", html! { (listener) }),
            ("Secrets", counted("logveil_findings_total", &of, *n)),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = all.iter().take(FINDINGS_MAX).map(row).collect();
    if many > 0 {
        let shown = html! { data value=(others) data-rest="logveil_findings_total" { (units::count(others)) } };
        rows.push(vec![
            ("Rule", html! { span.name { "others" } }),
            ("Listener", html! { (many) " rows" }),
            ("Secrets", shown),
        ]);
    }
    table("Secrets masked since the start", rows, "none yet")
}

/// How long a certificate is valid.
fn certificate(side: &str, name: &str, expires: f64, now: f64) -> Markup {
    let (people, machines) = units::moment(expires);
    let (class, word) = match expires - now {
        left if left <= 0.0 => ("bad", "expired".to_owned()),
        left if left < SOON => ("warn", format!("{} left", units::span(left))),
        left => ("good", format!("{} left", units::span(left))),
    };
    let of = [("side", side), ("name", name)];
    html! {
        span class={ "state " (class) } { (mark(class)) (word) } " "
        time datetime=(machines) { (datum("logveil_certificate_expiry_timestamp_seconds", &of, expires, &people)) }
    }
}

/// How reloads went.
pub fn reloads(shared: &Shared) -> Markup {
    let n = &shared.numbers.reload;
    let (at, well) = (n.at.get(), n.successful.get());
    let (people, machines) = units::moment(at);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let reloads = n.ok.get() + n.failed.get();
    let (class, word) = match (well, reloads) {
        (1, 0) => ("good", "loaded at the start"),
        (1, _) => ("good", "reloaded"),
        _ => ("warn", "failed: the rules before it stay"),
    };
    html! {
        section.panel {
            h2 { "Rules and certificates" }
            dl {
                dt { "Last reload" }
                dd { span class={ "state " (class) } { (mark(class)) (datum("logveil_last_reload_successful", &[], well, word)) } }
                dt { "When" }
                dd { time datetime=(machines) { (datum("logveil_last_reload_timestamp_seconds", &[], at, &people)) }
                    span.ago { (units::span(now - at)) " ago" } }
                dt { "Reloads" }
                dd { (counted("logveil_reloads_total", &[("result", "ok")], n.ok.get())) " ok, "
                    (counted("logveil_reloads_total", &[("result", "failed")], n.failed.get())) " failed" }
                @for (side, name, expires) in shared.settings.certificates() {
                    dt { "Certificate of " (name) }
                    dd { (certificate(side, name, expires, now)) }
                }
                dt { "Version" }
                dd { (datum("logveil_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1, env!("CARGO_PKG_VERSION"))) }
            }
            p.hint { "SIGHUP reloads. Each listener's rules are told apart by the hash in its row." }
        }
    }
}
