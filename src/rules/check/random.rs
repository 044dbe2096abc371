//! Does a value look like something a machine drew, or like something a person or a program named?

use super::entropy::bits_per_byte;

/// The fewest bytes that can look random.
const RANDOM_BYTES_MIN: usize = 12;

/// What a byte can be, as bits.
mod class {
    pub(super) const DIGIT: u8 = 1;
    pub(super) const LETTER: u8 = 2;
    /// A sign that words do not have.
    pub(super) const SIGN: u8 = 4;
    /// What tokens are made of.
    pub(super) const TOKEN: u8 = 8;
    /// A hexadecimal digit, or the dash between groups of them.
    pub(super) const HEX: u8 = 16;

    const OF: [u8; 256] = {
        let mut of = [0; 256];
        let mut b = 0;
        while b < 256 {
            of[b] = one(b as u8);
            b += 1;
        }
        of
    };

    const fn one(b: u8) -> u8 {
        let sign = matches!(b, b'!' | b'#' | b'$' | b'%' | b'^' | b'+' | b'=' | b'~' | b'@');
        let token = sign || matches!(b, b'/' | b'_' | b'-' | b'.' | b':' | b'*' | b'|') || b.is_ascii_alphanumeric();
        let hex = b.is_ascii_hexdigit() || b == b'-';
        (if b.is_ascii_digit() { DIGIT } else { 0 })
            | (if b.is_ascii_alphabetic() { LETTER } else { 0 })
            | (if sign { SIGN } else { 0 })
            | (if token { TOKEN } else { 0 })
            | (if hex { HEX } else { 0 })
    }

    /// What some byte of the value is, and what all of them are.
    pub(super) fn of(value: &[u8]) -> (u8, u8) {
        value.iter().fold((0, u8::MAX), |(any, all), &b| (any | OF[usize::from(b)], all & OF[usize::from(b)]))
    }
}

/// Whether the value looks drawn: long enough, varied enough, and not words, a path, an identifier
/// or a date.
pub fn looks_random(value: &[u8]) -> bool {
    if value.contains(&b'\\') {
        let mut plain = [0; ESCAPED_BYTES_MAX];
        return unescaped(value, &mut plain).is_some_and(|len| looks_random(&plain[..len]));
    }
    let (_, all) = class::of(value);
    if value.len() < RANDOM_BYTES_MIN || all & class::TOKEN == 0 || is_words(value) {
        return false;
    }
    // Hex needs less than base64: its alphabet has four bits to give.
    let hex = all & class::HEX != 0;
    bits_per_byte(value) >= if hex { 2.8 } else { 3.2 }
}

/// The longest value whose escapes are read, in bytes.
const ESCAPED_BYTES_MAX: usize = 256;

/// The value without what JSON escapes in it, `\/` and `\u002b`, and how long that is; none where another escape or
/// none is in it, or it is too long.
fn unescaped(value: &[u8], plain: &mut [u8; ESCAPED_BYTES_MAX]) -> Option<usize> {
    let (mut at, mut len) = (0, 0);
    while let Some(&first) = value.get(at) {
        let slashes = value[at..].iter().take_while(|b| **b == b'\\').count();
        let (byte, width) = match &value[at + slashes..] {
            _ if slashes == 0 => (first, 1),
            [b'/', ..] => (b'/', slashes + 1),
            [b'u', b'0', b'0', high, low, ..] => {
                let digit = |b: &u8| char::from(*b).to_digit(16).map(|d| d as u8);
                (digit(high)? << 4 | digit(low)?, slashes + 5)
            }
            _ => return None,
        };
        *plain.get_mut(len)? = byte;
        (at, len) = (at + width, len + 1);
    }
    Some(len)
}

/// Whether the value has the form of an identifier that is drawn but no secret by itself: a UUID, a
/// pointer, a number, or several of them joined by signs.
pub fn is_plain_id(value: &[u8]) -> bool {
    let pointer = value.len() <= 18 && value.starts_with(b"0x") && value[2..].iter().all(u8::is_ascii_hexdigit);
    let number = |part: &[u8]| part.iter().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.'));
    pointer || value.split(|b| *b == b':').all(|part| number(part) || is_uuid(part))
}

fn is_uuid(value: &[u8]) -> bool {
    let mut places = value.iter().enumerate();
    value.len() == 36
        && places.all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

/// `3/3`: so many of so many.
pub fn is_share(value: &[u8]) -> bool {
    value.len() <= 9
        && value.iter().filter(|b| **b == b'/').count() == 1
        && value.iter().all(|b| b.is_ascii_digit() || *b == b'/')
}

/// Whether a text is several words with blanks between, as in `Get this from elsewhere`, `what isn't one`.
pub fn is_prose(value: &[u8]) -> bool {
    let mut words = value.split(|b| *b == b' ').filter(|w| !w.is_empty());
    let trimmed = |w: &[u8]| w.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |i| i + 1);
    let masked = |w: &[u8]| memchr::memmem::find(w, b"[REDACTED").is_some() || memchr::memmem::find(w, b"**").is_some();
    value.contains(&b' ') && words.all(|w| masked(w) || w[..trimmed(w)].split(|b| *b == b'\'').all(is_words))
}

/// Whether a short bare value has the marks of a secret: a digit among letters, both cases inside,
/// or a sign that words do not have.
pub fn has_marks(value: &[u8]) -> bool {
    let (any, _) = class::of(value);
    let has = |class| any & class != 0;
    (has(class::DIGIT) && has(class::LETTER) || has(class::SIGN)) && !is_words(value) || looks_random(value)
}

/// Whether the value is words joined by signs: `db-credentials`, `user:42`, `settings.SECRET_KEY`,
/// `/var/lib/x`, `getUserToken`. Numbers between words do not make it a secret: `v2`, `us-east-1`.
pub fn is_words(value: &[u8]) -> bool {
    let mut parts = 0;
    for part in
        value.split(|b| matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'=' | b'\\' | b'@' | b'+' | b'~' | b'|' | b','))
    {
        if part.is_empty() {
            continue;
        }
        parts += 1;
        if !is_word(part) {
            return false;
        }
    }
    parts > 0
}

/// A word: letters that change case only where words begin, with at most a short number behind; or
/// a short number alone.
fn is_word(part: &[u8]) -> bool {
    if part.len() <= 6 && part.iter().all(u8::is_ascii_digit) {
        return true;
    }
    let letters = part.iter().position(u8::is_ascii_digit).unwrap_or(part.len());
    let (head, tail) = part.split_at(letters);
    if tail.len() > 2 || !tail.iter().all(u8::is_ascii_digit) || !head.iter().all(u8::is_ascii_alphabetic) {
        return false;
    }
    if head.is_empty() {
        return true; // a short number
    }
    let changes = head.windows(2).filter(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()).count();
    // Camel case has a capital every few letters; random letters have one at every other.
    changes * 4 <= head.len() && reads_like_a_word(head)
}

/// Vowels come often enough in words, and consonants never in long rows.
fn reads_like_a_word(letters: &[u8]) -> bool {
    if letters.len() <= 3 {
        return true;
    }
    let vowel = |b: &u8| matches!(b.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let vowels = letters.iter().filter(|b| vowel(b)).count();
    let longest = letters.split(vowel).map(<[u8]>::len).max().unwrap_or(0);
    let upper = letters.iter().all(u8::is_ascii_uppercase);
    vowels * 6 >= letters.len() && longest <= if upper { 6 } else { 5 }
}

#[cfg(test)]
mod tests {
    use super::{has_marks, is_words, looks_random};

    #[test]
    fn words_are_not_random() {
        for text in [
            "db-credentials",
            "user:42",
            "settings.SECRET_TOKEN",
            "expired",
            "getUserToken",
            "us-east-1",
            "/var/lib/data/v2",
            "authentication",
            "com.example.service",
        ] {
            assert!(is_words(text.as_bytes()), "{text}");
            assert!(!looks_random(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn drawn_values_are() {
        for text in ["q8Zr1Lw0mXv93TbN", "5649942fec91adb3b5724fb3", "jd2r8lcnla331cxir6t1c3-o3zry6gz0"] {
            assert!(looks_random(text.as_bytes()), "{text}");
        }
        assert!(has_marks(b"hunter2x9"));
        assert!(!has_marks(b"expired"));
    }
}
