//! The byte format of compiled rules.
//!
//! `magic, version, checksum (BLAKE3), payload`. The payload is how many bytes its first part has, that part (a plain
//! sequence of counted strings and numbers: what rules say), and what is read when it is first asked for, whose places
//! stand in the first part: automata and the lines that rules are tried with. These are most of the bytes and few are ever
//! used, so reading what rules say touches none of their pages; what several rules have, such as what is kept before a
//! secret, stands there once. A pack that is truncated, altered or of another version is an error: the checksum is what
//! finds altered bytes, since many of them make another automaton.

use std::collections::HashMap;

use bytes::Bytes;

use super::automaton::Automaton;
use super::check::Check;
use super::error::RuleError;
use super::examples::Examples;
use super::mask::Mask;
use super::notation::Form;
use super::rule::{Block, Family, Key, Kind, RULE_BYTES_MAX, Rule, Scan, Shape, ValuePolicy};

const MAGIC: &[u8; 8] = b"LOGVEIL\0";
/// Changes with the layout below and with the automata's own format.
const VERSION: u16 = 4;
const SUM_BYTES: usize = 32;
const HEAD_BYTES: usize = MAGIC.len() + 2 + SUM_BYTES;
const RULES_MAX: usize = 16 * 1024;
/// The place, counted from 1, of what stands behind all that was placed before it: as most does, so that places compress to
/// next to nothing.
const NEXT: u32 = 0;

/// Rules as bytes.
pub fn encode(rules: &[Rule], gate_plan: &[u8]) -> Vec<u8> {
    let mut w = Writer::default();
    w.number(rules.len() as u32);
    for rule in rules {
        put_rule(&mut w, rule);
    }
    w.bytes(gate_plan);
    let mut body = Writer::default();
    body.bytes(&w.said);
    body.said.extend_from_slice(&w.later.concat());
    let mut out = Vec::with_capacity(HEAD_BYTES + body.said.len());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(blake3::hash(&body.said).as_bytes());
    out.extend_from_slice(&body.said);
    out
}

/// Notations as bytes, for the program they are linked into.
pub fn encode_forms(forms: &[Form]) -> Vec<u8> {
    let mut w = Writer::default();
    w.number(forms.len() as u32);
    forms.iter().flat_map(Form::texts).for_each(|texts| w.texts(&texts));
    w.said
}

/// Notations from [`encode_forms`]; those of a damaged program are none.
pub fn decode_forms(bytes: &Bytes) -> Vec<Form> {
    let mut r = Reader { said: bytes.clone(), later: Bytes::new(), next: 0 };
    let count = r.number().unwrap_or(0);
    let form = |_| Form::of([r.texts()?, r.texts()?, r.texts()?, r.texts()?]);
    (0..count).map_while(form).collect()
}

/// Rules and the prefilter's plan from bytes.
///
/// Shares `pack`; no automaton is built, and each is decoded at its first use.
///
/// # Errors
/// When the bytes are not a whole, unaltered pack of this version.
pub fn decode(pack: &Bytes) -> Result<(Vec<Rule>, Bytes), RuleError> {
    let body = body(pack)?;
    if blake3::hash(&body).as_bytes()[..] != pack[10..HEAD_BYTES] {
        return Err(refused("the pack is damaged: its checksum does not fit"));
    }
    let (rules, plan) = read_all(body)?;
    let whole = |rule: &Rule| [&rule.finds, &rule.spares, &rule.covered_by].iter().all(|examples| examples.check());
    if rules.iter().all(whole) { Ok((rules, plan)) } else { Err(refused("the pack is malformed")) }
}

/// Like [`decode`] for the pack that is linked into the program, whose checksum is the business of
/// whoever checks the program: hashing it is a quarter of the start-up. A test does it.
///
/// # Errors
/// As [`decode`], but for altered bytes, which show only where they break the layout.
pub fn decode_linked(pack: &Bytes) -> Result<(Vec<Rule>, Bytes), RuleError> {
    read_all(body(pack)?)
}

/// The payload of a pack of this version.
fn body(pack: &Bytes) -> Result<Bytes, RuleError> {
    if pack.len() < HEAD_BYTES || &pack[..8] != MAGIC {
        return Err(refused("this is no logveil pack, or it is cut short"));
    }
    if pack[8..10] != VERSION.to_le_bytes() {
        return Err(refused("the pack is of another version of logveil"));
    }
    Ok(pack.slice(HEAD_BYTES..))
}

fn refused(why: &str) -> RuleError {
    RuleError::new(format!("{why}; compile the rules again with `logveil rules compile`"))
}

fn read_all(all: Bytes) -> Result<(Vec<Rule>, Bytes), RuleError> {
    let mut body = Reader { said: all, later: Bytes::new(), next: 0 };
    let said = body.bytes();
    let read = |said| read_rules(&mut Reader { said, later: body.said, next: 0 });
    said.and_then(read).ok_or_else(|| refused("the pack is malformed"))
}

fn read_rules(r: &mut Reader) -> Option<(Vec<Rule>, Bytes)> {
    let count = r.number()? as usize;
    if count > RULES_MAX {
        return None;
    }
    let rules = (0..count).map(|_| read_rule(r)).collect::<Option<Vec<_>>>()?;
    let plan = r.bytes()?;
    r.said.is_empty().then_some((rules, plan))
}

fn put_rule(w: &mut Writer, rule: &Rule) {
    w.text(&rule.id);
    w.text(rule.family.name());
    w.text(&rule.about);
    w.text(&rule.link);
    w.number(rule.max);
    w.texts(&rule.checks.iter().map(|c| c.name()).collect::<Vec<_>>());
    w.text(&rule.mask.as_ref().map(Mask::name).unwrap_or_default());
    [&rule.finds, &rule.spares, &rule.covered_by].into_iter().for_each(|examples| w.later(&examples.pack()));
    match &rule.kind {
        Kind::Shape(s) => {
            w.byte(0);
            w.texts(&s.literals);
            w.byte(u8::from(s.fold) | u8::from(s.start_word) << 1 | u8::from(s.end_word) << 2);
            w.automaton(Some(&s.pattern));
            w.automaton(s.keep.as_ref());
            w.automaton(s.before.as_ref());
            w.automaton(s.behind.as_ref());
        }
        Kind::Scan(s) => {
            w.byte(1);
            w.automaton(Some(&s.forward));
            w.automaton(Some(&s.backward));
        }
        Kind::Key(k) => {
            w.byte(2);
            for list in [&k.literals, &k.keys, &k.glued, &k.modifiers, &k.not_after, &k.not_before, &k.sure] {
                w.texts(list);
            }
            w.text(k.value.name());
        }
        Kind::Userinfo => w.byte(3),
        Kind::Card => w.byte(4),
        Kind::Block(b) => {
            w.byte(5);
            w.texts(&b.literals);
            w.automaton(Some(&b.header));
            w.text(&b.until);
        }
        // In no pack: it is made where values are given. None that was read has it.
        Kind::Known => w.byte(u8::MAX),
    }
}

fn read_rule(r: &mut Reader) -> Option<Rule> {
    let id = r.text()?;
    let family = Family::from_name(&r.text()?)?;
    let (about, link) = (r.text()?, r.text()?);
    let max = r.number()?;
    let checks = r.texts()?.iter().map(|c| Check::parse(c)).collect::<Option<Vec<_>>>()?;
    let mask = match r.text()?.as_str() {
        "" => None,
        written => Some(Mask::parse(written).ok()?),
    };
    let (finds, spares, covered_by) = (r.examples()?, r.examples()?, r.examples()?);
    let kind = match r.byte()? {
        0 => {
            let literals = r.texts()?;
            let flags = r.byte()?;
            Kind::Shape(Shape {
                literals,
                fold: flags & 1 != 0,
                start_word: flags & 2 != 0,
                end_word: flags & 4 != 0,
                pattern: r.automaton()??,
                keep: r.automaton()?,
                before: r.automaton()?,
                behind: r.automaton()?,
            })
        }
        1 => Kind::Scan(Scan { forward: r.automaton()??, backward: r.automaton()?? }),
        2 => Kind::Key(Key {
            literals: r.texts()?,
            keys: r.texts()?,
            glued: r.texts()?,
            modifiers: r.texts()?,
            not_after: r.texts()?,
            not_before: r.texts()?,
            sure: r.texts()?,
            value: ValuePolicy::from_name(&r.text()?)?,
        }),
        3 => Kind::Userinfo,
        4 => Kind::Card,
        5 => Kind::Block(Block { literals: r.texts()?, header: r.automaton()??, until: r.text()? }),
        _ => return None,
    };
    (max <= RULE_BYTES_MAX).then_some(Rule {
        id,
        family,
        about,
        link,
        kind,
        max,
        checks,
        mask,
        finds,
        spares,
        covered_by,
    })
}

#[derive(Default)]
struct Writer {
    said: Vec<u8>,
    later: Vec<Vec<u8>>,
    /// Where what is in `later` begins there.
    places: HashMap<Vec<u8>, u32>,
    later_bytes: u32,
}

impl Writer {
    fn byte(&mut self, b: u8) {
        self.said.push(b);
    }
    /// Seven bits a byte, the lower ones first; another byte follows where the highest bit is set. Most numbers are small.
    fn number(&mut self, n: u32) {
        let mut rest = n;
        while rest >= 0x80 {
            self.said.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.said.push(rest as u8);
    }
    fn bytes(&mut self, b: &[u8]) {
        self.number(b.len() as u32);
        self.said.extend_from_slice(b);
    }
    fn text(&mut self, t: &str) {
        self.bytes(t.as_bytes());
    }
    fn texts(&mut self, list: &[String]) {
        self.number(list.len() as u32);
        for t in list {
            self.text(t);
        }
    }
    fn automaton(&mut self, automaton: Option<&Automaton>) {
        self.later(automaton.map_or(&[][..], |a| a.raw()));
    }
    fn later(&mut self, bytes: &[u8]) {
        let n = bytes.len() as u32;
        self.number(n);
        if n == 0 {
            return;
        }
        let known = self.places.get(bytes).copied();
        self.number(known.map_or(NEXT, |place| place + 1));
        if known.is_none() {
            self.places.insert(bytes.to_vec(), self.later_bytes);
            self.later.push(bytes.to_vec());
            self.later_bytes += n;
        }
    }
}

/// What is left to read of the first part, and all of the other.
struct Reader {
    said: Bytes,
    later: Bytes,
    /// Where the other part goes on behind what was placed.
    next: usize,
}

impl Reader {
    fn byte(&mut self) -> Option<u8> {
        take(&mut self.said, 1).map(|b| b[0])
    }
    fn number(&mut self) -> Option<u32> {
        let mut number = 0u32;
        for place in 0..5 {
            let byte = u32::from(self.byte()?);
            let part = (byte & 0x7f) << (7 * place);
            if part >> (7 * place) != byte & 0x7f {
                return None;
            }
            number |= part;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
    fn bytes(&mut self) -> Option<Bytes> {
        let n = self.number()? as usize;
        take(&mut self.said, n)
    }
    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }
    fn texts(&mut self) -> Option<Vec<String>> {
        let n = self.number()? as usize;
        (0..n).map(|_| self.text()).collect()
    }
    fn automaton(&mut self) -> Option<Option<Automaton>> {
        let raw = self.later()?;
        Some((!raw.is_empty()).then(|| Automaton::from_raw(raw)))
    }
    fn examples(&mut self) -> Option<Examples> {
        self.later().map(Examples::packed)
    }
    fn later(&mut self) -> Option<Bytes> {
        let n = self.number()? as usize;
        let place = if n == 0 { NEXT } else { self.number()? };
        let begin = if place == NEXT { self.next } else { place as usize - 1 };
        let end = begin.checked_add(n).filter(|end| *end <= self.later.len())?;
        self.next = self.next.max(end);
        Some(self.later.slice(begin..end))
    }
}

/// The first `n` bytes of `rest`, if there are as many.
fn take(rest: &mut Bytes, n: usize) -> Option<Bytes> {
    (n <= rest.len()).then(|| rest.split_to(n))
}

#[cfg(test)]
mod tests {
    use super::{Bytes, decode};

    /// The linked pack's checksum is not looked at when it is loaded, so it is here.
    #[test]
    fn the_linked_pack_is_whole() {
        let pack = Bytes::from_static(include_bytes!(concat!(env!("OUT_DIR"), "/builtin.pack")));
        let (rules, _) = decode(&pack).expect("the build made it");
        assert!(rules.iter().flat_map(|r| r.automata()).all(|a| a.check()));
        let mut altered = pack.to_vec();
        *altered.last_mut().expect("it is not empty") ^= 1;
        assert!(decode(&altered.into()).is_err());
    }
}
