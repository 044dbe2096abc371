//! A line of a container runtime: where its text stands, whether its record ends with it, and who wrote it. Pure.

use std::ops::Range;

use memchr::memmem;
use memchr::{memchr, memchr_iter, memrchr};

/// How a container runtime writes what a container prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// As Kubernetes' runtimes do: `TIME stdout P TEXT`, with `F` for the last part of a record.
    Cri,
    /// As Docker's json-file does: `{"log":"TEXT","stream":"stdout","time":"TIME"}`, where the last part ends with `\n`.
    Docker,
    /// Either, as each line tells.
    Either,
}

impl Container {
    /// Those that can be named: the name in the configuration, and what it is; the help and README are made of it.
    #[cfg(any(feature = "serve", test))]
    pub(crate) const ALL: [(Container, &'static str, &'static str); 2] = [
        (Container::Cri, "cri", "lines of Kubernetes' runtimes, whose parts are joined"),
        (Container::Docker, "docker", "lines of Docker's json-file, whose parts are joined"),
    ];

    /// By its name in the configuration.
    #[cfg(feature = "serve")]
    pub(crate) fn from_name(name: &str) -> Option<Container> {
        Container::ALL.into_iter().find(|(_, own, _)| *own == name).map(|(container, ..)| container)
    }
}

/// Who wrote a part: parts of one record have the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// A hash, where the name is long.
    fn of(name: &[u8]) -> Key {
        match name.len() {
            0..32 => {
                let mut key = [0; 32];
                key[..name.len()].copy_from_slice(name);
                key[31] = name.len() as u8;
                Key(key)
            }
            _ => Key(*blake3::hash(name).as_bytes()),
        }
    }
}

/// What a line is.
pub struct Part {
    /// Where the text stands in it, without the line end that a last part of Docker's has.
    pub content: Range<usize>,
    /// Where `P` or `F` stands, if it does.
    pub tag: Option<usize>,
    /// The record ends with it.
    pub last: bool,
    /// Whose it is.
    pub key: Key,
}

impl Part {
    /// Reads a line, with or without its end; none where it is none of the runtime's.
    pub fn of(line: &[u8], container: Container) -> Option<Part> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        match (container, line.first()?) {
            (Container::Docker | Container::Either, b'{') => docker(line),
            (Container::Cri | Container::Either, b'0'..=b'9') => cri(line),
            _ => None,
        }
    }
}

/// The longest time before a record, in bytes.
const TIME_BYTES_MAX: usize = 40;

/// `2024-10-11T22:14:15.123456789Z stdout P TEXT`
fn cri(line: &[u8]) -> Option<Part> {
    let end = memchr(b' ', &line[..line.len().min(TIME_BYTES_MAX)])?;
    if end < 20 || !is_time(line) {
        return None;
    }
    let stream = end + 1..end + 7;
    if !matches!(line.get(stream.clone())?, b"stdout" | b"stderr") || line.get(stream.end) != Some(&b' ') {
        return None;
    }
    let tag = stream.end + 1;
    let last = match line.get(tag)? {
        b'F' => true,
        b'P' => false,
        _ => return None,
    };
    let tags = match line.get(tag + 1) {
        None => line.len(),
        Some(b' ') => tag + 1,
        Some(b':') => tag + memchr(b' ', &line[tag..]).unwrap_or(line.len() - tag),
        Some(_) => return None,
    };
    let content = (tags + 1).min(line.len())..line.len();
    Some(Part { content, tag: Some(tag), last, key: Key::of(&line[stream]) })
}

fn is_time(text: &[u8]) -> bool {
    text.len() > 10 && text[4] == b'-' && text[7] == b'-' && text[10] == b'T'
}

/// An object with `log` and `stream`, its members in any order.
fn docker(line: &[u8]) -> Option<Part> {
    let blank = |at: usize| at + line[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    let (mut log, mut stream) = (None, false);
    let mut name = Vec::new();
    let mut at = 1;
    loop {
        let begin = blank(at);
        let key = string(line, begin)?;
        at = blank(key.end + 1);
        if line.get(at) != Some(&b':') {
            return None;
        }
        let value = blank(at + 1);
        let end = value_end(line, value)?;
        match &line[key] {
            b"log" if log.is_none() => log = Some(string(line, value)?),
            b"log" => return None,
            b"time" => {}
            other => {
                stream |= other == b"stream" && line[value] == b'"';
                // What tells containers apart; numbers and times differ from part to part.
                let text = line[value..end].strip_prefix(b"\"").unwrap_or(&line[value..end]);
                if !line[value].is_ascii_digit() && line[value] != b'-' && !is_time(text) {
                    name.extend_from_slice(&line[begin..end]);
                }
            }
        }
        at = blank(end);
        match line.get(at)? {
            b',' => at += 1,
            b'}' if blank(at + 1) == line.len() => break,
            _ => return None,
        }
    }
    let mut content = log.filter(|_| stream)?;
    let ended = line_end(&line[content.clone()]);
    content.end -= ended;
    Some(Part { content, tag: None, last: ended > 0, key: Key::of(&name) })
}

/// How many bytes a string's last line end is written with, 0 if it has none.
fn line_end(text: &[u8]) -> usize {
    for written in [&b"\\n"[..], b"\\u000a", b"\\u000A"] {
        if let Some(before) = text.strip_suffix(written) {
            let slashes = before.iter().rev().take_while(|b| **b == b'\\').count();
            return if slashes % 2 == 0 { written.len() } else { 0 };
        }
    }
    0
}

/// What stands between the quotes of the string that begins here.
fn string(line: &[u8], at: usize) -> Option<Range<usize>> {
    line.get(at).filter(|b| **b == b'"')?;
    let start = at + 1;
    let is_end = |end: &usize| {
        line[*end - 1] != b'\\' || line[start..*end].iter().rev().take_while(|b| **b == b'\\').count() % 2 == 0
    };
    memchr_iter(b'"', &line[start..]).map(|n| start + n).find(is_end).map(|end| start..end)
}

/// Where the value ends that begins here.
fn value_end(line: &[u8], at: usize) -> Option<usize> {
    let (mut end, mut depth) = (at, 0usize);
    loop {
        match line.get(end)? {
            b'"' => end = string(line, end)?.end + 1,
            b'{' | b'[' => (depth, end) = (depth + 1, end + 1),
            b'}' | b']' if depth > 0 => (depth, end) = (depth - 1, end + 1),
            b',' | b'}' | b']' if depth == 0 => return (end > at).then_some(end),
            _ => end += 1,
        }
        if depth == 0 && matches!(line.get(at)?, b'"' | b'{' | b'[') {
            return Some(end);
        }
    }
}

/// Looks for lines that may be parts, fast.
pub struct Finder {
    container: Container,
    tag: memmem::Finder<'static>,
    /// How far before its end the last line ended its text, its own end included.
    tail: usize,
}

/// What stands behind the text in what Docker writes.
const BEHIND_TEXT: &[u8] = b"\",\"stream\":\"";

impl Finder {
    /// For lines of this runtime.
    pub fn new(container: Container) -> Finder {
        Finder { container, tag: memmem::Finder::new(b" P"), tail: 0 }
    }

    /// Where the first line begins that may be no whole record, of lines that have ended; their end if there is none.
    pub fn first(&mut self, lines: &[u8]) -> usize {
        match self.container {
            Container::Cri => self.first_tag(lines),
            Container::Docker | Container::Either => self.first_object(lines),
        }
    }

    fn first_tag(&self, lines: &[u8]) -> usize {
        let tagged = |at: &usize| {
            matches!(lines.get(at + 2), Some(b' ' | b':' | b'\n')) && is_stream(&lines[at.saturating_sub(6)..*at])
        };
        let found = self.tag.find_iter(lines).find(tagged);
        found.map_or(lines.len(), |at| memrchr(b'\n', &lines[..at]).map_or(0, |end| end + 1))
    }

    fn first_object(&mut self, lines: &[u8]) -> usize {
        let mut begin = 0;
        for end in memchr_iter(b'\n', lines) {
            let line = &lines[begin..=end];
            let part = line[0] == b'{' && !self.is_whole(line)
                || self.container == Container::Either && line[0] != b'{' && self.first_tag(line) < line.len();
            if part {
                return begin;
            }
            begin = end + 1;
        }
        lines.len()
    }

    /// Whether an object is a whole record; most end as the one before.
    fn is_whole(&mut self, line: &[u8]) -> bool {
        let same = line.len().checked_sub(self.tail).filter(|at| line[*at..].starts_with(BEHIND_TEXT));
        let Some(at) = same.or_else(|| memmem::rfind(line, BEHIND_TEXT)) else { return false };
        self.tail = line.len() - at;
        line.starts_with(b"{\"log\":\"") && line[..at].ends_with(b"\\n") && !line[..at].ends_with(b"\\\\n")
    }
}

fn is_stream(name: &[u8]) -> bool {
    matches!(name, b"stdout" | b"stderr")
}

#[cfg(test)]
mod tests {
    use super::{Container, Finder, Part};

    #[test]
    fn readme_has_a_row_of_each() {
        let rows: String = Container::ALL.iter().map(|(_, name, what)| format!("| `{name}` | {what} |\n")).collect();
        assert!(include_str!("../../../README.md").contains(&rows), "README.md lacks these rows:\n{rows}");
    }

    fn seen(line: &str) -> Option<(&str, bool)> {
        let part = Part::of(line.as_bytes(), Container::Either)?;
        Some((&line[part.content], part.last))
    }

    #[test]
    fn lines_of_runtimes_are_read() {
        let time = "2024-10-11T22:14:15.123456789Z";
        for (line, expected) in [
            (format!("{time} stdout F text of it\n"), Some(("text of it", true))),
            (format!("{time} stderr P part "), Some(("part ", false))),
            (format!("{time} stdout P:x:y part"), Some(("part", false))),
            (format!("{time} stdout F \n"), Some(("", true))),
            (format!("{time} stdout F\n"), Some(("", true))),
            ("2024-10-11T22:14:15+02:00 stdout P x".into(), Some(("x", false))),
            (format!("{time} stdin P x"), None),
            (format!("{time} stdout X x"), None),
            (format!("{time} stdout Pod x"), None),
            (format!("{time} stdout"), None),
            ("2024-10-11 22:14:15 stdout P x".into(), None),
            (r#"{"log":"a\n","stream":"stdout","time":"x"}"#.into(), Some(("a", true))),
            (r#"{"log":"a\u000A","stream":"stdout"}"#.into(), Some(("a", true))),
            (r#"{"log":"a\\n","stream":"stdout","time":"x"}"#.into(), Some((r"a\\n", false))),
            (r#"{"log":"a\\\n","stream":"stdout","time":"x"}"#.into(), Some((r"a\\", true))),
            (
                r#"{ "time":"x", "stream" : "stdout","log":"a\"b" , "attrs":{"l":[1,"}"]},"n":-1.5e3}"#.into(),
                Some((r#"a\"b"#, false)),
            ),
            (r#"{"log":"a","time":"x"}"#.into(), None),
            (r#"{"log":"a","stream":"stdout","time":"x"} y"#.into(), None),
            (r#"{"log":"a","log":"b","stream":"stdout"}"#.into(), None),
            (r#"{"log":1,"stream":"stdout"}"#.into(), None),
            (r#"{"log":"a","stream":"std"#.into(), None),
            (r#"{"log":"a\"#.into(), None),
            ("{".into(), None),
            ("{}".into(), None),
            (r#"{"log":,"stream":"x"}"#.into(), None),
            ("text".into(), None),
            ("\n".into(), None),
            (String::new(), None),
        ] {
            assert_eq!(seen(&line), expected, "{line}");
        }
    }

    #[test]
    fn who_wrote_it_is_told_by_what_stays_the_same() {
        let key = |line: &str| Part::of(line.as_bytes(), Container::Either).unwrap().key.0;
        let docker = |stream: &str, more: &str| format!(r#"{{"log":"x","stream":"{stream}"{more}}}"#);
        let own = key(&docker("stdout", ""));
        assert_eq!(key(&docker("stdout", r#","time":"a","n":3,"at":"2024-10-11T22:14:15Z""#)), own);
        assert_ne!(key(&docker("stderr", "")), own);
        assert_ne!(key(&docker("stdout", r#","container_id":"7f""#)), own);
        let cri = |stream: &str| key(&format!("2024-10-11T22:14:15Z {stream} P x"));
        assert_ne!(cri("stdout"), cri("stderr"));
    }

    #[test]
    fn what_is_passed_over_is_a_whole_record_or_none() {
        let time = "2024-10-11T22:14:15.123456789Z";
        let object = |text: &str| format!("{{\"log\":\"{text}\",\"stream\":\"stdout\",\"time\":\"{time}\"}}\n");
        let lines = [
            format!("{time} stdout F a P b\n"),
            format!("{time} stderr P part\n"),
            format!("{time} stdout P:x part\n"),
            object("a\\n"),
            object("a"),
            object("a\\\\n"),
            object("a\\n").replace("Z\"", "123Z\""),
            "text\n".to_owned(),
            "\n".to_owned(),
            "{\n".to_owned(),
            object("a \\n\\\",\\\"stream\\\":\\\""),
        ];
        for container in [Container::Cri, Container::Docker, Container::Either] {
            for first in 0..lines.len() {
                let text = lines[first..].concat();
                let mut rest = &text[..];
                let mut finder = Finder::new(container);
                while !rest.is_empty() {
                    let at = finder.first(rest.as_bytes());
                    for line in rest[..at].lines() {
                        let part = Part::of(line.as_bytes(), container);
                        assert!(part.is_none_or(|part| part.last), "{line}");
                    }
                    rest = &rest[at..];
                    rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
                }
            }
        }
        assert_eq!(Finder::new(Container::Docker).first(object("a\\n").repeat(3).as_bytes()), 3 * object("a\\n").len());
    }
}
