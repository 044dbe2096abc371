//! How card numbers are written in groups of digits. What the detector tries follows from this table; what the
//! prefilter looks for follows from it too, or else a row that it cannot see does not compile.

/// The fewest digits a card number has.
pub const DIGITS_MIN: usize = 12;
/// The most digits a card number has.
pub const DIGITS_MAX: usize = 19;

/// Digits by group, each way once. Of two that begin alike the longer comes later: it is tried first.
pub const GROUPINGS: [&[u8]; 10] = [
    &[4, 4, 4, 3],
    &[4, 4, 4, 4],
    &[4, 4, 4, 4, 1],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 4, 3],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 1],
    &[4, 4, 5],
    &[6, 13],
];

const _: () = {
    let mut n = 0;
    while n < GROUPINGS.len() {
        let digits = sum(GROUPINGS[n]);
        assert!(digits >= DIGITS_MIN && digits <= DIGITS_MAX, "a grouping has as many digits as a card number");
        assert!(GROUPINGS[n].len() > 1 && GROUPINGS[n].len() <= 8, "a grouping has two to eight groups");
        let mut later = n + 1;
        while later < GROUPINGS.len() {
            assert!(!begins(GROUPINGS[n], GROUPINGS[later]), "a grouping comes before the longer ones it begins");
            later += 1;
        }
        n += 1;
    }
};

/// The most groups of one number.
pub const GROUPS_MAX: usize = {
    let mut most = 0;
    let mut n = 0;
    while n < GROUPINGS.len() {
        if GROUPINGS[n].len() > most {
            most = GROUPINGS[n].len();
        }
        n += 1;
    }
    most
};

/// The groupings, a byte a group, the first one last.
pub const PACKED: [u64; GROUPINGS.len()] = {
    let mut packed = [0; GROUPINGS.len()];
    let mut n = 0;
    while n < GROUPINGS.len() {
        let mut group = 0;
        while group < GROUPINGS[n].len() {
            packed[n] |= (GROUPINGS[n][group] as u64) << (8 * group);
            group += 1;
        }
        n += 1;
    }
    packed
};

/// By the digits of the first group: bit `n` for a second group of `n`.
const SECONDS: [u32; DIGITS_MAX + 1] = {
    let mut seconds = [0; DIGITS_MAX + 1];
    let mut n = 0;
    while n < GROUPINGS.len() {
        seconds[GROUPINGS[n][0] as usize] |= 1 << GROUPINGS[n][1];
        n += 1;
    }
    seconds
};

/// Whether some grouping begins with groups of so many digits.
pub fn begins_grouping(first: usize, second: usize) -> bool {
    first <= DIGITS_MAX && second <= DIGITS_MAX && SECONDS[first] >> second & 1 != 0
}

const fn sum(groups: &[u8]) -> usize {
    let mut sum = 0;
    let mut n = 0;
    while n < groups.len() {
        sum += groups[n] as usize;
        n += 1;
    }
    sum
}

/// Whether `groups` begins with `first`.
const fn begins(groups: &[u8], first: &[u8]) -> bool {
    let mut n = 0;
    while n < first.len() {
        if n == groups.len() || groups[n] != first[n] {
            return false;
        }
        n += 1;
    }
    true
}

/// How far before four groups of four it is looked for what makes them a row of a dump, in bytes.
pub const DUMP_BYTES: usize = 48;
/// How far behind them.
pub const DUMP_BEHIND_BYTES: usize = 6;

/// Whether groups of four digits are a row of a hexadecimal dump, or a part of one: a group beside them has letters,
/// or an address begins the row. `before` and `behind` are what stands around them.
///
/// ```text
/// 0x0080:  3534 3036 3133 2720 414e
/// ```
pub fn is_dump(before: &[u8], behind: &[u8]) -> bool {
    let hex = |group: &[u8]| group.iter().all(u8::is_ascii_hexdigit);
    let lettered =
        |group: &[u8]| hex(group) && group.iter().any(u8::is_ascii_digit) && group.iter().any(u8::is_ascii_alphabetic);
    if let [b' ', group @ ..] = behind
        && group.len() >= 4
        && lettered(&group[..4])
        && group.get(4).is_none_or(u8::is_ascii_whitespace)
    {
        return true;
    }
    let mut rest = before;
    loop {
        let text = rest.trim_ascii_end();
        let end = text.iter().rposition(u8::is_ascii_whitespace).map_or(0, |i| i + 1);
        let (group, blanks) = (&text[end..], rest.len() - text.len());
        if blanks == 0 || blanks > 2 || group.is_empty() {
            return false;
        }
        if let Some(address) = group.strip_suffix(b":") {
            // Behind a text's mark, or by itself.
            let front = address.iter().rposition(|b| !b.is_ascii_alphanumeric()).map_or(0, |i| i + 1);
            let digits = address[front..].strip_prefix(b"0x").unwrap_or(&address[front..]);
            return matches!(digits.len(), 4..=16) && hex(digits) && address[front..].starts_with(b"0");
        }
        // Without a colon an address is longer than a group, and begins the row.
        if end == 0 && matches!(group.len(), 6..=8) && hex(group) && before.len() < DUMP_BYTES {
            return group.starts_with(b"0");
        }
        if group.len() != 4 || !hex(group) {
            return false;
        }
        if lettered(group) {
            return true;
        }
        rest = &text[..end];
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_of_a_dump() {
        for (before, behind) in [
            ("\t0x0080:  ", " 414e 4420"),
            ("00000010: ", " 3637 326e"),
            ("00000010: 3939 6135 ", ""),
            ("{\"msg\":\"00000010: ", " 3637"),
            ("0000020 ", " 1111"),
            ("x 414e ", ""),
        ] {
            assert!(super::is_dump(before.as_bytes(), behind.as_bytes()), "{before}");
        }
        for (before, behind) in
            [("card ", ""), ("dead ", ""), ("paid: ", " 0830"), ("", " abcde"), ("n 1234 ", " ok"), ("2026: ", "")]
        {
            assert!(!super::is_dump(before.as_bytes(), behind.as_bytes()), "{before}");
        }
    }
}
