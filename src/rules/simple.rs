//! Shapes as they stand behind a scheme: a literal and a blank that stay, then one run of like bytes.
//! What such a shape finds in a run is told from its two automata once, not in a step a byte.

use regex_automata::dfa::{Automaton as _, dense::DFA};
use regex_automata::util::primitives::StateID;

use super::automaton::{Automaton, state_behind};
use super::bytes::{Bytes, until};

type Dfa = DFA<Vec<u32>>;

/// The most bytes of a run before its automaton stays in one state.
const STEPS_MAX: usize = 64;

/// What a shape's automata say of every text that reads `literal`, `blanks`, a run.
#[derive(Debug, Clone)]
pub struct Simple {
    literal: usize,
    /// Whether so many blanks may stand behind the literal.
    blanks: [bool; 2],
    /// The fewest bytes of a run that this is said of.
    least: usize,
    /// Bytes that are not the run's.
    strange: Bytes,
    /// Bytes behind a run with which it ends for sure.
    ends: Bytes,
}

impl Simple {
    /// What the automata of what is kept and of the secret say, if the shape is one of these. `fold` says
    /// that the literal's case is ignored, `word` that a word must end with the secret. What the engine
    /// reads besides them in or behind a run, as labels and quotes, is no part of one.
    pub fn of(keep: &Automaton, literal: &str, fold: bool, pattern: &Automaton, word: bool) -> Option<Simple> {
        let (least, run, mut ends) = run(pattern.dfa().ok()?)?;
        if run.iter().any(|b| matches!(b, b'[' | b'<' | b'"' | b'\'')) {
            return None;
        }
        ends.retain(|b| !(word && b.is_ascii_alphanumeric()));
        let blanks = [0, 1].map(|n| keeps(keep, literal, fold, n, &run) == Some(true));
        let (strange, ends) = (Bytes::of(&run).others(), Bytes::of(&ends));
        blanks.contains(&true).then_some(Simple { literal: literal.len(), blanks, least, strange, ends })
    }

    /// Whether the shape, whose literal stands at `at`, keeps what is before `start` and finds what is
    /// before `end`, where the record ends at `rec_end`. `work` grows as by its automata.
    pub fn finds(&self, hay: &[u8], at: usize, start: usize, end: usize, rec_end: usize, work: &mut u64) -> bool {
        let blanks = start.checked_sub(at + self.literal).and_then(|n| self.blanks.get(n)) == Some(&true);
        let ends = end == rec_end || (end < rec_end && self.ends.has(hay[end]));
        if !blanks || !ends || start + self.least > end || hay[at + self.literal..start].iter().any(|b| *b != b' ') {
            return false;
        }
        let finds = until(hay, start, end, &self.strange) == end;
        if finds {
            // Each looks at one byte more to know that it has ended, and at one more to know that for sure.
            *work += (start - at) as u64 + 2 + (end - start) as u64 + 1 + u64::from(end < rec_end);
        }
        finds
    }
}

/// The fewest bytes behind which the automaton stays in one state, whose texts all match; the bytes
/// that it stays there with; those with which the longest match ends.
fn run(dfa: &Dfa) -> Option<(usize, Vec<u8>, Vec<u8>)> {
    let mut state = state_behind(dfa, b"", false)?;
    let run: Vec<u8> = (0..=u8::MAX).filter(|b| !dfa.is_dead_state(dfa.next_state(state, *b))).collect();
    for least in 0..STEPS_MAX {
        let next = one(run.iter().map(|b| dfa.next_state(state, *b)))?;
        if next == state {
            let matches = (0..=u8::MAX).all(|b| dfa.is_match_state(dfa.next_state(state, b)));
            let ends = (0..=u8::MAX).filter(|b| is_last(dfa, dfa.next_state(state, *b))).collect();
            return (matches && dfa.is_match_state(dfa.next_eoi_state(state)) && least >= 2)
                .then_some((least, run, ends));
        }
        if dfa.is_quit_state(next) || dfa.is_dead_state(next) {
            return None;
        }
        state = next;
    }
    None
}

/// Whether what is kept ends, for sure, behind the literal and so many blanks, whichever byte of a run
/// comes next.
fn keeps(keep: &Automaton, literal: &str, fold: bool, blanks: usize, run: &[u8]) -> Option<bool> {
    let dfa = keep.dfa().ok()?;
    let state = state_behind(dfa, &[literal.as_bytes(), &b" ".repeat(blanks)].concat(), fold)?;
    Some(run.iter().all(|b| is_last(dfa, dfa.next_state(state, *b))))
}

/// Whether this state shows a match, late by one byte, and no longer one follows.
fn is_last(dfa: &Dfa, state: StateID) -> bool {
    dfa.is_match_state(state)
        && (0..=u8::MAX).all(|b| dfa.is_dead_state(dfa.next_state(state, b)))
        && !dfa.is_match_state(dfa.next_eoi_state(state))
}

/// What all of them are.
fn one<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|next| next == first).then_some(first)
}
