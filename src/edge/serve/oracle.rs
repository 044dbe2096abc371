//! A lane against a naive one that has the whole stream at hand, over any cut.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::frame::Framing;
use super::lane::{Done, Lane};
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::rules::mask::Mask;
use crate::rules::rule::RuleId;

pub fn redactor() -> &'static Redactor {
    static ONE: OnceLock<Redactor> = OnceLock::new();
    ONE.get_or_init(Redactor::builtin)
}

/// Text as records have it: a secret now and then, line feeds, NULs, digits, characters of many bytes.
pub fn record() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 9] = [
        b"password=hunter2 ",
        b"<13>Oct 11 host app: ",
        b"12 ",
        b"\n",
        b"\0",
        b"\r",
        b"{\"a\":1}",
        "\u{e4}\u{20ac}\u{1f600}".as_bytes(),
        b"xyz",
    ];
    let piece = proptest::sample::select(&PIECES[..]);
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn framing() -> impl Strategy<Value = Framing> {
    proptest::sample::select(Framing::ALL.map(|(framing, ..)| framing).to_vec())
}

/// Records as a sender of that framing can write them, and the stream they make.
fn stream(records: Vec<Vec<u8>>, framing: Framing) -> (Vec<Vec<u8>>, Vec<u8>) {
    let records: Vec<Vec<u8>> = match framing.mark() {
        None => records.into_iter().filter(|r| !r.is_empty()).collect(),
        Some(mark) => records.into_iter().map(|r| r.into_iter().filter(|b| *b != mark).collect()).collect(),
    };
    let frame = |r: &Vec<u8>| match framing.mark() {
        None => [format!("{} ", r.len()).as_bytes(), r].concat(),
        Some(mark) => [&r[..], &[mark]].concat(),
    };
    let bytes = records.iter().flat_map(frame).collect();
    (records, bytes)
}

/// Cuts where no character is torn, unless there is none so short.
fn cut(mut text: &[u8], limit: usize) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while text.len() > limit {
        let whole = std::str::from_utf8(text).expect("records are text here");
        let at = (1..=limit).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(limit);
        parts.push(&text[..at]);
        text = &text[at..];
    }
    if parts.is_empty() || !text.is_empty() {
        parts.push(text);
    }
    parts
}

pub fn framed(part: &[u8], target: Framing) -> Vec<u8> {
    let ended = |text: &[u8], mark: u8| {
        let blank = |b: &u8| if *b == mark { b' ' } else { *b };
        text.iter().map(blank).chain([mark]).collect::<Vec<u8>>()
    };
    match target.mark() {
        None if part.is_empty() => Vec::new(),
        None => [format!("{} ", part.len()).as_bytes(), part].concat(),
        Some(b'\n') => ended(part.strip_suffix(b"\n").unwrap_or(part), b'\n'),
        Some(mark) => ended(part, mark),
    }
}

/// Other rules, whose masks tell what they masked.
fn others() -> &'static Redactor {
    static ONE: OnceLock<Redactor> = OnceLock::new();
    ONE.get_or_init(|| Redactor::builder().mask(Mask::Stars).build().expect("the built-in rules"))
}

fn run(bytes: &[u8], cuts: &[usize], received: Option<Framing>, target: Option<Framing>, limit: usize) -> Vec<u8> {
    try_run(bytes, cuts, received, target, limit).expect("this does not look like UTF-16").0
}

/// What leaves, and how many frames that is said to be. None where it looks like UTF-16, which some
/// streams with NULs do.
fn try_run(
    bytes: &[u8],
    cuts: &[usize],
    received: Option<Framing>,
    target: Option<Framing>,
    limit: usize,
) -> Option<(Vec<u8>, u64)> {
    let mut lane = Lane::new(redactor(), received, target, limit);
    let (mut out, mut at, mut frames) = (Vec::new(), 0, 0);
    let mut cuts: Vec<usize> = cuts.iter().map(|c| c % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    for cut in cuts.into_iter().chain([bytes.len()]) {
        frames += lane.push(&bytes[at..cut], &mut out).ok()?.frames;
        at = cut;
    }
    frames += lane.finish(&mut out).frames;
    Some((out, frames))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_lane_does_what_a_naive_one_does(
        records in proptest::collection::vec(record(), 0..6),
        received in framing(),
        target in proptest::option::of(framing()),
        limit in 8..200usize,
        cuts in proptest::collection::vec(any::<usize>(), 0..12),
        last in 0..3usize,
    ) {
        let (records, mut bytes) = stream(records, received);
        let to = target.unwrap_or(received);
        let mut expected: Vec<Vec<u8>> = Vec::new();
        let frames = |masked: &[u8]| cut(masked, limit).into_iter().map(|part| framed(part, to)).collect::<Vec<_>>();
        for record in &records {
            expected.extend(frames(&redactor().redact(record)));
        }
        // An unfinished record at the end.
        if last > 0 {
            let rest: &[u8] = b"password=hunter2";
            match received {
                Framing::Octet => bytes.extend([b"99 ", rest].concat()),
                _ => bytes.extend(rest),
            }
            expected.extend(frames(&redactor().redact(rest)));
        }
        let count = expected.iter().filter(|frame| !frame.is_empty()).count() as u64;
        let expected = expected.concat();
        let each: Vec<usize> = (0..bytes.len()).collect();
        let by_byte = try_run(&bytes, &each, Some(received), target, limit);
        prop_assume!(by_byte.is_some());
        let whole = try_run(&bytes, &[], Some(received), target, limit).unwrap();
        prop_assert_eq!(String::from_utf8_lossy(&whole.0), String::from_utf8_lossy(&expected));
        prop_assert_eq!(whole.1, count);
        prop_assert_eq!(&try_run(&bytes, &cuts, Some(received), target, limit).unwrap(), &whole);
        prop_assert_eq!(&by_byte.unwrap(), &whole);
    }

    /// Whatever comes: the same however it is cut, no byte of a secret, every count right.
    #[test]
    fn streams_that_are_no_frames_do_no_harm(
        pieces in proptest::collection::vec(record(), 0..6),
        received in proptest::option::of(framing()),
        cuts in proptest::collection::vec(any::<usize>(), 0..12),
    ) {
        let bytes = pieces.concat();
        let each: Vec<usize> = (0..bytes.len()).collect();
        let by_byte = try_run(&bytes, &each, received, Some(Framing::Octet), 64);
        prop_assume!(by_byte.is_some());
        let whole = run(&bytes, &[], received, Some(Framing::Octet), 64);
        prop_assert_eq!(&by_byte.unwrap().0, &whole);
        prop_assert_eq!(&run(&bytes, &cuts, received, Some(Framing::Octet), 64), &whole);
        let mut at = 0;
        while at < whole.len() {
            let blank = at + whole[at..].iter().position(|b| *b == b' ').unwrap();
            let count: usize = std::str::from_utf8(&whole[at..blank]).unwrap().parse().unwrap();
            prop_assert!((1..=64).contains(&count));
            at = blank + 1 + count;
        }
        prop_assert_eq!(at, whole.len());
    }
}

/// The first bytes tell the framing; and what is no count after all is text.
#[test]
fn framings_are_told_apart() {
    for (bytes, expected) in [
        (&b"<13>a\n<13>b\n"[..], &b"<13>a\n<13>b\n"[..]),
        (b"6 <1>a\nb5 <1>cd", b"6 <1>a\nb5 <1>cd"),
        (b"{\"a\":1}\0{\"b\":2}\0", b"{\"a\":1}\0{\"b\":2}\0"),
        (b"<1>a\0<1>b\n\0<1>c\0", b"<1>a\0<1>b\0<1>c\0"),
        (b"<1>a\n<1>b\0\0<1>c\n", b"<1>a\n<1>b\n<1>c\n"),
        (b"2026-01-01 one\n2026-01-02 two\n", b"2026-01-01 one\n2026-01-02 two\n"),
        (b"12", b"12\n"),
        // Lines that begin with a number.
        (b"12 errors in password=hunter2\n", b"12 errors in password=[REDACTED:password]\n"),
        (b"1700000000 <1>password=hunter2\n", b"1700000000 <1>password=[REDACTED:password]\n"),
        (b"9 <1>password=hunter2\n", b"9 <1>password=[REDACTED:password]\n"),
        // Line feeds between counted frames are passed over; what is no count is read as lines,
        // and leaves as it began, in counted frames.
        (b"4 <1>a\n4 <1>b\n", b"4 <1>a4 <1>b"),
        (b"4 <1>a4 <1>b0 b\nc\n", b"4 <1>a4 <1>b3 0 b1 c"),
        // The same key over two frames: what one leaves open is asked in the next.
        (b"6 <1>xyz20 <1>password=hunter2!", b"6 <1>xyz31 <1>password=[REDACTED:password]"),
    ] {
        for cuts in [vec![], (0..bytes.len()).collect::<Vec<_>>()] {
            let out = run(bytes, &cuts, None, None, 1000);
            assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(expected));
        }
    }
}

/// A private key over several frames is one secret, whatever the framing.
#[test]
fn key_blocks_span_frames() {
    let lines = [
        "-----BEGIN {}-----".replace("{}", "PRIVATE KEY"),
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7".to_owned(),
        "VJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNb".to_owned(),
        "-----END {}-----".replace("{}", "PRIVATE KEY"),
        "login ok".to_owned(),
    ];
    for (framing, ..) in Framing::ALL {
        let (_, bytes) = stream(lines.iter().map(|l| l.clone().into_bytes()).collect(), framing);
        let out = run(&bytes, &[], Some(framing), Some(Framing::Newline), 1000);
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains("MIIEvQ") && !text.contains("VJTUt9"), "{framing}: {text}");
        assert!(text.starts_with(&lines[0]) && text.ends_with("-----\nlogin ok\n"), "{framing}: {text}");
    }
}

/// A flush ends a record that a mark would have ended, and no other; what comes behind it is the next one.
#[test]
fn a_flush_ends_the_record_that_has_begun() {
    for (framing, ..) in Framing::ALL {
        let (_, whole) = stream(vec![b"login ok".to_vec()], framing);
        let begun = if framing.mark().is_some() { &whole[..whole.len() - 1] } else { &whole[..whole.len() - 2] };
        let mut lane = Lane::new(redactor(), Some(framing), Some(Framing::Newline), 1000);
        let mut out = Vec::new();
        lane.push(begun, &mut out).unwrap_or_else(|_| panic!("no UTF-16"));
        lane.flush(&mut out);
        let ended: &[u8] = if framing.mark().is_some() { b"login ok\n" } else { b"" };
        assert!(out == ended, "{framing}: {:?}", String::from_utf8_lossy(&out));
        for frame in [&whole[begun.len()..], &whole[..]] {
            lane.push(frame, &mut out).unwrap_or_else(|_| panic!("no UTF-16"));
        }
        lane.finish(&mut out);
        let lines = out.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        assert_eq!(lines.filter(|line| *line == b"login ok").count(), 2, "{framing}");
    }
}

/// A record of a gigabyte's kind: windows of it leave as frames of the limit, and a secret on any
/// edge does not.
#[test]
fn a_record_over_the_engines_limit_leaves_as_frames() {
    let mut record = b"<13>Oct 11 host app: ".to_vec();
    while record.len() < 3 << 20 {
        record.extend_from_slice(b"some words and password=hunter2Xq then more; ");
    }
    let limit = 64 << 10;
    for (framing, ..) in Framing::ALL {
        let (_, bytes) = stream(vec![record.clone(), b"next".to_vec()], framing);
        let mut lane = Lane::new(redactor(), Some(framing), Some(Framing::Octet), limit);
        let (mut out, mut over, mut held) = (Vec::new(), 0, 0);
        for chunk in bytes.chunks(64 << 10) {
            over += lane.push(chunk, &mut out).unwrap_or_else(|_| panic!("no UTF-16")).over;
            held = held.max(lane.held());
        }
        lane.finish(&mut out);
        assert_eq!(over, 1, "{framing}");
        assert!(held <= (1 << 20) + (192 << 10), "{held} held");
        assert!(out.ends_with(b"4 next"));
        let mut text = Vec::new();
        let mut at = 0;
        while at < out.len() {
            let blank = at + out[at..].iter().position(|b| *b == b' ').unwrap();
            let count: usize = std::str::from_utf8(&out[at..blank]).unwrap().parse().unwrap();
            assert!(count <= limit);
            text.extend_from_slice(&out[blank + 1..blank + 1 + count]);
            at = blank + 1 + count;
        }
        let expected = [&redactor().redact(&record)[..], b"next"].concat();
        assert!(text == expected, "{framing}: not the same text");
    }
}

/// Where each record's own bytes begin in the stream.
fn begins(records: &[Vec<u8>], framing: Framing) -> Vec<usize> {
    let mut at = 0;
    let mut begins = Vec::new();
    for record in records {
        let head = if framing.mark().is_none() { record.len().to_string().len() + 1 } else { 0 };
        begins.push(at + head);
        at += head + record.len() + usize::from(framing.mark().is_some());
    }
    begins
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// A record that has begun ends under the rules it began under, whatever its framing and however
    /// the stream is cut; the next one has the new rules, and each finding is counted once, by them.
    #[test]
    fn other_rules_hold_from_the_next_record_on(
        records in proptest::collection::vec(record(), 0..6),
        framing in framing(),
        cuts in proptest::collection::vec(any::<usize>(), 0..6),
        turn in any::<usize>(),
    ) {
        let (records, bytes) = stream(records, framing);
        let turn = turn % (bytes.len() + 1);
        let (mut expected, mut findings) = (Vec::new(), (0, 0));
        for (record, begin) in records.iter().zip(begins(&records, framing)) {
            let old = begin < turn;
            let rules = if old { redactor() } else { others() };
            *(if old { &mut findings.0 } else { &mut findings.1 }) += rules.findings(record).len() as u64;
            expected.extend(framed(&rules.redact(record), framing));
        }
        let mut lane = Lane::new(redactor(), Some(framing), None, 1 << 20);
        let (mut out, mut at, mut counted) = (Vec::new(), 0, (0, 0));
        let mut cuts: Vec<usize> = cuts.iter().map(|c| c % (bytes.len() + 1)).collect();
        cuts.push(turn);
        cuts.sort_unstable();
        let mut count = |done: Done, others_now: bool| {
            let of = |tally: &Tally| (0..redactor().rules().len()).map(|i| tally.of(RuleId(i as u16))).sum::<u64>();
            *(if others_now { &mut counted.1 } else { &mut counted.0 }) += of(&done.tally);
            counted.0 += done.before.map_or(0, |before| of(&before.0));
        };
        let now = |lane: &Lane| lane.redactor().rules().as_ptr() == others().rules().as_ptr();
        let mut turned = false;
        for cut in cuts.into_iter().chain([bytes.len()]) {
            let Ok(done) = lane.push(&bytes[at..cut], &mut out) else { return Ok(()) };
            count(done, now(&lane));
            at = cut;
            if at == turn && !turned {
                lane.renew(others());
                turned = true;
            }
        }
        let done = lane.finish(&mut out);
        count(done, now(&lane));
        prop_assert_eq!(out, expected);
        prop_assert_eq!(counted, findings);
    }
}

/// A key block over several records, and a value on the line below its key, end under the rules they
/// began under: the others would not know that they are open.
#[test]
fn what_a_record_leaves_open_ends_under_its_rules() {
    let mark = "-----";
    let header = format!("{mark}BEGIN RSA PRIVATE KEY{mark}\n");
    let body = format!("{}\n", "MIIEpAIBAAKCAQEA7bq3".repeat(3));
    let footer = format!("{mark}END RSA PRIVATE KEY{mark}\n");
    let nothing = Redactor::builder().only(["card"]).build().unwrap();
    let mut lane = Lane::new(redactor(), None, None, 1 << 20);
    let mut out = Vec::new();
    let mut push = |lane: &mut Lane, text: &str| {
        out.clear();
        assert!(lane.push(text.as_bytes(), &mut out).is_ok());
        String::from_utf8(out.clone()).unwrap()
    };
    push(&mut lane, &header);
    lane.renew(&nothing);
    assert!(!push(&mut lane, &body.repeat(3)).contains("MII"));
    push(&mut lane, &footer);
    // Here the new rules begin.
    assert_eq!(push(&mut lane, "password=hunter2\n"), "password=hunter2\n");
    assert_eq!(push(&mut lane, &body), body);
}
