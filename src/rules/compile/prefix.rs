//! Does a pattern begin with its literals? Asked of its automaton, not of its text.

use std::collections::HashSet;

use regex_automata::Anchored;
use regex_automata::dfa::{Automaton, dense::DFA};
use regex_automata::util::start;

/// Whether every match of `dfa` begins with one of `literals`.
///
/// Walks automaton and literals in step: at each state reached by a piece of a literal, every byte
/// that leads on must go on with a literal too. What is known of a state and the literals that are alive there is not
/// asked again: `A` and `a` mostly lead to one state, and a word of thirteen letters has 8,192 spellings.
pub fn begins_with<T: AsRef<[u32]>>(dfa: &DFA<T>, literals: &[String], fold: bool) -> bool {
    let Ok(first) = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)) else {
        return false;
    };
    let mut open = vec![(first, 0usize, literals.iter().map(String::as_bytes).collect::<Vec<_>>())];
    let mut asked = HashSet::new();
    while let Some((state, depth, alive)) = open.pop() {
        if alive.iter().any(|l| l.len() == depth) {
            continue; // this literal is complete: whatever follows begins with it
        }
        if dfa.is_match_state(dfa.next_eoi_state(state)) {
            return false; // a match shorter than a literal
        }
        for byte in 0..=255u8 {
            let next = dfa.next_state(state, byte);
            if dfa.is_dead_state(next) {
                continue;
            }
            let same = |l: &&[u8]| {
                if fold { l[depth].eq_ignore_ascii_case(&byte) } else { l[depth] == byte }
            };
            let on: Vec<&[u8]> = alive.iter().copied().filter(same).collect();
            if on.is_empty() || dfa.is_match_state(next) {
                return false;
            }
            let next = (next, depth + 1, on);
            if asked.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    true
}
