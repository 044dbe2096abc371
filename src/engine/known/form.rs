//! What all of them speak of: a form of a value, and a place in a text.

/// Where a known value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Offset of its first byte.
    pub start: usize,
    /// Offset of the first byte behind it.
    pub end: usize,
    /// So many bytes had to be compared that the rest of the line was not looked through.
    pub unjudged: bool,
}

/// What a text must have around a form for it to count, and what is masked then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Nothing.
    Anywhere,
    /// Neither a letter nor a digit on either side: the value is short.
    Words,
    /// The run of base64 that it is in is masked as a whole, so that neither padding nor half a neighbour tells more.
    Run,
}

/// A way in which a value is written.
#[derive(Clone, Copy)]
pub struct Form {
    pub start: u32,
    pub len: u32,
    pub value: u32,
    pub ends: Ends,
}

/// What is told of each form, and whether it is base64. The same may come more than once.
pub type Tell<'a> = dyn FnMut(&[u8], bool) + 'a;
