//! Where known values come from: the environment, files, folders, an open descriptor, a socket.
//!
//! What is read is a [`Secret`] from its first copy on; names and reasons are told of what is refused, never a value.

mod dotenv;
#[cfg(feature = "serve")]
pub mod keeper;
mod names;
#[cfg(feature = "serve")]
pub mod socket;
mod url;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

pub use names::{DEFAULT, Names};

use crate::engine::known::builder::ValuesBuilder;
use crate::engine::known::forms::Encoding;
use crate::engine::known::guards::{BYTES_MIN, Verdict};
use crate::engine::known::secret::{Bytes, Secret};
use crate::engine::wipe::wipe;

/// The most bytes of one file that holds several values.
const LIST_BYTES_MAX: u64 = 64 << 20;
/// The most bytes of one that is a value, and one more, so that a longer one is seen to be one.
const VALUE_BYTES_MAX: u64 = (64 << 10) + 2;

/// One place that values come from.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// Variables of the environment that a pattern names.
    Env(Names),
    /// A file that is one value.
    File(PathBuf),
    /// A file with a value in each line.
    Lines(PathBuf),
    /// A file of `NAME=value`.
    Dotenv(PathBuf),
    /// A folder with a value in each file, such as a mounted secret of Kubernetes.
    Dir(PathBuf),
    /// An open descriptor with a value in each line.
    Fd(u32),
    /// A socket on which values are added and removed while the program runs; nothing is to be read of it by itself.
    Socket(PathBuf),
}

/// Places and how what they hold is taken.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// Where the values are.
    pub places: Vec<Place>,
    /// The fewest bytes of a value, if not the usual ones.
    pub min_bytes: Option<usize>,
    /// The encodings, if not all.
    pub encodings: Option<Vec<&'static str>>,
    /// Whether masks are counted by their values' names.
    pub named: bool,
}

/// A value with the name that it may be spoken of by.
pub struct Named {
    /// The place and the name there.
    pub name: String,
    /// What it is.
    pub value: Secret,
}

impl Place {
    /// As it was asked for.
    pub fn shown(&self) -> String {
        let text = match self {
            Place::Env(_) => "--known-env".into(),
            Place::File(path) => format!("--known-file {}", path.display()),
            Place::Lines(path) => format!("--known-lines {}", path.display()),
            Place::Dotenv(path) => format!("--known-dotenv {}", path.display()),
            Place::Dir(path) => format!("--known-dir {}", path.display()),
            Place::Fd(n) => format!("--known-fd {n}"),
            Place::Socket(path) => format!("--known-socket {}", path.display()),
        };
        text.replace(char::is_control, "?")
    }

    /// The values that are there now.
    ///
    /// # Errors
    /// Those of the system.
    pub fn read(&self, env: &mut dyn Iterator<Item = (OsString, OsString)>) -> io::Result<Vec<Named>> {
        let named = |name: &str, value: Secret| {
            let name = format!("{} {name}", self.shown()).replace(char::is_control, "?");
            Named { name: name.trim_end().to_owned(), value }
        };
        match self {
            Place::Env(names) => Ok(env
                .filter(|(name, _)| names.has(name))
                .flat_map(|(name, value)| {
                    let value = Secret::from(value.into_vec());
                    url::secrets(value).into_iter().map(move |value| (name.clone(), value))
                })
                .map(|(name, value)| named(&name.to_string_lossy(), value))
                .collect()),
            Place::File(path) => Ok(vec![named("", whole(path)?)]),
            Place::Lines(path) => lines(path, named),
            Place::Fd(n) => lines(Path::new(&format!("/dev/fd/{n}")), named),
            Place::Socket(_) => Ok(Vec::new()),
            Place::Dotenv(path) => {
                let text = read(path, LIST_BYTES_MAX)?;
                let pairs = dotenv::pairs(text.bytes());
                Ok(pairs
                    .into_iter()
                    .flat_map(|(name, value)| url::secrets(value).into_iter().map(move |value| (name.clone(), value)))
                    .map(|(name, value)| named(&name, value))
                    .collect())
            }
            Place::Dir(path) => {
                let mut all = Vec::new();
                for file in files(path)? {
                    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    all.push(named(&name, whole(&file)?));
                }
                Ok(all)
            }
        }
    }
}

/// The regular files of a folder, behind links, too, but none that begins with a dot: a mounted secret's own names.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let all = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let mut all: Vec<PathBuf> = all.into_iter().map(|entry| entry.path()).collect();
    all.retain(|path| path.is_file() && !path.file_name().is_some_and(|name| name.as_bytes().starts_with(b".")));
    all.sort();
    Ok(all)
}

fn whole(path: &Path) -> io::Result<Secret> {
    let text = read(path, VALUE_BYTES_MAX)?;
    let value = text.bytes();
    let value = value.strip_suffix(b"\n").map_or(value, |value| value.strip_suffix(b"\r").unwrap_or(value));
    Ok(value.into())
}

fn lines(path: &Path, named: impl Fn(&str, Secret) -> Named) -> io::Result<Vec<Named>> {
    let text = read(path, LIST_BYTES_MAX)?;
    let all = text.bytes().split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).enumerate();
    let all = all.filter(|(_, line)| !line.is_empty());
    Ok(all.map(|(n, line)| named(&format!("line {}", n + 1), line.into())).collect())
}

/// Reads at most so many bytes of a file.
fn read(path: &Path, max: u64) -> io::Result<Secret> {
    gathered(File::open(path)?.take(max))
}

/// All that there is, in memory of the right size: none that grows leaves copies.
fn gathered(mut from: impl Read) -> io::Result<Secret> {
    // What comes through a pipe tells no size; what grows here leaves nothing behind.
    let (mut bytes, mut piece) = (Bytes::default(), vec![0; 8 << 10]);
    loop {
        match from.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => bytes.put(&piece[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                wipe(&mut piece);
                return Err(e);
            }
        }
    }
    wipe(&mut piece);
    Ok(Secret::of(bytes))
}

/// Takes values of a group, and says of each that is refused its name and why.
pub fn take<'a>(
    builder: ValuesBuilder,
    group: &Group,
    values: impl IntoIterator<Item = (&'a str, &'a Secret)>,
    refused: &mut Vec<String>,
) -> ValuesBuilder {
    let mut builder = builder.min_bytes(group.min_bytes.unwrap_or(BYTES_MIN));
    builder = match &group.encodings {
        Some(names) => builder.encodings(names.iter().filter_map(|name| Encoding::from_name(name))),
        None => builder.encodings(Encoding::ALL),
    };
    for (name, value) in values {
        let verdict = if group.named { builder.add_named(name, value.bytes()) } else { builder.add(value.bytes()) };
        match verdict {
            Verdict::Taken | Verdict::Doubled => {}
            why => refused.push(format!("{name}: not taken as a known value: {}", why.reason())),
        }
    }
    builder
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{Named, Names, Place};

    fn shown(all: &[Named]) -> Vec<(String, String)> {
        let value = |one: &Named| String::from_utf8(one.value.bytes().to_vec()).unwrap();
        all.iter().map(|one| (one.name.split(' ').next_back().unwrap().to_owned(), value(one))).collect()
    }

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn each_place_gives_its_values() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("..2026")).unwrap();
        fs::write(at("..2026/db"), "one\n\n").unwrap();
        fs::write(at("..2026/.hidden"), "none").unwrap();
        symlink("..2026", at("..data")).unwrap();
        symlink("..data/db", at("db")).unwrap();
        fs::write(at("api"), "two\r\n").unwrap();
        let none = &mut std::iter::empty();
        let read = Place::Dir(folder.path().into()).read(none).unwrap();
        assert_eq!(shown(&read), pairs(&[("api", "two"), ("db", "one\n")]));
        fs::write(at("list"), "a b\r\n\nc").unwrap();
        let read = Place::Lines(at("list")).read(none).unwrap();
        assert_eq!(shown(&read), pairs(&[("1", "a b"), ("3", "c")]));
        assert!(Place::File(at("missing")).read(none).is_err());
    }

    #[test]
    fn the_environment_by_patterns_and_addresses_by_their_password() {
        let env = [
            ("API_TOKEN", "t"),
            ("api_secret_key", "k"),
            ("PATH", "/bin"),
            ("DATABASE_URL", "postgres://u:p%40ss@h/db"),
            ("SITE_URL", "https://example.com/"),
        ];
        let mut all = env.iter().map(|(name, value)| (name.into(), value.into()));
        let place = Place::Env(Names::new(super::DEFAULT.map(str::to_owned).to_vec()).unwrap());
        let read = place.read(&mut all).unwrap();
        let expected =
            [("API_TOKEN", "t"), ("api_secret_key", "k"), ("DATABASE_URL", "p%40ss"), ("DATABASE_URL", "p@ss")];
        assert_eq!(shown(&read), pairs(&expected));
    }
}
