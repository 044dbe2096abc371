//! What functions answer: below 0 is an error, and then nothing may leave.

/// Nothing was masked: the input is the answer, and nothing was written. Of functions that mask nothing: done.
pub const LOGVEIL_CLEAN: i32 = 0;
/// Something was masked, and written.
pub const LOGVEIL_MASKED: i32 = 1;
/// There is more than fits.
pub const LOGVEIL_MORE: i32 = 2;
/// A pointer is NULL that must not be, or a length is over PTRDIFF_MAX.
pub const LOGVEIL_EARG: i32 = -1;
/// The library is at fault, in this call or an earlier one with the same handle, which answers no more.
pub const LOGVEIL_EPANIC: i32 = -2;
/// Another thread is in the same stream.
pub const LOGVEIL_EBUSY: i32 = -3;
