//! What of a record is looked at, and how often: candidates are rejected or judged, and the record is scanned again as it
//! would leave.

pub(crate) mod known;
pub(crate) mod record;
pub(crate) mod reject;
pub(crate) mod reject_cache;
pub(crate) mod rescan;
pub(crate) mod scratch;
