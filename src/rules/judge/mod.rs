//! A learned judge: how much speaks for a value being a secret, in hundredths of a bit.
//!
//! Logistic regression over hashed features: a sum of small integers, which [`table::Table`] holds.
//! It reads [`candidate::BEFORE_BYTES`] before a value, [`candidate::VALUE_BYTES`] of it and
//! [`candidate::BEHIND_BYTES`] behind it, whatever the record is. `tools/judge/` trains it.

pub mod candidate;
pub mod features;
mod follows;
pub mod likelihood;
pub mod pairs;
pub mod table;
mod words;

use super::check::random;
use crate::rules::words::words;
use candidate::{BEFORE_BYTES, VALUE_BYTES};

/// The fewest bytes of a value that may be a secret though its key's rule does not say so.
const WORTH_BYTES_MIN: usize = 6;

/// Whether a value may be one: a cheap look before the judge is asked, at its own bytes alone.
pub fn worth(value: &[u8]) -> bool {
    let text = &value[..value.len().min(VALUE_BYTES)];
    // A quantity, a time, a place in a file.
    let number = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b':' | b',' | b'-' | b'+' | b'%');
    // A key block has a rule of its own, which leaves its marks.
    value.len() >= WORTH_BYTES_MIN && !text.starts_with(b"-----") && !text.iter().all(number)
}

/// The longest name that a short number may stand behind, in bytes.
const NAME_BYTES: usize = 16;
/// The most digits of such a number.
const NAME_DIGITS: usize = 4;

/// Whether a value is a name with a short number, as `item-123` and `eu-west-1` are: behind a weak key nothing makes a secret
/// of it, and most values there are such, so that the judge need not be asked.
pub fn is_name_with_number(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let part = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.' | b'/');
    value.len() <= NAME_BYTES && digits <= NAME_DIGITS && value.iter().all(part)
}

/// The fewest bytes of a value that is one in prose.
const DRAWN_BYTES_MIN: usize = 16;

/// Whether a value in prose may be a secret: long, of a token's bytes alone, digits among its letters.
pub fn is_drawn(value: &[u8]) -> bool {
    let part = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'-' | b'_' | b'.' | b'+' | b'/' | b'=' | b'~' | b'|' | b'!' | b'@' | b'$' | b'*')
    };
    value.len() >= DRAWN_BYTES_MIN
        && value.iter().all(part)
        && value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_alphabetic)
}

/// The fewest bytes of a password in prose.
const MADE_UP_BYTES_MIN: usize = 7;
/// Names of algorithms and encodings with letters behind their numbers.
const ALGORITHMS: &[&str] = words!("algorithms");

/// Whether a word behind a password's name is one that people make up, and none of prose: digits and letters change places
/// in it, or it has digits and a sign. A name with a number behind it is a name.
pub fn is_made_up(value: &[u8]) -> bool {
    let digit = value.iter().position(u8::is_ascii_digit);
    is_chosen(value)
        && digit.is_some_and(|at| value[at..].iter().any(u8::is_ascii_alphabetic) || value.iter().any(sign))
}

/// Whether a word that a line has alone behind a password's name is one that people choose: `Summer2024` may be, too.
pub fn is_chosen(value: &[u8]) -> bool {
    value.len() >= MADE_UP_BYTES_MIN
        && value.iter().all(|b| b.is_ascii_alphanumeric() || sign(b))
        && value.iter().any(u8::is_ascii_alphabetic)
        && value.iter().any(u8::is_ascii_digit)
        && !is_algorithm(value)
}

/// Whether it is one of a made-up word's signs, which [`may_begin_drawn`] takes for more of a value, too.
fn sign(b: &u8) -> bool {
    matches!(b, b'!' | b'@' | b'#' | b'$' | b'^' | b'&' | b'*' | b'+')
}

/// Whether an algorithm's name begins the word.
fn is_algorithm(value: &[u8]) -> bool {
    let named = |name: &str| value.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()));
    ALGORITHMS.iter().any(|name| named(name))
}

/// Whether a value is of capitals, small letters and digits as only tokens are: what is drawn in hexadecimal
/// digits may be any identifier, and what is written of words has few digits.
pub fn is_mixed(value: &[u8]) -> bool {
    if is_pair(value) {
        return false;
    }
    let count = |is: fn(&u8) -> bool| value.iter().filter(|b| is(b)).count();
    let (digits, upper, lower) =
        (count(u8::is_ascii_digit), count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    value.len() >= DRAWN_BYTES_MIN
        && !value.contains(&b' ')
        && random::looks_random(value)
        && [digits, upper, lower].iter().all(|n| n * 12 >= value.len())
}

/// Whether a value is a name, its sign and a value of its own: `name=AES_XCBC_96`. Padding is none.
fn is_pair(value: &[u8]) -> bool {
    let end = value.iter().rposition(|b| *b != b'=').map_or(0, |i| i + 1);
    value[..end].contains(&b'=')
}

/// Whether a value is a pair of a word and what nobody drew, as settings behind a name have them.
pub fn is_plain_pair(value: &[u8]) -> bool {
    let Some(at) = value.iter().position(|b| *b == b'=').filter(|at| *at > 0) else { return false };
    is_pair(value)
        && value[..at].iter().all(|b| b.is_ascii_lowercase() || *b == b'_')
        && !random::looks_random(&value[at + 1..])
}

/// The fewest letters and digits that are a session's.
const SESSION_BYTES_MIN: usize = 24;

/// Whether a value is long enough for a session's and drawn, in hexadecimal digits or in letters and digits.
pub fn is_session(value: &[u8]) -> bool {
    let drawn = value.iter().any(u8::is_ascii_digit) && random::looks_random(value);
    value.len() >= SESSION_BYTES_MIN
        && value.iter().all(u8::is_ascii_alphanumeric)
        && (drawn || value.iter().all(u8::is_ascii_hexdigit))
}

/// Words between a key and its value that say how one came to the other.
const TELLING: &[&str] = words!("telling-words");
/// How long they are, as bits, by what they begin with: most words are told apart by that.
const TELLING_LENGTHS: [u32; 32] = {
    let mut lengths = [0; 32];
    let mut n = 0;
    while n < TELLING.len() {
        lengths[(TELLING[n].as_bytes()[0] & 31) as usize] |= 1 << TELLING[n].len();
        n += 1;
    }
    lengths
};

/// Whether a word behind a secret's key says how it came, or how it is written: `token received: X`, `Secret bytes: X`.
pub fn is_telling(word: &[u8]) -> bool {
    let may_be = |first: u8| word.len() < 32 && TELLING_LENGTHS[usize::from(first & 31)] >> word.len() & 1 != 0;
    word.first().is_some_and(|first| may_be(*first))
        && TELLING.iter().any(|telling| word.eq_ignore_ascii_case(telling.as_bytes()))
}

/// Whether a value that [`is_drawn`] or [`is_made_up`], or a word before one, may begin with `word`, which ends before `next`.
pub fn may_begin_drawn(word: &[u8], next: Option<u8>) -> bool {
    let goes_on =
        matches!(next, Some(b'-' | b'+' | b'/' | b'=' | b'~' | b'|' | b'!' | b'@' | b'$' | b'*' | b'#' | b'^'));
    match word {
        b"is" | b"was" => true,
        _ if matches!(next, Some(b':' | b'=' | b' ')) && is_telling(word) => true,
        _ => goes_on || word.len() >= MADE_UP_BYTES_MIN && word.iter().any(u8::is_ascii_digit),
    }
}

const _: () = assert!(BEFORE_BYTES + VALUE_BYTES < 128);
