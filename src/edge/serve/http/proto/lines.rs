//! A message as lines of JSON: a line a record, its attributes under their own keys. All texts are written, keys too,
//! and where each stands is remembered.

use std::io::Write;
use std::ops::Range;

use super::table::{Field as Row, Message};
use super::wire::{Field, Fields, Wire};
use crate::edge::serve::fluent::text::{LONG_BYTES, escape, head};
use crate::edge::serve::http::refusal::Refusal;

/// Messages within each other, at most.
const DEPTH_MAX: usize = 100;
/// The key of a text of which no table knows what it is.
const UNKNOWN: &str = "field";

/// What a leaf is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text or bytes.
    Text,
    /// A number or truth in a value of OTLP: it becomes a text where it is masked.
    Number,
    /// A field that no table knows: it goes where something is found in it.
    Unknown,
}

/// A text or number: where it stands in the lines and in the body.
pub struct Leaf {
    /// In the lines, quotes included.
    pub place: Range<usize>,
    /// The field in the body.
    pub whole: Range<usize>,
    /// Where the field's number ends there.
    pub tag_end: usize,
    /// The field's value.
    pub body: Range<usize>,
    /// The message around it, by its place in the spans.
    pub span: usize,
    /// What it is.
    pub kind: Kind,
    /// Only its head stands in the line.
    pub long: bool,
}

/// A message within another one: where its length and its fields stand.
pub struct Span {
    /// From its length to its first field.
    pub len: Range<usize>,
    /// Its fields.
    pub body: Range<usize>,
    /// The message around it; the first span has none.
    pub parent: usize,
}

/// Lines, and what stands where in them.
pub struct Lines<'a> {
    source: &'a [u8],
    /// JSON, an object a line.
    pub text: Vec<u8>,
    /// In the order of the lines.
    pub leaves: Vec<Leaf>,
    /// Messages, each behind the one around it; the first is the body.
    pub spans: Vec<Span>,
    starts: Vec<usize>,
}

/// A message that is to be a line of its own: what it is, and its span.
type Due = (&'static Message, usize);

impl<'a> Lines<'a> {
    /// The lines of a body.
    ///
    /// # Errors
    /// When it is no message, or one that nests too deep.
    pub fn of(source: &'a [u8], message: &'static Message) -> Result<Lines<'a>, Refusal> {
        let body = Span { len: 0..0, body: 0..source.len(), parent: 0 };
        let text = Vec::with_capacity(source.len() + source.len() / 2);
        let mut lines = Lines { source, text, leaves: Vec::new(), spans: vec![body], starts: Vec::new() };
        lines.line((message, 0), 0)?;
        Ok(lines)
    }

    /// Where each line begins and ends, its line feed included.
    pub fn ends(&self) -> impl Iterator<Item = (usize, usize)> {
        let ends = self.starts.iter().skip(1).copied().chain([self.text.len()]);
        self.starts.iter().copied().zip(ends)
    }

    /// A message as a line, then those that are lines of their own in it.
    fn line(&mut self, (message, span): Due, depth: usize) -> Result<(), Refusal> {
        let start = self.text.len();
        let mut due = Vec::new();
        self.text.push(b'{');
        self.members(message, span, depth, &mut due)?;
        self.text.extend_from_slice(b"}\n");
        if self.text.len() == start + 3 {
            self.text.truncate(start);
        } else {
            self.starts.push(start);
        }
        due.into_iter().try_for_each(|due| self.line(due, depth + 1))
    }

    fn members(
        &mut self,
        message: &'static Message,
        span: usize,
        depth: usize,
        due: &mut Vec<Due>,
    ) -> Result<(), Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::Malformed("messages within each other, too deep; nothing of it left"));
        }
        let mut fields = Fields::new(self.source, self.spans[span].body.clone());
        while let Some(field) = fields.take()? {
            if field.wire != Wire::Len {
                continue;
            }
            let row = message.fields.iter().find(|(number, _)| *number == field.number);
            match row.map(|(_, row)| *row) {
                Some(Row::Skip) => {}
                Some(Row::Text(name)) => {
                    self.name(name);
                    self.text_leaf(&field, span, Kind::Text);
                }
                Some(Row::Line(below)) => {
                    let below = (below, self.span(&field, span));
                    due.push(below);
                }
                Some(Row::Below(below)) => {
                    let span = self.span(&field, span);
                    self.members(below, span, depth + 1, due)?;
                }
                Some(Row::Object(name, below)) => {
                    let span = self.span(&field, span);
                    self.name(name);
                    self.text.push(b'{');
                    self.members(below, span, depth + 1, due)?;
                    self.text.push(b'}');
                }
                Some(Row::Value(name)) => {
                    self.name(name);
                    self.value(&field, span, depth + 1)?;
                }
                Some(row @ (Row::Pair | Row::Label)) => {
                    let span = self.span(&field, span);
                    self.pair(span, matches!(row, Row::Pair), depth + 1)?;
                }
                None => self.unknown(&field, span),
            }
        }
        Ok(())
    }

    fn span(&mut self, field: &Field, parent: usize) -> usize {
        self.spans.push(Span { len: field.tag_end..field.body.start, body: field.body.clone(), parent });
        self.spans.len() - 1
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

    fn unknown(&mut self, field: &Field, span: usize) {
        if field.wire == Wire::Len && !field.body.is_empty() {
            self.name(UNKNOWN);
            self.text_leaf(field, span, Kind::Unknown);
        }
    }

    fn text_leaf(&mut self, field: &Field, span: usize, kind: Kind) {
        let body = &self.source[field.body.clone()];
        let long = body.len() > LONG_BYTES;
        let start = self.text.len();
        self.text.push(b'"');
        escape(if long { head(body) } else { body }, &mut self.text);
        self.text.push(b'"');
        self.leaf(field, start, span, kind, long);
    }

    fn leaf(&mut self, field: &Field, start: usize, span: usize, kind: Kind, long: bool) {
        let place = start..self.text.len();
        let Field { whole, tag_end, body, .. } = field.clone();
        self.leaves.push(Leaf { place, whole, tag_end, body, span, kind, long });
    }

    /// A key and its value. A field that is given twice counts as it was given last, for some; so each value is
    /// judged under each key.
    fn pair(&mut self, span: usize, any: bool, depth: usize) -> Result<(), Refusal> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let mut fields = Fields::new(self.source, self.spans[span].body.clone());
        while let Some(field) = fields.take()? {
            match (field.number, field.wire) {
                (1, Wire::Len) => keys.push(field),
                (2, Wire::Len) => values.push(field),
                _ => self.unknown(&field, span),
            }
        }
        for n in 0..keys.len().max(1) {
            self.next();
            match keys.get(n) {
                Some(key) => self.text_leaf(key, span, Kind::Text),
                None => self.text.extend_from_slice(b"\"\""),
            }
            self.text.push(b':');
            let many = values.len() != 1;
            if many {
                self.text.push(b'[');
            }
            for value in &values {
                self.next();
                match any {
                    true => self.value(value, span, depth + 1)?,
                    false => self.text_leaf(value, span, Kind::Text),
                }
            }
            if many {
                self.text.push(b']');
            }
        }
        Ok(())
    }

    /// A value of OTLP: what is given of it, which is one mostly.
    fn value(&mut self, field: &Field, parent: usize, depth: usize) -> Result<(), Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::Malformed("values within each other, too deep; nothing of it left"));
        }
        let span = self.span(field, parent);
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

    fn one(&mut self, field: &Field, span: usize, depth: usize) -> Result<(), Refusal> {
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
                let span = self.span(field, span);
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
                let span = self.span(field, span);
                self.text.push(b'{');
                let mut fields = Fields::new(self.source, field.body.clone());
                while let Some(one) = fields.take()? {
                    match (one.number, one.wire) {
                        (1, Wire::Len) => {
                            let span = self.span(&one, span);
                            self.pair(span, true, depth + 1)?;
                        }
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
