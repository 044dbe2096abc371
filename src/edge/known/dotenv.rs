//! Files of `NAME=value`, as `docker --env-file`, direnv and the dotenv libraries read them.

use crate::engine::known::secret::{Bytes, Secret};

/// Its names and values, in order; what is no assignment is passed over.
pub fn pairs(text: &[u8]) -> Vec<(String, Secret)> {
    let mut all = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let line = &rest[..rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())];
        let trimmed = line.trim_ascii();
        let assigned = trimmed.strip_prefix(b"export ").unwrap_or(trimmed).trim_ascii();
        let equals = assigned.iter().position(|b| *b == b'=').filter(|_| !assigned.starts_with(b"#"));
        let mut used = line.len() + 1;
        if let Some(equals) = equals {
            let name = String::from_utf8_lossy(assigned[..equals].trim_ascii()).into_owned();
            let begin = assigned[equals + 1..].trim_ascii_start();
            // Where the value begins in what is left.
            let from = begin.as_ptr() as usize - rest.as_ptr() as usize;
            let (value, end) = value(&rest[from..]);
            used = used.max(from + end + 1);
            all.push((name, value));
        }
        rest = rest.get(used..).unwrap_or_default();
    }
    all
}

/// The value that a text begins with, and how many bytes of the text it takes. In quotes it may have several lines.
fn value(text: &[u8]) -> (Secret, usize) {
    let line = text.iter().position(|b| *b == b'\n').unwrap_or(text.len());
    let quote = text.first().copied().filter(|b| matches!(b, b'"' | b'\''));
    let Some(quote) = quote else {
        let bare = &text[..line];
        let comment = bare.windows(2).position(|two| two[0].is_ascii_whitespace() && two[1] == b'#');
        return (bare[..comment.unwrap_or(bare.len())].trim_ascii().into(), line);
    };
    let mut value = Bytes::default();
    let mut at = 1;
    while at < text.len() && text[at] != quote {
        match (text[at], text.get(at + 1)) {
            (b'\\', Some(next)) if quote == b'"' => {
                match next {
                    b'n' => value.put(b"\n"),
                    b'r' => value.put(b"\r"),
                    b't' => value.put(b"\t"),
                    b'"' | b'\\' | b'$' | b'\'' | b'`' => value.put(&[*next]),
                    _ => value.put(&text[at..at + 2]),
                }
                at += 2;
            }
            (b, _) => {
                value.put(&[b]);
                at += 1;
            }
        }
    }
    if at >= text.len() {
        // A mark that nothing closes belongs to the value.
        return (text[..line].trim_ascii().into(), line);
    }
    let behind = text[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |end| at + end);
    (Secret::of(value), behind)
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn assignments_and_nothing_else() {
        let text = "# A=1\n\nexport A = one # said\nB='t#wo'\nC=\"th\\\"r\\nee\" # x\nno line\nD=\"four\nlines\"\nE=\nF='open\nG=x#y\r\n";
        let shown: Vec<(String, String)> = pairs(text.as_bytes())
            .iter()
            .map(|(n, v)| (n.clone(), String::from_utf8(v.bytes().to_vec()).unwrap()))
            .collect();
        let expected = [
            ("A", "one"),
            ("B", "t#wo"),
            ("C", "th\"r\nee"),
            ("D", "four\nlines"),
            ("E", ""),
            ("F", "'open"),
            ("G", "x#y"),
        ];
        assert_eq!(shown, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
