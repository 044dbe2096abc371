//! The password in a URL's authority: `scheme://user:password@host` (RFC 3986, section 3.2.1).

use super::finding::{Finding, Refusal};
use super::notation::Record;
use super::ruleset::RuleSet;
use super::scanner::Scanner;
use crate::rules::bytes::HIGH;
use crate::rules::check::random;
use crate::rules::mask::Notation;

/// Looks back from an `@` for the authority it belongs to.
pub(crate) fn scan(s: &mut Scanner<'_>, at: usize) {
    let Some(id) = s.set.userinfo else { return };
    let max = s.set.rule(id).max as usize;
    // Every byte is looked at once: what lies before the last `@` is known already.
    let last = s.last_at;
    let low = s.rec.start.max(at.saturating_sub(max));
    let (floor, known) = match last {
        Some((p, authority)) if p >= low => (p, authority),
        _ => (low, None),
    };
    let (authority, looked) = authority_before(&s.rec, floor, at, known);
    *s.work += looked as u64;
    s.last_at = Some((at, authority));
    let Some(start) = authority else { return };
    let info = &s.rec.buf[start..at];
    // With the slashes before it and the byte behind the `@`.
    let seen = start.saturating_sub(6)..at + 2;
    let user = info.iter().position(|b| *b == b':').unwrap_or(info.len());
    let secret = match start + user + 1 {
        password if password < at => password..at,
        // Without a password the user may be a token.
        _ if random::looks_random(&info[..user]) => start..start + user,
        _ => return s.refuse_seen(at, Some(id), Refusal::Value, seen),
    };
    if s.set.masks.spares(&s.rec.buf[secret.clone()]) {
        return s.refuse_seen(at, Some(id), Refusal::Placeholder, seen);
    }
    // The host must follow: `http://a:b@` alone is no URL.
    match s.rec.get(at + 1) {
        Some(b)
            if b.is_ascii_alphanumeric()
                || matches!(b, b'[' | b'$' | b'{' | b'_' | b'<' | b'%' | b'/' | b'*' | b'(' | b'.')
                || b >= 0x80 => {}
        _ => return s.refuse_seen(at, Some(id), Refusal::Shape, seen),
    }
    s.found(Finding::new(secret.start, secret.end, id, Notation::Authority));
}

/// Whether the `@` ends no authority; `last` is the place of the one before, which ends none either.
pub(crate) fn is_idle(set: &RuleSet, text: &Record<'_>, last: usize, at: usize, work: &mut u64) -> bool {
    let Some(id) = set.userinfo else { return true };
    let floor = at.saturating_sub(set.rule(id).max as usize).max(last);
    let Some(end) = end_before(text.buf, floor, at, work) else { return true };
    // What ends the authority's front is this byte or one behind it, of which none is a slash.
    if !begins_authority(&text.buf[..=end]) {
        return true;
    }
    let (authority, looked) = authority_before(text, floor, at, None);
    *work += looked as u64;
    authority.is_none()
}

/// The last blank, control character, double quote or slash from `floor` to before `at`: most of what ends
/// an authority's front, eight bytes at a time.
fn end_before(buf: &[u8], floor: usize, at: usize, work: &mut u64) -> Option<usize> {
    let ends = |b: &u8| matches!(b, 0..=b' ' | b'"' | b'/');
    let text = &buf[floor..at];
    let (rest, eights) = text.as_rchunks();
    for (n, eight) in eights.iter().enumerate().rev() {
        *work += eight.len() as u64;
        let found = ends_of(u64::from_le_bytes(*eight));
        if found != 0 {
            let last = (u64::BITS - 1 - found.leading_zeros()) as usize / 8;
            return Some(floor + rest.len() + n * eight.len() + last);
        }
    }
    *work += rest.len() as u64;
    rest.iter().rposition(ends).map(|last| floor + last)
}

/// The high bit of each of eight bytes that is a blank, a control character, a double quote or a slash.
fn ends_of(eight: u64) -> u64 {
    let seven = eight & !HIGH;
    let other = |sign: u8| (seven ^ u64::from_le_bytes([sign; 8])) + !HIGH;
    let printed = seven + u64::from_le_bytes([0x7F - b' '; 8]);
    !(other(b'"') & other(b'/') & printed | eight) & HIGH
}

/// Whether the text ends with what stands before an authority.
fn begins_authority(head: &[u8]) -> bool {
    head.ends_with(b"://") || head.ends_with(b":\\/\\/")
}

/// Where the authority that ends at `at` begins, and how many bytes were looked at. `known` is the
/// answer for `floor`, if an `@` stands there.
fn authority_before(rec: &Record<'_>, floor: usize, at: usize, known: Option<usize>) -> (Option<usize>, usize) {
    let mut p = at;
    while p > floor {
        let b = rec.buf[p - 1];
        if ENDS[usize::from(b)] {
            let found = b == b'/' && begins_authority(&rec.buf[rec.start..p]);
            return (found.then_some(p), at - p);
        }
        p -= 1;
    }
    (if known.is_some() { known } else { None }, at - p)
}

/// What no userinfo has, so that looking back for its front ends there.
const ENDS: [bool; 256] = {
    let mut ends = [false; 256];
    let mut b = 0;
    while b < 256 {
        let byte = b as u8;
        let sign = matches!(byte, b'/' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b'?' | b'#');
        ends[b] = sign || byte.is_ascii_whitespace() || byte.is_ascii_control();
        b += 1;
    }
    ends
};

#[cfg(test)]
mod tests {
    use super::{ENDS, end_before, ends_of};
    use proptest::prelude::*;

    #[test]
    fn what_ends_the_cheap_look_ends_the_other_too() {
        for byte in 0..=255u8 {
            let found = ends_of(u64::from_le_bytes([byte; 8]));
            assert!(found == 0 || ENDS[usize::from(byte)], "{byte}");
            assert_eq!(found != 0, byte <= b' ' || b"\"/".contains(&byte), "{byte}");
        }
    }

    proptest! {
        #[test]
        fn end_before_as_byte_by_byte(
            text in prop::collection::vec(prop_oneof![9 => prop::sample::select(b"aZ0.-!\xE9@_:".to_vec()), 1 => any::<u8>()], 0..40),
            floor in 0..40usize,
            at in 0..40usize,
        ) {
            let at = at.min(text.len());
            let floor = floor.min(at);
            let last = text[floor..at].iter().rposition(|b| *b <= b' ' || b"\"/".contains(b));
            let mut work = 0;
            prop_assert_eq!(end_before(&text, floor, at, &mut work), last.map(|last| floor + last));
            prop_assert!(work as usize <= at - last.map_or(floor, |last| floor + last) + 7);
        }
    }
}
