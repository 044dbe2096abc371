//! Known values: every encoding, every cut, whatever else is found.

use std::sync::atomic::{AtomicBool, Ordering};

use logveil::{Allow, Encoding, LiveValues, Mask, Records, RedactWriter, Redactor, Stream, Values, Verdict};

use crate::kit::{hash_key, masks, streamed};

/// With every sign that some encoding writes otherwise.
const VALUE: &str = r#"p4ss'w"ö<rd>&\/$x y=z+#!"#;
const PLAIN: &str = "Zx81qTy7Lm02";
const LABEL: &str = "[REDACTED:known-value]";

fn values(all: &[&str]) -> Values {
    let mut values = Values::builder();
    for value in all {
        assert_eq!(values.add(*value), Verdict::Taken);
    }
    values.build()
}

fn knowing(all: &[&str]) -> Redactor {
    Redactor::builtin().with_values(values(all))
}

fn percent(set: &[u8], plus: bool) -> String {
    let one = |b: u8| match b {
        b' ' if plus => "+".to_owned(),
        b if b.is_ascii_alphanumeric() || set.contains(&b) => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    VALUE.bytes().map(one).collect()
}

/// What real encoders make of the value; those that are no crates here wrote it once.
fn encoded() -> Vec<(&'static str, String)> {
    let json = serde_json::to_string(VALUE).unwrap();
    let twice = serde_json::to_string(&json).unwrap();
    let inner = |text: &str| text[1..text.len() - 1].to_owned();
    let form: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("k", VALUE).finish();
    let mut address = url::Url::parse("https://u@h/").unwrap();
    address.set_password(Some(VALUE)).unwrap();
    let hex = |between: &str| VALUE.bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(between);
    let debug = format!("{VALUE:?}");
    vec![
        ("as it is", VALUE.into()),
        ("serde_json", inner(&json)),
        ("serde_json in serde_json", inner(&inner(&twice)).trim_matches(['\\', '"']).to_owned()),
        ("url, form", form[2..].to_owned()),
        ("url, userinfo", address.password().unwrap().to_owned()),
        ("Python quote", percent(b"-_.~/", false)),
        ("Python quote_plus", percent(b"-_.~", true)),
        ("encodeURIComponent", percent(b"-_.!~*'()", false)),
        ("quick-xml", quick_xml::escape::escape(VALUE).into_owned()),
        ("quick-xml, text", quick_xml::escape::partial_escape(VALUE).into_owned()),
        ("Rust Debug", inner(&debug)),
        ("hex", hex("")),
        ("hex, colons", hex(":")),
        ("HEX", hex("").to_uppercase()),
        ("Python json.dumps", r#"p4ss'w\"\u00f6<rd>&\\/$x y=z+#!"#.into()),
        ("Python repr", r#"p4ss\'w"ö<rd>&\\/$x y=z+#!"#.into()),
        ("Python html.escape", r#"p4ss&#x27;w&quot;ö&lt;rd&gt;&amp;\/$x y=z+#!"#.into()),
        ("Python shlex.quote", r#"p4ss'"'"'w"ö<rd>&\/$x y=z+#!"#.into()),
        ("Go json.Marshal", r#"p4ss'w\"ö\u003crd\u003e\u0026\\/$x y=z+#!"#.into()),
        ("Go %q", r#"p4ss'w\"ö<rd>&\\/$x y=z+#!"#.into()),
        ("Go %+q", r#"p4ss'w\"\u00f6<rd>&\\/$x y=z+#!"#.into()),
        ("Go html.EscapeString", r#"p4ss&#39;w&#34;ö&lt;rd&gt;&amp;\/$x y=z+#!"#.into()),
        ("PHP json_encode", r#"p4ss'w\"\u00f6<rd>&\\\/$x y=z+#!"#.into()),
        ("PHP htmlspecialchars", r#"p4ss&#039;w&quot;ö&lt;rd&gt;&amp;\/$x y=z+#!"#.into()),
        ("Gson", r#"p4ss\u0027w\"ö\u003crd\u003e\u0026\\/$x y\u003dz+#!"#.into()),
        (".NET", r#"p4ss\u0027w\u0022\u00F6\u003Crd\u003E\u0026\\/$x y=z\u002B#!"#.into()),
        ("set -x", r#"p4ss'\''w"ö<rd>&\/$x y=z+#!"#.into()),
        ("in double quotes", r#"p4ss'w\"ö<rd>&\\/\$x y=z+#!"#.into()),
        ("bash printf %q", r#"p4ss\'w\"ö\<rd\>\&\\/\$x\ y=z+\#\!"#.into()),
    ]
}

fn base64(bytes: &[u8], url: bool) -> String {
    let signs =
        format!("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789{}", if url { "-_" } else { "+/" });
    let signs = signs.as_bytes();
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let all = group.iter().enumerate().fold(0u32, |all, (n, b)| all | u32::from(*b) << (16 - 8 * n));
        (0..4).for_each(|n| match n <= group.len() {
            true => out.push(char::from(signs[(all >> (18 - 6 * n) & 63) as usize])),
            false => out.push('='),
        });
    }
    out
}

#[test]
fn every_encoding_is_masked() {
    let r = knowing(&[VALUE]);
    for (name, text) in encoded() {
        let line = format!("before |{text}| behind");
        assert_eq!(r.redact_str(&line), format!("before |{LABEL}| behind"), "{name}");
    }
    // Wherever the value stands in what was encoded.
    for (before, behind) in [0, 1, 2, 3, 4, 5].iter().flat_map(|a| [0, 1, 2, 3].map(|b| (*a, b))) {
        for url in [false, true] {
            let whole = format!("{}{VALUE}{}", &"user:"[..before], &"\n.;"[..behind]);
            let line = format!("said {} aloud", base64(whole.as_bytes(), url));
            assert_eq!(r.redact_str(&line), format!("said {LABEL} aloud"), "{before} {behind} {url}");
        }
    }
}

#[test]
fn only_the_chosen_encodings_are() {
    let mut some = Values::builder().encodings([Encoding::Json]);
    some.add(VALUE);
    let r = Redactor::builtin().with_values(some.build());
    let masked = |name: &str| {
        let all = encoded();
        let (_, text) = all.iter().find(|(n, _)| *n == name).unwrap();
        r.redact_str(text) == LABEL
    };
    assert!(masked("as it is") && masked("serde_json") && !masked("hex") && !masked("Python html.escape"));
}

fn log() -> Vec<u8> {
    let mut log = String::new();
    for (_, text) in encoded() {
        log += &format!("GET /x|{text}| done\r\npassword={PLAIN} and {PLAIN}{PLAIN}\nclean line\n");
    }
    log += "last without an end |";
    log += PLAIN;
    log.into_bytes()
}

#[test]
fn every_cut_gives_the_same() {
    let r = knowing(&[VALUE, PLAIN, "aab-s3cret"]);
    let mut text = log();
    text.extend_from_slice(b"\naaaaab-aab-s3cret aab-aab-s3creaab-s3cret\n");
    let whole = r.redact(&text).into_owned();
    let shown = String::from_utf8(whole.clone()).unwrap();
    assert!(!shown.contains(PLAIN) && !shown.contains("p4ss") && !shown.contains("aab-s3cret"));
    for at in 0..text.len() {
        assert!(streamed(&r, [&text[..at], &text[at..]]) == whole, "cut at {at}");
    }
    for size in [1, 2, 3, 7, 64, 1000] {
        assert!(streamed(&r, text.chunks(size)) == whole, "pieces of {size}");
    }
    let mut writer = RedactWriter::new(Vec::new(), &r);
    text.chunks(11).for_each(|piece| std::io::Write::write_all(&mut writer, piece).unwrap());
    assert!(writer.finish().unwrap() == whole);
    let (records, mut out, mut by_record) = (Records::new(&r), Vec::new(), Vec::new());
    for line in text.split_inclusive(|b| *b == b'\n') {
        by_record.extend_from_slice(records.redact(line, &mut out));
    }
    assert!(by_record == whole);
}

#[test]
fn masking_twice_changes_nothing_under_any_mask() {
    for (name, mask) in masks() {
        let r = Redactor::builder().mask(mask).hash_key(hash_key()).build().unwrap();
        let r = r.with_values(values(&[VALUE, PLAIN, "private-key-x"]));
        let once = r.redact(&log()).into_owned();
        assert!(r.redact(&once)[..] == once[..], "{name}");
    }
    // A value that is the name of a rule leaves labels alone.
    let r = knowing(&["github-pat", "known-value"]);
    assert_eq!(r.redact_str("[REDACTED:github-pat] known-value"), format!("[REDACTED:github-pat] {LABEL}"));
    assert_eq!(r.redact_str(&r.redact_str("known-value")), LABEL);
}

#[test]
fn a_hash_is_of_the_value_whatever_its_encoding() {
    let r = Redactor::builder().mask(Mask::Hash).hash_key(hash_key()).build().unwrap().with_values(values(&[VALUE]));
    let tag = format!("[REDACTED:known-value:{}:{}]", hash_key().id(), hash_key().tag(VALUE.as_bytes()));
    for (name, text) in encoded() {
        assert_eq!(r.redact_str(&format!("|{text}|")), format!("|{tag}|"), "{name}");
    }
    assert_eq!(r.redact_str(&base64(VALUE.as_bytes(), false)), tag);
    // What a key rule finds, too.
    let r = Redactor::builder().mask(Mask::Hash).hash_key(hash_key()).build().unwrap().with_values(values(&[PLAIN]));
    assert!(r.redact_str(&format!("password={PLAIN} x")).contains(&hash_key().tag(PLAIN.as_bytes())));
}

#[test]
fn known_beats_allowed_and_a_choice_of_rules() {
    let allow = Allow::new("fine").value(PLAIN);
    let r = Redactor::builder().allow(allow).build().unwrap();
    let line = format!("password={PLAIN}");
    assert_eq!(r.redact_str(&line), line);
    assert_eq!(r.with_values(values(&[PLAIN])).redact_str(&line), format!("password={LABEL}"));
    let only = Redactor::builder().only(["card"]).build().unwrap().with_values(values(&[PLAIN]));
    assert_eq!(only.redact_str(&line), format!("password={LABEL}"));
    let not = Redactor::builder().except(["known"]).build().unwrap().with_values(values(&[PLAIN]));
    assert_eq!(not.redact_str(&format!("said {PLAIN}")), format!("said {PLAIN}"));
}

#[test]
fn a_number_in_json_leaves_json() {
    let r = knowing(&["4711081512"]);
    let masked = r.redact_str(r#"{"n":4711081512,"s":"x 4711081512"}"#).into_owned();
    let json: serde_json::Value = serde_json::from_str(&masked).unwrap();
    assert_eq!(json["n"], LABEL);
    assert_eq!(json["s"], format!("x {LABEL}"));
}

#[test]
fn short_values_count_between_other_signs_only() {
    let r = knowing(&["q7Zr1L"]);
    assert_eq!(r.redact_str("q7Zr1L xq7Zr1L q7Zr1L9 (q7Zr1L)"), format!("{LABEL} xq7Zr1L q7Zr1L9 ({LABEL})"));
}

#[test]
fn each_line_of_a_value_is_one() {
    let r = knowing(&["first-l1ne\r\n  second-l1ne\nx\n"]);
    assert_eq!(r.redact_str("a first-l1ne\nb second-l1ne\nx\n"), format!("a {LABEL}\nb {LABEL}\nx\n"));
    assert_eq!(r.redact_str(r#""first-l1ne\r\n  second-l1ne\nx\n""#), format!("\"{LABEL}\""));
}

/// A record of several windows, with the value across their edges.
#[test]
fn long_records() {
    let r = knowing(&[PLAIN]);
    for edge in [(1 << 20) - (128 << 10), (1 << 20) - (192 << 10), 1 << 20, 2 << 20] {
        for shift in [0, 1, 5, PLAIN.len() - 1, PLAIN.len(), 40] {
            let text = format!("{} {PLAIN} {}", "ab ".repeat((edge - shift) / 3), "cd ".repeat(500_000));
            let expected = text.replace(PLAIN, LABEL);
            assert!(r.redact_str(&text) == expected, "{edge} {shift}");
            assert!(streamed(&r, text.as_bytes().chunks(70_001)) == expected.as_bytes(), "{edge} {shift}");
        }
    }
}

#[test]
fn a_record_in_hand_keeps_its_values() {
    let live = LiveValues::new(values(&[PLAIN]));
    let r = Redactor::builtin().with_live_values(&live);
    let (mut stream, mut out) = (Stream::new(&r), Vec::new());
    let half = format!("{PLAIN} {}", "ab ".repeat(500_000));
    stream.push(half.as_bytes(), &mut out);
    live.swap(values(&["0th3r-value"]));
    stream.push(format!("{PLAIN} 0th3r-value\n{PLAIN} 0th3r-value\n").as_bytes(), &mut out);
    let text = String::from_utf8(out).unwrap();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().ends_with(&format!("{LABEL} 0th3r-value")));
    assert_eq!(lines.next().unwrap(), format!("{PLAIN} {LABEL}"));
}

/// Each record by one set: all of its values are masked, or those of the other set.
#[test]
fn a_swap_under_load() {
    let sets = [["s3t-one-a", "s3t-one-b"], ["s3t-two-a", "s3t-two-b"]];
    let live = LiveValues::new(values(&sets[0]));
    let r = Redactor::builtin().with_live_values(&live);
    let line = "s3t-one-a s3t-two-a and s3t-one-b s3t-two-b\n";
    let [one, two] = sets.map(|set| set.iter().fold(line.to_owned(), |line, value| line.replace(value, LABEL)));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut stream = Stream::new(&r);
                while !done.load(Ordering::Relaxed) {
                    let mut out = Vec::new();
                    line.repeat(50).as_bytes().chunks(13).for_each(|piece| stream.push(piece, &mut out));
                    let text = String::from_utf8(out).unwrap();
                    assert!(text.split_inclusive('\n').all(|masked| masked == one || masked == two));
                }
            });
        }
        (0..300).for_each(|n| live.swap(values(&sets[(n + 1) % 2])));
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(r.redact_str(line), one);
}

/// Which values stood in it, whichever rule's mask hides them, however the text is cut; nothing of those without a name.
#[test]
fn masks_are_counted_by_name() {
    let mut values = Values::builder();
    assert_eq!(values.add("unnam3d-value"), Verdict::Taken);
    assert_eq!(values.add_named("db", "f1rst-line-of\ns3cond&line-of"), Verdict::Taken);
    assert_eq!(values.add_named("again", "f1rst-line-of"), Verdict::Doubled);
    assert_eq!(values.add_named("word", "localhost"), Verdict::Word);
    assert_eq!(values.add_named("api", PLAIN), Verdict::Taken);
    let r = Redactor::builtin().with_values(values.build());
    let text = format!(
        "unnam3d-value f1rst-line-of\nCookie: a={PLAIN}; b={PLAIN}\nx localhost s3cond%26line-of {PLAIN}\n{} {PLAIN}\n",
        "ab ".repeat(500_000)
    );
    for step in [13, 4096, usize::MAX] {
        let mut stream = Stream::new(&r);
        text.as_bytes().chunks(step).for_each(|piece| stream.push(piece, &mut Vec::new()));
        stream.finish(&mut Vec::new());
        let cookies = stream.tally().known().find(|(name, _)| *name == "api").unwrap().1 - 2;
        assert!((1..=2).contains(&cookies), "a mask that holds it twice is one: {cookies}");
        assert_eq!(stream.tally().known().collect::<Vec<_>>(), [("api", 2 + cookies), ("db", 2)]);
        let mut all = stream.tally().clone();
        all.add(stream.tally());
        assert_eq!(all.known().collect::<Vec<_>>(), [("api", 2 * (2 + cookies)), ("db", 4)]);
    }
}

#[test]
fn without_values_the_rule_is_off_and_nothing_is_shown() {
    let r = Redactor::builtin();
    let id = r.rules().iter().position(|rule| rule.id == "known-value").unwrap();
    let explained = knowing(&[PLAIN]).explain(format!("it is {PLAIN}").as_bytes());
    assert_eq!(explained.findings[0].rule.index(), id);
    assert!(r.values().is_none() && !r.is_on(explained.findings[0].rule));
    assert!(!format!("{:?}", knowing(&[PLAIN])).contains(PLAIN));
    assert!(!format!("{:?}", knowing(&[PLAIN]).values()).contains(PLAIN));
}
