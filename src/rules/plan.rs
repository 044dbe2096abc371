//! Chooses what the gate looks for: which bytes of each word, and which words share a bucket.
//!
//! The gate does not compare whole words. It looks for a *window* of each word (four bytes, or the
//! whole of a three-byte word), and it looks for a *bucket* of windows at a time: a bucket lets
//! through every text whose n-th byte has a high and a low nibble that some window of the bucket has
//! at n. A bucket of unlike windows lets through a lot, and each position let through costs a look.
//! So windows are the rarest of their word, and the words are dealt to the buckets such that the
//! share of an ordinary log that passes is least.

use super::grams::{self, Bucket, Grams};
use super::sample;

/// A word to find.
#[derive(Clone, PartialEq, Eq)]
pub struct Word {
    /// 3 to 64 bytes of ASCII.
    pub bytes: Box<[u8]>,
    /// Whether ASCII case is ignored.
    pub fold: bool,
}

impl Word {
    /// The fewest and the most bytes of a word.
    pub const LENGTHS: std::ops::RangeInclusive<usize> = 3..=64;

    /// Whether the gate can look for this word.
    pub fn is_valid(&self) -> bool {
        Self::LENGTHS.contains(&self.bytes.len()) && self.bytes.is_ascii()
    }

    /// How many bytes of the word its window has.
    pub fn window_len(&self) -> usize {
        self.bytes.len().min(WINDOW)
    }

    /// The window that begins at this offset.
    fn window(&self, offset: u8) -> &[u8] {
        &self.bytes[usize::from(offset)..][..self.window_len()]
    }
}

/// Bytes in the window of a word that has that many.
pub const WINDOW: usize = grams::WINDOW;
/// Buckets in a group: the bits of the byte that a table lookup gives.
pub const GROUP: usize = 8;
/// The most groups a plan has.
pub const MAX_GROUPS: usize = 4;

/// The window and the bucket of one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where in the word its window begins.
    pub offset: u8,
    /// The bucket, less than `GROUP` times the plan's groups.
    pub bucket: u8,
}

impl Place {
    fn fits(self, word: &Word, groups: usize) -> bool {
        word.is_valid()
            && usize::from(self.offset) + word.window_len() <= word.bytes.len()
            && usize::from(self.bucket) < groups * GROUP
    }
}

/// The windows and buckets of a list of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    groups: usize,
    places: Box<[Place]>,
}

impl Plan {
    /// The plan under which least of an ordinary log passes, as far as a greedy search finds it.
    ///
    /// The same words give the same plan everywhere. A word that is not valid gets a place that
    /// [`Plan::fits`] refuses.
    pub fn choose(words: &[Word]) -> Plan {
        let groups = groups_for(words.len());
        let grams = Grams::new(sample::text(SAMPLE, 1).as_bytes());
        Plan { groups, places: Dealer::new(&grams, words, groups * GROUP).deal() }
    }

    /// Groups of eight buckets, 1 to [`MAX_GROUPS`].
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// One place a word, in the order of the words.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Whether this is a plan for these words.
    pub fn fits(&self, words: &[Word]) -> bool {
        (1..=MAX_GROUPS).contains(&self.groups)
            && self.places.len() == words.len()
            && self.places.iter().zip(words).all(|(place, word)| place.fits(word, self.groups))
    }

    /// Appends the plan as bytes: the groups, then an offset and a bucket for each word.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.groups as u8);
        out.extend(self.places.iter().flat_map(|p| [p.offset, p.bucket]));
    }

    /// Reads what [`Plan::encode`] wrote; `None` unless it is a plan for these words.
    pub fn decode(bytes: &[u8], words: &[Word]) -> Option<Plan> {
        let (&groups, rest) = bytes.split_first()?;
        let (pairs, []) = rest.as_chunks::<2>() else {
            return None;
        };
        let plan = Plan {
            groups: usize::from(groups),
            places: pairs.iter().map(|&[offset, bucket]| Place { offset, bucket }).collect(),
        };
        plan.fits(words).then_some(plan)
    }
}

/// Bytes of sample text: more changes little in the choice and costs a dependant's build script.
const SAMPLE: usize = 160 << 10;

/// How many windows of a word are tried in every bucket.
const TRIED: usize = 3;

/// How often every word is taken out and dealt again.
const ROUNDS: usize = 1;

/// More groups let less through but cost every byte of the log.
fn groups_for(words: usize) -> usize {
    match words {
        0..=24 => 1,
        25..=80 => 2,
        81..=400 => 3,
        _ => 4,
    }
}

/// Deals words to buckets.
struct Dealer<'a> {
    grams: &'a Grams,
    words: &'a [Word],
    /// The windows tried of each word, rarest first, and what the rarest alone lets through.
    windows: Vec<(Vec<u8>, f64)>,
    buckets: Vec<Bucket>,
    /// What each bucket lets through.
    passes: Vec<f64>,
    places: Vec<Place>,
}

/// The place of a word not dealt yet; no bucket has this number.
const NOWHERE: Place = Place { offset: 0, bucket: u8::MAX };

impl<'a> Dealer<'a> {
    fn new(grams: &'a Grams, words: &'a [Word], buckets: usize) -> Self {
        Dealer {
            grams,
            words,
            windows: words.iter().map(|word| windows(grams, word)).collect(),
            buckets: vec![Bucket::default(); buckets],
            passes: vec![0.0; buckets],
            places: vec![NOWHERE; words.len()],
        }
    }

    fn deal(mut self) -> Box<[Place]> {
        // What lets through much by itself goes first, while there are buckets to have alone.
        let mut order: Vec<usize> = (0..self.words.len()).filter(|&word| self.words[word].is_valid()).collect();
        order.sort_by(|&a, &b| self.windows[b].1.total_cmp(&self.windows[a].1));
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
    fn place(&mut self, word: usize) {
        let mut best = (f64::INFINITY, NOWHERE, Bucket::default());
        for &offset in &self.windows[word].0 {
            for (number, bucket) in self.buckets.iter().enumerate() {
                let grown = bucket.with(self.words[word].window(offset), self.words[word].fold);
                let before = self.passes[number];
                let more = self.grams.passes(&grown, before + best.0) - before;
                if more < best.0 {
                    let bucket = number as u8;
                    best = (more, Place { offset, bucket }, grown);
                }
            }
        }
        let (more, place, grown) = best;
        self.places[word] = place;
        self.buckets[usize::from(place.bucket)] = grown;
        self.passes[usize::from(place.bucket)] += more;
    }

    /// Takes a word out of its bucket.
    fn take(&mut self, word: usize) {
        let from = self.places[word].bucket;
        self.places[word] = NOWHERE;
        let number = usize::from(from);
        self.buckets[number] = (self.places.iter().zip(self.words))
            .filter(|(place, _)| place.bucket == from)
            .fold(Bucket::default(), |bucket, (place, word)| bucket.with(word.window(place.offset), word.fold));
        self.passes[number] = self.grams.passes(&self.buckets[number], f64::INFINITY);
    }
}

/// The rarest windows of a word, and what the rarest lets through.
fn windows(grams: &Grams, word: &Word) -> (Vec<u8>, f64) {
    if !word.is_valid() {
        return (Vec::new(), 0.0);
    }
    let mut all: Vec<(f64, u8)> = (0..=word.bytes.len() - word.window_len())
        .map(|offset| {
            let alone = Bucket::default().with(word.window(offset as u8), word.fold);
            (grams.passes(&alone, f64::INFINITY), offset as u8)
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rarest = all[0].0;
    (all.iter().take(TRIED).map(|w| w.1).collect(), rarest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vec<Word> {
        (["ghp_", "AKIA", "eyJ", "-----BEGIN"].iter().map(|w| (w, false)))
            .chain(["key", "passw", "secret"].iter().map(|w| (w, true)))
            .map(|(word, fold)| Word { bytes: word.as_bytes().into(), fold })
            .collect()
    }

    #[test]
    fn a_plan_survives_its_bytes() {
        let words = words();
        let plan = Plan::choose(&words);
        assert!(plan.fits(&words));
        let mut bytes = Vec::new();
        plan.encode(&mut bytes);
        assert_eq!(Plan::decode(&bytes, &words), Some(plan));
    }

    #[test]
    fn decode_refuses_what_is_no_plan_for_the_words() {
        let words = words();
        let mut bytes = Vec::new();
        Plan::choose(&words).encode(&mut bytes);
        for length in 0..bytes.len() {
            assert_eq!(Plan::decode(&bytes[..length], &words), None);
        }
        assert_eq!(Plan::decode(&bytes, &words[1..]), None);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] = 0xFF;
            assert_eq!(Plan::decode(&changed, &words), None, "byte {at}");
        }
    }

    #[test]
    fn words_out_of_bounds_do_not_fit() {
        for bytes in [&b"ab"[..], &[b'a'; 65], b"k\xC3\xA9y"] {
            let words = [Word { bytes: bytes.into(), fold: false }];
            assert!(!Plan::choose(&words).fits(&words));
        }
    }
}
