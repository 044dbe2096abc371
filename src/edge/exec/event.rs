//! What happens while a program runs.

use crate::edge::pipe::Trouble;
use crate::engine::found::tally::Tally;

/// What happens.
pub enum Event {
    /// A signal came.
    Signal(i32),
    /// A stream is at its end.
    Pumped(Pumped),
}

/// A stream's end.
pub struct Pumped {
    /// What was masked.
    pub tally: Tally,
    /// Somebody still held it when the time was over.
    pub cut: bool,
    /// Why it ended before the program did.
    pub fault: Option<Fault>,
}

/// Why a stream ended before its program did. Whoever reads our output may go: that is none.
#[derive(Debug)]
pub enum Fault {
    /// A stream by name, and what was wrong.
    Stream(&'static str, Trouble),
    /// We ourselves; it was told of.
    Internal,
}
