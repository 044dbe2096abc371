//! Chooses what the prefilter looks for: which bytes of each word, and which words share a bucket.
//!
//! The prefilter does not compare whole words. It looks for a *window* of each word (four bytes, or the
//! whole of a three-byte word), and it looks for a *bucket* of windows at a time: a bucket lets
//! through every text whose n-th byte is taken for one that some window of the bucket has at n; which
//! bytes are taken for it depends on how a kernel looks them up ([`By`]). A bucket of unlike windows
//! lets through a lot, and each position let through costs a look. So windows are the rarest of their
//! word, and the words are dealt to the buckets such that the share of an ordinary log that passes is
//! least.
//!
//! Most words are prefixes of tokens, which count only where a word of the text begins
//! ([`may_begin`]). They have groups of buckets of their own, whose windows are at the front of the
//! word, and which let nothing through elsewhere: so these groups may hold many more words.

mod deal;

use super::grams;
pub use super::grams::By;

/// A word to find.
#[derive(Clone, PartialEq, Eq)]
pub struct Literal {
    /// 3 to 64 bytes.
    pub bytes: Box<[u8]>,
    /// Whether the case of its ASCII letters is ignored.
    pub fold: bool,
    /// Whether it counts only where [`may_begin`] holds.
    pub begins: bool,
}

impl Literal {
    /// The fewest and the most bytes of a word.
    pub const LENGTHS: std::ops::RangeInclusive<usize> = 3..=64;

    /// Whether the prefilter can look for this word.
    pub fn is_valid(&self) -> bool {
        Self::LENGTHS.contains(&self.bytes.len())
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
/// How many groups a plan has for windows anywhere: one of these, as a kernel is compiled for each.
pub const PLAIN_GROUPS: [usize; 2] = [1, 4];
/// The same for windows where a word may begin.
pub const BEGIN_GROUPS: [usize; 3] = [0, 1, 3];
/// The most groups a plan has.
pub const MAX_GROUPS: usize = PLAIN_GROUPS[1] + BEGIN_GROUPS[2];

/// How many bytes before a place [`may_begin`] looks at.
pub const BEGIN_BYTES: usize = 6;

/// Whether a word of the text may begin at `at`, as far as a few bytes before it tell. One of these
/// must hold, where what is before the block counts as blanks:
///
/// - the byte before is no ASCII letter or digit and no `_`;
/// - one of the bytes two to six before is a `\\` or a `%`: those between may be an escape, such as
///   `\n`, `\x22`, `\u0022`, `%22` and `%2522`;
/// - the byte before is an `m` or a `K`, in either case, and the one before that is no letter and no
///   `_`: they may be the end of a colour code.
///
/// Holds wherever the engine, which looks closer, says that a word begins.
pub fn may_begin(block: &[u8], at: usize) -> bool {
    let before = |by: usize| at.checked_sub(by).map_or(b' ', |at| block[at]);
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    !(is_letter(before(1)) || before(1).is_ascii_digit())
        || (2..=BEGIN_BYTES).any(|by| matches!(before(by), b'\\' | b'%'))
        || matches!(before(1) | 0x20, b'm' | b'k') && !is_letter(before(2))
}

/// How many bytes before `at` [`may_begin`] looks at.
pub fn may_begin_sees(block: &[u8], at: usize) -> usize {
    match at.checked_sub(1).map(|before| block[before]) {
        Some(before) if before.is_ascii_alphanumeric() || before == b'_' => BEGIN_BYTES,
        _ => 1,
    }
}

/// The window and the bucket of one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where in the word its window begins.
    pub offset: u8,
    /// The bucket, less than `GROUP` times the plan's groups, of which the plain ones come first.
    pub bucket: u8,
}

impl Place {
    fn fits(self, word: &Literal, plain: usize, begin: usize) -> bool {
        let group = usize::from(self.bucket) / GROUP;
        word.is_valid()
            && usize::from(self.offset) + word.window_len() <= word.bytes.len()
            && (group < plain || group < plain + begin && word.begins && self.offset == 0)
    }
}

/// The windows and buckets of a list of words, for each way to look bytes up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan([Deal; 2]);

/// The windows and buckets for one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deal {
    /// Groups of eight buckets whose windows are found anywhere, of [`PLAIN_GROUPS`].
    pub plain: usize,
    /// Groups of eight buckets whose windows are found where a word may begin, of [`BEGIN_GROUPS`].
    pub begin: usize,
    /// One place a word, in the order of the words.
    pub places: Box<[Place]>,
}

impl Plan {
    /// The plan under which least of an ordinary log passes, as far as a greedy search finds it.
    ///
    /// The same words give the same plan everywhere. A word that is not valid gets a place that
    /// [`Plan::fits`] refuses.
    pub fn choose(words: &[Literal]) -> Plan {
        let sample = deal::Sample::new();
        Plan([By::Nibbles, By::Entries].map(|by| deal::deal(words, &sample, by)))
    }

    /// The same in half the time: dealt for kernels that look bytes up in this way, while the others
    /// make do with it.
    pub fn choose_for(words: &[Literal], by: By) -> Plan {
        let deal = deal::deal(words, &deal::Sample::new(), by);
        Plan([deal.clone(), deal])
    }

    /// The windows and buckets for kernels that look bytes up in this way.
    pub fn deal(&self, by: By) -> &Deal {
        &self.0[by as usize]
    }

    /// Whether this is a plan for these words.
    pub fn fits(&self, words: &[Literal]) -> bool {
        self.0.iter().all(|deal| deal.fits(words))
    }

    /// Appends the plan as bytes: for each way the numbers of groups, then an offset and a bucket for
    /// each word.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for deal in &self.0 {
            out.extend([deal.plain as u8, deal.begin as u8]);
            out.extend(deal.places.iter().flat_map(|p| [p.offset, p.bucket]));
        }
    }

    /// Reads what [`Plan::encode`] wrote; `None` unless it is a plan for these words.
    pub fn decode(bytes: &[u8], words: &[Literal]) -> Option<Plan> {
        let (nibbles, entries) = bytes.split_at_checked(2 * (words.len() + 1))?;
        let plan = Plan([Deal::decode(nibbles)?, Deal::decode(entries)?]);
        plan.fits(words).then_some(plan)
    }
}

impl Deal {
    fn fits(&self, words: &[Literal]) -> bool {
        PLAIN_GROUPS.contains(&self.plain)
            && BEGIN_GROUPS.contains(&self.begin)
            && self.places.len() == words.len()
            && self.places.iter().zip(words).all(|(place, word)| place.fits(word, self.plain, self.begin))
    }

    fn decode(bytes: &[u8]) -> Option<Deal> {
        let (&[plain, begin], rest) = bytes.split_first_chunk()?;
        let (pairs, []) = rest.as_chunks::<2>() else {
            return None;
        };
        Some(Deal {
            plain: usize::from(plain),
            begin: usize::from(begin),
            places: pairs.iter().map(|&[offset, bucket]| Place { offset, bucket }).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vec<Literal> {
        (["ghp_", "AKIA", "eyJ", "-----BEGIN"].iter().map(|w| (w, false)))
            .chain(["key", "passw", "secret"].iter().map(|w| (w, true)))
            .map(|(word, fold)| Literal { bytes: word.as_bytes().into(), fold, begins: *word == "ghp_" })
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
    fn only_a_word_that_begins_has_a_bucket_for_such() {
        let mut words = words();
        let bytes = [[1, 1].as_slice(), &[0, 0].repeat(words.len())].concat().repeat(2);
        let at = words.iter().position(|w| w.begins).expect("one");
        for deal in [0, bytes.len() / 2] {
            words[at].begins = true;
            let mut moved = bytes.clone();
            moved[deal + 2 + 2 * at + 1] = GROUP as u8;
            assert!(Plan::decode(&moved, &words).is_some());
            words[at].begins = false;
            assert!(Plan::decode(&moved, &words).is_none());
            assert!(Plan::decode(&bytes, &words).is_some());
        }
    }

    #[test]
    fn words_out_of_bounds_do_not_fit() {
        for bytes in [&b"ab"[..], &[b'a'; 65]] {
            let words = [Literal { bytes: bytes.into(), fold: false, begins: false }];
            assert!(!Plan::choose(&words).fits(&words));
        }
    }
}
