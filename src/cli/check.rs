//! `--check`: where the secrets are, and nothing of what they are.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::args::Args;
use super::failure::{self, Failure};
use super::filter::{Run, report};
use super::progress::Progress;
use super::setup;
use crate::edge::files::Input;
use crate::edge::pipe::{Lane, Outbox, Sink};
use crate::edge::raw::Raw;
use crate::edge::signals;
use crate::engine::redactor::Redactor;
use crate::rules::rule::RuleId;

/// What stands for a rule where none judged what is masked, as reports have it.
const UNJUDGED: &str = "unjudged";

/// A finding whose mask is about to be sent.
struct Seen {
    /// None where no rule judged it.
    rule: Option<RuleId>,
    tag: String,
    shape: Shape,
}

/// How far some bytes move a position.
#[derive(Clone, Copy)]
struct Shape {
    lines: u64,
    /// Bytes behind the last newline.
    tail: u64,
}

impl Shape {
    fn of(bytes: &[u8]) -> Shape {
        let behind = memchr::memrchr(b'\n', bytes).map_or(0, |i| i + 1);
        Shape { lines: memchr::memchr_iter(b'\n', bytes).count() as u64, tail: (bytes.len() - behind) as u64 }
    }
}

/// Line and column, in bytes, both from 1.
struct Position {
    line: u64,
    column: u64,
}

impl Position {
    fn advance(&mut self, shape: Shape) {
        self.line += shape.lines;
        self.column = shape.tail + if shape.lines > 0 { 1 } else { self.column };
    }
}

/// Turns what a stream sends into a list of findings.
struct Listing {
    name: String,
    at: Position,
    seen: Arc<Mutex<Option<Seen>>>,
    redactor: Redactor,
    out: Outbox<Raw>,
}

impl Sink for Listing {
    /// A mask if a finding was just seen, else clean text.
    fn take(&mut self, piece: &[u8]) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(seen) = seen else {
            return self.at.advance(Shape::of(piece));
        };
        let (name, at) = (&self.name, &self.at);
        let rule = seen.rule.map_or(UNJUDGED, |rule| &self.redactor.rule(rule).id);
        self.out.take(format!("{name}:{}:{}: {rule} {}\n", at.line, at.column, seen.tag).as_bytes());
        self.at.advance(seen.shape);
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Looks through the inputs by the very stream that filters them, and lists what it would mask.
///
/// # Errors
/// Wrong options, an output that cannot be written.
pub fn run(args: &Args) -> Result<u8, Failure> {
    if args.filter.in_place == Some(true) || args.filter.output.is_some() {
        return Err(Failure::usage("--check writes no text, so it goes with neither --in-place nor --output"));
    }
    let key = match setup::key(args)? {
        Some(key) => key,
        None => setup::key_of_this_run()?,
    };
    let seen: Arc<Mutex<Option<Seen>>> = Arc::default();
    let told = Arc::clone(&seen);
    let redactor = setup::built(setup::masked(args)?.observer(move |rule, secret| {
        let finding = Seen { rule, tag: key.tag(secret), shape: Shape::of(secret) };
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(finding);
    }))?;
    setup::tell_found(&args.choice, &redactor);
    let inputs = Input::all(&args.files);
    if inputs.iter().any(Input::is_pipe) {
        signals::read_on().map_err(|e| Failure::input("signals", e))?;
    }
    let progress = Progress::new(args, &inputs);
    let mut run = Run::new(&redactor, args, &progress);
    let out = Outbox::new(Raw::stdout().map_err(|e| Failure::output("standard output", &e))?);
    let at = Position { line: 1, column: 1 };
    let mut listing = Listing { name: String::new(), at, seen, redactor: redactor.clone(), out };
    for input in &inputs {
        listing.name = input.name();
        listing.at = Position { line: 1, column: 1 };
        let lane = Lane::looking(&redactor, setup::encoding(args));
        match run.through(input, lane, &mut listing, "standard output") {
            // Nobody reads the list any more, but something was found.
            Err(Failure::Closed) => break,
            other => other?,
        }
    }
    report(args, &run.tally, &redactor)?;
    let found = if run.tally.findings() > 0 { failure::FOUND } else { failure::OK };
    Ok(failure::worse(run.code, found))
}

#[cfg(test)]
mod tests {
    use super::{Position, Shape};

    #[test]
    fn positions_follow_lines() {
        let mut at = Position { line: 1, column: 1 };
        for (piece, line, column) in [("abc", 1, 4), ("d\n", 2, 1), ("", 2, 1), ("x\ny\nzz", 4, 3), ("z", 4, 4)] {
            at.advance(Shape::of(piece.as_bytes()));
            assert_eq!((at.line, at.column), (line, column));
        }
    }
}
