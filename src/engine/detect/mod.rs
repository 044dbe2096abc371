//! Whether a candidate is a secret: one file a detector.

pub mod allowlist;
pub(crate) mod armor;
pub(crate) mod below;
pub(crate) mod card;
pub(crate) mod context;
pub(crate) mod continuation;
pub(crate) mod header;
pub(crate) mod json_member;
pub(crate) mod key_value;
mod mention;
mod number_row;
mod one;
pub(crate) mod repeated;
pub(crate) mod ruleset;
pub(crate) mod token;
mod track;
pub(crate) mod userinfo;
pub(crate) mod weigh;
