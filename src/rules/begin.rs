//! The states in which an automaton begins, asked for once: the way to them is longer than that through
//! most words.

use regex_automata::Anchored;
use regex_automata::dfa::{Automaton as _, dense::DFA};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;

type Dfa = DFA<Vec<u32>>;

/// Where anchored searches begin, by what stands before.
#[derive(Debug, Clone, Default)]
pub struct Begins([Option<StateID>; 5]);

impl Begins {
    /// Those of an automaton; none of them if it tells apart what these do not.
    pub fn of(dfa: &Dfa) -> Begins {
        let state = |behind| state(dfa, behind, Anchored::Yes);
        let begins = Begins([None, Some(b'\n'), Some(b'\r'), Some(b'a'), Some(b' ')].map(state));
        let same = (0..0x80).all(|behind| begins.0[kind(Some(behind))] == state(Some(behind)));
        if same { begins } else { Begins::default() }
    }

    /// The state behind that byte, if it is known.
    pub fn behind(&self, behind: Option<u8>) -> Option<StateID> {
        if behind.is_none_or(|b| b.is_ascii()) { self.0[kind(behind)] } else { None }
    }
}

/// What regexes tell apart by what stands before: nothing, the two line ends, parts of words, all else.
fn kind(behind: Option<u8>) -> usize {
    match behind {
        None => 0,
        Some(b'\n') => 1,
        Some(b'\r') => 2,
        Some(b) if b.is_ascii_alphanumeric() || b == b'_' => 3,
        Some(_) => 4,
    }
}

/// The state in which a search begins behind that byte.
pub fn state(dfa: &Dfa, behind: Option<u8>, anchored: Anchored) -> Option<StateID> {
    dfa.start_state(&start::Config::new().look_behind(behind).anchored(anchored)).ok()
}
