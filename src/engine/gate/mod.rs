//! The gate: finds the few places of a block that are worth a look.
//!
//! A block goes through in pieces that stay in the first-level cache. Over each piece a kernel makes
//! bit masks, one bit a byte: where a window of a word may begin ([`crate::rules::plan`] says what
//! that is), where a digit is and where an `@`. What the masks show is then looked at: a hash check
//! and an exact comparison for words (`lookup`), bit arithmetic for runs of digits (`digits`).
//! The kernels differ in speed alone: what a kernel lets through by mistake is refused there, and
//! none of them misses a window, so all give the same hits.

mod digits;
mod lookup;
mod portable;
#[cfg(target_arch = "x86_64")]
mod simd;
#[cfg(test)]
mod tests;

use crate::rules::plan::{Plan, Word};
use lookup::{Lookup, Window};

/// A place worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Offset in the block of the first byte of the word or run.
    pub at: u32,
    /// Index of the word, or [`Hit::DIGITS`] or [`Hit::AT`].
    pub kind: u16,
}

impl Hit {
    /// The kind of a run of digits; the module `digits` says what is one.
    pub const DIGITS: u16 = 0xFFFF;
    /// The kind of an `@`.
    pub const AT: u16 = 0xFFFE;
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
    /// x86-64 with AVX-512VBMI, whose byte permutation halves the work.
    Avx512Vbmi,
}

impl Variant {
    /// From the slowest to the fastest.
    const ALL: [Variant; 4] = [Variant::Portable, Variant::Avx2, Variant::Avx512, Variant::Avx512Vbmi];

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
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn is_available(self) -> bool {
        match self {
            Variant::Portable => true,
            Variant::Avx2 => simd::Avx2::is_available(),
            Variant::Avx512 => simd::Avx512::is_available(),
            Variant::Avx512Vbmi => simd::Avx512Vbmi::is_available(),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn is_available(self) -> bool {
        self == Variant::Portable
    }
}

/// Bytes a bit mask stands for.
const MASK: usize = 64;

/// Masks in a piece: 8 KiB of text, which with the tables and the masks stay in the first-level
/// cache while several passes go over them.
const PIECE: usize = 128;

/// What a kernel tells of one piece; bit `n` of a mask stands for byte `n` of its 64.
///
/// Bits past the end of the block are zero in `digits` and `ats`, anything in `windows`.
struct Masks {
    /// Where the window of a word may begin; never less than where one does.
    windows: [u64; PIECE],
    /// Where an `@` is, in the last mask before the piece, in the piece, and in the two after it.
    ats: [u64; 1 + PIECE + 2],
    /// Where a digit is, in the same masks.
    digits: [u64; 1 + PIECE + 2],
    /// Not zero where a reported run may begin in that mask or the one before; one past the piece.
    joints: [u64; PIECE + 1],
}

enum AnyKernel {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(Box<simd::Avx2>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Box<simd::Avx512>),
    #[cfg(target_arch = "x86_64")]
    Avx512Vbmi(Box<simd::Avx512Vbmi>),
}

impl AnyKernel {
    fn new(variant: Variant, groups: usize, windows: &[Window]) -> AnyKernel {
        let kernel = match variant {
            Variant::Portable => None,
            #[cfg(target_arch = "x86_64")]
            Variant::Avx2 => simd::Avx2::new(groups, windows).map(|k| Self::Avx2(Box::new(k))),
            #[cfg(target_arch = "x86_64")]
            Variant::Avx512 => simd::Avx512::new(groups, windows).map(|k| Self::Avx512(Box::new(k))),
            #[cfg(target_arch = "x86_64")]
            Variant::Avx512Vbmi => simd::Avx512Vbmi::new(groups, windows).map(|k| Self::Avx512Vbmi(Box::new(k))),
            #[cfg(not(target_arch = "x86_64"))]
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
        assert!(words.len() < usize::from(Hit::AT), "too many words");
        let windows: Vec<Window> =
            words.iter().zip(plan.places()).map(|(word, place)| Window::new(word, *place)).collect();
        Gate { kernel: AnyKernel::new(variant, plan.groups(), &windows), lookup: Lookup::new(words, &windows) }
    }

    /// Appends to `hits` every occurrence of every word, every `@` and every run of digits, in
    /// order. `block` has less than 4 GiB.
    pub fn find(&self, block: &[u8], hits: &mut Vec<Hit>) {
        debug_assert!(u32::try_from(block.len()).is_ok(), "4 GiB or more");
        let before = hits.len();
        match &self.kernel {
            AnyKernel::Portable => portable::find(&self.lookup, block, hits),
            #[cfg(target_arch = "x86_64")]
            AnyKernel::Avx2(kernel) => kernel.find(&self.lookup, block, hits),
            #[cfg(target_arch = "x86_64")]
            AnyKernel::Avx512(kernel) => kernel.find(&self.lookup, block, hits),
            #[cfg(target_arch = "x86_64")]
            AnyKernel::Avx512Vbmi(kernel) => kernel.find(&self.lookup, block, hits),
        }
        // Each piece gives three sequences that are all but sorted, which this sort makes use of.
        hits[before..].sort();
    }
}

/// Takes a block through the gate in pieces. `scan` makes the masks of as many as its second
/// argument says, from the one whose number is its first.
///
/// Inlined into each kernel, so that it is compiled for what the kernel's processor has.
#[inline(always)]
fn each_piece(lookup: &Lookup, block: &[u8], hits: &mut Vec<Hit>, scan: impl Fn(usize, usize, &mut Masks)) {
    let end = block.len().div_ceil(MASK);
    let mut masks =
        Masks { windows: [0; PIECE], ats: [0; 1 + PIECE + 2], digits: [0; 1 + PIECE + 2], joints: [0; PIECE + 1] };
    for first in (0..end).step_by(PIECE) {
        let count = PIECE.min(end - first);
        scan(first, count, &mut masks);
        lookup.check(block, first * MASK, &masks.windows[..count], hits);
        rest(block, first, count, &masks, hits);
    }
}

/// Looks at what the masks of a piece show besides words.
#[inline(always)]
fn rest(block: &[u8], first: usize, count: usize, masks: &Masks, hits: &mut Vec<Hit>) {
    for mask in 0..count {
        let ats = masks.ats[mask + 1];
        let joints = masks.joints[mask] | masks.joints[mask + 1];
        if ats | joints == 0 {
            continue;
        }
        let at = (first + mask) * MASK;
        for bit in bits(ats) {
            push(hits, at + bit, Hit::AT);
        }
        if joints != 0 {
            let near = [masks.digits[mask], masks.digits[mask + 1], masks.digits[mask + 2]];
            for bit in bits(digits::starts(block, at, near)) {
                push(hits, at + bit, Hit::DIGITS);
            }
        }
    }
}

fn push(hits: &mut Vec<Hit>, at: usize, kind: u16) {
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
