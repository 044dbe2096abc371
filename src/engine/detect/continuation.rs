//! What one record leaves open for the next: a key block without its end, an element whose value
//! stands on the line below.

use crate::engine::keys::SecretKey;
use crate::rules::rule::RuleId;

/// What the next record is asked first.
#[derive(Clone)]
pub(crate) enum Continuation {
    /// Inside a key block.
    Block(Box<Armor>),
    /// Behind a key at a line's end.
    Value(ValueBelow),
}

/// A key block whose end has not come.
#[derive(Clone)]
pub(crate) struct Armor {
    pub(crate) rule: RuleId,
    /// What stood before the header, to be found before every body line. Never shown.
    pub(crate) prefix: Vec<u8>,
    /// Lines of others that may still stand between those of the body.
    pub(crate) foreign: u8,
    /// Whether a line of the body has come.
    pub(crate) begun: bool,
    /// What stood right behind the header: a log's own end of the line.
    pub(crate) suffix: Option<u8>,
    /// Bytes the body may still have.
    pub(crate) left: usize,
}

/// A value expected on the next line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueBelow {
    pub(crate) known: SecretKey,
    pub(crate) how: Below,
}

/// How the value is written on the next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Below {
    /// By itself, behind `<password>`.
    Alone,
    /// Behind `value:`, below `name: PASSWORD`.
    Named,
    /// By itself, behind an empty line, as a part of a form has it; whether that line has come.
    Part(bool),
    /// As an element's text, below `<name>PASSWORD</name>`.
    Tag,
    /// Behind its type, below `["password"]=>`.
    Typed,
    /// In quotes, or behind what an object calls the value, further in than this; among so many lines.
    Nested(usize, u8),
    /// As a text of lines further in than this, below `password: |`.
    Lines(usize),
    /// By itself on its line, below `Use this password to log in:`; so many empty lines may stand between.
    Announced(u8),
    /// Its next part in quotes, below `"first part" +`; on so many lines.
    Joined(u8),
    /// Its next line in base64, below a long one that an element's text began with; on so many lines.
    Wrapped(u8),
    /// Behind what its block calls it, below `variable "password" {`; among so many lines.
    Declared(u8),
    /// In base64, at the end of its line, below `334 UGFzc3dvcmQ6`.
    Answered,
}
