//! Allow-lists: what stays, what does not, and that it is counted and never told.

use std::sync::OnceLock;

use logveil::{Allow, AllowedBy, Builder, Redactor, Stream, Tally};
use proptest::prelude::*;
use regex::bytes::{Regex, RegexBuilder};

use crate::kit::{allowing, line, shown, streamed};
use crate::texts::{cases, text};

fn with(entry: Allow) -> Redactor {
    Redactor::builder().allow(entry).build().unwrap()
}

fn each(r: &Redactor, pairs: &[(&str, &str)]) {
    for (input, output) in pairs {
        assert_eq!(r.redact_str(&line(input)), line(output), "{input}");
    }
}

#[test]
fn a_value_stays_whole_or_not_at_all() {
    let r = with(Allow::new("known").value("hunter2").value("a\"b").value("4111111111111111"));
    each(
        &r,
        &[
            ("password=hunter2 x", "password=hunter2 x"),
            (r#"{"password":"hunter2"}"#, r#"{"password":"hunter2"}"#),
            ("password=hunter22", "password=[REDACTED:password]"),
            ("password=xhunter2", "password=[REDACTED:password]"),
            ("password=Hunter2", "password=[REDACTED:password]"),
            ("password='hunter2 x'", "password='[REDACTED:password]'"),
            ("https://u:hunter2@h.example/", "https://u:hunter2@h.example/"),
            ("card 4111111111111111.", "card 4111111111111111."),
            ("card 4111 1111 1111 1111.", "card [REDACTED:card-number]."),
            // The value as it is written, escapes and all.
            (r#"{"password":"a\"b"}"#, r#"{"password":"[REDACTED:password]"}"#),
        ],
    );
}

#[test]
fn a_regex_matches_the_whole_value() {
    let r = with(Allow::new("tests").regex("test-[0-9]+|dummy.*").unwrap());
    each(
        &r,
        &[
            ("password=test-17", "password=test-17"),
            ("password=xtest-17", "password=[REDACTED:password]"),
            ("password=test-17x", "password=[REDACTED:password]"),
            ("password='dummy value'", "password='dummy value'"),
            ("password=Dummy1", "password=[REDACTED:password]"),
        ],
    );
}

#[test]
fn a_key_is_compared_like_the_keys_of_rules_and_as_a_whole() {
    let r = with(Allow::new("keys").key("session-token").key("metadata.token").key("key"));
    each(
        &r,
        &[
            ("session_token=<<alnum 20>>", "session_token=<<alnum 20>>"),
            (r#"{"sessionToken":"<<alnum 20>>"}"#, r#"{"sessionToken":"<<alnum 20>>"}"#),
            ("the SESSION-TOKEN: <<alnum 20>>", "the SESSION-TOKEN: <<alnum 20>>"),
            ("--session-token <<alnum 20>>", "--session-token <<alnum 20>>"),
            ("session token: <<alnum 20>>", "session token: <<alnum 20>>"),
            ("metadata.token=<<alnum 20>>", "metadata.token=<<alnum 20>>"),
            ("other.session_token=<<alnum 20>>", "other.session_token=[REDACTED:access-token]"),
            ("session_token_2=<<alnum 20>>", "session_token_2=[REDACTED:access-token]"),
            ("token=<<alnum 20>>", "token=[REDACTED:access-token]"),
            // `key` alone is not the key here.
            ("API key: <<alnum 20>>", "API key: [REDACTED:api-key]"),
            // Another rule knows the value by its shape.
            ("session_token=gh<<>>p_<<alnum 36>>", "session_token=[REDACTED:github-pat]"),
        ],
    );
}

#[test]
fn an_entry_for_a_rule_or_family_is_for_no_other() {
    let token = line("gh<<>>p_<<alnum 36>>");
    let r = with(Allow::new("ours").value(&token).rules(["github-pat"]));
    assert_eq!(r.redact_str(&token), token);
    // The key's own finding of the same value is another's.
    assert_eq!(r.redact_str(&format!("password={token}")), "password=[REDACTED:password]");
    let r = with(Allow::new("ours").value(&token).rules(["token", "key"]));
    assert_eq!(r.redact_str(&format!("password={token}")), format!("password={token}"));
}

#[test]
fn what_is_allowed_opens_no_hole() {
    let inner = line("x gh<<>>p_<<alnum 36>> y");
    let r = with(Allow::new("outer").value(&inner).value("a token=5tRq9LwZx0Pm z"));
    each(
        &r,
        &[
            // With a mask in it, it is no longer the value that is allowed.
            ("password='x gh<<>>p_<<alnum 36>> y'", "password='[REDACTED:password]'"),
            ("password='a token=5tRq9LwZx0Pm z'", "password='[REDACTED:password]'"),
        ],
    );
    // Nor does a regex allow what holds a mask.
    let r = with(Allow::new("tail").regex(".*tail").unwrap().rules(["password"]));
    each(&r, &[("password='gh<<>>p_<<alnum 36>> tail'", "password='[REDACTED:password]'")]);
    let token = line("gh<<>>p_<<alnum 36>>");
    let r = with(Allow::new("inner").value(&token));
    each(&r, &[("password='x gh<<>>p_<<alnum 36>> y'", "password='[REDACTED:password]'")]);
}

#[test]
fn key_blocks_and_what_could_not_be_judged_never_stay() {
    let body = line("<<b64 64>>");
    let r = with(Allow::new("body").value(&body).regex("[^ ]*[A-Za-z+/0-9]{60,64}").unwrap());
    let block = line(&format!("-----BEGIN PRIVATE<<>> KEY-----\n{body}\n-----END PRIVATE<<>> KEY-----\n"));
    assert!(!r.redact_str(&block).contains(&body));
    // A record that costs too much is masked from there on, allowed values too.
    let r = with(Allow::new("most").value("zz").regex("(?:ab)*[a-z]").unwrap());
    let dear = format!("{} password=zz", "password=[[[[".repeat(9000));
    let mut tally = Tally::default();
    let out = r.redact_counted(dear.as_bytes(), &mut tally);
    if tally.unjudged > 0 {
        assert!(!out.ends_with(b"password=zz"));
    }
    assert!(tally.work <= 16 * dear.len() as u64);
}

#[test]
fn every_spare_is_counted_once_by_entry_and_kind() {
    let token = line("gh<<>>p_<<alnum 36>>");
    let r = Redactor::builder()
        .allow(Allow::new("one").value("hunter2").value(&token).regex("test-[0-9]+").unwrap())
        .allow(Allow::new("two").key("session token").value(format!("x {token} y")))
        .build()
        .unwrap();
    assert_eq!(r.allowed(), ["one", "two"]);
    let text = format!(
        "password=hunter2 password=test-1 session_token={token}\npassword=hunter2\n\
         password='x {token} y' password=other\n"
    );
    let mut tally = Tally::default();
    r.redact_counted(text.as_bytes(), &mut tally);
    let by = |entry| AllowedBy::ALL.map(|by| tally.spared_by(entry, by));
    // The token is found by its shape and by its key; one entry let both go, once each place.
    assert_eq!((by(0), by(1)), ([4, 1, 0], [1, 0, 0]));
    assert_eq!((tally.spared(), tally.findings()), (6, 1));
}

#[test]
fn long_records_are_spared_and_counted_once() {
    let r = with(Allow::new("known").value("hunter2"));
    for at in [5000, (1 << 20) - (1 << 17) - 20, (1 << 20) - (1 << 17), (1 << 20) - 3, (1 << 20) + 10, 2_000_000] {
        let mut text = b"lorem ipsum ".repeat(220_000);
        text[at..at + 18].copy_from_slice(b" password=hunter2 ");
        let mut stream = Stream::new(&r);
        let mut out = Vec::new();
        text.chunks(60_000).for_each(|part| stream.push(part, &mut out));
        stream.finish(&mut out);
        assert!(out == text, "at {at}");
        assert_eq!((stream.tally().spared(), stream.tally().findings()), (1, 0), "at {at}");
    }
}

#[test]
fn a_value_over_a_window_is_masked_whatever_is_allowed() {
    let r = with(Allow::new("long").regex("(?:lorem )+x?").unwrap());
    let (short, long) = ("lorem ".repeat(9_000), "lorem ".repeat(400_000));
    for (value, stays) in [(&short, true), (&long, false)] {
        let text = format!("password='{value}' end");
        let out = streamed(&r, text.as_bytes().chunks(50_000));
        assert_eq!(out == text.as_bytes(), stays);
    }
}

#[test]
fn what_is_wrong_is_said_without_the_value() {
    let fails = |b: Builder| b.build().unwrap_err().to_string();
    let one = |entry: Allow| fails(Redactor::builder().allow(entry));
    let canary = "canary5up";
    for (said, part) in [
        (one(Allow::new("n").value(canary).value(canary)), "this value is allowed already"),
        (one(Allow::new("n").value("")), "a value is empty"),
        (one(Allow::new("n").value(format!("{canary}\n"))), "line end"),
        (one(Allow::new("n").key("Db-Token").key("dbToken")), "this key is allowed already"),
        (one(Allow::new("n").key("--")), "a key has words"),
        (one(Allow::new("n").key(&"k".repeat(65))), "a key has words"),
        (one(Allow::new("n")), "it allows nothing"),
        (one(Allow::new("").value(canary)), "`name`"),
        (one(Allow::new("n").value(canary).rules(["nobody"])), "`nobody` is neither a rule nor a family"),
        (one(Allow::new("n").regex("a+b").unwrap().regex("a+b").unwrap()), "this regex is allowed already"),
        (fails(Redactor::builder().allow(Allow::new("n").value("x")).allow(Allow::new("n").value("y"))), "this name"),
    ] {
        assert!(said.contains(part) && !said.contains(canary), "{said}");
    }
    let text = format!("[[allow]]\nvalues = [\n  'x',\n  '{canary}', 'x',\n]\n");
    let said = fails(Redactor::builder().allow_toml("a.toml", &text).unwrap());
    assert_eq!(said, "a.toml:4: this value is allowed already; say it once");
    let entry = Allow::new("n").value(canary).key(canary);
    let builder = Redactor::builder().allow(entry.clone());
    let shown = format!("{entry:?}{builder:?}{:?}", builder.clone().build().unwrap());
    assert!(!shown.contains(canary), "{shown}");
}

/// The values of [`allowing`], by a plain regex engine. Keys apart, whose spares are left out.
fn naive(rule: &logveil::Rule, value: &[u8]) -> bool {
    static ALL: OnceLock<Vec<(Regex, &[&str])>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let re = |text: &str| RegexBuilder::new(&format!(r"\A(?:{text})\z")).unicode(false).build().unwrap();
        let exact = regex::escape(&line("gh<<>>p_<<alnum 36>>"));
        vec![
            (re(&format!("hunter2|4711|{exact}")), &[]),
            (re("4111[ 1]*"), &["card"]),
            (re(".*[a-m]"), &["key", "token"]),
        ]
    });
    let scoped = |names: &[&str]| names.is_empty() || names.contains(&rule.family.name());
    rule.family.name() != "block" && all.iter().any(|(re, names)| scoped(names) && re.is_match(value))
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn what_stays_is_what_a_naive_list_says(input in text()) {
        let (plain, r) = (Redactor::builtin(), allowing());
        let (without, with) = (plain.explain(&input), r.explain(&input));
        for s in &with.spared {
            let says = naive(plain.rule(s.rule), &input[s.start..s.end]);
            prop_assert!(says || s.by == AllowedBy::Key, "{s:?} in {}", shown(&input));
        }
        // What is found inside an allowed value or over its edge, and not allowed, is masked as ever.
        for f in &without.all {
            let is = |s: &&logveil::Spared| (s.start, s.end, s.rule) == (f.start, f.end, f.rule);
            let hides = |s: &&logveil::Spared| s.start < f.end && f.start < s.end && !(f.start <= s.start && s.end <= f.end);
            let masked = with.findings.iter().any(|g| g.start <= f.start && f.end <= g.end);
            let open = with.spared.iter().any(|s| hides(&s)) && !with.spared.iter().any(|s| is(&s));
            prop_assert!(masked || !open, "{f:?} in {}", shown(&input));
        }
        // A mask changes what stands around it for the second look, so that only texts without an
        // allowed value must be masked byte for byte as they are without the list.
        if with.spared.is_empty() {
            prop_assert_eq!(&with, &without);
        }
    }
}
