//! What a service manager is told (`NOTIFY_SOCKET`, as systemd's `Type=notify` has it): that we are ready,
//! are reloading, or are about to end. Where nobody listens nothing is said.

pub use sd_notify::NotifyState as State;

/// Says it; who cannot be told must not hold up the logs.
pub fn tell(states: &[State<'_>]) {
    if let Err(e) = sd_notify::notify(states) {
        tracing::warn!(reason = %e, "the service manager could not be told");
    }
}

/// A reload begins; [`State::Ready`] ends it. The time is how systemd knows which reload is meant.
pub fn reloading() {
    let now = State::monotonic_usec_now();
    tell(&[Some(State::Reloading), now.ok()].into_iter().flatten().collect::<Vec<_>>());
}
