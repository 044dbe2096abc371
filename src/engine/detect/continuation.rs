//! What one record leaves open for the next: a key block without its end, an element whose value
//! stands on the line below.

use crate::engine::keys::SecretKey;
use crate::rules::rule::RuleId;

/// What the next record is asked first.
#[derive(Clone)]
pub(crate) enum Continuation {
    /// Inside a key block.
    Block(Box<Armor>),
    /// Behind `<password>` or `name: PASSWORD` at a line's end.
    Value(ValueBelow),
}

/// A key block whose end has not come.
#[derive(Clone)]
pub(crate) struct Armor {
    pub(crate) rule: RuleId,
    /// What stood before the header, to be found before every body line. Never shown.
    pub(crate) prefix: Vec<u8>,
    /// What stood right behind the header: a log's own end of the line.
    pub(crate) suffix: Option<u8>,
    /// Bytes the body may still have.
    pub(crate) left: usize,
}

/// A value expected on the next line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueBelow {
    pub(crate) known: SecretKey,
    /// Behind `value:` rather than by itself.
    pub(crate) named: bool,
}
