//! How programs write a key and its value: quotes and escapes at any nesting, separators, colour
//! codes, elements, flags, lists.

pub(crate) mod bare;
mod bracket;
pub(crate) mod container;
pub(crate) mod context;
pub(crate) mod escape;
mod find;
pub(crate) mod form;
pub(crate) mod key;
pub(crate) mod named;
pub(crate) mod quote;
pub(crate) mod run;
pub(crate) mod separator;
pub(crate) mod spelling;
pub(crate) mod tail;
mod text;
pub(crate) mod value;
mod wrapper;

use std::cell::OnceCell;

use memchr::memchr_iter;

/// One record inside a block: its bounds and what is known of its notation.
pub(crate) struct Record<'a> {
    /// The block.
    pub(crate) buf: &'a [u8],
    /// First byte of the record.
    pub(crate) start: usize,
    /// First byte behind it, its line end not counted.
    pub(crate) end: usize,
    json: OnceCell<bool>,
}

impl<'a> Record<'a> {
    /// The record at `start..end` of `buf`.
    pub(crate) fn new(buf: &'a [u8], start: usize, end: usize) -> Self {
        Record { buf, start, end, json: OnceCell::new() }
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        &self.buf[self.start..self.end]
    }

    /// The byte at `at`, none at or behind its end.
    pub(crate) fn get(&self, at: usize) -> Option<u8> {
        if at < self.end { Some(self.buf[at]) } else { None }
    }

    /// The byte before `at`, none at its start.
    pub(crate) fn before(&self, at: usize) -> Option<u8> {
        if at > self.start { Some(self.buf[at - 1]) } else { None }
    }

    /// The bytes from `at` on.
    pub(crate) fn from(&self, at: usize) -> &'a [u8] {
        &self.buf[at.min(self.end)..self.end]
    }

    /// Whether [`Record::is_json`] was asked and said yes.
    pub(crate) fn was_json(&self) -> bool {
        self.json.get() == Some(&true)
    }

    /// Whether an object is written in it as JSON does.
    pub(crate) fn is_json(&self) -> bool {
        let text = self.bytes();
        *self.json.get_or_init(|| memchr_iter(b'{', text).any(|at| text.get(at + 1) == Some(&b'"')))
    }
}
