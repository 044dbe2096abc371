//! The password in a URL's authority: `scheme://user:password@host` (RFC 3986, section 3.2.1).

use super::finding::{Finding, Refusal};
use super::notation::Record;
use super::ruleset::RuleSet;
use super::scanner::Scanner;
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
    let low = at.saturating_sub(set.rule(id).max as usize);
    let (authority, looked) = authority_before(text, low.max(last), at, None);
    *work += looked as u64;
    authority.is_none()
}

/// Where the authority that ends at `at` begins, and how many bytes were looked at. `known` is the
/// answer for `floor`, if an `@` stands there.
fn authority_before(rec: &Record<'_>, floor: usize, at: usize, known: Option<usize>) -> (Option<usize>, usize) {
    let mut p = at;
    while p > floor {
        let b = rec.buf[p - 1];
        if ENDS[usize::from(b)] {
            let head = &rec.buf[rec.start..p];
            let found = b == b'/' && (head.ends_with(b"://") || head.ends_with(b":\\/\\/"));
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
