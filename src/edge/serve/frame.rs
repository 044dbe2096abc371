//! The ways in which records follow each other, and frames that are whole.

use std::fmt;

use memchr::{memchr, memrchr};

/// How records follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// A line feed behind each.
    Newline,
    /// A count of bytes before each (RFC 6587).
    Octet,
    /// A NUL behind each.
    Nul,
}

impl Framing {
    /// All of them: the name in the configuration, and what it is; the help and README are made of it.
    pub const ALL: [(Framing, &'static str, &'static str); 3] = [
        (Framing::Newline, "newline", "a line feed behind each record"),
        (Framing::Octet, "octet", "a count of bytes before each (RFC 6587)"),
        (Framing::Nul, "nul", "a NUL behind each"),
    ];

    /// The byte behind each record; none where a count stands before it.
    pub const fn mark(self) -> Option<u8> {
        match self {
            Framing::Newline => Some(b'\n'),
            Framing::Nul => Some(0),
            Framing::Octet => None,
        }
    }

    /// By its name in the configuration.
    pub fn from_name(name: &str) -> Option<Framing> {
        Framing::ALL.into_iter().find(|(_, own, _)| *own == name).map(|(framing, ..)| framing)
    }

    /// The names, in quotes, as a message gives the choice.
    pub fn choice(none: &str) -> String {
        let names: Vec<String> = Framing::ALL.iter().map(|(_, name, _)| format!("\"{name}\"")).collect();
        let (last, others) = names.split_last().map_or(("", &names[..]), |(last, others)| (last, others));
        format!("\"{none}\", {} or {last}", others.join(", "))
    }

    /// Where the frame begins that `at` lies in, in whole frames of this framing. A place between
    /// two frames is the second one's beginning.
    pub fn frame_start(self, frames: &[u8], at: usize) -> usize {
        let Some(mark) = self.mark() else {
            let mut start = 0;
            while let Some(next) = octet_end(frames, start).filter(|next| *next <= at) {
                start = next;
            }
            return start;
        };
        memrchr(mark, &frames[..at]).map_or(0, |i| i + 1)
    }

    /// The first record's text, and the frames behind it; of what is no frame, all of it.
    pub fn first(self, frames: &[u8]) -> (&[u8], &[u8]) {
        let Some(mark) = self.mark() else {
            let end = octet_end(frames, 0).unwrap_or(frames.len()).min(frames.len());
            let begin = memchr(b' ', frames).map_or(0, |blank| blank + 1).min(end);
            return (&frames[begin..end], &frames[end..]);
        };
        let end = memchr(mark, frames).unwrap_or(frames.len());
        (&frames[..end], frames.get(end + 1..).unwrap_or_default())
    }
}

/// The end of the counted frame that begins at `start`.
fn octet_end(frames: &[u8], start: usize) -> Option<usize> {
    let digits = memchr(b' ', &frames[start..])?;
    let count: usize = std::str::from_utf8(&frames[start..start + digits]).ok()?.parse().ok()?;
    Some(start + digits + 1 + count)
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = Framing::ALL.iter().find(|(framing, ..)| framing == self);
        f.write_str(own.map_or("", |(_, name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::Framing;

    #[test]
    fn readme_has_a_row_of_each() {
        let rows: String = Framing::ALL.iter().map(|(_, name, what)| format!("| `{name}` | {what} |\n")).collect();
        let readme = include_str!("../../../README.md");
        assert!(readme.contains(&rows), "README.md lacks these rows:\n{rows}");
        for (framing, name, _) in Framing::ALL {
            assert_eq!(Framing::from_name(name), Some(framing));
            assert_eq!(framing.to_string(), name);
        }
        assert_eq!(Framing::choice("auto"), "\"auto\", \"newline\", \"octet\" or \"nul\"");
    }
}
