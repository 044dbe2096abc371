//! Deals words to buckets.

use super::{BEGIN_GROUPS, By, Deal, GROUP, Literal, PLAIN_GROUPS, Place, may_begin};
use crate::rules::grams::{Bucket, Grams};
use crate::rules::sample;

/// Bytes of sample text: more changes little in the choice and costs a dependant's build script.
const SAMPLE: usize = 112 << 10;

/// How many windows of a word are tried in every bucket.
const TRIED: usize = 6;

/// How often every word is taken out and dealt again.
const ROUNDS: usize = 2;

/// How many groups of buckets there are for so many words: plain ones, and where a word may begin.
///
/// More groups let less through but cost every byte of the log.
fn groups(plain: usize, begin: usize) -> (usize, usize) {
    let begin = match begin {
        0 => 0,
        1..=100 => 1,
        _ => 2,
    };
    (PLAIN_GROUPS[usize::from(plain > 24)], BEGIN_GROUPS[begin])
}

/// What passes in ordinary logs.
pub(super) struct Sample {
    /// What may pass a plain bucket, and what a bucket where a word may begin.
    grams: [Grams; 2],
}

impl Sample {
    pub(super) fn new() -> Sample {
        let text = sample::text(SAMPLE, 1);
        Sample { grams: [Grams::new(text.as_bytes(), |_, _| true), Grams::new(text.as_bytes(), may_begin)] }
    }
}

/// Deals words to buckets, as well as a greedy search finds.
pub(super) fn deal(words: &[Literal], sample: &Sample, by: By) -> Deal {
    let begin = words.iter().filter(|word| word.begins).count();
    let (plain, begin) = groups(words.len() - begin, begin);
    Deal { plain, begin, places: Dealer::new(words, &sample.grams, by, plain, begin).deal() }
}

/// Deals words to buckets.
struct Dealer<'a> {
    by: By,
    /// Those of [`Sample`].
    grams: &'a [Grams; 2],
    words: &'a [Literal],
    /// The windows tried of each word in plain buckets, rarest first.
    windows: Vec<Vec<u8>>,
    /// What the rarest window of each word lets through by itself.
    alone: Vec<f64>,
    plain: usize,
    buckets: Vec<Bucket>,
    /// What each bucket lets through.
    passes: Vec<f64>,
    places: Vec<Place>,
}

/// The place of a word not dealt yet; no bucket has this number.
const NOWHERE: Place = Place { offset: 0, bucket: u8::MAX };

impl<'a> Dealer<'a> {
    fn new(words: &'a [Literal], grams: &'a [Grams; 2], by: By, plain: usize, begin: usize) -> Self {
        let (windows, alone) = words.iter().map(|word| windows(grams, by, word)).unzip();
        let buckets = (plain + begin) * GROUP;
        Dealer {
            by,
            grams,
            words,
            windows,
            alone,
            plain: plain * GROUP,
            buckets: vec![Bucket::default(); buckets],
            passes: vec![0.0; buckets],
            places: vec![NOWHERE; words.len()],
        }
    }

    fn deal(mut self) -> Box<[Place]> {
        // What lets through much by itself goes first, while there are buckets to have alone.
        let mut order: Vec<usize> = (0..self.words.len()).filter(|&word| self.words[word].is_valid()).collect();
        order.sort_by(|&a, &b| self.alone[b].total_cmp(&self.alone[a]));
        for round in 0..=ROUNDS {
            for &word in &order {
                if round > 0 {
                    self.take(word);
                }
                self.place(word);
            }
        }
        self.places.into()
    }

    /// Puts a word where it adds least.
    fn place(&mut self, index: usize) {
        let word = &self.words[index];
        let mut best = (f64::INFINITY, NOWHERE, Bucket::default(), 0.0);
        for number in 0..self.buckets.len() {
            let is_plain = number < self.plain;
            let windows: &[u8] = match (is_plain, word.begins) {
                (true, _) => &self.windows[index],
                (false, true) => &[0],
                (false, false) => &[],
            };
            for &offset in windows {
                let grown = self.buckets[number].with(word.window(offset), word.fold);
                let before = self.passes[number];
                let grams = &self.grams[usize::from(!is_plain)];
                let looks = LOOK * grams.count(word.window(offset), word.fold);
                // Most windows are let through by what a full bucket lets through already.
                let passes = match self.buckets[number].passes_like(&grown, self.by) {
                    true => before,
                    false => grams.passes(&grown, self.by, before + best.0 - looks),
                };
                let more = looks + passes - before;
                if more < best.0 {
                    let bucket = number as u8;
                    best = (more, Place { offset, bucket }, grown, passes);
                }
            }
        }
        let (_, place, grown, passes) = best;
        self.places[index] = place;
        self.buckets[usize::from(place.bucket)] = grown;
        self.passes[usize::from(place.bucket)] = passes;
    }

    /// Takes a word out of its bucket.
    fn take(&mut self, word: usize) {
        let from = self.places[word].bucket;
        self.places[word] = NOWHERE;
        let number = usize::from(from);
        self.buckets[number] = (self.places.iter().zip(self.words))
            .filter(|(place, _)| place.bucket == from)
            .fold(Bucket::default(), |bucket, (place, word)| bucket.with(word.window(place.offset), word.fold));
        let grams = &self.grams[usize::from(number >= self.plain)];
        self.passes[number] = grams.passes(&self.buckets[number], self.by, f64::INFINITY);
    }
}

/// The rarest windows of a word for plain buckets, and what the rarest of all lets through.
fn windows(grams: &[Grams; 2], by: By, word: &Literal) -> (Vec<u8>, f64) {
    if !word.is_valid() {
        return (Vec::new(), 0.0);
    }
    let alone = |grams: &Grams, offset| {
        let window = word.window(offset);
        grams.passes(&Bucket::default().with(window, word.fold), by, f64::INFINITY)
            + LOOK * grams.count(window, word.fold)
    };
    let begin = if word.begins { alone(&grams[1], 0) } else { f64::INFINITY };
    if begin < COMMON {
        return (Vec::new(), begin);
    }
    let mut all: Vec<(f64, u8)> = (0..=word.bytes.len() - word.window_len())
        .map(|offset| (alone(&grams[0], offset as u8), offset as u8))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rarest = all[0].0;
    (all.iter().take(TRIED).map(|w| w.1).collect(), rarest.min(begin))
}

/// What a place costs that passes the hash check, as many as only pass a bucket: there the literals are compared.
const LOOK: f64 = 3.0;

/// How often the front of a word stands where a word begins in the sample, for it to be worth
/// looking for another part of the word instead: `http` is.
const COMMON: f64 = 8.0;
