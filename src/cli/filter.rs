//! Without a subcommand: inputs -> masked text.

use std::fs::{self, File};
use std::io::{self, Cursor, Read, Write};
use std::path::Path;

use super::args::Args;
use super::failure::{self, Failure};
use super::known;
use super::progress::Progress;
use super::report::report;
use super::setup;
use crate::edge::ahead;
use crate::edge::files::{Input, same_file};
use crate::edge::form::{self, Form};
use crate::edge::in_place;
use crate::edge::outbox::{Outbox, Sink};
use crate::edge::packing;
use crate::edge::patience::Patience;
use crate::edge::pipe::{self, Buffer, Encoding, Lane, Trouble};
use crate::edge::raw::Raw;
use crate::edge::signals::{self, Ending};
use crate::edge::walk::{self, Walk};
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;

/// Filters the inputs.
///
/// # Errors
/// Wrong options, an output that cannot be written. Inputs that fail are told of one by one.
pub fn run(args: &Args) -> Result<u8, Failure> {
    if args.filter.format.is_some() || args.filter.baseline.is_some() {
        return Err(Failure::usage("--format and --baseline are for lists of findings: give --check, too"));
    }
    let walk = walk::inputs(&args.files);
    let inputs = &walk.inputs;
    let in_place = args.filter.in_place == Some(true);
    if in_place && (args.filter.output.is_some() || inputs.contains(&Input::Stdin)) {
        return Err(Failure::usage("--in-place needs files to rewrite, not standard input, and no --output"));
    }
    let redactor = known::knowing(&args.known, &args.choice, setup::masked(args)?)?;
    known::listen(&args.known)?;
    redactor.outlive();
    setup::tell_found(&args.choice, &redactor);
    if inputs.iter().any(Input::is_pipe) {
        signals::read_on().map_err(|e| Failure::input("signals", e))?;
    }
    let progress = Progress::new(args, inputs);
    let mut run = Run::new(&redactor, args, &progress);
    run.left_out(&walk);
    let end = match (&args.filter.output, in_place) {
        (_, true) => run.rewrite(inputs),
        (Some(path), _) => create(path, inputs).and_then(|file| run.copy(inputs, file, &path.display().to_string())),
        (None, _) => Raw::stdout()
            .map_err(|e| Failure::output("standard output", &e))
            .and_then(|out| run.copy(inputs, out, "standard output")),
    };
    run.total(walk.walked, None);
    let (tally, code, ending) = (run.tally, run.code, run.ending);
    drop(progress);
    report(args, &tally, &redactor)?;
    if let Some(ending) = ending {
        ending.obey();
    }
    end.map(|()| code)
}

fn create(path: &Path, inputs: &[Input]) -> Result<File, Failure> {
    let own = |input: &Input| matches!(input, Input::Path(p) if same_file(p, path));
    if inputs.iter().any(own) {
        return Err(Failure::usage(format!(
            "--output {}: this is also an input, which would be emptied; use --in-place",
            path.display()
        )));
    }
    File::create(path).map_err(|e| Failure::Said(failure::OUTPUT, format!("--output {}: {e}", path.display())))
}

/// One run over all inputs.
pub struct Run<'a> {
    redactor: &'a Redactor,
    encoding: Encoding,
    /// How records are written, if it was said.
    form: Option<Form>,
    /// That judge a file at hand.
    threads: usize,
    progress: &'a Progress,
    buffer: Buffer,
    patience: Patience,
    /// Counts of all inputs.
    pub tally: Tally,
    /// The exit code, if nothing ends the run early.
    pub code: u8,
    /// Inputs that were read, those of them with findings, and what was not read.
    inputs: [u64; 3],
    /// Where files are rewritten: whether a signal asked to end.
    ending: Option<Ending>,
}

impl<'a> Run<'a> {
    /// Before the first input.
    pub fn new(redactor: &'a Redactor, args: &Args, progress: &'a Progress) -> Self {
        let (encoding, threads) = (setup::encoding(args), setup::threads(args));
        let (buffer, patience, tally) = (Buffer::default(), Patience::default(), Tally::default());
        let form = setup::form(args);
        Run {
            redactor,
            encoding,
            form,
            threads,
            progress,
            buffer,
            patience,
            tally,
            code: failure::OK,
            inputs: [0; 3],
            ending: None,
        }
    }

    /// Every input, masked, into one output. Each is a stream of its own: an unfinished last line
    /// is not joined with the next one's first before both were looked at.
    fn copy<W: Write>(&mut self, inputs: &[Input], out: W, name: &str) -> Result<(), Failure> {
        let mut out = Outbox::new(out);
        inputs.iter().try_for_each(|input| {
            let lane = Lane::new(self.redactor, self.encoding);
            self.through(input, lane, &mut out, name)
        })
    }

    /// One input down its lane into `out`.
    ///
    /// # Errors
    /// Only those of the output, whose name is for errors.
    pub fn through(&mut self, input: &Input, mut lane: Lane, out: &mut impl Sink, name: &str) -> Result<(), Failure> {
        let progress = self.progress;
        let mut reader = match input.open(self.encoding == Encoding::Bytes, &self.patience, |n| progress.add(n)) {
            Ok(reader) => reader,
            Err(e) => {
                self.unread(input, &e);
                return Ok(());
            }
        };
        let end = self.pump(&mut *reader, input.is_at_hand(pipe::READ_BYTES), &mut lane, out, &mut |_| {});
        self.count(&lane);
        match end {
            Err(Trouble::Write(e)) => Err(Failure::output(name, &e)),
            Err(trouble) => {
                self.told(input, trouble);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// One input's bytes down its lane; by several threads if all of it is at hand.
    fn pump(
        &mut self,
        reader: &mut dyn Read,
        at_hand: bool,
        lane: &mut Lane,
        out: &mut impl Sink,
        seen: &mut dyn FnMut(usize),
    ) -> Result<(), Trouble> {
        let (head, form) = match (self.form, self.encoding) {
            (Some(form), _) => (Vec::new(), form),
            (None, Encoding::Utf16(_)) => (Vec::new(), Form::Text),
            (None, _) => form::head(reader).map_err(Trouble::Read)?,
        };
        lane.set_form(form);
        let reader = &mut Cursor::new(head).chain(reader);
        if at_hand && self.threads > 1 && lane.is_plain() {
            ahead::pump(reader, self.redactor, lane, out, self.threads, seen)
        } else {
            pipe::pump(reader, lane, out, &mut self.buffer, &self.patience, seen)
        }
    }

    /// Every input rewritten where it is. A signal that asks to end is obeyed when nothing half-written is left.
    fn rewrite(&mut self, inputs: &[Input]) -> Result<(), Failure> {
        let ending = Ending::noted().map_err(|e| Failure::input("signals", e))?;
        self.ending = Some(ending.clone());
        for input in inputs {
            let Input::Path(path) = input else { continue };
            let mut lane = Lane::new(self.redactor, self.encoding);
            let progress = self.progress;
            let done = in_place::rewrite(path, self.encoding != Encoding::Detect, |from, to| {
                let from = &mut ending.stops(from);
                let at_hand = input.is_at_hand(pipe::READ_BYTES);
                self.pump(from, at_hand, &mut lane, &mut Outbox::new(to), &mut |n| progress.add(n))?;
                Ok(lane.tally().findings() > 0)
            });
            match done {
                Ok(Ok(())) => self.count(&lane),
                _ if ending.asked() => {
                    self.trouble(input, &"left as it was: a signal asked to end");
                    break;
                }
                Ok(Err(Trouble::Read(e))) => {
                    let code = failure::unread(&e);
                    self.say(input, &in_place::Left::Failed("cannot read it", e), code);
                }
                Ok(Err(trouble)) => self.told(input, trouble),
                Err(in_place::Left::Failed(what, e)) if packing::is_refusal(&e) => {
                    self.say(input, &in_place::Left::Failed(what, e), failure::USAGE);
                }
                Err(left) => self.trouble(input, &left),
            }
        }
        Ok(())
    }

    /// Says what of folders could not be looked at.
    pub fn left_out(&mut self, walk: &Walk) {
        for (name, why) in &walk.failed {
            self.say_of(name, why, failure::INPUT);
        }
    }

    /// Says what there was in all, if there were folders; `known` is how many findings a baseline knew.
    pub fn total(&self, walked: bool, known: Option<u64>) {
        if !walked {
            return;
        }
        let ([files, with, failed], findings) = (self.inputs, self.tally.findings());
        let known = known.map_or(String::new(), |known| format!(", {known} of them known"));
        let failed = if failed > 0 { format!("; {failed} were not read or left as they were") } else { String::new() };
        self.progress.say(&format!("{files} files, {findings} findings in {with} of them{known}{failed}"));
    }

    fn count(&mut self, lane: &Lane) {
        let tally = lane.tally();
        self.inputs[0] += 1;
        self.inputs[1] += u64::from(tally.findings() > 0);
        self.tally.add(&tally);
    }

    fn told(&mut self, input: &Input, trouble: Trouble) {
        match trouble {
            Trouble::Read(e) => self.unread(input, &e),
            Trouble::Write(e) => self.trouble(input, &in_place::Left::Failed("cannot write beside it", e)),
            Trouble::Refused(wide) => self.say(input, &wide, failure::USAGE),
        }
    }

    fn unread(&mut self, input: &Input, why: &io::Error) {
        self.say(input, why, failure::unread(why));
    }

    fn trouble(&mut self, input: &Input, why: &dyn std::fmt::Display) {
        self.say(input, why, failure::INPUT);
    }

    fn say(&mut self, input: &Input, why: &dyn std::fmt::Display, code: u8) {
        self.say_of(&input.name(), why, code);
    }

    fn say_of(&mut self, name: &str, why: &dyn std::fmt::Display, code: u8) {
        self.progress.say(&format!("{name}: {why}"));
        self.inputs[2] += 1;
        self.code = failure::worse(self.code, code);
    }
}

/// Writes a whole file, or none of it.
///
/// # Errors
/// When it cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|e| Failure::Said(failure::OUTPUT, format!("{}: {e}", path.display())))
}
