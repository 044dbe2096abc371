//! What follows a value: nothing, its notation, the next key, or more of a text.

/// What follows a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Follows {
    /// Nothing more.
    End,
    /// Its notation's sign.
    Sign,
    /// A blank and a word of a text: `bob`, `updated.`
    Word,
    /// A blank and the next key: `host:`, `n=1`.
    Key,
    /// A blank and what begins with a digit.
    Digit,
    /// A blank and anything else.
    Other,
}

impl Follows {
    /// With the next word, if that is what follows.
    pub(super) fn of(behind: &[u8]) -> (Follows, &[u8]) {
        let [first, rest @ ..] = behind else { return (Follows::End, &[]) };
        if !matches!(first, b' ' | b'\t') {
            return (Follows::Sign, &[]);
        }
        let rest = rest.trim_ascii_start();
        let word = &rest[..rest.iter().take_while(|b| b.is_ascii_alphabetic() || **b == b'\'').count()];
        let sign = rest.get(word.len()).copied();
        match (rest.first(), sign) {
            (None, _) => (Follows::End, &[]),
            (Some(b), _) if b.is_ascii_digit() => (Follows::Digit, &[]),
            _ if word.is_empty() => (Follows::Other, &[]),
            (_, Some(b'=' | b':' | b'_' | b'-' | b'0'..=b'9')) => (Follows::Key, &[]),
            (_, None | Some(b' ' | b'\t' | b'.' | b',' | b';' | b'!' | b'?' | b')' | b'"' | b'\'' | b'\\')) => {
                (Follows::Word, word)
            }
            _ => (Follows::Other, &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Follows;

    #[test]
    fn what_follows_is_told_by_a_few_bytes() {
        for (behind, follows, next) in [
            ("", Follows::End, ""),
            ("  ", Follows::End, ""),
            (", n", Follows::Sign, ""),
            (" updated successfully", Follows::Word, "updated"),
            (" host: x", Follows::Key, ""),
            (" n=1", Follows::Key, ""),
            (" 17 ms", Follows::Digit, ""),
            (" \"x", Follows::Other, ""),
        ] {
            let (told, word) = Follows::of(behind.as_bytes());
            assert!(told == follows && word == next.as_bytes(), "{behind}");
        }
    }
}
