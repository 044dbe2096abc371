//! The proof: one binary, so that everything is linked once. Data files are under `vectors/`.
//!
//! A test that shows a defect of the engine stays, marked `#[ignore = "defect: ..."]`, and a vector
//! that does is numbered in its group's `defects`; `cargo test -- --ignored` runs both.

mod allow;
mod blocks;
mod cases;
mod cuts;
mod draw;
mod fragments;
mod json_splices;
mod kit;
mod known;
mod long;
mod no_leak;
mod numbers;
mod oracle;
mod packs;
mod parsers;
mod readme;
mod real;
mod records;
mod repeated;
mod rules;
#[cfg(debug_assertions)]
mod shortcuts;
mod texts;
mod tidy;
mod vectors;
mod words;
mod work;
