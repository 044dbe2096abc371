//! Payment cards: groups of digits, then issuer, length, Luhn, and what stands around.

use crate::engine::detect::context::RecordContext;
use crate::engine::detect::number_row::{in_columns, in_row};
use crate::engine::detect::track::float_end;
use crate::engine::detect::weigh;
use crate::engine::found::finding::Refusal;
use crate::engine::notation::Record;
use crate::engine::notation::escape::word_begins;
use crate::engine::shortcuts::Shortcut;
use crate::rules::check::card::{Trust, judge};
use crate::rules::check::groupings::{
    DIGITS_MAX, DIGITS_MIN, DUMP_BEHIND_BYTES, DUMP_BYTES, GROUPINGS, GROUPS_MAX, PACKED, begins_grouping, is_dump,
};
use crate::rules::words::words;

/// How far before a number a card's word is looked for, in bytes.
const CONTEXT_BYTES: usize = 48;
/// How far behind a number what it is part of is looked for, in bytes.
const EDGE_BYTES: usize = 8;
/// The longest exponent that makes a number whole, and what ends it: `e+015 `, in bytes.
const EXPONENT_BYTES_MAX: usize = 6;
/// Words that say that a card number is near.
const WORDS: &[&str] = words!("card-words");

/// Words that a card number follows without a blank.
const GLUED_WORDS: &[&str] = words!("glued-card-words");

/// The groups looked at together.
#[derive(Debug, Default)]
struct Window {
    groups: [Group; GROUPS_MAX],
    len: usize,
}

#[derive(Debug, Default, Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
    /// How it is separated from the one before; 0 for the first.
    sign: u8,
}

impl Group {
    /// The sign that stands for those between its groups, of which it is the only one.
    fn sign_alone(&self) -> u8 {
        if self.sign == 0 { b' ' } else { self.sign }
    }
}

/// Judges the run of digits and separators that begins at `at`.
pub(crate) fn scan(s: &mut RecordContext<'_>, at: usize) {
    let Some(id) = s.set.card else { return };
    let short = s.set.shortcuts.take(Shortcut::CardFours);
    if short && let Some(end) = fours(&s.rec, at) {
        *s.work += (end - at) as u64;
        return weigh::card(s, id, at, end);
    }
    if short && let Some(end) = mere_number(&s.rec, at) {
        *s.work += (end - at) as u64;
        return s.refuse_within(at, Some(id), Refusal::Card, at.saturating_sub(1)..end + EDGE_BYTES);
    }
    let mut window = Window::default();
    let mut p = at;
    let (mut any, mut left) = (false, false);
    // A sliding window over the groups: each start is tried with every grouping, once.
    loop {
        while window.len < GROUPS_MAX {
            let Some(group) = next_group(&s.rec, p, window.len == 0 && p == at) else {
                break;
            };
            *s.work += (group.end - p) as u64;
            p = group.end;
            window.groups[window.len] = group;
            window.len += 1;
        }
        if window.len == 0 {
            break;
        }
        let best = best(&s.rec, &window.groups[..window.len]);
        if let Some((start, end, _)) = best {
            let (start, end) = scientific(&s.rec, start, end);
            weigh::card(s, id, start, end);
        }
        (any, left) = (any || best.is_some(), left || best.is_none());
        let taken = best.map_or(1, |(_, _, groups)| groups);
        window.groups.copy_within(taken.., 0);
        window.len -= taken;
    }
    let seen = at.saturating_sub(CONTEXT_BYTES + 2)..p + EDGE_BYTES;
    match any {
        false => s.refuse_within(at, Some(id), Refusal::Card, seen),
        true if left => s.saw(seen),
        true => {}
    }
}

/// The end of a card written as most are, in four groups of four digits: told in one look.
fn fours(rec: &Record<'_>, at: usize) -> Option<usize> {
    const END: usize = 4 * 4 + 3;
    let text: &[u8; END] = rec.chunk(at)?;
    let sign = text[4];
    if !matches!(sign, b' ' | b'-') || text[9] != sign || text[14] != sign {
        return None;
    }
    let mut digits = [0; 16];
    for (n, four) in digits.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        four.copy_from_slice(&text[5 * n..5 * n + 4]);
    }
    let end = at + END;
    // What goes on, or began before, may be written otherwise.
    let begun = matches!(rec.before(at), Some(b'.' | b'%'));
    let goes_on = || rec.get(end).is_some_and(|b| b.is_ascii_digit()) || next_group(rec, end, false).is_some();
    if begun || !digits.iter().fold(true, |all, b| all & b.is_ascii_digit()) || goes_on() {
        return None;
    }
    let trust = judge(&digits)?;
    (stands_alone(rec, at, end, sign) && is_trusted(rec, (at, end), trust, true, sign)).then_some(end)
}

/// Whether no card can be in the run of digits and separators that begins at `at`: no group by itself
/// is one that an issuer gives out and stands alone, and no groups next to each other are as those of
/// a card are.
pub(crate) fn rejects(text: &Record<'_>, at: usize, work: &mut u64) -> bool {
    let mut p = at;
    let mut before = 0;
    while let Some(group) = next_group(text, p, p == at) {
        let digits = group.end - group.start;
        let grouped = begins_grouping(before, digits);
        // The digits of a mantissa are not the whole number.
        let mantissa = digits + 1 >= DIGITS_MIN && text.before(group.start) == Some(b'.');
        let issued = || judge(text.slice(group.start..group.end)).is_some();
        if grouped || mantissa || issued() && stands_alone(text, group.start, group.end, group.sign_alone()) {
            return false;
        }
        *work += (group.end - p) as u64;
        p = group.end;
        before = digits;
    }
    true
}

/// The end of a number in one piece that no issuer gives out: most are.
fn mere_number(rec: &Record<'_>, at: usize) -> Option<usize> {
    // The digits of a mantissa, or of an escape, are not the whole number.
    if matches!(rec.before(at), Some(b'.' | b'%')) {
        return None;
    }
    let end = rec.digits_end(at);
    (judge(rec.slice(at..end)).is_none() && next_group(rec, end, false).is_none()).then_some(end)
}

/// The group of digits that begins at or behind the separator at `at`.
fn next_group(rec: &Record<'_>, at: usize, first: bool) -> Option<Group> {
    let rest = rec.up_to(at, 4);
    let (sign, skip) = match rest {
        [b'0'..=b'9', ..] if first => (0, 0),
        [b @ (b' ' | b'-' | b'+' | 0xA0), b'0'..=b'9', ..] => (*b, 1),
        [0xC2, 0xA0, b'0'..=b'9', ..] => (0xA0, 2),
        [b'%', b'2', b'0', b'0'..=b'9', ..] => (b'%', 3),
        _ => return None,
    };
    let start = at + skip;
    let digits = rec.digits_end(start) - start;
    // `%204111...`: the escape's own digits come first.
    let escaped = first && rec.before(start) == Some(b'%') && digits > 2;
    let start = if escaped { start + 2 } else { start };
    Some(Group { start, end: at + skip + digits, sign })
}

/// The longest card that begins with the window's first group: its span and its groups.
fn best(rec: &Record<'_>, window: &[Group]) -> Option<(usize, usize, usize)> {
    let first = window[0];
    let digits = |n: usize| window.get(n).map_or(0, |g| g.end - g.start);
    if begins_grouping(digits(0), digits(1)) {
        let written = (0..GROUPS_MAX).rev().fold(0, |packed, n| packed << 8 | digits(n).min(0xFF) as u64);
        for (n, grouping) in GROUPINGS.iter().enumerate().rev() {
            let count = grouping.len();
            if written & (u64::MAX >> (u64::BITS as usize - 8 * count)) != PACKED[n] {
                continue;
            }
            let groups = &window[..count];
            let alike = groups[1..].iter().all(|g| g.sign == groups[1].sign);
            if alike && is_card(rec, groups, groups[1].sign) {
                return Some((first.start, groups[count - 1].end, count));
            }
        }
    }
    is_card(rec, &window[..1], first.sign_alone()).then_some((first.start, first.end, 1))
}

/// Whether the groups are one card's.
fn is_card(rec: &Record<'_>, groups: &[Group], sign: u8) -> bool {
    let (start, end) = (groups[0].start, groups[groups.len() - 1].end);
    let mut digits = [0u8; DIGITS_MAX + 1];
    let mut count = 0;
    if end - start + 1 < DIGITS_MIN {
        return false;
    }
    let lead = mantissa(rec, start, end);
    if let Some(lead) = lead {
        // 4.111111111111111e15 is the same number in another notation.
        digits[0] = lead;
        count = 1;
    }
    for group in groups {
        let text = rec.slice(group.start..group.end);
        let Some(room) = digits.get_mut(count..count + text.len()) else { return false };
        room.copy_from_slice(text);
        count += text.len();
    }
    if count - usize::from(lead.is_some()) > DIGITS_MAX {
        return false;
    }
    // Most numbers end here; what stands around costs more to look at.
    let Some(trust) = judge(&digits[..count]) else { return false };
    if lead.is_none() && !stands_alone(rec, start, end, sign) {
        return false;
    }
    is_trusted(rec, (start, end), trust, groups.len() > 1, sign)
}

/// Whether an issuer's range is enough where the number stands.
fn is_trusted(rec: &Record<'_>, (start, end): (usize, usize), trust: Trust, grouped: bool, sign: u8) -> bool {
    if grouped && sign == b' ' {
        let before = rec.slice(start.saturating_sub(DUMP_BYTES).max(rec.start)..start);
        let behind = &rec.from(end)[..rec.from(end).len().min(DUMP_BEHIND_BYTES)];
        if is_dump(before, behind) {
            return false;
        }
        if in_columns(rec, start, end) {
            return card_word_before(rec, start);
        }
    }
    match trust {
        // An id in a path is a card only if a word says so.
        Trust::Range => rec.before(start) != Some(b'/') || card_word_before(rec, start),
        // Nor are columns of numbers, as of a flow log.
        Trust::Context => (grouped && sign != b'-' && !in_row(rec, start)) || card_word_before(rec, start),
    }
}

/// The digit before the point, where the digits are a mantissa whose exponent makes them whole.
fn mantissa(rec: &Record<'_>, start: usize, end: usize) -> Option<u8> {
    let lead = rec.last(start, 2).strip_suffix(b".")?.last().copied().filter(u8::is_ascii_digit)?;
    let [b'e' | b'E', rest @ ..] = rec.up_to(end, EXPONENT_BYTES_MAX) else { return None };
    let rest = rest.strip_prefix(b"+").unwrap_or(rest);
    let digits = rest.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    let exponent: usize = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    let single = start < rec.start + 3 || !(rec.byte(start - 3).is_ascii_alphanumeric() || rec.byte(start - 3) == b'_');
    let ends = !rest.get(digits).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    (single && ends && exponent == end - start).then_some(lead)
}

/// The whole of a number in scientific notation.
fn scientific(rec: &Record<'_>, start: usize, end: usize) -> (usize, usize) {
    if mantissa(rec, start, end).is_none() {
        return (start, end);
    }
    let tail = rec.run(end, rec.end, |b| matches!(b, b'e' | b'E' | b'+' | b'0'..=b'9'));
    (start - 2, end + tail)
}

/// Whether nothing around makes the digits part of something else: a longer number, a word, a
/// decimal, a UUID, a signed number, a phone number.
fn stands_alone(rec: &Record<'_>, start: usize, end: usize, sign: u8) -> bool {
    let before = match rec.before(start) {
        None => true,
        Some(b'.') => !(start >= rec.start + 2 && rec.byte(start - 2).is_ascii_alphanumeric()),
        Some(b'-' | b'_') => card_word_glued(rec, start - 1),
        Some(b'+') => sign == b'+' && start >= rec.start + 2 && !rec.byte(start - 2).is_ascii_whitespace(),
        Some(b'B') => rec.ends_with(start, b"%B"),
        Some(b) if b.is_ascii_alphanumeric() => word_begins(rec, start) || card_word_glued(rec, start),
        Some(b'@' | b'#') | Some(0x80..) => rec.ends_with(start, b"\xC2\xA0") || sign == 0xA0,
        Some(_) => true,
    };
    let after = match (rec.get(end), rec.get(end + 1)) {
        (None, _) => true,
        (Some(b'.'), next) => !next.is_some_and(|b| b.is_ascii_alphanumeric()) || float_end(rec, end) > end,
        (Some(b'e'), _) => rec.starts_with(end, b"exp"),
        (Some(b'-' | b'_'), next) => !next.is_some_and(|b| b.is_ascii_alphanumeric()),
        (Some(b), _) => !b.is_ascii_alphanumeric(),
    };
    before && after
}

/// Whether the word that ends at `at` is a card's, as in `cc4111...` and `card-4111...`.
fn card_word_glued(rec: &Record<'_>, at: usize) -> bool {
    let letters = rec.run_back(at, 16, |b| b.is_ascii_alphabetic());
    let word = rec.slice(at - letters..at);
    GLUED_WORDS.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()))
}

/// Whether one of a card's words stands shortly before `at`.
fn card_word_before(rec: &Record<'_>, at: usize) -> bool {
    let low = at.saturating_sub(CONTEXT_BYTES).max(rec.start);
    let mut head = [0; CONTEXT_BYTES];
    let head = &mut head[..at - low];
    head.copy_from_slice(rec.slice(low..at));
    head.make_ascii_lowercase();
    (0..head.len()).any(|i| {
        BEGINS[usize::from(head[i])]
            && WORDS.iter().any(|w| {
                head[i..].starts_with(w.as_bytes()) && (w.len() > 3 || i == 0 || !head[i - 1].is_ascii_alphabetic())
            })
    })
}

/// What the words begin with.
const BEGINS: [bool; 256] = {
    let mut begins = [false; 256];
    let mut n = 0;
    while n < WORDS.len() {
        begins[WORDS[n].as_bytes()[0] as usize] = true;
        n += 1;
    }
    begins
};

#[cfg(test)]
mod tests {
    use super::{GROUPINGS, Record, Window, best, fours, next_group};
    use crate::Redactor;
    use crate::rules::check::card::judge;
    use proptest::prelude::*;

    /// A number that an issuer gives out, of so many digits.
    fn issued(digits: usize) -> String {
        let issuers = ["4", "36", "34", "6011", "62"].map(|issuer| format!("{issuer:0<width$}", width = digits - 1));
        let mut all = issuers.iter().flat_map(|front| (0..10).map(move |last| format!("{front}{last}")));
        all.find(|number| judge(number.as_bytes()).is_some()).expect("some issuer's numbers are so long")
    }

    /// Each grouping is found from one end to the other, whichever shortcut or prefilter comes first.
    #[test]
    fn each_grouping_is_found() {
        let redactor = Redactor::builtin();
        for grouping in GROUPINGS {
            let number = issued(grouping.iter().map(|n| usize::from(*n)).sum());
            for sign in [" ", "-", "+", "%20", "\u{A0}"] {
                let mut rest = &number[..];
                let groups = grouping.iter().map(|n| {
                    let (group, behind) = rest.split_at(usize::from(*n));
                    rest = behind;
                    group
                });
                let written = groups.collect::<Vec<_>>().join(sign);
                let got = redactor.redact(format!("card {written} charged").as_bytes()).into_owned();
                assert_eq!(
                    String::from_utf8(got).unwrap(),
                    "card [REDACTED:card-number] charged",
                    "{grouping:?} by {sign:?}"
                );
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

        /// What is told in one look is what the groups tell one by one.
        #[test]
        fn fours_are_cards(
            text in "[a.%+/-]?(4111[ -]?1111[ -]1111[ -]1111|4[0-9]{3} [0-9]{4} [0-9]{4} [0-9]{4})[ +.%-]?[0-9a]{0,4}"
        ) {
            let rec = Record::new(text.as_bytes(), 0, text.len());
            let at = text.find(|c: char| c.is_ascii_digit()).unwrap();
            let mut window = Window::default();
            let mut p = at;
            while let Some(group) = next_group(&rec, p, p == at).filter(|_| window.len < window.groups.len()) {
                (p, window.groups[window.len], window.len) = (group.end, group, window.len + 1);
            }
            if let Some(end) = fours(&rec, at) {
                prop_assert_eq!(window.len, 4);
                prop_assert_eq!(best(&rec, &window.groups[..4]), Some((at, end, 4)));
            }
        }
    }
}
