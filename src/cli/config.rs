//! Flag > environment > file.
//!
//! The file's keys are the long options. What the arguments and the environment leave open is put
//! in front of the arguments as if it had been typed, so that there is one set of names and checks.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, ValueHint};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::args::{Args, Choice, Command, Rules};
use super::failure::Failure;
use super::names::When;
use super::report;
use super::tables::Source;

/// The file that is read when none is named.
const FILE: &str = "logveil.toml";
/// The setting that may be tables.
const ALLOW: &str = "allow";
/// The tables of known values.
const KNOWN: &str = "known";
/// Options that make no sense in a file.
const NOT_IN_FILE: [&str; 5] = ["config", "no-config", "check-config", "help", "version"];
/// Settings that could let secrets stay, name them, or write where the file says: only of a file that somebody named. So are known
/// values: whoever writes the file and part of the log could guess what a file holds until a guess is masked.
const TRUSTED: [&str; 23] = [
    "only",
    "except",
    ALLOW,
    "output",
    "report-file",
    "report-names",
    "baseline",
    "keep-samples",
    "min-likelihood",
    "assume-bytes",
    "encoding",
    "input",
    "in-place",
    "hash-key-file",
    KNOWN,
    "known-env",
    "known-file",
    "known-lines",
    "known-dotenv",
    "known-dir",
    "known-fd",
    "known-min-bytes",
    "known-grace",
];
/// Options that are numbers.
const NUMBERS: [&str; 3] = ["threads", "known_min_bytes", "known_fd"];
/// Tables that only `serve` reads.
const TABLES: [&str; 4] = ["listen", "upstream", "limits", "admin"];

/// The arguments, completed from the environment and the configuration file.
///
/// # Errors
/// Help that was asked for, a wrong argument, or a wrong line of the file.
pub fn parse(given: impl IntoIterator<Item = OsString>) -> Result<Args, Failure> {
    let given: Vec<OsString> = given.into_iter().collect();
    let matches = matches(&given)?;
    only_for_filtering(&matches)?;
    let mut args = args(&matches)?;
    let named = named(&matches, &args.choice)?;
    if !named {
        args.choice.config = None;
    }
    // What chooses no rules is not to end by what a file says of them.
    let file = if named || chooses(&args) { text(&args.choice)? } else { None };
    let mut args = match file {
        None => args,
        Some((path, text)) => {
            let mut all: Vec<OsString> = given.iter().take(1).cloned().collect();
            all.extend(arguments(&path, &text, !named, &|key| is_given(&matches, key))?);
            all.extend(given.iter().skip(1).cloned());
            let mut args = self::args(&self::matches(&all)?)?;
            if !named {
                args.choice.config = None;
                args.choice.found = Some(path.clone());
            }
            // Given lists stand in place of the file's, as with every setting.
            if args.choice.allow.is_empty() {
                args.choice.own_allow = Some((path, text));
            }
            args
        }
    };
    args.known.named = report::asked(&args).names()?;
    colour(args.choice.color.unwrap_or_default());
    if args.command.is_some() && !args.files.is_empty() {
        return Err(Failure::usage("a subcommand takes its files behind its name; see --help"));
    }
    Ok(args)
}

fn matches(given: &[OsString]) -> Result<ArgMatches, Failure> {
    Args::command().try_get_matches_from(given).map_err(|e| Failure::Clap(Box::new(e)))
}

/// What was typed before a subcommand that does not ask for it: nobody is to believe that it holds there.
fn only_for_filtering(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(subcommand) = matches.subcommand_name() else { return Ok(()) };
    let command = Args::command();
    let typed = |a: &&Arg| matches.value_source(a.get_id().as_str()) == Some(ValueSource::CommandLine);
    let idle = command.get_arguments().filter(|a| !a.is_global_set()).filter(typed).find_map(Arg::get_long);
    idle.map_or(Ok(()), |long| {
        Err(Failure::usage(format!("--{long} is for filtering and does nothing for `{subcommand}`: leave it out")))
    })
}

/// Whether a file is named and not called off by a stronger source.
fn named(matches: &ArgMatches, choice: &Choice) -> Result<bool, Failure> {
    if choice.config.is_none() || choice.no_config != Some(true) {
        return Ok(choice.config.is_some());
    }
    match (matches.value_source("config"), matches.value_source("no_config")) {
        (Some(a), Some(b)) if a == b => Err(Failure::usage(
            "--no-config and --config FILE (or LOGVEIL_NO_CONFIG and LOGVEIL_CONFIG) contradict each other: leave one out",
        )),
        (named, _) => Ok(named == Some(ValueSource::CommandLine)),
    }
}

/// Whether rules or masks are chosen here, so that a file's settings matter.
fn chooses(args: &Args) -> bool {
    match &args.command {
        None | Some(Command::Exec(_) | Command::Explain { .. }) => true,
        Some(Command::Rules { what }) => matches!(what, Rules::List { .. } | Rules::Show { .. }),
        #[cfg(feature = "serve")]
        Some(Command::Serve(_)) => true,
        Some(Command::Completions { .. } | Command::Judge { .. } | Command::Man) => false,
    }
}

fn args(matches: &ArgMatches) -> Result<Args, Failure> {
    Args::from_arg_matches(matches).map_err(|e| Failure::Clap(Box::new(e)))
}

fn colour(when: When) {
    match when {
        When::Auto => anstream::ColorChoice::Auto,
        When::Always => anstream::ColorChoice::AlwaysAnsi,
        When::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// The file that was named, or the one in the working directory if there is one and it is wanted.
///
/// # Errors
/// When it cannot be read.
pub fn text(choice: &Choice) -> Result<Option<(PathBuf, String)>, Failure> {
    let named = choice.config.as_deref();
    if named.is_none() && choice.no_config == Some(true) {
        return Ok(None);
    }
    let path = named.unwrap_or(Path::new(FILE));
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.into(), text))),
        Err(e) if e.kind() == io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(e) => Err(Failure::usage(format!("{}: cannot read the configuration: {e}", path.display()))),
    }
}

/// Whether arguments or environment say something about an option, here or in a subcommand.
fn is_given(matches: &ArgMatches, id: &str) -> bool {
    let here = matches.try_contains_id(id).is_ok()
        && matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
    here || matches.subcommand().is_some_and(|(_, sub)| is_given(sub, id))
}

/// The file's settings as arguments; those of which `is_given` says so are checked and left out. A file that was
/// found and not named may only do so much.
fn arguments(path: &Path, text: &str, found: bool, is_given: &dyn Fn(&str) -> bool) -> Result<Vec<OsString>, Failure> {
    let source = Source { path, text };
    let at = |offset| source.at(offset);
    let table = DeTable::parse(text)
        .map_err(|e| Failure::usage(format!("{}: {}", at(e.span().map_or(0, |s| s.start)), e.message())))?;
    let command = Args::command();
    let mut all = Vec::new();
    for (key, value) in table.get_ref() {
        let (name, place) = (key.get_ref().as_ref(), at(key.span().start));
        if found {
            trusted(&source, key, value)?;
        }
        let entries = |a: &DeArray<'_>| a.iter().any(|one| one.get_ref().is_table());
        if TABLES.contains(&name) || name == KNOWN || (name == ALLOW && value.get_ref().as_array().is_some_and(entries))
        {
            continue; // not options; read where they are used
        }
        let option = command.get_arguments().find(|a| a.get_long() == Some(name) && !NOT_IN_FILE.contains(&name));
        let Some(option) = option else {
            return Err(Failure::usage(format!(
                "{place}: `{name}` is no setting; the keys are the long options that `logveil --help` lists"
            )));
        };
        let mut these = Vec::new();
        values(option, value, path, &mut these).map_err(|why| Failure::usage(format!("{place}: `{name}`: {why}")))?;
        check(&these).map_err(|why| Failure::usage(format!("{place}: `{name}`: {why}")))?;
        let by_key = name == "hash-key-file" && std::env::var_os("LOGVEIL_HASH_KEY").is_some();
        if !is_given(option.get_id().as_str()) && !by_key {
            all.extend(these);
        }
    }
    Ok(all)
}

/// Whether a file that nobody named may say this.
fn trusted(source: &Source<'_>, key: &Spanned<Cow<'_, str>>, value: &Spanned<DeValue<'_>>) -> Result<(), Failure> {
    let refuse = |key: &Spanned<Cow<'_, str>>| {
        Err(Failure::usage(format!(
            "{}: `{}` could let secrets stay, name them or overwrite files, so it holds only in a file that was named: give \
             `--config {}` if you trust it, or --no-config to leave it out",
            source.at(key.span().start),
            key.get_ref(),
            source.path.display()
        )))
    };
    if TRUSTED.contains(&key.get_ref().as_ref()) {
        return refuse(key);
    }
    // A listener's own choice of rules.
    let many = value.get_ref().as_array().filter(|_| TABLES.contains(&key.get_ref().as_ref()));
    let keys = many.into_iter().flatten().filter_map(|one| one.get_ref().as_table()).flat_map(|table| table.keys());
    keys.into_iter().find(|key| TRUSTED.contains(&key.get_ref().as_ref())).map_or(Ok(()), refuse)
}

/// Whether a configuration's text has a sidecar's tables.
#[cfg(feature = "serve")]
pub fn has_sidecar(text: &str) -> bool {
    let table = DeTable::parse(text);
    table.is_ok_and(|t| t.get_ref().keys().any(|key| ["listen", "upstream"].contains(&key.get_ref().as_ref())))
}

/// One setting as arguments.
fn values(option: &Arg, value: &Spanned<DeValue<'_>>, file: &Path, out: &mut Vec<OsString>) -> Result<(), String> {
    let text = match value.get_ref() {
        DeValue::Array(many) => return many.iter().try_for_each(|one| values(option, one, file, out)),
        DeValue::String(s) => s.to_string(),
        DeValue::Boolean(b) => b.to_string(),
        DeValue::Integer(n) if NUMBERS.contains(&option.get_id().as_str()) => n.to_string(),
        _ => return Err("write a text in quotes, true or false, or a list of texts".into()),
    };
    let mut argument = OsString::from(format!("--{}=", option.get_long().unwrap_or_default()));
    // Paths are relative to the file that names them.
    let is_path = option.get_value_hint() == ValueHint::FilePath && text != "-";
    match file.parent().filter(|_| is_path) {
        Some(folder) => argument.push(folder.join(&text)),
        None => argument.push(OsStr::new(&text)),
    }
    out.push(argument);
    Ok(())
}

/// Whether clap takes the arguments; its first line if not.
fn check(these: &[OsString]) -> Result<(), String> {
    let all = std::iter::once(OsString::from("logveil")).chain(these.iter().cloned());
    match Args::command().try_get_matches_from(all) {
        Ok(_) => Ok(()),
        Err(e) => {
            let said = e.render().to_string();
            Err(said.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Failure, TRUSTED, arguments};

    fn read(text: &str) -> Result<Vec<String>, String> {
        read_as(text, false)
    }

    fn read_as(text: &str, found: bool) -> Result<Vec<String>, String> {
        match arguments(Path::new("conf/x.toml"), text, found, &|id| id == "except") {
            Ok(all) => Ok(all.into_iter().map(|a| a.into_string().unwrap()).collect()),
            Err(Failure::Said(2, why)) => Err(why),
            Err(_) => panic!("another failure"),
        }
    }

    #[test]
    fn settings_become_arguments_unless_given() {
        let text = "mask = ['stars', 'card=keep:6,4']\nexcept = ['place']\nkeep-samples = true\nrules = ['r.toml']\n\
            [[listen]]\naddress = 'what only serve reads'";
        assert_eq!(
            read(text).unwrap(),
            ["--keep-samples=true", "--mask=stars", "--mask=card=keep:6,4", "--rules=conf/r.toml"]
        );
    }

    #[test]
    fn what_was_only_found_cannot_weaken() {
        for key in TRUSTED {
            for text in [format!("#\n{key} = ['x']"), format!("[[listen]]\n{key} = ['x']")] {
                let why = read_as(&text, true).unwrap_err();
                assert!(why.starts_with(&format!("conf/x.toml:2: `{key}` could let secrets stay")), "{why}");
                assert!(why.contains("`--config conf/x.toml`"), "{why}");
            }
        }
        assert_eq!(read_as("mask = 'stars'\nwith = 'person'", true).unwrap().len(), 2);
        assert!(read_as("[[allow]]\nvalues = ['x']", true).is_err());
    }

    #[test]
    fn what_is_wrong_is_named_with_file_line_and_key() {
        for (text, said) in [
            ("\nmasks = 'stars'", "conf/x.toml:2: `masks` is no setting"),
            ("config = 'x'", "conf/x.toml:1: `config` is no setting"),
            ("#\n#\nreport = 'xml'", "conf/x.toml:3: `report`: invalid value"),
            ("progress = 1", "conf/x.toml:1: `progress`: write a text"),
            ("a\nb", "conf/x.toml:1: "),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.starts_with(said), "{why}");
        }
    }
}
