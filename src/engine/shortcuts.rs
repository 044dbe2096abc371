//! Ways that are faster than the general one and give the same answer.
//!
//! Each can be switched off where tests and benches are built, so that the general way is held to it and its worth is
//! measured; what a release links has them all and carries no switch.

/// A way that is faster than the general one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(any(debug_assertions, feature = "switches")), allow(dead_code, reason = "none is switched off"))]
pub enum Shortcut {
    /// Candidates that surely lead nowhere are rejected before their record is cut out.
    RejectStage,
    /// Places that led nowhere are remembered by the bytes around them.
    RejectCache,
    /// What a key is for is remembered by its bytes.
    KeyCache,
    /// A record whose masks hide nothing that was looked at is not scanned again.
    Settled,
    /// The commonest spellings of key and value are read in one look.
    PlainSpellings,
    /// A member of a JSON object whose value is no secret is rejected in one look.
    JsonMember,
    /// Cards in four groups of four, and numbers that no issuer gives out, are told in one look.
    CardFours,
    /// A rule's mask that is the same for every secret is written once.
    ReadyMasks,
    /// Automata pass over runs of like states in one look.
    AcceleratedRuns,
}

#[cfg(any(debug_assertions, feature = "switches"))]
impl Shortcut {
    /// All of them.
    pub const ALL: [Shortcut; 9] = [
        Shortcut::RejectStage,
        Shortcut::RejectCache,
        Shortcut::KeyCache,
        Shortcut::Settled,
        Shortcut::PlainSpellings,
        Shortcut::JsonMember,
        Shortcut::CardFours,
        Shortcut::ReadyMasks,
        Shortcut::AcceleratedRuns,
    ];
}

/// The shortcuts that are taken.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shortcuts {
    /// The bits of those that are not.
    #[cfg(any(debug_assertions, feature = "switches"))]
    off: u16,
}

impl Shortcuts {
    /// Whether a shortcut is taken.
    #[inline(always)]
    #[cfg_attr(not(any(debug_assertions, feature = "switches")), allow(unused_variables, reason = "it always is"))]
    pub(crate) fn take(self, shortcut: Shortcut) -> bool {
        #[cfg(any(debug_assertions, feature = "switches"))]
        return self.off & 1 << shortcut as u16 == 0;
        #[cfg(not(any(debug_assertions, feature = "switches")))]
        true
    }

    /// Takes this one no longer.
    #[cfg(any(debug_assertions, feature = "switches"))]
    pub(crate) fn switch_off(&mut self, shortcut: Shortcut) {
        self.off |= 1 << shortcut as u16;
    }
}
