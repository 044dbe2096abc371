//! A secret that its record says again where nothing tells what it is: `login hunter2x failed, password=hunter2x`.

use std::ops::Range;

use memchr::{memchr_iter, memmem};

use crate::engine::detect::context::RecordContext;
use crate::engine::found::finding::{EndState, Finding};
use crate::engine::notation::Record;
use crate::engine::notation::context::number_notation;
use crate::engine::notation::escape::word_begins;
use crate::rules::mask::Notation;
use crate::rules::rule::{Kind, RuleId};

/// The least that is looked for, in bytes, with a letter and a digit: `admin` and `postgres` are passwords, and users.
const VALUE_BYTES_MIN: usize = 8;
/// The most, in bytes.
const VALUE_BYTES_MAX: usize = 512;
/// The most findings of a record of which any is looked for: a list of secrets says each once.
const FINDINGS_MAX: usize = 64;
/// How long a line is, in bytes.
const LINE_BYTES_MAX: usize = 1024;
/// How often a record's bytes are looked at for it, each time the record is looked through.
const WORK_FACTOR_MAX: u64 = 2;
/// Bytes that it may cost in any record besides.
const WORK_FREE: u64 = 4096;

/// Adds where the record says again what is found in it from index `from` on. What the allow-list let go of it, from index
/// `spared` on, stays.
pub(crate) fn find(s: &mut RecordContext<'_>, from: usize, spared: usize) {
    let found = s.findings.len();
    if found == from || found - from > FINDINGS_MAX {
        return;
    }
    let len = (s.rec.end - s.rec.start) as u64;
    let most = *s.work + WORK_FACTOR_MAX * len + WORK_FREE;
    let stays = (from..found, spared..s.spared.len());
    for i in from..found {
        let Some(at) = sought(s, &s.findings[i]) else { continue };
        let value = s.rec.slice(at);
        let same = |f: &&Finding| sought(s, f).is_some_and(|at| s.rec.slice(at) == value);
        // A list says one secret many times.
        if s.findings[from..i].iter().any(|f| same(&f)) {
            continue;
        }
        if *s.work + len > most {
            return;
        }
        // The same rule in whatever order they stand: a record of JSON and of protobuf are masked alike.
        let rule = s.findings[i..found].iter().filter(same).map(|f| f.rule).min();
        *s.work += len;
        places(s, value, rule.unwrap_or(s.findings[i].rule), &stays);
    }
}

/// What of a finding its record may say again unnoticed: not what has a shape, which is found wherever it stands.
fn sought(s: &RecordContext<'_>, f: &Finding) -> Option<Range<usize>> {
    let named = match &s.set.rule(f.rule).kind {
        Kind::Key(_) | Kind::Userinfo => true,
        Kind::Shape(shape) => shape.keep.is_some(),
        Kind::Scan(_) | Kind::Card | Kind::Block(_) | Kind::Known => false,
    };
    let whole = match f.end_state {
        EndState::Closed => true,
        EndState::Open(_) => !s.rec.is_window(),
        EndState::Unjudged => false,
    };
    if !named || !whole || f.end - f.start > VALUE_BYTES_MAX {
        return None;
    }
    // `--password=hunter2x: exit 1`: the sign is taken for the value's, to be on the safe side.
    let text = s.rec.slice(f.start..f.end);
    let len = text.iter().rposition(|b| !matches!(b, b':' | b',' | b';' | b'.')).map_or(0, |last| last + 1);
    let text = &text[..len];
    let drawn = text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_alphabetic);
    (len >= VALUE_BYTES_MIN && drawn).then_some(f.start..f.start + len)
}

/// Adds where a value stands as a word or several, outside of what is found and of what was let go already.
fn places(s: &mut RecordContext<'_>, value: &[u8], rule: RuleId, (found, spared): &(Range<usize>, Range<usize>)) {
    let text = s.rec.slice(s.rec.start..s.rec.end);
    let mut from = 0;
    while let Some(place) = next(text, value, from) {
        from = place + value.len();
        let (start, end) = (s.rec.start + place, s.rec.start + from);
        let over = |from: usize, to: usize| from < end && start < to;
        if s.findings[found.clone()].iter().any(|f| over(f.start, f.end))
            || s.spared[spared.clone()].iter().any(|f| over(f.start, f.end))
            || !is_apart(&s.rec, start, end)
        {
            continue;
        }
        // Brackets mean something in an authority.
        let notation = match s.rec.ends_with(start, b"//") {
            true => Notation::Authority,
            false => number_notation(&s.rec, start, end),
        };
        s.found(Finding::new(start, end, rule, notation));
        // What was let go beside it may be judged otherwise.
        s.rescan.raise();
    }
}

/// Where the value stands next. In a line, few bytes are its first, and to learn what is rare in it takes longer.
fn next(text: &[u8], value: &[u8], from: usize) -> Option<usize> {
    let rest = &text[from..];
    let place = match text.len() <= LINE_BYTES_MAX {
        true => memchr_iter(value[0], rest).find(|at| rest[*at..].starts_with(value)),
        false => memmem::find(rest, value),
    };
    place.map(|place| from + place)
}

/// Whether no word goes on over the borders of what stands there.
fn is_apart(rec: &Record<'_>, start: usize, end: usize) -> bool {
    let goes_on = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    word_begins(rec, start) && !(goes_on(rec.before(end)) && goes_on(rec.get(end)))
}
