//! `explain`: what would be masked and why, and what let a place go that looked like a secret.

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use super::args::Args;
use super::completions::print;
use super::failure::Failure;
use super::known;
use super::setup;
use crate::edge::files::Input;
use crate::edge::patience::Patience;
use crate::edge::pipe::Encoding;
use crate::edge::signals;
use crate::edge::{encoding::Detector, wtf8::Decoder};
use crate::engine::found::allowed::Spared;
use crate::engine::found::finding::{Finding, Refusal, Refused, Weighed};
use crate::engine::redactor::Redactor;
use crate::rules::rule::Rule;

/// The largest input that is explained, in bytes.
const EXPLAINED_BYTES_MAX: u64 = 64 << 20;

/// Explains an input.
///
/// # Errors
/// An input that cannot be read, is too large, or is in an encoding that is refused.
pub fn run(args: &Args, file: Option<&Path>) -> Result<u8, Failure> {
    let names: Vec<_> = file.map(Into::into).into_iter().collect();
    let input = Input::all(&names).remove(0);
    let redactor = known::knowing(&args.known, &args.choice, setup::builder(&args.choice)?)?;
    setup::tell_found(&args.choice, &redactor);
    if input.is_pipe() {
        signals::read_on().map_err(|e| Failure::input("signals", e))?;
    }
    let text = read(&input, setup::encoding(args))?;
    print(tell(&redactor, &text, &input.name()).as_bytes())
}

fn read(input: &Input, encoding: Encoding) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let opened = input.open(encoding == Encoding::Bytes, &Patience::default(), |_| {});
    let read = opened.and_then(|r| r.take(EXPLAINED_BYTES_MAX + 1).read_to_end(&mut text));
    read.map_err(|e| Failure::unread(input.name(), &e))?;
    if text.len() as u64 > EXPLAINED_BYTES_MAX {
        return Err(Failure::usage(format!(
            "{}: longer than the {} MiB that explain looks at; give it the lines in question",
            input.name(),
            EXPLAINED_BYTES_MAX >> 20
        )));
    }
    match encoding {
        Encoding::Bytes => Ok(text),
        Encoding::Detect => match Detector::default().look(&text) {
            Some(wide) => Err(Failure::usage(format!("{}: {wide}", input.name()))),
            None => Ok(text),
        },
        Encoding::Utf16(order) => {
            let mut out = Vec::new();
            let mut decoder = Decoder::new(order);
            decoder.push(&text, &mut out);
            decoder.finish(&mut out);
            Ok(out)
        }
    }
}

/// Lines and columns of rising offsets.
struct Places<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
    begin: usize,
}

impl Places<'_> {
    fn of(&mut self, offset: usize) -> (usize, usize) {
        for i in memchr::memchr_iter(b'\n', &self.text[self.at..offset]) {
            self.line += 1;
            self.begin = self.at + i + 1;
        }
        self.at = offset;
        (self.line, offset - self.begin + 1)
    }
}

/// What is told of a place.
enum Event<'a> {
    Masked(&'a Finding),
    Spared(&'a Spared),
    LetGo(&'a Refused),
}

fn tell(redactor: &Redactor, text: &[u8], name: &str) -> String {
    let seen = redactor.explain(text);
    let mut events: Vec<(usize, Event<'_>)> = Vec::new();
    events.extend(seen.refused.iter().map(|r| (r.at, Event::LetGo(r))));
    events.extend(seen.spared.iter().map(|s| (s.start, Event::Spared(s))));
    events.extend(seen.findings.iter().map(|f| (f.start, Event::Masked(f))));
    events.sort_by_key(|(at, event)| (*at, matches!(event, Event::LetGo(_))));
    let mut out = String::new();
    let mut places = Places { text, at: 0, line: 1, begin: 0 };
    for (at, event) in events {
        let (line, column) = places.of(at);
        let _ = write!(out, "{name}:{line}:{column}: ");
        match event {
            Event::Masked(f) => {
                masked(redactor, f, &seen.all, &mut out);
                weighed(&seen.weighed, f.start, true, &mut out);
            }
            Event::Spared(s) => spared(redactor, s, &mut out),
            Event::LetGo(r) => {
                let_go(redactor, r, &mut out);
                weighed(&seen.weighed, r.at, false, &mut out);
            }
        }
    }
    let _ = write!(out, "{name}: {} masked, {} let go", seen.findings.len(), seen.refused.len());
    if !redactor.allowed().is_empty() {
        let _ = write!(out, ", {} spared by the allow-list", seen.spared.len());
    }
    out.push('\n');
    out
}

fn masked(redactor: &Redactor, f: &Finding, all: &[Finding], out: &mut String) {
    let rule = redactor.rule(f.rule);
    let (bytes, family) = (f.end - f.start, rule.family.name());
    let _ = writeln!(out, "\x1b[1mmasked\x1b[0m, {bytes} bytes at offset {}: {} ({family})", f.start, rule.id);
    let _ = writeln!(out, "    {}\n    {}", rule.about, rule.link);
    let also = all.iter().filter(|a| a.start < f.end && f.start < a.end && a.rule != f.rule);
    let mut also: Vec<&str> = also.map(|a| redactor.rule(a.rule).id.as_str()).collect();
    also.dedup();
    if !also.is_empty() {
        let _ = writeln!(out, "    also found by: {}", also.join(", "));
    }
}

fn spared(redactor: &Redactor, s: &Spared, out: &mut String) {
    let (bytes, rule) = (s.end - s.start, redactor.rule(s.rule));
    let (entry, by) = (&redactor.allowed()[s.entry], s.by.name());
    let _ = write!(out, "\x1b[1mspared\x1b[0m, {bytes} bytes at offset {}: {} ", s.start, rule.id);
    let _ = writeln!(out, "({}), allowed by `{entry}` ({by})", rule.family.name());
}

fn let_go(redactor: &Redactor, r: &Refused, out: &mut String) {
    let _ = write!(out, "let go at offset {}: {}", r.at, r.why.reason());
    if let Some(id) = r.rule {
        let rule = redactor.rule(id);
        let _ = write!(out, " [{}{}]", rule.id, checks(rule, r.why));
    }
    out.push('\n');
}

/// What the judge said of the value at `at`, if it was asked.
fn weighed(all: &[Weighed], at: usize, masked: bool, out: &mut String) {
    for w in all.iter().filter(|w| w.start == at) {
        let rules = match (w.secret, masked) {
            (true, true) | (false, false) => "",
            (false, true) => "; its key's rule alone would let it go",
            (true, false) => "; its key's rule alone would mask it",
        };
        let _ = writeln!(out, "    {}{rules}", w.reason());
    }
}

fn checks(rule: &Rule, why: Refusal) -> String {
    if why != Refusal::Check || rule.checks.is_empty() {
        return String::new();
    }
    let names: Vec<String> = rule.checks.iter().map(|c| c.name()).collect();
    format!("; it checks {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::tell;
    use crate::engine::redactor::Redactor;

    #[test]
    fn places_and_reasons_without_the_secret() {
        let text = b"clean\nuser=al password=hunter2x\ntokenizer=fast\n";
        let told = tell(&Redactor::builtin(), text, "a.log");
        assert!(told.contains("a.log:2:18: "), "{told}");
        assert!(told.contains(": password (key)") && told.contains("let go"), "{told}");
        assert!(!told.contains("hunter2x") && !told.contains("fast"), "{told}");
    }

    #[test]
    fn what_the_judge_says_is_told_in_bits() {
        let text = b"linkpreview SECRET 9f86d081884c7d659a2feaa0c55ad015\nuser=al session_id=6383b290.21d\n";
        let told = tell(&Redactor::builtin(), text, "a.log");
        assert!(told.contains(" bits for a secret: ") && told.contains("words before"), "{told}");
        assert!(told.contains("its key's rule alone would let it go"), "{told}");
        assert!(told.contains("its key's rule alone would mask it"), "{told}");
        assert!(!told.contains("9f86d0") && !told.contains("6383b290"), "{told}");
    }
}
