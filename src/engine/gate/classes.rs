//! Which bytes of a text are of which class, as bit masks.

/// The classes of 64 bytes; bit `n` of a mask stands for byte `n`.
pub(super) struct Class {
    pub(super) digits: u64,
    pub(super) ats: u64,
    pub(super) lines: u64,
}
