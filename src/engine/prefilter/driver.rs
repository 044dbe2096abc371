//! The way of a block through a kernel, piece by piece, and the bit masks it leaves.

use super::bits::{MASK, READ, bits};
use super::candidate::Candidate;
use super::classes::{Class, Signs};
use super::confirm::Confirm;
use super::digits;
use super::lines::Lines;
use super::order::Others;
use super::planes::{BitPlanes, Rows};

/// Masks in a piece: 8 KiB of text, which with the tables and the masks stay in the first-level
/// cache while several passes go over them.
pub(super) const CHUNK: usize = 128;

/// Bytes of a short block, such as a single line, and of those that are not much longer. Each has a piece
/// of its own size: making room for a whole piece would cost more than such a block does.
pub(super) const LINE: usize = 4 * MASK;
/// A line that is still taken in one pass by the kernel that does so with a short one.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that does"))]
pub(super) const LONG_LINE: usize = 16 * MASK;
pub(super) const SHORT: usize = 32 * MASK;
pub(super) const MIDDLE: usize = 64 * MASK;

/// What a kernel finds in a piece.
pub(super) struct Chunk<'a> {
    /// The masks of the classes: of a mask before the piece, of the piece, and of a mask behind it.
    digits: &'a mut [u64],
    ats: &'a mut [u64],
    lines: &'a mut [u64],
    /// Of the mask before the piece.
    before: Signs,
    /// What a kernel says that says all of a mask at once, and where windows may begin by that.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that does"))]
    rows: Rows<'a>,
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that does"))]
    windows: &'a mut [u64],
    /// Where windows may begin, from the first byte of the piece: with a mask's room behind the last.
    places: &'a mut [u16],
    /// How many places there are.
    found: usize,
}

impl Chunk<'_> {
    /// Looks at `count` masks of a text, from the one whose number is `first`. `note` says of what class bytes are; `find`,
    /// given where a word may begin, says where windows may, never less than where one does. Of these places those count
    /// whose four bytes `may_be` lets pass.
    ///
    /// Inlined into each kernel, so that it is compiled for what the kernel's processor has.
    #[inline(always)]
    pub(super) fn fill(
        &mut self,
        (text, first, count): (&Text<'_>, usize, usize),
        note: impl Fn(&[u8; READ]) -> Class,
        find: impl Fn(&[u8; READ], u64) -> u64,
        may_be: impl Fn(u32) -> bool,
    ) {
        // What was behind the last piece, or zeros.
        self.digits[0] = self.digits[self.digits.len() - 2];
        let (digits, ats, lines) =
            (&mut self.digits[..count + 2], &mut self.ats[..count + 2], &mut self.lines[..count + 2]);
        let (mut found, mut before) = (0, self.before);
        for mask in 0..count {
            let text = text.at(first + mask);
            let class = note(text);
            (digits[mask + 1], ats[mask + 1], lines[mask + 1]) = (class.digits, class.ats, class.lines);
            let windows = find(text, class.signs.begins_here(before));
            before = class.signs;
            let Some(places) = self.places[found..].first_chunk_mut() else { break };
            found += write_places(windows, (mask * MASK) as u16, text, places, &may_be);
        }
        // A number may go on behind the piece.
        digits[count + 1] = note(text.at(first + count)).digits;
        (self.found, self.before) = (found, before);
    }

    /// The same for a kernel that says all of a mask at once; `look_last` where the bytes to read
    /// may be less. `list` writes where bits are set in masks, and says how many are.
    #[inline(always)]
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that does"))]
    pub(super) fn fill_at_once(
        &mut self,
        (text, first, count): (&Text<'_>, usize, usize),
        look: impl Fn(&[u8; READ]) -> BitPlanes,
        look_last: impl Fn(&[u8], usize) -> BitPlanes,
        list: impl Fn(&[u64], &mut [u16]) -> usize,
    ) {
        self.digits[0] = self.digits[self.digits.len() - 2];
        let mut rows = self.rows.next(count);
        // Those with a whole one behind them in the block need no question where their bytes are.
        let (whole, _) = text.block[first * MASK..].as_chunks::<MASK>();
        let whole = &whole[..whole.len().min(count + 2)];
        for (near, two) in whole.windows(2).enumerate() {
            rows.set(near + 1, look(two.as_flattened().first_chunk().unwrap_or(&[0; READ])));
        }
        for near in whole.len().saturating_sub(1)..=count {
            rows.set(near + 1, look_last(text.block, (first + near) * MASK));
        }
        rows.tell(self.digits, self.ats, self.lines, self.windows);
        self.found = list(&self.windows[1..=count], self.places);
    }
}

/// Writes where bits are set in a mask whose first byte is at `base`, if `may_be` lets the four bytes of the text there
/// pass, and says how many are. Whether it does decides over no branch, as no processor could foresee it.
#[inline(always)]
fn write_places(
    windows: u64,
    base: u16,
    text: &[u8; READ],
    places: &mut [u16; MASK],
    may_be: impl Fn(u32) -> bool,
) -> usize {
    let mut kept = 0;
    for at in bits(windows) {
        let at = at % MASK; // as it is: so that the compiler knows
        places[kept % MASK] = base + at as u16;
        let here = text[at..].first_chunk().map_or(0, |four| u32::from_le_bytes(*four));
        kept += usize::from(may_be(here));
    }
    kept
}

/// A block, and a copy of its last bytes with zeros behind them.
pub(super) struct Text<'a> {
    block: &'a [u8],
    /// How many masks the block itself has all bytes to read for.
    whole: usize,
    tail: [u8; 4 * MASK],
}

impl<'a> Text<'a> {
    #[inline(always)]
    pub(super) fn new(block: &'a [u8]) -> Self {
        let whole = block.len().checked_sub(READ).map_or(0, |more| more / MASK + 1);
        let rest = &block[whole * MASK..];
        // At most 66 bytes are left, so two masks and one behind them have what is in the block.
        let mut text = Text { block, whole, tail: [0; 4 * MASK] };
        text.tail[..rest.len()].copy_from_slice(rest);
        text
    }

    /// What is to read for a mask, from its first byte on.
    #[inline(always)]
    pub(super) fn at(&self, mask: usize) -> &[u8; READ] {
        let text = match mask.checked_sub(self.whole) {
            None => self.block.get(mask * MASK..),
            Some(mask) => self.tail.get(mask * MASK..),
        };
        text.and_then(|text| text.first_chunk()).unwrap_or(&[0; READ])
    }
}

/// Takes a block through the prefilter in pieces. `scan` fills one with as many masks as its third
/// argument says, from the one whose number is its second; there is room for rows where a kernel says all `AT_ONCE`.
///
/// Inlined into each kernel, so that it is compiled for what the kernel's processor has.
#[inline(always)]
pub(super) fn each_chunk<const AT_ONCE: bool>(
    confirm: &Confirm,
    block: &[u8],
    found: (&mut Vec<Candidate>, &mut Lines),
    scan: impl Fn(&Text<'_>, usize, usize, &mut Chunk<'_>),
) {
    macro_rules! pieces_of {
        ($masks:expr) => {{
            const ROOM: usize = $masks + 2;
            if AT_ONCE {
                pieces::<ROOM, ROOM>(confirm, block, found, scan)
            } else {
                pieces::<ROOM, 0>(confirm, block, found, scan)
            }
        }};
    }
    if block.len() <= LINE {
        pieces_of!(LINE / MASK);
    } else if block.len() <= SHORT {
        pieces_of!(SHORT / MASK);
    } else if block.len() <= MIDDLE {
        pieces_of!(MIDDLE / MASK);
    } else {
        pieces_of!(CHUNK);
    }
}

/// The same with room for two masks less than `ROOM` at a time.
#[inline(always)]
fn pieces<const ROOM: usize, const ROWS: usize>(
    confirm: &Confirm,
    block: &[u8],
    found: (&mut Vec<Candidate>, &mut Lines),
    scan: impl Fn(&Text<'_>, usize, usize, &mut Chunk<'_>),
) {
    let (candidates, line_ends) = found;
    let sorted = candidates.len();
    let text = Text::new(block);
    let end = block.len().div_ceil(MASK);
    let mut places = [[0; MASK]; ROOM];
    let mut room = [[0; ROOM]; 5];
    let [digits, ats, lines, fours, runs] = &mut room;
    let mut rows = [[0; ROWS]; 6];
    let [first, second, third, plain, begin, windows] = &mut rows;
    let rows = Rows { codes: [first, second, third], plain, begin };
    let places = places.as_flattened_mut();
    let mut piece = Chunk { digits, ats, lines, before: Signs::default(), rows, windows, places, found: 0 };
    let mut run = digits::Runs::default();
    for first in (0..end).step_by(ROOM - 2) {
        let count = (ROOM - 2).min(end - first);
        scan(&text, first, count, &mut piece);
        line_ends.extend(&piece.lines[1..=count]);
        if ROWS > 0 {
            piece.found = confirm.hash(block, first * MASK, &mut piece.places[..piece.found]);
        }
        confirm.compare(block, first * MASK, &piece.places[..piece.found], candidates);
        digits::find_runs(count, piece.digits, fours, runs);
        let masks = (&*piece.digits, &piece.ats[1..=count], &runs[..count]);
        rest::<ROOM>(block, first, masks, &mut run, (candidates, sorted));
    }
}

/// Looks at what the masks from the one whose number is `first` show besides literals, and puts it among
/// those of the candidates that are literals, which begin with the one whose number is `literals`.
///
/// Those that show something are found first: whether one does could not be foreseen.
#[inline(always)]
fn rest<const ROOM: usize>(
    block: &[u8],
    first: usize,
    (digits, ats, runs): (&[u64], &[u64], &[u64]),
    run: &mut digits::Runs,
    (candidates, literals): (&mut Vec<Candidate>, usize),
) {
    let mut others = Others::<ROOM>::new();
    for from in (0..ats.len()).step_by(MASK) {
        let near = ats[from..].iter().zip(&runs[from..]).take(MASK);
        let shown = near.enumerate().fold(0, |shown, (n, (ats, runs))| shown | u64::from(ats | runs != 0) << n);
        for mask in bits(shown) {
            let mask = from + mask;
            let at = (first + mask) * MASK;
            for bit in bits(ats[mask]) {
                others.push(at + bit, Candidate::AT, candidates, literals);
            }
            for bit in bits(runs[mask]) {
                let near = digits::Near::new([digits[mask], digits[mask + 1], digits[mask + 2]], bit);
                if let Some(start) = run.look(block, at + bit, near) {
                    others.push(start, Candidate::DIGITS, candidates, literals);
                }
            }
        }
    }
    others.merge(candidates, literals);
}

/// What a kernel that takes a line in one pass finds in it: bit masks, a bit a byte. There is room for two masks less
/// than `ROOM`.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that does"))]
pub(super) struct LineMasks<const ROOM: usize> {
    /// Those of a mask before the line, of the line, and of a mask behind it.
    digits: [u64; ROOM],
    ats: [u64; ROOM],
    lines: [u64; ROOM],
    /// Where windows may begin.
    windows: [u64; ROOM],
    /// All masks of a kind in one: it can be asked at once, while the masks are still on their way to memory.
    any_at: u64,
    any_window: u64,
}

#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that does"))]
impl<const ROOM: usize> LineMasks<ROOM> {
    /// How many masks there are.
    pub(super) const COUNT: usize = ROOM - 2;

    #[inline(always)]
    pub(super) fn new() -> Self {
        let none = [0; ROOM];
        LineMasks { digits: none, ats: none, lines: none, windows: none, any_at: 0, any_window: 0 }
    }

    /// Takes what is found in the mask of that number.
    #[inline(always)]
    pub(super) fn set(&mut self, mask: usize, class: Class, windows: u64) {
        self.digits[mask + 1] = class.digits;
        self.ats[mask] = class.ats;
        self.lines[mask] = class.lines;
        self.windows[mask] = windows;
        self.any_at |= class.ats;
        self.any_window |= windows;
    }

    /// Appends what is there. Inlined into the kernel, so that it is compiled for what its processor has.
    #[inline(always)]
    pub(super) fn find(&self, confirm: &Confirm, block: &[u8], (candidates, lines): (&mut Vec<Candidate>, &mut Lines)) {
        // More than there are do not matter, and so many are copied at once.
        lines.extend(&self.lines[..Self::COUNT]);
        let sorted = candidates.len();
        if self.any_window != 0 {
            confirm.check_line(block, &self.windows[..Self::COUNT], candidates);
        }
        let mut runs = [0; ROOM];
        let may_be_run = digits::may_be_run(&self.digits[1..=Self::COUNT]);
        if may_be_run {
            digits::find_runs(Self::COUNT, &self.digits, &mut [0; ROOM], &mut runs);
        }
        if may_be_run || self.any_at != 0 {
            let masks = (&self.digits[..], &self.ats[..Self::COUNT], &runs[..Self::COUNT]);
            rest::<ROOM>(block, 0, masks, &mut digits::Runs::default(), (candidates, sorted));
        }
    }
}
