//! Places worth a look, as the kernels report them.

/// A place worth a look.
///
/// In `login password=x user@host` these are a fingerprint at `pass` (literals such as `password` may stand there) and the
/// `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Offset in the block of the first byte of the word or run, or of the window.
    pub at: u32,
    /// Index of the word, or one of these.
    pub kind: u32,
}

impl Candidate {
    /// The kind of a run of digits; the module `digits` says what is one.
    pub const DIGITS: u32 = u32::MAX;
    /// The kind of an `@`.
    pub const AT: u32 = u32::MAX - 1;
    /// The first kind of a window that passed the hash check. Words may stand here, and how far a kind is
    /// behind this one says where those of the window begin among all, so that nobody hashes it again.
    pub(super) const FINGERPRINT: u32 = 1 << 31;

    /// What candidates are in order of.
    pub(super) fn key(&self) -> u64 {
        u64::from(self.at) << 32 | u64::from(self.kind)
    }

    /// The candidate of that key.
    pub(super) fn of(key: u64) -> Candidate {
        Candidate { at: (key >> 32) as u32, kind: key as u32 }
    }

    /// A window at `at` whose literals begin at `entry`.
    #[inline(always)]
    pub(super) fn fingerprint(at: usize, entry: u32) -> Candidate {
        Candidate { at: at as u32, kind: Candidate::FINGERPRINT + entry }
    }

    /// Where the literals of the window begin, if it is one.
    #[inline(always)]
    pub(super) fn entry(&self) -> Option<usize> {
        (Candidate::FINGERPRINT..Candidate::AT)
            .contains(&self.kind)
            .then(|| (self.kind - Candidate::FINGERPRINT) as usize)
    }

    /// Whether it is a window: literals may stand here.
    #[cfg(test)]
    pub(crate) fn is_fingerprint(&self) -> bool {
        self.entry().is_some()
    }
}

/// Appends a candidate.
pub(super) fn push(candidates: &mut Vec<Candidate>, at: usize, kind: u32) {
    let at = at as u32;
    candidates.push(Candidate { at, kind });
}
