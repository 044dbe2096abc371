//! The prefilter: finds the few places of a block that are worth a look.
//!
//! A block goes through in pieces that stay in the first-level cache. Over each piece a kernel goes once: it says of which
//! class each byte is, by that where a word of the text may begin (`classes`), and where a window of a word may
//! ([`crate::rules::plan`] says what that is). All in bit masks, one bit a byte; arithmetic on the masks of digits shows
//! where a run of them is (`digits`). What the masks show is then looked at: a hash check tells where literals may be
//! (`confirm`), then eight bytes are compared (`entry`). Which literals are there is asked of few such places
//! ([`Prefilter::literals`]), as most lead nowhere the same way as many before. The kernels differ in speed alone: what a
//! kernel lets through by mistake is refused there, and none of them misses a window, so all give the same candidates.

mod bits;
pub(crate) mod candidate;
mod classes;
mod confirm;
mod digits;
mod driver;
mod entry;
mod fingerprint;
pub(crate) mod lines;
mod order;
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that says all at once"))]
mod planes;
mod portable;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod simd;
#[cfg(test)]
mod tests;

use crate::engine::footprint::Footprint;
use crate::rules::plan::{By, Literal, Plan};
use candidate::Candidate;
use confirm::{Confirm, Groups};
use fingerprint::Fingerprint;
use lines::Lines;
use order::sort;

/// How the prefilter is implemented. All variants give the same candidates.
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
    fn new(variant: Variant, groups: Groups, windows: &[Fingerprint]) -> AnyKernel {
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

/// The tables that literals are found with. Immutable; share it between threads.
pub struct Prefilter {
    kernel: AnyKernel,
    confirm: Confirm,
}

impl Prefilter {
    /// A prefilter for these literals; a variant that the processor lacks becomes [`Variant::Portable`].
    ///
    /// # Panics
    ///
    /// If the plan is not one for these literals ([`Plan::fits`]), or if there are so many literals that
    /// an index is no kind of a [`Candidate`].
    pub fn new(literals: Vec<Literal>, plan: &Plan, variant: Variant) -> Prefilter {
        assert!(plan.fits(&literals), "the plan was made for other literals");
        assert!(literals.len() < Candidate::FINGERPRINT as usize / confirm::CASES_MAX, "too many literals");
        let deal = plan.deal(variant.looks_up());
        let windows: Vec<Fingerprint> =
            literals.iter().zip(&deal.places).map(|(word, place)| Fingerprint::new(word, *place)).collect();
        let groups = Groups { plain: deal.plain, begin: deal.begin };
        Prefilter { kernel: AnyKernel::new(variant, groups, &windows), confirm: Confirm::new(literals, &windows) }
    }

    /// Appends to `candidates` in order: every place where literals may be, every `@`, and every run of digits
    /// that may hold a card's number; and notes in `lines` where lines end. `block` has less than 4 GiB.
    pub fn find(&self, block: &[u8], candidates: &mut Vec<Candidate>, lines: &mut Lines) {
        debug_assert!(u32::try_from(block.len()).is_ok(), "4 GiB or more");
        lines.clear();
        let (found, confirm) = ((candidates, lines), &self.confirm);
        match &self.kernel {
            AnyKernel::Portable => portable::find(confirm, block, found),
            #[cfg(target_arch = "x86_64")]
            AnyKernel::Avx2(kernel) => kernel.find(confirm, block, found),
            #[cfg(target_arch = "x86_64")]
            AnyKernel::Avx512(kernel) => kernel.find(confirm, block, found),
            #[cfg(target_arch = "x86_64")]
            AnyKernel::Avx512Vbmi(kernel) => kernel.find(confirm, block, found),
            #[cfg(target_arch = "aarch64")]
            AnyKernel::Neon(kernel) => kernel.find(confirm, block, found),
        }
    }

    /// Appends in order what stands at those of the candidates that are before `end`: every occurrence of
    /// every word (of one that `begins`, those where [`may_begin`](crate::rules::plan::may_begin)
    /// holds), and whatever is no word. Returns how many candidates these are.
    pub fn literals(&self, block: &[u8], candidates: &[Candidate], end: usize, literals: &mut Vec<Candidate>) -> usize {
        let from = literals.len();
        let mut own = 0;
        while let Some(candidate) = candidates.get(own).filter(|candidate| (candidate.at as usize) < end) {
            match candidate.entry() {
                Some(entry) => self.confirm.literals(block, candidate.at as usize, entry, literals),
                None => literals.push(*candidate),
            }
            own += 1;
        }
        sort(&mut literals[from..]);
        own
    }

    /// Appends the literals at a window; any other candidate has none.
    pub fn literals_at(&self, block: &[u8], window: Candidate, literals: &mut Vec<Candidate>) {
        if let Some(entry) = window.entry() {
            self.confirm.literals(block, window.at as usize, entry, literals);
        }
    }

    /// The bytes which say what literals stand at a window.
    pub fn footprint(&self, block: &[u8], window: Candidate) -> Footprint {
        let at = window.at as usize;
        window.entry().map_or(Footprint::new(at, at), |entry| self.confirm.footprint(block, at, entry))
    }

    /// Appends what [`Prefilter::literals`] says of all candidates of a block; `candidates` is working memory.
    pub fn find_literals(
        &self,
        block: &[u8],
        candidates: &mut Vec<Candidate>,
        literals: &mut Vec<Candidate>,
        lines: &mut Lines,
    ) {
        candidates.clear();
        self.find(block, candidates, lines);
        self.literals(block, candidates, block.len(), literals);
    }
}
