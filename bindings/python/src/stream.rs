//! Bytes that come in pieces, and records that come one by one.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fault;
use crate::text::{self, Text};

/// Filters bytes that come in pieces; whole lines leave with the call that completes them.
#[pyclass(frozen, module = "logveil")]
pub struct Stream(Mutex<logveil::Stream>);

impl Stream {
    pub fn of(redactor: &logveil::Redactor) -> Stream {
        Stream(Mutex::new(logveil::Stream::new(redactor)))
    }

    /// Lets `f` work on the stream. One that panicked is poisoned, and says nothing any more.
    fn with<'py>(
        &self,
        py: Python<'py>,
        bytes: usize,
        f: impl FnOnce(&mut logveil::Stream, &mut Vec<u8>) + Send,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let out = text::aside(py, bytes, || {
            // Whoever waits for another thread's turn must not keep it from running.
            let mut stream = self.0.try_lock().map_err(|e| matches!(e, std::sync::TryLockError::Poisoned(_)))?;
            let mut out = Vec::new();
            f(&mut stream, &mut out);
            Ok(out)
        })?;
        match out {
            Ok(out) => Ok(PyBytes::new(py, &out)),
            Err(true) => Err(fault()),
            Err(false) => {
                Err(PyRuntimeError::new_err("another thread is in this stream: give each its own, or a lock"))
            }
        }
    }
}

#[pymethods]
impl Stream {
    #[new]
    #[pyo3(signature = (redactor = None))]
    fn new(redactor: Option<&crate::Redactor>) -> Stream {
        redactor.map_or_else(|| Stream::of(&logveil::Redactor::builtin()), |r| Stream::of(&r.redactor))
    }

    /// Takes the next bytes and returns what may leave.
    #[pyo3(signature = (data, /))]
    fn push<'py>(&self, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let read = Text::of(data)?;
        let bytes = read.bytes();
        self.with(data.py(), bytes.len(), |stream, out| stream.push(bytes, out))
    }

    /// Ends a record that no newline ends.
    fn end_record<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.with(py, 0, |stream, out| stream.end_record(out))
    }

    /// Ends the stream: the last line leaves, newline or not.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.with(py, 0, |stream, out| stream.finish(out))
    }

    /// Bytes that wait for the end of their line.
    #[getter]
    fn held(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).held()
    }
}

/// The records of one log, from any thread: what one leaves open, such as a key block that is logged line by line, is asked
/// in the next.
#[pyclass(frozen, module = "logveil")]
pub struct Records(logveil::Records);

impl Records {
    pub fn of(redactor: &logveil::Redactor) -> Records {
        Records(logveil::Records::new(redactor))
    }
}

#[pymethods]
impl Records {
    #[new]
    #[pyo3(signature = (redactor = None))]
    fn new(redactor: Option<&crate::Redactor>) -> Records {
        redactor.map_or_else(|| Records::of(&logveil::Redactor::builtin()), |r| Records::of(&r.redactor))
    }

    /// The next record with its secrets masked: the same object if it holds none.
    #[pyo3(signature = (record, /))]
    fn redact<'py>(&self, record: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        text::masked(record, |input, out| self.0.redact_into(input, out))
    }
}
