//! A Python text -> its bytes -> the text again, masked. What is clean comes back as the object that it was.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString};

use crate::fault;

/// From how many bytes on other Python threads may run meanwhile: below, to let them costs more than it gives.
const ASIDE_BYTES_MIN: usize = 16 << 10;
/// Memory that a thread keeps for its next call.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// What may be masked.
pub enum Text<'a> {
    Str(&'a str),
    /// A `str` that holds surrogates on their own, which UTF-8 has not.
    Surrogates(Vec<u8>),
    Bytes(&'a [u8]),
    /// A copy of what may change meanwhile.
    Owned(Vec<u8>),
}

impl<'a> Text<'a> {
    /// A `str`, or bytes in whatever form.
    pub fn of(text: &'a Bound<'_, PyAny>) -> PyResult<Text<'a>> {
        if let Ok(text) = text.cast::<PyString>() {
            return match text.to_str() {
                Ok(text) => Ok(Text::Str(text)),
                Err(_) => {
                    let bytes = text.call_method1("encode", ("utf-8", "surrogatepass"))?;
                    Ok(Text::Surrogates(bytes.cast::<PyBytes>()?.as_bytes().to_vec()))
                }
            };
        }
        if let Ok(bytes) = text.cast::<PyBytes>() {
            return Ok(Text::Bytes(bytes.as_bytes()));
        }
        if let Ok(bytes) = text.cast::<PyByteArray>() {
            return Ok(Text::Owned(bytes.to_vec()));
        }
        if text.is_instance_of::<PyMemoryView>() {
            return Ok(Text::Owned(text.call_method0("tobytes")?.cast::<PyBytes>()?.as_bytes().to_vec()));
        }
        Err(PyTypeError::new_err(format!("str or bytes are masked, not {}", text.get_type().name()?)))
    }

    pub fn bytes(&self) -> &[u8] {
        match self {
            Text::Str(text) => text.as_bytes(),
            Text::Bytes(bytes) => bytes,
            Text::Surrogates(bytes) | Text::Owned(bytes) => bytes,
        }
    }

    /// What is masked, as the kind of text that came in.
    fn again<'py>(&self, py: Python<'py>, out: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Text::Str(_) => Ok(PyString::new(py, &String::from_utf8_lossy(out)).into_any()),
            Text::Surrogates(_) => PyBytes::new(py, out).call_method1("decode", ("utf-8", "surrogatepass")),
            Text::Bytes(_) | Text::Owned(_) => Ok(PyBytes::new(py, out).into_any()),
        }
    }
}

/// The text masked by `mask`, which appends to its second argument and says whether there is a secret.
pub fn masked<'py>(
    text: &Bound<'py, PyAny>,
    mask: impl Fn(&[u8], &mut Vec<u8>) -> bool + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    thread_local!(static OUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });
    let (py, read) = (text.py(), Text::of(text)?);
    let bytes = read.bytes();
    // Taken out, so that nothing is borrowed while other threads run or Python is called.
    let mut out = OUT.take();
    out.clear();
    let found = aside(py, bytes.len(), || mask(bytes, &mut out))?;
    let answer = if found { read.again(py, &out) } else { Ok(text.clone()) };
    if out.capacity() <= KEPT_BYTES_MAX {
        OUT.set(out);
    }
    answer
}

/// What `f` says; while it works on many bytes, other Python threads run. A panic becomes an error that logging knows how to
/// take, which pyo3's own is not.
pub fn aside<R: Send>(py: Python<'_>, bytes: usize, f: impl FnOnce() -> R + Send) -> PyResult<R> {
    let caught = || catch_unwind(AssertUnwindSafe(f)).map_err(std::mem::forget);
    let said = if bytes < ASIDE_BYTES_MIN { caught() } else { py.detach(caught) };
    said.map_err(|()| fault())
}
