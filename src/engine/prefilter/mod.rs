//! The gate: finds the few places of a block that are worth a look.
//!
//! A block goes through in pieces that stay in the first-level cache. Over each piece a kernel goes
//! twice: it says of which class a byte is, and notes what tells where a word of the text may begin;
//! and it says where a window of a word may begin ([`crate::rules::plan`] says what that is). (Or it
//! goes once, and arithmetic on masks does the rest: `rows`.) All in bit masks, one bit a byte;
//! arithmetic on the masks of digits shows where a run of them is (`digits`). What the masks show is
//! then looked at: a hash check tells where words may be (`lookup`). Which words are there is asked of
//! few such places ([`Gate::words`]), as most lead nowhere the same way as many before.
//! The kernels differ in speed alone: what a kernel lets through by mistake is refused there, and
//! none of them misses a window, so all give the same hits.

mod classes;
mod digits;
mod lines;
mod lookup;
mod masks;
mod order;
mod portable;
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that says all at once"))]
mod rows;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod simd;
#[cfg(test)]
mod tests;

use crate::engine::footprint::Seen;
use crate::rules::plan::{By, Plan, Word};
pub(crate) use lines::Lines;
use lookup::{Lookup, Window};
#[cfg(test)]
use masks::PIECE;
use masks::{BACK, MASK, Piece, READ, Text, each_piece};
#[cfg(target_arch = "x86_64")]
use masks::{LINE, LONG_LINE, LineMasks};
use order::sort;

/// A place worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Offset in the block of the first byte of the word or run, or of the window.
    pub at: u32,
    /// Index of the word, or one of these.
    pub kind: u32,
}

impl Hit {
    /// The kind of a run of digits; the module `digits` says what is one.
    pub const DIGITS: u32 = u32::MAX;
    /// The kind of an `@`.
    pub const AT: u32 = u32::MAX - 1;
    /// The first kind of a window that passed the hash check. Words may stand here, and how far a kind is
    /// behind this one says where those of the window begin among all, so that nobody hashes it again.
    const WINDOW: u32 = 1 << 31;

    /// What hits are in order of.
    fn key(&self) -> u64 {
        u64::from(self.at) << 32 | u64::from(self.kind)
    }

    /// The hit of that key.
    fn of(key: u64) -> Hit {
        Hit { at: (key >> 32) as u32, kind: key as u32 }
    }

    /// A window at `at` whose words begin at `entry`.
    #[inline(always)]
    fn window(at: usize, entry: u32) -> Hit {
        Hit { at: at as u32, kind: Hit::WINDOW + entry }
    }

    /// Where the words of the window begin, if it is one.
    #[inline(always)]
    fn entry(&self) -> Option<usize> {
        (Hit::WINDOW..Hit::AT).contains(&self.kind).then(|| (self.kind - Hit::WINDOW) as usize)
    }

    /// Whether it is a window: words may stand here.
    #[cfg(test)]
    pub(crate) fn is_window(&self) -> bool {
        self.entry().is_some()
    }
}

/// How the gate is implemented. All variants give the same hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Plain Rust, for every processor.
    Portable,
    /// x86-64 with AVX2.
    Avx2,
    /// x86-64 with AVX-512BW.
    Avx512,
    /// x86-64 with AVX-512VBMI, whose byte permutation halves the work, AVX-512VBMI2 and GFNI.
    Avx512Vbmi,
    /// 64-bit ARM with NEON.
    Neon,
}

impl Variant {
    /// From the slowest to the fastest.
    const ALL: [Variant; 5] = [Variant::Portable, Variant::Avx2, Variant::Avx512, Variant::Avx512Vbmi, Variant::Neon];

    /// The best that this processor has.
    pub fn detect() -> Variant {
        let best = Self::ALL.into_iter().rfind(|v| v.is_available());
        best.unwrap_or(Variant::Portable)
    }

    /// Those that this processor has, the best one last.
    pub fn available() -> Vec<Variant> {
        Self::ALL.into_iter().filter(|v| v.is_available()).collect()
    }

    /// The variant of this name, if the processor has it.
    pub fn from_name(name: &str) -> Option<Variant> {
        Self::ALL.into_iter().find(|v| v.name() == name && v.is_available())
    }

    /// The name that [`Variant::from_name`] takes.
    pub fn name(self) -> &'static str {
        match self {
            Variant::Portable => "portable",
            Variant::Avx2 => "avx2",
            Variant::Avx512 => "avx512",
            Variant::Avx512Vbmi => "avx512vbmi",
            Variant::Neon => "neon",
        }
    }

    /// How its kernel looks bytes up. (The portable one has no windows: any will do.)
    pub(crate) fn looks_up(self) -> By {
        match self {
            Variant::Portable | Variant::Avx2 | Variant::Avx512 | Variant::Neon => By::Nibbles,
            Variant::Avx512Vbmi => By::Entries,
        }
    }

    fn is_available(self) -> bool {
        match self {
            Variant::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Variant::Avx2 => simd::Avx2::is_available(),
            #[cfg(target_arch = "x86_64")]
            Variant::Avx512 => simd::Avx512::is_available(),
            #[cfg(target_arch = "x86_64")]
            Variant::Avx512Vbmi => simd::Avx512Vbmi::is_available(),
            #[cfg(target_arch = "aarch64")]
            Variant::Neon => simd::Neon::is_available(),
            // Those of other processors.
            _ => false,
        }
    }
}

/// How many groups of buckets there are: for windows anywhere, and where a word may begin.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64")),
    allow(dead_code, reason = "for the tables of vector kernels")
)]
struct Groups {
    plain: usize,
    begin: usize,
}

enum AnyKernel {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(Box<simd::Avx2>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Box<simd::Avx512>),
    #[cfg(target_arch = "x86_64")]
    Avx512Vbmi(Box<simd::Avx512Vbmi>),
    #[cfg(target_arch = "aarch64")]
    Neon(Box<simd::Neon>),
}

impl AnyKernel {
    fn new(variant: Variant, groups: Groups, windows: &[Window]) -> AnyKernel {
        let kernel = match variant {
            #[cfg(target_arch = "x86_64")]
            Variant::Avx2 => simd::Avx2::new(groups, windows).map(|k| Self::Avx2(Box::new(k))),
            #[cfg(target_arch = "x86_64")]
            Variant::Avx512 => simd::Avx512::new(groups, windows).map(|k| Self::Avx512(Box::new(k))),
            #[cfg(target_arch = "x86_64")]
            Variant::Avx512Vbmi => simd::Avx512Vbmi::new(groups, windows).map(|k| Self::Avx512Vbmi(Box::new(k))),
            #[cfg(target_arch = "aarch64")]
            Variant::Neon => simd::Neon::new(groups, windows).map(|k| Self::Neon(Box::new(k))),
            // Plain Rust, and those of other processors.
            _ => {
                let _ = (groups, windows);
                None
            }
        };
        kernel.unwrap_or(Self::Portable)
    }
}

/// The tables that words are found with. Immutable; share it between threads.
pub struct Gate {
    kernel: AnyKernel,
    lookup: Lookup,
}

impl Gate {
    /// A gate for these words; a variant that the processor lacks becomes [`Variant::Portable`].
    ///
    /// # Panics
    ///
    /// If the plan is not one for these words ([`Plan::fits`]), or if there are so many words that
    /// an index is no kind of a [`Hit`].
    pub fn new(words: Vec<Word>, plan: &Plan, variant: Variant) -> Gate {
        assert!(plan.fits(&words), "the plan was made for other words");
        assert!(words.len() < Hit::WINDOW as usize / lookup::CASES_MAX, "too many words");
        let deal = plan.deal(variant.looks_up());
        let windows: Vec<Window> =
            words.iter().zip(&deal.places).map(|(word, place)| Window::new(word, *place)).collect();
        let groups = Groups { plain: deal.plain, begin: deal.begin };
        Gate { kernel: AnyKernel::new(variant, groups, &windows), lookup: Lookup::new(words, &windows) }
    }

    /// Appends to `hits` in order: every place where words may be, every `@`, and every run of digits
    /// that may hold a card's number; and notes in `lines` where lines end. `block` has less than 4 GiB.
    pub fn find(&self, block: &[u8], hits: &mut Vec<Hit>, lines: &mut Lines) {
        debug_assert!(u32::try_from(block.len()).is_ok(), "4 GiB or more");
        lines.clear();
        let (found, lookup) = ((hits, lines), &self.lookup);
        match &self.kernel {
            AnyKernel::Portable => portable::find(lookup, block, found),
            #[cfg(target_arch = "x86_64")]
            AnyKernel::Avx2(kernel) => kernel.find(lookup, block, found),
            #[cfg(target_arch = "x86_64")]
            AnyKernel::Avx512(kernel) => kernel.find(lookup, block, found),
            #[cfg(target_arch = "x86_64")]
            AnyKernel::Avx512Vbmi(kernel) => kernel.find(lookup, block, found),
            #[cfg(target_arch = "aarch64")]
            AnyKernel::Neon(kernel) => kernel.find(lookup, block, found),
        }
    }

    /// Appends in order what stands at those of the hits that are before `end`: every occurrence of
    /// every word (of one that `begins`, those where [`may_begin`](crate::rules::plan::may_begin)
    /// holds), and whatever is no word. Returns how many hits these are.
    pub fn words(&self, block: &[u8], hits: &[Hit], end: usize, words: &mut Vec<Hit>) -> usize {
        let from = words.len();
        let mut own = 0;
        while let Some(hit) = hits.get(own).filter(|hit| (hit.at as usize) < end) {
            match hit.entry() {
                Some(entry) => self.lookup.words(block, hit.at as usize, entry, words),
                None => words.push(*hit),
            }
            own += 1;
        }
        sort(&mut words[from..]);
        own
    }

    /// Appends the words at a window; any other hit has none.
    pub fn words_at(&self, block: &[u8], window: Hit, words: &mut Vec<Hit>) {
        if let Some(entry) = window.entry() {
            self.lookup.words(block, window.at as usize, entry, words);
        }
    }

    /// The bytes which say what words stand at a window.
    pub fn seen(&self, block: &[u8], window: Hit) -> Seen {
        let at = window.at as usize;
        window.entry().map_or(Seen::new(at, at), |entry| self.lookup.seen(block, at, entry))
    }

    /// Appends what [`Gate::words`] says of all hits of a block; `hits` is working memory.
    pub fn find_words(&self, block: &[u8], hits: &mut Vec<Hit>, words: &mut Vec<Hit>, lines: &mut Lines) {
        hits.clear();
        self.find(block, hits, lines);
        self.words(block, hits, block.len(), words);
    }
}

fn push(hits: &mut Vec<Hit>, at: usize, kind: u32) {
    let at = at as u32;
    hits.push(Hit { at, kind });
}

/// The bits that are set, lowest first.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (mask != 0).then(|| {
            let bit = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            bit
        })
    })
}
