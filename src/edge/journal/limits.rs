//! What is too long to be judged, and what leaves in its place.

/// The longest line or field that is judged, in bytes. Any program can write a longer one, so that it must not end the
/// filter: it leaves as [`UNJUDGED`].
pub const HELD_BYTES_MAX: usize = 4 << 20;
/// What stands for what was not judged.
pub const UNJUDGED: &[u8] = b"[REDACTED:unjudged]";
