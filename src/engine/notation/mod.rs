//! How programs write a key and its value: quotes and escapes at any nesting, separators, colour
//! codes, elements, flags, lists.

pub(crate) mod bare;
mod bracket;
pub(crate) mod columns;
pub(crate) mod container;
pub(crate) mod context;
pub(crate) mod escape;
pub(crate) mod escaped_key;
mod find;
pub(crate) mod form;
pub(crate) mod json_text;
pub(crate) mod key;
pub(crate) mod named;
pub(crate) mod quote;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod separator;
pub(crate) mod signs;
pub(crate) mod spelling;
pub(crate) mod tail;
mod text;
pub(crate) mod value;
mod wrapper;

pub(crate) use record::Record;
