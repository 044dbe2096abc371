//! Allow-lists as written -> entries with their automata built.

use super::syntax::{self, WrittenAllow};
use crate::rules::allow::{Allow, Item};
use crate::rules::automaton::Automaton;
use crate::rules::error::RuleError;

/// What a regex that lets all of these through would let through whatever is drawn: letters and
/// digits at the lengths that secrets have.
const DRAWN: &str = "q8Zr1Lw0mXv93TbNk2Yd7Hs5Fj4Gp6CcAaEeRtUuIiOoWwSsDdVvBbMmXxZz0918273645";
const DRAWN_BYTES: [usize; 6] = [8, 12, 20, 32, 40, 64];

impl Allow {
    /// Allows values that the regex matches as a whole: ASCII classes, no look-around over the
    /// value's ends, linear time.
    ///
    /// # Errors
    /// A regex that is none, is too large, or matches the empty value or any value.
    pub fn regex(mut self, regex: &str) -> Result<Self, RuleError> {
        let automaton = whole(regex)?;
        self.regexes.push(Item { what: (regex.to_owned(), automaton), line: None });
        Ok(self)
    }
}

/// The entries of an allow-list. `others` says that the text may hold other settings, too.
///
/// # Errors
/// The first entry that is refused, with file, line and reason; never what it allows.
pub fn allow_file(name: &str, text: &str, others: bool) -> Result<Vec<Allow>, RuleError> {
    let entries = syntax::parse_allow(name, text, others)?;
    if entries.is_empty() && !others {
        return Err(RuleError::new("there is no `[[allow]]` in it").in_file(name));
    }
    let line_of = |offset| syntax::line_of(text, offset);
    entries
        .into_iter()
        .map(|entry| {
            let line = line_of(entry.span().start);
            one(name, line, entry.into_inner(), &line_of).map_err(|e| e.in_file(name).at_line(line))
        })
        .collect()
}

fn one(file: &str, line: usize, w: WrittenAllow, line_of: &dyn Fn(usize) -> usize) -> Result<Allow, RuleError> {
    let mut allow = Allow::new(&w.name.unwrap_or_else(|| format!("{file}:{line}"))).rules(w.rules);
    (allow.file, allow.line) = (file.to_owned(), Some(line));
    for value in w.values {
        let line = Some(line_of(value.span().start));
        allow.values.push(Item { what: value.into_inner().into_bytes(), line });
    }
    for regex in w.regexes {
        let line = line_of(regex.span().start);
        let automaton = whole(regex.get_ref()).map_err(|e| e.at_line(line))?;
        allow.regexes.push(Item { what: (regex.into_inner(), automaton), line: Some(line) });
    }
    for key in w.keys {
        let line = Some(line_of(key.span().start));
        allow.keys.push(Item { what: key.into_inner(), line });
    }
    Ok(allow)
}

/// The automaton of a regex that must match the whole value.
fn whole(regex: &str) -> Result<Automaton, RuleError> {
    let automaton = super::value_automaton(regex)?;
    let matches = |text: &str| automaton.is_whole(text.as_bytes(), &mut 0) == Ok(true);
    if matches("") {
        return Err(RuleError::new("the regex matches the empty value; it must ask for something"));
    }
    if DRAWN_BYTES.iter().all(|n| matches(&DRAWN[..*n])) {
        return Err(RuleError::new("the regex matches any letters and digits, so that every secret would stay"));
    }
    Ok(automaton)
}

#[cfg(test)]
mod tests {
    use super::{allow_file, whole};

    #[test]
    fn regexes_that_allow_all_or_nothing_are_refused() {
        for regex in
            ["", "x*", "x?", ".*", ".+", r"\S+", r"[^ ]{1,}", r"\w+", "(?s:.)+", "[A-Za-z0-9]{4,}", "a|.+", "^.*$"]
        {
            assert!(whole(regex).is_err(), "{regex}");
        }
        for regex in ["x+", "test-[0-9]+", "[0-9a-f]{40}", "^dummy.*$", "canary.*", "a b", "(?i)example.*"] {
            assert!(whole(regex).is_ok(), "{regex}");
        }
        let deep = format!("({})", "a?".repeat(200_000));
        for (regex, why) in [("(", "unclosed"), (r"(?=a)b", "look-around"), ("é", "ASCII"), (&deep, "")] {
            let said = whole(regex).unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for (text, said) in [
            ("[[allow]]\nvalues = 'hunter2'", "a.toml:2: "),
            ("[[allow]]\n\nvalue = ['hunter2']", "a.toml:3: unknown field `value`"),
            ("[[allow]]\nvalues = [1234567]", "a.toml:2: "),
            ("[[allow]]\nregexes = [\n 'a+',\n '.*hunter2|.*']", "a.toml:4: the regex matches the empty value"),
            ("[[allow]]\nkeys = ['hunter2'", "a.toml:2: "),
            ("masks = 'hunter2'", "a.toml:1: unknown field `masks`"),
            ("", "a.toml: there is no `[[allow]]`"),
        ] {
            let why = allow_file("a.toml", text, false).unwrap_err().to_string();
            assert!(why.starts_with(said) && !why.contains("hunter2"), "{why}");
        }
        assert!(allow_file("a.toml", "masks = 'x'\n[[allow]]\nvalues = ['x']", true).is_ok());
    }
}
