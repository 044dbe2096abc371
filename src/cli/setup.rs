//! Options -> a redactor.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use super::args::{Args, Choice, Filter};
use super::failure::{self, Failure};
use super::names::{EncodingName, InputForm, NumberMask};
use super::print::Print;
use crate::edge::form::Form;
use crate::edge::fragments::Container;
use crate::edge::pipe::Encoding;
use crate::edge::wtf8::Order;
use crate::engine::api::builder::Builder;
use crate::engine::redactor::Redactor;
use crate::rules::compile::allow::allow_file;
use crate::rules::hash_key::HashKey;
use crate::rules::judge::likelihood::Likelihood;
use crate::rules::mask::Mask;
use crate::rules::rule::RuleId;

/// The variable with the key of hash masks.
const KEY_VARIABLE: &str = "LOGVEIL_HASH_KEY";

/// Reads a file that a choice names: who must know which files these are reads in a way of its own.
pub type Read<'a> = dyn FnMut(&Path) -> io::Result<Vec<u8>> + 'a;

/// The chosen rules, and a hash of all that was chosen.
pub struct Chosen {
    /// The rules.
    pub builder: Builder,
    /// Of the choice; what the program brings along is not in it.
    pub print: Print,
}

/// The chosen rules.
///
/// # Errors
/// A file that cannot be read, a rule that is refused.
pub fn builder(choice: &Choice) -> Result<Builder, Failure> {
    Ok(rules(choice, &mut |path| fs::read(path))?.builder)
}

/// Puts a choice together.
///
/// # Errors
/// What is wrong with it; a choice that leaves no rule in force.
pub fn built(builder: Builder) -> Result<Redactor, Failure> {
    let redactor = builder.build().map_err(Failure::usage)?;
    match in_force(&redactor) {
        0 => Err(Failure::usage(
            "no rule is in force, so that every secret would stay: --only, --except and --with leave none; \
             `logveil rules list` shows all",
        )),
        _ => Ok(redactor),
    }
}

/// How many rules are in force.
pub fn in_force(redactor: &Redactor) -> usize {
    (0..redactor.rules().len()).filter(|i| redactor.is_on(RuleId(*i as u16))).count()
}

/// Says that a configuration holds which nobody named.
pub fn tell_found(choice: &Choice, redactor: &Redactor) {
    if let Some(path) = &choice.found {
        failure::say(format!(
            "the settings of {} in the working directory hold, {} of {} rules are in force (--config names it, \
             --no-config leaves it out)",
            path.display(),
            in_force(redactor),
            redactor.rules().len()
        ));
    }
}

fn rules(choice: &Choice, read: &mut Read<'_>) -> Result<Chosen, Failure> {
    let mut print = Print::default();
    for list in [&choice.only, &choice.except, &choice.with] {
        print.list(list.iter());
    }
    print.part([u8::from(choice.keep_samples == Some(true))]);
    let mut builder = Builder::default()
        .only(choice.only.iter().cloned())
        .except(choice.except.iter().cloned())
        .with(choice.with.iter().cloned())
        .keep_samples(choice.keep_samples == Some(true));
    if let Some(gate) = &choice.gate {
        builder = builder.gate(gate);
    }
    print.list(choice.min_likelihood.iter());
    for text in &choice.min_likelihood {
        builder = least(builder, text)?;
    }
    for path in &choice.rules {
        let name = path.display().to_string();
        let text = text(read, path).map_err(|e| Failure::usage(format!("--rules {name}: {e}")))?;
        print.part(&text);
        builder = builder.rules_toml(&name, &text).map_err(Failure::usage)?;
    }
    let mut allow = Vec::new();
    for path in &choice.allow {
        let name = path.display().to_string();
        let text = text(read, path).map_err(|e| Failure::usage(format!("--allow {name}: {e}")))?;
        allow.extend(allow_file(&name, &text, false).map_err(Failure::usage)?);
    }
    if let Some((path, text)) = &choice.own_allow {
        allow.extend(allow_file(&path.display().to_string(), text, true).map_err(Failure::usage)?);
    }
    print.allow(&allow);
    builder = allow.into_iter().fold(builder, Builder::allow);
    for path in &choice.pack {
        let name = path.display().to_string();
        let bytes = read(path).map_err(|e| Failure::usage(format!("--pack {name}: {e}")))?;
        print.part(&bytes);
        builder = builder.pack(&name, bytes);
    }
    Ok(Chosen { builder, print })
}

/// `likely`, `secret=possible`: how likely a secret must be.
fn least(builder: Builder, text: &str) -> Result<Builder, Failure> {
    let (name, least) = text.split_once('=').map_or((None, text), |(name, least)| (Some(name), least));
    let Some(least) = Likelihood::parse(least) else {
        let all = Likelihood::ALL.map(Likelihood::name).join(", ");
        return Err(Failure::usage(format!("--min-likelihood {text}: one of {all}, alone or behind NAME=")));
    };
    Ok(match name {
        Some(name) => builder.min_likelihood_for(name, least),
        None => builder.min_likelihood(least),
    })
}

fn text(read: &mut Read<'_>, path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

/// The chosen rules with the chosen masks.
///
/// # Errors
/// As [`builder`]; a mask that is none; a hash mask without a key.
pub fn masked(args: &Args) -> Result<Builder, Failure> {
    Ok(chosen(&args.choice, &args.filter, &mut |path| fs::read(path))?.builder)
}

/// Like [`masked`], of another choice, its files read in a way of the caller's.
///
/// # Errors
/// As [`masked`].
pub fn chosen(choice: &Choice, filter: &Filter, read: &mut Read<'_>) -> Result<Chosen, Failure> {
    let Chosen { builder, mut print } = rules(choice, read)?;
    let zero = filter.number_mask == Some(NumberMask::Zero);
    let mut builder = builder.number_zero(zero);
    print.part([u8::from(zero)]);
    print.list(filter.mask.iter());
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
    match key_of(filter, read)? {
        Some(key) => {
            print.part(key.id());
            builder = builder.hash_key(key);
        }
        None if hashes => {
            return Err(Failure::usage(format!(
                "--mask hash needs a key: name a file with --hash-key-file, or set {KEY_VARIABLE}"
            )));
        }
        None => {}
    }
    Ok(Chosen { builder, print })
}

/// The key of hash masks, if there is one.
///
/// # Errors
/// A key that is too short or cannot be read.
pub fn key(args: &Args) -> Result<Option<HashKey>, Failure> {
    key_of(&args.filter, &mut |path| fs::read(path))
}

fn key_of(filter: &Filter, read: &mut Read<'_>) -> Result<Option<HashKey>, Failure> {
    if let Some(path) = &filter.hash_key_file {
        let said = |e: &dyn std::fmt::Display| Failure::usage(format!("--hash-key-file {}: {e}", path.display()));
        let material = read(path).map_err(|e| said(&e))?;
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

/// How records are written; None where each input is to tell.
pub fn form(args: &Args) -> Option<Form> {
    args.filter.input.and_then(|named| match named {
        InputForm::Auto => None,
        InputForm::Text => Some(Form::Text),
        InputForm::JournalJson => Some(Form::Json),
        InputForm::JournalExport => Some(Form::Export),
        InputForm::Cri => Some(Form::Parts(Container::Cri)),
        InputForm::Docker => Some(Form::Parts(Container::Docker)),
    })
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
