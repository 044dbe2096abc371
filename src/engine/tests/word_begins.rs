//! Where words begin, as the notation says it and as the prefilter's plan does.

use crate::engine::notation::{Record, escape::word_begins};
use crate::rules::plan::may_begin;
use proptest::prelude::*;

proptest! {
    #[test]
    fn where_the_engine_says_so_a_word_may_begin(
        text in prop::collection::vec(prop::sample::select(b"\\\\%[;25mKnux04aZ_ \x1b\xC3".as_slice()), 1..14),
    ) {
        let rec = Record::new(&text, 0, text.len());
        for at in 0..text.len() {
            prop_assert!(!word_begins(&rec, at) || may_begin(&text, at), "{at} in {:?}", text.escape_ascii().to_string());
        }
    }
}
