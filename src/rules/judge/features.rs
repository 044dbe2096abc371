//! A candidate's features, the same for training and at run time.
//!
//! A feature is a name and up to two parts, hashed to a place in the table. What the parts are made of
//! is: the last words before the value, the sign that joins, the value's size, kinds of bytes and pairs
//! of letters, and what follows it.

use super::candidate::{Candidate, Kind, VALUE_BYTES};
use super::follows::Follows;
use super::pairs::Pairs;
use super::words::{Word, Words};

/// Goes up with every change of what the features of a candidate are.
pub const VERSION: u16 = 3;

/// What a feature speaks of, for a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The words before the value.
    Key,
    /// The signs between.
    Sign,
    /// Which kinds of bytes the value has, and in what order.
    Shape,
    /// How long it is.
    Length,
    /// Whether its letters come as in words.
    Letters,
    /// What follows it.
    Behind,
}

impl Group {
    /// All of them.
    pub const ALL: [Group; 6] = [Group::Key, Group::Sign, Group::Shape, Group::Length, Group::Letters, Group::Behind];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Group::Key => "words before",
            Group::Sign => "sign between",
            Group::Shape => "kinds of bytes",
            Group::Length => "length",
            Group::Letters => "pairs of letters",
            Group::Behind => "what follows",
        }
    }
}

/// One part of a feature: a hash, and what it is the hash of.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    pub(super) hash: u32,
    /// Empty for a number, which is its own hash.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the trainer and a reader ask for names"))]
    pub(super) text: &'a [u8],
}

fn number(n: u32) -> Part<'static> {
    Part { hash: n.wrapping_add(1).wrapping_mul(0x9E37_79B1), text: &[] }
}

fn text(text: &[u8]) -> Part<'_> {
    Part { hash: super::words::hash(text), text }
}

fn word<'a>(word: &Word<'a>) -> Part<'a> {
    Part { hash: word.hash, text: word.text }
}

/// A feature's name: short, and its own.
#[derive(Clone, Copy)]
pub struct Name {
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the trainer and a reader ask for names"))]
    text: &'static str,
    hash: u32,
}

impl Name {
    const fn of(text: &'static str) -> Name {
        let (mut hash, mut n) = (0x811C_9DC5u32, 0);
        while n < text.len() {
            hash = (hash ^ text.as_bytes()[n] as u32).wrapping_mul(0x0100_0193);
            n += 1;
        }
        Name { text, hash }
    }
}

/// A feature as it is met.
pub struct Feature<'a> {
    name: Name,
    pub(super) group: Group,
    pub(super) parts: [Part<'a>; 2],
    /// A number behind the name, for a reader.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the trainer and a reader ask for names"))]
    pub(super) shown: [u32; 2],
}

impl Feature<'_> {
    /// Its place among `2^bits`.
    #[inline(always)]
    pub fn place(&self, bits: u32) -> usize {
        let [a, b] = &self.parts;
        let mixed =
            (self.name.hash ^ a.hash).wrapping_mul(0x85EB_CA6B) ^ b.hash.rotate_left(15).wrapping_mul(0xC2B2_AE35);
        let mixed = (mixed ^ mixed >> 15).wrapping_mul(0x2C1B_3C6D);
        ((mixed ^ mixed >> 13).wrapping_mul(0x297A_2D39) >> (u32::BITS - bits)) as usize
    }
}

/// What is counted of a value in one look.
#[derive(Default)]
struct Counts {
    digits: u32,
    upper: u32,
    lower: u32,
    /// How often the kind of byte changes, and the longest run of letters that reads on as a word does.
    turns: u32,
    longest: u32,
    /// Different bytes, either case as one.
    distinct: u32,
    dots: u32,
    slashes: u32,
    dashes: u32,
    lines: u32,
    blanks: u32,
    hex: bool,
}

impl Counts {
    fn of(value: &[u8]) -> Counts {
        let mut c = Counts { hex: true, ..Counts::default() };
        let (mut seen, mut run, mut last) = (0u128, 0, 0u8);
        for (i, &b) in value.iter().enumerate() {
            let kind = match b {
                b'0'..=b'9' => 1,
                b'A'..=b'Z' => 2,
                b'a'..=b'z' => 3,
                _ => 4,
            };
            c.digits += u32::from(kind == 1);
            c.upper += u32::from(kind == 2);
            c.lower += u32::from(kind == 3);
            c.dots += u32::from(b == b'.');
            c.slashes += u32::from(b == b'/');
            c.dashes += u32::from(b == b'-');
            c.lines += u32::from(b == b'_');
            c.blanks += u32::from(b == b' ');
            c.hex &= b.is_ascii_hexdigit() || b == b'-';
            c.turns += u32::from(i > 0 && kind != last);
            let goes_on = kind == last && matches!(kind, 2 | 3) || (last == 2 && kind == 3 && run <= 1);
            run = if goes_on { run + 1 } else { u32::from(matches!(kind, 2 | 3)) };
            c.longest = c.longest.max(run);
            seen |= 1 << (b.to_ascii_lowercase() & 127);
            last = kind;
        }
        c.distinct = seen.count_ones();
        c
    }
}

/// Lengths that tokens are made in.
const LENGTHS: [usize; 14] = [16, 20, 22, 24, 28, 32, 36, 38, 40, 43, 44, 48, 56, 64];

/// Calls `each` with every feature of a candidate.
#[inline(always)]
pub(super) fn each<'a>(c: &Candidate<'a>, pairs: &Pairs, mut each: impl FnMut(&Feature<'a>)) {
    let mut one = |group, name, a: Part<'a>, b: Part<'a>, shown| each(&Feature { name, group, parts: [a, b], shown });
    let none = number(u32::MAX - 1);
    let n = c.value.len();
    let counts = Counts::of(c.value);
    let other = n as u32 - counts.digits - counts.upper - counts.lower;
    let kinds = [counts.digits, counts.upper, counts.lower, other].iter().fold(0, |k, n| k << 1 | u32::from(*n > 0));
    let size = (n * n).max(1).ilog2();
    let drawn = -pairs.mean(c.value) as u32;
    let how = c.kind as u32;
    let words = Words::before(c.before);
    let sign = Part { hash: words.sign_hash(), text: words.sign };

    one(Group::Sign, const { Name::of("sign") }, sign, number(how), [how, 0]);
    one(Group::Shape, const { Name::of("kinds") }, number(kinds), number(how), [kinds, how]);
    one(Group::Length, const { Name::of("size") }, number(size), number(how), [size, how]);
    one(Group::Letters, const { Name::of("drawn") }, number(drawn), number(how), [drawn, how]);
    one(Group::Shape, const { Name::of("kinds.drawn") }, number(kinds), number(drawn / 2), [kinds, drawn / 2]);
    one(Group::Length, const { Name::of("kinds.size") }, number(kinds), number(size), [kinds, size]);
    let exact = LENGTHS.iter().position(|l| *l == n).map_or(99, |i| i as u32);
    one(Group::Length, const { Name::of("length") }, number(exact), none, [n as u32, 0]);
    let behind = u32::from(super::words::sign_of(c.behind.first().copied().unwrap_or(0)));
    one(Group::Behind, const { Name::of("behind") }, number(behind), none, [behind, 0]);
    one(Group::Behind, const { Name::of("sign.behind") }, sign, number(behind), [behind, 0]);
    let near = words.near();
    for (i, w) in near.iter().enumerate().take(3) {
        one(
            Group::Key,
            [const { Name::of("word1") }, const { Name::of("word2") }, const { Name::of("word3") }][i],
            word(w),
            none,
            [0; 2],
        );
        one(Group::Key, const { Name::of("word") }, word(w), none, [0; 2]);
    }
    if let [first, second, ..] = near {
        one(Group::Key, const { Name::of("words") }, word(first), word(second), [0; 2]);
    }
    if let [first, ..] = near {
        one(Group::Key, const { Name::of("word1.how") }, word(first), number(how), [0, how]);
        one(Group::Shape, const { Name::of("word1.kinds") }, word(first), number(kinds), [0, kinds]);
        one(Group::Letters, const { Name::of("word1.drawn") }, word(first), number(drawn / 2), [0, drawn / 2]);
        one(Group::Length, const { Name::of("word1.size") }, word(first), number(size), [0, size]);
        one(Group::Sign, const { Name::of("word1.sign") }, word(first), sign, [0; 2]);
        for gram in first.text.windows(4) {
            one(Group::Key, const { Name::of("gram") }, text(gram), none, [0; 2]);
        }
    }
    let (follows, next) = Follows::of(c.behind);
    let letters = u32::from(counts.upper + counts.lower == n as u32);
    one(Group::Behind, const { Name::of("follows") }, number(follows as u32), number(how), [follows as u32, how]);
    let both = 2 * follows as u32 + letters;
    one(Group::Behind, const { Name::of("follows.letters") }, number(both), sign, [both, 0]);
    if !next.is_empty() {
        one(Group::Behind, const { Name::of("next") }, text(next), none, [0; 2]);
        one(Group::Behind, const { Name::of("next.letters") }, text(next), number(letters), [0, letters]);
    }
    shape(c, &counts, &mut one);
}

/// Features of the value alone, and with how it came to be a candidate.
#[inline(always)]
fn shape<'a>(c: &Candidate<'a>, counts: &Counts, one: &mut impl FnMut(Group, Name, Part<'a>, Part<'a>, [u32; 2])) {
    let none = number(u32::MAX - 1);
    let n = c.value.len().max(1) as u32;
    let how = c.kind as u32;
    let mut of = |group, name, a: u32, b: u32| one(group, name, number(a), number(b), [a, b]);
    of(Group::Shape, const { Name::of("turns") }, 10 * counts.turns / n, 0);
    of(Group::Shape, const { Name::of("longest") }, counts.longest.min(12), 0);
    of(Group::Shape, const { Name::of("alike") }, 10 * counts.distinct / n.min(36), 0);
    of(Group::Shape, const { Name::of("digits") }, 5 * counts.digits / n, u32::from(counts.hex));
    of(Group::Shape, const { Name::of("first") }, first(c.value), how);
    of(Group::Shape, const { Name::of("dots") }, counts.dots.min(3), u32::from(counts.slashes > 0));
    of(Group::Shape, const { Name::of("joins") }, u32::from(counts.dashes > 0), u32::from(counts.lines > 0));
    of(Group::Shape, const { Name::of("blanks") }, counts.blanks.min(3), how);
    if counts.hex && counts.dashes == 4 && c.value.len() == 36 {
        of(Group::Shape, const { Name::of("uuid") }, 1, how);
    }
    if c.value.len() == VALUE_BYTES {
        of(Group::Length, const { Name::of("long") }, 1, how);
    }
    // Of a number its length and its issuer say more than its kinds of bytes.
    if c.kind == Kind::Card {
        of(Group::Length, const { Name::of("number") }, n, counts.digits);
        let issuer = c.value.iter().take(2).fold(0, |n, b| n << 8 | u32::from(*b));
        of(Group::Shape, const { Name::of("issuer") }, issuer, n);
    }
    // What is written of letters alone may be a word that says so: `expired`, `required`.
    if counts.upper + counts.lower == n && n <= 16 {
        one(Group::Letters, const { Name::of("value") }, text(c.value), none, [0; 2]);
        for gram in c.value.windows(4) {
            one(Group::Letters, const { Name::of("value.gram") }, text(gram), none, [0; 2]);
        }
    }
}

/// What a value begins with, as far as it says anything.
fn first(value: &[u8]) -> u32 {
    match value.first().copied() {
        None => 0,
        Some(b'0'..=b'9') => 1,
        Some(b'A'..=b'Z') => 2,
        Some(b'a'..=b'z') => 3,
        Some(b) => 4 + u32::from(b),
    }
}

/// What the trainer and a reader call a feature.
#[cfg(feature = "cli")]
pub fn name_of(f: &Feature<'_>) -> String {
    let part = |i: usize| match f.parts[i].text {
        [] => f.shown[i].to_string(),
        text => String::from_utf8_lossy(text).to_ascii_lowercase(),
    };
    format!("{}={}|{}", f.name.text, part(0), part(1))
}
