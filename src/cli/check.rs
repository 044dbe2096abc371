//! `--check`: where the secrets are, and nothing of what they are.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::args::Args;
use super::baseline::Baseline;
use super::failure::{self, Failure};
use super::filter::Run;
use super::known;
use super::listing::{self, Listed};
use super::names::ListFormat;
use super::progress::Progress;
use super::report::report;
use super::setup;
use crate::edge::files::Input;
use crate::edge::outbox::{Outbox, Sink};
use crate::edge::pipe::Lane;
use crate::edge::raw::Raw;
use crate::edge::signals;
use crate::edge::walk;
use crate::engine::redactor::Redactor;
use crate::rules::rule::RuleId;

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
    format: ListFormat,
    baseline: Baseline,
    /// Findings that were listed, and those that are known.
    listed: u64,
    known: u64,
    out: Outbox<Raw>,
}

impl Sink for Listing {
    /// A mask if a finding was just seen, else clean text.
    fn take(&mut self, piece: &[u8]) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(seen) = seen else {
            return self.at.advance(Shape::of(piece));
        };
        let (line, column) = (self.at.line, self.at.column);
        let rule = seen.rule.map(|rule| self.redactor.rule(rule));
        let finding = Listed { file: &self.name, line, column, rule, fingerprint: &seen.tag };
        if self.baseline.takes(&finding) {
            self.known += 1;
        } else {
            self.out.take(finding.text(self.format, self.listed == 0).as_bytes());
            self.listed += 1;
        }
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
    let key = setup::key(args)?;
    let key_id = key.as_ref().map(|key| key.id().to_owned());
    let baseline = args.filter.baseline.as_deref().map(|path| Baseline::read(path, key_id.as_deref())).transpose()?;
    let key = key.map_or_else(setup::key_of_this_run, Ok)?;
    let seen: Arc<Mutex<Option<Seen>>> = Arc::default();
    let told = Arc::clone(&seen);
    let builder = setup::masked(args)?.observer(move |rule, secret, hashed| {
        let finding = Seen { rule, tag: key.tag(hashed), shape: Shape::of(secret) };
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(finding);
    });
    let redactor = known::knowing(&args.known, &args.choice, builder)?;
    setup::tell_found(&args.choice, &redactor);
    let walk = walk::inputs(&args.files);
    if walk.inputs.iter().any(Input::is_pipe) {
        signals::read_on().map_err(|e| Failure::input("signals", e))?;
    }
    let progress = Progress::new(args, &walk.inputs);
    let mut run = Run::new(&redactor, args, &progress);
    run.left_out(&walk);
    let mut out = Outbox::new(Raw::stdout().map_err(|e| Failure::output("standard output", &e))?);
    let format = args.filter.format.unwrap_or(ListFormat::Text);
    out.take(listing::head(format, &redactor, key_id.as_deref()).as_bytes());
    let at = Position { line: 1, column: 1 };
    let (name, baseline, redactor_of) = (String::new(), baseline.unwrap_or_default(), redactor.clone());
    let mut listing = Listing { name, at, seen, redactor: redactor_of, format, baseline, listed: 0, known: 0, out };
    match list(args, &walk.inputs, &mut run, &mut listing) {
        // Nobody reads the list any more, but something was found.
        Err(Failure::Closed) => {}
        other => other?,
    }
    let known = args.filter.baseline.as_ref().map(|_| listing.known);
    run.total(walk.walked, known);
    report(args, &run.tally, &redactor)?;
    // What is too long to be judged has no place to be listed at.
    let found = if listing.listed > 0 || run.tally.unjudged > 0 { failure::FOUND } else { failure::OK };
    Ok(failure::worse(run.code, found))
}

/// Looks through every input.
fn list(args: &Args, inputs: &[Input], run: &mut Run<'_>, listing: &mut Listing) -> Result<(), Failure> {
    let redactor = listing.redactor.clone();
    for input in inputs {
        listing.name = input.name();
        listing.at = Position { line: 1, column: 1 };
        let lane = Lane::looking(&redactor, setup::encoding(args));
        run.through(input, lane, listing, "standard output")?;
    }
    listing.out.take(listing::tail(listing.format).as_bytes());
    listing.flush().map_err(|e| Failure::output("standard output", &e))
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
