//! Is a text a sentence about a value, as those who check what was entered answer with?

use crate::rules::words::words;

/// How sentences without a capital begin that say what is wrong with a value.
const BEGINS: &[&str] = words!("complaints");
/// The fewest words of a sentence.
const WORDS_MIN: usize = 3;

/// Whether the text is one: `This field is required.`, `can't be blank`. A passphrase has neither a capital and a
/// full stop, nor such a beginning.
pub fn is_sentence(text: &[u8]) -> bool {
    let word = |w: &[u8]| {
        let number = w.len() <= 3 && w.iter().all(u8::is_ascii_digit);
        let letters =
            |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'\'' | b',' | b'-' | b'.' | b'(' | b')' | b':' | b'!');
        number || !w.is_empty() && w.iter().all(letters)
    };
    let count = text.split(|b| *b == b' ').count();
    if count < WORDS_MIN || !text.split(|b| *b == b' ').all(word) {
        return false;
    }
    let first = text.split(|b| *b == b' ').next().unwrap_or_default();
    let whole = text[0].is_ascii_uppercase() && matches!(text.last(), Some(b'.' | b'!'));
    whole || BEGINS.iter().any(|begin| begin.as_bytes() == first)
}

#[cfg(test)]
mod tests {
    use super::is_sentence;

    #[test]
    fn sentences() {
        for text in ["This field is required.", "is too short (minimum is 8 characters)", "must be set!"] {
            assert!(is_sentence(text.as_bytes()), "{text}");
        }
        for text in ["correct horse battery staple", "Correct horse", "Hunter2 is a 4you.", "is7 too short", ""] {
            assert!(!is_sentence(text.as_bytes()), "{text}");
        }
    }
}
