//! The checked form of a rule.

use std::collections::HashMap;

use super::automaton::Automaton;
use super::check::Check;
use super::examples::Examples;
pub use super::family::Family;
use super::mask::Mask;
use super::plan::Literal;

/// The longest span a rule may ask for, in bytes.
pub const RULE_BYTES_MAX: u32 = 64 * 1024;

/// Index of a rule within its rule set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub(crate) u16);

impl RuleId {
    /// The index as a number.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// What to look for: one kind of secret.
///
/// What a built-in rule says of itself ([`about`](Rule::about), [`link`](Rule::link) and its examples) is there where the
/// feature `descriptions` is on, and empty elsewhere: it takes a third of what rules take, and masks nothing.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Unique name, shown in the mask's label: lower-case letters, digits and `-`.
    pub id: String,
    /// Its family.
    pub family: Family,
    /// One sentence: what it is.
    pub about: String,
    /// Where the format is documented.
    pub link: String,
    /// How it is found.
    pub kind: Kind,
    /// Longest span in bytes.
    pub max: u32,
    /// What a match must hold besides.
    pub checks: Vec<Check>,
    /// A mask of its own, if the rule asks for one.
    pub mask: Option<Mask>,
    /// Lines it must find something in (templates unexpanded).
    pub finds: Examples,
    /// Lines that must stay as they are (templates unexpanded).
    pub spares: Examples,
    /// Rules that find this rule's examples too, by id.
    pub covered_by: Examples,
}

/// How a rule finds its secret.
#[derive(Debug, Clone)]
pub enum Kind {
    /// An anchored automaton at a literal.
    Shape(Shape),
    /// An automaton run over every record: no literal to go by.
    Scan(Scan),
    /// A value behind a key.
    Key(Key),
    /// The password in `scheme://user:password@host`.
    Userinfo,
    /// A payment card's number.
    Card,
    /// Lines between a header and a footer.
    Block(Block),
    /// A value that was given at run time.
    Known,
}

/// A token by its shape.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Every match begins (`keep` or else `pattern`) with one of these.
    pub literals: Vec<String>,
    /// Whether ASCII case is ignored.
    pub fold: bool,
    /// What is matched first and stays.
    pub keep: Option<Automaton>,
    /// The secret.
    pub pattern: Automaton,
    /// What stands before the literal and belongs to the secret; run backwards.
    pub before: Option<Automaton>,
    /// What must follow the secret, and stays.
    pub behind: Option<Automaton>,
    /// The match must begin where a word begins.
    pub start_word: bool,
    /// The match must end where a word ends.
    pub end_word: bool,
}

/// A pattern without a literal.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Finds the end of the leftmost match.
    pub forward: Automaton,
    /// Finds its start, run backwards from the end.
    pub backward: Automaton,
}

/// Secrets known by their key.
#[derive(Debug, Clone)]
pub struct Key {
    /// What the prefilter looks for: each key contains one, ASCII case ignored.
    pub literals: Vec<String>,
    /// Whole keys, words separated by one blank: `api key`.
    pub keys: Vec<String>,
    /// Words that may also end a longer word: `dbpassword`.
    pub glued: Vec<String>,
    /// Words after the key that leave it a secret's: `password_confirmation`.
    pub modifiers: Vec<String>,
    /// Words before the key that make it harmless: `public key`.
    pub not_after: Vec<String>,
    /// Words behind the key that make it another thing's name: `password policy`. Where there are such, any other word
    /// says what the secret is for, `password_smtp`; none where the key must be the last.
    pub not_before: Vec<String>,
    /// What its value must look like.
    pub value: ValuePolicy,
    /// Those of the keys whose every value is a secret, whatever `value` asks.
    pub sure: Vec<String>,
}

/// What the value behind a key must look like to be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValuePolicy {
    /// Anything that is not empty, a placeholder or a mask.
    Any,
    /// Anything in quotes; bare words only where they look random or carry digits.
    Likely,
    /// Only what looks random.
    Random,
    /// `Authorization`: a scheme that stays, then the credential.
    Credential,
    /// `Cookie`, `Set-Cookie`: names and attributes stay.
    Cookie,
    /// Three or four digits.
    CardCode,
    /// Four to twelve digits.
    Pin,
}

impl ValuePolicy {
    /// Every policy.
    pub const ALL: [ValuePolicy; 7] = [
        ValuePolicy::Any,
        ValuePolicy::Likely,
        ValuePolicy::Random,
        ValuePolicy::Credential,
        ValuePolicy::Cookie,
        ValuePolicy::CardCode,
        ValuePolicy::Pin,
    ];

    /// The name used in rule files.
    pub fn name(self) -> &'static str {
        match self {
            ValuePolicy::Any => "any",
            ValuePolicy::Likely => "likely",
            ValuePolicy::Random => "random",
            ValuePolicy::Credential => "credential",
            ValuePolicy::Cookie => "cookie",
            ValuePolicy::CardCode => "card-code",
            ValuePolicy::Pin => "pin",
        }
    }

    /// The policy of that name.
    pub fn from_name(name: &str) -> Option<ValuePolicy> {
        ValuePolicy::ALL.into_iter().find(|p| p.name() == name)
    }
}

/// A block over several lines.
#[derive(Debug, Clone)]
pub struct Block {
    /// Every header begins with one of these.
    pub literals: Vec<String>,
    /// The header line's own words; they stay.
    pub header: Automaton,
    /// What the closing line begins with; it stays.
    pub until: String,
}

impl Shape {
    /// The automaton that begins at a literal.
    pub(crate) fn first(&self) -> &Automaton {
        self.keep.as_ref().unwrap_or(&self.pattern)
    }
}

impl Rule {
    /// Leaves away what it says of itself.
    pub fn forget_descriptions(&mut self) {
        [&mut self.about, &mut self.link].into_iter().for_each(String::clear);
        [&mut self.finds, &mut self.spares, &mut self.covered_by]
            .into_iter()
            .for_each(|lines| *lines = Vec::new().into());
    }

    /// The literals the prefilter looks for on this rule's behalf, and whether case is ignored.
    pub fn literals(&self) -> (&[String], bool) {
        match &self.kind {
            Kind::Shape(s) => (&s.literals, s.fold),
            Kind::Key(k) => (&k.literals, true),
            Kind::Block(b) => (&b.literals, false),
            Kind::Scan(_) | Kind::Userinfo | Kind::Card | Kind::Known => (&[], false),
        }
    }

    /// Whether its literals count only where a word of the text begins.
    fn begins_at_literal(&self) -> bool {
        matches!(&self.kind, Kind::Shape(s) if s.start_word && s.before.is_none())
    }

    /// Whether its automata pass over runs of like states in one look.
    pub fn accelerate(&mut self, yes: bool) {
        match &mut self.kind {
            Kind::Shape(s) => {
                let all = [Some(&mut s.pattern), s.keep.as_mut(), s.before.as_mut(), s.behind.as_mut()];
                all.into_iter().flatten().for_each(|automaton| automaton.accelerated = yes);
            }
            Kind::Scan(s) => {
                [&mut s.forward, &mut s.backward].into_iter().for_each(|automaton| automaton.accelerated = yes)
            }
            Kind::Block(b) => b.header.accelerated = yes,
            Kind::Key(_) | Kind::Userinfo | Kind::Card | Kind::Known => {}
        }
    }

    /// The automata, for a pack that is checked as a whole.
    pub fn automata(&self) -> Vec<&Automaton> {
        match &self.kind {
            Kind::Shape(s) => [Some(&s.pattern), s.keep.as_ref(), s.before.as_ref(), s.behind.as_ref()]
                .into_iter()
                .flatten()
                .collect(),
            Kind::Scan(s) => vec![&s.forward, &s.backward],
            Kind::Block(b) => vec![&b.header],
            Kind::Key(_) | Kind::Userinfo | Kind::Card | Kind::Known => Vec::new(),
        }
    }
}

/// The words the prefilter looks for on these rules' behalf, each once, in the order of the rules.
pub fn prefilter_literals(rules: &[Rule]) -> Vec<Literal> {
    let mut words: Vec<Literal> = Vec::new();
    let mut known = HashMap::new();
    for rule in rules {
        let (literals, fold) = rule.literals();
        for literal in literals {
            let text = if fold { literal.to_ascii_lowercase() } else { literal.clone() };
            let bytes: Box<[u8]> = text.into_bytes().into();
            let begins = rule.begins_at_literal();
            let at = *known.entry((bytes.clone(), fold)).or_insert(words.len());
            match words.get_mut(at) {
                // One rule that wants it anywhere is enough.
                Some(word) => word.begins &= begins,
                None => words.push(Literal { bytes, fold, begins }),
            }
        }
    }
    if rules.iter().any(|r| matches!(r.kind, Kind::Key(_))) {
        words.push(Literal { bytes: ESCAPE.into(), fold: false, begins: false });
        let coded = (b'A'..=b'Z').chain(b'a'..=b'z').chain([b'_']).map(|letter| format!("%{letter:02x}"));
        words.extend(coded.map(|code| Literal { bytes: code.into_bytes().into(), fold: true, begins: false }));
    }
    words
}

/// What begins a letter that is written as a JSON escape, so that `"pass\u0077ord"` is a key too.
const ESCAPE: &[u8] = b"\\u00";

/// Whether a literal is what a key's letter is written as: the beginning of [`ESCAPE`], or `%77` in a query's `pass%77ord`.
pub fn is_escape(literal: &[u8]) -> bool {
    literal == ESCAPE || literal.len() == 3 && literal[0] == b'%' && literal[1..].iter().all(u8::is_ascii_hexdigit)
}
