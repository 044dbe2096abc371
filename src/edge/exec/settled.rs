//! How much of an unfinished record is no part of a secret, whatever comes behind it.

use rustc_hash::FxHashMap;

use super::ends::{Ends, Place};
use crate::engine::redactor::Redactor;
use crate::engine::wipe::wipe;
use crate::rules::rule::{Kind, Rule, RuleId};

/// Records longer than this are no prompts: nothing more of them is settled.
const RECORD_BYTES_MAX: usize = 1 << 10;

/// What is put behind a place, to see whether a secret may begin there or before: values as they are drawn, as people
/// choose them, as numbers.
const VALUES: &[&str] =
    &["Zq8Xr1Lw0mXv93TbN7kQ", "hunter2", "48151623", "123", "hunter2\" ", "hunter2' ", "hunter2)", "hunter2]"];

/// The same, where only what stands around tells that it is one: a host, a key.
const NAMED: &[&str] = &[
    "hunter2@h.example/",
    ":hunter2@h.example/",
    "hunter2@tcp(db:3306)/app?parseTime=true",
    "hunter2\",\"name\":\"password\"}",
    "hunter2\" name=\"password\" type=\"password\">",
    "hunter2</value><name>password</name>",
];

/// The same over several words: a phrase, a key in bytes, and what a program far behind reads.
const FAR: &[&str] = &[
    "0f 1e 2d 3c 4b 5a 69 78 87 96 a5 b4 c3 d2 e1 f0",
    "abandon ability able about above absent absorb abstract absurd abuse access accident",
    "hunter2 | docker login -u bob --password-stdin r.example",
    "hunter2' | sudo -S -p '' ls",
    ":hunter2\" | chpasswd",
    "hunter2\" | ConvertTo-SecureString -AsPlainText -Force",
    "hunter2' | ConvertTo-SecureString -AsPlainText -Force",
    "| docker login -u bob --password-stdin r.example",
    "' | sudo -S -p '' ls",
    "\" | chpasswd",
    "\" | ConvertTo-SecureString -AsPlainText -Force",
    "' | ConvertTo-SecureString -AsPlainText -Force",
];

/// What may leave of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Upto {
    /// Bytes that are settled.
    pub settled: usize,
    /// Bytes that may leave, if those behind `settled` are what was typed at this terminal a moment ago.
    pub echoed: usize,
}

/// What is settled of one record after another.
///
/// A place is settled when
/// 1. with each of the [`VALUES`], [`NAMED`] and [`FAR`] behind it, the engine finds nothing that begins before it: no key is open,
///    and nothing is a value of what follows;
/// 2. no literal of a token's rule has ended before it: what begins with one may be a token;
/// 3. it does not stand in or behind a word or a number that has not ended.
///
/// What leaves so is not known to be no secret: its record may say behind it that it was (`login X failed, password=X`).
///
/// The first place at which a value would be masked, or a literal ended, is the record's last. So `Password: ` and
/// `user@host:~$ ` are settled to their ends, and of what follows the first nothing ever is. Where the engine sees no
/// value yet in a whole prompt, `[sudo] password for bob: `, its end is settled though a value might have stood earlier.
///
/// What is typed comes back byte by byte, as words that have not ended; the one who typed it may see it until a key or a
/// literal says that it is a secret.
pub struct Settled {
    redactor: Redactor,
    /// Literals that tokens begin with, in lower case, by their last byte; whether something may stand before them.
    literals: FxHashMap<u8, Vec<(Vec<u8>, bool)>>,
    /// A rule without a literal is on: nothing tells where its secrets begin.
    blind: bool,
    probed: Vec<u8>,
    record: Seen,
}

/// What was seen of a record.
#[derive(Default)]
struct Seen {
    ends: Ends,
    /// Bytes that were looked at.
    bytes: usize,
    /// The last place before which no secret is known to begin.
    last: usize,
    /// Where a secret may begin: nothing behind it will be settled.
    closed: Option<usize>,
    /// Where words begin that may be one together.
    far: Option<usize>,
}

impl Settled {
    /// For this redactor's rules.
    pub fn new(redactor: &Redactor) -> Settled {
        let on = redactor.rules().iter().enumerate().filter(|(i, _)| redactor.is_on(RuleId(*i as u16)));
        let rules: Vec<&Rule> = on.map(|(_, rule)| rule).collect();
        let mut literals: FxHashMap<u8, Vec<(Vec<u8>, bool)>> = FxHashMap::default();
        for rule in &rules {
            let before = match &rule.kind {
                Kind::Shape(shape) if shape.keep.is_none() => shape.before.is_some(),
                Kind::Block(_) => false,
                _ => continue,
            };
            for literal in rule.literals().0 {
                let literal = literal.to_ascii_lowercase().into_bytes();
                literals.entry(literal[literal.len() - 1]).or_default().push((literal, before));
            }
        }
        // What is not found by what stands before it may have begun anywhere: a known value, a rule without a literal.
        let blind = redactor.values().is_some() || rules.iter().any(|rule| matches!(rule.kind, Kind::Scan(_)));
        Settled { redactor: redactor.clone(), literals, blind, probed: Vec::new(), record: Seen::default() }
    }

    /// How many bytes of the record may leave. It is the one of the last call with more behind it, or
    /// [`Settled::forget`] was called.
    pub fn upto(&mut self, record: &[u8]) -> Upto {
        if self.blind || record.len() > RECORD_BYTES_MAX {
            return Upto::default();
        }
        while self.record.bytes < record.len() {
            let byte = record[self.record.bytes];
            self.record.bytes += 1;
            let (at, inside) = (self.record.bytes, self.record.ends.next(byte) == Place::Inside);
            if self.record.closed.is_none() && inside {
                self.look(&record[..at], at == record.len() || !byte.is_ascii_alphanumeric());
            } else if self.record.closed == Some(at - 1) && (matches!(byte, b' ' | b'\t') || !inside) {
                // No value begins with a blank, nor with a colour.
                (self.record.closed, self.record.last) = (Some(at), at);
            }
        }
        let Seen { last, closed, far, .. } = self.record;
        let named = self.first(record, &[VALUES, NAMED]);
        // A question is no phrase, and no command.
        let open = match asks(record) && named >= record.len() {
            true => record.len(),
            false => closed.unwrap_or(last).min(far.unwrap_or(last)).min(self.first(record, &[FAR])),
        };
        let settled = unfinished(&record[..open.min(named)]);
        Upto { settled, echoed: last.max(settled) }
    }

    /// The record ended.
    pub fn forget(&mut self) {
        self.record = Seen::default();
    }

    /// Sees whether the record is settled so far: behind each byte whether a literal ends, and where a value may begin
    /// whether one would be masked.
    fn look(&mut self, record: &[u8], begins: bool) {
        let (end, literal) = (record.len(), self.literal(record));
        let value = if begins { self.first(record, &[VALUES]) } else { usize::MAX };
        if begins && self.record.far.is_none() {
            let far = self.first(record, &[FAR]);
            self.record.far = (far < end).then_some(far);
        }
        let open = literal.min(value);
        self.record.closed = (open <= end).then_some(open);
        if begins || open <= end {
            // What left before a literal was whole has left.
            self.record.last = self.record.last.max(open.min(end));
        }
    }

    /// Where a token may begin whose literal ends here.
    fn literal(&self, record: &[u8]) -> usize {
        let last = record.last().map(u8::to_ascii_lowercase);
        let begins =
            last.and_then(|last| self.literals.get(&last)).into_iter().flatten().filter_map(|(literal, before)| {
                let from = record.len().checked_sub(literal.len())?;
                let is = record[from..].eq_ignore_ascii_case(literal);
                is.then(|| if *before { word(&record[..from]) } else { from })
            });
        begins.min().unwrap_or(usize::MAX)
    }

    /// Where the first secret begins that is here, or would be with a value behind it.
    fn first(&mut self, record: &[u8], probes: &[&[&str]]) -> usize {
        let mut first = usize::MAX;
        for probe in probes.iter().copied().flatten() {
            wipe(&mut self.probed);
            self.probed.extend_from_slice(record);
            self.probed.extend_from_slice(probe.as_bytes());
            let found = self.redactor.findings(&self.probed);
            // What begins behind it has a key in the probe.
            first = found.iter().map(|f| f.start).filter(|start| *start <= record.len()).fold(first, usize::min);
        }
        wipe(&mut self.probed);
        first
    }
}

/// Whether it ends as a question does.
fn asks(record: &[u8]) -> bool {
    record.trim_ascii_end().last().is_some_and(|last| b":?])".contains(last))
}

/// Where the last word begins.
fn word(record: &[u8]) -> usize {
    record.iter().rposition(|b| b.is_ascii_whitespace()).map_or(0, |i| i + 1)
}

/// Where the word or the number begins that has not ended. A few letters and a mark are no front of a token.
fn unfinished(record: &[u8]) -> usize {
    let (text, places) = plain(record);
    let is_number = |b: &u8| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.' | 0xC2 | 0xA0);
    let number = text.iter().rposition(|b| !is_number(b)).map_or(0, |i| i + 1);
    let digits = text[number..].iter().position(u8::is_ascii_digit).map_or(text.len(), |i| number + i);
    let begin = word(&text);
    let of_letters =
        |name: &[u8]| !name.is_empty() && name.iter().all(|b| b.is_ascii_alphabetic() || b"()[]-".contains(b));
    let asks = match text[begin..].split_last() {
        Some((b':', [])) => true,
        Some((b':' | b'?' | b'>' | b'$' | b'#' | b']' | b'!' | b',', name)) => of_letters(name),
        // `--More--(12%)`
        Some((b')', name)) => of_letters(name.trim_ascii_end()) || name.ends_with(b"%"),
        _ => false,
    };
    let open = digits.min(if asks { text.len() } else { begin });
    places.get(open).copied().unwrap_or(record.len())
}

/// What can be read of it, and where that stands.
fn plain(record: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let (mut ends, mut before) = (Ends::default(), Place::Inside);
    let read = record.iter().enumerate().filter(|(_, byte)| {
        let place = ends.next(**byte);
        std::mem::replace(&mut before, place) == Place::Inside && place == Place::Inside
    });
    read.map(|(at, byte)| (*byte, at)).unzip()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use regex::Regex;

    use super::Settled;
    use crate::engine::redactor::Redactor;
    use crate::rules::compile::example::expand;

    /// The vectors of tests/it and the examples of all rules, as they come.
    fn lines(redactor: &Redactor) -> Vec<String> {
        let mark = Regex::new(r"⟦[^|⟧]*\|([^⟧]*)⟧").unwrap();
        let mut all = Vec::new();
        for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/vectors")).unwrap() {
            let table: toml::Table = std::fs::read_to_string(file.unwrap().path()).unwrap().parse().unwrap();
            for group in table["group"].as_array().unwrap() {
                let lines = group["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
                all.extend(lines.map(|line| mark.replace_all(line, "$1").into_owned()));
            }
        }
        for rule in redactor.rules() {
            all.extend(rule.finds.iter().chain(&rule.spares).cloned());
        }
        all.iter().filter_map(|line| expand(line).ok()).collect()
    }

    /// The most that leaves of a record, however silences fall: as if there were one behind each byte.
    fn most(settled: &mut Settled, record: &[u8]) -> usize {
        settled.forget();
        (1..=record.len()).map(|n| settled.upto(&record[..n]).settled).max().unwrap_or(0)
    }

    #[test]
    fn nothing_that_is_masked_leaves_early() {
        let redactor = Redactor::builtin();
        let mut settled = Settled::new(&redactor);
        let (mut bad, mut by): (Vec<String>, BTreeMap<String, usize>) = Default::default();
        let all = lines(&redactor);
        for line in all.iter().flat_map(|text| text.split_inclusive('\n')) {
            let record = line.trim_end_matches('\n').as_bytes();
            let found = redactor.findings(line.as_bytes());
            let most = most(&mut settled, record);
            for f in found.iter().filter(|f| f.start < most) {
                let rule = redactor.rule(f.rule);
                let early = String::from_utf8_lossy(&record[f.start..most.min(f.end)]).into_owned();
                // A project's name before a token.
                if early.strip_suffix(':').is_some_and(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
                {
                    continue;
                }
                // What says that it is a secret stands behind it.
                if found
                    .iter()
                    .any(|later| later.start > f.start && line[later.start..later.end] == line[f.start..f.end])
                {
                    continue;
                }
                *by.entry(rule.id.clone()).or_default() += 1;
                bad.push(format!("{}: {early:?} of {line:?}", rule.id));
            }
        }
        assert!(all.len() > 2000 && bad.is_empty(), "{} of {}\n{}\n{by:?}", bad.len(), all.len(), bad.join("\n"));
    }

    #[test]
    fn prompts_are_settled() {
        let (mut settled, mut bad) = (Settled::new(&Redactor::builtin()), Vec::new());
        for prompt in [
            "Password: ",
            "password:",
            "$ ",
            "# ",
            "user@host:~$ ",
            "root@3f2a9c1d:/# ",
            "[bob@web-01 ~]$ ",
            "[sudo] password for bob: ",
            "Enter passphrase for key '/home/bob/.ssh/id_rsa': ",
            "bob@192.0.2.7's password: ",
            "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
            "Proceed ([y]/n)? ",
            "Do you want to continue? [Y/n] ",
            "Username for 'https://github.com': ",
            "Password for 'https://bob@github.com': ",
            ">>> ",
            "... ",
            "In [3]: ",
            "mysql> ",
            "db=# ",
            "db=> ",
            "irb(main):001:0> ",
            "sqlite> ",
            "127.0.0.1:6379> ",
            "(venv) bob@host:~/src$ ",
            "PS /home/bob> ",
            "login: ",
            "Enter PIN: ",
            "Enter password: ",
            "\x1b[01;32muser@host\x1b[00m:\x1b[01;34m~\x1b[00m$ ",
            "\x1b]0;user@host: ~\x07user@host:~$ ",
            "token: ",
            "API key: ",
            "Verification code: ",
            "--More--(12%)",
            ":",
            "\x1b[7m(END)\x1b[27m\x1b[K",
        ] {
            settled.forget();
            let settled = settled.upto(prompt.as_bytes()).settled;
            if settled != prompt.len() {
                bad.push((prompt, settled));
            }
        }
        assert!(bad.is_empty(), "{bad:?}");
    }

    #[test]
    fn what_is_typed_is_settled_but_not_behind_a_key() {
        let mut settled = Settled::new(&Redactor::builtin());
        for (line, shown) in [
            ("$ git commit -m 'a word or two'", "$ git commit -m 'a word or two'"),
            ("$ ls -la /etc/nginx", "$ ls -la /etc/nginx"),
            ("$ kubectl get pods -n web", "$ kubectl get pods -n web"),
            ("Password: hunter2", "Password: "),
            ("$ export DB_PASSWORD=abc", "$ export DB_PASSWORD="),
            ("$ curl -u bob:secret", "$ curl -u bob:"),
        ] {
            settled.forget();
            let most = (1..=line.len()).map(|n| settled.upto(&line.as_bytes()[..n]).echoed).max();
            assert_eq!(&line[..most.unwrap()], shown);
        }
    }
}
