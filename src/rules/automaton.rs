//! One compiled pattern: serialised bytes, loaded when first asked.

use std::sync::OnceLock;

use bytes::Bytes;
use regex_automata::Anchored;
use regex_automata::dfa::{Automaton as _, dense::DFA};
use regex_automata::util::start;

/// The largest automaton a rule may have, in bytes.
pub const AUTOMATON_BYTES_MAX: usize = 64 * 1024;

/// The automaton could not answer; what it was asked about must be masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unjudged;

/// A dense DFA in its serialised form. It is built ahead of time and decoded at its first use, so
/// that a rule that never comes up costs nothing at start.
#[derive(Debug, Clone)]
pub struct Automaton {
    raw: Bytes,
    loaded: OnceLock<Option<Box<DFA<Vec<u32>>>>>,
}

impl Automaton {
    /// Takes serialised bytes as they are; [`Automaton::check`] or the first use decodes them.
    pub fn from_raw(raw: Bytes) -> Self {
        Automaton { raw, loaded: OnceLock::new() }
    }

    /// The serialised bytes.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// Whether the bytes are an automaton at all.
    pub fn check(&self) -> bool {
        self.dfa().is_ok()
    }

    fn dfa(&self) -> Result<&DFA<Vec<u32>>, Unjudged> {
        self.loaded.get_or_init(|| decode(&self.raw)).as_deref().ok_or(Unjudged)
    }

    /// End of the longest match that begins at `at` and ends at or before `end`. `work` grows by
    /// the bytes looked at.
    pub fn longest(&self, hay: &[u8], at: usize, end: usize, work: &mut u64) -> Result<Option<usize>, Unjudged> {
        self.run(hay, at, end, Anchored::Yes, work)
    }

    /// End of the leftmost-starting match at or after `at`, for automata built unanchored.
    pub fn search(&self, hay: &[u8], at: usize, end: usize, work: &mut u64) -> Result<Option<usize>, Unjudged> {
        self.run(hay, at, end, Anchored::No, work)
    }

    /// Whether the whole of `text` matches, as if nothing stood around it.
    pub fn is_whole(&self, text: &[u8], work: &mut u64) -> Result<bool, Unjudged> {
        self.run(text, 0, text.len(), Anchored::Yes, work).map(|end| end == Some(text.len()))
    }

    /// Whether the bytes from `at` to `end` are enough to tell that no match begins at `at`.
    pub fn dies(&self, hay: &[u8], at: usize, end: usize, work: &mut u64) -> bool {
        let Ok(dfa) = self.dfa() else { return false };
        let behind = at.checked_sub(1).and_then(|i| hay.get(i)).copied();
        let config = start::Config::new().look_behind(behind).anchored(Anchored::Yes);
        let Ok(mut state) = dfa.start_state(&config) else { return false };
        for (i, &byte) in hay.get(at..end).unwrap_or_default().iter().enumerate() {
            state = dfa.next_state(state, byte);
            if dfa.is_special_state(state) {
                *work += i as u64 + 1;
                return dfa.is_dead_state(state);
            }
        }
        false
    }

    fn run(
        &self,
        hay: &[u8],
        at: usize,
        end: usize,
        anchored: Anchored,
        work: &mut u64,
    ) -> Result<Option<usize>, Unjudged> {
        let dfa = self.dfa()?;
        let behind = at.checked_sub(1).and_then(|i| hay.get(i)).copied();
        let config = start::Config::new().look_behind(behind).anchored(anchored);
        let mut state = dfa.start_state(&config).map_err(|_| Unjudged)?;
        let mut last = None;
        for (i, &byte) in hay.get(at..end).ok_or(Unjudged)?.iter().enumerate() {
            state = dfa.next_state(state, byte);
            if dfa.is_special_state(state) {
                if dfa.is_match_state(state) {
                    // A match shows one byte late.
                    last = Some(at + i);
                } else if dfa.is_dead_state(state) {
                    *work += i as u64 + 1;
                    return Ok(last);
                } else if dfa.is_quit_state(state) {
                    return Err(Unjudged);
                }
            }
        }
        *work += (end - at) as u64 + 1;
        state = match hay.get(end) {
            Some(&byte) => dfa.next_state(state, byte),
            None => dfa.next_eoi_state(state),
        };
        if dfa.is_quit_state(state) {
            return Err(Unjudged);
        }
        Ok(if dfa.is_match_state(state) { Some(end) } else { last })
    }

    /// Start of the longest match that ends at `at` and begins at or after `start`, for automata
    /// built in reverse.
    pub fn longest_back(&self, hay: &[u8], start: usize, at: usize, work: &mut u64) -> Result<Option<usize>, Unjudged> {
        let dfa = self.dfa()?;
        let config = start::Config::new().look_behind(hay.get(at).copied()).anchored(Anchored::Yes);
        let mut state = dfa.start_state(&config).map_err(|_| Unjudged)?;
        let mut last = None;
        for (i, &byte) in hay.get(start..at).ok_or(Unjudged)?.iter().enumerate().rev() {
            state = dfa.next_state(state, byte);
            *work += 1;
            if dfa.is_match_state(state) {
                last = Some(start + i + 1);
            } else if dfa.is_dead_state(state) {
                return Ok(last);
            } else if dfa.is_quit_state(state) {
                return Err(Unjudged);
            }
        }
        state = match start.checked_sub(1) {
            Some(i) => dfa.next_state(state, hay[i]),
            None => dfa.next_eoi_state(state),
        };
        Ok(if dfa.is_match_state(state) { Some(start) } else { last })
    }
}

fn decode(raw: &[u8]) -> Option<Box<DFA<Vec<u32>>>> {
    // `from_bytes` wants the tables on a four-byte boundary, which a slice of a pack has by chance
    // only; the copy is a few KiB, once a rule.
    let mut room = vec![0u8; raw.len() + 4];
    let skip = room.as_ptr().align_offset(4).min(3);
    let place = room.get_mut(skip..skip + raw.len())?;
    place.copy_from_slice(raw);
    let (dfa, _) = DFA::from_bytes(&room[skip..]).ok()?;
    Some(Box::new(dfa.to_owned()))
}
