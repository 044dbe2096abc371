//! Known values: options, `[[known]]` of the configuration and the environment -> values, and what was refused.

use std::path::{Path, PathBuf};
#[cfg(feature = "serve")]
use std::sync::OnceLock;
use std::time::Duration;

use toml::de::DeTable;

use super::args::Choice;
use super::args_known::{Known, USUAL};
use super::config;
use super::failure::{self, Failure};
use super::setup;
use super::tables::{Section, Source};
#[cfg(feature = "serve")]
use crate::edge::known::keeper::Keeper;
#[cfg(feature = "serve")]
use crate::edge::known::socket;
use crate::edge::known::{self, DEFAULT, Names, Place};
#[cfg(feature = "serve")]
use crate::edge::serve::files::Files;
use crate::engine::api::builder::Builder;
use crate::engine::known::forms::Encoding;
use crate::engine::known::values::Values;
use crate::engine::redactor::Redactor;

/// How long a value that was replaced stays known, if nothing else is asked for.
const GRACE: Duration = Duration::from_secs(24 * 3600);
/// The keys of `[[known]]`.
const KEYS: [&str; 7] = ["env", "file", "lines", "dotenv", "dir", "min-bytes", "encodings"];

/// What is to be known, and how strictly.
pub struct Asked {
    /// The places of the options, then those of each `[[known]]`.
    pub groups: Vec<known::Group>,
    /// Whether whatever is refused ends the program.
    pub strict: bool,
    /// How long what was replaced stays known.
    pub grace: Duration,
}

/// Where values are to come from.
///
/// # Errors
/// What is wrong with a `[[known]]`.
pub fn asked(given: &Known, choice: &Choice) -> Result<Asked, Failure> {
    let min_bytes = given.known_min_bytes.map(usize::from);
    let mut places = Vec::new();
    if !given.known_env.is_empty() {
        let names = names(&given.known_env).map_err(|why| Failure::usage(format!("--known-env: {why}")))?;
        places.push(Place::Env(names));
    }
    places.extend(given.known_file.iter().cloned().map(Place::File));
    places.extend(given.known_lines.iter().cloned().map(Place::Lines));
    places.extend(given.known_dotenv.iter().cloned().map(Place::Dotenv));
    places.extend(given.known_dir.iter().cloned().map(Place::Dir));
    places.extend(given.known_fd.iter().copied().map(Place::Fd));
    #[cfg(feature = "serve")]
    places.extend(given.known_socket.iter().cloned().map(Place::Socket));
    let mut groups = vec![known::Group { places, min_bytes, encodings: None, named: false }];
    // A file that was found and not named has none: `config` refuses it.
    if let Some((path, text)) = config::text(choice)? {
        groups.extend(tables(&path, &text, min_bytes)?);
    }
    groups.retain(|group| !group.places.is_empty());
    groups.iter_mut().for_each(|group| group.named = given.named);
    let (strict, grace) = (given.known_strict == Some(true), given.known_grace.unwrap_or(GRACE));
    Ok(Asked { groups, strict, grace })
}

/// Patterns of names, with the usual ones where these are named.
fn names(written: &[String]) -> Result<Names, String> {
    let usual = |name| if name == USUAL { DEFAULT.to_vec() } else { vec![name] };
    Names::new(written.iter().map(String::as_str).flat_map(usual).map(str::to_owned).collect())
}

/// The `[[known]]` of a configuration.
fn tables(path: &Path, text: &str, min_bytes: Option<usize>) -> Result<Vec<known::Group>, Failure> {
    let source = Source { path, text };
    let table = DeTable::parse(text).map_err(|e| Failure::usage(format!("{}: {}", path.display(), e.message())))?;
    let mut groups = Vec::new();
    for mut section in Section::all(&source, table.get_ref(), "known", "[[known]]")? {
        section.only(&KEYS)?;
        let mut group = known::Group { min_bytes, ..known::Group::default() };
        if let Some(written) = section.texts("env")? {
            group.places.push(Place::Env(names(&written).map_err(|why| section.wrong_at("env", why))?));
        }
        let kinds = [
            ("file", Place::File as fn(PathBuf) -> Place),
            ("lines", Place::Lines),
            ("dotenv", Place::Dotenv),
            ("dir", Place::Dir),
        ];
        for (key, place) in kinds {
            group.places.extend(section.path(key)?.map(place));
        }
        if let Some(number) = section.number("min-bytes")? {
            let number = usize::try_from(number).ok().filter(|n| (4..=64).contains(n));
            group.min_bytes = Some(number.ok_or_else(|| section.wrong_at("min-bytes", "write a number from 4 to 64"))?);
        }
        if let Some(names) = section.texts("encodings")? {
            let known = |name: &String| Encoding::from_name(name).map(Encoding::name);
            let all = names.iter().map(known).collect::<Option<Vec<_>>>();
            let choice = Encoding::ALL.map(Encoding::name).join(", ");
            group.encodings =
                Some(all.ok_or_else(|| section.wrong_at("encodings", format!("write some of {choice}")))?);
        }
        if group.places.is_empty() {
            return Err(section.wrong("it names no value: give it `env`, `file`, `lines`, `dotenv` or `dir`"));
        }
        groups.push(group);
    }
    Ok(groups)
}

/// The values that are asked for, none if none are; what was refused is said on standard error by name and reason.
///
/// # Errors
/// A place that cannot be read; with `--known-strict` a value that is refused.
fn values(given: &Known, choice: &Choice) -> Result<Option<Values>, Failure> {
    let asked = asked(given, choice)?;
    if asked.groups.is_empty() {
        return Ok(None);
    }
    warn(&asked);
    let (mut builder, mut refused) = (Values::builder(), Vec::new());
    for group in &asked.groups {
        for place in &group.places {
            let values = place.read(&mut std::env::vars_os());
            let values = values.map_err(|e| Failure::usage(format!("{}: {e}", place.shown())))?;
            let values = values.iter().map(|one| (&*one.name, &one.value));
            builder = known::take(builder, group, values, &mut refused);
        }
    }
    told(&refused, asked.strict)?;
    Ok(Some(builder.build()))
}

/// Says that short values were asked for.
pub fn warn(asked: &Asked) {
    if asked.groups.iter().any(|group| group.min_bytes.is_some_and(|n| n < 6)) {
        failure::say("known values of fewer than 6 bytes are found where they are no secrets, too");
    }
}

/// Says what was refused.
///
/// # Errors
/// With `strict` what was refused is why nothing goes on.
pub fn told(refused: &[String], strict: bool) -> Result<(), Failure> {
    refused.iter().for_each(failure::say);
    match (refused.len(), strict) {
        (1.., true) => Err(Failure::usage("--known-strict: not every known value was taken")),
        _ => Ok(()),
    }
}

/// What a sidecar masks by, of the places that are asked for now; none if none ever were. `files` learns which files these
/// are.
///
/// # Errors
/// A place that cannot be read; with `--known-strict` a value that is refused.
#[cfg(feature = "serve")]
pub fn keep(given: &Known, choice: &Choice, files: &mut Files) -> Result<(), Failure> {
    let asked = asked(given, choice)?;
    if asked.groups.is_empty() && KEEPER.get().is_none() {
        return Ok(());
    }
    warn(&asked);
    let keeper = KEEPER.get_or_init(Keeper::default);
    let refused = keeper.renew(asked.groups, asked.grace).map_err(Failure::usage)?;
    files.join(&keeper.files());
    told(&refused, asked.strict)
}

/// Listens for values on the socket that is asked for, if one is. Before there are other threads.
///
/// # Errors
/// Why not.
pub fn listen(given: &Known) -> Result<(), Failure> {
    #[cfg(feature = "serve")]
    if let (Some(path), Some(kept)) = (&given.known_socket, kept()) {
        socket::listen(path, kept)
            .map_err(|e| Failure::usage(format!("--known-socket {}: cannot listen there: {e}", path.display())))?;
    }
    let _ = given;
    Ok(())
}

/// Looks again at what known values come from, if any do by now, and returns what is to be said.
#[cfg(feature = "serve")]
pub fn look() -> Vec<String> {
    kept().map_or_else(Vec::new, Keeper::look)
}

/// The values of this process, once [`keep`] was asked to keep some.
#[cfg(feature = "serve")]
pub fn kept() -> Option<&'static Keeper> {
    KEEPER.get()
}

/// The one of the process: reloads replace what it keeps, so that what was known before stays so for a while.
#[cfg(feature = "serve")]
static KEEPER: OnceLock<Keeper> = OnceLock::new();

/// The redactor, masking the known values that are asked for, too. Where some are, no rule need be in force.
///
/// # Errors
/// What is wrong with the rules; a place that cannot be read; with `--known-strict` a value that is refused.
pub fn knowing(given: &Known, choice: &Choice, builder: Builder) -> Result<Redactor, Failure> {
    let built = |builder: Builder| builder.build().map_err(Failure::usage);
    #[cfg(feature = "serve")]
    if given.known_socket.is_some() {
        keep(given, choice, &mut Files::default())?;
        return Ok(match kept() {
            Some(kept) => built(builder)?.with_live_values(kept.live()),
            None => setup::built(builder)?,
        });
    }
    match values(given, choice)? {
        Some(values) => Ok(built(builder)?.with_values(values)),
        None => setup::built(builder),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Failure, Place, tables};

    #[test]
    fn tables_are_groups() {
        let text =
            "[[known]]\nenv = ['*_X', 'usual']\nfile = 'f'\n[[known]]\ndir = '/d'\nmin-bytes = 8\nencodings = ['json']";
        let groups = tables(Path::new("conf/x.toml"), text, None).unwrap_or_default();
        assert_eq!(groups.len(), 2);
        assert!(groups[0].places[1] == Place::File("conf/f".into()));
        assert!(matches!(&groups[0].places[0], Place::Env(names) if names.has("A_TOKEN".as_ref())));
        assert_eq!((groups[1].min_bytes, groups[1].encodings.as_deref()), (Some(8), Some(&["json"][..])));
        for (text, said) in [
            ("[[known]]", "x.toml:1: [[known]]: it names no value"),
            ("[[known]]\nfiles = 'f'", "x.toml:2: `files`"),
            ("[[known]]\nenv = ['A', 'B[']", "x.toml:2: `env`: `B[`: unclosed character class"),
            ("[[known]]\nfile = 'f'\nmin-bytes = 3", "x.toml:3: `min-bytes`: write a number from 4"),
            ("[[known]]\nfile = 'f'\nencodings = ['rot13']", "x.toml:3: `encodings`: write some of json"),
        ] {
            let Err(Failure::Said(2, why)) = tables(Path::new("x.toml"), text, None) else { panic!("{text}") };
            assert!(why.starts_with(said), "{why}");
        }
    }
}
