//! What a record says again of what was found in it, held to a naive answer; and how much of it is sought.

use logveil::Redactor;
use proptest::prelude::*;
use regex::Regex;

use crate::texts::cases;

const VALUE: &str = "hunter2x9";
const LABEL: &str = "[REDACTED:password]";

fn masked(text: &str) -> String {
    String::from_utf8(Redactor::builtin().redact(text.as_bytes()).into_owned()).unwrap()
}

/// The value wherever it stands as a word of its own.
fn naive(text: &str) -> String {
    let word = Regex::new(&format!("(^|[^A-Za-z0-9_]){VALUE}($|[^A-Za-z0-9])")).unwrap();
    // What ends one may begin the next.
    let once = word.replace_all(text, format!("${{1}}{LABEL}${{2}}"));
    word.replace_all(&once, format!("${{1}}{LABEL}${{2}}")).into_owned()
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn it_is_masked_wherever_it_is_a_word(
        before in prop::collection::vec(0usize..14, 0..6),
        behind in prop::collection::vec(0usize..14, 0..6),
    ) {
        let words = [
            "seen", "by", "10.0.0.1", "then", "(V)", "V", "\"V\"", "'V'", "V,", "xV", "V9", "_V", "/V/", "<V>",
        ];
        let text = |of: &[usize]| of.iter().map(|n| words[*n].replace('V', VALUE)).collect::<Vec<_>>().join(" ");
        let line = format!("{} password={VALUE} {}", text(&before), text(&behind));
        prop_assert_eq!(masked(&line), naive(&line));
    }
}

/// The work is bounded: two values of a long record are sought, none of one that holds more than 64.
#[test]
fn a_long_record_says_two_values_again() {
    let filler = "seen by 10.0.0.1 then ".repeat(4000);
    let values = ["hunter2x9", "correct7horse", "battery4staple"];
    let keys: String = values.iter().map(|value| format!("password={value} ")).collect();
    let text = masked(&format!("{keys}{filler}{}", values.join(" ")));
    assert!(text.ends_with(&format!("{LABEL} {LABEL} battery4staple")));
    let keys = |count: usize| -> String { (0..count).map(|n| format!("password=hunter2x{n} ")).collect() };
    assert!(masked(&format!("{}hunter2x0", keys(64))).ends_with(&format!("{LABEL} {LABEL}")));
    assert!(masked(&format!("{}hunter2x0", keys(65))).ends_with(&format!("{LABEL} hunter2x0")));
}
