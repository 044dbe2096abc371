//! RejectStage against the context, which looks at every record.

use crate::engine::footprint::{Footprint, group};
use crate::engine::found::notes::Notes;
use crate::engine::prefilter::candidate::Candidate;
use crate::engine::prefilter::lines::Lines;
use crate::engine::redactor::Redactor;
use crate::engine::scan::reject::RejectStage;
use crate::engine::scan::scratch::Scratch;
use crate::engine::stream::batch;
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
    "smb://CORP\\bob:x9Kq2@h",
    "\n{\"a\":1}\n",
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
    " is ",
    " - ",
    "SECRET",
    "9f86d081884c7d659a2feaa0c55ad015",
    "123e4567-e89b-12d3-a456-426614174abc",
    "correcthorse",
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

pub(super) fn text() -> impl Strategy<Value = String> {
    let piece = || prop::sample::select(PIECES).prop_map(String::from);
    let member = MEMBER.map(|parts| prop::sample::select(parts).prop_map(String::from)).to_vec();
    let member = member.prop_map(|parts| parts.concat());
    prop::collection::vec(prop_oneof![12 => piece(), 1 => member], 0..40).prop_map(|pieces| pieces.concat())
}

/// No record is cut out for the lines that logs have most of. Answers are the same if one is, and clean logs took 1.8 times as
/// long before it was noticed.
#[test]
fn what_logs_have_most_of_is_passed_over() {
    let redactor = Redactor::builtin();
    for line in [
        "sshd[24711]: Failed password for alice from 203.0.113.9 port 45144 ssh2",
        "sshd[24711]: Failed password for invalid user bob from 203.0.113.9 port 45144 ssh2",
        "sshd[24711]: Accepted password for alice from 203.0.113.9 port 45144 ssh2",
        "time=\"2024-11-11T01:01:00Z\" level=info msg=\"check pass; user unknown\" host=web-1 took=3",
        "sshd[24711]: pam_unix(sshd:session): session opened for user bob by (uid=0)",
        "GET /api/v1/orders HTTP/1.1\" 200 512 \"-\" \"curl/7.88.1\"",
        "job finished successfully, access granted, assigned to worker 3",
    ] {
        let block = ["- and so on\n", line, "\n- and so on, and on\n"].concat();
        let (mut candidates, mut lines) = (Vec::new(), Lines::default());
        redactor.set.prefilter.find(block.as_bytes(), &mut candidates, &mut lines);
        let mut stage = RejectStage::new(&redactor.set, block.as_bytes(), &lines);
        assert_eq!(stage.rejected(&candidates, &mut Scratch::default()), candidates.len(), "{line}");
    }
}

/// A block with JSON in it is none: the backslash before a user of a domain begins no escape in another line.
#[test]
fn other_records_say_nothing_of_one() {
    let redactor = Redactor::builtin();
    let block = b"smb://CORP\\bob:Garten4x@192.0.2.1\n{\"a\":1}\n";
    let (mut candidates, mut lines) = (Vec::new(), Lines::default());
    redactor.set.prefilter.find(block, &mut candidates, &mut lines);
    let mut stage = RejectStage::new(&redactor.set, block, &lines);
    let at = candidates.iter().position(|candidate| candidate.kind == Candidate::AT).expect("an @");
    assert_eq!(stage.rejected(&candidates[at..], &mut Scratch::default()), 0);
}

/// Whether something in `often` is remembered, which comes a hundred times before it comes once with more behind it; what is
/// found is the same as where nothing is remembered.
fn remembers(often: &str, once: &str) -> bool {
    let redactor = Redactor::builtin();
    let (front, behind) = ("2024-01-01T00:00:00Z web app: ", " and so on and on and on and on and on");
    let line = |text: &str| [front, text, behind, "\n"].concat();
    let block = [line(often).repeat(100), line(once), line(often)].concat();
    let (mut quick, mut whole) = (Scratch::default(), Scratch { notes: Some(Notes::default()), ..Scratch::default() });
    batch::scan(&redactor.set, block.as_bytes(), &mut None, &mut quick);
    batch::scan(&redactor.set, block.as_bytes(), &mut None, &mut whole);
    assert_eq!(quick.findings, whole.findings, "{once}");
    let mut candidates = Vec::new();
    redactor.set.prefilter.find(block.as_bytes(), &mut candidates, &mut Lines::default());
    candidates.iter().any(|candidate| quick.reject_cache.knows(block.as_bytes(), candidate.at as usize))
}

/// Behind what is remembered stands what makes a secret of it.
#[test]
fn what_is_remembered_is_asked_to_its_end() {
    for (often, once) in [
        ("{\"password\":{\"length\":8}}", "{\"password\":{\"length\":8,\"value\":\"x9-Tq7v\"}}"),
        ("{\"password\":{\"length\":8}}", "{\"password\":{\"length\":812,\"value\":\"x9-Tq7v\"}}"),
        ("{\"password\":true}", "{\"password\":true-Tq7v}"),
        ("{\"token_type\":\"Bearer\"}", "{\"token_type\":\"Bearer aG9yc2UtYmF0dGVyeQ9x\"}"),
        ("Failed password for alice", "Failed password=for-alice"),
        ("Failed password for alice", "Failed password: for-alice"),
        ("{\"password\":\"\"}", "{\"password\":\"x9-Tq7v\"}"),
    ] {
        assert!(remembers(often, once), "{often}");
    }
    // Whether there is anything to remember here, how literals fell into buckets says.
    remembers("the SECRET 9f86d081884c", "the SECRET 9f86d081884c7d659a2feaa0c55ad015");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    /// With notes taken, as for `explain`, every record goes through the context.
    #[test]
    fn nothing_is_passed_over_that_the_scanner_finds(blocks in prop::collection::vec(text(), 1..4)) {
        let redactor = Redactor::builtin();
        let (mut quick, mut whole) = (Scratch::default(), Scratch { notes: Some(Notes::default()), ..Scratch::default() });
        let (mut continuation, mut carry_whole) = (None, None);
        for block in &blocks {
            let block = block.as_bytes();
            quick.findings.clear();
            whole.findings.clear();
            batch::scan(&redactor.set, block, &mut continuation, &mut quick);
            batch::scan(&redactor.set, block, &mut carry_whole, &mut whole);
            prop_assert_eq!(&quick.findings, &whole.findings);
            prop_assert_eq!(continuation.is_some(), carry_whole.is_some());
        }
    }

    /// The same, where the same lines come over and over, so that most candidates are remembered.
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
            // And each line by itself, as loggers hand them over.
            for block in [&[block.join("\n")], &block[..]].concat() {
                quick.findings.clear();
                whole.findings.clear();
                batch::scan(&redactor.set, block.as_bytes(), &mut None, &mut quick);
                batch::scan(&redactor.set, block.as_bytes(), &mut None, &mut whole);
                prop_assert_eq!(&quick.findings, &whole.findings);
            }
        }
    }

    /// A place that is said to lead nowhere does so wherever the bytes are the same that said so.
    #[test]
    fn a_verdict_follows_from_what_was_seen(
        texts in prop::collection::vec(text(), 1..3),
        others in prop::collection::vec((text(), "[\n\r]{0,1}", text(), "[0-z]{4}", "[0-9]{1,16}"), 4),
        ends: [bool; 2],
    ) {
        let redactor = Redactor::builtin();
        let gate = &redactor.set.prefilter;
        // What says that a place leads nowhere, and the words that stand there.
        let look = |text: &[u8], window: Candidate| {
            let (mut lines, mut scratch) = (Lines::default(), Scratch::default());
            gate.find(text, &mut Vec::new(), &mut lines);
            let seen = RejectStage::new(&redactor.set, text, &lines).verdict(window, &mut scratch)?;
            let words: Vec<_> = scratch.literals.iter().map(|word| (window.at - word.at, word.kind)).collect();
            Some((seen.and(gate.footprint(text, window)), words))
        };
        // Nothing is remembered at a block's begin. One may end right behind what was seen, but not where that is part of it.
        let edge = "- ".repeat(40);
        let [behind_it, behind_other] = ends.map(|ends| if ends { "" } else { &edge });
        let text = [&edge, &*texts.concat(), behind_it].concat();
        let mut candidates = Vec::new();
        gate.find(text.as_bytes(), &mut candidates, &mut Lines::default());
        for window in candidates.into_iter().filter(Candidate::is_fingerprint) {
            let at = window.at as usize;
            let fits = |seen: &Footprint| seen.fits(at) && seen.loose <= text.len();
            let Some((seen, words)) = look(text.as_bytes(), window).filter(|(seen, _)| fits(seen)) else { continue };
            for (front, line_end, behind, letters, digits) in &others {
                let mut other = [edge.as_bytes(), front.as_bytes(), line_end.as_bytes()].concat();
                let moved = other.len() + at - seen.from;
                other.extend_from_slice(&text.as_bytes()[seen.from..seen.to]);
                let loose = text.as_bytes()[seen.to..seen.loose].iter().zip(letters.bytes().cycle());
                other.extend(loose.map(|(own, new)| if (own ^ new) & group(*own) == 0 { new } else { *own }));
                if seen.number {
                    other.extend_from_slice(&[digits.as_bytes(), b"}"].concat());
                }
                if !behind_other.is_empty() || seen.number {
                    other.extend_from_slice(&[line_end.as_bytes(), behind.as_bytes(), edge.as_bytes()].concat());
                }
                let again = look(&other, Candidate { at: moved as u32, ..window });
                prop_assert_eq!(again.map(|(_, words)| words), Some(words.clone()), "{:?}", String::from_utf8_lossy(&other));
            }
        }
    }
}
