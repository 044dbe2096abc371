//! One compiled pattern: serialised bytes, loaded when first asked.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;

use super::accel::AcceleratedRuns;
use super::table::{DEAD, Edge, Table};

/// How far behind a stretch the next one is looked for, in bytes.
const NEXT_BYTES: usize = 6;

/// How many bytes an automaton is stepped over before its runs are sought: finding them costs as much as some ten thousand
/// steps, and most automata of a log are run a few times.
const WALKED_BYTES: u32 = 32 << 10;
/// Whether they are sought at once: where answers are tested.
const AT_ONCE: bool = cfg!(any(debug_assertions, feature = "switches"));

/// A count that need not be right: two threads may both add and one of them be lost, and nobody waits.
#[derive(Debug, Default)]
struct Walked(AtomicU32);

impl Walked {
    fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn add(&self, bytes: usize) {
        let walked = self.get();
        if walked < WALKED_BYTES {
            self.0.store(walked.saturating_add(bytes as u32 + 1), Ordering::Relaxed);
        }
    }
}

impl Clone for Walked {
    fn clone(&self) -> Walked {
        Walked(AtomicU32::new(self.get()))
    }
}

/// The automaton could not answer; what it was asked about must be masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unjudged;

/// A table as it is written. It is built ahead of time and read at its first use, so that a rule that
/// never comes up costs nothing at start.
#[derive(Debug, Clone)]
pub struct Automaton {
    raw: Bytes,
    loaded: OnceLock<Option<Box<Table>>>,
    stretches: OnceLock<Box<AcceleratedRuns>>,
    /// Bytes stepped over, up to [`WALKED_BYTES`].
    walked: Walked,
    /// Whether runs of like states are passed over in one look.
    pub accelerated: bool,
}

impl Automaton {
    /// Takes the bytes of a table as they are; [`Automaton::check`] or the first use reads them.
    pub fn from_raw(raw: Bytes) -> Self {
        let (loaded, stretches, walked) = (OnceLock::new(), OnceLock::new(), Walked::default());
        Automaton { raw, loaded, stretches, walked, accelerated: true }
    }

    /// That of a table.
    #[cfg_attr(not(feature = "compile"), allow(dead_code, reason = "who compiles rules calls it"))]
    pub fn of(table: &Table) -> Self {
        Automaton::from_raw(table.write().into())
    }

    /// The bytes of its table.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// Whether the bytes are an automaton at all.
    pub fn check(&self) -> bool {
        self.table().is_ok()
    }

    pub(super) fn table(&self) -> Result<&Table, Unjudged> {
        self.loaded.get_or_init(|| Table::read(&self.raw).map(Box::new)).as_deref().ok_or(Unjudged)
    }

    /// End of the longest match that begins at `at` and ends at or before `end`. `work` grows by
    /// the bytes looked at.
    pub fn longest(&self, hay: &[u8], at: usize, end: usize, work: &mut u64) -> Result<Option<usize>, Unjudged> {
        self.run(hay, at..end, false, work)
    }

    /// End of the leftmost-starting match at or after `at`, for automata built unanchored.
    pub fn search(&self, hay: &[u8], at: usize, end: usize, work: &mut u64) -> Result<Option<usize>, Unjudged> {
        self.run(hay, at..end, true, work)
    }

    /// Whether the whole of `text` matches, as if nothing stood around it.
    pub fn is_whole(&self, text: &[u8], work: &mut u64) -> Result<bool, Unjudged> {
        self.run(text, 0..text.len(), false, work).map(|end| end == Some(text.len()))
    }

    /// Whether the bytes from `at` to `end` are enough to tell that no match begins at `at`.
    pub fn dies(&self, hay: &[u8], at: usize, end: usize, work: &mut u64) -> bool {
        let Ok(table) = self.table() else { return false };
        let mut state = table.start(edge_before(hay, at));
        for (i, &byte) in hay.get(at..end).unwrap_or_default().iter().enumerate() {
            state = table.next(state, byte);
            if table.is_special(state) {
                *work += i as u64 + 1;
                return state == DEAD;
            }
        }
        false
    }

    /// The runs of like states, where there is enough to pass over that finding them pays.
    fn stretches(&self, table: &Table) -> Option<&AcceleratedRuns> {
        let worth = self.accelerated && (AT_ONCE || self.walked.get() >= WALKED_BYTES);
        worth.then(|| &**self.stretches.get_or_init(|| Box::new(AcceleratedRuns::of(table))))
    }

    /// `anywhere` is what the caller takes the automaton for; one that is built otherwise does not answer.
    fn run(&self, hay: &[u8], part: Range<usize>, anywhere: bool, work: &mut u64) -> Result<Option<usize>, Unjudged> {
        let table = self.table()?;
        let Range { start: at, end } = part;
        let text = hay.get(..end).filter(|text| at <= text.len() && anywhere == table.anywhere()).ok_or(Unjudged)?;
        // Where a stretch may begin: as far behind the start as the first, behind a match, and not far
        // behind another.
        let (mut state, mut p) = (table.start(edge_before(hay, at)), at);
        let stretches = self.stretches(table);
        let mut look = stretches.map_or(usize::MAX, |stretches| stretches.first(at));
        let mut last = None;
        let mut tries = 0;
        while let Some(&byte) = text.get(p) {
            if p == look
                && let Some(stretches) = stretches
            {
                if let Some(passed) = stretches.pass(table, state, hay, p, end) {
                    (state, p) = (passed.state, passed.at);
                    if passed.matches {
                        last = Some(p - 1);
                    }
                    (look, tries) = (p + 1, NEXT_BYTES);
                    continue;
                }
                if tries > 0 {
                    (look, tries) = (p + 1, tries - 1);
                }
            }
            state = table.next(state, byte);
            if table.is_special(state) {
                if state == DEAD {
                    self.walked.add(p - at);
                    *work += (p - at) as u64 + 1;
                    return Ok(last);
                }
                // A match shows one byte late.
                last = Some(p);
                look = p + 1;
            }
            p += 1;
        }
        self.walked.add(end - at);
        *work += (end - at) as u64 + 1;
        state = hay.get(end).map_or_else(|| table.end(state), |&byte| table.next(state, byte));
        Ok(if table.is_match(state) { Some(end) } else { last })
    }

    /// Start of the longest match that ends at `at` and begins at or after `start`, for automata
    /// built in reverse.
    pub fn longest_back(&self, hay: &[u8], start: usize, at: usize, work: &mut u64) -> Result<Option<usize>, Unjudged> {
        let table = self.table()?;
        let mut state = table.start(Edge::of(hay.get(at).copied()));
        let mut last = None;
        for (i, &byte) in hay.get(start..at).ok_or(Unjudged)?.iter().enumerate().rev() {
            state = table.next(state, byte);
            *work += 1;
            if table.is_match(state) {
                last = Some(start + i + 1);
            } else if state == DEAD {
                return Ok(last);
            }
        }
        let before = start.checked_sub(1).and_then(|i| hay.get(i));
        state = before.map_or_else(|| table.end(state), |&byte| table.next(state, byte));
        Ok(if table.is_match(state) { Some(start) } else { last })
    }
}

/// What stands before a place.
fn edge_before(hay: &[u8], at: usize) -> Edge {
    Edge::of(at.checked_sub(1).and_then(|i| hay.get(i)).copied())
}

#[cfg(test)]
mod tests {
    use super::{AcceleratedRuns, Automaton, DEAD, Unjudged, edge_before};
    use crate::rules::pack;
    use crate::rules::rule::Rule;
    use bytes::Bytes;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    /// The same a step a byte.
    fn naive(a: &Automaton, hay: &[u8], at: usize, end: usize) -> (Option<usize>, u64) {
        let table = a.table().unwrap();
        let mut state = table.start(edge_before(hay, at));
        let mut last = None;
        for (p, byte) in hay.iter().enumerate().take(end).skip(at) {
            state = table.next(state, *byte);
            if table.is_match(state) {
                last = Some(p);
            } else if state == DEAD {
                return (last, (p - at) as u64 + 1);
            }
        }
        state = hay.get(end).map_or_else(|| table.end(state), |byte| table.next(state, *byte));
        (if table.is_match(state) { Some(end) } else { last }, (end - at) as u64 + 1)
    }

    fn compare(a: &Automaton, text: &[u8], at: usize, end: usize) -> Result<(), TestCaseError> {
        for anywhere in [false, true] {
            let mut work = 0;
            let told = a.run(text, at..end, anywhere, &mut work);
            match a.table().unwrap().anywhere() == anywhere {
                true => prop_assert_eq!((told.unwrap(), work), naive(a, text, at, end)),
                false => prop_assert_eq!(told, Err(Unjudged)),
            }
        }
        Ok(())
    }

    /// Nothing but the time it takes would show that none is found.
    #[test]
    fn stretches_are_found() {
        static BUILTIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/builtin.pack"));
        let (rules, _) = pack::decode_linked(&Bytes::from_static(BUILTIN)).unwrap();
        let all: Vec<&Automaton> = rules.iter().flat_map(Rule::automata).collect();
        let begins = |a: &&Automaton| AcceleratedRuns::of(a.table().unwrap()).first(0) < usize::MAX;
        let with = all.iter().copied().filter(begins).count();
        assert!(2 * with > all.len(), "{with} of {}", all.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

        /// Over the automata of all rules: what begins like one of theirs and goes on in runs.
        #[test]
        fn stretches_are_passed_as_step_by_step(
            begun in any::<prop::sample::Index>(),
            runs in prop::collection::vec("[A-Z0-9]{1,50}|[a-z]{1,40}|[a-f0-9]{1,70}|[A-Za-z0-9_-]{1,120}|[.=: /+@\n\u{e9}]|\\.eyJ|x{1,40}", 0..6),
            ends in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        ) {
            static BUILTIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/builtin.pack"));
            static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| pack::decode_linked(&Bytes::from_static(BUILTIN)).unwrap().0);
            let runs = runs.concat();
            let all: Vec<&Rule> = RULES.iter().filter(|rule| !rule.automata().is_empty()).collect();
            // Some rules, one behind the other: all of them in all cases.
            for rule in all.iter().cycle().skip(begun.index(all.len())).take(12) {
                let literal = rule.literals().0.first().map_or("", String::as_str);
                for text in [runs.clone(), format!(" {literal}{runs}"), format!("{literal}{runs}{literal}{runs}")] {
                    let text = text.as_bytes();
                    let from = usize::from(text.starts_with(b" "));
                    let end = from + ends.0.index(text.len() + 1 - from);
                    let at = from + ends.1.index(end + 1 - from);
                    for a in rule.automata() {
                        compare(a, text, from, text.len())?;
                        compare(a, text, at, end)?;
                    }
                }
            }
        }
    }
}
