//! Notations as written in `patterns/notations.toml` -> forms, checked.

use serde::Deserialize;

use crate::rules::error::RuleError;
use crate::rules::notation::{Form, ValueForm};
use crate::rules::pack;

/// The longest text before a key, or between it and its value, in bytes.
const TEXT_BYTES_MAX: usize = 48;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    notation: Vec<WrittenForm>,
}

/// A notation as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenForm {
    id: String,
    about: String,
    link: String,
    #[serde(default)]
    before: Vec<String>,
    key: Option<String>,
    between: Vec<String>,
    value: String,
    #[serde(default)]
    after: Vec<String>,
    reads: Vec<String>,
    spares: Vec<String>,
}

/// The forms of a file as the bytes that are linked into the program.
///
/// # Errors
/// The first form that is none, by its name.
pub fn to_pack(name: &str, text: &str) -> Result<Vec<u8>, RuleError> {
    forms(name, text).map(|forms| pack::encode_forms(&forms))
}

/// The forms of a file.
///
/// # Errors
/// The first form that is none, by its name.
fn forms(name: &str, text: &str) -> Result<Vec<Form>, RuleError> {
    let file: File = toml::from_str(text).map_err(|e| RuleError::new(e.message().to_owned()).in_file(name))?;
    file.notation.into_iter().map(|written| checked(written).map_err(|e| e.in_file(name))).collect()
}

fn checked(written: WrittenForm) -> Result<Form, RuleError> {
    let fail = |why: &str| Err(RuleError::new(format!("notation `{}`: {why}", written.id)));
    if written.about.is_empty() || written.link.is_empty() || written.reads.is_empty() || written.spares.is_empty() {
        return fail("`about`, `link`, `reads` and `spares` must be given: a notation nobody tested is none");
    }
    let drawn = written.value == ValueForm::Drawn.name();
    let gap = |text: &String| drawn && (text == "  " || !written.after.is_empty());
    let between = |text: &String| !text.trim().is_empty() || gap(text) || written.value == ValueForm::Quoted.name();
    if !written.between.iter().all(between) || written.between.iter().any(|text| text.len() > TEXT_BYTES_MAX) {
        return fail(
            "a text of `between` has at most 48 bytes, and is more than a gap where the value is not quoted, or drawn and behind it stands what `after` says",
        );
    }
    if written.between.iter().any(|text| text.contains(" ~")) {
        return fail(
            "a `~` of `between` behind a blank never matches: the blank takes all there are, `~` needs one more",
        );
    }
    let texts = || written.before.iter().chain(&written.after);
    if texts().any(|text| text.trim().is_empty() || text.len() > TEXT_BYTES_MAX) {
        return fail("a text of `before` or `after` has 1 to 48 bytes and is more than blanks");
    }
    if written.between.is_empty() {
        return fail("`between` is empty; a key and its value must be told apart");
    }
    let key_quoted = match written.key.as_deref() {
        None => None,
        Some("quoted") => Some(true),
        Some("bare") => Some(false),
        Some(_) => return fail("`key` is `quoted` or `bare`, or is left out"),
    };
    let Some(value) = ValueForm::from_name(&written.value) else {
        return fail("`value` is `quoted`, `any`, `element`, `drawn` or `line`");
    };
    let WrittenForm { id, before, between, after, .. } = written;
    Ok(Form { id, before, key_quoted, between, value, after })
}
