//! A logger's event on its way to a writer.

use std::io::{self, Write};

use crate::engine::api::records::Records;
use crate::engine::wipe::wipe;

/// Masks one event. What comes in one write and ends its line, as formatters write, passes without a copy; anything else
/// waits for the rest of its line, which leaves with the next line feed or when the event ends (`drop`).
pub struct EventWriter<'a, W: Write> {
    records: &'a Records,
    inner: W,
    /// A line that has not ended.
    held: Vec<u8>,
}

impl<'a, W: Write> EventWriter<'a, W> {
    pub(super) fn new(records: &'a Records, inner: W) -> Self {
        EventWriter { records, inner, held: Vec::new() }
    }

    fn end(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        let result = send(self.records, &held, &mut self.inner);
        self.held = held;
        wipe(&mut self.held);
        result
    }
}

/// Masks a record and hands it on.
fn send(records: &Records, record: &[u8], inner: &mut impl Write) -> io::Result<()> {
    if record.is_empty() {
        return Ok(());
    }
    inner.write_all(records.redact(record, &mut Vec::new()))
}

impl<W: Write> Write for EventWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let whole = bytes.ends_with(b"\n");
        if whole && self.held.is_empty() {
            send(self.records, bytes, &mut self.inner)?;
        } else {
            self.held.extend_from_slice(bytes);
            if whole {
                self.end()?;
            }
        }
        Ok(bytes.len())
    }

    /// Flushes what may leave; an unfinished line could hold half a secret.
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Drop for EventWriter<'_, W> {
    fn drop(&mut self) {
        // A formatter that wants to see errors has written its line's end by now.
        let _ = self.end();
    }
}
