//! Masks that are ready against masks as they are drawn.

use crate::engine::api::builder::Builder;
use crate::engine::found::finding::{EndState, Finding, Until};
use crate::engine::mask::emit::{draw, render};
use crate::rules::mask::{Mask, Notation};
use crate::rules::rule::RuleId;

/// A mask that is ready is the mask as it is drawn, for every rule, notation and mark.
#[test]
fn what_is_ready_is_what_is_drawn() {
    let gone = Mask::parse("text:GONE").unwrap();
    for mask in [Mask::Label, gone, Mask::Stars, Mask::Keep { first: 2, last: 2 }, Mask::Remove] {
        let redactor = Builder::default().mask(mask).build().unwrap();
        let set = &redactor.set;
        let with = set.masking();
        let notations = [
            Notation::Text,
            Notation::Bare,
            Notation::BareInJson,
            Notation::Quoted,
            Notation::Number(1),
            Notation::Authority,
        ];
        for (i, notation) in (0..set.rules.len()).flat_map(|i| notations.map(|n| (i, n))) {
            for (end_state, force_label) in [
                (EndState::Closed, false),
                (EndState::Closed, true),
                (EndState::Open(Until::Bare), false),
                (EndState::Unjudged, false),
            ] {
                let f = Finding { end_state, force_label, ..Finding::new(0, 16, RuleId(i as u16), notation) };
                let (mut ready, mut drawn) = (Vec::new(), Vec::new());
                render(with, &f, b"q8Zr1Lw0mXv93TbN", &mut ready);
                draw(with, &f, b"q8Zr1Lw0mXv93TbN", &mut drawn);
                assert_eq!(ready, drawn, "{}", set.rules[i].id);
            }
        }
    }
}
