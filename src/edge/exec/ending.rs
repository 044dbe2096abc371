//! How a program ended -> how we end. Pure.

use std::fmt;
use std::str::FromStr;

use rustix::process::WaitStatus;

/// What is added to a signal's number where only a code can tell of it.
const SIGNALLED: u8 = 128;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By itself, with a code.
    Code(u8),
    /// By a signal.
    Signal(i32),
}

impl How {
    /// What the system says; None while it only stopped or went on.
    pub fn of(status: WaitStatus) -> Option<How> {
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Some(How::Code(code as u8)),
            (_, Some(signal)) => Some(How::Signal(signal)),
            _ => None,
        }
    }

    /// As shells write it.
    pub fn code(self) -> u8 {
        match self {
            How::Code(code) => code,
            How::Signal(signal) => SIGNALLED.wrapping_add(signal as u8),
        }
    }
}

/// `143:0`: a code that is to be another one.
///
/// ```text
/// 143:0   a program that SIGTERM ended has done well
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitMap {
    from: u8,
    to: u8,
}

impl FromStr for ExitMap {
    type Err = NoMap;

    fn from_str(text: &str) -> Result<ExitMap, NoMap> {
        let (from, to) = text.split_once(':').ok_or(NoMap)?;
        let code = |text: &str| text.parse().map_err(|_| NoMap);
        Ok(ExitMap { from: code(from)?, to: code(to)? })
    }
}

/// A text that is no [`ExitMap`].
#[derive(Debug, PartialEq, Eq)]
pub struct NoMap;

impl fmt::Display for NoMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is two exit codes, such as 143:0")
    }
}

impl std::error::Error for NoMap {}

/// How we end. A signal is ours, too, unless a map says otherwise or `first` (process 1, which no signal ends by
/// default).
pub fn ending(how: How, maps: &[ExitMap], first: bool) -> How {
    match (how, maps.iter().find(|map| map.from == how.code())) {
        (_, Some(map)) => How::Code(map.to),
        (How::Signal(_), None) if first => How::Code(how.code()),
        _ => how,
    }
}

#[cfg(test)]
mod tests {
    use super::{ExitMap, How, NoMap, ending};

    #[test]
    fn a_signal_is_passed_on_where_it_can_be() {
        let maps: Vec<ExitMap> = ["143:0", "7:9"].map(|text| text.parse().unwrap()).to_vec();
        for (how, first, wanted) in [
            (How::Code(0), false, How::Code(0)),
            (How::Code(7), false, How::Code(9)),
            (How::Code(143), false, How::Code(0)),
            (How::Signal(15), false, How::Code(0)),
            (How::Signal(9), false, How::Signal(9)),
            (How::Signal(9), true, How::Code(137)),
        ] {
            assert_eq!(ending(how, &maps, first), wanted, "{how:?}");
        }
    }

    #[test]
    fn what_is_no_map_is_refused() {
        for text in ["", "1", "1:", ":1", "256:0", "1:256", "1:2:3", "TERM:0"] {
            assert_eq!(text.parse::<ExitMap>(), Err(NoMap), "{text}");
        }
    }
}
