//! The password in a URL's authority: `scheme://user:password@host` (RFC 3986, section 3.2.1), also as people write it
//! who leave its signs as they are (`://user:p@ss/w#rd@host`), in a Go driver's `user:password@tcp(host)/db`, and without a
//! scheme, before an address or a port (`bob:hunter2x@203.0.113.9`).

use wide::u8x16;

use crate::engine::detect::context::RecordContext;
use crate::engine::detect::ruleset::RuleSet;
use crate::engine::found::finding::{Finding, Refusal};
use crate::engine::notation::Record;
use crate::rules::byteset::{run_start, within};
use crate::rules::check::{names, random};
use crate::rules::judge::is_chosen;
use crate::rules::mask::Notation;
use crate::rules::words::words;

/// What stands where a password would, behind a user who is a token.
const CONSTANTS: &[&str] = words!("token-passwords");
/// What those begin with behind which the user is a token whatever it looks like.
const OF_TOKENS: &[u8] = b"x-oauth";
/// What follows the `@` of a Go driver's data source name, whose authority has no scheme before it.
const NETWORKS: &[&str] = words!("dsn-networks");
/// What stands before a colon and is no user: `sip:bob7x@203.0.113.9`.
const LABELS: &[&str] = words!("address-labels");
/// The longest host that is looked at for an address or a port, in bytes.
const HOST_BYTES_MAX: usize = 64;
/// What stands before a node's public key.
const NODE: &[u8] = b"enode://";
/// The longest name of a user's domain, in bytes.
const DOMAIN_BYTES_MAX: usize = 64;
/// The fewest bytes of a user before an empty password who is a token.
const TOKEN_BYTES_MIN: usize = 16;

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
    let (authority, looked) = authority_before(&s.rec, floor, at, known, || s.rec.is_json());
    *s.work += looked as u64;
    s.last_at = Some((at, authority));
    // A host may have been looked for behind it.
    let behind = s.rec.end.min(at + HOST_BYTES_MAX + 2);
    let Some(start) = authority else { return s.saw(at.saturating_sub(looked + 1)..behind) };
    let info = s.rec.slice(start..at);
    // With the slashes before it.
    let seen = start.saturating_sub(6)..behind;
    // Before a name that has no scheme there may be a key: `Value:app:password@tcp(host)`.
    let bare = !begins_authority(s.rec.slice(s.rec.start..start));
    let colon = if bare { info.iter().rposition(|b| *b == b':') } else { info.iter().position(|b| *b == b':') };
    let user = colon.unwrap_or(info.len());
    let (name, password) = (&info[..user], info.get(user + 1..));
    // `ftp://anonymous:guest@host`: everybody's.
    if name.eq_ignore_ascii_case(b"anonymous") && s.rec.ends_with(start, b"ftp://") {
        return s.refuse_within(at, Some(id), Refusal::Value, seen);
    }
    // Without a password, or with one that is the same for all, the user may be a token.
    let node = password.is_none() && s.rec.ends_with(start, NODE);
    let token = !node && random::looks_random(name)
        || password.is_some() && name.len() >= TOKEN_BYTES_MIN && random::has_marks(name)
        || !name.is_empty()
            && password.and_then(|text| text.get(..OF_TOKENS.len())).is_some_and(|b| b.eq_ignore_ascii_case(OF_TOKENS));
    // `://user[:password]@host`: how a URL is written, its parts in brackets.
    if name.contains(&b'[') && password.is_some_and(|text| text.iter().all(|b| b.is_ascii_lowercase() || *b == b']')) {
        return s.refuse_within(at, Some(id), Refusal::Placeholder, seen);
    }
    // `https://$env:GITHUB_TOKEN@host`: a variable of PowerShell's.
    if name == b"$env" {
        return s.refuse_within(at, Some(id), Refusal::Placeholder, seen);
    }
    let masked = password.is_some() && s.set.masks.spares(name);
    let constant = |text: &[u8]| CONSTANTS.iter().any(|c| text.eq_ignore_ascii_case(c.as_bytes()));
    let secret = match password {
        Some(text) if !text.is_empty() && !((token || masked) && constant(text)) => start + user + 1..at,
        _ if token || masked => start..start + user,
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
    // What other records of the block are says nothing of this one.
    let (authority, looked) = authority_before(text, floor, at, None, || false);
    *work += looked as u64;
    authority.is_none()
}

/// Whether a Go driver's network stands at `at`: `tcp(`.
fn begins_network(rec: &Record<'_>, at: usize) -> bool {
    NETWORKS.iter().any(|network| {
        let rest = rec.from(at);
        rest.starts_with(network.as_bytes()) && rest.get(network.len()) == Some(&b'(')
    })
}

/// Whether the text ends with what stands before an authority.
fn begins_authority(head: &[u8]) -> bool {
    head.ends_with(b"://") || head.ends_with(b":\\/\\/")
}

/// Where the authority that ends at `at` begins, and how many bytes were looked at. `known` is the
/// answer for `floor`, if an `@` stands there; `json` says whether the record is, in which an escape may stand before it.
#[inline(never)] // it would be long in the way of every candidate
fn authority_before(
    rec: &Record<'_>,
    floor: usize,
    at: usize,
    known: Option<usize>,
    json: impl FnOnce() -> bool,
) -> (Option<usize>, usize) {
    let start = run_start(rec.text(), floor, at, |text| !ends(text));
    let network = begins_network(rec, at + 1);
    if network && let Some(name) = network_name(rec, floor, start, at) {
        return (Some(name), 2 * (at - name));
    }
    if start == floor {
        return (known, at - start);
    }
    if begins_authority(rec.slice(rec.start..start)) {
        return (Some(start), at - start);
    }
    match rec.before(start) {
        Some(b'/' | b'?' | b'#') if !begins_path(rec, start) => {
            let front = run_start(rec.text(), floor, start, |text| !ends_loosely(text));
            (raw_authority(rec, floor, front, at, known), 2 * (at - front))
        }
        // `smb://CORP\bob:x@host`: the user's domain.
        Some(b'\\') => {
            let slashes = rec.run_back(start, DOMAIN_BYTES_MAX, |b| b == b'\\');
            let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            let domain = rec.run_back(start - slashes, DOMAIN_BYTES_MAX, name);
            let front = start - slashes - domain;
            // One backslash alone begins an escape in JSON, as `\n` may do elsewhere: no user without a password.
            let written = slashes.is_multiple_of(2) || !json();
            let user = rec.slice(start..at).contains(&b':');
            let authority =
                domain > 0 && user && written && front >= floor && begins_authority(rec.slice(rec.start..front));
            (authority.then_some(start), at - start + slashes + domain)
        }
        _ => (plain_authority(rec, start, at), at - start),
    }
}

/// Where the user of `user:password@host` begins that has no scheme before it: the host is an address or has a port, the
/// password is one that people choose or machines draw.
fn plain_authority(rec: &Record<'_>, start: usize, at: usize) -> Option<usize> {
    // Most that is no host is told by what follows: `FastLeaderElection@774]`.
    if !is_host(rec.up_to(at + 1, HOST_BYTES_MAX)) {
        return None;
    }
    let info = rec.slice(start..at);
    let colon = memchr::memrchr(b':', info)?;
    let (head, password) = (&info[..colon], &info[colon + 1..]);
    let name = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let user = &head[head.len() - head.iter().rev().take_while(name).count()..];
    let alone = matches!(head[..head.len() - user.len()], [] | [.., b'=' | b'(' | b'[' | b',' | b';']);
    let named = user.first().is_some_and(u8::is_ascii_alphabetic) && alone;
    let label = || LABELS.iter().any(|label| user.eq_ignore_ascii_case(label.as_bytes()));
    (named && !label() && is_chosen(password) && !names::is_name(password)).then_some(start + colon - user.len())
}

/// Whether an address comes first, or a host with dots and its port or a path.
fn is_host(text: &[u8]) -> bool {
    let host = text.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')).count();
    let (name, behind) = text.split_at(host);
    if !name.first().is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    let digits = |part: &[u8]| (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    let mut parts = name.split(|b| *b == b'.');
    let address = parts.clone().count() == 4 && parts.clone().all(digits);
    let port = matches!(behind, [b':', b'0'..=b'9', ..]);
    let named = name == b"localhost" || name.contains(&b'.') && parts.all(|part| !part.is_empty());
    let path = behind.first() == Some(&b'/') && name.contains(&b'.');
    address || (port || path) && named && name.last().is_some_and(u8::is_ascii_alphabetic)
}

/// Where the name before a network begins, its password's signs among them: `app:K7#x@tcp(db)`.
fn network_name(rec: &Record<'_>, floor: usize, start: usize, at: usize) -> Option<usize> {
    let whole = |from: usize| {
        // Behind the last backslash of a scheme as JSON may write it stands its last slash: `mysql:\/\/app:K7#x@tcp(h)`.
        let slash = rec.get(from) == Some(b'/') && begins_authority(rec.slice(rec.start..from + 1));
        let from = from + usize::from(slash);
        // With a scheme before it a name begins behind that, whatever signs the password has.
        let scheme = memchr::memmem::rfind(rec.slice(from..at), b"://").map_or(0, |n| n + b"://".len());
        let from = behind_escape(rec, from + scheme).min(at);
        rec.slice(from..at).contains(&b':').then_some(from)
    };
    whole(start).or_else(|| whole(run_start(rec.text(), floor, start, |text| !ends_loosely(text))))
}

/// Behind the letter of an escape whose backslash stands before `at` in a document of JSON: the `n` of `\nroot:x@tcp(h)`.
fn behind_escape(rec: &Record<'_>, at: usize) -> usize {
    let slashes = rec.run_back(at, DOMAIN_BYTES_MAX, |b| b == b'\\');
    // At any depth: two of them stand before it in a document within a text.
    if slashes == 0 || !rec.is_json() {
        return at;
    }
    match rec.get(at) {
        Some(b'n' | b'r' | b't' | b'b' | b'f') => at + 1,
        Some(b'u') if rec.run(at + 1, 4, |b| b.is_ascii_hexdigit()) == 4 => at + "u0000".len(),
        _ => at,
    }
}

/// Whether the `@` right behind a `/` begins a name, as of a package: `/@scope/name`.
fn begins_path(rec: &Record<'_>, start: usize) -> bool {
    rec.get(start) == Some(b'@')
}

/// The authority that ends at `at` if its password has the signs that end one; `front` is where what may belong to it
/// begins.
fn raw_authority(rec: &Record<'_>, floor: usize, front: usize, at: usize, known: Option<usize>) -> Option<usize> {
    if front == floor && rec.text().get(floor) == Some(&b'@') {
        // No host stands behind it, which has dots or a port, nor a query's parameter.
        let behind = rec.slice(floor + 1..at).split(|b| matches!(b, b'/' | b'?' | b'#')).next()?;
        let host = behind.contains(&b'.') || behind.contains(&b':') || behind.is_empty();
        return known.filter(|_| !host && !rec.slice(floor..at).contains(&b'='));
    }
    let text = rec.slice(front..at);
    let begun = front + text.windows(3).position(|w| w == b"://")? + 3;
    let authority = rec.slice(begun..at).split(|b| matches!(b, b'/' | b'?' | b'#')).next()?;
    let colon = authority.iter().position(|b| *b == b':')?;
    let (user, rest) = (&authority[..colon], &authority[colon + 1..]);
    // A host has dots, but a mail's address may be a user; one that is left out has no port of letters.
    let host = user.contains(&b'[') || user.contains(&b'.') && !user.windows(3).any(|w| w == b"%40");
    let port = rest.first().is_none_or(|b| b.is_ascii_digit() || matches!(b, b'$' | b'{' | b'<' | b'%' | b'['));
    (!host && !port).then_some(begun)
}

/// Like [`ends`], but for the signs that a password may have.
#[inline(always)]
fn ends_loosely(text: u8x16) -> u8x16 {
    let one = |sign: u8| text.simd_eq(u8x16::splat(sign));
    let signs = one(b'\'') | one(b'<') | one(b'>') | one(b'`') | one(b'\\') | one(0x7F);
    within(text, 0, b' ') | one(b'"') | signs
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
    use super::{authority_before, ends, plain_authority};
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
            // What has the signs that end an authority is another matter, and so is a user's domain.
            if end.is_some_and(|end| !begins(&end) && matches!(text[end - 1], b'/' | b'\\')) {
                return Ok(());
            }
            let rec = Record::new(text, 0, text.len());
            // And so is one without a scheme.
            if end.is_some_and(|end| plain_authority(&rec, end, at).is_some()) {
                return Ok(());
            }
            prop_assert_eq!(authority_before(&rec, floor, at, known, || rec.is_json()), naive);
        }
    }
}
