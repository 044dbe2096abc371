//! Escapes that stand where a reader sees nothing or a sign: colour codes, `\n`, `%22`, `\u0022`.

use super::Record;

/// The most blanks and colour codes skipped around a separator, in bytes.
pub(crate) const GAP_BYTES_MAX: usize = 64;
/// The longest colour code, in bytes.
const COLOUR_BYTES_MAX: usize = 24;
/// How an escape character is written before `[`.
const ESCAPES: [&[u8]; 7] = [b"\x1b", b"\\u001b", b"\\u001B", b"\\x1b", b"\\033", b"\\e", b"#033"];

/// Length of the colour code at `at`, 0 if there is none.
pub(crate) fn colour_len(rec: &Record<'_>, at: usize) -> usize {
    // More than one backslash where the code stands in nested JSON.
    let slashes = rec.run(at, 7, |b| b == b'\\').saturating_sub(1);
    let Some(escape) = ESCAPES.iter().find(|e| rec.starts_with(at + slashes, e)) else {
        return 0;
    };
    let body = at + slashes + escape.len();
    if rec.get(body) != Some(b'[') {
        return 0;
    }
    let args = rec.run(body + 1, COLOUR_BYTES_MAX, |b| b.is_ascii_digit() || b == b';');
    match rec.get(body + 1 + args) {
        Some(b'm' | b'K') => slashes + escape.len() + args + 2,
        _ => 0,
    }
}

/// First byte at or behind `at` that is no blank and no colour code; looks at most `most` far.
pub(crate) fn skip_gap(rec: &Record<'_>, at: usize, most: usize) -> usize {
    let mut p = at;
    while p < rec.end && p - at < most {
        match rec.byte(p) {
            b' ' | b'\t' => p += 1,
            0x1b | b'\\' | b'#' => match colour_len(rec, p) {
                0 => break,
                n => p += n,
            },
            _ => break,
        }
    }
    p
}

/// Whether a gap is two blanks wide, or a tab, so that it sets columns apart.
pub(super) fn is_wide(rec: &Record<'_>, at: usize, end: usize) -> bool {
    end >= at + 2 || rec.get(at) == Some(b'\t')
}

/// How many of the word bytes that begin at `start` belong to an escape that began before it:
/// the `n` of `\n`, the `22` of `%22`, the `36m` of a colour code.
pub(crate) fn remnant_len(rec: &Record<'_>, start: usize, end: usize) -> usize {
    let word = rec.slice(start..end);
    let hex = |n: usize| word.len() >= n && word[..n].iter().all(u8::is_ascii_hexdigit);
    match rec.before(start) {
        Some(b'\\') => match word.first() {
            Some(b'n' | b'r' | b't' | b'f' | b'v' | b'b') => 1,
            Some(b'u') if word.len() >= 5 && word[1..5].iter().all(u8::is_ascii_hexdigit) => 5,
            Some(b'x') if word.len() >= 3 && word[1..3].iter().all(u8::is_ascii_hexdigit) => 3,
            _ => 0,
        },
        Some(b'%') if hex(4) && word.starts_with(b"25") => 4,
        Some(b'%') if hex(2) => 2,
        Some(b'[' | b';') => {
            let args = word.iter().take_while(|b| b.is_ascii_digit()).count();
            let ends = matches!(word.get(args), Some(b'm' | b'K'));
            if ends && in_colour(rec, start) { args + 1 } else { 0 }
        }
        _ => 0,
    }
}

/// Whether `at` is inside a colour code's numbers.
fn in_colour(rec: &Record<'_>, at: usize) -> bool {
    let low = at.saturating_sub(COLOUR_BYTES_MAX).max(rec.start);
    let sign = at - rec.run_back(at, at - low, |b| b.is_ascii_digit() || b == b';');
    let begins = |escape: &&[u8]| sign > low + escape.len() && rec.ends_with(sign - 1, escape);
    sign > low && rec.before(sign) == Some(b'[') && ESCAPES.iter().any(begins)
}

/// Whether a word may begin at `at`: the byte before is no word byte, or belongs to an escape.
pub(crate) fn word_begins(rec: &Record<'_>, at: usize) -> bool {
    let Some(b) = rec.before(at) else { return true };
    if !(b.is_ascii_alphanumeric() || b == b'_') {
        return true;
    }
    let word = rec.run_back(at, 8, |b| b.is_ascii_alphanumeric());
    word > 0 && at - word > rec.start && remnant_len(rec, at - word, at) == word
}

#[cfg(test)]
mod tests {
    use super::{Record, colour_len, skip_gap, word_begins};

    #[test]
    fn words_begin_behind_escapes() {
        for (text, yes) in [
            ("x", true),
            (" x", true),
            ("ax", false),
            ("_x", false),
            ("\\nx", true),
            ("%22x", true),
            ("%2522x", true),
            ("\\u0022x", true),
            ("\x1b[36mx", true),
            ("\\u001b[1;36mx", true),
            ("36mx", false),
            ("nx", false),
        ] {
            let rec = Record::new(text.as_bytes(), 0, text.len());
            assert_eq!(word_begins(&rec, text.len() - 1), yes, "{text:?}");
        }
    }

    #[test]
    fn gaps() {
        let text = "\x1b[36m \x1b[0m\\u001b[0mv";
        let rec = Record::new(text.as_bytes(), 0, text.len());
        assert_eq!(skip_gap(&rec, 0, 64), text.len() - 1);
        assert_eq!(colour_len(&rec, 5), 0);
    }
}
