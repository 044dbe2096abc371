//! AcceleratedRuns of an automaton: states behind each other that go on at the same bytes, as those of
//! `[a-z0-9]{40}`, the last of which may lead back to itself, or each at one byte alone, as those of a
//! word. A text is passed over in one look there, not in a step a byte.

use super::byteset::{ByteSet, find_byteset};
use super::table::{DEAD, Edge, State, Table};

/// The fewest states that are worth a look.
const STATES_MIN: usize = 16;
/// The fewest where one byte alone leads on from each.
const BYTES_MIN: usize = 4;
/// The most states of one stretch.
const STATES_MAX: usize = 1024;

/// All stretches of an automaton.
#[derive(Debug, Clone, Default)]
pub struct AcceleratedRuns {
    /// How many steps come before the first.
    first: Option<usize>,
    /// By number of the state.
    at: Vec<Option<At>>,
    /// States behind each other.
    states: Vec<State>,
    /// What ends a stretch.
    stops: Vec<ByteSet>,
    /// The byte that leads on from a state, by its index, where no other does.
    bytes: Vec<u8>,
}

/// Where a state stands in its stretch.
#[derive(Debug, Clone, Copy)]
struct At {
    /// Index of what ends the stretch; none where one byte alone leads on from each of its states.
    stops: Option<u16>,
    /// Whether the states behind this one, but for one that leads back, are those of a match.
    matches: bool,
    /// How many steps may follow.
    left: u16,
    /// Whether the state behind these leads back to itself, and if so whether it is one of a match.
    back: Option<bool>,
    /// Index of the state.
    index: u32,
}

/// Steps taken together.
pub struct Passed {
    /// The state behind them.
    pub state: State,
    /// The first byte behind them.
    pub at: usize,
    /// Whether the last of them led to a state of a match.
    pub matches: bool,
}

impl AcceleratedRuns {
    /// Those of an automaton.
    pub fn of(table: &Table) -> AcceleratedRuns {
        let mut all = AcceleratedRuns::default();
        let mut known = Vec::new();
        let ways = &Ways::of(table);
        let states = reached(ways, Edge::ALL.map(|edge| table.start(edge)));
        for &(state, steps) in &states {
            if all.get(table, state).is_none() {
                all.add(ways, state, &mut known);
            }
            if all.get(table, state).is_some() {
                all.first = all.first.or(Some(steps));
            }
        }
        for (state, _) in &states {
            if all.get(table, *state).is_none() {
                all.add_bytes(ways, *state);
            }
        }
        all
    }

    /// The first place, in a search that begins at `at`, where a stretch may begin.
    pub fn first(&self, at: usize) -> usize {
        self.first.map_or(usize::MAX, |steps| at + steps)
    }

    /// The steps from `state` at `hay[at]` to where its stretch ends, at most to `end`; nothing where
    /// it is in none, or goes on elsewhere.
    pub fn pass(&self, table: &Table, state: State, hay: &[u8], at: usize, end: usize) -> Option<Passed> {
        let place = self.get(table, state)?;
        let Some(stops) = place.stops else { return self.pass_bytes(place, hay, at, end) };
        let stops = &self.stops[usize::from(stops)];
        let left = usize::from(place.left);
        let most = if place.back.is_some() { end } else { end.min(at + left) };
        let steps = find_byteset(hay, at, most, stops) - at;
        let matches = place.back.filter(|_| steps >= left).unwrap_or(place.matches);
        let state = self.states[place.index as usize + steps.min(left)];
        (steps > 0).then_some(Passed { state, at: at + steps, matches })
    }

    /// The same where one byte alone leads on from each state.
    fn pass_bytes(&self, place: At, hay: &[u8], at: usize, end: usize) -> Option<Passed> {
        let index = place.index as usize;
        let bytes = &self.bytes[index..index + usize::from(place.left)];
        let same = hay[at..end].iter().zip(bytes).take_while(|(is, led)| is == led).count();
        (same > 0).then(|| Passed { state: self.states[index + same], at: at + same, matches: false })
    }

    fn get(&self, table: &Table, state: State) -> Option<At> {
        self.at.get(table.number(state)).copied().flatten()
    }

    fn place(&mut self, table: &Table, state: State) -> &mut Option<At> {
        let number = table.number(state);
        self.at.resize(self.at.len().max(number + 1), None);
        &mut self.at[number]
    }

    /// Adds the stretch that begins with a state, if it is long enough.
    fn add(&mut self, ways: &Ways<'_>, begun: State, known: &mut Vec<[u64; 4]>) {
        let table = ways.table;
        let Some(first) = Step::from(ways, begun) else { return };
        let mut states = vec![begun];
        let mut back = None;
        // The states behind are of a match all or none, but that the last may be one that leads back.
        let mut next = first.clone();
        loop {
            let state = states[states.len() - 1];
            if next.to == state {
                back = Some(next.matches);
                break;
            }
            let behind = Step::from(ways, next.to).filter(|behind| behind.classes == first.classes);
            let turns = behind.as_ref().is_some_and(|behind| behind.to == next.to);
            let may_be = next.matches == first.matches || next.matches && turns;
            let known = self.get(table, state).is_some();
            if !may_be || known || states.contains(&next.to) || states.len() > STATES_MAX {
                break;
            }
            states.push(next.to);
            let Some(behind) = behind else { break };
            next = behind;
        }
        if back.is_none() && states.len() <= STATES_MIN {
            return;
        }
        let stops = known.iter().position(|classes| *classes == first.classes).unwrap_or_else(|| {
            self.stops.push(first.stops(table));
            known.push(first.classes);
            known.len() - 1
        }) as u16;
        let index = self.states.len();
        // The last one is behind the stretch, if it does not lead back.
        let left = states.len() - 1;
        for (n, state) in states.iter().enumerate().take(left + usize::from(back.is_some())) {
            let left = (left - n) as u16;
            let place = At { stops: Some(stops), matches: first.matches, left, back, index: (index + n) as u32 };
            self.place(table, *state).get_or_insert(place);
        }
        self.states.append(&mut states);
        self.bytes.resize(self.states.len(), 0);
    }

    /// Adds the stretch that begins with a state where one byte alone leads on, if it is long enough.
    fn add_bytes(&mut self, ways: &Ways<'_>, begun: State) {
        let table = ways.table;
        let (mut states, mut bytes) = (vec![begun], Vec::new());
        while let Some((byte, to)) = only(ways, states[states.len() - 1]).filter(|_| bytes.len() < STATES_MAX) {
            if states.contains(&to) {
                break;
            }
            bytes.push(byte);
            states.push(to);
        }
        if bytes.len() < BYTES_MIN {
            return;
        }
        let index = self.states.len();
        for (n, state) in states[..bytes.len()].iter().enumerate() {
            let left = (bytes.len() - n) as u16;
            let place = At { stops: None, matches: false, left, back: None, index: (index + n) as u32 };
            self.place(table, *state).get_or_insert(place);
        }
        self.states.append(&mut states);
        bytes.push(0);
        self.bytes.append(&mut bytes);
    }
}

/// The byte that alone leads on from a state, and where; none if it is a match there.
fn only(ways: &Ways<'_>, state: State) -> Option<(u8, State)> {
    let table = ways.table;
    let mut on = ways.from(state);
    let (byte, to) = on.find(|(_, to)| *to != DEAD)?;
    let alone = on.all(|(_, to)| to == DEAD);
    let class = table.class(byte);
    let one = || (0..=u8::MAX).filter(|other| table.class(*other) == class).count() == 1;
    (alone && one() && !table.is_match(to)).then_some((byte, to))
}

/// The way on from a state that most classes of bytes take.
#[derive(Clone)]
struct Step {
    /// The classes of bytes that lead there, as bits.
    classes: [u64; 4],
    to: State,
    /// Whether it is a state of a match.
    matches: bool,
}

impl Step {
    fn from(ways: &Ways<'_>, state: State) -> Option<Step> {
        let table = ways.table;
        // How many classes of bytes lead where.
        let mut counted: Vec<(State, usize)> = Vec::new();
        for (_, to) in ways.from(state) {
            match counted.iter_mut().find(|way| way.0 == to) {
                Some(way) => way.1 += 1,
                None => counted.push((to, 1)),
            }
        }
        // A match shows one byte late: behind it there may be a state that leads nowhere.
        let leads_on = |to: State| ways.from(to).any(|(_, to)| to != DEAD);
        counted.retain(|(to, _)| *to != DEAD && leads_on(*to));
        let (to, _) = counted.into_iter().max_by_key(|way| way.1)?;
        let mut classes = [0; 4];
        for (byte, _) in ways.from(state).filter(|way| way.1 == to) {
            let class = table.class(byte);
            classes[usize::from(class >> 6)] |= 1 << (class & 63);
        }
        Some(Step { classes, to, matches: table.is_match(to) })
    }

    /// The bytes that lead elsewhere.
    fn stops(&self, table: &Table) -> ByteSet {
        let stops = |byte: &u8| {
            let class = table.class(*byte);
            self.classes[usize::from(class >> 6)] >> (class & 63) & 1 == 0
        };
        ByteSet::of(&(0..=u8::MAX).filter(stops).collect::<Vec<u8>>())
    }
}

/// An automaton with one byte of each class that it tells apart: asking for these anew at each state would take most
/// of the time.
struct Ways<'a> {
    table: &'a Table,
    bytes: Vec<u8>,
}

impl<'a> Ways<'a> {
    fn of(table: &'a Table) -> Ways<'a> {
        Ways { table, bytes: table.representatives() }
    }

    /// Each of the bytes, and where it leads from a state.
    fn from(&self, state: State) -> impl Iterator<Item = (u8, State)> {
        self.bytes.iter().map(move |byte| (*byte, self.table.next(state, *byte)))
    }
}

/// The states that a search comes to, and after how many steps, in the order it does.
fn reached(ways: &Ways<'_>, begun: impl IntoIterator<Item = State>) -> Vec<(State, usize)> {
    let table = ways.table;
    let mut states: Vec<(State, usize)> = begun.into_iter().map(|state| (state, 0)).collect();
    let mut seen: Vec<bool> = Vec::new();
    let mut is_new = |state: State| {
        let number = table.number(state);
        if seen.len() <= number {
            seen.resize(number + 1, false);
        }
        state != DEAD && !std::mem::replace(&mut seen[number], true)
    };
    states.retain(|(state, _)| is_new(*state));
    let mut next = 0;
    while let Some(&(state, steps)) = states.get(next) {
        next += 1;
        for (_, to) in ways.from(state) {
            if is_new(to) {
                states.push((to, steps + 1));
            }
        }
    }
    states
}
