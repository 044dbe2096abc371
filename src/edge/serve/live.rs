//! What a reload puts in another's place while everything runs.

use tokio::sync::watch;

/// A value that may be replaced; whoever uses it takes a copy, and has that until he asks again.
pub struct Live<T>(watch::Sender<T>);

impl<T: Clone> Live<T> {
    /// The value at the start.
    pub fn new(value: T) -> Live<T> {
        Live(watch::Sender::new(value))
    }

    /// The present one.
    pub fn get(&self) -> T {
        self.0.borrow().clone()
    }

    /// Another one from now on.
    pub fn set(&self, value: T) {
        self.0.send_replace(value);
    }

    /// Tells when there is another one.
    pub fn watch(&self) -> watch::Receiver<T> {
        self.0.subscribe()
    }
}
