//! Most hits lead nowhere: a cheap look that tells them apart before their record is cut out.
//!
//! It looks at the text right around a hit, in which a line end is a byte like any other that ends
//! what is looked at; what it cannot tell it leaves to the scanner. So it never turns away what the
//! scanner would find, which the test below holds it to.

use super::gate::{Hit, Lines};
use super::notation::Record;
use super::ruleset::RuleSet;
use super::scanner::Scratch;
use super::{card, keyed, shape, userinfo};
use crate::rules::rule::RuleId;

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
            word => {
                let target = &self.set.targets[usize::from(word)];
                target.simple
                    && (!target.key || self.is_idle_key(at, scratch))
                    && (target.shapes.is_empty() || self.are_idle_shapes(&target.shapes, at, &mut scratch.work))
            }
        }
    }

    fn is_idle_key(&mut self, at: usize, scratch: &mut Scratch) -> bool {
        // The same identifier again.
        if at < self.key_end {
            return true;
        }
        let end = keyed::idle_end(self.set, &self.text, at, scratch);
        self.key_end = end.unwrap_or(self.key_end);
        end.is_some()
    }

    fn are_idle_shapes(&self, shapes: &[RuleId], at: usize, work: &mut u64) -> bool {
        let end = self.lines.end(at).unwrap_or(self.text.end);
        shapes.iter().all(|&rule| shape::is_idle(self.set, &self.text, rule, at, end, work))
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::block;
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
        &["\",", "\"}", ",", "}", "\"", "\"]", "\" ", "\",\"value\":\"x9\"}", "\n"],
    ];

    fn text() -> impl Strategy<Value = String> {
        let piece = || prop::sample::select(PIECES).prop_map(String::from);
        let member = MEMBER.map(|parts| prop::sample::select(parts).prop_map(String::from)).to_vec();
        let member = member.prop_map(|parts| parts.concat());
        prop::collection::vec(prop_oneof![12 => piece(), 1 => member], 0..40).prop_map(|pieces| pieces.concat())
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
    }
}
