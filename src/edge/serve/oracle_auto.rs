//! Framing that is found out, against a naive way that has the whole stream at hand, over any cut.

use super::count::FIRST_BYTES_MAX;
use super::frame::Framing;
use super::lane::Lane;
use super::oracle::{framed, record, redactor};
use proptest::prelude::*;

/// The records of a stream, and the framing it leaves in when that is to be the same.
fn naive(stream: &[u8]) -> (Vec<Vec<u8>>, Framing) {
    // A count of up to ten digits without a zero in front, a blank, and `{` or `<PRI>` of up to three digits.
    let frame = |from: &[u8]| {
        let digits = from.iter().take_while(|b| b.is_ascii_digit()).count();
        let rest = from[digits..].strip_prefix(b" ").filter(|_| (1..=10).contains(&digits) && from[0] != b'0')?;
        let priority = rest.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
        let least = match rest {
            [b'{', ..] => 2,
            [b'<', ..] if (1..=3).contains(&priority) && rest.get(1 + priority) == Some(&b'>') => priority + 2,
            _ => return None,
        };
        let count: usize = std::str::from_utf8(&from[..digits]).unwrap().parse().unwrap();
        (count >= least).then_some((digits + 1, digits + 1 + count))
    };
    let is_end = |b: &u8| matches!(b, b'\n' | b'\r' | 0);
    let begin = stream.iter().position(|b| *b != 0).unwrap_or(stream.len());
    let mut rest = &stream[begin..];
    let (mut records, mut framing, mut ended) = (Vec::new(), None, false);
    let first = frame(rest).filter(|(begin, end)| {
        let Some(behind) = rest.get(*end..) else { return false };
        let ends = behind.iter().take(2).take_while(|b| is_end(b)).count();
        let whole = rest[*begin] == b'<' || rest[*begin..*end].trim_ascii_end().ends_with(b"}");
        let fits = if behind.len() == ends { whole } else { frame(&behind[ends..]).is_some() };
        end - begin <= FIRST_BYTES_MAX && fits
    });
    if first.is_some() {
        framing = Some(Framing::Octet);
        while let Some((begin, end)) = frame(rest) {
            records.push(rest[begin..end.min(rest.len())].to_vec());
            rest = rest.get(end..).unwrap_or_default();
            rest = &rest[rest.iter().take_while(|b| is_end(b)).count()..];
        }
    }
    while !rest.is_empty() {
        let end = rest.iter().position(|b| matches!(b, b'\n' | 0));
        let mark = end.map_or(b'\n', |i| rest[i]);
        let text = &rest[..end.unwrap_or(rest.len())];
        // A NUL ends nothing behind another end.
        if !(mark == 0 && text.is_empty() && ended) {
            records.push(text.to_vec());
            framing = framing.or(Some(if mark == 0 { Framing::Nul } else { Framing::Newline }));
        }
        ended = true;
        rest = end.map_or(&[], |i| &rest[i + 1..]);
    }
    (records, framing.unwrap_or(Framing::Newline))
}

fn run(stream: &[u8], cuts: &[usize]) -> Option<Vec<u8>> {
    let mut lane = Lane::new(redactor(), None, None, 1 << 20);
    let (mut out, mut at) = (Vec::new(), 0);
    for cut in cuts.iter().copied().chain([stream.len()]) {
        lane.push(&stream[at..cut], &mut out).ok()?;
        at = cut;
    }
    lane.finish(&mut out);
    Some(out)
}

/// Stretches of a stream: frames, lines that look like frames, and text.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    fn counted(text: Vec<u8>) -> Vec<u8> {
        [format!("{} ", text.len()).as_bytes(), &text].concat()
    }
    let header = |text: Vec<u8>| [b"<13>", &text[..]].concat();
    let wrong = |(text, by): (Vec<u8>, usize)| [format!("{} <13>", text.len() + by).as_bytes(), &text].concat();
    prop_oneof![
        3 => record().prop_map(header).prop_map(counted),
        1 => record().prop_map(|text| counted([b"{", &text[..], b"}"].concat())),
        1 => record().prop_map(counted),
        1 => (record(), 0..9usize).prop_map(wrong),
        2 => record(),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"\0".to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn a_framing_is_found_out_as_the_naive_way_does(
        pieces in proptest::collection::vec(piece(), 0..6),
        cuts in proptest::collection::vec(any::<usize>(), 0..12),
    ) {
        let stream = pieces.concat();
        let each: Vec<usize> = (0..stream.len()).collect();
        let by_byte = run(&stream, &each);
        prop_assume!(by_byte.is_some());
        let (records, framing) = naive(&stream);
        let expected: Vec<u8> = records.iter().flat_map(|r| framed(&redactor().redact(r), framing)).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|c| c % (stream.len() + 1)).collect();
        cuts.sort_unstable();
        for out in [run(&stream, &[]).unwrap(), by_byte.unwrap(), run(&stream, &cuts).unwrap()] {
            prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
        }
    }
}

/// A stream that stops: what came leaves in the framing that it shows, and whatever comes later does
/// no harm.
#[test]
fn a_silence_tells_what_nothing_follows() {
    for (before, settled, flushed) in [
        (&b"5 <1>ab"[..], &b"5 <1>ab"[..], &b""[..]),
        (b"9 {\"a\": 12}", b"9 {\"a\": 12}", b""),
        // A line that begins with a number; its length is no count, and nothing is held back.
        (b"99 <1>password=hunter2\n", b"99 <1>password=[REDACTED:password]\n", b""),
        (b"12 errors in password=hunter2\n", b"12 errors in password=[REDACTED:password]\n", b""),
        // Neither end: only flush-after lets it leave.
        (b"<1>password=hunter2", b"", b"<1>password=[REDACTED:password]\n"),
        (b"99 <1>password=hunter2", b"", b"99 <1>password=[REDACTED:password]\n"),
        (b"1700000000", b"", b"1700000000\n"),
    ] {
        let mut lane = Lane::new(redactor(), None, None, 1 << 20);
        let mut out = Vec::new();
        assert!(lane.push(before, &mut out).is_ok());
        lane.settle(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(settled));
        out.clear();
        lane.flush(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(flushed));
        assert_eq!(lane.held(), 0);
        lane.finish(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(flushed));
    }
}
