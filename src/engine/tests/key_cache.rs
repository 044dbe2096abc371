//! What is remembered of a key against what is said of it anew.

use crate::engine::keys::cache::{KeyCache, classify, judge};
use crate::engine::notation::Record;
use crate::engine::notation::key::{around, end_of};
use crate::engine::redactor::Redactor;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// What is remembered is what would be said anew, whatever was asked before.
    #[test]
    fn a_verdict_is_the_same_again(
        texts in prop::collection::vec(
            "[ \"\\\\%{]?((api|public|db|max|the|x|[a-z]{20,30})[_. -]{1,2}){0,3}(key|Key|token|tokens|sig|password|pass)(_?(2|id|value|[a-z]{9})){0,2}[ =:]{1,40}",
            1..30,
        )
    ) {
        let redactor = Redactor::builtin();
        let keys = &redactor.set.keys;
        let mut verdicts = KeyCache::default();
        // At the front of a block and behind another line of it.
        let fronts = ["", "\n", "a pass\n", "api_key=1 and more of it all\n"];
        for (text, front) in texts.iter().flat_map(|text| fronts.map(|front| (text, front))).chain(texts.iter().map(|text| (text, ""))) {
            let block = format!("{front}{text}");
            let rec = Record::new(block.as_bytes(), front.len(), block.len());
            let lower = block.to_lowercase();
            let places = ["key", "token", "sig", "pass"].iter().flat_map(|word| lower.match_indices(word));
            for (at, _) in places.filter(|(at, _)| *at >= front.len()) {
                let end = end_of(&rec, at);
                let (new, again) = (judge(keys, &rec, at, end), verdicts.judge(keys, &rec, at, end));
                prop_assert_eq!((again.known, again.plain), (new.known, new.plain), "{}", block);
                prop_assert_eq!(again.known, classify(keys, &rec, &around(&rec, at, end)), "{}", block);
                prop_assert!(again.from <= new.from, "{}", block);
            }
        }
    }
}
