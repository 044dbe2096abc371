//! Known values of a program that runs on: looked for again once a second, and kept a while when they are replaced.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Group, Named, Place, files, take};
use crate::edge::serve::files::Files;
use crate::engine::known::builder::ValuesBuilder;
use crate::engine::known::live::LiveValues;
use crate::engine::known::secret::Secret;
use crate::engine::known::values::Values;

/// The values that are known, where they come from, and those that were.
pub struct Keeper {
    live: LiveValues,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    groups: Vec<Group>,
    grace: Duration,
    kept: Vec<Kept>,
    /// The files as they were read last, and as they were at the last look: a change is taken when two looks agree.
    read: Files,
    before: Files,
    /// What was said already.
    said: BTreeSet<String>,
}

struct Kept {
    /// How it is taken; its places are none.
    how: Group,
    place: Place,
    name: String,
    value: Secret,
    /// Until when, if it was replaced or went.
    until: Option<Instant>,
}

impl Default for Keeper {
    fn default() -> Self {
        Keeper { live: LiveValues::new(Values::builder().build()), state: Mutex::default() }
    }
}

impl State {
    /// All that is kept, and what of it is refused.
    fn builder(&self) -> (ValuesBuilder, Vec<String>) {
        let (mut builder, mut refused) = (Values::builder(), Vec::new());
        for kept in &self.kept {
            builder = take(builder, &kept.how, [(&*kept.name, &kept.value)], &mut refused);
        }
        (builder, refused)
    }

    /// What a place has by that name is known for a while only from now on; whether there is such a value.
    fn gone(&mut self, place: &Place, name: &str) -> bool {
        let until = Instant::now() + self.grace;
        let of_it = |kept: &&mut Kept| kept.until.is_none() && kept.place == *place && kept.name == name;
        let all = self.kept.iter_mut().filter(of_it);
        all.map(|kept| kept.until = Some(until)).count() > 0
    }
}

impl Keeper {
    /// What redactors mask by.
    pub fn live(&self) -> &LiveValues {
        &self.live
    }

    /// The files that are looked at.
    pub fn files(&self) -> Files {
        self.state().read.clone()
    }

    /// Takes other places, and what they hold now. Returns what was refused.
    ///
    /// # Errors
    /// The first place that cannot be read; everything stays as it was.
    pub fn renew(&self, groups: Vec<Group>, grace: Duration) -> Result<Vec<String>, String> {
        let mut state = self.state();
        let noted = note(&groups);
        let readings = readings(&groups, &state.groups);
        if let Some((place, Err(why))) = readings.iter().map(|(_, place, read)| (place, read)).find(|(_, r)| r.is_err())
        {
            return Err(format!("{}: {why}", place.shown()));
        }
        state.grace = grace;
        (state.groups, state.read, state.before) = (groups, noted.clone(), noted);
        let said = self.take(&mut state, readings);
        Ok(said)
    }

    /// Looks whether files have changed, and takes what they hold. Returns what is to be said. What is absent or empty stays
    /// known: mounted secrets are, for some milliseconds.
    pub fn look(&self) -> Vec<String> {
        let mut state = self.state();
        let now = note(&state.groups);
        let changed = now != state.read && now == state.before;
        let over = state.kept.iter().any(|kept| kept.until.is_some_and(|until| until <= Instant::now()));
        state.before = now.clone();
        if !changed && !over {
            return Vec::new();
        }
        state.read = now;
        let readings = readings(&state.groups, &state.groups);
        self.take(&mut state, readings)
    }

    /// Takes a value that is given to a place, in the stead of what it had by that name, which stays known for a while.
    ///
    /// # Errors
    /// Why not.
    pub fn add(&self, place: &Place, name: &str, value: Secret) -> Result<(), String> {
        let mut state = self.state();
        let group = state.groups.iter().find(|group| group.places.contains(place)).cloned().unwrap_or_default();
        let how = Group { places: Vec::new(), ..group };
        let (builder, mut refused) = state.builder();
        let before = refused.len();
        let builder = take(builder, &how, [(name, &value)], &mut refused);
        if let Some(why) = refused.get(before) {
            return Err(why.clone());
        }
        state.gone(place, name);
        state.kept.push(Kept { how, place: place.clone(), name: name.to_owned(), value, until: None });
        self.live.swap(builder.build());
        Ok(())
    }

    /// Forgets, after a while, what a place has by that name; whether it has such a value.
    pub fn remove(&self, place: &Place, name: &str) -> bool {
        self.state().gone(place, name)
    }

    fn take(&self, state: &mut State, readings: Vec<(Group, Place, io::Result<Vec<Named>>)>) -> Vec<String> {
        let gone = Instant::now() + state.grace;
        let mut said = Vec::new();
        let places: Vec<&Place> = readings.iter().map(|(_, place, _)| place).collect();
        for kept in state.kept.iter_mut().filter(|kept| kept.until.is_none() && !places.contains(&&kept.place)) {
            kept.until = Some(gone);
        }
        for (how, place, read) in readings {
            let values = match read {
                Ok(values) if values.iter().any(|one| !one.value.bytes().is_empty()) => values,
                // No variable of such a name; what is given once, and not to be asked again.
                Ok(_) if matches!(place, Place::Env(_) | Place::Fd(_) | Place::Socket(_)) => continue,
                Ok(_) => {
                    let of_it = state.kept.iter().any(|kept| kept.place == place);
                    let what = if of_it { "what was known of it stays known" } else { "nothing of it is known" };
                    said.push(format!("{}: it is empty: {what}", place.shown()));
                    continue;
                }
                Err(why) => {
                    said.push(format!("{}: {why}: what was known of it stays known", place.shown()));
                    continue;
                }
            };
            let is = |kept: &Kept, one: &Named| kept.name == one.name && kept.value.bytes() == one.value.bytes();
            for kept in state.kept.iter_mut().filter(|kept| kept.place == place) {
                let empty = values.iter().any(|one| one.name == kept.name && one.value.bytes().is_empty());
                match values.iter().any(|one| is(kept, one)) {
                    true => kept.until = None,
                    false if !empty && kept.until.is_none() => kept.until = Some(gone),
                    false => {}
                }
            }
            for one in values.into_iter().filter(|one| !one.value.bytes().is_empty()) {
                if !state.kept.iter().any(|kept| kept.place == place && is(kept, &one)) {
                    let (how, place) = (how.clone(), place.clone());
                    state.kept.push(Kept { how, place, name: one.name, value: one.value, until: None });
                }
            }
        }
        let now = Instant::now();
        state.kept.retain(|kept| kept.until.is_none_or(|until| until > now));
        let (builder, refused) = state.builder();
        self.live.swap(builder.build());
        said.extend(refused);
        // Said once, not at each change of another file.
        said.retain(|line| state.said.insert(line.clone()));
        said
    }

    /// Whoever panicked meanwhile has left values that are still to be masked.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all places hold. A descriptor that was read already gives nothing more.
fn readings(groups: &[Group], before: &[Group]) -> Vec<(Group, Place, io::Result<Vec<Named>>)> {
    let known = |place: &Place| before.iter().any(|group| group.places.contains(place));
    let mut all = Vec::new();
    for group in groups {
        for place in &group.places {
            let read = match place {
                Place::Fd(_) if known(place) => Ok(Vec::new()),
                // A FIFO would hold up every look to come.
                Place::File(path) | Place::Lines(path) | Place::Dotenv(path) if known(place) && !path.is_file() => {
                    Err(io::Error::other("no regular file is there"))
                }
                place => place.read(&mut std::env::vars_os()),
            };
            all.push((Group { places: Vec::new(), ..group.clone() }, place.clone(), read));
        }
    }
    all
}

/// The files of all places, as they are.
fn note(groups: &[Group]) -> Files {
    let mut noted = Files::default();
    for place in groups.iter().flat_map(|group| &group.places) {
        match place {
            Place::Env(_) | Place::Fd(_) | Place::Socket(_) => {}
            Place::File(path) | Place::Lines(path) | Place::Dotenv(path) => noted.note(path),
            Place::Dir(path) => {
                noted.note(path);
                files(path).unwrap_or_default().iter().for_each(|file| noted.note(file));
            }
        }
    }
    noted
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use super::{Group, Keeper, Place};
    use crate::edge::known::Names;
    use crate::engine::redactor::Redactor;

    fn masked(keeper: &Keeper, text: &str) -> String {
        let redactor = Redactor::builtin().with_live_values(keeper.live());
        redactor.redact_str(text).replace("[REDACTED:known-value]", "*")
    }

    fn groups(place: Place) -> Vec<Group> {
        vec![Group { places: vec![place], ..Group::default() }]
    }

    fn write(path: &Path, text: &str) {
        fs::write(path.with_extension("new"), text).unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
    }

    #[test]
    fn a_rotated_value_stays_known_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        write(&file, "0ld-value1\n");
        let keeper = Keeper::default();
        assert!(keeper.renew(groups(Place::File(file.clone())), Duration::from_secs(60)).unwrap().is_empty());
        assert_eq!(masked(&keeper, "0ld-value1 n3w-value2"), "* n3w-value2");
        write(&file, "n3w-value2\n");
        // Two looks must agree.
        keeper.look();
        assert_eq!(masked(&keeper, "0ld-value1 n3w-value2"), "* n3w-value2");
        keeper.look();
        assert_eq!(masked(&keeper, "0ld-value1 n3w-value2"), "* *");
        // What is absent or empty is known all the same, and said.
        for absent in [true, false] {
            if absent {
                fs::remove_file(&file).unwrap()
            } else {
                write(&file, "")
            }
            let said = [keeper.look(), keeper.look()].concat();
            assert!(said.len() == 1 && said[0].contains("stays known"), "{said:?}");
            assert_eq!(masked(&keeper, "0ld-value1 n3w-value2"), "* *");
        }
        keeper.renew(groups(Place::Env(Names::default())), Duration::ZERO).unwrap();
        keeper.look();
        assert_eq!(masked(&keeper, "0ld-value1 n3w-value2"), "* n3w-value2");
    }

    #[test]
    fn a_folder_is_looked_through_again_and_refusals_are_said_once() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("a"), "fir5t-value");
        write(&folder.path().join("b"), "true");
        let keeper = Keeper::default();
        let said = keeper.renew(groups(Place::Dir(folder.path().into())), Duration::from_secs(60)).unwrap();
        assert!(said.len() == 1 && said[0].contains(" b:") && !said[0].contains("true"), "{said:?}");
        write(&folder.path().join("c"), "s3cond-value");
        assert!(keeper.look().is_empty() && keeper.look().is_empty());
        assert_eq!(masked(&keeper, "fir5t-value s3cond-value"), "* *");
        assert!(keeper.renew(groups(Place::File("missing".into())), Duration::ZERO).is_err());
    }
}
