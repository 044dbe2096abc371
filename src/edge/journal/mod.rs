//! What `journalctl -o json` and `-o export` write, around a stream: bytes that they spell as numbers, or send behind a
//! length, are judged as the text they are, and leave spelt as they came.

pub mod export;
pub mod json;
mod limits;
