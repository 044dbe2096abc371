//! Words that decide, as data: the lists of `patterns/words.toml`, read while the program is compiled.
//!
//! A list that does not exist, or that is written otherwise than this file reads it, does not compile.

const TEXT: &[u8] = include_str!("../../patterns/words.toml").as_bytes();

/// The words of a list: `const SCHEMES: &[&str] = words!("auth-schemes");`.
macro_rules! words {
    ($name:literal) => {{
        const BEGIN: usize = $crate::rules::words::begin($name);
        const SIZE: (usize, usize) = $crate::rules::words::size(BEGIN);
        // The words alone are linked, and not the file around them.
        const BYTES: [u8; SIZE.1] = $crate::rules::words::bytes(BEGIN);
        const WORDS: [&str; SIZE.0] = $crate::rules::words::list(BEGIN, &BYTES);
        &WORDS
    }};
}
pub(crate) use words;

/// How many words the list has that begins at `begin`, and how many bytes they have.
pub const fn size(begin: usize) -> (usize, usize) {
    let mut at = begin;
    let (mut words, mut bytes) = (0, 0);
    while let Some((start, end)) = next(at) {
        at = end + 1;
        words += 1;
        bytes += end - start;
    }
    (words, bytes)
}

/// The words one behind the other.
pub const fn bytes<const N: usize>(begin: usize) -> [u8; N] {
    let mut at = begin;
    let mut bytes = [0; N];
    let mut n = 0;
    while let Some((start, end)) = next(at) {
        let (_, left) = bytes.split_at_mut(n);
        left.split_at_mut(end - start).0.copy_from_slice(TEXT.split_at(end).0.split_at(start).1);
        n += end - start;
        at = end + 1;
    }
    bytes
}

/// The words of the list, in the order of the file, out of its [`bytes`].
pub const fn list<const N: usize>(begin: usize, bytes: &'static [u8]) -> [&'static str; N] {
    let mut at = begin;
    let mut words = [""; N];
    let (mut n, mut left) = (0, bytes);
    while let Some((start, end)) = next(at) {
        let (word, behind) = left.split_at(end - start);
        words[n] = match std::str::from_utf8(word) {
            Ok(word) => word,
            Err(_) => panic!("patterns/words.toml is UTF-8"),
        };
        left = behind;
        at = end + 1;
        n += 1;
    }
    words
}

/// Where the words of the list begin: behind the first `words = [` below its name.
pub const fn begin(name: &str) -> usize {
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

/// The words of a list by their first byte, its case apart: most values begin as none of them does.
pub struct ByFirst<const N: usize> {
    words: [&'static str; N],
    /// Where those of each byte begin; the next one's are where they end.
    begin: [u8; 257],
}

impl<const N: usize> ByFirst<N> {
    /// All words of a list of `N`.
    pub const fn new(words: &[&'static str]) -> Self {
        assert!(words.len() == N && N <= u8::MAX as usize, "a list of so many words");
        let mut list = ByFirst { words: [""; N], begin: [0; 257] };
        let (mut byte, mut listed) = (0, 0);
        while byte < 256 {
            list.begin[byte] = listed as u8;
            let mut n = 0;
            while n < N {
                if words[n].as_bytes()[0].to_ascii_lowercase() as usize == byte {
                    list.words[listed] = words[n];
                    listed += 1;
                }
                n += 1;
            }
            byte += 1;
        }
        list.begin[256] = listed as u8;
        list
    }

    /// Those that a text may begin with, in the order of the file.
    pub fn of(&self, text: &[u8]) -> &[&'static str] {
        let first = text.first().map_or(0, |b| usize::from(b.to_ascii_lowercase()));
        &self.words[usize::from(self.begin[first])..usize::from(self.begin[first + 1])]
    }
}

#[cfg(test)]
mod tests {
    use super::{TEXT, begin, next, size};

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
                Some(std::str::from_utf8(&TEXT[start..end]).unwrap())
            });
            assert_eq!(read.collect::<Vec<_>>(), words, "{name}");
            assert_eq!(size(begin(name)).0, words.len(), "{name}");
        }
        let tags: &[&str] = words!("yaml-tags");
        assert_eq!(tags, ["!var", "!Ref", "!ImportValue", "!GetAtt", "!Sub", "!secret", "!env_var", "!vault"]);
    }

    #[test]
    #[should_panic(expected = "no list of this name")]
    fn a_list_that_is_missing_is_refused() {
        begin("auth-scheme");
    }
}
