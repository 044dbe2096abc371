//! Where in a body stands what is written of it: in few bytes, since a body may hold millions of such places.

use std::ops::Range;

use super::wire::Field;

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

/// A stretch of a body, which is at most 256 MiB, or of its lines, which are at most fifteen times as long.
#[derive(Clone, Copy)]
pub struct Place {
    from: u32,
    to: u32,
}

impl From<Range<usize>> for Place {
    fn from(range: Range<usize>) -> Place {
        Place { from: range.start as u32, to: range.end as u32 }
    }
}

impl Place {
    /// The same as a range.
    pub fn range(self) -> Range<usize> {
        self.from as usize..self.to as usize
    }
}

/// A message is known by where its fields begin in the body.
pub type Id = u32;

/// A text or number: where it stands in its line and in the body.
pub struct Leaf {
    /// In the line, quotes included.
    pub place: Place,
    /// Its field's number, in the body.
    pub tag: Place,
    /// Its value there.
    pub body: Place,
    /// The message around it.
    pub parent: Id,
    /// What it is.
    pub kind: Kind,
    /// Only its head stands in the line.
    pub long: bool,
}

impl Leaf {
    /// Of a field.
    pub fn of(field: &Field, place: Range<usize>, parent: Id, kind: Kind, long: bool) -> Leaf {
        let tag = field.whole.start..field.tag_end;
        Leaf { place: place.into(), tag: tag.into(), body: field.body.clone().into(), parent, kind, long }
    }

    /// All of its field.
    pub fn whole(&self) -> Range<usize> {
        self.tag.range().start..self.body.range().end
    }
}

/// A message within another one: where its length and its fields stand.
#[derive(Clone, Copy)]
pub struct Span {
    len: u32,
    body: Place,
    /// The message around it; the body is its own.
    pub parent: Id,
}

impl Span {
    /// All of a body.
    pub fn all(body: &[u8]) -> Span {
        Span { len: 0, body: (0..body.len()).into(), parent: 0 }
    }

    /// Of a field.
    pub fn of(field: &Field, parent: Id) -> Span {
        Span { len: field.tag_end as u32, body: field.body.clone().into(), parent }
    }

    /// What it is known by.
    pub fn id(&self) -> Id {
        self.body.from
    }

    /// From its length to its first field; nothing for a body.
    pub fn len(&self) -> Range<usize> {
        self.len as usize..self.body.from as usize
    }

    /// Its fields.
    pub fn body(&self) -> Range<usize> {
        self.body.range()
    }
}
