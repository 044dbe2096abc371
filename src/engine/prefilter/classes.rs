//! Which bytes of a text are of which class, as bit masks.

/// The classes of 64 bytes; bit `n` of a mask stands for byte `n`.
pub(super) struct Class {
    pub(super) digits: u64,
    pub(super) ats: u64,
    pub(super) lines: u64,
}

/// The classes of 64 bytes, and what tells where literals begin, as three masks instead of five: those of the bits of
/// each byte's code, the highest first.
#[derive(Clone, Copy)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that makes few masks"))]
pub(super) struct Codes(pub(super) [u64; 3]);

#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "for the kernel that makes few masks"))]
impl Codes {
    /// The code of a byte. No code is zero but that of all other bytes.
    pub(super) const fn of(byte: u8) -> u8 {
        match byte {
            b'0'..=b'9' => 0b110,
            // What a colour code ends with: behind it a word may begin. (Whether one does the comparison asks, which
            // looks further back.)
            b'm' | b'M' | b'k' | b'K' => 0,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => 0b100,
            b'\n' => 0b010,
            b'@' => 0b001,
            b'\\' | b'%' => 0b011,
            _ => 0,
        }
    }

    #[inline(always)]
    pub(super) fn class(self) -> Class {
        let [literals, second, third] = self.0;
        Class { digits: literals & second, ats: !literals & !second & third, lines: !literals & second & !third }
    }

    /// Bytes of literals.
    #[inline(always)]
    pub(super) fn literals(self) -> u64 {
        self.0[0]
    }

    /// What escapes begin with.
    #[inline(always)]
    pub(super) fn marks(self) -> u64 {
        !self.0[0] & self.0[1] & self.0[2]
    }
}
