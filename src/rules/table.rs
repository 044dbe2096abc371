//! The table of an automaton: the states of one pattern, and where each byte leads from each.
//!
//! As written: `flags, states, states of a match, classes, start states, the class of each byte, columns`, numbers in two
//! bytes, the lower one first. There is a column for each class and one for the text's end, with a place for each state.
//! Nowhere is 0; another place is how far behind its own state the state is, counted round the living ones, so that all
//! places of a column of `[a-z0-9]{40}` are the same and compress to one. A table of up to 256 states has a byte a place.

/// The largest table a rule may have, in bytes of memory.
pub const TABLE_BYTES_MAX: usize = 64 * 1024;

/// Where a state's row begins in the table. [`DEAD`] is the first row, states of a match come next.
pub type State = u16;

/// The state that nothing leads on from.
pub const DEAD: State = 0;

/// Set where a search may begin anywhere, and not where it is told to alone.
const ANYWHERE: u8 = 1;
/// Set where a place has two bytes.
const WIDE: u8 = 2;

/// What may stand before a place where a search begins, as far as an assertion such as `\b` or `^` can tell. Where a text
/// is walked backwards it is what stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Nothing: the text ends there.
    Text,
    /// A letter or digit of ASCII, or `_`.
    Word,
    /// A line feed.
    LineFeed,
    /// A carriage return.
    CarriageReturn,
    /// Any other byte.
    Other,
}

impl Edge {
    /// All, by their number.
    pub const ALL: [Edge; 5] = [Edge::Text, Edge::Word, Edge::LineFeed, Edge::CarriageReturn, Edge::Other];

    /// That of the byte that stands there, if one does.
    #[inline]
    pub fn of(byte: Option<u8>) -> Edge {
        match byte {
            None => Edge::Text,
            Some(b'\n') => Edge::LineFeed,
            Some(b'\r') => Edge::CarriageReturn,
            Some(b'_') => Edge::Word,
            Some(byte) if byte.is_ascii_alphanumeric() => Edge::Word,
            Some(_) => Edge::Other,
        }
    }
}

/// A table, as it is walked.
///
/// Of `ab+` it has five states: one that is dead, one of a match, where the `b`s were and something else came, and those
/// behind nothing, `a` and `ab`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    anywhere: bool,
    /// How many places a row has: one for each class, and the last one for the text's end.
    width: u16,
    /// The last state of a match, or [`DEAD`].
    matches: State,
    /// The first states, by what stands before.
    starts: [State; Edge::ALL.len()],
    /// The class of each byte: bytes of one class lead to one state, from whichever.
    classes: [u8; 256],
    /// Rows.
    next: Box<[State]>,
}

impl Table {
    /// A table of rows that say the number of the state that each class and the text's end lead to. The first is dead, behind
    /// it come `matches` of a match. None where it is larger than [`TABLE_BYTES_MAX`], or its rows are not of one width.
    pub fn of(
        anywhere: bool,
        matches: usize,
        starts: [usize; Edge::ALL.len()],
        classes: [u8; 256],
        rows: &[Vec<usize>],
    ) -> Option<Table> {
        let width = rows.first()?.len();
        let largest = *classes.iter().max()?;
        let is_one = rows.iter().all(|row| row.len() == width && row.iter().all(|to| *to < rows.len()))
            && rows.len() * width * size_of::<State>() <= TABLE_BYTES_MAX
            && starts.iter().all(|start| *start < rows.len())
            && matches < rows.len()
            && usize::from(largest) + 1 < width;
        let state = |number: usize| (number * width) as State;
        let next = rows.iter().flatten().map(|to| state(*to)).collect();
        let starts = starts.map(state);
        is_one.then(|| Table { anywhere, width: width as u16, matches: state(matches), starts, classes, next })
    }

    /// The table as written.
    pub fn write(&self) -> Vec<u8> {
        let states = self.next.len() / usize::from(self.width);
        let living = states.max(2) - 1;
        let wide = states > 256;
        let flags = [(self.anywhere, ANYWHERE), (wide, WIDE)];
        let mut out: Vec<u8> = vec![flags.iter().map(|(is, flag)| u8::from(*is) * flag).sum()];
        let said = [states, self.number(self.matches), self.width.into()];
        for number in said.into_iter().chain(self.starts.map(|start| self.number(start))) {
            out.extend_from_slice(&(number as u16).to_le_bytes());
        }
        out.extend_from_slice(&self.classes);
        for column in 0..usize::from(self.width) {
            for (from, row) in self.next.chunks_exact(self.width.into()).enumerate() {
                let to = self.number(row[column]);
                let place = if to == 0 { 0 } else { (to + living - from) % living + 1 };
                out.extend_from_slice(&(place as u16).to_le_bytes()[..1 + usize::from(wide)]);
            }
        }
        out
    }

    /// A table from its bytes; none where they are not one.
    pub fn read(bytes: &[u8]) -> Option<Table> {
        let mut rest = bytes;
        let flags = *take(&mut rest, 1)?.first()?;
        let mut number = || take(&mut rest, 2)?.try_into().ok().map(u16::from_le_bytes);
        let (states, matches, width) = (number()?, number()?, number()?);
        let mut starts = [0; Edge::ALL.len()];
        for start in &mut starts {
            *start = number()?;
        }
        let classes: [u8; 256] = take(&mut rest, 256)?.try_into().ok()?;
        let place_bytes = 1 + usize::from(flags & WIDE != 0);
        let (states, width) = (usize::from(states), usize::from(width));
        if flags & !(ANYWHERE | WIDE) != 0 || rest.len() != states * width * place_bytes || width == 0 || states == 0 {
            return None;
        }
        let living = states.max(2) - 1;
        let mut rows = vec![vec![0; width]; states];
        for (i, place) in rest.chunks_exact(place_bytes).enumerate() {
            let (column, from) = (i / states, i % states);
            let place = place.iter().rev().fold(0, |n, byte| n << 8 | usize::from(*byte));
            rows[from][column] = if place == 0 { 0 } else { (from + place + living - 2) % living + 1 };
        }
        Table::of(flags & ANYWHERE != 0, matches.into(), starts.map(usize::from), classes, &rows)
    }

    /// Whether a search may begin anywhere.
    pub fn anywhere(&self) -> bool {
        self.anywhere
    }

    /// The first state of a search.
    #[inline]
    pub fn start(&self, edge: Edge) -> State {
        self.starts[edge as usize]
    }

    /// The state that a byte leads to.
    #[inline(always)]
    pub fn next(&self, state: State, byte: u8) -> State {
        self.next[usize::from(state) + usize::from(self.classes[usize::from(byte)])]
    }

    /// The state that the text's end leads to.
    #[inline]
    pub fn end(&self, state: State) -> State {
        self.next[usize::from(state) + usize::from(self.width) - 1]
    }

    /// Whether a state is dead or of a match.
    #[inline(always)]
    pub fn is_special(&self, state: State) -> bool {
        state <= self.matches
    }

    /// Whether a match ended before the byte that led to a state.
    #[inline(always)]
    pub fn is_match(&self, state: State) -> bool {
        state <= self.matches && state != DEAD
    }

    /// The number of a state.
    pub fn number(&self, state: State) -> usize {
        usize::from(state / self.width)
    }

    /// The class of a byte.
    pub fn class(&self, byte: u8) -> u8 {
        self.classes[usize::from(byte)]
    }

    /// The first byte of each class.
    pub fn representatives(&self) -> Vec<u8> {
        let mut seen = [false; 256];
        let is_first = |byte: &u8| !std::mem::replace(&mut seen[usize::from(self.class(*byte))], true);
        (0..=u8::MAX).filter(is_first).collect()
    }
}

/// The first `n` bytes of `rest`, if there are as many.
fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (first, behind) = rest.split_at_checked(n)?;
    *rest = behind;
    Some(first)
}
