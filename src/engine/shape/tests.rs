//! What is found already against the rule's own way, which is taken with notes, as for `explain`.

use std::sync::LazyLock;

use crate::engine::block;
use crate::engine::builder::Builder;
use crate::engine::finding::Finding;
use crate::engine::notation::Record;
use crate::engine::redactor::Redactor;
use crate::engine::resolve::resolve;
use crate::engine::ruleset::RuleSet;
use crate::engine::scan::{budget, look};
use crate::engine::scanner::{Notes, Scratch};
use crate::rules::allow::Allow;
use crate::rules::mask::Mask;
use crate::rules::rule::Kind;
use proptest::prelude::*;

const TOKEN: &str = "Zq7x7A8nyc7BFAZ8";

/// What headers are made of, in this order; a token stands before the last.
const FRONTS: &[&str] = &[
    "",
    "",
    " ",
    "x ",
    "{\"a\":\"",
    "{\"",
    "[\"",
    "'",
    "[REDACTED:",
    "[REDACTED:a] ",
    "password=",
    "token: ",
    "\"",
    "http://",
    "a@b ",
    "Cookie: a=b; c=",
    "{\"n\":1} ",
];
const KEYS: &[&str] =
    &["Authorization", "Authorization", "authorization", "proxy-authorization", "Author", "auth_token"];
const JOINTS: &[&str] = &[": ", ": ", ":", "=", "\":\"", "\": \"", "\\\":\\\"", "%3A%20", "=>", ": [\"", "://"];
const SCHEMES: &[&str] = &[
    "Bearer ",
    "Bearer ",
    "bearer ",
    "BEARER ",
    "Basic ",
    "basic ",
    "Bearer  ",
    "Bearer+",
    "Bearer%20",
    "Bearer\\t",
    "Bearer",
    "Basic  ",
    "Basic",
    "xBearer ",
    "Bearer Bearer ",
    "Basic Bearer ",
    "Token ",
    "Bearer: ",
    "Bearer \"",
    "",
];
const BEHINDS: &[&str] = &[
    "",
    "",
    "\n",
    "\r\n",
    " ",
    "\"",
    "\"}",
    "\",\"b\":\"c\"}",
    "'",
    ",",
    ", a=b",
    ";",
    ".",
    ".x",
    ":",
    "@h/",
    "%",
    "%2",
    "%20",
    "=",
    "==",
    "\\",
    "\\n",
    "\\\"",
    "&x",
    "/",
    "]",
    "}",
    ")",
    "<",
    "\u{a0}",
    "é",
    "\x1b[0m",
    "#",
    " and more",
    "|",
];

/// Headers as they are written in logs, most of them with something odd.
fn header() -> impl Strategy<Value = String> {
    let one = |parts: &'static [&'static str]| prop::sample::select(parts);
    let token = prop_oneof![
        "[A-Za-z0-9]{7,10}",
        "[A-Za-z0-9]{16,40}",
        "[a-z]{1,9}|[a-z]{20}|[0-9]{6,16}",
        "[A-Za-z0-9._~+/=:%-]{4,40}",
        "eyJhbGciOiJIUzI1NiJ9\\.eyJ[a-z]{12}[A-Z0-9]{8}\\.[A-Za-z0-9_-]{20}",
        "\\[REDACTED:(bearer|authorization)\\]|<masked>|\\$\\{TOKEN\\}|changeme1|xxxxxxxx|4111111111111111",
        "gh[op]_[A-Za-z0-9]{36}|AKIAQ3EGRZ7LMNPT4WXY|[a-z]{6}=",
        Just(TOKEN.to_owned()),
    ];
    (one(FRONTS), one(KEYS), one(JOINTS), one(SCHEMES), token, one(BEHINDS))
        .prop_map(|(a, b, c, d, e, f)| [a, b, c, d, &*e, f].concat())
}

static REDACTORS: LazyLock<Vec<Redactor>> = LazyLock::new(|| {
    let new = Builder::default;
    let all = [
        new(),
        new().mask(Mask::Keep { first: 2, last: 2 }),
        new().mask(Mask::Stars),
        new().mask_for("bearer", Mask::parse("text:GONE").unwrap()),
        new().mask_for("authorization", Mask::parse("text:x-y").unwrap()),
        new().except(["authorization"]),
        new().except(["bearer"]),
        new().keep_samples(true).number_zero(true),
        new().allow(Allow::new("own").value(TOKEN).rules(["authorization"])),
        new().allow(Allow::new("own").value(TOKEN).rules(["bearer"])),
    ];
    all.into_iter().map(|builder| builder.build().unwrap()).collect()
});

fn scratch(notes: bool) -> Scratch {
    Scratch { notes: notes.then(Notes::default), ..Scratch::default() }
}

/// One look at a record, and whether it leaves a doubt.
fn looked(set: &RuleSet, text: &[u8], notes: bool) -> (Scratch, bool) {
    let mut scratch = scratch(notes);
    let mut words = Vec::new();
    set.gate.find_words(text, &mut scratch.hits, &mut words, &mut scratch.lines);
    let most = budget(&scratch, text.len());
    let doubt = look(set, Record::new(text, 0, text.len()), &words, &[], &mut None, most, &mut scratch);
    (scratch, doubt)
}

/// What it finds, whether it leaves a doubt, whether findings were joined, and its work.
fn told(set: &RuleSet, text: &[u8], notes: bool) -> (Vec<Finding>, bool, bool, u64) {
    let (mut scratch, doubt) = looked(set, text, notes);
    let joined = resolve(&mut scratch.findings, 0);
    (scratch.findings, doubt, joined, scratch.work)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(6000) })]

    #[test]
    fn what_is_found_already_is_found_the_same(headers in prop::collection::vec(header(), 1..4)) {
        let text = headers.concat();
        for redactor in REDACTORS.iter() {
            let set = &redactor.set;
            for line in text.split('\n') {
                prop_assert_eq!(told(set, line.as_bytes(), false), told(set, line.as_bytes(), true), "{}", line);
            }
            let (mut short, mut long) = (scratch(false), scratch(true));
            block::scan(set, text.as_bytes(), &mut None, &mut short);
            block::scan(set, text.as_bytes(), &mut None, &mut long);
            prop_assert_eq!(&short.findings, &long.findings, "{}", text);
            prop_assert_eq!(&short.spared, &long.spared, "{}", text);
        }
    }

    /// What is said of the automata is what they say.
    #[test]
    fn simple_shapes_find_what_their_automata_find(
        literal in "(?i:bearer|basic)[ ]{0,3}",
        text in "[A-Za-z0-9]{0,20}[A-Za-z0-9._~+/=%\\\\t -]{0,12}",
        cut in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let text = [literal, text].concat();
        let (start, end) = (cut.0.index(text.len() + 1), cut.1.index(text.len() + 1));
        let hay = text.as_bytes();
        let mut asked = 0;
        for rule in Redactor::builtin().rules() {
            let Kind::Shape(shape) = &rule.kind else { continue };
            let Some(simple) = shape.simple() else { continue };
            asked += 1;
            let begins = shape.literals.iter().any(|l| hay[..l.len().min(hay.len())].eq_ignore_ascii_case(l.as_bytes()));
            for limit in end..=text.len() {
                let (mut work, mut own) = (0, 0);
                if begins && start < end && simple.finds(hay, 0, start, end, limit, &mut work) {
                    let keep = shape.keep.as_ref().unwrap();
                    prop_assert_eq!(keep.longest(hay, 0, limit, None, &mut own), Ok(Some(start)), "{}", text);
                    prop_assert_eq!(shape.pattern.longest(hay, start, limit, None, &mut own), Ok(Some(end)), "{}", text);
                    prop_assert_eq!(work, own, "{}", text);
                }
            }
        }
        prop_assert!(asked >= 2);
    }
}

/// The commonest spellings are found already.
#[test]
fn common_headers_are_judged_once() {
    let set = &REDACTORS[0].set;
    for scheme in ["Bearer", "Basic"] {
        for line in [
            format!("Authorization: {scheme} {TOKEN}{TOKEN}"),
            format!("authorization={scheme} {TOKEN}{TOKEN} x"),
            format!("{{\"Authorization\":\"{scheme} {TOKEN}{TOKEN}\"}}"),
        ] {
            let found = |notes| looked(set, line.as_bytes(), notes).0.findings.len();
            assert_eq!((found(false), found(true)), (1, 2), "{line}");
        }
    }
}
