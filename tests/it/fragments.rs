//! Records that a container runtime cuts: joined they leave as whole ones do, however they are cut.

use logveil::{Builder, Container, Fragments, Redactor, Stream, Values};
use proptest::prelude::*;

use crate::kit::line as filled;

const TIME: &str = "2024-10-11T22:14:15.123456789Z";
const UNJUDGED: &str = "[REDACTED:unjudged]";

fn cri(stream: &str, tag: &str, text: &str) -> String {
    format!("{TIME} {stream} {tag} {text}\n")
}

/// What Docker writes of a text, a line end at its end included.
fn docker(stream: &str, text: &str) -> String {
    format!("{{\"log\":{},\"stream\":\"{stream}\",\"time\":\"{TIME}\"}}\n", serde_json::to_string(text).unwrap())
}

/// One record in parts.
fn parts(container: Container, stream: &str, pieces: &[&str]) -> Vec<String> {
    let (last, before) = pieces.split_last().unwrap();
    let part = |text: &str, last: bool| match container {
        Container::Docker => docker(stream, &format!("{text}{}", if last { "\n" } else { "" })),
        _ => cri(stream, if last { "F" } else { "P" }, text),
    };
    before.iter().map(|piece| part(piece, false)).chain([part(last, true)]).collect()
}

fn filter(redactor: &Redactor, container: Container, input: &[u8], step: usize) -> String {
    let mut fragments = Fragments::new(redactor, container);
    let mut out = Vec::new();
    input.chunks(step.max(1)).for_each(|chunk| fragments.push(chunk, &mut out));
    fragments.finish(&mut out);
    assert_eq!(fragments.held(), 0);
    String::from_utf8_lossy(&out).into_owned()
}

fn plain(redactor: &Redactor, input: &[u8]) -> String {
    let mut stream = Stream::new(redactor);
    let mut out = Vec::new();
    stream.push(input, &mut out);
    stream.finish(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The naive oracle: the lines of one stream joined to whole ones, as a log viewer does.
fn joined(container: Container, stream: &str, lines: &str) -> String {
    let (mut out, mut text) = (String::new(), String::new());
    for line in lines.lines() {
        match container {
            Container::Docker => {
                let Ok(value) = serde_json::from_str::<serde_json::Value>(line) else { continue };
                if value["stream"] != *stream {
                    continue;
                }
                text += value["log"].as_str().unwrap();
                if text.ends_with('\n') {
                    text.pop();
                    out += &docker(stream, &(std::mem::take(&mut text) + "\n"));
                }
            }
            _ => {
                let Some(rest) = line.strip_prefix(&format!("{TIME} {stream} ")) else { continue };
                text += &rest[2..];
                if rest.starts_with('F') {
                    out += &cri(stream, "F", &std::mem::take(&mut text));
                }
            }
        }
    }
    out
}

fn builtin() -> Redactor {
    Redactor::builtin()
}

/// Lines with secrets of several kinds, of some length.
fn records() -> Vec<String> {
    let key = ["-----BEGIN ", "PRIVATE KEY-----"].concat();
    let body = filled("MIIE<<b64 60>>");
    vec![
        "login user=alice password=hunter2 from 203.0.113.9".to_owned(),
        filled(r#"{"level":"info","password":"foo\"b<<alnum 4>>\nar","n":1,"msg":"\t\\ ümläut 😀","pin":"x"}"#),
        filled("got gh<<>>p_<<alnum 36>> and AK<<>>IA<<upalnum 16>> ok"),
        format!("{{\"key\":\"{key}\\n{body}\\n{body}\\n{}\\n\"}} tail", key.replace("BEGIN", "END")),
        "charge card 4111 1111 1111 1111 amount 12.50 EUR".to_owned(),
        "nothing to see: P F stdout P \"stream\":\"stderr\"".to_owned(),
        String::new(),
    ]
}

#[test]
fn cut_at_every_byte_they_give_what_the_whole_gives() {
    let redactor = builtin();
    for record in records() {
        for container in [Container::Cri, Container::Docker] {
            let whole = plain(&redactor, parts(container, "stdout", &[&record]).concat().as_bytes());
            for (at, _) in record.char_indices() {
                let input = parts(container, "stdout", &[&record[..at], &record[at..]]).concat();
                for read in [container, Container::Either] {
                    let out = filter(&redactor, read, input.as_bytes(), input.len());
                    assert_eq!(joined(container, "stdout", &out), whole, "{container:?} at {at}");
                    assert_eq!(out.lines().count(), 2);
                }
            }
            let every: Vec<String> = record.chars().map(String::from).collect();
            let pieces: Vec<&str> = every.iter().map(String::as_str).chain([""]).collect();
            let out = filter(&redactor, container, parts(container, "stdout", &pieces).concat().as_bytes(), 7);
            assert_eq!(joined(container, "stdout", &out), whole, "{container:?} in bytes");
        }
    }
}

#[test]
fn a_long_record_cut_as_runtimes_do() {
    let redactor = builtin();
    let filler = "a sentence about nothing that goes on ".repeat(3000);
    let record = format!("{filler}password=hunter2 {filler}{}", filled("token=<<alnum 30>>"));
    let end = filler.len() + "password=hunter2".len();
    for container in [Container::Cri, Container::Docker] {
        let whole = plain(&redactor, parts(container, "stdout", &[&record]).concat().as_bytes());
        assert!(!whole.contains("hunter2"));
        // So that the sixteen KiB fall on each byte around the secret.
        for shift in 0..30 {
            let (mut pieces, mut at) = (Vec::new(), 0);
            let mut next = (end + 8 - shift) % (16 << 10);
            while next < record.len() {
                pieces.push(&record[at..next]);
                (at, next) = (next, next + (16 << 10));
            }
            pieces.push(&record[at..]);
            let input = parts(container, "stdout", &pieces).concat();
            let out = filter(&redactor, container, input.as_bytes(), 9999);
            assert!(joined(container, "stdout", &out) == whole, "{container:?} {shift}");
        }
    }
}

#[test]
fn streams_are_kept_apart_and_lines_in_order() {
    let input = [
        cri("stdout", "P", "one password=hun"),
        cri("stderr", "P", "two token=q8Zr1Lw0"),
        "no line of a runtime's\n".to_owned(),
        cri("stdout", "F", "ter2 end"),
        cri("stderr", "F", "mXv93TbN end"),
        cri("stdout", "F", "password=hunter3"),
    ];
    let expected = [
        cri("stdout", "P", "one password=[REDACTED:password]"),
        cri("stderr", "P", "two token=[REDACTED:access-token]"),
        "no line of a runtime's\n".to_owned(),
        cri("stdout", "F", " end"),
        cri("stderr", "F", " end"),
        cri("stdout", "F", "password=[REDACTED:password]"),
    ];
    for step in [1, 13, 10_000] {
        assert_eq!(filter(&builtin(), Container::Cri, input.concat().as_bytes(), step), expected.concat());
    }
    let id = |text: &str, id: &str| docker("stdout", text).replace(",\"time\"", &format!(",\"id\":\"{id}\",\"time\""));
    let input = [id("password=hun", "a"), id("x=1 ", "b"), id("ter2\n", "a"), id("y\n", "b")].concat();
    let out = filter(&builtin(), Container::Docker, input.as_bytes(), 50);
    assert_eq!(out, input.replace("hun\"", "[REDACTED:password]\"").replace("ter2", ""));
}

#[test]
fn a_key_block_over_many_parts_and_lines_leaks_nothing() {
    let (begin, body) = (["-----BEGIN ", "PRIVATE KEY-----"].concat(), filled("<<b64 64>>"));
    let lines: Vec<&str> = [&begin[..]].into_iter().chain([&body[..]; 9]).collect();
    for container in [Container::Cri, Container::Docker] {
        let whole = format!("key {}\\n", lines.join("\\n"));
        let pieces: Vec<&str> = whole.as_bytes().chunks(11).map(|c| std::str::from_utf8(c).unwrap()).collect();
        let out = filter(&builtin(), container, parts(container, "stdout", &pieces).concat().as_bytes(), 100);
        let leaked = |out: &str| body.as_bytes().windows(6).any(|w| out.contains(std::str::from_utf8(w).unwrap()));
        assert!(!leaked(&out), "{out}");
        // A record each, in parts, while the other stream goes on.
        let each = lines.iter().map(|line| {
            let (a, b) = line.split_at(9);
            let other = parts(container, "stderr", &["GET /index.html 200"]);
            [other.concat(), parts(container, "stdout", &[a, b]).concat()].concat()
        });
        let out = filter(&builtin(), container, each.collect::<String>().as_bytes(), 100);
        assert!(!leaked(&out), "{out}");
        assert_eq!(out.matches("GET /index.html 200").count(), 10);
    }
}

#[test]
fn what_breaks_off_is_masked_where_it_may_be_half_a_secret() {
    let redactor = builtin();
    for container in [Container::Cri, Container::Docker] {
        let half = parts(container, "stdout", &["it says gh", "p_abcd", "efgh ", "rest"]);
        let mut fragments = Fragments::new(&redactor, container);
        let mut out = Vec::new();
        fragments.push(half[0].as_bytes(), &mut out);
        fragments.push(half[1].as_bytes(), &mut out);
        fragments.age(&mut out);
        assert!(out.is_empty() && fragments.waits());
        fragments.age(&mut out);
        assert!(!out.is_empty() && !fragments.waits());
        half[2..].iter().for_each(|part| fragments.push(part.as_bytes(), &mut out));
        // The next record is whole.
        fragments.push(parts(container, "stdout", &["next"])[0].as_bytes(), &mut out);
        let expected = parts(container, "stdout", &["it says [REDACTED:unjudged]", "", "", ""]);
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out, [expected.concat(), parts(container, "stdout", &["next"]).concat()].concat());
        assert_eq!(fragments.tally().unjudged, 1);
        // At the end of the input, too; prose stays.
        let open = parts(container, "stdout", &["it says gh", ""])[0].clone();
        let out = filter(&redactor, container, open.as_bytes(), 5);
        assert_eq!(out, open, "a word");
        let open = open.replace("says gh", "says gh1");
        assert_eq!(filter(&redactor, container, open.as_bytes(), 5), open.replace("gh1", UNJUDGED));
        // Without the line's end, too.
        let torn = open.trim_end();
        let out = filter(&redactor, container, torn.as_bytes(), 5);
        assert_eq!(out, torn.replace("gh1", UNJUDGED));
    }
    let values = {
        let mut values = Values::builder();
        values.add("correct horse battery");
        redactor.with_values(values.build())
    };
    let out = filter(&values, Container::Cri, cri("stdout", "P", "a correct horse").as_bytes(), 99);
    assert_eq!(out, cri("stdout", "P", UNJUDGED));
    let cut = [cri("stdout", "P", "a correct hor"), cri("stdout", "F", "se battery b")].concat();
    let out = filter(&values, Container::Cri, cut.as_bytes(), 99);
    assert_eq!(out, [cri("stdout", "P", "a [REDACTED:known-value]"), cri("stdout", "F", " b")].concat());
}

#[test]
fn nothing_waits_without_bounds() {
    let redactor = builtin();
    let word = "nothing to see here 0 ";
    let line = cri("stdout", "P", &word.repeat(700));
    let mut fragments = Fragments::new(&redactor, Container::Cri);
    let mut out = Vec::new();
    for _ in 0..300 {
        fragments.push(line.as_bytes(), &mut out);
        assert!(fragments.held() < (1 << 20) + (300 << 10), "{}", fragments.held());
    }
    fragments.finish(&mut out);
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out.lines().count(), 300);
    assert_eq!(out.matches(UNJUDGED).count(), 1, "the record broke off, and its rest is masked");
    assert!(out.contains(word) && out.len() > 1 << 20 && out.len() < 2 << 20);
    // Many records at once.
    let open = |n: usize| docker("stdout", "a b1").replace(",\"time\"", &format!(",\"id\":\"c{n}\",\"time\""));
    let mut fragments = Fragments::new(&redactor, Container::Docker);
    let mut out = Vec::new();
    for n in 0..10_000 {
        fragments.push(open(n).as_bytes(), &mut out);
        assert!(fragments.held() < 256 * 200);
    }
    fragments.finish(&mut out);
    assert_eq!(String::from_utf8(out).unwrap().matches("a [REDACTED:unjudged]").count(), 10_000);
    assert_eq!(fragments.tally().unjudged, 10_000);
}

#[test]
fn lines_that_are_too_long_to_wait() {
    let redactor = builtin();
    let long = format!("{} password=hunter2 end", "x y ".repeat(100 << 10));
    for step in [1 << 12, 1 << 20] {
        // A whole record goes through the engine as ever.
        let whole = cri("stdout", "F", &long);
        let out = filter(&redactor, Container::Cri, whole.as_bytes(), step);
        assert!(out == whole.replace("hunter2", "[REDACTED:password]"));
        // A part nobody waits for, nor for its rest.
        let (a, b) = (cri("stdout", "P", &long), cri("stdout", "F", "rest"));
        let input = [cri("stderr", "P", "one "), a, b, cri("stdout", "F", "next")].concat();
        let out = filter(&redactor, Container::Cri, input.as_bytes(), step);
        let left = [
            cri("stderr", "P", "one "),
            cri("stdout", "P", UNJUDGED),
            cri("stdout", "F", ""),
            cri("stdout", "F", "next"),
        ];
        assert_eq!(out, left.concat());
        // What may be the rest of a record.
        let input =
            [docker("stdout", "one password=hun"), docker("stdout", &format!("{long}\n")), docker("stdout", "next\n")];
        let out = filter(&redactor, Container::Docker, input.concat().as_bytes(), step);
        assert!(!out.contains("hun") && out.lines().nth(1) == Some(UNJUDGED), "{out}");
    }
}

#[test]
fn without_parts_it_is_the_stream() {
    let redactor = Builder::default().build().unwrap();
    let records = records();
    for container in [Container::Cri, Container::Docker] {
        let mut input: String = records.iter().flat_map(|r| parts(container, "stderr", &[r])).collect();
        input += "\n\r\n{\nplain password=hunter2\r\nlast password=hunter2";
        let expected = plain(&redactor, input.as_bytes());
        for step in [1, 3, 1000, input.len()] {
            assert_eq!(filter(&redactor, container, input.as_bytes(), step), expected);
            assert_eq!(filter(&redactor, Container::Either, input.as_bytes(), step), expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// Any cuts of any records of two streams, in any order and chunks, against the oracle: join, redact whole, compare.
    #[test]
    fn any_cut_joins_to_what_the_whole_gives(
        which in prop::collection::vec((0..7usize, any::<bool>(), prop::collection::vec(any::<prop::sample::Index>(), 0..6)), 1..6),
        turns in prop::collection::vec(any::<bool>(), 60),
        docker in any::<bool>(),
        step in 1..500usize,
    ) {
        let redactor = Redactor::builtin();
        let container = if docker { Container::Docker } else { Container::Cri };
        let records = records();
        let (mut queues, mut whole) = ([Vec::new(), Vec::new()], [String::new(), String::new()]);
        for (record, error, cuts) in which {
            let record = &records[record];
            let stream = ["stdout", "stderr"][usize::from(error)];
            let mut at: Vec<usize> = cuts.iter().map(|cut| {
                let mut at = cut.index(record.len() + 1);
                while !record.is_char_boundary(at) { at -= 1 }
                at
            }).chain([0, record.len()]).collect();
            at.sort_unstable();
            let pieces: Vec<&str> = at.windows(2).map(|w| &record[w[0]..w[1]]).collect();
            queues[usize::from(error)].extend(parts(container, stream, &pieces));
            whole[usize::from(error)] += &parts(container, stream, &[record]).concat();
        }
        let mut input = String::new();
        let mut rest = queues.map(std::collections::VecDeque::from);
        for turn in turns.into_iter().chain([true, false].repeat(40)) {
            input += &rest[usize::from(turn)].pop_front().unwrap_or_default();
        }
        let out = filter(&redactor, container, input.as_bytes(), step);
        prop_assert_eq!(out.lines().count(), input.lines().count());
        for (i, stream) in ["stdout", "stderr"].into_iter().enumerate() {
            // Each record by itself: what one leaves open is another test's.
            let expected: String = whole[i].split_inclusive('\n').map(|line| plain(&redactor, line.as_bytes())).collect();
            prop_assert_eq!(joined(container, stream, &out), expected);
        }
        // Masking twice changes nothing.
        prop_assert_eq!(filter(&redactor, container, out.as_bytes(), 100), out);
    }
}
