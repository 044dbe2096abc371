//! A block of whole records: gate -> scan -> resolve -> mask. Immutable, shared, cheap to clone.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::builder::Builder;
use super::carry::Carry;
use super::finding::{Finding, Mark};
use super::resolve::resolve;
use super::ruleset::RuleSet;
use super::scan::{self, Scratch};
use super::stream::{Piece, Pieces, Stream};
use super::tally::Tally;
use crate::rules::mask::Notation;
use crate::rules::rule::{Rule, RuleId};

/// What stands in place of a span that could not be judged.
const UNJUDGED: &[u8] = b"[REDACTED:unjudged]";

thread_local! {
    /// Working memory kept between calls, so that a clean line allocates nothing.
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Finds and masks secrets.
///
/// `Send + Sync`; a clone shares everything. Each call is whole in itself: the input's lines are
/// its records, and a key block may span them. For bytes that come in pieces use [`Stream`].
///
/// ```
/// let redactor = logveil::Redactor::builtin();
/// let line = b"login user=alice password=hunter2 from 203.0.113.9";
/// assert_eq!(&redactor.redact(line)[..], b"login user=alice password=[REDACTED:password] from 203.0.113.9");
///
/// let clean = b"Failed password for root from 203.0.113.9 port 22 ssh2";
/// assert!(matches!(redactor.redact(clean), std::borrow::Cow::Borrowed(_)));
/// ```
#[derive(Clone)]
pub struct Redactor {
    pub(crate) set: Arc<RuleSet>,
}

impl Redactor {
    /// The built-in rules with their default masks.
    pub fn builtin() -> Redactor {
        static BUILTIN: OnceLock<Redactor> = OnceLock::new();
        BUILTIN
            .get_or_init(|| {
                Builder::default().build().expect("the built-in pack is checked by the build and its tests")
            })
            .clone()
    }

    /// A choice of rules and masks.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The input with its secrets masked; borrowed, and nothing allocated, when there are none.
    pub fn redact<'a>(&self, input: &'a [u8]) -> Cow<'a, [u8]> {
        self.redact_counted(input, &mut Tally::default())
    }

    /// Like [`Redactor::redact`], and adds to the counts.
    pub fn redact_counted<'a>(&self, input: &'a [u8], tally: &mut Tally) -> Cow<'a, [u8]> {
        let mut out: Option<Vec<u8>> = None;
        self.each_block(input, |at, piece, findings| {
            let text = match &piece {
                Piece::Records(block) if findings.is_empty() && out.is_none() => {
                    count_in(block, tally);
                    tally.bytes_out += block.len() as u64;
                    return;
                }
                Piece::Records(block) => *block,
                Piece::Long(record) => *record,
            };
            let out = out.get_or_insert_with(|| {
                let mut begun = Vec::with_capacity(input.len() + 64);
                begun.extend_from_slice(&input[..at]);
                begun
            });
            count_in(text, tally);
            match piece {
                Piece::Records(block) => put(&self.set, block, findings, tally, &mut |b| out.extend_from_slice(b)),
                Piece::Long(record) => {
                    let mut stream = Stream::new(self);
                    stream.push_with(record, &mut |b| out.extend_from_slice(b));
                    stream.finish_with(&mut |b| out.extend_from_slice(b));
                    let mut counts = stream.tally().clone();
                    (counts.bytes_in, counts.records) = (0, 0);
                    tally.add(&counts);
                }
            }
        });
        match out {
            Some(bytes) => Cow::Owned(bytes),
            None => Cow::Borrowed(input),
        }
    }

    /// Like [`Redactor::redact`] for text. Masks are ASCII and spans end at character boundaries,
    /// so that the result is text again.
    pub fn redact_str<'a>(&self, input: &'a str) -> Cow<'a, str> {
        match self.redact(input.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(input),
            Cow::Owned(bytes) => Cow::Owned(match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
            }),
        }
    }

    /// Like [`Redactor::redact`] for shared bytes: a clean input is handed back as it is.
    pub fn redact_bytes(&self, input: Bytes) -> Bytes {
        match self.redact(&input) {
            Cow::Borrowed(_) => input,
            Cow::Owned(bytes) => Bytes::from(bytes),
        }
    }

    /// Where the secrets are and which rules say so; no bytes. Records over the limit are looked
    /// through as a whole here.
    pub fn findings(&self, input: &[u8]) -> Vec<Finding> {
        let mut carry = None;
        let mut scratch = Scratch::default();
        scan::block(&self.set, input, &mut carry, &mut scratch);
        resolve(&mut scratch.findings);
        scratch.findings
    }

    /// The rules, on or off; a [`RuleId`] is an index into them.
    pub fn rules(&self) -> &[Rule] {
        &self.set.rules
    }

    /// Whether the rule is on.
    pub fn is_on(&self, rule: RuleId) -> bool {
        self.set.on.get(rule.index()).copied().unwrap_or(false)
    }

    /// The rule of that id.
    pub fn rule(&self, id: RuleId) -> &Rule {
        self.set.rule(id)
    }

    /// Calls `f` with each block of whole records, where it begins, and its findings.
    fn each_block<'a>(&self, input: &'a [u8], mut f: impl FnMut(usize, Piece<'a>, &[Finding])) {
        let mut scratch = SCRATCH.take().unwrap_or_default();
        let mut carry: Option<Carry> = None;
        let mut at = 0;
        for piece in Pieces::new(input) {
            scratch.findings.clear();
            if let Piece::Records(block) = &piece {
                scan::block(&self.set, block, &mut carry, &mut scratch);
                resolve(&mut scratch.findings);
            } else {
                carry = None;
            }
            let len = piece.len();
            f(at, piece, &scratch.findings);
            at += len;
        }
        SCRATCH.set(Some(scratch));
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("rules", &self.set.rules.len()).finish_non_exhaustive()
    }
}

/// Counts what came in.
pub(crate) fn count_in(block: &[u8], tally: &mut Tally) {
    tally.bytes_in += block.len() as u64;
    tally.records += memchr::memchr_iter(b'\n', block).count() as u64;
    tally.records += u64::from(block.last().is_some_and(|b| *b != b'\n'));
}

/// Sends a block with its findings masked: clean stretches go in one piece each.
pub(crate) fn put(set: &RuleSet, block: &[u8], findings: &[Finding], tally: &mut Tally, sink: &mut impl FnMut(&[u8])) {
    let mut at = 0;
    for f in findings {
        if at < f.start {
            tally.bytes_out += (f.start - at) as u64;
            sink(&block[at..f.start]);
        }
        put_mask(set, f, &block[f.start..f.end], tally, &mut |b| sink(b));
        at = f.end;
    }
    if at < block.len() {
        tally.bytes_out += (block.len() - at) as u64;
        sink(&block[at..]);
    }
}

/// Sends the mask of one finding and counts it.
pub(crate) fn put_mask(set: &RuleSet, f: &Finding, secret: &[u8], tally: &mut Tally, sink: &mut impl FnMut(&[u8])) {
    tally.count(f.rule);
    if let Some(observer) = &set.masks.observer {
        (observer.0)(f.rule, secret);
    }
    let mut mask = Vec::with_capacity(48);
    if f.mark == Mark::Unjudged {
        tally.unjudged += 1;
        match f.notation {
            Notation::Authority => mask.extend_from_slice(b"REDACTED-unjudged"),
            _ => mask.extend_from_slice(UNJUDGED),
        }
    } else {
        set.masks.render(set.rule(f.rule), secret, f.notation, &mut mask);
    }
    tally.bytes_out += mask.len() as u64;
    sink(&mask);
}
