//! Which secrets are known as such, and where in a text do they stand? Values that somebody gave, in every way in which
//! programs write them.
//!
//! value -> refused, or taken ([`guards`]) -> its forms ([`forms`]) -> windows of four to six bytes in a table
//! ([`windows`]), which a text is asked for at every n-th byte only. No automaton: thousands of values cost a few
//! megabytes and milliseconds, and each answer is exact.

pub mod builder;
mod digits;
mod escapes;
pub mod form;
pub mod forms;
pub mod guards;
pub mod live;
mod markup;
#[cfg(test)]
mod oracle;
pub mod rule;
pub mod secret;
mod shell;
pub mod values;
mod windows;
