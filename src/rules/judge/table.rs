//! The table that the trainer writes: weights, thresholds, and where they come from.

use std::sync::OnceLock;

use super::candidate::{Candidate, Kind};
use super::features::{self, Group, VERSION};
use super::likelihood::Likelihood;
use super::pairs::{CLASSES, Pairs};

/// Weights are hashed to so many places, as a power of two.
pub const BITS: u32 = 13;
const WEIGHTS: usize = 1 << BITS;
const KINDS: usize = Kind::ALL.len();
const PAIRS: usize = CLASSES * CLASSES;

/// What a table begins with.
const MAGIC: &[u8; 8] = b"LVJUDGE1";
/// Magic, version, date, corpora's hash, figures, scale, bias, thresholds.
const HEAD: usize = 8 + 2 + 10 + 32 + 8 + 4 + 4 + 4 * KINDS;

/// What the table was trained on, and what it reached there with one source left out at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Year, month and day, as the trainer was told.
    pub date: String,
    /// SHA-256 of the corpora.
    pub corpora: [u8; 32],
    /// Candidates learnt from, and of these secrets.
    pub learnt: (u32, u32),
}

/// A trained judge.
pub struct Table {
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the command says where the table is from"))]
    origin: Origin,
    pairs: Pairs,
    /// Hundredths of a bit of 256 units of weight.
    scale: i32,
    /// Hundredths of a bit.
    bias: i32,
    /// By kind: at or below which a value that the rules would mask stays, and at or above which one goes
    /// that they would let go; hundredths of a bit.
    let_go: [i16; KINDS],
    take: [i16; KINDS],
    weights: Box<[i8; WEIGHTS]>,
}

/// What speaks for a candidate, in hundredths of a bit; negative: against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(pub i32);

static SHIPPED: OnceLock<Table> = OnceLock::new();

impl Table {
    /// The table that is linked in.
    pub fn shipped() -> &'static Table {
        SHIPPED.get_or_init(|| {
            let table = Table::read(include_bytes!("../../../patterns/judge.bin"));
            table.expect("the linked table is whole, as a test of every build holds")
        })
    }

    /// Uses another table instead of the one linked in, if none was asked for yet.
    #[cfg(feature = "cli")]
    pub fn replace(table: Table) -> bool {
        SHIPPED.set(table).is_ok()
    }

    /// Reads a table.
    ///
    /// # Errors
    /// No table, one of other features, or not of its length.
    pub fn read(bytes: &[u8]) -> Result<Table, &'static str> {
        let rest = bytes.strip_prefix(MAGIC).ok_or("no table of the judge")?;
        if bytes.len() != HEAD + PAIRS + WEIGHTS {
            return Err("a table of another length");
        }
        let mut rest = rest;
        let mut take = |n: usize| {
            let (head, tail) = rest.split_at(n);
            rest = tail;
            head
        };
        if take(2) != VERSION.to_le_bytes() {
            return Err("a table of other features: train it anew");
        }
        let date = String::from_utf8(take(10).to_vec()).map_err(|_| "a table without a date")?;
        let corpora = take(32).try_into().map_err(|_| "a table without a hash")?;
        let mut word = || take(4).try_into().map(i32::from_le_bytes).unwrap_or_default();
        let (all, secret, scale, bias) = (word() as u32, word() as u32, word(), word());
        let (mut let_go, mut at_least) = ([0; KINDS], [0; KINDS]);
        for at in let_go.iter_mut().chain(&mut at_least) {
            *at = take(2).try_into().map(i16::from_le_bytes).unwrap_or_default();
        }
        let signed = |bytes: &[u8]| bytes.iter().map(|b| *b as i8).collect::<Vec<_>>();
        let pairs = signed(take(PAIRS)).try_into().map_err(|_| "a table without pairs")?;
        let weights = signed(take(WEIGHTS)).into_boxed_slice().try_into().map_err(|_| "a table without weights")?;
        let origin = Origin { date, corpora, learnt: (all, secret) };
        Ok(Table { origin, pairs: Pairs(pairs), scale, bias, let_go, take: at_least, weights })
    }

    /// Where it comes from.
    #[cfg(any(feature = "cli", test))]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What speaks for the candidate.
    pub fn bits(&self, candidate: &Candidate<'_>) -> Score {
        let mut sum = 0i32;
        features::each(candidate, &self.pairs, |f| sum += i32::from(self.weights[f.place(BITS)]));
        self.score(sum)
    }

    fn score(&self, sum: i32) -> Score {
        Score(self.hundredths(sum) + self.bias)
    }

    fn hundredths(&self, sum: i32) -> i32 {
        ((i64::from(sum) * i64::from(self.scale)) >> 8) as i32
    }

    /// Whether it may let go at all what the rules would mask.
    pub fn may_let_go(&self, kind: Kind) -> bool {
        self.let_go[kind as usize] != i16::MIN
    }

    /// Whether so little speaks for a candidate which the rules would mask that it stays.
    pub fn lets_go(&self, kind: Kind, score: Score, least: Likelihood) -> bool {
        self.may_let_go(kind) && score.0 <= i32::from(self.let_go[kind as usize]) + least.lets_go()
    }

    /// Whether so much speaks for a candidate which the rules would let go that it does not stay.
    pub fn takes(&self, kind: Kind, score: Score, least: Likelihood) -> bool {
        let take = self.take[kind as usize];
        take != i16::MAX && score.0 >= i32::from(take) + least.takes()
    }

    /// What each group of features says, in hundredths of a bit, the strongest first; without the bias.
    pub fn why(&self, candidate: &Candidate<'_>) -> Vec<(Group, Score)> {
        let mut sums = [0i32; Group::ALL.len()];
        features::each(candidate, &self.pairs, |f| sums[f.group as usize] += i32::from(self.weights[f.place(BITS)]));
        let all = Group::ALL.into_iter().zip(sums);
        let mut all: Vec<_> = all.map(|(group, sum)| (group, Score(self.hundredths(sum)))).collect();
        all.sort_by_key(|(_, score)| -score.0.abs());
        all
    }

    /// The places of the candidate's features in the table, each with its name.
    #[cfg(feature = "cli")]
    pub fn features(&self, candidate: &Candidate<'_>) -> Vec<(usize, String)> {
        let mut all = Vec::new();
        features::each(candidate, &self.pairs, |f| all.push((f.place(BITS), features::name_of(f))));
        all
    }
}

#[cfg(test)]
mod tests;
