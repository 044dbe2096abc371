//! A message as lines of JSON: a line a record, its attributes under their own keys. All texts are written, keys too.
//! Where each stands is asked of the few lines only that are masked.

use std::io::Write;
use std::ops::Range;

use super::place::{Id, Kind, Leaf, Span};
use super::table::{Field as Row, Message};
use super::wire::{Field, Fields, Wire, short_pair, short_text};
use crate::edge::serve::fluent::text::{LONG_BYTES, escape, head};
use crate::edge::serve::http::refusal::Refusal;
use crate::engine::wipe::wipe;

/// Messages within each other, at most.
const DEPTH_MAX: usize = 100;
/// Bytes that are held for each byte of a body, at most: what holds nothing but fields without a content, or a value
/// under thousands of keys, is nobody's.
const TIMES_MAX: usize = 15;
/// What is held for any body.
const ANY_BYTES: usize = 64 << 10;
const MANY: Refusal = Refusal::Malformed("fields without a content, or keys without an end; nothing of it left");
/// The key of a text of which no table knows what it is.
const UNKNOWN: &str = "field";

/// A line: what message it is, and where that stands.
pub struct Line {
    /// In the text; it ends where the next one begins.
    start: usize,
    due: Due,
    /// Of some text only the head stands in it.
    pub long: bool,
}

/// A message that is to be a line of its own.
type Due = (&'static Message, Span);

/// Lines of a body.
pub struct Lines<'a> {
    source: &'a [u8],
    /// JSON, an object a line.
    pub text: Vec<u8>,
    lines: Vec<Line>,
    /// The messages that are lines, and what is around them.
    pub spans: Vec<Span>,
    /// Where texts and numbers stand, if that is wanted.
    leaves: Option<Vec<Leaf>>,
    /// Whether a text is longer than what is written of it.
    long: bool,
    /// How many messages are to be lines yet.
    dues: usize,
}

impl<'a> Lines<'a> {
    /// The lines of a body.
    ///
    /// # Errors
    /// When it is no message, or one that nests too deep, or holds too little for what it takes.
    pub fn of(source: &'a [u8], message: &'static Message) -> Result<Lines<'a>, Refusal> {
        let mut lines = Lines::new(source);
        lines.text.reserve(source.len() + source.len() / 2);
        let body = Span::all(source);
        lines.spans.push(body);
        lines.line((message, body), 0)?;
        Ok(lines)
    }

    fn new(source: &'a [u8]) -> Lines<'a> {
        Lines { source, text: Vec::new(), lines: Vec::new(), spans: Vec::new(), leaves: None, long: false, dues: 0 }
    }

    /// Whether of some text only the head stands there.
    pub fn any_long(&self) -> bool {
        self.lines.iter().any(|line| line.long)
    }

    /// Each line, and its text with its line feed.
    pub fn each(&self) -> impl Iterator<Item = (&Line, &[u8])> {
        let ends = self.lines.iter().skip(1).map(|line| line.start).chain([self.text.len()]);
        self.lines.iter().zip(ends).map(|(line, end)| (line, &self.text[line.start..end]))
    }

    /// Where the texts and numbers of a line stand, and the messages around them.
    ///
    /// # Errors
    /// None: it was read before.
    pub fn leaves(&self, line: &Line) -> Result<(Vec<Leaf>, Vec<Span>), Refusal> {
        let mut own = Lines { leaves: Some(Vec::new()), ..Lines::new(self.source) };
        let written = own.object(&line.due, 0, &mut Vec::new());
        wipe(&mut own.text);
        written?;
        Ok((own.leaves.unwrap_or_default(), own.spans))
    }

    /// A message as a line, then those that are lines of their own in it.
    fn line(&mut self, due: Due, depth: usize) -> Result<(), Refusal> {
        let start = self.text.len();
        let mut dues = Vec::new();
        self.long = false;
        self.object(&due, depth, &mut dues)?;
        self.text.push(b'\n');
        if self.text.len() == start + 3 {
            self.text.truncate(start);
        } else {
            self.lines.push(Line { start, due, long: self.long });
        }
        dues.into_iter().try_for_each(|due| self.line(due, depth + 1))
    }

    fn object(&mut self, (message, span): &Due, depth: usize, dues: &mut Vec<Due>) -> Result<(), Refusal> {
        self.text.push(b'{');
        self.members(message, span.body(), depth, dues)?;
        self.text.push(b'}');
        Ok(())
    }

    fn members(
        &mut self,
        message: &'static Message,
        body: Range<usize>,
        depth: usize,
        dues: &mut Vec<Due>,
    ) -> Result<(), Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::Malformed("messages within each other, too deep; nothing of it left"));
        }
        let parent = body.start as Id;
        let mut fields = Fields::new(self.source, body);
        while let Some(field) = fields.take()? {
            if field.wire != Wire::Len {
                continue;
            }
            self.bounded()?;
            let row = message.fields.iter().find(|(number, _)| *number == field.number);
            match row.map(|(_, row)| *row) {
                Some(Row::Skip) => {}
                Some(Row::Text(name)) => {
                    self.name(name);
                    self.text_leaf(&field, parent, Kind::Text);
                }
                Some(Row::Line(below)) => {
                    self.dues += 1;
                    let span = self.span(&field, parent);
                    dues.push((below, span));
                }
                Some(Row::Below(below)) => {
                    self.span(&field, parent);
                    self.members(below, field.body, depth + 1, dues)?;
                }
                Some(Row::Object(name, below)) => {
                    self.name(name);
                    let span = self.span(&field, parent);
                    self.object(&(below, span), depth + 1, dues)?;
                }
                Some(Row::Value(name)) => {
                    self.name(name);
                    self.value(&field, parent, depth + 1)?;
                }
                Some(row @ (Row::Pair | Row::Label)) => {
                    self.pair(&field, parent, matches!(row, Row::Pair), depth + 1)?;
                }
                None => self.unknown(&field, parent),
            }
        }
        Ok(())
    }

    /// Whether it takes no more than a body may.
    fn bounded(&self) -> Result<(), Refusal> {
        let leaves = self.leaves.as_ref().map_or(0, Vec::len);
        let held = self.text.len()
            + self.dues * size_of::<Due>()
            + self.spans.len() * size_of::<Span>()
            + leaves * size_of::<Leaf>();
        if held > TIMES_MAX * self.source.len() + ANY_BYTES { Err(MANY) } else { Ok(()) }
    }

    /// A message around others.
    fn span(&mut self, field: &Field, parent: Id) -> Span {
        let span = Span::of(field, parent);
        self.spans.push(span);
        span
    }

    /// A message around texts and numbers, which is asked for with these.
    fn inner(&mut self, field: &Field, parent: Id) -> Id {
        if self.leaves.is_some() {
            self.span(field, parent);
        }
        field.body.start as Id
    }

    /// What stands between two members or elements.
    fn next(&mut self) {
        if !matches!(self.text.last(), Some(b'{' | b'[' | b':' | b',')) {
            self.text.push(b',');
        }
    }

    fn name(&mut self, name: &str) {
        self.next();
        self.text.push(b'"');
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
    }

    fn unknown(&mut self, field: &Field, parent: Id) {
        if field.wire == Wire::Len && !field.body.is_empty() {
            self.name(UNKNOWN);
            self.text_leaf(field, parent, Kind::Unknown);
        }
    }

    fn text_leaf(&mut self, field: &Field, parent: Id, kind: Kind) {
        let body = &self.source[field.body.clone()];
        let long = body.len() > LONG_BYTES;
        self.long |= long;
        let start = self.text.len();
        self.quoted(if long { head(body) } else { body });
        self.leaf(field, start, parent, kind, long);
    }

    fn quoted(&mut self, text: &[u8]) {
        self.text.push(b'"');
        escape(text, &mut self.text);
        self.text.push(b'"');
    }

    fn leaf(&mut self, field: &Field, start: usize, parent: Id, kind: Kind, long: bool) {
        if let Some(leaves) = &mut self.leaves {
            leaves.push(Leaf::of(field, start..self.text.len(), parent, kind, long));
        }
    }

    /// A key and its value. A field that is given twice counts as it was given last, for some; so each value is
    /// judged under each key.
    fn pair(&mut self, of: &Field, parent: Id, any: bool, depth: usize) -> Result<(), Refusal> {
        // What most attributes are, where nobody asks for their places.
        if self.leaves.is_none()
            && let Some((key, value)) = short_pair(&self.source[of.body.clone()])
            && let Some(text) = if any { short_text(value) } else { Some(value) }
        {
            self.next();
            self.quoted(key);
            self.text.push(b':');
            self.quoted(text);
            return Ok(());
        }
        let span = self.inner(of, parent);
        let mut fields = Fields::new(self.source, of.body.clone());
        let (first, second) = (fields.take()?, fields.take()?);
        if let (Some(key), Some(value), true) = (&first, &second, fields.is_empty())
            && (key.number, key.wire, value.number, value.wire) == (1, Wire::Len, 2, Wire::Len)
        {
            return self.member(Some(key), std::slice::from_ref(value), span, any, depth);
        }
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let mut next = first;
        let mut others = second;
        while let Some(field) = next {
            match (field.number, field.wire) {
                (1, Wire::Len) => keys.push(field),
                (2, Wire::Len) => values.push(field),
                _ => self.unknown(&field, span),
            }
            next = match others.take() {
                Some(field) => Some(field),
                None => fields.take()?,
            };
        }
        if keys.is_empty() {
            return self.member(None, &values, span, any, depth);
        }
        keys.iter().try_for_each(|key| self.member(Some(key), &values, span, any, depth))
    }

    fn member(
        &mut self,
        key: Option<&Field>,
        values: &[Field],
        span: Id,
        any: bool,
        depth: usize,
    ) -> Result<(), Refusal> {
        self.next();
        match key {
            Some(key) => self.text_leaf(key, span, Kind::Text),
            None => self.text.extend_from_slice(b"\"\""),
        }
        self.text.push(b':');
        let many = values.len() != 1;
        if many {
            self.text.push(b'[');
        }
        for value in values {
            self.bounded()?;
            self.next();
            match any {
                true => self.value(value, span, depth + 1)?,
                false => self.text_leaf(value, span, Kind::Text),
            }
        }
        if many {
            self.text.push(b']');
        }
        Ok(())
    }

    /// A value of OTLP: what is given of it, which is one mostly.
    fn value(&mut self, field: &Field, parent: Id, depth: usize) -> Result<(), Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::Malformed("values within each other, too deep; nothing of it left"));
        }
        let span = self.inner(field, parent);
        let mut fields = Fields::new(self.source, field.body.clone());
        let first = fields.take()?;
        let many = first.is_none() || !fields.is_empty();
        if many {
            self.text.push(b'[');
        }
        let mut next = first;
        while let Some(one) = next {
            self.next();
            self.one(&one, span, depth)?;
            next = fields.take()?;
        }
        if many {
            self.text.push(b']');
        }
        Ok(())
    }

    fn one(&mut self, field: &Field, span: Id, depth: usize) -> Result<(), Refusal> {
        let start = self.text.len();
        let body = &self.source[field.body.clone()];
        match (field.number, field.wire) {
            (1 | 7, Wire::Len) => self.text_leaf(field, span, Kind::Text),
            (2 | 3, Wire::Varint) => {
                let n = super::wire::varint(body).map_or(0, |(n, _)| n);
                // Writing into a vector cannot fail.
                let _ = match field.number {
                    2 => write!(self.text, "{}", n != 0),
                    _ => write!(self.text, "{}", n as i64),
                };
                self.leaf(field, start, span, Kind::Number, false);
            }
            (4, Wire::Fixed64) => {
                let x = f64::from_le_bytes(body.try_into().unwrap_or_default());
                let _ = if x.is_finite() { write!(self.text, "{x:?}") } else { write!(self.text, "null") };
                self.leaf(field, start, span, Kind::Number, false);
            }
            (5, Wire::Len) => {
                let span = self.inner(field, span);
                self.text.push(b'[');
                let mut fields = Fields::new(self.source, field.body.clone());
                while let Some(one) = fields.take()? {
                    self.next();
                    match (one.number, one.wire) {
                        (1, Wire::Len) => self.value(&one, span, depth + 1)?,
                        (_, Wire::Len) => self.text_leaf(&one, span, Kind::Unknown),
                        _ => self.text.extend_from_slice(b"null"),
                    }
                }
                self.text.push(b']');
            }
            (6, Wire::Len) => {
                let span = self.inner(field, span);
                self.text.push(b'{');
                let mut fields = Fields::new(self.source, field.body.clone());
                while let Some(one) = fields.take()? {
                    match (one.number, one.wire) {
                        (1, Wire::Len) => self.pair(&one, span, true, depth + 1)?,
                        _ => self.unknown(&one, span),
                    }
                }
                self.text.push(b'}');
            }
            (_, Wire::Len) => self.text_leaf(field, span, Kind::Unknown),
            _ => self.text.extend_from_slice(b"null"),
        }
        Ok(())
    }
}
