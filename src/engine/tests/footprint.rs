//! What an answer says it follows from against what was read for it.

use crate::engine::keys::cache::judge;
use crate::engine::notation::Record;
use crate::engine::notation::key::end_of;
use crate::engine::prefilter::candidate::Candidate;
use crate::engine::prefilter::lines::Lines;
use crate::engine::redactor::Redactor;
use crate::engine::scan::reject::RejectStage;
use crate::engine::scan::scratch::Scratch;
use crate::engine::tests::reject::text;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    /// What is remembered of a place that leads nowhere holds every byte that said so.
    #[test]
    fn a_reject_says_all_that_it_read(texts in prop::collection::vec(text(), 1..4)) {
        let redactor = Redactor::builtin();
        // Nothing is remembered at a block's ends.
        let edge = "- ".repeat(40);
        let block = [&edge, &*texts.concat(), &edge].concat();
        let (mut candidates, mut lines) = (Vec::new(), Lines::default());
        redactor.set.prefilter.find(block.as_bytes(), &mut candidates, &mut lines);
        for window in candidates.into_iter().filter(Candidate::is_fingerprint) {
            let (at, mut scratch) = (window.at as usize, Scratch::default());
            let mut stage = RejectStage::new(&redactor.set, block.as_bytes(), &lines);
            let Some(seen) = stage.verdict(window, &mut scratch).filter(|seen| seen.fits(at)) else { continue };
            let read = stage.take_read();
            let digits = block.as_bytes()[seen.to..].iter().take_while(|b| b.is_ascii_digit()).count();
            let end = if seen.number { seen.to + digits + 1 } else { seen.loose };
            let covers = read.is_empty() || seen.from <= read.start && read.end <= end;
            prop_assert!(covers, "{read:?} is not in {}..{end}: {:?}", seen.from, &block[..].split_at_checked(at));
        }
    }

    /// What is remembered of a key begins no later than what was read for it.
    #[test]
    fn a_keys_class_says_all_that_it_read(
        front in "(\n|x |the |[a-z]{20,30} |\"|\\\\n|%22|\u{1b}\\[36m|-|--|a.|\u{e9}|\u{ff0c}|\u{3002}|\u{5bc6}|api ){0,3}",
        key in "((api|public|db|the|x|[a-z]{20,30})[_. -]{1,2}){0,3}(key|Key|KEYs|token|tokens|sig|password|pass|\u{5bc6}\u{7801})(_?(2|id|value)){0,2}",
    ) {
        let redactor = Redactor::builtin();
        let text = [&*front, &key, "="].concat();
        let rec = Record::new(text.as_bytes(), 0, text.len());
        let lower = text.to_ascii_lowercase();
        for (at, _) in ["key", "token", "sig", "pass", "\u{5bc6}\u{7801}"].iter().flat_map(|word| lower.match_indices(word)) {
            let end = end_of(&rec, at);
            rec.take_read();
            let class = judge(&redactor.set.keys, &rec, at, end);
            let read = rec.take_read();
            prop_assert!(class.from <= read.start, "{} of {read:?}: {text:?}", class.from);
            prop_assert!(read.end <= end, "{end} of {read:?}: {text:?}");
        }
    }
}
