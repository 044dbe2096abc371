//! How much of an unfinished record is no part of a secret, whatever comes behind it.

use rustc_hash::FxHashMap;

use super::ends::{Ends, Place};
use crate::engine::redactor::Redactor;
use crate::engine::wipe::wipe;
use crate::rules::rule::{Kind, RuleId};

/// Records longer than this are no prompts: nothing more of them is settled.
const RECORD_BYTES_MAX: usize = 1 << 10;
/// A word that has not ended is settled while it is no longer.
const WORD_BYTES_MAX: usize = 16;

/// What is put behind each place of a record, to see whether a secret may begin there or before. Values as they are drawn,
/// as people choose them, as numbers; behind each, what ends a quoted value, names the host of a URL, or the key of a value
/// that came before it.
const PROBES: &[&str] = &[
    "Zq8Xr1Lw0mXv93TbN7kQ",
    "hunter2",
    "48151623",
    "hunter2\" ",
    "hunter2' ",
    "hunter2@h.example/",
    "Zq8Xr1Lw0mXv93TbN7kQ:x@h.example/",
    "hunter2\",\"name\":\"password\"}",
    "hunter2</value><name>password</name>",
];

/// What is settled of one record after another.
///
/// A place is settled when
/// 1. with each of the probes behind it, the engine finds nothing that begins before it: no key is open, and nothing
///    is a value of a key that follows;
/// 2. no literal of a token's rule has ended before it: what began with a literal may be a token;
/// 3. it does not stand behind a word that has not ended and may be the front of a token, or behind digits.
///
/// The first place at which a probe is found, or a literal ended, is the last one of its record. So `Password: ` and
/// `user@host:~$ ` are settled to their ends; of what is typed behind the first, nothing ever is.
pub struct Settled {
    redactor: Redactor,
    /// Literals that tokens begin with, in lower case, by their last byte; whether something may stand before them.
    literals: FxHashMap<u8, Vec<(Vec<u8>, bool)>>,
    /// A rule without a literal is on: nothing tells where its secrets begin.
    blind: bool,
    ends: Ends,
    /// Bytes of the record that were looked at.
    seen: usize,
    /// The last of the places that are settled.
    last: usize,
    /// Nothing behind `last` will be.
    closed: bool,
    probed: Vec<u8>,
}

impl Settled {
    /// For this redactor's rules.
    pub fn new(redactor: &Redactor) -> Settled {
        let mut literals: FxHashMap<u8, Vec<(Vec<u8>, bool)>> = FxHashMap::default();
        let mut blind = false;
        let on = redactor.rules().iter().enumerate().filter(|(i, _)| redactor.is_on(RuleId(*i as u16)));
        for (_, rule) in on {
            let before = match &rule.kind {
                Kind::Shape(shape) if shape.keep.is_none() => shape.before.is_some(),
                Kind::Block(_) => false,
                Kind::Scan(_) => {
                    blind = true;
                    continue;
                }
                _ => continue,
            };
            for literal in rule.literals().0 {
                let literal = literal.to_ascii_lowercase().into_bytes();
                literals.entry(literal[literal.len() - 1]).or_default().push((literal, before));
            }
        }
        Settled {
            redactor: redactor.clone(),
            literals,
            blind,
            ends: Ends::default(),
            seen: 0,
            last: 0,
            closed: false,
            probed: Vec::new(),
        }
    }

    /// How many bytes of the record are settled; it is the one of the last call with more behind it, or
    /// [`Settled::forget`] was called.
    pub fn upto(&mut self, record: &[u8]) -> usize {
        if self.blind {
            return 0;
        }
        for at in self.seen + 1..=record.len().min(RECORD_BYTES_MAX) {
            if self.closed {
                break;
            }
            self.seen = at;
            if self.ends.next(record[at - 1]) == Place::Inside {
                self.look(&record[..at]);
            }
        }
        let settled = if self.closed { self.last } else { self.last.min(unfinished(&record[..self.last])) };
        settled.min(unfinished(&record[..settled]))
    }

    /// The record ended.
    pub fn forget(&mut self) {
        (self.ends, self.seen, self.last, self.closed) = (Ends::default(), 0, 0, false);
        wipe(&mut self.probed);
    }

    /// Sees whether the record is settled so far.
    fn look(&mut self, record: &[u8]) {
        let literal = self.literal(record);
        let open = literal.into_iter().chain(self.found(record)).min();
        match open {
            None => self.last = record.len(),
            Some(at) => {
                self.closed = true;
                // What was settled before stays so: it has left.
                self.last = self.last.max(at.min(record.len()));
            }
        }
    }

    /// Where a token may begin whose literal ends here.
    fn literal(&self, record: &[u8]) -> Option<usize> {
        let last = record.last()?.to_ascii_lowercase();
        let ends = |literal: &[u8]| {
            record.len().checked_sub(literal.len()).filter(|from| record[*from..].eq_ignore_ascii_case(literal))
        };
        let places = self.literals.get(&last)?.iter().filter_map(|(literal, before)| {
            let from = ends(literal)?;
            Some(if *before { word(&record[..from]) } else { from })
        });
        places.min()
    }

    /// Where the first secret begins that is here, or would be behind it.
    fn found(&mut self, record: &[u8]) -> Option<usize> {
        let mut first: Option<usize> = None;
        for probe in PROBES {
            wipe(&mut self.probed);
            self.probed.extend_from_slice(record);
            self.probed.extend_from_slice(probe.as_bytes());
            let begins = self.redactor.findings(&self.probed).into_iter().map(|f| f.start);
            first = begins.filter(|start| *start <= record.len()).chain(first).min();
        }
        first
    }
}

/// Where the last word begins.
fn word(record: &[u8]) -> usize {
    record.iter().rposition(|b| b.is_ascii_whitespace()).map_or(0, |i| i + 1)
}

/// Where what has not ended begins, if it may be the front of a token or of a number.
fn unfinished(record: &[u8]) -> usize {
    let is_number = |b: &u8| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.' | 0xC2 | 0xA0);
    let number = record.iter().rposition(|b| !is_number(b)).map_or(0, |i| i + 1);
    let digits = record[number..].iter().position(u8::is_ascii_digit).map_or(record.len(), |i| number + i);
    let is_token = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'_' | b'-' | b'=' | b'~' | b'.');
    let begin = record.iter().rposition(|b| !is_token(b)).map_or(0, |i| i + 1);
    let word = &record[begin..];
    let drawn = word.len() > WORD_BYTES_MAX || word.iter().any(u8::is_ascii_digit);
    digits.min(if drawn { begin } else { record.len() })
}
