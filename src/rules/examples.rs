//! Lines of a rule that no log is looked through with: they are read when somebody asks for them.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use bytes::Bytes;

/// A list of texts, as a pack has it until it is first looked at. `*examples` is the list.
///
/// The built-in rules carry some thousand lines; reading them was a quarter of a start.
#[derive(Clone)]
pub struct Examples {
    raw: Bytes,
    read: OnceLock<Vec<String>>,
}

impl Examples {
    /// Those of [`Examples::pack`]; if the bytes are none of its, there are none.
    pub(super) fn packed(raw: Bytes) -> Examples {
        Examples { raw, read: OnceLock::new() }
    }

    /// The texts as bytes: how many bytes each has, and these.
    pub(super) fn pack(&self) -> Vec<u8> {
        self.iter().flat_map(|text| (text.len() as u32).to_le_bytes().into_iter().chain(text.bytes())).collect()
    }

    /// Whether they can be read.
    pub(super) fn check(&self) -> bool {
        self.read.get().is_some() || unpacked(&self.raw).is_some()
    }
}

fn unpacked(mut raw: &[u8]) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    while let Some((len, rest)) = raw.split_first_chunk() {
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        texts.push(String::from_utf8(text.to_vec()).ok()?);
        raw = rest;
    }
    raw.is_empty().then_some(texts)
}

impl From<Vec<String>> for Examples {
    fn from(texts: Vec<String>) -> Examples {
        Examples { raw: Bytes::new(), read: OnceLock::from(texts) }
    }
}

impl Deref for Examples {
    type Target = [String];

    fn deref(&self) -> &[String] {
        self.read.get_or_init(|| unpacked(&self.raw).unwrap_or_default())
    }
}

impl<'a> IntoIterator for &'a Examples {
    type Item = &'a String;
    type IntoIter = std::slice::Iter<'a, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Examples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::Examples;

    #[test]
    fn what_is_packed_is_read() {
        for texts in [vec![], vec![""], vec!["login <<alnum 8>>", "", "\u{e9}\0\n"]] {
            let examples = Examples::from(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
            let raw = examples.pack();
            let read = Examples::packed(raw.clone().into());
            assert!(read.check() && read.iter().eq(&texts));
            let cut = Examples::packed(raw[..raw.len().saturating_sub(1)].to_vec().into());
            assert!(raw.is_empty() || !cut.check() && cut.is_empty());
        }
    }
}
