//! What rules say of a value, weighed by the learned judge: where they would mask and much speaks against
//! it, it stays; where they would let go and much speaks for it, it goes.

use std::ops::Range;

use crate::engine::detect::context::RecordContext;
use crate::engine::detect::mention;
use crate::engine::detect::track::{float_end, track_end};
use crate::engine::found::finding::{Finding, Refusal, Weighed};
use crate::engine::keys::{SecretKey, values};
use crate::engine::notation::context::{in_text, mask_len};
use crate::engine::notation::escape::{GAP_BYTES_MAX, skip_gap};
use crate::engine::notation::key::KeySite;
use crate::engine::notation::quote::Close;
use crate::engine::notation::separator::Separator;
use crate::engine::notation::tail;
use crate::engine::notation::value::Value;
use crate::engine::notation::{Record, bare};
use crate::rules::check::{names, prose, public, random};
use crate::rules::judge::candidate::{Called, Candidate, Kind};
use crate::rules::judge::table::Table;
use crate::rules::judge::{
    is_chosen, is_drawn, is_made_up, is_mixed, is_name_with_number, is_plain_pair, is_session, is_telling, worth,
};
use crate::rules::mask::Notation;
use crate::rules::rule::{RuleId, ValuePolicy};

/// What a candidate costs, in bytes looked at.
const WORK: u64 = 24;
/// The longest value in prose, in bytes.
const PROSE_BYTES_MAX: usize = 256;

/// How a key's values are weighed; none that are a matter of their form alone.
fn kind(policy: ValuePolicy) -> Option<Kind> {
    match policy {
        ValuePolicy::Any => Some(Kind::Any),
        ValuePolicy::Likely => Some(Kind::Likely),
        ValuePolicy::Random => Some(Kind::Random),
        ValuePolicy::Credential | ValuePolicy::Cookie | ValuePolicy::CardCode | ValuePolicy::Pin => None,
    }
}

/// Whether the value behind a key is masked, and why not. `secret` is what the key's own rule says.
pub(crate) fn value(
    s: &mut RecordContext<'_>,
    known: &SecretKey,
    joint: Separator,
    value: &Value,
    secret: bool,
) -> Result<(), Refusal> {
    let rules = if secret { Ok(()) } else { Err(Refusal::Value) };
    let text = s.rec.slice(value.start..value.end);
    let Some(kind) = kind(known.policy).filter(|_| known.rule.index() < s.set.builtin) else { return rules };
    // A password behind its own key goes, but for what may be prose.
    let bare = matches!(value.notation, Notation::Bare | Notation::BareInJson);
    let sure = secret && kind == Kind::Any && !(bare && joint == Separator::Colon);
    let worth = secret || worth_behind(known.policy, text) && !names_something(s, kind, value);
    if worth && mention::is_mention(s, joint, value) {
        return Err(Refusal::Value);
    }
    // What stands before a value in another's stead is that value, not the key.
    if sure || !worth || joint == Separator::Instead {
        return rules;
    }
    // Nor is a password with a digit in it any prose; behind a key that is short for another thing, `PASS: Test2`, one that
    // no name is like: `pw:IhqSb1Gg`.
    let mixed = || is_made_up(text) && !random::is_words(text);
    let held = kind == Kind::Any && text.iter().any(u8::is_ascii_digit) && (!known.short || !known.verb && mixed());
    weigh(s, known.rule, value.start..value.end, kind, secret, held)
}

/// Whether the judge is to be asked of a value that the key's own rule lets go: a cheap look at its bytes alone.
pub(super) fn worth_behind(policy: ValuePolicy, value: &[u8]) -> bool {
    worth(value) && !(policy == ValuePolicy::Random && is_name_with_number(value))
}

/// Whether a value stands for something else: its name, an identifier, a placeholder.
fn names_something(s: &RecordContext<'_>, kind: Kind, value: &Value) -> bool {
    let text = s.rec.slice(value.start..value.end);
    names::is_name(text)
        || names::is_reference(text)
        || public::is_public(text)
        || kind == Kind::Random && is_call(s, value)
        || values::is_stand_in(text, &s.set.masks)
}

/// `"clientToken":"9f86d081-..."`, a UUID that lets a call come twice, and `key=1:3:7:94ee3a1f-...`, one with numbers.
fn is_call(s: &RecordContext<'_>, value: &Value) -> bool {
    let text = s.rec.slice(value.start..value.end);
    let candidate = Candidate::new(s.rec.text(), s.rec.start..s.rec.end, value.start..value.end, Kind::Random);
    random::is_plain_id(text) && (text.contains(&b':') || candidate.is_called_clients_token())
}

/// `held` is what the judge's evidence is never strong enough against.
fn weigh(
    s: &mut RecordContext<'_>,
    rule: RuleId,
    value: Range<usize>,
    kind: Kind,
    secret: bool,
    held: bool,
) -> Result<(), Refusal> {
    *s.work += WORK;
    let table = Table::shipped();
    let reach = Candidate::reach(s.rec.start, &value);
    s.rec.note(reach.clone());
    let candidate = Candidate::new(s.rec.text(), s.rec.start..s.rec.end, value.clone(), kind);
    let text = s.rec.slice(value.clone());
    let sure = secret && (held || !table.may_let_go(kind) || is_sure(&candidate, text, kind));
    // Behind a weak key a setting is none: `auth: name=AES_XCBC_96`.
    let setting = secret && kind == Kind::Random && is_plain_pair(text);
    if sure && !setting && s.notes.is_none() {
        return Ok(()); // whoever asks why is told all the same
    }
    let (score, least) = (table.bits(&candidate), s.set.likelihood(rule));
    if let Some(notes) = s.notes {
        let (start, end) = (value.start, value.end);
        notes.weighed(Weighed { start, end, rule, kind, secret, score, why: table.why(&candidate) });
    }
    let goes = match secret {
        true => !setting && (sure || !table.lets_go(kind, score, least)),
        false => table.takes(kind, score, least),
    };
    if goes {
        return Ok(());
    }
    // Masks where it read may change its mind; of what goes nothing is left to be asked of.
    s.saw(reach);
    Err(if secret { Refusal::Judged } else { Refusal::Value })
}

/// Whether no evidence is strong enough against a value: what only a token looks like, a session's digits behind a
/// session's key, a number behind a card's word.
fn is_sure(candidate: &Candidate<'_>, value: &[u8], kind: Kind) -> bool {
    match kind {
        Kind::Card => candidate.is_called() == Called::Card,
        _ => is_mixed(value) || is_session(value) && candidate.is_called_session(),
    }
}

/// Notes a number that passes for a card's, and what a stripe has behind it, if it is none of another kind.
pub(crate) fn card(s: &mut RecordContext<'_>, rule: RuleId, start: usize, end: usize) {
    // What is written in groups is a card; so is most of 14 to 16 digits that nothing calls otherwise.
    let whole = s.rec.slice(start..end).iter().all(u8::is_ascii_digit);
    let usual = matches!(end - start, 14..=16);
    let called = || Candidate::new(s.rec.text(), s.rec.start..s.rec.end, start..end, Kind::Card).is_called();
    let said = match whole.then(called) {
        None | Some(Called::Card) => Ok(()),
        Some(Called::Other) => Err(Refusal::Judged),
        Some(Called::Nothing) if usual => Ok(()),
        Some(Called::Nothing) => weigh(s, rule, start..end, Kind::Card, true, false),
    };
    match said {
        Ok(()) => {
            let end = float_end(&s.rec, track_end(&s.rec, end));
            let notation = s.number_notation(start, end);
            s.found(Finding::new(start, end, rule, notation));
        }
        Err(why) => {
            s.saw(Candidate::reach(s.rec.start, &(start..end)));
            s.note(start, Some(rule), why);
        }
    }
}

/// A value in prose, a blank behind its key: `api key 2afd...`, `token - 'x'`. Whether it is masked.
pub(crate) fn prose(s: &mut RecordContext<'_>, site: &KeySite, known: &SecretKey) -> bool {
    if site.dashes > 0 || kind(known.policy).is_none() || known.rule.index() >= s.set.builtin {
        return false;
    }
    let Some((mut value, told)) = value_in_prose(s, site.end) else { return false };
    if known.policy != ValuePolicy::Random && tail::may_follow(&s.rec, &value) {
        s.rescan.raise(); // what encloses it was looked at
        value.end = tail::end(&s.rec, site, site.open, Separator::Blank, &value);
    }
    *s.work += (value.end - value.start) as u64;
    let text = s.rec.slice(value.start..value.end);
    if s.set.masks.spares(text) || public::is_id_of_key(s.rec.last(site.end, KEY_BYTES), text) {
        return false;
    }
    let password = kind(known.policy) == Some(Kind::Any)
        && !known.short
        && !known.plural
        && (is_made_up(text)
            || told && !text.contains(&b' ') && is_quoted_word(&value, text)
            || is_line(&s.rec, site, &value) && (is_chosen(text) || is_quoted_word(&value, text)));
    if !password && !is_drawn(text) {
        return false;
    }
    // `token - 'x'`, `token received: "x"`: what stands in marks behind a sign needs no more evidence.
    let sure = told && value.quote.is_some() && is_mixed(text);
    if !password && !sure && weigh(s, known.rule, value.start..value.end, Kind::Prose, false, false).is_err() {
        return false;
    }
    s.saw(site.open..value.start);
    s.found_value(known, &value);
    true
}

/// How far back of a key's end it is read what sort of key is meant, in bytes.
const KEY_BYTES: usize = 16;

/// `password "stayhome"`: whoever puts marks around a word means the word, unless it says how things stand.
fn is_quoted_word(value: &Value, text: &[u8]) -> bool {
    value.quote.is_some() && !prose::is_status(text) && !names::is_type(text)
}

/// Whether the key and the value are all that a line of configuration has: `  password Qwert1234`.
fn is_line(rec: &Record<'_>, site: &KeySite, value: &Value) -> bool {
    let closed = value.end + value.quote.as_ref().map_or(0, |quote| quote.width());
    let end = closed + usize::from(rec.get(closed) == Some(b';'));
    end == rec.end
        && rec.run_back(site.open, site.open - rec.start, |b| matches!(b, b' ' | b'\t')) == site.open - rec.start
}

/// The longest word that tells how a value came, and what may stand in brackets behind it, in bytes.
const TELLING_BYTES_MAX: usize = 24;
/// The most such words.
const TELLING_MAX: usize = 4;

/// Where the value begins behind what tells how it came, and what is added to that in brackets: `received: `, `is valid: `,
/// `entered was `, `used (UTF-8): `.
fn behind_telling(rec: &Record<'_>, at: usize) -> Option<usize> {
    let (mut p, mut is) = (at, false);
    for n in 0..TELLING_MAX {
        let len = rec.run(p, TELLING_BYTES_MAX, |b| b.is_ascii_alphabetic() || b >= 0x80);
        let word = rec.slice(p..p + len);
        let now_is = matches!(word, b"is" | b"was");
        if !now_is && !is_telling(word) {
            if n == 0 {
                return None;
            }
            break;
        }
        (p, is) = (skip_gap(rec, p + len, GAP_BYTES_MAX), now_is);
    }
    if rec.get(p) == Some(b'(') {
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-');
        let close = p + 1 + rec.run(p + 1, TELLING_BYTES_MAX, word);
        p = (rec.get(close) == Some(b')')).then(|| skip_gap(rec, close + 1, GAP_BYTES_MAX))?;
    }
    match rec.get(p)? {
        b':' | b'=' => Some(skip_gap(rec, p + 1, GAP_BYTES_MAX)),
        _ if rec.starts_with(p, b"- ") => Some(skip_gap(rec, p + 1, GAP_BYTES_MAX)),
        _ => is.then_some(p),
    }
}

/// The value behind the blank at `at`, and behind what people write there; whether a word told how it came.
fn value_in_prose(s: &RecordContext<'_>, at: usize) -> Option<(Value, bool)> {
    let rec = &s.rec;
    let mut p = skip_gap(rec, at, GAP_BYTES_MAX);
    if p == at {
        return None;
    }
    // What only says `is` tells nothing of how a value came.
    let told = behind_telling(rec, p);
    let dash = rec.starts_with(p, b"- ");
    let how = dash || told.is_some() && !(rec.starts_with(p, b"is ") || rec.starts_with(p, b"was "));
    p = match told {
        Some(value) => value,
        None if dash => skip_gap(rec, p + 2, GAP_BYTES_MAX),
        None => p,
    };
    // `password is [x]`
    let bracket = rec.get(p) == Some(b'[') && told.is_some() && mask_len(rec, p) == 0;
    p += usize::from(bracket);
    let limit = rec.end.min(p + PROSE_BYTES_MAX);
    let (start, end, quote) = match rec.quote_at(p, limit) {
        Some(quote) => {
            // `{"msg":"password received:","n":7}`: the text's own mark.
            let behind = skip_gap(rec, p + quote.width(), GAP_BYTES_MAX);
            if matches!(rec.get(behind), None | Some(b',' | b':' | b']' | b'}')) {
                return None;
            }
            let json = quote.sign != b'"' && rec.is_json();
            let Close::Mark(end) = rec.close(quote, p + quote.width(), limit, json) else { return None };
            (p + quote.width(), end, Some(quote))
        }
        None if bracket => (p, p + rec.run(p, limit - p, |b| !matches!(b, b']' | b' ' | b'"' | b'\\')), None),
        None => (p, bare::bare_end(rec, p, limit, false), None),
    };
    if bracket && quote.is_none() && rec.get(end) != Some(b']') {
        return None;
    }
    let open = end == rec.end;
    let whole = end < limit || open;
    let notation = if quote.is_some() { Notation::Quoted } else { in_text(rec, start) };
    (whole && end > start).then_some((Value { start, end, quote, notation, open }, how))
}
