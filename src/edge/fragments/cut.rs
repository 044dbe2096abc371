//! What was masked in a joined record, and what of it stands in each of its parts.

use std::ops::Range;

use crate::engine::mask::emit::{Out, UNJUDGED};

/// The masks of a joined record, in its order.
#[derive(Default)]
pub struct Cuts {
    at: usize,
    masks: Vec<u8>,
    /// What each stands for, and where its text is.
    all: Vec<(Range<usize>, Range<usize>)>,
}

impl Out for Cuts {
    fn clean(&mut self, text: &[u8]) {
        self.at += text.len();
    }

    fn mask(&mut self, mask: &[u8], covers: usize) {
        let from = self.masks.len();
        self.masks.extend_from_slice(mask);
        self.all.push((self.at..self.at + covers, from..self.masks.len()));
        self.at += covers;
    }
}

impl Cuts {
    /// Whether nothing was masked.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Masks what is left from `from` to the record's `end`, unjudged, and says whether anything was left.
    pub fn cover(&mut self, from: usize, end: usize) -> bool {
        let from = from.max(self.all.last().map_or(0, |(cut, _)| cut.end));
        if from < end {
            self.at = from;
            self.mask(UNJUDGED, end - from);
        }
        from < end
    }

    /// Appends the stretch of the record that begins at `at`, whose bytes `raw` are: a mask stands where it begins.
    pub fn put(&self, at: usize, raw: &[u8], out: &mut Vec<u8>) {
        let end = at + raw.len();
        let mut sent = at;
        let first = self.all.partition_point(|(cut, _)| cut.end <= at);
        for (cut, mask) in self.all[first..].iter().take_while(|(cut, _)| cut.start < end) {
            if cut.start >= at {
                out.extend_from_slice(&raw[sent - at..cut.start - at]);
                out.extend_from_slice(&self.masks[mask.clone()]);
            }
            sent = cut.end.min(end);
        }
        out.extend_from_slice(&raw[sent - at..]);
    }
}

/// Where what may be a part of a secret begins in a record that breaks off: the word or the number that has not ended.
/// Nothing, if it is a word of prose.
pub fn open_end(text: &[u8]) -> usize {
    let word = |text: &[u8]| text.iter().rposition(|b| b.is_ascii_whitespace()).map_or(0, |i| i + 1);
    let number = |b: &u8| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.');
    let numbers = text.iter().rposition(|b| !number(b)).map_or(0, |i| i + 1);
    let digits = text[numbers..].iter().position(u8::is_ascii_digit).map(|i| word(&text[..=numbers + i]));
    let begin = word(text);
    let last = text[begin..].strip_suffix(b",").or(text[begin..].strip_suffix(b".")).unwrap_or(&text[begin..]);
    let prose = last.len() < 16
        && last.iter().skip(1).all(u8::is_ascii_lowercase)
        && last.first().is_none_or(u8::is_ascii_alphabetic);
    digits.unwrap_or(text.len()).min(if prose { text.len() } else { begin })
}

#[cfg(test)]
mod tests {
    use super::{Cuts, open_end};
    use crate::engine::mask::emit::Out;

    #[test]
    fn a_mask_stands_where_it_begins_however_the_record_is_cut() {
        let record = b"one SECRET two SECRET";
        let mut cuts = Cuts::default();
        for (text, masked) in
            [(&record[..4], false), (&record[4..10], true), (&record[10..15], false), (&record[15..], true)]
        {
            if masked { cuts.mask(b"[x]", text.len()) } else { cuts.clean(text) }
        }
        for i in 0..=record.len() {
            for j in i..=record.len() {
                let mut out = Vec::new();
                for piece in [0..i, i..j, j..record.len()] {
                    cuts.put(piece.start, &record[piece.clone()], &mut out);
                }
                assert_eq!(out, b"one [x] two [x]", "{i} {j}");
            }
        }
        assert!(!cuts.cover(3, record.len()), "all of it is masked");
        assert!(cuts.cover(0, record.len() + 4));
        let mut out = Vec::new();
        cuts.put(0, b"one SECRET two SECRETabcd", &mut out);
        assert_eq!(out, b"one [x] two [x][REDACTED:unjudged]");
    }

    #[test]
    fn what_may_go_on_is_the_last_word_or_number() {
        for (text, left) in [
            ("hello world", "hello world"),
            ("hello world.", "hello world."),
            ("said gh1", "said "),
            ("x=ab", ""),
            ("card 4111 1111 11", "card "),
            ("card 4111 1111 ", "card "),
            ("at x4111 11", "at "),
            ("see aB", "see "),
            ("see abcdefghijklmnopqrst", "see "),
            ("done ", "done "),
            ("", ""),
        ] {
            assert_eq!(&text[..open_end(text.as_bytes())], left, "{text}");
        }
    }
}
