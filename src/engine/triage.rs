//! Most hits lead nowhere: a cheap look that tells them apart before their record is cut out.
//!
//! It looks at the text right around a hit, in which a line end is a byte like any other that ends
//! what is looked at; what it cannot tell it leaves to the scanner. So it never turns away what the
//! scanner would find, which the test below holds it to.

use super::gate::{Hit, Lines};
use super::memo::Seen;
use super::notation::Record;
use super::ruleset::RuleSet;
use super::scanner::Scratch;
use super::{card, keyed, shape, userinfo};

/// The most records that go on without a look.
const WAIT_MAX: u32 = 15;

/// The way through the hits of one block.
pub(crate) struct Triage<'a> {
    set: &'a RuleSet,
    lines: &'a Lines,
    /// The block, as if it were one record.
    text: Record<'a>,
    /// End of the last identifier looked at.
    key_end: usize,
    /// Where the last `@` stands.
    last_at: usize,
    /// How many records go on to the scanner without a look: after the last look that did not pay, and
    /// still.
    wait: u32,
    rest: u32,
    /// Whether this one does.
    rests: bool,
}

impl<'a> Triage<'a> {
    pub(crate) fn new(set: &'a RuleSet, block: &'a [u8], lines: &'a Lines) -> Self {
        Triage {
            set,
            lines,
            text: Record::new(block, 0, block.len()),
            key_end: 0,
            last_at: 0,
            wait: 0,
            rest: 0,
            rests: false,
        }
    }

    /// How many of the first hits lead to nothing. Where the look did not pay the last time, as in logs
    /// with a secret in every record, none is looked at for a while.
    pub(crate) fn idle(&mut self, hits: &[Hit], scratch: &mut Scratch) -> usize {
        self.rests = self.rest > 0;
        if self.rests {
            self.rest -= 1;
            return 0;
        }
        hits.iter().take_while(|hit| self.is_idle(**hit, scratch)).count()
    }

    /// Takes notice of whether the last look passed over a record.
    pub(crate) fn learn(&mut self, paid: bool) {
        if paid {
            self.wait = 0;
        } else if !self.rests {
            self.wait = (2 * self.wait + 1).min(WAIT_MAX);
            self.rest = self.wait;
        }
    }

    fn is_idle(&mut self, hit: Hit, scratch: &mut Scratch) -> bool {
        let at = hit.at as usize;
        match hit.kind {
            Hit::DIGITS => card::is_idle(&self.text, at, &mut scratch.work),
            Hit::AT => {
                userinfo::is_idle(self.set, &self.text, std::mem::replace(&mut self.last_at, at), at, &mut scratch.work)
            }
            // The same identifier again.
            word if at < self.key_end && self.set.targets[usize::from(word)].key_alone() => true,
            _ => {
                let known = scratch.memo.find(self.text.buf, hit);
                let end = known.or_else(|| {
                    let (end, seen) = self.look(hit, scratch)?;
                    // A verdict on what is left of an identifier is none on the word.
                    if at >= self.key_end {
                        scratch.memo.keep(self.text.buf, hit, end, seen);
                    }
                    Some(end)
                });
                self.key_end = self.key_end.max(end.unwrap_or(0));
                end.is_some()
            }
        }
    }

    /// The end of the identifier at a word's hit that leads to nothing, and what says so.
    fn look(&self, hit: Hit, scratch: &mut Scratch) -> Option<(usize, Seen)> {
        let (at, target) = (hit.at as usize, &self.set.targets[usize::from(hit.kind)]);
        if !target.simple {
            return None;
        }
        let again = target.key && at < self.key_end;
        let (end, mut seen) = match target.key && !again {
            true => keyed::idle_end(self.set, &self.text, at, scratch)?,
            false => (at, Seen::new(at, at)),
        };
        let line_end = self.lines.end(at).unwrap_or(self.text.end);
        for &rule in &target.shapes {
            seen = seen.and(shape::idle(self.set, &self.text, rule, at, line_end, &mut scratch.work)?);
        }
        Some((end, seen))
    }
}

#[cfg(test)]
mod tests {
    use super::Triage;
    use crate::engine::block;
    use crate::engine::gate::{Hit, Lines};
    use crate::engine::memo::group;
    use crate::engine::redactor::Redactor;
    use crate::engine::scanner::{Notes, Scratch};
    use proptest::prelude::*;

    /// Pieces of log lines: what leads to a finding, what only looks so, and what stands between.
    const PIECES: &[&str] = &[
        "password",
        "Password",
        "db_password",
        "auth_method",
        "token",
        "max_tokens",
        "session",
        "sid",
        "--password",
        "ENV ",
        "-p",
        "key",
        "api key",
        "API_KEY",
        "machine ",
        " login ",
        "mysql -u a ",
        "Authorization",
        "Bearer ",
        "secret.name",
        "=",
        ": ",
        ":",
        " = ",
        " string = ",
        " ",
        " ",
        "  ",
        "\t",
        "\"",
        "'",
        "\\\"",
        "\\n",
        "%22",
        "%3D",
        "&",
        ",",
        ", ",
        "<",
        ">",
        "</",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "/",
        "://",
        "@",
        "@db:1/x",
        ".",
        "-",
        "_",
        "\u{1b}[36m",
        "\u{a0}",
        "é",
        "\n",
        "\n",
        "\r\n",
        "hunter2",
        "aG9yc2UtYmF0dGVyeQ9",
        "alice",
        "for root from",
        "longerthanawordtakenalong ",
        "true",
        "null",
        "4096",
        "\"oidc\"",
        "REDACTED:password",
        "4111",
        "4111111111111111",
        "1111",
        "111111",
        "12345678901234",
        "6011",
        "4111 1111 1111 1111",
        "378282246310005",
        "e15",
        "{\"",
        "\":\"",
        "\": \"",
        "\",\"",
        "\":",
        "\"}",
        "\":{\"",
        "Zq7xK2mP9vL4",
        "AKIA",
        "AKIAQ3EGRZ7LMNPT4WXY",
        "ghp_",
        "sk-",
        "xoxb-",
        "user",
        "name",
        "value",
        "http",
        "postgres",
    ];

    /// What members of objects are made of, in this order.
    const MEMBER: [&[&str]; 6] = [
        &["{\"", ",\"", ", \"", "(\"", "{\\\"", " \"", "{\"name\":\"", "{'"],
        &[
            "password",
            "pass",
            "passwords",
            "token",
            "max_tokens",
            "session",
            "authorization",
            "auth_method",
            "pin",
            "cookie",
        ],
        &[
            "\":\"",
            "\": \"",
            "\":",
            "\": ",
            "\",\"",
            "\",\"value\":\"",
            "\":{\"",
            "\":{\"a\":\"",
            "\":{\"a\":",
            "\":{\"value\":\"",
            "'\":'",
        ],
        &[
            "hunter2",
            "12",
            "1234",
            "4096",
            "1234567890123",
            "true",
            "null",
            "true-story",
            "Zq7xK2mP9vL4tR8w",
            "a b",
            "${X}",
            "",
        ],
        &["", "", "", "\\\"", "=", "-x"],
        &["\",", "\"}", ",", "}", "\"", "\"]", "\" ", "\",\"value\":\"x9\"}", ",\"value\":\"x9\"}", "\n"],
    ];

    fn text() -> impl Strategy<Value = String> {
        let piece = || prop::sample::select(PIECES).prop_map(String::from);
        let member = MEMBER.map(|parts| prop::sample::select(parts).prop_map(String::from)).to_vec();
        let member = member.prop_map(|parts| parts.concat());
        prop::collection::vec(prop_oneof![12 => piece(), 1 => member], 0..40).prop_map(|pieces| pieces.concat())
    }

    /// Behind what is remembered stands what makes a secret of it.
    #[test]
    fn what_is_remembered_is_asked_to_its_end() {
        let redactor = Redactor::builtin();
        for (often, once) in [
            ("{\"password\":{\"length\":8}}", "{\"password\":{\"length\":8,\"value\":\"x9-Tq7v\"}}"),
            ("{\"password\":{\"length\":8}}", "{\"password\":{\"length\":812,\"value\":\"x9-Tq7v\"}}"),
            ("{\"password\":true}", "{\"password\":true-Tq7v}"),
            ("{\"token_type\":\"Bearer\"}", "{\"token_type\":\"Bearer aG9yc2UtYmF0dGVyeQ9x\"}"),
            ("Failed password for alice", "Failed password=for-alice"),
            ("Failed password for alice", "Failed password: for-alice"),
            ("{\"password\":\"\"}", "{\"password\":\"x9-Tq7v\"}"),
        ] {
            let (front, behind) = ("2024-01-01T00:00:00Z web app: ", " and so on and on and on and on and on");
            let line = |text: &str| [front, text, behind, "\n"].concat();
            let block = [line(often).repeat(100), line(once), line(often)].concat();
            let (mut quick, mut whole) =
                (Scratch::default(), Scratch { notes: Some(Notes::default()), ..Scratch::default() });
            block::scan(&redactor.set, block.as_bytes(), &mut None, &mut quick);
            block::scan(&redactor.set, block.as_bytes(), &mut None, &mut whole);
            assert_eq!(quick.findings, whole.findings, "{once}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

        /// With notes taken, as for `explain`, every record goes through the scanner.
        #[test]
        fn nothing_is_passed_over_that_the_scanner_finds(blocks in prop::collection::vec(text(), 1..4)) {
            let redactor = Redactor::builtin();
            let (mut quick, mut whole) = (Scratch::default(), Scratch { notes: Some(Notes::default()), ..Scratch::default() });
            let (mut carry, mut carry_whole) = (None, None);
            for block in &blocks {
                let block = block.as_bytes();
                quick.findings.clear();
                whole.findings.clear();
                block::scan(&redactor.set, block, &mut carry, &mut quick);
                block::scan(&redactor.set, block, &mut carry_whole, &mut whole);
                prop_assert_eq!(&quick.findings, &whole.findings);
                prop_assert_eq!(carry.is_some(), carry_whole.is_some());
            }
        }

        /// The same, where the same lines come over and over, so that most hits are remembered.
        #[test]
        fn nothing_remembered_is_passed_over_that_the_scanner_finds(
            lines in prop::collection::vec(text(), 1..6),
            picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..80usize), 20..60),
        ) {
            let redactor = Redactor::builtin();
            let (mut quick, mut whole) = (Scratch::default(), Scratch { notes: Some(Notes::default()), ..Scratch::default() });
            for picks in picks.chunks(12) {
                // One line's front and another's tail.
                let cut = |line: &str, at: usize| (0..=at.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
                let block: Vec<String> = picks.iter().map(|(front, tail, at)| {
                    let (front, tail) = (front.get(&lines), tail.get(&lines));
                    [&front[..cut(front, *at)], &tail[cut(tail, *at)..]].concat()
                }).collect();
                let block = block.join("\n");
                quick.findings.clear();
                whole.findings.clear();
                block::scan(&redactor.set, block.as_bytes(), &mut None, &mut quick);
                block::scan(&redactor.set, block.as_bytes(), &mut None, &mut whole);
                prop_assert_eq!(&quick.findings, &whole.findings);
            }
        }

        /// What is said to lead nowhere does so wherever the bytes are the same that said so.
        #[test]
        fn a_verdict_follows_from_what_was_seen(
            texts in prop::collection::vec(text(), 1..3),
            others in prop::collection::vec((text(), "[\n\r]{0,1}", text(), "[0-z]{4}", "[0-9]{1,16}"), 4),
        ) {
            let redactor = Redactor::builtin();
            let look = |text: &[u8], hit| {
                let mut lines = Lines::default();
                redactor.set.gate.find(text, &mut Vec::new(), &mut lines);
                Triage::new(&redactor.set, text, &lines).look(hit, &mut Scratch::default())
            };
            // Nothing is remembered at a block's ends.
            let edge = "- ".repeat(40);
            let text = [&edge, &*texts.concat(), &edge].concat();
            let mut hits = Vec::new();
            redactor.set.gate.find(text.as_bytes(), &mut hits, &mut Lines::default());
            for hit in hits.into_iter().filter(|hit| hit.kind < Hit::AT) {
                let at = hit.at as usize;
                let Some((end, seen)) = look(text.as_bytes(), hit).filter(|(_, seen)| seen.fits(at)) else { continue };
                for (front, line_end, behind, letters, digits) in &others {
                    let mut other = [edge.as_bytes(), front.as_bytes(), line_end.as_bytes()].concat();
                    let moved = other.len() + at - seen.from;
                    other.extend_from_slice(&text.as_bytes()[seen.from..seen.to]);
                    let loose = text.as_bytes()[seen.to..seen.loose].iter().zip(letters.bytes().cycle());
                    other.extend(loose.map(|(own, new)| if (own ^ new) & group(*own) == 0 { new } else { *own }));
                    if seen.number {
                        other.extend_from_slice(&[digits.as_bytes(), b"}"].concat());
                    }
                    other.extend_from_slice(&[line_end.as_bytes(), behind.as_bytes(), edge.as_bytes()].concat());
                    let again = look(&other, Hit { at: moved as u32, ..hit });
                    prop_assert_eq!(again.map(|(end, _)| end), Some(end - at + moved), "{:?}", String::from_utf8_lossy(&other));
                }
            }
        }
    }
}
