//! Lines that wait for the last part of a record, in their order.

use std::collections::VecDeque;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::cut::{Cuts, open_end};
use super::line::{Key, Part};
use super::looked::Looked;
use crate::engine::mask::emit::UNJUDGED;
use crate::engine::redactor::Redactor;
use crate::engine::stream::Stream;
use crate::engine::wipe::wipe;
use crate::rules::rule::{Kind, RuleId};

/// The most bytes that wait, over all records: those of the longest that is judged as a whole.
const QUEUED_BYTES_MAX: usize = 1 << 20;
/// Records that may be open at once.
const OPEN_MAX: usize = 256;
/// Records that broke off and whose rest is still to come.
const BROKEN_MAX: usize = 4096;
/// A record breaks off when so many looks at the clock have found it open.
const AGE_MAX: u8 = 2;

/// Parts of records that are not whole, and what stands between them.
pub struct Waiting {
    /// Only where secrets are is asked: what leaves is the text in the order in which it is judged.
    looking: bool,
    /// Nothing tells where secrets begin: a known value, a rule without a literal.
    blind: bool,
    queue: VecDeque<Line>,
    /// The number of the first line in the queue.
    front: u64,
    /// Bytes in the queue.
    queued: usize,
    records: FxHashMap<Key, Record>,
    /// Records that wait for their last part.
    open: usize,
    /// What left without having been judged.
    pub unjudged: u64,
}

/// A line in the queue.
struct Line {
    text: Vec<u8>,
    /// Its part of a record that is not judged yet.
    part: Option<Part>,
}

impl Drop for Line {
    fn drop(&mut self) {
        wipe(&mut self.text);
    }
}

/// A record of which not all has come.
struct Record {
    /// Its lines, by number; none if it broke off.
    lines: Vec<u64>,
    /// Of its first line, or the one that broke it.
    begun: u64,
    age: u8,
    /// Of one that broke off: whether a mark stands for what is missing.
    marked: bool,
}

/// A stretch of a joined record.
struct Piece {
    line: u64,
    /// Where it stands in its line.
    own: Range<usize>,
    /// Where it begins in the record.
    at: usize,
}

impl Waiting {
    /// Nothing waits.
    pub fn new(redactor: &Redactor, looking: bool) -> Waiting {
        let mut waiting = Waiting {
            looking,
            blind: false,
            queue: VecDeque::new(),
            front: 0,
            queued: 0,
            records: FxHashMap::default(),
            open: 0,
            unjudged: 0,
        };
        waiting.renew(redactor);
        waiting
    }

    /// Other rules.
    pub fn renew(&mut self, redactor: &Redactor) {
        let on = |(i, _): &(usize, _)| redactor.is_on(RuleId(*i as u16));
        let mut rules = redactor.rules().iter().enumerate().filter(on);
        self.blind = redactor.values().is_some() || rules.any(|(_, rule)| matches!(rule.kind, Kind::Scan(_)));
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.queued
    }

    /// Whether a record waits for its last part.
    pub fn is_open(&self) -> bool {
        self.open > 0
    }

    /// Whether no record is open, nor one broken whose rest may come.
    pub fn is_between(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether it is no whole record.
    pub fn takes(&self, part: &Part) -> bool {
        !part.last || self.records.contains_key(&part.key)
    }

    /// Forgets what broke off.
    pub fn clear(&mut self) {
        self.records.clear();
    }

    /// Some time has passed.
    pub fn age(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        let mut old = Vec::new();
        for (key, record) in self.records.iter_mut().filter(|(_, record)| !record.lines.is_empty()) {
            record.age += 1;
            if record.age >= AGE_MAX {
                old.push((record.begun, *key));
            }
        }
        old.sort_unstable_by_key(|(begun, _)| *begun);
        old.iter().for_each(|(_, key)| self.break_off(key, stream, sink));
        self.send(sink);
    }

    /// The record of this part broke off with it, and a mark stands for that.
    pub fn broken(&mut self, part: &Part, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        self.records.remove(&part.key);
        if !part.last {
            self.make_room(stream, sink);
            self.records.insert(part.key, Record { lines: Vec::new(), begun: self.front, age: 0, marked: true });
        }
    }

    /// A record of its own, behind parts that wait.
    pub fn other(&mut self, line: &[u8], stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        if self.looking {
            return stream.push_with(line, sink);
        }
        let mut text = Vec::with_capacity(line.len());
        stream.push(line, &mut text);
        self.enqueue(Line { text, part: None });
    }

    /// A part of a record.
    pub fn part(&mut self, line: &[u8], part: Part, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        let (key, last) = (part.key, part.last);
        match self.records.get_mut(&key) {
            Some(record) if record.lines.is_empty() => {
                let marks = !record.marked && !part.content.is_empty();
                record.marked |= marks;
                if last {
                    self.records.remove(&key);
                }
                self.unjudged += u64::from(marks);
                let mark = if marks { UNJUDGED } else { b"" };
                let text = [&line[..part.content.start], mark, &line[part.content.end..]].concat();
                return self.enqueue(Line { text, part: None });
            }
            Some(record) => record.lines.push(self.front + self.queue.len() as u64),
            None => {
                self.make_room(stream, sink);
                self.open += 1;
                let begun = self.front + self.queue.len() as u64;
                self.records.insert(key, Record { lines: vec![begun], begun, age: 0, marked: false });
            }
        }
        self.enqueue(Line { text: line.to_vec(), part: Some(part) });
        if last && let Some(record) = self.records.remove(&key) {
            self.open -= 1;
            self.judge(&record.lines, true, stream, sink);
        }
    }

    fn enqueue(&mut self, line: Line) {
        self.queued += line.text.len();
        self.queue.push_back(line);
    }

    /// Before one more record.
    fn make_room(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        if self.open >= OPEN_MAX {
            self.break_first(stream, sink);
        }
        if self.records.len() - self.open >= BROKEN_MAX {
            let broken = self.records.iter().filter(|(_, record)| record.lines.is_empty());
            let oldest = broken.min_by_key(|(_, record)| record.begun).map(|(key, _)| *key);
            oldest.map(|key| self.records.remove(&key));
        }
    }

    /// Breaks off the record that has been open longest.
    fn break_first(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        let open = self.records.iter().filter(|(_, record)| !record.lines.is_empty());
        if let Some(key) = open.min_by_key(|(_, record)| record.begun).map(|(key, _)| *key) {
            self.break_off(&key, stream, sink);
        }
    }

    /// All that is open breaks off.
    pub fn break_all(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        while self.open > 0 {
            self.break_first(stream, sink);
        }
        self.send(sink);
    }

    fn break_off(&mut self, key: &Key, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        let Some(record) = self.records.get_mut(key) else { return };
        let lines = std::mem::take(&mut record.lines);
        self.open -= 1;
        let marked = self.judge(&lines, false, stream, sink);
        if let Some(record) = self.records.get_mut(key) {
            record.marked = marked;
        }
    }

    /// Judges a record, `whole` or broken off; says whether its end was masked for that.
    fn judge(&mut self, lines: &[u64], whole: bool, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) -> bool {
        let (mut record, pieces) = self.join(lines, whole);
        // Of the first line all but its end is in the record.
        let first = lines.first().and_then(|line| self.line(*line).part.as_ref());
        let begin = first.map_or(0, |part| part.content.start);
        let open = if whole {
            record.len()
        } else if self.blind {
            begin
        } else {
            begin + open_end(&record[begin..])
        };
        let mut cuts = Cuts::default();
        if self.looking {
            let texts = pieces.iter().map(|piece| (&self.line(piece.line).text[..], piece.own.clone()));
            let mut looked = Looked::new(texts, sink);
            stream.record_to(&record, &mut looked);
            looked.end();
        } else {
            stream.record_to(&record, &mut cuts);
        }
        if self.blind && !whole {
            cuts = Cuts::default();
        }
        let marked = cuts.cover(open, record.len());
        self.unjudged += u64::from(marked);
        for Piece { line, own, at } in pieces {
            let place = (line - self.front) as usize;
            let before = self.queue[place].text.len();
            let line = &mut self.queue[place];
            line.part = None;
            if self.looking {
                wipe(&mut line.text);
            } else if !cuts.is_empty() {
                let mut text = line.text[..own.start].to_vec();
                cuts.put(at, &line.text[own.clone()], &mut text);
                text.extend_from_slice(&line.text[own.end..]);
                *line = Line { text, part: None };
            }
            self.queued = self.queued - before + self.queue[place].text.len();
        }
        wipe(&mut record);
        marked
    }

    /// The record that these lines would have been in one, and where each stands in it.
    fn join(&self, lines: &[u64], whole: bool) -> (Vec<u8>, Vec<Piece>) {
        let (mut record, mut pieces) = (Vec::new(), Vec::with_capacity(lines.len()));
        for (i, number) in lines.iter().enumerate() {
            let Line { text, part: Some(part) } = self.line(*number) else { continue };
            let end = if whole && i + 1 == lines.len() {
                text.strip_suffix(b"\n").map_or(text.len(), <[u8]>::len)
            } else {
                part.content.end
            };
            let own = if i == 0 { 0 } else { part.content.start }..end;
            pieces.push(Piece { line: *number, own: own.clone(), at: record.len() });
            record.extend_from_slice(&text[own]);
            if let (0, true, Some(tag)) = (i, whole, part.tag) {
                record[tag] = b'F';
            }
        }
        (record, pieces)
    }

    fn line(&self, number: u64) -> &Line {
        &self.queue[(number - self.front) as usize]
    }

    /// Sends what may leave; what is too much breaks off.
    pub fn go_on(&mut self, stream: &mut Stream, sink: &mut impl FnMut(&[u8])) {
        self.send(sink);
        while self.queued > QUEUED_BYTES_MAX && self.open > 0 {
            self.break_first(stream, sink);
            self.send(sink);
        }
    }

    /// Takes out of the queue what does not wait for anything.
    fn send(&mut self, sink: &mut impl FnMut(&[u8])) {
        while self.queue.front().is_some_and(|line| line.part.is_none())
            && let Some(line) = self.queue.pop_front()
        {
            self.front += 1;
            self.queued -= line.text.len();
            sink(&line.text);
        }
    }
}
