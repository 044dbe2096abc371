//! The engine as Python sees it: `logveil._native`. What concerns loggers is written in Python, in `python/logveil`.

mod options;
mod stream;
mod text;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use text::Text;

/// A rule and a place; never the secret.
#[pyclass(frozen, get_all, eq, hash, module = "logveil", from_py_object)]
#[derive(Clone, PartialEq, Eq, Hash)]
struct Finding {
    /// The first character (of bytes: the first byte).
    start: usize,
    /// The first one behind it.
    end: usize,
    /// The rule's name.
    rule: String,
}

#[pymethods]
impl Finding {
    fn __repr__(&self) -> String {
        format!("Finding(start={}, end={}, rule='{}')", self.start, self.end, self.rule)
    }
}

/// Rules and masks. Immutable; any number of threads may use one.
#[pyclass(frozen, module = "logveil")]
struct Redactor {
    redactor: logveil::Redactor,
    /// What it was made of, for `pickle`.
    made_of: Option<Py<PyDict>>,
}

#[pymethods]
impl Redactor {
    #[new]
    #[pyo3(signature = (**options))]
    fn new(options: Option<&Bound<'_, PyDict>>) -> PyResult<Redactor> {
        let Some(options) = options.filter(|options| !options.is_empty()) else {
            return Ok(Redactor { redactor: logveil::Redactor::builtin(), made_of: None });
        };
        let redactor = options::read(options)?.build().map_err(options::refused)?;
        Ok(Redactor { redactor, made_of: Some(options.copy()?.unbind()) })
    }

    /// The text with its secrets masked: the same object if it holds none.
    #[pyo3(signature = (text, /))]
    fn redact<'py>(&self, text: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        text::masked(text, |input, out| self.redactor.redact_into(input, out))
    }

    /// Where the secrets are, and which rules say so.
    #[pyo3(signature = (text, /))]
    fn findings(&self, text: &Bound<'_, PyAny>) -> PyResult<Vec<Finding>> {
        let read = Text::of(text)?;
        let bytes = read.bytes();
        let all = text::aside(text.py(), bytes.len(), || self.redactor.findings(bytes))?;
        // Offsets of characters, counted once along the text.
        let (mut at, mut chars) = (0, 0);
        let mut place = |byte: usize| match read {
            Text::Bytes(_) | Text::Owned(_) => byte,
            Text::Str(_) | Text::Surrogates(_) => {
                let part = if byte >= at { &bytes[at..byte] } else { &bytes[..byte] };
                chars = usize::from(byte >= at) * chars + part.iter().filter(|b| **b & 0xC0 != 0x80).count();
                at = byte;
                chars
            }
        };
        let rule = |id| self.redactor.rule(id).id.to_string();
        Ok(all.iter().map(|f| Finding { start: place(f.start), end: place(f.end), rule: rule(f.rule) }).collect())
    }

    /// A copy of a value with its secrets masked: the same object if it holds none.
    #[pyo3(signature = (value, /, max_depth = 32))]
    fn redact_value<'py>(
        slf: &Bound<'py, Self>,
        value: &Bound<'py, PyAny>,
        max_depth: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        py.import("logveil._values")?.getattr("redact_value")?.call1((slf, value, max_depth))
    }

    /// A stream at its beginning.
    fn stream(&self) -> stream::Stream {
        stream::Stream::of(&self.redactor)
    }

    /// The records of one log.
    fn records(&self) -> stream::Records {
        stream::Records::of(&self.redactor)
    }

    /// The names of all its rules.
    #[getter]
    fn rules(&self) -> Vec<String> {
        self.redactor.rules().iter().map(|rule| rule.id.to_string()).collect()
    }

    fn __repr__(&self) -> String {
        format!("<logveil.Redactor of {} rules>", self.redactor.rules().len())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, ())> {
        let py = slf.py();
        let class = slf.get_type();
        let partial = py.import("functools")?.getattr("partial")?;
        Ok((partial.call((class,), slf.get().made_of.as_ref().map(|made_of| made_of.bind(py)))?, ()))
    }
}

/// What the caller gets where the engine panics, which it must not: never the text.
fn fault() -> PyErr {
    PyRuntimeError::new_err("logveil is at fault; the text could not be judged, so send nothing of it")
}

/// Overwrites what this thread remembers of its input.
#[pyfunction]
fn forget() {
    logveil::Redactor::forget();
}

#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use super::{Finding, Redactor, forget};
    #[pymodule_export]
    use crate::options::RuleError;
    #[pymodule_export]
    use crate::stream::{Records, Stream};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
