//! How it is as a whole, in a word.

use maud::{Markup, html};

use super::super::shared::Shared;

/// A class, a word, a reason.
pub fn state(shared: &Shared) -> (&'static str, &'static str, String) {
    let numbers = &shared.numbers;
    if shared.stop.is_cancelled() {
        return ("warn", "Stopping", "sending on what was received".into());
    }
    if !shared.ready() {
        return ("bad", "No upstream", "none takes data: records wait here, then senders do".into());
    }
    if numbers.listen.iter().any(|l| l.waiting.get() > 0) {
        return ("warn", "Senders wait", "upstreams take less than comes in".into());
    }
    if numbers.reload.successful.get() == 0 {
        return ("warn", "Old rules", "the last reload failed: the log says why".into());
    }
    let takes = shared.settings.upstream.iter().zip(&numbers.upstream).find(|(_, n)| n.up.get() == 1);
    ("good", "Running", takes.map(|(u, _)| format!("records leave for {}", u.name)).unwrap_or_default())
}

/// The same, as it is seen.
pub fn badge(shared: &Shared) -> Markup {
    let (class, word, why) = state(shared);
    html! {
        p class={ "badge " (class) } role="status" { (mark(class)) strong { (word) } " " span.why { (why) } }
    }
}

/// A shape for each state, so that colour is not alone in saying it.
pub fn mark(class: &str) -> Markup {
    let d = match class {
        "good" => "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z",
        "warn" => "M8 1 15.5 14.5H.5Z",
        _ => "M2 2h12v12H2Z",
    };
    html! { svg.mark viewBox="0 0 16 16" aria-hidden="true" { path d=(d) {} } }
}
