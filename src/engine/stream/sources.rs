//! What records leave open, kept by who wrote them: on one connection the records of several programs
//! take turns, and a line of one neither ends nor continues a key block of another.

use crate::engine::detect::continuation::{Armor, Continuation};

/// Sources with something open that are told apart. One more takes the place of the one that has been
/// silent longest, whose block is from then on anybody's ([`Sources::anybody`]).
const SOURCES_MAX: usize = 64;
/// Bytes of others' records after which a source has nothing open any more.
const SILENT_BYTES_MAX: u64 = 1 << 20;
/// The most bytes of a record that are read for its source.
const HEADER_BYTES_MAX: usize = 256;

/// What stands before the stream of an object of Docker's.
const STREAM: &[u8] = b"\"stream\":\"";

/// Who wrote a record: a hash, so that what is kept of it is small whatever it is called.
type Source = [u8; 32];

/// What records of one stream leave open, by source.
#[derive(Default)]
pub(crate) struct Sources {
    open: Vec<Open>,
    /// What was open when there were too many sources: asked of every record whose source has nothing open
    /// of its own, so that what looks like the rest of it is masked, whoever writes it.
    anybody: Vec<(Continuation, u64)>,
    /// Whether the record before left something open. Whoever wrote the next one is asked about it, as
    /// where sources are not told apart: nothing that was masked then stays now.
    adjacent: bool,
    /// Who wrote the record before. One without a header is a line more of its.
    last: Source,
    /// Who writes what comes now, where that does not stand in the records.
    named: Option<Source>,
    /// Who wrote the long record that has not ended.
    long: Source,
    /// Bytes of records that were looked at while something was open.
    clock: u64,
}

struct Open {
    source: Source,
    continuation: Continuation,
    at: u64,
}

impl Sources {
    /// Who writes the records that follow, instead of what their headers say.
    pub(crate) fn name(&mut self, source: &[u8]) {
        self.named = Some(*blake3::hash(source).as_bytes());
    }

    /// Whether nothing is open.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.anybody.is_empty()
    }

    /// Forgets what is open.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
        self.anybody.clear();
    }

    /// A record begins: what its source has left open.
    pub(crate) fn enter(&mut self, record: &[u8]) -> Option<Continuation> {
        if self.is_empty() {
            return None;
        }
        self.clock += record.len() as u64 + 1;
        let (clock, silent) = (self.clock, |at: u64, clock: u64| clock - at > SILENT_BYTES_MAX);
        self.open.retain(|open| !silent(open.at, clock));
        self.anybody.retain(|(_, at)| !silent(*at, clock));
        let headless = self.named.is_none() && header(record).is_empty();
        let adjacent = std::mem::take(&mut self.adjacent) || headless;
        self.last = self.source(record);
        if let Some(own) = self.open.iter().position(|open| open.source == self.last) {
            return Some(self.open.swap_remove(own).continuation);
        }
        let anybody = self.anybody.first().map(|(open, _)| under(open, record));
        let latest = || self.open.iter().filter(|_| adjacent).max_by_key(|open| open.at);
        anybody.or_else(|| latest().map(|open| open.continuation.clone()))
    }

    /// The record has ended and leaves something open.
    pub(crate) fn leave(&mut self, record: &[u8], left: Option<Continuation>) {
        let Some(continuation) = left else { return };
        let source = self.source(record);
        (self.last, self.adjacent) = (source, true);
        if self.open.len() >= SOURCES_MAX
            && let Some(oldest) = (0..self.open.len()).min_by_key(|i| self.open[*i].at)
        {
            let Open { continuation, at, .. } = self.open.swap_remove(oldest);
            // One of each kind: a line of a body is one, whoever's it is.
            let same = |c: &Continuation| std::mem::discriminant(c) == std::mem::discriminant(&continuation);
            self.anybody.retain(|(c, _)| !same(c));
            self.anybody.insert(0, (continuation, at.max(self.clock)));
        }
        self.open.push(Open { source, continuation, at: self.clock });
    }

    /// A record begins of which not all is there yet, nor will be again at its end.
    pub(crate) fn enter_long(&mut self, beginning: &[u8]) -> Option<Continuation> {
        self.long = self.source(beginning);
        self.enter(beginning)
    }

    /// It has ended.
    pub(crate) fn leave_again(&mut self, left: Option<Continuation>) {
        let own = self.named.replace(self.long);
        self.leave(&[], left);
        self.named = own;
    }

    fn source(&self, record: &[u8]) -> Source {
        match (self.named, header(record)) {
            (Some(named), _) => named,
            (None, []) => self.last,
            (None, header) => *blake3::hash(header).as_bytes(),
        }
    }
}

/// What anybody's record is asked: a block's lines stand behind its own header.
fn under(open: &Continuation, record: &[u8]) -> Continuation {
    let mut open = open.clone();
    if let (Continuation::Block(armor), header @ [_, ..]) = (&mut open, header(record)) {
        let end = header.as_ptr() as usize - record.as_ptr() as usize + header.len();
        let Armor { prefix, .. } = &mut **armor;
        if header.ends_with(b":") {
            *prefix = record[..record.len().min(end + 1)].to_vec();
        }
    }
    open
}

/// Host, program and process of a syslog header, as one text of the record; empty where there is none.
///
/// `<13>1 2024-10-11T22:14:15Z host app 42 ID - ...` (RFC 5424), `<13>Oct 11 22:14:15 host app[42]: ...`
/// (RFC 3164, with or without priority, host and process), and the same with a time as in RFC 3339.
///
/// Of an object of Docker's json-file its stream.
fn header(record: &[u8]) -> &[u8] {
    if record.starts_with(b"{\"log\":") {
        let stream = memchr::memmem::rfind(record, STREAM).map_or(&[][..], |at| &record[at + STREAM.len()..]);
        return &stream[..stream.len().min("stdout".len())];
    }
    let record = &record[..record.len().min(HEADER_BYTES_MAX)];
    let text = priority(record);
    if let Some(rest) = text.strip_prefix(b"1 ") {
        let Some((_, rest)) = word(rest) else { return &[] };
        let Some(end) = (0..3).try_fold(0, |at, _| Some(at + word(&rest[at..])?.0 + 1)) else { return &[] };
        return &rest[..end - 1];
    }
    let Some(rest) = behind_time(text) else { return &[] };
    // The tag is what ends with a colon: the first word, or the one behind the host.
    let Some((first, behind)) = word(rest) else { return &[] };
    let tag = |word: &[u8]| word.ends_with(b":");
    if tag(&rest[..first]) {
        return &rest[..first];
    }
    match word(behind) {
        Some((second, _)) if tag(&behind[..second]) => &rest[..first + 1 + second],
        _ => &rest[..first],
    }
}

fn priority(record: &[u8]) -> &[u8] {
    let inner = record.strip_prefix(b"<").map(|r| (r, r.iter().take(3).take_while(|b| b.is_ascii_digit()).count()));
    match inner {
        Some((rest, digits)) if digits > 0 && rest.get(digits) == Some(&b'>') => &rest[digits + 1..],
        _ => record,
    }
}

/// What follows `Oct 11 22:14:15 ` or `2024-10-11T22:14:15.123+02:00 `.
fn behind_time(text: &[u8]) -> Option<&[u8]> {
    let clock = |text: &[u8]| text.len() >= 8 && text[2] == b':' && text[5] == b':';
    if let (Some(day), Some(time)) = (text.get(3..7), text.get(7..15))
        && text[..3].iter().all(u8::is_ascii_alphabetic)
        && day[0] == b' '
        && day[3] == b' '
        && clock(time)
    {
        return text.get(15..)?.strip_prefix(b" ");
    }
    let is_time = text.len() > 19 && text[4] == b'-' && text[7] == b'-' && text[10] == b'T' && clock(&text[11..]);
    if is_time { word(text).map(|(_, rest)| rest) } else { None }
}

/// The length of the first word, and what stands behind the blank that ends it.
fn word(text: &[u8]) -> Option<(usize, &[u8])> {
    let end = memchr::memchr(b' ', text).filter(|end| *end > 0)?;
    Some((end, &text[end + 1..]))
}

#[cfg(test)]
#[cfg(feature = "serve")]
mod tests {
    use super::{SOURCES_MAX, header};
    use crate::engine::redactor::Redactor;
    use crate::engine::stream::Stream;

    #[test]
    fn headers_say_who() {
        for (record, expected) in [
            ("<13>1 2024-10-11T22:14:15Z host app 42 ID - text", "host app 42"),
            ("<13>Oct 11 22:14:15 host app[42]: text", "host app[42]:"),
            ("<13>Oct  1 22:14:15 app: text", "app:"),
            ("Oct 11 22:14:15 host app[42]: text", "host app[42]:"),
            ("2024-10-11T22:14:15.123456+02:00 host app[42]: text", "host app[42]:"),
            ("<13>2024-10-11T22:14:15Z host app: text", "host app:"),
            ("Oct 11 22:14:15 host text without a tag", "host"),
            ("<13>text", ""),
            ("text", ""),
            ("", ""),
            ("<13>1 2024-10-11T22:14:15Z host", ""),
            ("<1", ""),
            ("2024-10-11T22:14:15.123456789Z stderr F text", "stderr"),
            ("{\"log\":\"text\\n\",\"stream\":\"stderr\",\"time\":\"x\"}", "stderr"),
            ("{\"log\":\"text\\n\",\"stream\":\"o", "o"),
            ("{\"log\":\"text", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(header(record.as_bytes())), expected, "{record}");
        }
    }

    /// Lines of a key block, whose words say which one they are of.
    fn block(which: usize) -> Vec<String> {
        let begin = ["-----BEGIN ", "PRIVATE KEY-----"].concat();
        let end = begin.replace("BEGIN", "END");
        let body = |n: usize| format!("MIIb{which:04}x{n:04}{}", "aQ9z".repeat(10));
        [vec![begin], (0..6).map(body).collect(), vec![end]].concat()
    }

    fn masked(lines: &[String]) -> String {
        let mut stream = Stream::new(&Redactor::builtin());
        stream.tell_sources_apart();
        let mut out = Vec::new();
        for line in lines {
            stream.push(line.as_bytes(), &mut out);
        }
        stream.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    /// Line `n` of each source in turn, under its header.
    fn in_turns(sources: usize, head: impl Fn(usize) -> String) -> Vec<String> {
        let blocks: Vec<Vec<String>> = (0..sources).map(block).collect();
        let lines = (0..blocks[0].len()).flat_map(|n| (0..sources).map(move |s| (s, n)));
        lines.map(|(s, n)| format!("{}{}\n", head(s), blocks[s][n])).collect()
    }

    #[test]
    fn blocks_of_several_sources_in_turns_are_masked() {
        for head in [
            "<13>1 2024-10-11T22:14:15Z host app 4N - - ",
            "<13>Oct 11 22:14:15 host app[4N]: ",
            "Oct 11 22:14:15 appN: ",
        ] {
            for sources in [2, 5] {
                let out = masked(&in_turns(sources, |s| head.replace('N', &s.to_string())));
                assert!(!out.contains("MIIb"), "{out}");
                assert_eq!(out.matches("-----END").count(), sources);
            }
        }
    }

    /// Prose of one program between the lines of another one's block.
    #[test]
    fn prose_of_another_source_ends_no_block() {
        let head = |app: &str| format!("<13>Oct 11 22:14:15 host {app}: ");
        let mut lines = Vec::new();
        for line in block(1) {
            lines.push(format!("{}{line}\n", head("tls[7]")));
            lines.push(format!("{}took 12 ms, all is well\n", head("web[9]")));
        }
        let out = masked(&lines);
        assert!(!out.contains("MIIb"), "{out}");
        assert_eq!(out.matches("took 12 ms, all is well").count(), lines.len() / 2);
        // Of its own source more than a few lines do.
        let own = [&block(1)[..2], &vec!["took 12 ms".into(); 9], &block(1)[3..4]].concat();
        let out = masked(&own.iter().map(|l| format!("{}{l}\n", head("tls[7]"))).collect::<Vec<_>>());
        assert_eq!(out.matches("MIIb").count(), 1, "{out}");
    }

    /// Lines without a header are of the record before: a key in one record of several lines.
    #[test]
    fn lines_without_a_header_are_of_the_record_before() {
        let lines = block(1).into_iter().enumerate();
        let head = |n| if n == 0 { "<13>Oct 11 22:14:15 host app: " } else { "" };
        let mut lines: Vec<String> = lines.map(|(n, line)| format!("{}{line}\n", head(n))).collect();
        assert!(!masked(&lines).contains("MIIb"));
        lines.insert(3, "<13>Oct 11 22:14:15 host other: took 12 ms\n".into());
        let out = masked(&lines);
        assert!(!out.contains("MIIb"), "{out}");
    }

    /// Of more sources than are told apart nothing leaves in clear either.
    #[test]
    fn too_many_sources_are_masked_as_one() {
        for sources in [SOURCES_MAX, SOURCES_MAX + 1, 3 * SOURCES_MAX] {
            let head = |s: usize| if s.is_multiple_of(2) { format!("app[{s}]") } else { format!("h{s}.x app-{s}") };
            let out = masked(&in_turns(sources, |s| format!("<13>Oct 11 22:14:15 {}: ", head(s))));
            assert_eq!(out.matches("MIIb").count(), 0, "{sources} sources");
        }
    }

    /// What is left open is forgotten once its source has been silent for long.
    #[test]
    fn a_source_that_never_comes_back_is_forgotten() {
        let mut stream = Stream::new(&Redactor::builtin());
        stream.tell_sources_apart();
        let mut out = Vec::new();
        stream.push(format!("<13>Oct 11 22:14:15 host a[1]: {}\n", block(1)[0]).as_bytes(), &mut out);
        assert!(!stream.is_between());
        let other = b"<13>Oct 11 22:14:15 host b[2]: took 12 ms, all is well\n".repeat(30_000);
        stream.push(&other, &mut out);
        assert!(stream.is_between());
        assert!(out.ends_with(&other));
    }

    /// Who writes may be told besides: the tag of a message.
    #[test]
    fn a_name_tells_sources_apart() {
        let mut stream = Stream::new(&Redactor::builtin());
        let mut out = Vec::new();
        for (first, second) in block(1).into_iter().zip(block(2)) {
            for (tag, line) in [("app.one", first), ("app.two", second)] {
                stream.name_source(tag.as_bytes());
                stream.push(format!("{{\"log\":\"{line}\\n\"}}\n").as_bytes(), &mut out);
            }
        }
        let out = String::from_utf8(out).unwrap();
        assert!(!out.contains("MIIb"), "{out}");
    }
}
