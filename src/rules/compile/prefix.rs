//! Does a pattern begin with its literals? Asked of its automaton, not of its text.

use std::collections::HashSet;

use crate::rules::table::{DEAD, Edge, Table};

/// Whether every match of `table` begins with one of `literals`.
///
/// Walks automaton and literals in step: at each state reached by a piece of a literal, every byte
/// that leads on must go on with a literal too. What is known of a state and the literals that are alive there is not
/// asked again: `A` and `a` mostly lead to one state, and a word of thirteen letters has 8,192 spellings.
pub fn begins_with(table: &Table, literals: &[String], fold: bool) -> bool {
    let mut open = vec![(table.start(Edge::Text), 0usize, literals.iter().map(String::as_bytes).collect::<Vec<_>>())];
    let mut asked = HashSet::new();
    while let Some((state, depth, alive)) = open.pop() {
        if alive.iter().any(|l| l.len() == depth) {
            continue; // this literal is complete: whatever follows begins with it
        }
        if table.is_match(table.end(state)) {
            return false; // a match shorter than a literal
        }
        for byte in 0..=255u8 {
            let next = table.next(state, byte);
            if next == DEAD {
                continue;
            }
            let same = |l: &&[u8]| {
                if fold { l[depth].eq_ignore_ascii_case(&byte) } else { l[depth] == byte }
            };
            let on: Vec<&[u8]> = alive.iter().copied().filter(same).collect();
            if on.is_empty() || table.is_match(next) {
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
