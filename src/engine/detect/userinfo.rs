//! The password in a URL's authority: `scheme://user:password@host` (RFC 3986, section 3.2.1).

use wide::u8x16;

use crate::engine::detect::context::RecordContext;
use crate::engine::detect::ruleset::RuleSet;
use crate::engine::found::finding::{Finding, Refusal};
use crate::engine::notation::Record;
use crate::rules::byteset::{run_start, within};
use crate::rules::check::random;
use crate::rules::mask::Notation;

/// Looks back from an `@` for the authority it belongs to.
pub(crate) fn scan(s: &mut RecordContext<'_>, at: usize) {
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
    let Some(start) = authority else { return s.saw(at.saturating_sub(looked + 1)..at + 1) };
    let info = s.rec.slice(start..at);
    // With the slashes before it and the byte behind the `@`.
    let seen = start.saturating_sub(6)..at + 2;
    let user = info.iter().position(|b| *b == b':').unwrap_or(info.len());
    let secret = match start + user + 1 {
        password if password < at => password..at,
        // Without a password the user may be a token.
        _ if random::looks_random(&info[..user]) => start..start + user,
        _ => return s.refuse_within(at, Some(id), Refusal::Value, seen),
    };
    if s.set.masks.spares(s.rec.slice(secret.clone())) {
        return s.refuse_within(at, Some(id), Refusal::Placeholder, seen);
    }
    // The host must follow: `http://a:b@` alone is no URL.
    match s.rec.get(at + 1) {
        Some(b)
            if b.is_ascii_alphanumeric()
                || matches!(b, b'[' | b'$' | b'{' | b'_' | b'<' | b'%' | b'/' | b'*' | b'(' | b'.')
                || b >= 0x80 => {}
        _ => return s.refuse_within(at, Some(id), Refusal::Shape, seen),
    }
    // A mask in the user's name may have the colon that ends it.
    s.saw(start..secret.start);
    s.found(Finding::new(secret.start, secret.end, id, Notation::Authority));
}

/// Whether the `@` ends no authority; `last` is the place of the one before, which ends none either.
pub(crate) fn rejects(set: &RuleSet, text: &Record<'_>, last: usize, at: usize, work: &mut u64) -> bool {
    let Some(id) = set.userinfo else { return true };
    let floor = at.saturating_sub(set.rule(id).max as usize).max(last);
    let (authority, looked) = authority_before(text, floor, at, None);
    *work += looked as u64;
    authority.is_none()
}

/// Whether right before `at` stands what stands before an authority.
fn begins_authority(rec: &Record<'_>, at: usize) -> bool {
    rec.ends_with(at, b"://") || rec.ends_with(at, b":\\/\\/")
}

/// Where the authority that ends at `at` begins, and how many bytes were looked at. `known` is the
/// answer for `floor`, if an `@` stands there.
#[inline(never)] // it would be long in the way of every candidate
fn authority_before(rec: &Record<'_>, floor: usize, at: usize, known: Option<usize>) -> (Option<usize>, usize) {
    let start = rec.run_from(floor, at, run_start(rec.text(), floor, at, |text| !ends(text)));
    let found = || begins_authority(rec, start).then_some(start);
    (if start > floor { found() } else { known }, at - start)
}

/// What no userinfo has, so that looking back for its front ends there: blanks, control characters, marks.
#[inline(always)]
fn ends(text: u8x16) -> u8x16 {
    let one = |sign: u8| text.simd_eq(u8x16::splat(sign));
    let signs = one(b'/') | one(b'\'') | one(b'<') | one(b'`') | one(b'\\') | one(0x7F);
    within(text, 0, b' ') | within(text, b'"', b'#') | within(text, b'>', b'?') | signs
}

#[cfg(test)]
mod tests {
    use super::{authority_before, ends};
    use crate::engine::notation::Record;
    use proptest::prelude::*;
    use wide::u8x16;

    /// By definition.
    fn is_end(b: u8) -> bool {
        b.is_ascii_whitespace() || b.is_ascii_control() || b"/\"'<>`\\?#".contains(&b)
    }

    #[test]
    fn ends_are_those_by_definition() {
        for b in 0..=255 {
            assert_eq!(ends(u8x16::splat(b)).to_bitmask(), if is_end(b) { 0xFFFF } else { 0 }, "{b}");
        }
    }

    proptest! {
        #[test]
        fn authorities_begin_as_byte_by_byte(
            text in "[a-z0-9.:_-]{0,9}( |/|:/|://|:\\\\/\\\\/|\"|\u{e9}|\\\\)?[a-z0-9.:_-]{0,40}",
            bounds in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
            known in prop::option::of(0..9usize),
        ) {
            let text = text.as_bytes();
            let at = bounds.0.index(text.len() + 1);
            let floor = bounds.1.index(at + 1);
            let end = text[floor..at].iter().rposition(|b| is_end(*b)).map(|end| floor + end + 1);
            let begins = |start: &usize| [&b"://"[..], b":\\/\\/"].iter().any(|front| text[..*start].ends_with(front));
            let naive = (end.map_or(known, |start| Some(start).filter(begins)), at - end.unwrap_or(floor));
            let rec = Record::new(text, 0, text.len());
            prop_assert_eq!(authority_before(&rec, floor, at, known), naive);
        }
    }
}
