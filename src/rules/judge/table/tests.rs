//! The shipped table on lines of its own, and the judge's promises on any bytes.

use proptest::prelude::*;

use super::{BITS, Candidate, Kind, Score, Table, VERSION};

const SHIPPED: &[u8] = include_bytes!("../../../../patterns/judge.bin");

fn candidate<'a>(line: &'a str, value: &str, kind: Kind) -> Candidate<'a> {
    let at = line.find(value).unwrap();
    Candidate::new(line.as_bytes(), 0..line.len(), at..at + value.len(), kind)
}

#[test]
fn the_shipped_table_is_whole_and_says_where_it_is_from() {
    let table = Table::read(SHIPPED).unwrap();
    let origin = table.origin();
    assert!(origin.date.starts_with("20") && origin.date.len() == 10, "{}", origin.date);
    assert!(origin.corpora != [0; 32] && origin.learnt.0 > 10_000 && origin.learnt.1 > 1000);
    assert!(table.weights.iter().filter(|w| **w != 0).count() > 1 << (BITS - 2));
}

#[test]
fn what_is_no_table_is_refused() {
    let mut other = SHIPPED.to_vec();
    other[8..10].copy_from_slice(&(VERSION + 1).to_le_bytes());
    for bytes in [&b""[..], b"LVJUDGE1", &SHIPPED[1..], &SHIPPED[..SHIPPED.len() - 1], &other] {
        assert!(Table::read(bytes).is_err());
    }
}

#[test]
fn lines_are_judged_as_a_reader_would() {
    let table = Table::read(SHIPPED).unwrap();
    for (line, value, kind) in [
        ("acme api key 4f9c2d7a1b8e6035c4d2f7a918b3e60d", "4f9c2d7a1b8e6035c4d2f7a918b3e60d", Kind::Prose),
        ("client_secret=hunter2", "hunter2", Kind::Likely),
        ("apiKey=Zk3vQ9xT1mB7rL5pW8sD2hUn", "Zk3vQ9xT1mB7rL5pW8sD2hUn", Kind::Likely),
    ] {
        assert!(table.bits(&candidate(line, value, kind)) > Score(0), "{line}");
    }
    for (line, value, kind) in [
        ("pam_unix(chpasswd:chauthtok): user", "chauthtok", Kind::Any),
        ("\"session_id\":\"6383b290.21d\"", "6383b290.21d", Kind::Random),
        ("INFO [dd.trace_id=7505247948404374144 dd.span_id=1] done", "7505247948404374144", Kind::Card),
    ] {
        assert!(table.bits(&candidate(line, value, kind)) < Score(0), "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    /// No bytes make it panic, and none outside its window change what it says.
    #[test]
    fn only_the_window_is_read(
        text in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "[a-zA-Z0-9 =:\"'_.{}\\\\-]{0,300}".prop_map(String::into_bytes),
        ],
        start in 0..320usize,
        record in 0..320usize,
        len in 0..100usize,
        kind in prop::sample::select(&Kind::ALL[..]),
        noise in any::<u8>(),
    ) {
        let table = Table::read(SHIPPED).unwrap();
        let start = start.min(text.len());
        let value = start..start + len;
        let candidate = Candidate::new(&text, record..text.len(), value.clone(), kind);
        let score = table.bits(&candidate);
        let reach = Candidate::reach(record, &value);
        let mut other = text.clone();
        for (at, b) in other.iter_mut().enumerate() {
            if !reach.contains(&at) || at < record.min(start) {
                *b = noise;
            }
        }
        prop_assert_eq!(table.bits(&Candidate::new(&other, record..text.len(), value, kind)), score);
        // Each group's sum is rounded down by itself.
        let parts: i32 = table.why(&candidate).iter().map(|(_, part)| part.0).sum();
        prop_assert!((parts + table.bias - score.0).abs() <= 6, "{} {}", parts, score.0);
    }
}
