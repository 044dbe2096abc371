//! A key word's candidate -> the key, the separator, the value, and whether it is a secret.

use std::ops::Range;

use crate::engine::detect::below;
use crate::engine::detect::context::RecordContext;
use crate::engine::detect::header;
use crate::engine::detect::json_member;
use crate::engine::detect::one::{element, one};
use crate::engine::detect::ruleset::RuleSet;
use crate::engine::detect::weigh;
use crate::engine::footprint::Footprint;
use crate::engine::found::finding::Refusal;
use crate::engine::keys::cache::{KeyCache, KeyClass};
use crate::engine::keys::{SecretKey, values};
use crate::engine::notation::Record;
use crate::engine::notation::columns::Columns;
use crate::engine::notation::context::mask_len;
use crate::engine::notation::escape::{GAP_BYTES_MAX, skip_gap};
use crate::engine::notation::escaped_key;
use crate::engine::notation::key::{self, KeySite, Words};
use crate::engine::notation::named;
use crate::engine::notation::quote::Quote;
use crate::engine::notation::separator::{self, Prose, Separated, Separator};
use crate::engine::notation::spelling;
use crate::engine::notation::value::{self, Value, Values};
use crate::engine::shortcuts::Shortcut;
use crate::rules::check::names;
use crate::rules::check::sentence::is_sentence;
use crate::rules::mask::Notation;
use crate::rules::rule::ValuePolicy;

/// The longest word behind a colon that is looked at before its record is cut out, in bytes.
const WORD_BYTES_MAX: usize = 24;
/// What reading an element of a list costs besides its bytes.
const LIST_WORK: u64 = 4;

/// Judges the key whose word stands at `at`.
///
/// 1. The identifier's end, and a cheap look whether a separator can follow: most words in prose end here.
/// 2. The key's words: is it a secret's?
/// 3. The separator.
/// 4. The value, and whether it is a secret.
pub(crate) fn scan(s: &mut RecordContext<'_>, at: usize) {
    if at < s.value_end || at < s.key_end {
        return; // inside a value that is masked already, or the same identifier again
    }
    let end = key::end_of(&s.rec, at);
    *s.work += (end - at) as u64;
    (s.key_end, s.key_text) = (end, None);
    if !may_follow(s.set, &s.rec, end) && !ends_record(s, end) {
        return s.refuse_within(at, None, Refusal::Separator, seen(s, at, end));
    }
    let KeyClass { known, from, plain } = s.key_cache.judge(&s.set.keys, &s.rec, at, end);
    *s.work += (at - from.min(at)) as u64;
    let Some(known) = known.filter(|known| !known.denied || separator::is_set(&s.rec, end)) else {
        return s.refuse_within(at, None, Refusal::Key, from..seen(s, at, end).end);
    };
    let mut site = plain.map_or_else(|| key::around(&s.rec, at, end), |plain| key::with_quotes(&s.rec, &plain));
    let label = is_label(&s.rec, &site);
    let joined = separated(s, &mut site);
    if joined.is_none() && !ends_record(s, end) {
        if label {
            return s.refuse(at, None, Refusal::Separator); // nor does it announce a value
        }
        let follows = below::tag(&s.rec, &site, &known)
            .or_else(|| below::announced(&s.rec, &site, &known, &s.set.masks))
            .or_else(|| below::declared(&s.rec, &site, &known))
            .or_else(|| below::asked(&s.rec, &site, &known));
        s.continuation = follows.or_else(|| s.continuation.take());
        if named::names_a_key(&s.rec, site.open) {
            s.rescan.raise(); // its value was looked for beside it
        }
        let found = weigh::prose(s, &site, &known);
        return if !found {
            s.refuse(at, None, Refusal::Separator)
        };
    }
    if label {
        return s.refuse(at, None, Refusal::Placeholder);
    }
    match joined {
        Some(joined) => value(s, &site, &joined, &known),
        None => {
            let follows = below::named(&s.rec, &site, &known).or_else(|| below::asked(&s.rec, &site, &known));
            s.continuation = follows.or_else(|| s.continuation.take());
        }
    }
}

/// Whether the key is a rule's name in a label: `[REDACTED:password]`, `REDACTED-url-password:`.
fn is_label(rec: &Record<'_>, site: &KeySite) -> bool {
    const FRONT: &[u8] = b"[REDACTED:";
    let head = &rec.bytes()[..site.open - rec.start];
    let whole = head.ends_with(FRONT) && mask_len(rec, site.open - FRONT.len()) > 0;
    whole || rec.from(site.start).starts_with(b"REDACTED-") && rec.get(site.end) != Some(b'=')
}

/// Whether a separator can follow at `at`, right behind an identifier: a cheap look that turns away most words in prose.
#[inline(always)]
fn may_follow(set: &RuleSet, rec: &Record<'_>, at: usize) -> bool {
    separator::may_follow(rec, at) || set.forms.may_lead(rec, at)
}

/// The separator behind the key: a sign, or what a notation that is data says, whose notation may begin before the key's.
fn separated(s: &mut RecordContext<'_>, site: &mut KeySite) -> Option<Separated> {
    let found = spelling::find(&s.rec, site, s.set.shortcuts);
    if found.is_some() {
        return found;
    }
    if let Some(value) = Columns::of(&s.rec, site, s.work).and_then(|columns| columns.value(&s.rec)) {
        *s.work += (value - site.end) as u64;
        s.saw(site.open..value);
        return Some(Separated { joint: Separator::Column, value, percent: false, quoted: false });
    }
    let (form, open) = s.set.forms.find(&s.rec, site, s.work)?;
    site.open = open;
    // What stands behind the value may have been looked at.
    s.rescan.raise();
    Some(form)
}

/// The end of the identifier around the word at `at`, if it is sure to be no key of a secret's, or to
/// have no value, and what says so. Where a line ends near it, nothing is.
pub(crate) fn reject(
    set: &RuleSet,
    text: &Record<'_>,
    at: usize,
    cache: &mut KeyCache,
    work: &mut u64,
) -> Option<(usize, Footprint)> {
    let end = key::end_of(text, at);
    *work += (end - at) as u64;
    let behind = text.chunk::<4>(end)?;
    if behind.iter().any(|b| matches!(b, b'\n' | b'\r')) {
        return None;
    }
    // Of the bytes behind it, only that no line ends there.
    let near = |from, to| Footprint { loose: end + behind.len(), ..Footprint::new(from, to) };
    match behind[0] {
        b' ' | b'\t' => {
            // If not, no separator leads anywhere but behind a key that is a secret's.
            let prose =
                || separator::prose_follows(text, at, end).filter(|_| !set.forms.may_begin_with_word(text, end));
            if let Some(prose) = text.tried(prose) {
                return Some((end, seen_prose(text, end, &prose)));
            }
        }
        _ if !may_follow(set, text, end) => return Some((end, near(at, end + 3))),
        _ => {}
    }
    let KeyClass { known, from, plain } = cache.judge(&set.keys, text, at, end);
    let seen = match known.filter(|known| !known.denied || separator::may_be_set(behind)) {
        None => near(from, end + if behind.starts_with(b" =") { behind.len() } else { 2 }),
        Some(known) => {
            if !set.shortcuts.take(Shortcut::JsonMember) {
                return None;
            }
            let start = plain?.start;
            let seen = json_member::reject(set, text, &known, start, end)
                .or_else(|| rejects_word(set, text, &known, start..end))?;
            Footprint { from: from.min(seen.from), ..seen }
        }
    };
    Some((end, seen))
}

/// What tells that a word stands behind a weak key's colon, and no secret: `pam_unix(sshd:session): session opened for user
/// bob`.
fn rejects_word(set: &RuleSet, text: &Record<'_>, known: &SecretKey, key: Range<usize>) -> Option<Footprint> {
    let at = match text.up_to(key.end, 3) {
        [b':', b' ', _] => key.end + 2,
        [b')', b':', b' '] => key.end + 3,
        _ => return None,
    };
    let len = text.run(at, WORD_BYTES_MAX, |b| b.is_ascii_lowercase());
    let (start, end) = (at, at + len);
    if known.policy != ValuePolicy::Random || len == 0 || text.get(end) != Some(b' ') {
        return None;
    }
    let value = Value { start, end, quote: None, notation: Notation::Bare, open: false };
    let word = text.slice(start..end);
    let is_secret = values::is_secret(text, known, Separator::Colon, &value, text.slice(key.clone()), &set.masks);
    let rejected = !is_secret && !weigh::worth_behind(known.policy, word);
    rejected.then(|| Footprint::new(key.start.saturating_sub(2), end + 1))
}

/// What tells that prose goes on behind an identifier that ends at `end`.
fn seen_prose(text: &Record<'_>, end: usize, prose: &Prose) -> Footprint {
    let Prose { start, behind, apart } = *prose;
    // A colour code may have been looked for.
    let coloured = matches!(text.get(behind), Some(0x1b | b'\\' | b'#'));
    let from = if coloured { 0 } else { start.saturating_sub(4) };
    let to = behind + usize::from(!apart);
    Footprint { loose: (behind + 1).max(end + 4), ..Footprint::new(from, to) }
}

/// What the cheap look at an identifier saw: itself, and what may separate.
fn seen(s: &RecordContext<'_>, at: usize, end: usize) -> Range<usize> {
    at..skip_gap(&s.rec, end, GAP_BYTES_MAX) + 3
}

/// Whether nothing but quotes follows `at`: the value may stand on the next line.
fn ends_record(s: &RecordContext<'_>, at: usize) -> bool {
    let rest = s.rec.end - at;
    rest <= 3 && s.rec.run(at, rest, |b| matches!(b, b'"' | b'\'' | b',' | b' ')) == rest
}

fn value(s: &mut RecordContext<'_>, site: &KeySite, joined: &Separated, known: &SecretKey) {
    s.key_text = text_around(s, site);
    if s.set.allowed.is_some() {
        s.site = Some(*site);
    }
    if is_segment(s, site, joined) || is_user(s, site, joined) || is_value(&s.rec, site, joined, known) {
        return s.refuse(site.start, Some(known.rule), Refusal::Key);
    }
    match known.policy {
        ValuePolicy::Credential => return header::credential(s, site, joined, known),
        ValuePolicy::Cookie => {
            s.rescan.raise();
            return header::cookie(s, site, joined, known);
        }
        _ => {}
    }
    // `passwords: {...}` has passwords.
    let all = known.plural && known.policy == ValuePolicy::Any && s.rec.get(joined.value) == Some(b'{');
    let values = spelling::read(&s.rec, site, joined, s.set.shortcuts);
    // Where an assignment stands in marks, all between them was looked at.
    let assigned = joined.joint == Separator::Assign && site.quote.is_some() && !joined.quoted;
    if assigned || !matches!(values, Values::One(_) | Values::Object) || joined.joint == Separator::Property {
        s.rescan.raise();
    }
    match values {
        Values::One(value) => {
            if let Some(lines) = below::block(&s.rec, site, joined, known, &value) {
                s.continuation = Some(lines);
                return s.refuse(site.start, Some(known.rule), Refusal::Placeholder);
            }
            let (inside, found) = (s.value_end, s.findings.len());
            one(s, site, joined.joint, known, &value);
            if s.findings.len() > found {
                s.continuation =
                    below::joined(&s.rec, known, &value, below::PARTS_MAX).or_else(|| s.continuation.take());
            }
            more(s, site, joined, known, value);
            if joined.joint == Separator::Column {
                s.value_end = inside; // other columns stand before the values of this one
            }
        }
        Values::Many(_) | Values::Object if all => {
            let (values, end) = value::object(&s.rec, site, joined);
            *s.work += (end - joined.value) as u64;
            for value in &values {
                s.rescan.raise();
                one(s, site, joined.joint, known, value);
            }
            if values.is_empty() {
                s.refuse(site.start, Some(known.rule), Refusal::Value);
            }
        }
        Values::Many(values) => elements(s, site, joined, known, &values),
        // Any other object is judged by its own keys.
        Values::Object => s.refuse(site.start, Some(known.rule), Refusal::Value),
        Values::Code => s.refuse(site.start, Some(known.rule), Refusal::Value),
        Values::Nothing => {
            let follows = below::expected(&s.rec, site, joined, known);
            let follows = follows.or_else(|| below::announced(&s.rec, site, known, &s.set.masks));
            s.continuation = follows.or_else(|| s.continuation.take());
            s.refuse(site.start, Some(known.rule), Refusal::Separator);
        }
    }
}

/// Judges the elements of a list behind the key.
fn elements(s: &mut RecordContext<'_>, site: &KeySite, joined: &Separated, known: &SecretKey, values: &[Value]) {
    *s.work += LIST_WORK * values.len() as u64;
    let (inside, found) = (s.value_end, s.findings.len());
    for value in values {
        // `{"password":["This field is required."]}`, `credentials: [Login(user=bob, fields={})]`
        let text = &s.rec.from(value.start)[..value.end - value.start];
        let member = known.policy != ValuePolicy::Any && value.quote.is_none() && names::is_member(text);
        match member || is_sentence(text) {
            true => s.let_go(site.open, value, known.rule, Refusal::Value),
            false => element(s, site, joined.joint, known, value, values.len() == 1),
        }
    }
    if s.findings.len() - found < values.len() {
        s.value_end = inside; // one that stays may have keys of its own
    }
}

/// Where the text of JSON ends that the key is a part of; none where it is one, or part of a member's name.
fn text_around(s: &mut RecordContext<'_>, site: &KeySite) -> Option<usize> {
    let plain = Quote::plain(b'"');
    if site.quote == Some(plain) && s.rec.quote_at(site.end, s.rec.end) == Some(plain) {
        return None;
    }
    let end = s.texts.end(&s.rec, site.start, s.rec.end, s.work)?;
    let named = s.rec.get(skip_gap(&s.rec, end + 1, GAP_BYTES_MAX)) == Some(b':');
    (!named).then_some(end)
}

/// How far before a key what its name is part of is looked for, in bytes.
const SEGMENT_BYTES: usize = 64;

/// Whether the key is a part of a resource's name, `arn:aws:secretsmanager:eu-1:1234:secret:prod/db-a1B2c3`, or of a list
/// that it is taken out of: `HIGH:!PSK:!MD5`.
fn is_segment(s: &RecordContext<'_>, site: &KeySite, joined: &Separated) -> bool {
    if joined.joint != Separator::Colon || joined.value != site.end + 1 {
        return false;
    }
    match s.rec.before(site.open) {
        Some(b':') => {}
        before => return before == Some(b'!'),
    }
    let head = s.rec.slice(site.open.saturating_sub(SEGMENT_BYTES).max(s.rec.start)..site.open);
    let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b'.' | b'/' | b'*');
    let name = &head[head.len() - head.iter().rev().take_while(part).count()..];
    // One that is cut short is long for another.
    name.starts_with(b"arn:") || name.starts_with(b"urn:") || name.len() == SEGMENT_BYTES
}

/// Whether the word is itself a value: `csrf_magic=key:...`, `spf=pass: mx.example.com`.
fn is_value(rec: &Record<'_>, site: &KeySite, joined: &Separated, known: &SecretKey) -> bool {
    let weak = known.policy == ValuePolicy::Random;
    let result = known.short && joined.joint == Separator::Colon && joined.value > site.end + 1;
    let before = rec.before(site.open).filter(|_| site.quote.is_none());
    before == Some(b'=') && (weak || result) || before == Some(b':') && weak
}

/// The longest password in a URL that is looked through for its end, in bytes.
const PASSWORD_BYTES_MAX: usize = 256;

/// Whether the key is the user in a URL's authority, whose password is told by its place: `https://token:x@host`.
fn is_user(s: &mut RecordContext<'_>, site: &KeySite, joined: &Separated) -> bool {
    let glued = joined.joint == Separator::Colon && joined.value == site.end + 1;
    if !glued || !s.rec.slice(s.rec.start..site.open).ends_with(b"://") {
        return false;
    }
    let rest = &s.rec.from(joined.value);
    let at = rest.iter().take(PASSWORD_BYTES_MAX).position(|b| *b == b'@' || b.is_ascii_whitespace());
    *s.work += at.unwrap_or(PASSWORD_BYTES_MAX) as u64;
    let user = at.is_some_and(|at| rest[at] == b'@');
    if user {
        s.saw(site.open - 3..joined.value + at.unwrap_or(0) + 1);
    }
    user
}

/// What stands beside the first value: one in its stead, a new one behind an old one, those of other rows.
fn more(s: &mut RecordContext<'_>, site: &KeySite, joined: &Separated, known: &SecretKey, value: Value) {
    let mut last = value;
    while let Some((joint, next)) = value::alternative(&s.rec, &last) {
        s.saw(last.end..next.start);
        one(s, site, joint, known, &next);
        last = next;
    }
    while joined.joint == Separator::Property
        && let Some(next) = named::beside(&s.rec, site, &last)
    {
        *s.work += (next.end - last.end) as u64;
        one(s, site, joined.joint, known, &next);
        last = next;
    }
    if joined.joint != Separator::Column {
        return;
    }
    let Some(columns) = Columns::of(&s.rec, site, s.work) else { return };
    while let Some(next) = columns.beside(&s.rec, &last) {
        *s.work += (next.end - last.end) as u64;
        one(s, site, joined.joint, known, &next);
        last = next;
    }
}

/// Judges a key with a letter written as an escape, JSON's `"pass\u0077ord"` or a query's `pass%77ord=x`; the escape
/// stands at `at`.
pub(crate) fn escaped(s: &mut RecordContext<'_>, at: usize) {
    if at < s.value_end || at < s.key_end {
        return;
    }
    let code = s.rec.part(at + 4..at + 6);
    let found = match s.rec.byte(at) {
        b'%' => escaped_key::coded(&s.rec, at),
        _ if code.is_some_and(|c| matches!(c[0], b'4'..=b'7') && c[1].is_ascii_hexdigit()) => {
            escaped_key::quoted(&s.rec, at)
        }
        _ => return, // not a letter
    };
    let Some((mut site, text)) = found else { return };
    *s.work += (site.end - site.start) as u64;
    let decoded = Record::new(&text, 0, text.len());
    let whole = KeySite { start: 0, end: text.len(), ..site };
    let known = s.set.keys.classify(&Words::of(&decoded, &whole)).filter(|known| !known.denied);
    let Some(known) = known else { return };
    s.key_end = site.end;
    if let Some(joined) = separated(s, &mut site) {
        value(s, &site, &joined, &known);
    }
}
