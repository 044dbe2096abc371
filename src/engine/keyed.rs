//! A key word's hit -> the key, the separator, the value, and whether it is a secret.

use std::ops::Range;

use super::carry::{Below, Carry};
use super::finding::Refusal;
use super::header;
use super::keys::{self, Known};
use super::member;
use super::memo::Seen;
use super::notation::Record;
use super::notation::escape::skip_gap;
use super::notation::joint::{self, Joined, Joint, Prose};
use super::notation::key::{self, KeySite, Words};
use super::notation::straight;
use super::notation::value::{self, Value, Values};
use super::ruleset::RuleSet;
use super::scanner::{Scanner, Scratch};
use super::verdicts::Judged;
use super::weigh;
use crate::rules::rule::ValuePolicy;

/// What reading an element of a list costs besides its bytes.
const LIST_WORK: u64 = 4;

/// Judges the key whose word stands at `at`.
///
/// 1. The identifier's end, and a cheap look whether a separator can follow: most words in prose
///    end here.
/// 2. The key's words: is it a secret's?
/// 3. The separator.
/// 4. The value, and whether it is a secret.
pub(crate) fn scan(s: &mut Scanner<'_>, at: usize) {
    if at < s.value_end || at < s.key_end {
        return; // inside a value that is masked already, or the same identifier again
    }
    let end = key::end_of(&s.rec, at);
    *s.work += (end - at) as u64;
    s.key_end = end;
    if !joint::may_follow(&s.rec, end) && !ends_record(s, end) {
        return s.refuse_seen(at, None, Refusal::Joint, seen(s, at, end));
    }
    let Judged { known, from, plain } = s.verdicts.judge(&s.set.keys, &s.rec, at, end);
    *s.work += (at - from.min(at)) as u64;
    let Some(known) = known else {
        return s.refuse_seen(at, None, Refusal::Key, from..seen(s, at, end).end);
    };
    let site = plain.map_or_else(|| key::around(&s.rec, at, end), |plain| key::with_quotes(&s.rec, &plain));
    let joined = straight::find(&s.rec, &site);
    if joined.is_none() && !ends_record(s, end) {
        let found = weigh::prose(s, &site, &known);
        return if !found {
            s.refuse(at, None, Refusal::Joint)
        };
    }
    if s.rec.buf[s.rec.start..site.open].ends_with(b"REDACTED:") {
        return s.refuse(at, None, Refusal::Placeholder); // a rule's name in a label
    }
    match joined {
        Some(joined) => value(s, &site, &joined, &known),
        None => named_below(s, &site, known),
    }
}

/// The end of the identifier around the word at `at`, if it is sure to be no key of a secret's, or to
/// have no value, and what says so. Where a line ends near it, nothing is.
pub(crate) fn idle_end(set: &RuleSet, text: &Record<'_>, at: usize, scratch: &mut Scratch) -> Option<(usize, Seen)> {
    let end = key::end_of(text, at);
    scratch.work += (end - at) as u64;
    let behind = text.from(end).first_chunk::<4>()?;
    if behind.iter().any(|b| matches!(b, b'\n' | b'\r')) {
        return None;
    }
    // Of the bytes behind it, only that no line ends there.
    let near = |from, to| Seen { loose: end + behind.len(), ..Seen::new(from, to) };
    match behind[0] {
        b' ' | b'\t' => {
            if let Some(prose) = joint::prose_follows(text, at, end) {
                return Some((end, seen_prose(text, end, &prose)));
            }
        }
        _ if !joint::may_follow(text, end) => return Some((end, near(at, end + 2))),
        _ => {}
    }
    let Judged { known, from, plain } = scratch.verdicts.judge(&set.keys, text, at, end);
    let seen = match known {
        None => near(from, end + 2),
        Some(known) => {
            let seen = member::idle(set, text, &known, plain?.start, end)?;
            Seen { from: from.min(seen.from), ..seen }
        }
    };
    Some((end, seen))
}

/// What tells that prose goes on behind an identifier that ends at `end`.
fn seen_prose(text: &Record<'_>, end: usize, prose: &Prose) -> Seen {
    let Prose { start, behind, apart } = *prose;
    // A colour code may have been looked for.
    let coloured = matches!(text.get(behind), Some(0x1b | b'\\' | b'#'));
    let from = if coloured { 0 } else { start.saturating_sub(4) };
    let to = behind + usize::from(!apart);
    Seen { loose: (behind + 1).max(end + 4), ..Seen::new(from, to) }
}

/// What the cheap look at an identifier saw: itself, and what may separate.
fn seen(s: &Scanner<'_>, at: usize, end: usize) -> Range<usize> {
    at..skip_gap(&s.rec, end, joint::GAP_BYTES_MAX) + 2
}

/// Whether nothing but quotes follows `at`: the value may stand on the next line.
fn ends_record(s: &Scanner<'_>, at: usize) -> bool {
    s.rec.from(at).iter().all(|b| matches!(b, b'"' | b'\'' | b',' | b' ')) && s.rec.end - at <= 3
}

/// `name: PASSWORD` ends the record: its value may follow on the next line.
fn named_below(s: &mut Scanner<'_>, site: &KeySite, known: Known) {
    if site.dashes == 0 && joint::names_a_key(&s.rec, site.open) {
        s.carry = Some(Carry::Value(Below { known, named: true }));
    }
}

fn value(s: &mut Scanner<'_>, site: &KeySite, joined: &Joined, known: &Known) {
    if s.set.allowed.is_some() {
        s.site = Some(*site);
    }
    // `csrf_magic=key:...`: the word is itself a value.
    let weak = known.policy == ValuePolicy::Random && site.quote.is_none();
    if weak && matches!(s.rec.before(site.open), Some(b'=' | b':')) {
        return s.refuse(site.start, Some(known.rule), Refusal::Key);
    }
    match known.policy {
        ValuePolicy::Credential => return header::credential(s, site, joined, known),
        ValuePolicy::Cookie => {
            s.doubt.raise();
            return header::cookie(s, site, joined, known);
        }
        _ => {}
    }
    let values = straight::read(&s.rec, site, joined);
    if !matches!(values, Values::One(_) | Values::Object) {
        s.doubt.raise();
    }
    match values {
        Values::One(value) => {
            one(s, site, joined.joint, known, &value);
            let mut last = value;
            while let Some(next) = value::alternative(&s.rec, &last) {
                s.saw(last.end..next.start);
                one(s, site, Joint::Instead, known, &next);
                last = next;
            }
        }
        Values::Many(values) => {
            *s.work += LIST_WORK * values.len() as u64;
            for value in &values {
                one(s, site, joined.joint, known, value);
            }
        }
        // `passwords: {...}` has passwords; any other object is judged by its own keys, but for what it
        // calls the value: `"password": {"sensitive": true, "value": "x"}`.
        Values::Object => {
            let all = known.plural && known.policy == ValuePolicy::Any;
            let (values, end) = value::object(&s.rec, site, joined, (!all).then_some(b"value"));
            *s.work += (end - joined.value) as u64;
            for value in &values {
                s.doubt.raise();
                one(s, site, joined.joint, known, value);
            }
            if values.is_empty() {
                s.refuse(site.start, Some(known.rule), Refusal::Value);
            }
        }
        Values::Code => s.refuse(site.start, Some(known.rule), Refusal::Value),
        Values::Nothing => {
            if joined.joint == Joint::Element(0) && joined.value >= s.rec.end {
                s.carry = Some(Carry::Value(Below { known: *known, named: false }));
            }
            s.refuse(site.start, Some(known.rule), Refusal::Joint);
        }
    }
}

fn one(s: &mut Scanner<'_>, site: &KeySite, joint: Joint, known: &Known, value: &Value) {
    *s.work += (value.end - value.start) as u64;
    let shorter = without_query(s, known, value);
    let value = shorter.as_ref().unwrap_or(value);
    let key = &s.rec.buf[site.start..site.end];
    let secret = keys::is_secret(&s.rec, known, joint, value, key, &s.set.masks);
    if let Err(why) = weigh::value(s, known, joint, value, secret) {
        let spared = s.set.masks.spares(&s.rec.buf[value.start..value.end]);
        if spared {
            s.value_end = s.value_end.max(value.end); // keys inside a template are part of it
        }
        s.let_go(site.open, value, known.rule, if spared { Refusal::Placeholder } else { why });
    } else {
        s.saw(site.open..value.start);
        s.found_value(known, value);
    }
}

/// `;jsessionid=X?a=b`: what looks random ends where a URL's next part begins.
fn without_query(s: &Scanner<'_>, known: &Known, value: &Value) -> Option<Value> {
    if known.policy != ValuePolicy::Random || value.quote.is_some() {
        return None;
    }
    let text = &s.rec.buf[value.start..value.end];
    let i = text.iter().position(|b| matches!(b, b'?' | b'#'))?;
    Some(Value { end: value.start + i, open: false, ..*value })
}

/// Judges a JSON key with a letter written as an escape, `"pass\u0077ord"`; the escape stands at
/// `at`.
pub(crate) fn escaped(s: &mut Scanner<'_>, at: usize) {
    if at < s.value_end || at < s.key_end {
        return;
    }
    let code = s.rec.from(at).get(4..6);
    if !code.is_some_and(|c| matches!(c[0], b'4'..=b'7') && c[1].is_ascii_hexdigit()) {
        return; // not a letter
    }
    let Some((site, text)) = key::escaped(&s.rec, at) else { return };
    *s.work += (site.end - site.start) as u64;
    let decoded = Record::new(&text, 0, text.len());
    let whole = KeySite { start: 0, end: text.len(), ..site };
    let Some(known) = s.set.keys.classify(&Words::of(&decoded, &whole)) else { return };
    s.key_end = site.end;
    if let Some(joined) = straight::find(&s.rec, &site) {
        value(s, &site, &joined, &known);
    }
}

/// The line below `<password>` or `name: PASSWORD`.
pub(crate) fn below(s: &mut Scanner<'_>, below: Below) {
    let mut at = skip_gap(&s.rec, s.rec.start, s.rec.end - s.rec.start);
    let mut joint = Joint::Element(0);
    if below.named {
        let rest = s.rec.from(at);
        let skip = rest.iter().take(4).take_while(|b| matches!(b, b'"' | b'\'' | b'-' | b' ')).count();
        let Some(rest) = rest[skip..].strip_prefix(b"value") else {
            return;
        };
        let Some(i) = rest.iter().take(4).position(|b| matches!(b, b':' | b'=')) else {
            return;
        };
        at = skip_gap(&s.rec, s.rec.end - rest.len() + i + 1, joint::GAP_BYTES_MAX);
        joint = Joint::Assign;
    }
    if at >= s.rec.end {
        return;
    }
    let site = KeySite { start: at, end: at, dashes: 0, quote: None, open: at };
    let joined = Joined { joint, value: at, percent: false, quoted: false };
    if !below.named && s.rec.get(at) == Some(b'<') {
        return;
    }
    if let Values::One(value) = straight::read(&s.rec, &site, &joined) {
        one(s, &site, joint, &below.known, &value);
    }
}
