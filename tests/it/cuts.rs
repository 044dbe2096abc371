//! The promises about streams, on random texts: see the module docs of the library's `Stream`.

use std::borrow::Cow;
use std::io::Write;
use std::sync::{Arc, Mutex};

use logveil::{Family, Finding, Mask, RedactWriter, Redactor, RuleId, Stream};
use proptest::prelude::*;

use crate::kit::{allowing, both, line, masked, shown, streamed, written};
use crate::texts::{cases, far_apart, parts, statements, text};

/// What may stand in place of a finding under the label mask: in text, in a URL's authority, and
/// as a JSON string.
fn labels(r: &Redactor, f: &Finding, input: &[u8]) -> Vec<Vec<u8>> {
    let id = &r.rule(f.rule).id;
    let plain = format!("[REDACTED:{id}]").into_bytes();
    let mut all = vec![plain.clone(), format!("REDACTED-{id}").into_bytes()];
    let deepest = input.split(|b| *b != b'\\').map(<[u8]>::len).max().unwrap_or(0);
    for slashes in 0..=deepest {
        let mark = [&b"\\".repeat(slashes)[..], b"\""].concat();
        all.push([&mark[..], &plain, &mark].concat());
    }
    all
}

/// The naive oracle of transparency: between the labels of the findings, in order, the output is
/// the input byte for byte.
fn is_transparent(r: &Redactor, input: &[u8], output: &[u8], findings: &[Finding]) -> Result<(), String> {
    let mut rest = output;
    let mut at = 0;
    for (n, f) in findings.iter().enumerate() {
        let clean = &input[at..f.start];
        rest = rest.strip_prefix(clean).ok_or_else(|| format!("the bytes before finding {n} changed"))?;
        let next = findings.get(n + 1).map_or(input.len(), |g| g.start);
        let tail = &input[f.end..next];
        let fits = |label: &Vec<u8>| rest.strip_prefix(&label[..]).filter(|after| after.starts_with(tail));
        rest = labels(r, f, input).iter().find_map(fits).ok_or_else(|| format!("no label for finding {n}"))?;
        at = f.end;
    }
    if rest == &input[at..] { Ok(()) } else { Err("the bytes behind the last finding changed".into()) }
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn however_the_bytes_are_cut(input in text(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        for r in both() {
            let whole = r.redact(&input).into_owned();
            let cut = streamed(r, parts(&input, &cuts));
            prop_assert_eq!(shown(&whole), shown(&cut));
            prop_assert_eq!(shown(&whole), shown(&streamed(r, input.chunks(1))));
            prop_assert_eq!(shown(&whole), shown(&written(r, &input, 5)));
        }
    }

    #[test]
    fn bytes_outside_findings_are_unchanged(input in text()) {
        let mut output = Cow::Borrowed(&input[..]);
        for r in both() {
            output = r.redact(&input);
            let findings = r.findings(&input);
            let why = is_transparent(r, &input, &output, &findings);
            prop_assert!(why.is_ok(), "{:?}\n in {}\nout {}", why, shown(&input), shown(&output));
        }
        // Line ends are never part of a finding.
        let ends = |b: &[u8]| b.iter().filter(|b| **b == b'\n').count();
        prop_assert_eq!(ends(&input), ends(&output));
    }

    #[test]
    fn findings_are_in_order_apart_and_not_empty(input in text()) {
        let r = Redactor::builtin();
        let findings = r.findings(&input);
        prop_assert!(findings.iter().all(|f| f.start < f.end && f.end <= input.len()));
        prop_assert!(findings.windows(2).all(|w| w[0].end <= w[1].start));
        let same = matches!(r.redact(&input), Cow::Borrowed(_)) == findings.is_empty();
        prop_assert!(same, "nothing found = borrowed");
        prop_assert_eq!(r.findings(&input), findings);
    }

    /// The union of overlapping findings is masked, whatever the rules in it.
    #[test]
    fn every_finding_is_inside_a_span(input in text()) {
        let r = Redactor::builtin();
        let seen = r.explain(&input);
        for f in &seen.all {
            let inside = seen.findings.iter().any(|g| g.start <= f.start && f.end <= g.end);
            prop_assert!(inside, "{f:?} in {}", shown(&input));
        }
        for g in &seen.findings {
            let first = seen.all.iter().filter(|f| g.start <= f.start && f.end <= g.end);
            let first = first.min_by_key(|f| (f.start, std::cmp::Reverse(f.end), f.rule));
            prop_assert_eq!(first.map(|f| f.rule), Some(g.rule), "leftmost, longest, first");
        }
    }

    #[test]
    fn a_tally_counts_what_went_through(input in text(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4)) {
        for r in both() {
            let mut out = Vec::new();
            let mut stream = Stream::new(r);
            for part in parts(&input, &cuts) {
                stream.push(part, &mut out);
            }
            stream.finish(&mut out);
            let tally = stream.tally();
            prop_assert_eq!(tally.bytes_in, input.len() as u64);
            prop_assert_eq!(tally.bytes_out, out.len() as u64);
            prop_assert_eq!(tally.findings(), r.findings(&input).len() as u64);
            let lines = input.iter().filter(|b| **b == b'\n').count();
            let unfinished = input.last().is_some_and(|b| *b != b'\n');
            prop_assert_eq!(tally.records, (lines + usize::from(unfinished)) as u64);
            // Nothing here is dear or beyond judging: no record is masked as a whole.
            prop_assert_eq!(tally.unjudged, 0, "{}", shown(&input));
            let mut at_once = logveil::Tally::default();
            r.redact_counted(&input, &mut at_once);
            at_once.work = tally.work;
            prop_assert_eq!(&at_once, tally);
        }
    }

    /// All gates find the same.
    #[test]
    fn the_portable_gate_gives_the_same(input in text()) {
        use std::sync::OnceLock;
        static PORTABLE: OnceLock<Redactor> = OnceLock::new();
        let portable = PORTABLE.get_or_init(|| Redactor::builder().gate("portable").build().unwrap());
        prop_assert_eq!(portable.findings(&input), Redactor::builtin().findings(&input));
    }
}

proptest! {
    #![proptest_config(cases(800))]

    #[test]
    fn masking_twice_changes_nothing(input in prop_oneof![2 => text(), 1 => statements(), 1 => far_apart()]) {
        for (name, r) in masked().iter().map(|(name, r)| (*name, r)).chain([("allow-list", allowing())]) {
            let once = r.redact(&input).into_owned();
            let twice = r.redact(&once);
            prop_assert_eq!(shown(&once), shown(&twice), "mask {} on {}", name, shown(&input));
        }
    }

    #[test]
    fn no_mask_shows_more_than_it_may(input in text()) {
        let keep = &masked()["keep"];
        let label = keep.findings(&input);
        for f in &label {
            let secret = &input[f.start..f.end];
            let mut out = Vec::new();
            keep.redact(&input).iter().for_each(|b| out.push(*b));
            let whole = secret.len() >= 12 && secret.iter().all(u8::is_ascii_alphanumeric);
            let elsewhere = input.windows(secret.len()).filter(|w| *w == secret).count() > 1;
            let gone = !out.windows(secret.len()).any(|w| w == secret);
            prop_assert!(!whole || elsewhere || gone, "shown whole in {}", shown(&input));
        }
    }
}

/// What a mask hides had told how what stands beside it is read.
#[test]
fn what_a_mask_hides_is_not_missed() {
    for text in [
        // A mark that would be doubled by the mask's own.
        r#""Password":P"hello""#,
        r#"{"a":1,"Password":123"hello","b":4}"#,
        // Where the object began that made the record JSON.
        r#"password=7{"kS:cmd/generate/config/rules/generic.go", "rule": "generic-api-APIKEY='"r"#,
        // What ended a value.
        "://passwd:;z@l",
        "ACCESSKEY:9s://:,G@l",
        // What ended the look back from an `@`, and what told where the user's name ends.
        r#"4://DefaultEndpointsProtocol=https;AccountName=x;AccountKey=<<alnum 42>>/<<alnum 43>>==;@assword\" : \""#,
        "://user=alice,password=hunter2,=guest:gu3st@m",
        // A label that is none, whose end a mask brings; a word of a label that says what a number is.
        r#"{"password":"[REDACTED:"41 {"msg":"{\"msg\":\"wget --user u:p"#,
        r#"ard=4111111111111111"://4111111111111111 5555555555554444""#,
        // What stood before a key, and between a key and its value.
        r#""Password:ENV Token g ="NR"#,
        r#"TOKEN:n=HR<<>>KU-<<alnum 31>>x_TOKEN ="e""#,
    ] {
        let text = line(text);
        for (name, r) in masked() {
            let once = r.redact(text.as_bytes()).into_owned();
            assert_ne!(once, text.as_bytes(), "mask {name} on {text}");
            assert_eq!(shown(&r.redact(&once)), shown(&once), "mask {name} on {text}");
        }
    }
}

#[test]
fn complete_lines_leave_at_once() {
    let r = Redactor::builtin();
    let text = line("one\npassword=hunter2\r\n\n{\"token\":\"<<alnum 20>>\"}\nlast without an end");
    let mut stream = Stream::new(&r);
    let mut out = Vec::new();
    for (n, byte) in text.bytes().enumerate() {
        stream.push(&[byte], &mut out);
        let complete = text[..=n].rfind('\n').map_or(0, |i| i + 1);
        assert_eq!(out, *r.redact(&text.as_bytes()[..complete]), "after {} bytes", n + 1);
        assert_eq!(stream.held(), n + 1 - complete);
    }
}

/// A reader that waits for each line's echo gets it, with nothing flushed.
#[test]
fn a_writer_hands_each_line_on_with_the_write_that_ends_it() {
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            // A short write now and then.
            let taken = bytes.len().min(3);
            self.0.lock().unwrap().extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let shared = Shared::default();
    let mut writer = RedactWriter::new(shared.clone(), &Redactor::builtin());
    for n in 0..50 {
        let before = shared.0.lock().unwrap().len();
        write!(writer, "line {n} pass").unwrap();
        assert_eq!(shared.0.lock().unwrap().len(), before, "half a line never leaves");
        writer.flush().unwrap();
        assert_eq!(shared.0.lock().unwrap().len(), before, "nor with a flush");
        writer.write_all(b"word=hunter2\n").unwrap();
        let echo = format!("line {n} password=[REDACTED:password]\n");
        assert_eq!(String::from_utf8_lossy(&shared.0.lock().unwrap()[before..]), echo);
    }
}

#[test]
fn a_thousand_runs_give_the_same_bytes() {
    let text = line("token=gh<<>>p_<<alnum 36>>.tail password=x-gh<<>>p_<<alnum 36>> 4111111111111111\n");
    let first = Redactor::builtin().redact(text.as_bytes()).into_owned();
    for _ in 0..1000 {
        assert_eq!(*Redactor::builtin().redact(text.as_bytes()), first);
    }
    let fresh = Redactor::builder().build().unwrap();
    assert_eq!(*fresh.redact(text.as_bytes()), first);
}

#[test]
fn masks_by_rule_family_and_default() {
    let r = Redactor::builder()
        .mask(Mask::Text("GONE".into()))
        .mask_for("key", Mask::Stars)
        .mask_for("token", Mask::Label)
        .build()
        .unwrap();
    let text = line("password=hunter2 gh<<>>p_<<alnum 36>> 4111111111111111");
    let out = r.redact_str(&text);
    assert_eq!(out, "password=******* [REDACTED:github-pat] GONE");
    assert!(Redactor::builder().mask(Mask::Hash).build().is_err(), "a hash needs a key");
    assert!(Redactor::builder().mask_for("nobody", Mask::Stars).build().is_err());
    assert!(Redactor::builder().only(["nobody"]).build().is_err());
    assert_eq!(Family::from_name("token"), Some(Family::Token));
}

#[test]
fn the_same_secret_has_the_same_tag() {
    let r = &masked()["hash"];
    let text = line("password=<<alnum 20>> x\nother token=<<alnum 20>>\npassword=<<alnum 21>>\n");
    let out = r.redact_str(&text).into_owned();
    let tags: Vec<&str> = out.split("[REDACTED:").skip(1).map(|t| t.split(']').next().unwrap()).collect();
    let tag = |n: usize| tags[n].rsplit(':').next().unwrap();
    assert_eq!(tag(0), tag(1), "{out}");
    assert_ne!(tag(0), tag(2), "{out}");
    assert_eq!(tag(0).len(), 20);
    assert!(tags[0].contains(crate::kit::hash_key().id()));
}

#[test]
fn ids_index_the_rules() {
    let r = Redactor::builtin();
    let found = r.findings(b"password=hunter2");
    let id: RuleId = found[0].rule;
    assert_eq!(r.rules()[id.index()].id, "password");
    assert!(r.is_on(id));
}
