//! Keyword arguments -> options.

use std::collections::BTreeMap;
use std::fs;

use logveil_options::{Options, Refused};
use pyo3::create_exception;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

create_exception!(logveil, RuleError, PyValueError, "An option, a rule or a known value that is refused, and why.");

pub fn refused(why: Refused) -> PyErr {
    RuleError::new_err(why.to_string())
}

/// Names as Python's: a trailing underscore stands behind those that are its own words.
pub fn read(given: &Bound<'_, PyDict>) -> PyResult<Options> {
    let mut options = Options::default();
    for (name, value) in given.iter() {
        if value.is_none() {
            continue;
        }
        let name: String = name.extract()?;
        match name.as_str() {
            "only" => options.only = several(&value)?,
            "except_" => options.except = several(&value)?,
            "with_" => options.with = several(&value)?,
            "mask" => options.mask.splice(0..0, several(&value)?).for_each(drop),
            "mask_for" => {
                let masks: BTreeMap<String, String> = value.extract()?;
                options.mask.extend(masks.iter().map(|(name, mask)| format!("{name}={mask}")));
            }
            "min_likelihood" => options.min_likelihood = several(&value)?,
            "hash_key" => options.hash_key = Some(key(&value)?),
            "keep_samples" => options.keep_samples = value.extract()?,
            "number_zero" => options.number_zero = value.extract()?,
            "rules" => options.rules = vec![text(&value)?],
            "allow" => options.allow_files = vec![text(&value)?],
            "known" => options.known = value.extract()?,
            _ => return Err(PyTypeError::new_err(format!("there is no option `{name}`"))),
        }
    }
    Ok(options)
}

/// One name, or some.
fn several(value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    match value.cast::<PyString>() {
        Ok(one) => Ok(vec![one.to_str()?.to_owned()]),
        Err(_) => value.try_iter()?.map(|one| one?.extract()).collect(),
    }
}

fn key(value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.cast::<PyBytes>() {
        Ok(bytes) => String::from_utf8(bytes.as_bytes().to_vec())
            .map_err(|_| PyValueError::new_err("hash_key: text, such as that of `openssl rand -hex 32`")),
        Err(_) => value.extract(),
    }
}

/// A `str` is the text itself, a path the file that holds it.
fn text(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_str()?.to_owned());
    }
    let path: std::path::PathBuf = value.extract()?;
    Ok(fs::read_to_string(path)?)
}
