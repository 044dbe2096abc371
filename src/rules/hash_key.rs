//! The key that hash masks are made with, and the tags it gives.

use std::fmt;

/// Letters of a hash tag: sixteen without a digit, so that no tag is ever taken for a number.
const TAG_LETTERS: &[u8; 16] = b"abcdefghijklmnop";
/// Length of a hash tag: 80 bits.
const TAG_LETTERS_SHOWN: usize = 20;

/// The key of hash masks: 32 bytes derived from what the user gave, and a short id that shows in
/// the tag. Shows neither in `Debug`; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct HashKey {
    id: String,
    key: [u8; 32],
}

impl HashKey {
    /// The fewest bytes of key material.
    pub const BYTES_MIN: usize = 16;

    /// Derives the key. `material` is any text or bytes of at least [`HashKey::BYTES_MIN`] bytes;
    /// the id is derived from the key and tells two keys apart.
    pub fn new(material: &[u8]) -> Result<HashKey, String> {
        let material = material.trim_ascii();
        if material.len() < Self::BYTES_MIN {
            return Err(format!(
                "the hash key has {} bytes; it needs at least {} (for example: openssl rand -hex 32)",
                material.len(),
                Self::BYTES_MIN
            ));
        }
        let key = blake3::derive_key("logveil 2026 hash mask key", material);
        let id = blake3::derive_key("logveil 2026 hash mask key id", material);
        Ok(HashKey { id: letters(&id[..2]), key })
    }

    /// The id shown in tags: four letters.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The tag of a secret: BLAKE3 keyed, 80 bits as letters.
    pub fn tag(&self, secret: &[u8]) -> String {
        letters(&blake3::keyed_hash(&self.key, secret).as_bytes()[..TAG_LETTERS_SHOWN / 2])
    }
}

fn letters(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|n| char::from(TAG_LETTERS[usize::from(n)])).collect()
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Drop for HashKey {
    fn drop(&mut self) {
        self.key = std::hint::black_box([0; 32]);
        std::hint::black_box(&self.key);
    }
}
