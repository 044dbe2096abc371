//! Overlapping findings -> one span each: a pure function, the same answer for the same bytes.

use crate::engine::found::finding::{EndState, Finding};
use crate::rules::mask::Notation;

/// Sorts the findings from index `from` on and joins those that overlap into their union, which
/// carries the rule of the leftmost, then longest, then first rule. Returns whether unlike spans
/// were joined.
pub(crate) fn resolve(findings: &mut Vec<Finding>, from: usize) -> bool {
    if findings.len() < from + 2 {
        return false;
    }
    let order = |f: &Finding| (f.start, std::cmp::Reverse(f.end), f.rule, rank(f.notation));
    match &mut findings[from..] {
        // As of a header and of what stands in it.
        [a, b] => {
            if order(b) < order(a) {
                std::mem::swap(a, b);
            }
        }
        more => more.sort_unstable_by_key(order),
    }
    let mut kept = from;
    let mut joined = false;
    for i in from + 1..findings.len() {
        let next = findings[i];
        let last = &mut findings[kept];
        if next.start < last.end {
            joined |= (next.start, next.end) != (last.start, last.end);
            last.notation = stronger(last.notation, next.notation);
            if next.end_state == EndState::Unjudged || (next.end >= last.end && last.end_state == EndState::Closed) {
                last.end_state = next.end_state;
            }
            last.force_label |= next.force_label;
            last.end = last.end.max(next.end);
        } else {
            kept += 1;
            findings[kept] = next;
        }
    }
    findings.truncate(kept + 1);
    joined
}

/// Which notation asks more of the mask.
fn rank(n: Notation) -> u8 {
    match n {
        Notation::Text => 0,
        Notation::Quoted => 1,
        Notation::Bare | Notation::BareInJson => 2,
        Notation::Number(_) => 3,
        // Brackets and colons mean something there.
        Notation::Authority => 4,
    }
}

/// The one of two notations that asks more.
pub(crate) fn stronger(a: Notation, b: Notation) -> Notation {
    if rank(b) > rank(a) { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::engine::found::finding::Finding;
    use crate::rules::mask::Notation;
    use crate::rules::rule::RuleId;
    use proptest::prelude::*;

    fn finding(start: usize, end: usize, rule: u16) -> Finding {
        Finding::new(start, end, RuleId(rule), Notation::Text)
    }

    #[test]
    fn the_union_carries_the_leftmost_then_longest_then_first() {
        let mut f = vec![finding(5, 9, 1), finding(2, 6, 7), finding(2, 4, 0), finding(9, 10, 3)];
        resolve(&mut f, 0);
        assert_eq!(f, [finding(2, 9, 7), finding(9, 10, 3)]);
    }

    proptest! {
        /// Against the naive answer: the set of covered bytes stays, spans do not overlap, and the
        /// order they come in does not matter.
        #[test]
        fn covers_the_same_bytes(spans in prop::collection::vec((0usize..60, 1usize..12, 0u16..5), 0..12)) {
            let mut all: Vec<_> = spans.iter().map(|(s, n, r)| finding(*s, s + n, *r)).collect();
            let mut covered = [false; 80];
            all.iter().for_each(|f| covered[f.start..f.end].fill(true));
            let mut turned: Vec<_> = all.iter().rev().copied().collect();
            resolve(&mut all, 0);
            resolve(&mut turned, 0);
            prop_assert_eq!(&all, &turned);
            let mut after = [false; 80];
            all.iter().for_each(|f| after[f.start..f.end].fill(true));
            prop_assert_eq!(covered.to_vec(), after.to_vec());
            prop_assert!(all.windows(2).all(|w| w[0].end <= w[1].start));
        }
    }
}
