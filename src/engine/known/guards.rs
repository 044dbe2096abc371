//! Which values are none: those that would eat the log.

use std::sync::OnceLock;

use memchr::memmem;

use crate::rules::check::{placeholder, prose};
use crate::rules::sample;
use crate::rules::words::words;

/// The fewest bytes of a value, when nothing else is asked for.
pub(crate) const BYTES_MIN: usize = 6;
/// The fewest that may be asked for.
pub(super) const BYTES_LEAST: usize = 4;
/// The fewest digits of a value that has nothing else: six are found in any log.
const DIGITS_MIN: usize = 8;
/// The longest value, in bytes.
const BYTES_MAX: usize = 64 << 10;
/// How often a value may stand in the sample.
const FREQUENT: usize = 2;
/// Bytes of the sample of clean log text.
pub(super) const SAMPLE_BYTES: usize = 48 << 10;

/// Words that are no secrets by themselves.
const COMMON: &[&str] = words!("common-values");

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is masked from now on.
    Taken,
    /// It has too few bytes, or too few digits and nothing else.
    TooShort,
    /// It has more than 64 KiB.
    TooLong,
    /// It is a word, or some of them, with at most two digits.
    Word,
    /// It stands so often in a sample of clean logs.
    Frequent(u32),
    /// It stands for a value: a placeholder, a reference, a mask.
    Template,
    /// It was taken before.
    Doubled,
    /// There are 100,000 values, or 64 MiB of them in all encodings.
    Full,
}

impl Verdict {
    /// Why it is none, as half a sentence that says nothing of the value.
    pub fn reason(self) -> &'static str {
        match self {
            Verdict::Taken => "taken",
            Verdict::TooShort => "too short: it would be found where it is no secret",
            Verdict::TooLong => "longer than 64 KiB",
            Verdict::Word => "a word, which logs are full of",
            Verdict::Frequent(_) => "stands in ordinary logs, which it would eat",
            Verdict::Template => "a placeholder, a reference or a mask, not a value",
            Verdict::Doubled => "given twice",
            Verdict::Full => "too many values: at most 100,000, and 64 MiB in all encodings",
        }
    }
}

/// Whether the value may be one.
pub(super) fn verdict(value: &[u8], min_bytes: usize) -> Verdict {
    let digits = value.iter().all(u8::is_ascii_digit);
    if value.len() > BYTES_MAX {
        Verdict::TooLong
    } else if value.len() < min_bytes || value.trim_ascii().len() < min_bytes || digits && value.len() < DIGITS_MIN {
        Verdict::TooShort
    } else if is_template(value) {
        Verdict::Template
    } else if is_word(value) || prose::is_sample(value) {
        Verdict::Word
    } else {
        match frequency(value) {
            0..=FREQUENT => Verdict::Taken,
            n => Verdict::Frequent(n as u32),
        }
    }
}

fn is_template(value: &[u8]) -> bool {
    let alike = value.iter().all(|b| *b == value[0]);
    alike
        || placeholder::is_placeholder(value)
        || memmem::find(value, b"[REDACTED").is_some()
        || value.starts_with(b"-----")
}

/// Whether it is made of common words, with at most two digits: `postgres`, `us-east-1`, `my-service`.
fn is_word(value: &[u8]) -> bool {
    let parts = || value.split(|b| !b.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let common = |part: &[u8]| {
        let letters = part.trim_ascii_end();
        let word = &letters[..letters.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1)];
        word.is_empty() || COMMON.iter().any(|common| word.eq_ignore_ascii_case(common.as_bytes()))
    };
    let signs = value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b' ' | b'/' | b':'));
    digits <= 2 && signs && value.len() <= 64 && parts().all(common)
}

/// Clean log text, and which windows of four bytes stand in it.
pub(super) struct Sample {
    text: String,
    bits: Vec<u64>,
}

impl Sample {
    /// How often each window stands in it is asked through its text.
    pub(super) fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// The sample, made at its first use.
pub(super) fn log_sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let text = sample::text(SAMPLE_BYTES, 1);
        let mut bits = vec![0; 1 << 11];
        for window in text.as_bytes().windows(4) {
            let at = place(window);
            bits[at >> 6] |= 1 << (at & 63);
        }
        Sample { text, bits }
    })
}

/// Of 2^17 places.
fn place(window: &[u8]) -> usize {
    let four = u32::from_le_bytes([window[0], window[1], window[2], window[3]]);
    (four.wrapping_mul(0x9E37_79B1) >> 15) as usize
}

/// How often the value stands in the sample.
fn frequency(value: &[u8]) -> usize {
    let sample = log_sample();
    let has = |at: usize| sample.bits[at >> 6] >> (at & 63) & 1 == 1;
    if value.len() > 64 || !value.windows(4).step_by(2).all(|window| has(place(window))) {
        return 0;
    }
    memmem::find_iter(sample.text(), value).count()
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MIN, Verdict, verdict};

    #[test]
    fn what_would_eat_the_log_is_refused() {
        for (value, expected) in [
            ("kafka", Verdict::TooShort),
            ("true", Verdict::TooShort),
            ("1234567", Verdict::TooShort),
            ("us-east-1", Verdict::Word),
            ("password", Verdict::Word),
            ("localhost:80", Verdict::Word),
            ("postgres", Verdict::Word),
            ("Production", Verdict::Word),
            ("<password>", Verdict::Template),
            ("${DB_PASS}", Verdict::Template),
            ("********", Verdict::Template),
            ("-----BEGIN CERTIFICATE-----", Verdict::Template),
            ("hunter2", Verdict::Taken),
            ("12345678", Verdict::Taken),
            ("correct-horse-battery", Verdict::Taken),
            ("summer2024!", Verdict::Taken),
        ] {
            assert_eq!(verdict(value.as_bytes(), BYTES_MIN), expected, "{value}");
        }
        assert!(matches!(verdict(b"Failed password for", BYTES_MIN), Verdict::Frequent(3..) | Verdict::Word));
    }
}
