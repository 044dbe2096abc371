//! How card numbers are written in groups of digits. What the detector tries follows from this table; what the
//! prefilter looks for follows from it too, or else a row that it cannot see does not compile.

/// The fewest digits a card number has.
pub const DIGITS_MIN: usize = 12;
/// The most digits a card number has.
pub const DIGITS_MAX: usize = 19;

/// Digits by group, each way once. Of two that begin alike the longer comes later: it is tried first.
pub const GROUPINGS: [&[u8]; 9] = [
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
