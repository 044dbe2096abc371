//! Secrets known by their shape: the rule's automaton, anchored at the prefilter's candidate.

use std::ops::Range;

use crate::engine::detect::context::RecordContext;
use crate::engine::detect::ruleset::{RuleSet, ShapeAt};
use crate::engine::footprint::Footprint;
use crate::engine::found::finding::{EndState, Finding, Refusal, Until};
use crate::engine::notation::Record;
use crate::engine::notation::bare::bare_end;
use crate::engine::notation::context::{LABEL_BYTES_MAX, in_label, in_text, mask_len, plain};
use crate::engine::notation::escape::word_begins;
use crate::rules::automaton::{Automaton, Unjudged};
use crate::rules::check::{Check, filler, names};
use crate::rules::mask::Notation;
use crate::rules::rule::{Family, Kind, Rule, Shape};

/// How far before what its automata saw a rule looks for the edge of a word, in bytes.
const EDGE_BYTES: usize = 10;

/// How far before a word is looked for what makes it one, in bytes; more than that.
const BEGIN_BYTES: usize = 48;

/// How much of a shape is tried before the record around it is looked at, in bytes.
pub(crate) const HEAD_BYTES: usize = 24;

/// Runs the rule at a candidate of one of its literals.
pub(crate) fn scan(s: &mut RecordContext<'_>, literal: &ShapeAt, at: usize) {
    let id = literal.rule;
    let rule = s.set.rule(id);
    let Kind::Shape(shape) = &rule.kind else {
        return;
    };
    let work = *s.work;
    match judge(s, rule, shape, literal, at) {
        Ok(Ok((start, _, _))) if shape.keep.is_some() && s.is_other_name(at, start) => {
            s.refuse(at, Some(id), Refusal::Shape);
        }
        Ok(Ok((start, end, cut))) => {
            let end_state = if cut { EndState::Open(Until::Bare) } else { EndState::Closed };
            let notation = notation(&s.rec, rule, shape, start, end);
            if shape.keep.is_some() && s.rec.slice(start..end).iter().any(|b| !is_plain(*b)) {
                s.rescan.raise(); // what is kept before a secret may go on where a sign of this one ended it
            }
            s.found(Finding { end_state, ..Finding::new(start, end, id, notation) });
        }
        Ok(Err(why)) => {
            // The work counts the bytes looked at to either side, but for the edge in front, and what a label has.
            let looked = (*s.work - work) as usize;
            let front = if why == Refusal::Placeholder { LABEL_BYTES_MAX } else { EDGE_BYTES };
            s.refuse_within(at, Some(id), why, at.saturating_sub(looked + front)..at + looked);
        }
        Err(Unjudged) => {
            let end = run_end(&s.rec, at, s.rec.end);
            s.found(Finding { end_state: EndState::Unjudged, ..Finding::new(at, end, id, Notation::Text) });
        }
    }
}

/// Whether a byte ends nothing that a rule keeps before its secret.
fn is_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+')
}

/// The few bytes that are enough to tell that the rule finds nothing at one of its literals; `end` is where the line ends.
/// With `whole` its rest may be looked through: that `Failed password for root from 203.0.113.9 port 22 ssh2` gives none away
/// is told at its end, and no log has more of any other line.
pub(crate) fn reject(
    set: &RuleSet,
    text: &Record<'_>,
    literal: &ShapeAt,
    at: usize,
    end: usize,
    whole: bool,
    work: &mut u64,
) -> Option<Footprint> {
    let rule = set.rule(literal.rule);
    let Kind::Shape(shape) = &rule.kind else { return Some(Footprint::new(at, at)) };
    if shape.before.is_some() {
        return None;
    }
    // Where a word begins, what says so decides nothing: elsewhere the rule finds nothing either.
    let begins_none = text.tried(|| (shape.start_word && !word_begins(text, at)).then_some(()));
    if begins_none.is_some() {
        return Some(Footprint::new(at.saturating_sub(BEGIN_BYTES), at));
    }
    if let (true, Some(keep)) = (whole, &shape.keep) {
        return rejects_line(text, keep, at..end, rule.max as usize, work);
    }
    let head = end.min(at + (rule.max as usize).min(HEAD_BYTES));
    let bracket = shape.keep.is_none() && matches!(text.get(at), Some(b'[' | b'<'));
    let label = bracket && mask_len(text, at) > 0;
    let before = *work;
    (!label && shape.first().dies(text.text(), at, head, work)).then(|| {
        let looked = (*work - before) as usize;
        text.note(at..at + looked);
        // A label was looked for.
        let from = if bracket { 0 } else { at.saturating_sub(1) };
        Footprint::new(from, at + looked.max(1))
    })
}

/// What says that what a rule keeps before its secret is not in the rest of a line.
fn rejects_line(
    text: &Record<'_>,
    keep: &Automaton,
    line: Range<usize>,
    max: usize,
    work: &mut u64,
) -> Option<Footprint> {
    let Range { start: at, end: line_end } = line;
    let line = &text.text()[..line_end];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (before, end) = (*work, line.len());
    let none = keep.longest(line, at, end.min(at + max), work) == Ok(None);
    let looked = at + (*work - before) as usize;
    // Where it was looked through, that it ends there.
    let to = if looked > end { line_end + 1 } else { looked };
    none.then(|| {
        text.note(at..to);
        Footprint::new(at.saturating_sub(1), to)
    })
}

/// What a place keeps before the secret asks for a value behind it.
fn notation(rec: &Record<'_>, rule: &Rule, shape: &Shape, start: usize, end: usize) -> Notation {
    // `https://TOKEN:x@host`: a user's name.
    if matches!(rec.get(end), Some(b':' | b'@')) && rec.ends_with(start, b"://") {
        return Notation::Authority;
    }
    let value = shape.keep.is_some() && rule.family == Family::Place;
    match rec.before(start) {
        Some(b'"' | b'\'') => Notation::Quoted,
        _ if value => plain(rec),
        _ => in_text(rec, start),
    }
}

type Span = (usize, usize, bool);

/// The span of the secret, or why there is none.
fn judge(
    s: &mut RecordContext<'_>,
    rule: &Rule,
    shape: &Shape,
    literal: &ShapeAt,
    at: usize,
) -> Result<Result<Span, Refusal>, Unjudged> {
    let rec = &s.rec;
    let limit = rec.end.min(at + rule.max as usize);
    // What stands before the literal first: it decides where the word begins.
    let mut start = at;
    if let Some(before) = &shape.before {
        let low = rec.start.max(at.saturating_sub(rule.max as usize));
        match rec.longest_back(before, low, at, s.work)? {
            Some(p) => start = p,
            None => return Ok(Err(Refusal::Shape)),
        }
    }
    if shape.start_word && !word_begins(rec, start) {
        return Ok(Err(Refusal::Edge));
    }
    let mut body = at;
    if let Some(keep) = &shape.keep {
        match rec.longest(keep, at, limit, s.work)? {
            Some(p) => body = p,
            None => return Ok(Err(Refusal::Shape)),
        }
    }
    let mut end = match mask_len(rec, body) {
        0 => match rec.longest(&shape.pattern, body, limit, s.work)? {
            Some(end) => end,
            None => return Ok(Err(Refusal::Shape)),
        },
        // A label stands there; more of a value behind it belongs to it, but no text that begins where one ends.
        label if closes_text(rec, body + label) => return Ok(Err(Refusal::Placeholder)),
        label => match rec.longest(&shape.pattern, body + label, limit.max(body + label), s.work)? {
            // A mark there closes what stands around the label.
            Some(end) if end > body + label && !matches!(rec.byte(body + label), b'"' | b'\'' | b'\\' | b'`') => end,
            _ => return Ok(Err(Refusal::Placeholder)),
        },
    };
    if end == limit && limit < rec.end {
        // Longer than `max`: the tail of a secret is a secret.
        end = run_end(rec, end, rec.end);
        *s.work += (end - limit) as u64;
    }
    if shape.end_word && rec.get(end).is_some_and(|b| b.is_ascii_alphanumeric()) {
        return Ok(Err(Refusal::Edge));
    }
    // A text of JSON ends at its mark, whatever another one began in it.
    if shape.keep.is_some() && rec.byte(body) == b'\'' && rec.is_json() {
        let mark = rec.find_byte(b'"', body, end);
        end = mark.map_or(end, |mark| mark - rec.run_back(mark, mark - body, |b| b == b'\\'));
    }
    if let Some(behind) = &shape.behind {
        let limit = rec.end.min(end + rule.max as usize);
        if rec.longest(behind, end, limit, s.work)?.is_none() {
            return Ok(Err(Refusal::Shape));
        }
    }
    let cut = end == rec.end;
    let (start, end) = if shape.keep.is_some() { unquoted(rec, body, end) } else { (start, end) };
    if start == end {
        return Ok(Err(Refusal::Shape)); // nothing between its marks
    }
    // What is behind the literal varies.
    let own = shape.before.is_none() && shape.keep.is_none();
    let front = if own { literal_len(shape, rec.slice(at..end), literal) } else { 0 };
    Ok(check(s, rule, start, end, front).map(|()| (start, end, cut)))
}

fn check(s: &mut RecordContext<'_>, rule: &Rule, start: usize, end: usize, front: usize) -> Result<(), Refusal> {
    let secret = s.rec.slice(start..end);
    let variable = &secret[front..];
    if in_label(&s.rec, start)
        || s.set.masks.spares(secret)
        || (rule.family == Family::Token && filler::is_filler(variable))
    {
        return Err(Refusal::Placeholder);
    }
    let holds = |check: &Check| match check {
        Check::NotActor => !who_acted(s, start, end),
        check => check.holds(secret, variable),
    };
    if rule.checks.iter().all(holds) { Ok(()) } else { Err(Refusal::Check) }
}

/// Whether the text around an access key's id says that it is who acted.
#[cold]
fn who_acted(s: &mut RecordContext<'_>, start: usize, end: usize) -> bool {
    let (before, behind) = names::BESIDE_BYTES;
    let (from, to) = (start.saturating_sub(before).max(s.rec.start), s.rec.end.min(end + behind));
    let who = names::is_who_acted(s.rec.slice(from..start), s.rec.slice(end..to));
    if who {
        *s.work += (before + behind) as u64;
    } else {
        s.saw(from..to);
    }
    who
}

/// The length of the longest literal that the text begins with, of which it begins with a known one.
fn literal_len(shape: &Shape, text: &[u8], known: &ShapeAt) -> usize {
    let own = known.bytes.min(text.len());
    if !known.longer {
        return own;
    }
    let begins = |l: &&String| match text.get(..l.len()) {
        Some(head) if shape.fold => head.eq_ignore_ascii_case(l.as_bytes()),
        Some(head) => head == l.as_bytes(),
        None => false,
    };
    let longer = shape.literals.iter().filter(|l| l.len() > known.bytes).filter(begins);
    longer.map(String::len).max().unwrap_or(own)
}

/// Whether the mark at `at` ends a text, behind which another begins: `"tool -p [REDACTED:x]","n":"y"`.
fn closes_text(rec: &Record<'_>, at: usize) -> bool {
    let ends = || matches!(rec.get(at + 1), None | Some(b',' | b':' | b']' | b'}' | b' '));
    matches!(rec.get(at), Some(b'"' | b'\'')) && (rec.is_json() || ends())
}

/// The span without the quotes around it, escaped or not: they belong to the notation.
fn unquoted(rec: &Record<'_>, start: usize, end: usize) -> (usize, usize) {
    let text = rec.slice(start..end);
    let slashes = text.iter().take_while(|b| **b == b'\\').count();
    match text.get(slashes) {
        Some(b'"' | b'\'') if text.len() > 2 * slashes + 1 && text.ends_with(&text[..=slashes]) => {
            let inside = &text[slashes + 1..text.len() - slashes - 1];
            // Backslashes before a mark are the mark's: without them it would end what stands around it.
            let own = inside.iter().rev().take_while(|b| **b == b'\\').count();
            (start + slashes + 1, end - slashes - 1 - own)
        }
        _ => (start, end),
    }
}

/// End of the run of value bytes that goes on at `at`.
pub(crate) fn run_end(rec: &Record<'_>, at: usize, limit: usize) -> usize {
    bare_end(rec, at.min(limit), limit, false)
}
