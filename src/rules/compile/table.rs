//! The table of an automaton that was built, with its states numbered anew and bytes that it does not tell apart in one class.

use std::collections::HashMap;

use regex_automata::Anchored;
use regex_automata::dfa::{Automaton, dense::DFA};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;

use crate::rules::table::{Edge, Table};

/// Where each byte and the text's end lead.
type Row = [StateID; 257];

/// The table of `dfa`. `anywhere` says whether a search may begin anywhere.
///
/// # Errors
/// The number of bytes it would take, where these are too many.
pub fn of(dfa: &DFA<Vec<u32>>, anywhere: bool) -> Result<Table, usize> {
    let begun = Edge::ALL.map(|edge| start(dfa, edge, anywhere));
    let rows = reached(dfa, &begun);
    // Dead states are one, and the first; those of a match follow. The others stand as a search comes to them, so that
    // what is walked together stands together.
    let mut order: Vec<StateID> =
        rows.iter().map(|(state, _)| *state).filter(|state| !dfa.is_dead_state(*state)).collect();
    order.sort_by_key(|state| !dfa.is_match_state(*state));
    let matches = order.iter().filter(|state| dfa.is_match_state(**state)).count();
    let numbers: HashMap<StateID, usize> = order.iter().zip(1..).map(|(state, number)| (*state, number)).collect();
    let number = |state: &StateID| numbers.get(state).copied().unwrap_or(0);

    let of_state: HashMap<StateID, &Row> = rows.iter().map(|(state, row)| (*state, row)).collect();
    let column = |byte: usize| order.iter().map(|state| number(&of_state[state][byte])).collect::<Vec<usize>>();
    let mut columns: Vec<Vec<usize>> = Vec::new();
    let mut classes = [0; 256];
    for (byte, class) in classes.iter_mut().enumerate() {
        let column = column(byte);
        *class = columns.iter().position(|known| *known == column).unwrap_or_else(|| {
            columns.push(column);
            columns.len() - 1
        }) as u8;
    }
    columns.push(column(256));
    let dead = vec![0; columns.len()];
    let living = (0..order.len()).map(|state| columns.iter().map(|column| column[state]).collect());
    let rows: Vec<Vec<usize>> = std::iter::once(dead).chain(living).collect();
    let bytes = rows.len() * columns.len() * size_of::<u16>();
    Table::of(anywhere, matches, begun.map(|state| number(&state)), classes, &rows).ok_or(bytes)
}

/// The state that a search begins with.
fn start(dfa: &DFA<Vec<u32>>, edge: Edge, anywhere: bool) -> StateID {
    let anchored = if anywhere { Anchored::No } else { Anchored::Yes };
    let state = |behind| {
        let config = start::Config::new().look_behind(behind).anchored(anchored);
        dfa.start_state(&config).expect("it was built for such searches, and has no bytes to quit at")
    };
    let mut same = (0..=u8::MAX).map(Some).chain([None]).filter(|behind| Edge::of(*behind) == edge).map(state);
    let first = same.next().expect("each edge has a byte, or is the text's");
    debug_assert!(same.all(|other| other == first), "no assertion tells bytes of one edge apart");
    first
}

/// The states that a search comes to, in the order it does, with their rows.
fn reached(dfa: &DFA<Vec<u32>>, begun: &[StateID]) -> Vec<(StateID, Row)> {
    let mut states: Vec<StateID> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut add = |states: &mut Vec<StateID>, state: StateID| {
        debug_assert!(!dfa.is_quit_state(state), "nothing makes it quit");
        if seen.insert(state) {
            states.push(state);
        }
    };
    begun.iter().for_each(|state| add(&mut states, *state));
    let mut rows = Vec::new();
    while let Some(&state) = states.get(rows.len()) {
        let to =
            |at: usize| u8::try_from(at).map_or_else(|_| dfa.next_eoi_state(state), |byte| dfa.next_state(state, byte));
        let row: Row = std::array::from_fn(to);
        row.iter().for_each(|to| add(&mut states, *to));
        rows.push((state, row));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::{Automaton as _, of, start};
    use crate::rules::table::{DEAD, Edge, Table};
    use proptest::prelude::*;
    use regex_automata::dfa::{StartKind, dense};
    use regex_automata::util::syntax;
    use regex_automata::{MatchKind, nfa::thompson};

    const ATOMS: &[&str] = &[
        "a",
        "b",
        "[ab]",
        "[^a]",
        r"\.",
        r"\n",
        r"\r",
        "_",
        "[a-c0-9_]",
        r"[\x80-\xff]",
        r"\b",
        r"\B",
        "^",
        "$",
        "(?m:^)",
        "(?m:$)",
        "(?Rm:^)",
        "(?Rm:$)",
        "a|bc",
    ];
    const TIMES: &[&str] = &["", "?", "*", "+", "{2,3}", "{0,2}"];

    fn built(pattern: &str, anywhere: bool, reverse: bool) -> dense::DFA<Vec<u32>> {
        let (starts, matches) = match anywhere {
            true => (StartKind::Unanchored, MatchKind::LeftmostFirst),
            false => (StartKind::Anchored, MatchKind::All),
        };
        dense::Builder::new()
            .configure(dense::Config::new().start_kind(starts).match_kind(matches).accelerate(false))
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(thompson::Config::new().utf8(false).reverse(reverse))
            .build(pattern)
            .unwrap()
    }

    /// Walks both over `text` and says where they differ.
    fn compare(pattern: &str, anywhere: bool, reverse: bool, text: &[u8]) -> Result<(), TestCaseError> {
        let dfa = built(pattern, anywhere, reverse);
        let table = of(&dfa, anywhere).unwrap();
        prop_assert_eq!(Table::read(&table.write()), Some(table.clone()), "{}", pattern);
        for edge in Edge::ALL {
            let (mut theirs, mut ours) = (start(&dfa, edge, anywhere), table.start(edge));
            for byte in text {
                (theirs, ours) = (dfa.next_state(theirs, *byte), table.next(ours, *byte));
                prop_assert_eq!(dfa.is_match_state(theirs), table.is_match(ours), "{}", pattern);
                prop_assert_eq!(dfa.is_dead_state(theirs), ours == DEAD, "{}", pattern);
                prop_assert_eq!(table.is_special(ours), ours == DEAD || table.is_match(ours));
                let ends = dfa.is_match_state(dfa.next_eoi_state(theirs));
                prop_assert_eq!(ends, table.is_match(table.end(ours)), "{}", pattern);
            }
        }
        Ok(())
    }

    /// A table of more states than one byte tells apart.
    #[test]
    fn a_wide_table_is_read_as_it_was_written() {
        let text = [b"x".repeat(299), b"yzx".to_vec()].concat();
        for times in [253, 254, 255, 256, 299] {
            compare(&format!("x{{{times}}}y?z"), false, false, &text).unwrap();
        }
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let dfa = built("[a-z]{12000}", false, false);
        assert!(of(&dfa, false).is_err_and(|bytes| bytes > 64 * 1024));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        /// Step by step what the automaton says that it was made of.
        #[test]
        fn a_table_leads_where_its_automaton_does(
            parts in prop::collection::vec(
                (prop::sample::select(ATOMS), prop::sample::select(TIMES)),
                0..6,
            ),
            flags in any::<(bool, bool)>(),
            text in prop::collection::vec(prop::sample::select(&b"abc.\n\r_9 \xff"[..]), 0..12),
        ) {
            let pattern: String = parts.iter().map(|(atom, times)| format!("(?:{atom}){times}")).collect();
            compare(&pattern, flags.0, flags.1 && !flags.0, &text)?;
        }
    }
}
