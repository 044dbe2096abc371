//! What stands in place of a secret.

pub(crate) mod emit;
pub(crate) mod policy;
