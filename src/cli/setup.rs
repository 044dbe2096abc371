//! Options -> a redactor.

use std::fs::{self, File};
use std::io::{self, Read};

use super::args::{Args, Choice, EncodingName, Filter, NumberMask};
use super::failure::Failure;
use crate::edge::pipe::Encoding;
use crate::edge::wtf8::Order;
use crate::engine::builder::Builder;
use crate::rules::compile::allow::allow_file;
use crate::rules::mask::{HashKey, Mask};

/// The variable with the key of hash masks.
const KEY_VARIABLE: &str = "LOGVEIL_HASH_KEY";

/// The chosen rules.
///
/// # Errors
/// A file that cannot be read, a rule that is refused.
pub fn builder(choice: &Choice) -> Result<Builder, Failure> {
    let mut builder = Builder::default()
        .only(choice.only.iter().cloned())
        .except(choice.except.iter().cloned())
        .with(choice.with.iter().cloned())
        .keep_samples(choice.keep_samples == Some(true));
    if let Some(gate) = &choice.gate {
        builder = builder.gate(gate);
    }
    for path in &choice.rules {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|e| Failure::usage(format!("--rules {name}: {e}")))?;
        builder = builder.rules_toml(&name, &text).map_err(Failure::usage)?;
    }
    for path in &choice.allow {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|e| Failure::usage(format!("--allow {name}: {e}")))?;
        builder = builder.allow_toml(&name, &text).map_err(Failure::usage)?;
    }
    if let Some((path, text)) = &choice.own_allow {
        let entries = allow_file(&path.display().to_string(), text, true).map_err(Failure::usage)?;
        builder = entries.into_iter().fold(builder, Builder::allow);
    }
    for path in &choice.pack {
        let name = path.display().to_string();
        let bytes = fs::read(path).map_err(|e| Failure::usage(format!("--pack {name}: {e}")))?;
        builder = builder.pack(&name, bytes);
    }
    Ok(builder)
}

/// The chosen rules with the chosen masks.
///
/// # Errors
/// As [`builder`]; a mask that is none; a hash mask without a key.
pub fn masked(args: &Args) -> Result<Builder, Failure> {
    masked_of(&args.choice, &args.filter)
}

/// Like [`masked`], of another choice.
///
/// # Errors
/// As [`masked`].
pub fn masked_of(choice: &Choice, filter: &Filter) -> Result<Builder, Failure> {
    let mut builder = builder(choice)?.number_zero(filter.number_mask == Some(NumberMask::Zero));
    let mut hashes = false;
    for written in &filter.mask {
        let (name, mask) = match written.split_once('=').filter(|(name, _)| !name.contains(':')) {
            Some((name, mask)) => (Some(name), mask),
            None => (None, written.as_str()),
        };
        let mask = Mask::parse(mask).map_err(|e| Failure::usage(format!("--mask {e}")))?;
        hashes |= mask == Mask::Hash;
        builder = match name {
            Some(name) => builder.mask_for(name, mask),
            None => builder.mask(mask),
        };
    }
    match key_of(filter)? {
        Some(key) => builder = builder.hash_key(key),
        None if hashes => {
            return Err(Failure::usage(format!(
                "--mask hash needs a key: name a file with --hash-key-file, or set {KEY_VARIABLE}"
            )));
        }
        None => {}
    }
    Ok(builder)
}

/// The key of hash masks, if there is one.
///
/// # Errors
/// A key that is too short or cannot be read.
pub fn key(args: &Args) -> Result<Option<HashKey>, Failure> {
    key_of(&args.filter)
}

fn key_of(filter: &Filter) -> Result<Option<HashKey>, Failure> {
    if let Some(path) = &filter.hash_key_file {
        let said = |e: &dyn std::fmt::Display| Failure::usage(format!("--hash-key-file {}: {e}", path.display()));
        let material = fs::read(path).map_err(|e| said(&e))?;
        return HashKey::new(&material).map(Some).map_err(|e| said(&e));
    }
    use std::os::unix::ffi::OsStrExt;
    match std::env::var_os(KEY_VARIABLE) {
        Some(material) => {
            HashKey::new(material.as_bytes()).map(Some).map_err(|e| Failure::usage(format!("{KEY_VARIABLE}: {e}")))
        }
        None => Ok(None),
    }
}

/// A key for this run alone.
///
/// # Errors
/// Where the system has no randomness to give.
pub fn key_of_this_run() -> Result<HashKey, Failure> {
    let mut material = [0; 32];
    let random: io::Result<()> = File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut material));
    // Written as letters: white space at the ends of a key is not part of it.
    let letters: String = material.iter().map(|b| format!("{b:02x}")).collect();
    random
        .map_err(|e| e.to_string())
        .and_then(|()| HashKey::new(letters.as_bytes()))
        .map_err(|e| Failure::usage(format!("/dev/urandom: {e}; give a key with --hash-key-file")))
}

/// How many threads judge a file: as many as processors that this process may use.
pub fn threads(args: &Args) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    args.filter.threads.map_or_else(processors, usize::from)
}

/// How inputs are to be read.
pub fn encoding(args: &Args) -> Encoding {
    match args.filter.encoding {
        Some(EncodingName::Utf16le) => Encoding::Utf16(Order::Little),
        Some(EncodingName::Utf16be) => Encoding::Utf16(Order::Big),
        _ if args.filter.assume_bytes == Some(true) => Encoding::Bytes,
        _ => Encoding::Detect,
    }
}
