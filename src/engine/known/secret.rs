//! Bytes that are overwritten before their memory is given back.

use crate::engine::wipe::wipe;

/// A secret on its way into [`Values`](crate::Values): overwritten when it is dropped, and never shown.
pub struct Secret(Bytes);

impl Secret {
    /// What was put together without a copy left behind.
    #[cfg(feature = "cli")]
    pub(crate) fn of(bytes: Bytes) -> Secret {
        Secret(bytes)
    }

    /// What it is.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Secret {
        Secret(Bytes(bytes))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret(Bytes(text.into_bytes()))
    }
}

impl From<&[u8]> for Secret {
    fn from(bytes: &[u8]) -> Secret {
        Secret(Bytes(bytes.to_vec()))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Secret {
        text.as_bytes().into()
    }
}

impl<const N: usize> From<&[u8; N]> for Secret {
    fn from(bytes: &[u8; N]) -> Secret {
        bytes[..].into()
    }
}

/// A buffer that leaves nothing behind: not when it is dropped, nor when it grows.
#[derive(Default)]
pub(crate) struct Bytes(Vec<u8>);

impl Bytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Appends bytes. `Vec` would leave a copy where it was before it grew.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.max(self.0.capacity() * 2).max(64));
            larger.extend_from_slice(&self.0);
            wipe(&mut self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    /// Overwrites what it holds.
    pub(crate) fn clear(&mut self) {
        wipe(&mut self.0);
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::Bytes;

    #[test]
    fn it_grows_and_keeps_its_bytes() {
        let (mut bytes, mut expected) = (Bytes::default(), Vec::new());
        for n in 0..100u8 {
            bytes.put(&vec![n; usize::from(n)]);
            expected.resize(expected.len() + usize::from(n), n);
        }
        assert!(bytes.as_slice() == &expected[..]);
        bytes.clear();
        assert_eq!(bytes.len(), 0);
    }
}
