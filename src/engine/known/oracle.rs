//! The table of windows against a naive search of all forms at each offset, and against an automaton.

use aho_corasick::{AhoCorasick, MatchKind};
use proptest::prelude::*;

use super::digits::is_base64;
use super::form::{Ends, Form, Hit};
use super::values::Values;

fn text_of<'a>(values: &'a Values, form: &Form) -> &'a [u8] {
    &values.bytes.as_slice()[form.start as usize..(form.start + form.len) as usize]
}

/// Every form compared at every offset.
fn naive(values: &Values, text: &[u8]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for form in &values.forms {
        let own = text_of(values, form);
        for start in (0..text.len()).filter(|at| text[*at..].starts_with(own)) {
            let end = start + own.len();
            let word = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
            let (start, end) = match form.ends {
                Ends::Words
                    if start > 0 && word(text.get(start - 1)) || form.ends == Ends::Words && word(text.get(end)) =>
                {
                    continue;
                }
                Ends::Words | Ends::Anywhere => (start, end),
                Ends::Run => {
                    let before = text[..start].iter().rposition(|b| !is_base64(*b)).map_or(0, |at| at + 1);
                    let behind = text[end..].iter().position(|b| !is_base64(*b)).map_or(text.len(), |at| end + at);
                    (before, behind)
                }
            };
            hits.push(Hit { start, end, unjudged: false });
        }
    }
    hits.sort_unstable();
    hits.dedup();
    hits
}

fn found(values: &Values, text: &[u8]) -> Vec<Hit> {
    let mut hits = Vec::new();
    values.find(text, &mut hits);
    hits
}

fn build(all: &[String], min_bytes: usize) -> Values {
    let mut builder = Values::builder().min_bytes(min_bytes);
    for value in all {
        builder.add(value.as_str());
    }
    builder.build()
}

/// A text with forms of the values in it, whole, cut and glued together.
fn planted(values: &Values, picks: &[(usize, usize, String)]) -> Vec<u8> {
    let mut text = Vec::new();
    for (pick, cut, between) in picks {
        if let Some(form) = values.forms.get(pick % values.forms.len().max(1)) {
            let own = text_of(values, form);
            text.extend_from_slice(&own[..own.len() - cut % 3 % own.len()]);
        }
        text.extend_from_slice(between.as_bytes());
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn it_finds_what_a_naive_search_finds(
        all in prop::collection::vec("[a-zA-Z0-9 !\"'<&>/=%+é🔑\\\\]{6,24}", 1..6),
        picks in prop::collection::vec((any::<usize>(), 0usize..4, "[a-z0-9 =:\"/]{0,9}"), 1..12),
        min_bytes in 4usize..9,
    ) {
        let values = build(&all, min_bytes);
        let text = planted(&values, &picks);
        prop_assert!(found(&values, &text) == naive(&values, &text));
    }

    /// Values that overlap themselves and each other, in texts made of the same signs.
    #[test]
    fn values_that_overlap_themselves(
        all in prop::collection::vec("[ab-]{4,14}|aab-secret|secret-aab-secret", 1..5),
        text in "[ab-]{0,90}|([ab-]{0,4}(aab-|secret)){0,9}",
    ) {
        let values = build(&all, 4);
        prop_assert!(found(&values, text.as_bytes()) == naive(&values, text.as_bytes()));
    }

    /// The automaton that this takes the place of.
    #[test]
    fn it_finds_what_an_automaton_finds(
        all in prop::collection::vec("[a-zA-Z0-9/+&]{8,24}", 1..40),
        picks in prop::collection::vec((any::<usize>(), 0usize..4, "[a-z0-9 =:\"/]{0,9}"), 1..30),
    ) {
        let mut builder = Values::builder().encodings(super::forms::Encoding::ALL.into_iter().filter(|e| e.name() != "base64"));
        all.iter().for_each(|value| _ = builder.add(value.as_str()));
        let values = builder.build();
        let text = planted(&values, &picks);
        let forms: Vec<&[u8]> = values.forms.iter().map(|form| text_of(&values, form)).collect();
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(forms).unwrap();
        let hits = automaton.find_overlapping_iter(&text).map(|m| Hit { start: m.start(), end: m.end(), unjudged: false });
        let mut hits: Vec<Hit> = hits.collect();
        hits.sort_unstable();
        hits.dedup();
        prop_assert!(found(&values, &text) == hits);
    }
}

/// Windows of five and six bytes, which only many values have.
#[test]
fn many_values() {
    let mut drawn = 7u64;
    let mut draw = || {
        drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        drawn >> 33
    };
    for count in [1usize, 100, 3_000, 25_000] {
        let mut builder = Values::builder();
        let all: Vec<String> = (0..count).map(|_| format!("{:08x}{:07x}", draw(), draw())).collect();
        all.iter().for_each(|value| _ = builder.add(value.as_str()));
        let values = builder.build();
        let picked: Vec<&String> = (0..200).map(|_| &all[draw() as usize % all.len()]).collect();
        let text: String = picked.iter().map(|value| format!("x{value}y {:x} ", draw())).collect();
        let hits = found(&values, text.as_bytes());
        let mut at = 0;
        for value in picked {
            let hit = Hit { start: at + 1, end: at + 1 + value.len(), unjudged: false };
            assert!(hits.binary_search(&hit).is_ok(), "of {count} values one is not found");
            at = text[at..].find(' ').map_or(0, |end| at + end + 1);
            at = text[at..].find(' ').map_or(0, |end| at + end + 1);
        }
    }
}

/// A value that repeats itself in a log that does: what cannot be compared in time is masked, and nothing stands still.
#[test]
fn what_repeats_itself_costs_no_more_than_it_may() {
    let value = "ab".repeat(16 << 10);
    let mut builder = Values::builder();
    builder.add(value.as_str());
    let values = builder.build();
    let text = format!("{}\nclean\n{}\n", "ab".repeat(100 << 10), "ab".repeat(10));
    let hits = found(&values, text.as_bytes());
    assert!(hits.iter().any(|hit| hit.unjudged && hit.start == 0 && hit.end == 200 << 10));
    assert!(hits.iter().all(|hit| hit.end <= 200 << 10));
}

/// Tokens that are alike but for their last bytes, in a log full of others of their kind: no line is given up.
#[test]
fn tokens_that_are_alike_in_front() {
    let front = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwic3ViIjoi";
    let mut builder = Values::builder();
    for n in 0..2_000u32 {
        builder.add(format!("{front}{:024x}", u128::from(n + 1) * 0x9E37_79B9_7F4A_7C15_F39C));
    }
    let values = builder.build();
    let text: String = (0..500).map(|n| format!("GET /{n} {front}{n:07}x\n")).collect();
    assert!(found(&values, text.as_bytes()).is_empty());
}
