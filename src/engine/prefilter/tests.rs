//! All variants against an oracle that takes the definitions at their word.

use std::ops::Range;

use proptest::prelude::*;

use super::bits::MASK;
use super::candidate::Candidate;
use super::driver::{CHUNK, LINE, LONG_LINE, MIDDLE, SHORT};
use super::lines::Lines;
use super::{Prefilter, Variant};
use crate::rules::check::groupings::GROUPINGS;
use crate::rules::plan::{BEGIN_GROUPS, GROUP, Literal, PLAIN_GROUPS, Plan};
use crate::rules::sample;

fn word((text, fold): (&str, bool)) -> Literal {
    // Two of three are looked for where a word may begin.
    let begins = text.len() % 3 > 0;
    Literal { bytes: text.as_bytes().into(), fold, begins }
}

fn literals() -> Vec<Literal> {
    let exact = "ghp_ gho_ github_pat_ xoxb- xoxp- AKIA ASIA sk_live_ -----BEGIN eyJ SG. hf_ ey.J aaa aaaa \
        hooks.slack.com/services/ ://: mongodb+srv:// glpat- AIza ya29. npm_ 0123 012 $6$ @@@ key_ Key= \x01\x02\x03";
    let folded = "passw pass pwd secret token key cred auth cookie sess bearer basic api_ api- jwt aAa 1-2- __-";
    (exact.split_whitespace().map(|w| (w, false)))
        .chain(folded.split_whitespace().map(|w| (w, true)))
        .chain([("bearer ", true), ("a longer word of sixty-four bytes, with its window anywhere 0123", true)])
        .map(word)
        .collect()
}

fn gates(literals: &[Literal]) -> Vec<(Variant, Prefilter)> {
    gates_by(literals, &Plan::choose(literals))
}

fn gates_by(literals: &[Literal], plan: &Plan) -> Vec<(Variant, Prefilter)> {
    Variant::available()
        .into_iter()
        .map(|variant| (variant, Prefilter::new(literals.to_vec(), plan, variant)))
        .collect()
}

/// The definitions, byte by byte.
fn oracle(literals: &[Literal], block: &[u8]) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for at in 0..block.len() {
        for (index, word) in literals.iter().enumerate() {
            let here = block[at..].get(..word.bytes.len());
            if here.is_some_and(|here| match word.fold {
                true => here.eq_ignore_ascii_case(&word.bytes),
                false => *here == *word.bytes,
            }) && (!word.begins || begins_at(block, at))
            {
                candidates.push((at, index as u32));
            }
        }
        if block[at] == b'@' {
            candidates.push((at, Candidate::AT));
        }
        let in_run = in_run(block, at);
        if in_run && !at.checked_sub(1).is_some_and(|before| self::in_run(block, before)) {
            let length = (at..block.len()).take_while(|&n| self::in_run(block, n)).count();
            let behind_point = at >= 2 && block[at - 1] == b'.' && block[at - 2].is_ascii_digit();
            if (length >= 13 || behind_point) && holds_number(block, at..at + length) {
                candidates.push((at, Candidate::DIGITS));
            }
        }
    }
    let mut candidates: Vec<Candidate> =
        candidates.into_iter().map(|(at, kind)| Candidate { at: at as u32, kind }).collect();
    candidates.sort();
    candidates
}

/// Twelve digits in a row, or groups of four, of exactly as many as some second group has, or two more, of four and
/// more, these at most ten bytes behind the first. (The first is longer
/// where an escape comes before it.)
fn holds_number(block: &[u8], run: Range<usize>) -> bool {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for at in run.filter(|at| block[*at].is_ascii_digit()) {
        match groups.last_mut() {
            Some(group) if group.end == at => group.end += 1,
            _ => groups.push(at..at + 1),
        }
    }
    let begins =
        |first: &Range<usize>| first.len() == 4 || first.len() > 4 && first.end >= 7 && block[first.end - 7] == b'%';
    let seconds = || GROUPINGS.iter().filter(|groups| groups.len() > 2).map(|groups| usize::from(groups[1]));
    let is_second = |digits: usize| seconds().any(|second| digits == second || digits == second + 2);
    groups.iter().any(|group| group.len() >= 12)
        || groups.windows(3).any(|three| {
            begins(&three[0]) && is_second(three[1].len()) && three[2].start <= three[0].end + 10 && three[2].len() >= 4
        })
}

fn begins_at(block: &[u8], at: usize) -> bool {
    let text: Vec<u8> = [b"        ", &block[..at]].concat().into_iter().rev().take(6).collect();
    let is_word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    let is_end = matches!(text[0], b'm' | b'K' | b'M' | b'k') && (!is_word(text[1]) || text[1].is_ascii_digit());
    !is_word(text[0]) || is_end || text[1..].iter().any(|byte| matches!(byte, b'\\' | b'%'))
}

fn in_run(block: &[u8], at: usize) -> bool {
    let digits = |from: Option<usize>, count: usize| {
        from.and_then(|from| block.get(from..from + count)).is_some_and(|text| text.iter().all(u8::is_ascii_digit))
    };
    let between = |first: usize, last: usize| digits(first.checked_sub(4), 4) && digits(Some(last + 1), 3);
    match block[at] {
        b'0'..=b'9' => true,
        b' ' | b'-' | b'+' | b'%' => between(at, at),
        0xC2 => block.get(at + 1) == Some(&0xA0) && between(at, at + 1),
        0xA0 => between(at, at) || at > 0 && block[at - 1] == 0xC2 && between(at - 1, at),
        _ => false,
    }
}

fn same(literals: &[Literal], gates: &[(Variant, Prefilter)], block: &[u8]) {
    let expected = oracle(literals, block);
    for (variant, gate) in gates {
        let kept = Candidate { at: 7, kind: 3 };
        let mut candidates = vec![kept];
        gate.find_literals(block, &mut Vec::new(), &mut candidates, &mut Lines::default());
        assert_eq!(candidates[0], kept, "{variant:?} changed what was there");
        assert_eq!(candidates[1..], expected, "{variant:?} in {:?}", block.escape_ascii().to_string());
    }
}

/// Pieces of text that are literals, or nearly, or runs of digits, or nearly.
fn scrap() -> impl Strategy<Value = Vec<u8>> {
    let literals = literals();
    let part =
        (0..literals.len(), 0..64usize, 1..64usize, any::<bool>()).prop_map(move |(word, from, count, upper)| {
            let bytes = &literals[word].bytes;
            let part: Vec<u8> = bytes.iter().skip(from % bytes.len()).take(count).copied().collect();
            if upper { part.to_ascii_uppercase() } else { part }
        });
    let whole = (0..self::literals().len()).prop_map(|word| self::literals()[word].bytes.to_vec());
    prop_oneof![
        3 => whole,
        3 => part,
        4 => "[0-9]{1,14}".prop_map(String::into_bytes),
        4 => prop::sample::select(vec![&b" "[..], b"-", b"+", b"%", b"\xA0", b"\xC2\xA0", b"\xC2", b".", b"  "])
            .prop_map(<[u8]>::to_vec),
        2 => prop::collection::vec(any::<u8>(), 1..6),
        4 => "(\\\\n|%25?22|\\\\u0022|\\[1;36m|\\[K|m|Km|_| |%|\\\\)".prop_map(String::into_bytes),
        2 => "[0-9]{4}[ -][0-9]{4,6}[ %-][0-9]{3,5}".prop_map(String::into_bytes),
        1 => "[ -~]{1,40}".prop_map(String::into_bytes),
        1 => Just(b"@".to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn variants_agree_with_the_oracle(scraps in prop::collection::vec(scrap(), 0..60)) {
        thread_local!(static GATES: Vec<(Variant, Prefilter)> = gates(&literals()));
        GATES.with(|gates| same(&literals(), gates, &scraps.concat()));
    }

    #[test]
    fn any_words_agree_with_the_oracle(
        literals in prop::collection::vec(("[ab_]{3,9}", any::<bool>()), 0..60),
        groups in (prop::sample::select(&PLAIN_GROUPS[..]), prop::sample::select(&BEGIN_GROUPS[..])),
        places in prop::collection::vec((0..7u8, 0..255u8), 60),
        text in "[abAB_ %\\\\]{0,200}",
    ) {
        let literals: Vec<Literal> = literals.iter().map(|(text, fold)| word((text, *fold))).collect();
        // Any plan must do, so one made at random, not the one that `choose` takes its time for.
        let mut plan = vec![groups.0 as u8, groups.1 as u8];
        let plain = (groups.0 * GROUP) as u8;
        for (word, (offset, bucket)) in literals.iter().zip(places) {
            let bucket = if word.begins { bucket % (plain + (groups.1 * GROUP) as u8) } else { bucket % plain };
            let offset = if bucket < plain { offset % (word.bytes.len() - word.window_len() + 1) as u8 } else { 0 };
            plan.extend([offset, bucket]);
        }
        let plan = Plan::decode(&plan.repeat(2), &literals).expect("a plan");
        same(&literals, &gates_by(&literals, &plan), text.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same literals stand wherever the bytes are the same that said which do.
    #[test]
    fn the_words_at_a_place_follow_from_what_was_seen(
        scraps in prop::collection::vec(scrap(), 0..40),
        others in prop::collection::vec((scrap(), scrap()), 1..6),
    ) {
        thread_local!(static GATES: Vec<(Variant, Prefilter)> = gates(&literals()));
        let text = scraps.concat();
        GATES.with(|gates| for (variant, gate) in gates {
            let at_place = |text: &[u8], window: Candidate| {
                let mut literals = Vec::new();
                gate.literals_at(text, window, &mut literals);
                literals.into_iter().map(|word| (window.at - word.at, word.kind)).collect::<Vec<_>>()
            };
            let mut candidates = Vec::new();
            gate.find(&text, &mut candidates, &mut Lines::default());
            for window in candidates.into_iter().filter(Candidate::is_fingerprint) {
                let seen = gate.footprint(&text, window);
                let Some(own) = text.get(seen.from..seen.loose).filter(|_| seen.from > 0) else { continue };
                for (front, behind) in &others {
                    let other = [front, own, behind].concat();
                    // The window is among the bytes seen.
                    let moved = Candidate { at: window.at - seen.from as u32 + front.len() as u32, ..window };
                    let (own, again) = (at_place(&text, window), at_place(&other, moved));
                    assert_eq!(own, again, "{variant:?} in {:?}", other.escape_ascii().to_string());
                }
            }
        });
    }
}

/// Text with about as much to find as a text can have.
fn dense(length: usize) -> Vec<u8> {
    let parts = [
        "ghp_",
        "gh",
        "keY",
        "pass",
        "4111 1111 1111 1111",
        "xoxb-",
        "@",
        "2024-01-02 03:04:05",
        "eyJ",
        "ey",
        "aaaaa",
        "1.411111111111e12",
        "12345678901234567890",
        "1234-5678",
        "%201234%20567890-1234",
        "%A01234 5678 9012",
        "109 089203 1867",
        " ",
        "sEcret",
        "hooks.slack.com/services",
        "/",
        "bearer ",
        "a LONGER word of sixty-four bytes, with its window anywhere 0123",
        "1234\u{A0}567\u{A0}12345678",
        "secre",
        r"a\u0022",
        "a%22",
    ];
    let mut text = Vec::new();
    let mut state = 1usize;
    while text.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.extend_from_slice(parts[(state >> 33) % parts.len()].as_bytes());
    }
    text.truncate(length);
    text
}

/// Zeros are what is read behind a block: each that passed would cost a look, in a short line most of its time.
#[test]
fn zeros_pass_no_hash_check() {
    for (variant, gate) in gates(&literals()) {
        assert!(!gate.confirm.may_be(0), "{variant:?}");
    }
}

#[test]
fn every_alignment_and_length() {
    let literals = literals();
    let gates = gates(&literals);
    let text = dense(500);
    for from in 0..MASK + 3 {
        for length in (0..300).step_by(if from == 0 { 1 } else { 7 }) {
            same(&literals, &gates, &text[from..from + length]);
        }
    }
}

#[test]
fn edges_of_pieces() {
    let literals = literals();
    let gates = gates(&literals);
    let piece = CHUNK * MASK;
    let find = [
        "github_pat_",
        "4111 1111 1111 1111",
        "1.123456789012",
        "12345678901234",
        "eyJ",
        "1234\u{A0}567 @@",
        r"a\x22ghp_",
    ];
    for item in find {
        for shift in 0..item.len() + 2 {
            let mut text = vec![b'.'; piece - shift];
            text.extend_from_slice(item.as_bytes());
            for tail in [0, 1, 70] {
                let mut text = text.clone();
                text.resize(text.len() + tail, b'.');
                same(&literals, &gates, &text);
            }
        }
    }
    same(&literals, &gates, &dense(2 * piece + 77));
}

#[test]
fn every_room_for_a_block() {
    let literals = literals();
    let gates = gates(&literals);
    let text = dense(CHUNK * MASK + 200);
    for room in [LINE, LONG_LINE, SHORT, MIDDLE, CHUNK * MASK] {
        for length in [room - MASK, room - 1, room, room + 1, room + 66, room + MASK + 3] {
            same(&literals, &gates, &text[..length]);
            same(&literals, &gates, &text[text.len() - length..]);
        }
    }
}

#[test]
fn a_log() {
    let literals = literals();
    same(&literals, &gates(&literals), sample::text(30_000, 3).as_bytes());
}

#[test]
fn bytes_of_one_value() {
    let literals = literals();
    let gates = gates(&literals);
    for byte in 0..=255 {
        same(&literals, &gates, &[byte; 200]);
    }
}

#[test]
fn dates_and_times_are_no_runs() {
    let gates = gates(&[]);
    let text = b"2024-01-02 03:04:05,123 2024-01-02T03:04:05.123456Z 20240102 030405 02/Jan/2024:03:04:05 +0000] 1700000000.123 10.0.0.1:8080\n081109 203615 148\n081109 203615 1480";
    for (variant, gate) in &gates {
        let mut candidates = Vec::new();
        gate.find_literals(&text[..], &mut Vec::new(), &mut candidates, &mut Lines::default());
        assert_eq!(candidates, [], "{variant:?}");
    }
}

#[test]
fn variants_have_names() {
    let available = Variant::available();
    assert_eq!(available.first(), Some(&Variant::Portable));
    assert_eq!(available.last(), Some(&Variant::detect()));
    for variant in available {
        assert_eq!(Variant::from_name(variant.name()), Some(variant));
    }
    assert_eq!(Variant::from_name("none"), None);
}

/// So that the tests above do not pass without it.
#[test]
#[cfg(target_arch = "aarch64")]
fn neon_is_what_arm_has() {
    assert_eq!(Variant::available(), [Variant::Portable, Variant::Neon]);
}

#[test]
#[should_panic(expected = "other literals")]
fn a_plan_for_other_words_is_refused() {
    let literals = literals();
    let _ = Prefilter::new(literals[1..].to_vec(), &Plan::choose(&literals), Variant::Portable);
}
