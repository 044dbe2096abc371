//! Words that decide, as data: the lists of `patterns/words.toml`, read while the program is compiled.
//!
//! A list that does not exist, or that is written otherwise than this file reads it, does not compile.

const TEXT: &[u8] = include_str!("../../patterns/words.toml").as_bytes();

/// The words of a list: `const SCHEMES: &[&str] = words!("auth-schemes");`.
macro_rules! words {
    ($name:literal) => {{
        const COUNT: usize = $crate::rules::words::count($name);
        const WORDS: [&str; COUNT] = $crate::rules::words::list($name);
        &WORDS
    }};
}
pub(crate) use words;

/// How many words the list has.
pub const fn count(name: &str) -> usize {
    let mut at = begin(name);
    let mut count = 0;
    while let Some((_, end)) = next(at) {
        at = end + 1;
        count += 1;
    }
    count
}

/// The words of the list, in the order of the file.
pub const fn list<const N: usize>(name: &str) -> [&'static str; N] {
    let mut at = begin(name);
    let mut words = [""; N];
    let mut n = 0;
    while let Some((start, end)) = next(at) {
        words[n] = text(start, end);
        at = end + 1;
        n += 1;
    }
    words
}

/// Where the words of the list begin: behind the first `words = [` below its name.
const fn begin(name: &str) -> usize {
    const NAME: &[u8] = b"name = \"";
    const WORDS: &[u8] = b"words = [";
    let mut at = 0;
    let mut inside = false;
    while at < TEXT.len() {
        if inside && has(at, WORDS) {
            return at + WORDS.len();
        }
        if has(at, NAME) {
            let end = at + NAME.len() + name.len();
            inside = has(at + NAME.len(), name.as_bytes()) && has(end, b"\"\n");
        }
        at = behind_line(at);
    }
    panic!("patterns/words.toml has no list of this name")
}

/// The first and the last byte of the next word, without its marks; none behind the list's end.
const fn next(from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        match TEXT[at] {
            b']' => return None,
            b'#' => at = behind_line(at),
            b' ' | b'\n' | b',' => at += 1,
            b'"' => {
                let start = at + 1;
                let mut end = start;
                while TEXT[end] != b'"' {
                    assert!(TEXT[end] != b'\\' && TEXT[end] != b'\n', "a word in patterns/words.toml has no escapes");
                    end += 1;
                }
                return Some((start, end));
            }
            _ => panic!("a list of words in patterns/words.toml has words in double quotes"),
        }
    }
}

const fn text(start: usize, end: usize) -> &'static str {
    match std::str::from_utf8(TEXT.split_at(end).0.split_at(start).1) {
        Ok(word) => word,
        Err(_) => panic!("patterns/words.toml is UTF-8"),
    }
}

const fn behind_line(from: usize) -> usize {
    let mut at = from;
    while at < TEXT.len() && TEXT[at] != b'\n' {
        at += 1;
    }
    at + 1
}

const fn has(at: usize, text: &[u8]) -> bool {
    let mut n = 0;
    while n < text.len() {
        if at + n >= TEXT.len() || TEXT[at + n] != text[n] {
            return false;
        }
        n += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{TEXT, begin, count, list, next, text};

    /// What is read here is what a reader of TOML reads.
    #[test]
    fn each_list_is_what_toml_reads() {
        let file: toml::Table = toml::from_str(std::str::from_utf8(TEXT).unwrap()).unwrap();
        let lists = file["list"].as_array().unwrap();
        assert!(!lists.is_empty());
        for each in lists {
            let name = each["name"].as_str().unwrap();
            let words: Vec<&str> = each["words"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
            let mut at = begin(name);
            let read = std::iter::from_fn(|| {
                let (start, end) = next(at)?;
                at = end + 1;
                Some(text(start, end))
            });
            assert_eq!(read.collect::<Vec<_>>(), words, "{name}");
            assert_eq!(count(name), words.len(), "{name}");
        }
        const TAGS: usize = count("yaml-tags");
        assert_eq!(
            list::<TAGS>("yaml-tags"),
            ["!var", "!Ref", "!ImportValue", "!GetAtt", "!Sub", "!secret", "!env_var"]
        );
    }

    #[test]
    #[should_panic(expected = "no list of this name")]
    fn a_list_that_is_missing_is_refused() {
        count("auth-scheme");
    }
}
