//! Values that are replaced while redactors mask by them.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::values::Values;

/// The values that a redactor and all its clones mask by; they may be replaced at any time.
///
/// A clone is the same place. Other values hold from the next call or block on; a record is judged by one set of them,
/// also where it comes in pieces or is longer than a window.
///
/// ```
/// use logveil::{LiveValues, Redactor, Values};
///
/// let values = |value: &str| {
///     let mut values = Values::builder();
///     values.add(value);
///     values.build()
/// };
/// let live = LiveValues::new(values("tr0ub4dor&3"));
/// let redactor = Redactor::builtin().with_live_values(&live);
/// live.swap(values("corr3cthorse"));
/// assert_eq!(redactor.redact_str("corr3cthorse tr0ub4dor&3"), "[REDACTED:known-value] tr0ub4dor&3");
/// ```
#[derive(Clone)]
pub struct LiveValues(Arc<RwLock<Arc<Values>>>);

impl LiveValues {
    /// These, for now.
    pub fn new(values: Values) -> LiveValues {
        LiveValues(Arc::new(RwLock::new(Arc::new(values))))
    }

    /// Puts others in their place. Whoever masks by the old ones at this moment goes on with them; they are overwritten
    /// when the last one is done.
    pub fn swap(&self, values: Values) {
        let values = Arc::new(values);
        let old = std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), values);
        // Behind the lock: to overwrite many takes its time.
        drop(old);
    }

    /// The present ones.
    pub fn get(&self) -> Arc<Values> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for LiveValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LiveValues")
    }
}
