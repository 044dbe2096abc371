//! What is due on a connection on which nothing happens, and when. Pure.

use std::io;
use std::time::{Duration, Instant};

use super::lane::Refused;
use super::numbers::reason::Reason;

/// While draining: so long without a byte is the end.
const QUIET: Duration = Duration::from_millis(500);
/// While draining: so long who goes on sending may take to see that we have closed our side; twice as long
/// while a key block is open, of which the next process would not know.
const PATIENCE: Duration = Duration::from_secs(1);
/// While draining: a timer so late says that the machine stood still, and the peer with it.
const LATE: Duration = Duration::from_millis(100);

/// What is due when nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// What waits for more to be told apart is told.
    Settle,
    /// A record that has waited for flush-after leaves.
    Flush,
    /// Records that come in parts are older now.
    Age,
    /// It may be left from now on ([`may_be_left`]).
    Leave,
    /// The end, and what to say of it.
    End(Option<Reason>),
}

/// Why a read gave no bytes.
pub enum Stop {
    /// The peer has ended.
    End,
    /// It is left between two records, with nothing in its socket.
    Left,
    /// It cannot be read.
    Broken(io::Error),
    /// What it sends is not taken.
    Refused(Refused),
}

/// How a connection goes on behind a read or a wait.
pub enum Next {
    /// There may be more.
    More,
    /// Other rules are there.
    Rules,
    /// It is to end.
    Drain,
    /// Something is due.
    Timer,
    /// It ends.
    Stop(Stop),
}

/// While draining `since` then: the end is when the peer is quiet, or when connections are `cut`; a peer
/// that waits for us (`ours`) is not quiet.
pub fn draining(since: Instant, last_read: Instant, cut: Option<Instant>, ours: bool, now: Instant) -> (Instant, Due) {
    let quiet = last_read + QUIET;
    let cut = cut.unwrap_or(quiet);
    let end = if ours || cut < quiet { (cut, Due::End(Some(Reason::Drain))) } else { (quiet, Due::End(None)) };
    let leave = [since + PATIENCE, since + 2 * PATIENCE].into_iter().find(|at| *at > now);
    leave.filter(|at| *at < end.0).map_or(end, |at| (at, Due::Leave))
}

/// Whether who still sends has had time to look, and may be left between two records; `open` is that
/// something is open over several.
pub fn may_be_left(since: Instant, open: bool, now: Instant) -> bool {
    now.duration_since(since) >= if open { 2 * PATIENCE } else { PATIENCE }
}

/// Whether a `deadline` is seen so late that no silence before it says anything: a peer that stood still with
/// us goes on in the very moment in which we do, and would write into the reset.
pub fn stood_still(deadline: Instant, now: Instant) -> bool {
    now.duration_since(deadline) >= LATE
}

/// The first of what is due.
pub fn soonest(all: impl IntoIterator<Item = Option<(Instant, Due)>>, end: (Instant, Due)) -> (Instant, Due) {
    all.into_iter().flatten().fold(end, |a, b| if b.0 < a.0 { b } else { a })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Due, LATE, PATIENCE, QUIET, draining, may_be_left, stood_still};
    use crate::edge::serve::numbers::reason::Reason;

    #[test]
    fn a_drain_ends_with_silence_or_patience_or_the_deadline() {
        let since = Instant::now();
        let after = |ms| since + Duration::from_millis(ms);
        let cut = Some(after(9000));
        assert_eq!(draining(since, since, cut, false, since), (since + QUIET, Due::End(None)));
        // Busy: looked at again when it may be left, and once more.
        assert_eq!(draining(since, after(900), cut, false, after(900)), (since + PATIENCE, Due::Leave));
        assert_eq!(draining(since, after(1900), cut, false, after(1900)), (since + 2 * PATIENCE, Due::Leave));
        assert_eq!(draining(since, after(2900), cut, false, after(2900)), (after(2900) + QUIET, Due::End(None)));
        assert_eq!(draining(since, after(8900), cut, false, after(8900)), (after(9000), Due::End(Some(Reason::Drain))));
        // Who waits for us is not silent.
        assert_eq!(draining(since, since, cut, true, after(2100)), (after(9000), Due::End(Some(Reason::Drain))));
        assert!(stood_still(since, since + LATE) && !stood_still(since, after(99)) && !stood_still(after(5), since));
        assert!(!may_be_left(since, false, after(999)) && may_be_left(since, false, after(1000)));
        assert!(!may_be_left(since, true, after(1999)) && may_be_left(since, true, after(2000)));
    }
}
