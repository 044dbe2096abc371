//! The last words before a value, read backwards, and the signs between.

/// The most words that are read.
const WORDS_MAX: usize = 3;
/// The most of a word that is read, in bytes.
const WORD_BYTES_MAX: usize = 20;
/// The most signs between the last word and the value that count.
const SIGNS_MAX: usize = 5;

/// A word as it stands; its hash is that of its small letters.
#[derive(Clone, Copy, Default)]
pub struct Word<'a> {
    pub(super) text: &'a [u8],
    pub(super) hash: u32,
}

/// The words before a value, the nearest first.
pub(super) struct Words<'a> {
    near: [Word<'a>; WORDS_MAX],
    count: usize,
    /// What stands between the last of them and the value, at most the last [`SIGNS_MAX`].
    pub(super) sign: &'a [u8],
}

/// The hash of a text's small letters; a number is as good as any other.
pub(super) fn hash(text: &[u8]) -> u32 {
    if text.first().is_some_and(u8::is_ascii_digit) {
        return 0x5EED;
    }
    text.iter().fold(0x811C_9DC5u32, |h, b| (h ^ u32::from(b.to_ascii_lowercase())).wrapping_mul(0x0100_0193))
}

/// A sign as it counts: all quotes are one, and all blanks.
pub(super) fn sign_of(b: u8) -> u8 {
    match b {
        b'"' | b'\'' | b'`' => b'"',
        b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => b' ',
        b'0'..=b'9' => b'0',
        b'A'..=b'Z' | b'a'..=b'z' => b'a',
        b => b,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Case {
    Digit,
    Upper,
    Lower,
    Sign,
}

fn case(b: u8) -> Case {
    match b {
        b'0'..=b'9' => Case::Digit,
        b'A'..=b'Z' => Case::Upper,
        b'a'..=b'z' | 0x80.. => Case::Lower,
        _ => Case::Sign,
    }
}

impl<'a> Words<'a> {
    pub(super) fn before(text: &'a [u8]) -> Words<'a> {
        let signs = text.iter().rev().take_while(|b| case(**b) == Case::Sign).count();
        let sign = &text[text.len() - signs.min(SIGNS_MAX)..];
        let mut words = Words { near: [Word::default(); WORDS_MAX], count: 0, sign };
        let mut rest = text;
        while words.count < WORDS_MAX {
            let end = rest.len() - rest.iter().rev().take_while(|b| case(**b) == Case::Sign).count();
            if end == 0 {
                break;
            }
            let start = begin(&rest[..end]);
            let text = &rest[start.max(end.saturating_sub(WORD_BYTES_MAX))..end];
            words.near[words.count] = Word { text, hash: hash(text) };
            words.count += 1;
            rest = &rest[..start];
        }
        words
    }

    pub(super) fn near(&self) -> &[Word<'a>] {
        &self.near[..self.count]
    }

    /// Of the signs, without backslashes, and each row of blanks as one.
    pub(super) fn sign_hash(&self) -> u32 {
        let mut last = 0;
        self.sign.iter().fold(0x811C_9DC5u32, |hash, &b| {
            let sign = sign_of(b);
            let skip = b == b'\\' || sign == b' ' && last == b' ';
            last = sign;
            if skip { hash } else { (hash ^ u32::from(sign)).wrapping_mul(0x0100_0193) }
        })
    }
}

/// Where the last word of a text begins, which ends with a letter or a digit.
fn begin(text: &[u8]) -> usize {
    let run = |end: usize, kind: Case| end - text[..end].iter().rev().take_while(|b| case(**b) == kind).count();
    let end = text.len();
    match case(text[end - 1]) {
        Case::Lower => {
            let start = run(end, Case::Lower);
            let capital = start > 0 && case(text[start - 1]) == Case::Upper;
            let plural = end - start == 1 && text[start] == b's' && start > 1 && case(text[start - 2]) == Case::Upper;
            match (capital, plural) {
                (true, true) => run(start, Case::Upper),
                (true, false) => start - 1,
                _ => start,
            }
        }
        kind => run(end, kind),
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn words_are_split_and_the_nearest_comes_first() {
        for (text, words, sign) in [
            ("{\"user\":\"al\",\"dbApiKey\":\"", vec!["Key", "Api", "db"], "\":\""),
            ("APIKeys = ", vec!["Keys", "API"], " = "),
            ("AUTH_KEYs=", vec!["KEYs", "AUTH"], "="),
            ("token2: ", vec!["2", "token"], ": "),
            ("---", vec![], "---"),
            ("", vec![], ""),
        ] {
            let found = Words::before(text.as_bytes());
            let near: Vec<&str> = found.near().iter().map(|w| std::str::from_utf8(w.text).unwrap()).collect();
            assert_eq!(near, words, "{text}");
            assert_eq!(found.sign, sign.as_bytes(), "{text}");
        }
    }

    #[test]
    fn quotes_and_escapes_are_one_sign() {
        let hash = |text: &str| Words::before(text.as_bytes()).sign_hash();
        assert_eq!(hash("a = \""), hash("a = '"));
        assert_eq!(hash("a\\\":\\\""), hash("a\":\""));
        assert_ne!(hash("a = "), hash("a: "));
    }
}
