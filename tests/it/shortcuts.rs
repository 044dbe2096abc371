//! Each shortcut against the general way: with any of them switched off, and with all, the answers are the same.

use std::sync::LazyLock;

use logveil::{Redactor, Shortcut, Tally};
use proptest::prelude::*;

use crate::kit::{hash_key, masks, report, shown};
use crate::{texts, vectors};

/// A redactor without each shortcut, and one without all.
static WITHOUT: LazyLock<Vec<(String, Redactor)>> = LazyLock::new(|| {
    let one = |shortcut| (format!("{shortcut:?}"), Redactor::builder().without_shortcut(shortcut).build().unwrap());
    let none = Shortcut::ALL.into_iter().fold(Redactor::builder(), |builder, s| builder.without_shortcut(s));
    let mut all: Vec<_> = Shortcut::ALL.into_iter().map(one).collect();
    all.push(("all".into(), none.build().unwrap()));
    all
});

/// Output, counts by rule, and findings of a text; the work is a shortcut's own.
fn answers(redactor: &Redactor, text: &[u8]) -> (String, Tally, String) {
    let mut tally = Tally::default();
    let out = shown(&redactor.redact_counted(text, &mut tally));
    tally.work = 0;
    (out, tally, format!("{:?}", redactor.findings(text)))
}

#[test]
fn every_vector_is_answered_without_each_shortcut() {
    let whole = Redactor::builtin();
    let mut failures = Vec::new();
    for input in vectors::inputs() {
        let expected = answers(&whole, &input);
        for (name, redactor) in WITHOUT.iter() {
            if answers(redactor, &input) != expected {
                failures.push(format!("without {name}: {}", shown(&input)));
            }
        }
    }
    report("not the same", &failures);
}

#[test]
fn every_mask_is_the_same_without_all_shortcuts() {
    let mut failures = Vec::new();
    for (name, mask) in masks() {
        let builder = || Redactor::builder().mask(mask.clone()).hash_key(hash_key());
        let whole = builder().build().unwrap();
        let none = Shortcut::ALL.into_iter().fold(builder(), |builder, s| builder.without_shortcut(s)).build().unwrap();
        for input in vectors::inputs() {
            if whole.redact(&input) != none.redact(&input) {
                failures.push(format!("{name}: {}", shown(&input)));
            }
        }
    }
    report("not the same", &failures);
}

proptest! {
    #![proptest_config(texts::cases(700))]

    #[test]
    fn made_up_texts_are_answered_without_each_shortcut(text in prop_oneof![texts::text(), vectors::splices()]) {
        let expected = answers(&Redactor::builtin(), &text);
        for (name, redactor) in WITHOUT.iter() {
            prop_assert_eq!(&answers(redactor, &text), &expected, "without {} on {}", name, shown(&text));
        }
    }

    /// `explain` and `redact` speak of the same findings, with and without what `explain` asks besides.
    #[test]
    fn what_is_explained_is_what_is_masked(text in prop_oneof![texts::text(), vectors::splices()]) {
        for redactor in [&Redactor::builtin(), crate::kit::allowing()] {
            let explained = redactor.explain(&text);
            prop_assert_eq!(&explained.findings, &redactor.findings(&text), "{}", shown(&text));
        }
    }
}
