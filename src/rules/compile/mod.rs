//! Rules as written -> rules checked, with their automata built.
//!
//! The compiler refuses what it can know by looking at the rule; whether the examples hold is for
//! the engine, which the builder and `rules check` ask.
//!
//! Imports go through `crate::rules`, since the build script mounts this folder beside `rules`: it
//! needs the compiler whichever features the library has.

use std::collections::HashSet;

use regex_automata::MatchKind;
use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax as regex_syntax;

use self::syntax::Written;
use crate::rules::automaton::Automaton;
use crate::rules::check::Check;
use crate::rules::error::RuleError;
use crate::rules::mask::Mask;
use crate::rules::pack;
use crate::rules::plan::Plan;
use crate::rules::rule::{
    Block, Family, Key, Kind, RULE_BYTES_MAX, Rule, Scan, Shape, ValuePolicy, prefilter_literals,
};
use crate::rules::table::{TABLE_BYTES_MAX, Table};

pub mod allow;
pub mod example;
pub mod notation;
pub mod prefix;
pub mod syntax;
mod table;

/// The shortest and longest literal, in bytes.
const LITERAL_BYTES: std::ops::RangeInclusive<usize> = 3..=64;

/// How much memory an automaton may take until its states are as few as can be, in bytes: more than twice what its table
/// then may.
const BUILT_BYTES_MAX: usize = 2 * TABLE_BYTES_MAX;

/// The rules of one file, checked and compiled.
///
/// # Errors
/// The first rule that is refused, with file, line and reason.
pub fn file(name: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    each(name, text)?.into_iter().collect()
}

/// Like [`file()`], with a verdict for every rule, so that all that is wrong shows at once.
///
/// # Errors
/// When the file as a whole cannot be read as rules.
pub fn each(name: &str, text: &str) -> Result<Vec<Result<Rule, RuleError>>, RuleError> {
    let file = syntax::parse(name, text)?;
    // What is known is given, not written as a rule.
    let family = Family::from_name(&file.family).filter(|family| *family != Family::Known).ok_or_else(|| {
        let written = Family::ALL.into_iter().filter(|family| *family != Family::Known).map(Family::name);
        let known = written.collect::<Vec<_>>().join(", ");
        RuleError::new(format!("family `{}` is none of {known}", file.family)).in_file(name)
    })?;
    let mut seen = HashSet::new();
    let verdicts = file.rule.iter().map(|spanned| {
        let mut written = spanned.get_ref().clone();
        written.max = written.max.or(file.max);
        written.fill(&file.parts);
        let id = written.id.clone();
        let built = match seen.insert(id.clone()) {
            true => rule(written, family, &file),
            false => Err(RuleError::new("there is another rule of this id").in_rule(&id)),
        };
        built.map_err(|e| e.in_file(name).at_line(syntax::line_of(text, spanned.span().start)))
    });
    Ok(verdicts.collect())
}

/// Rules as a pack.
pub fn to_pack(rules: &[Rule]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Plan::choose(&prefilter_literals(rules)).encode(&mut bytes);
    pack::encode(rules, &bytes)
}

/// Refuses ids that occur twice over several files.
///
/// # Errors
/// Names the id.
pub fn unique(rules: &[Rule]) -> Result<(), RuleError> {
    let mut seen = HashSet::new();
    match rules.iter().find(|r| !seen.insert(r.id.as_str())) {
        Some(twice) => Err(RuleError::new("there is another rule of this id").in_rule(&twice.id)),
        None => Ok(()),
    }
}

fn rule(w: Written, family: Family, file: &syntax::File) -> Result<Rule, RuleError> {
    let id = w.id.clone();
    checked(w, family, file).map_err(|e| e.in_rule(&id))
}

fn checked(w: Written, family: Family, file: &syntax::File) -> Result<Rule, RuleError> {
    let fail = |why: String| Err(RuleError::new(why));
    let id_byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if w.id.is_empty() || w.id.len() > 64 || !w.id.bytes().all(id_byte) {
        return fail("an id has 1 to 64 lower-case letters, digits and `-`".into());
    }
    if Family::from_name(&w.id).is_some() {
        return fail("this is the name of a family, which options could not tell from the rule".into());
    }
    if w.about.is_empty() || w.link.is_empty() {
        return fail("`about` and `link` (where the format is documented) are missing".into());
    }
    if w.finds.is_empty() || w.spares.is_empty() {
        return fail("`finds` and `spares` need an example each: a rule nobody tested is none".into());
    }
    for line in w.finds.iter().chain(&w.spares) {
        example::expand(line).map_err(RuleError::new)?;
    }
    let Some(max) = w.max else {
        return fail("`max` is missing: the most bytes a match may span, here or for the file".into());
    };
    if max == 0 || max > RULE_BYTES_MAX {
        return fail(format!("`max` is {max}; it may be 1 to {RULE_BYTES_MAX} bytes"));
    }
    let mut checks = Vec::new();
    for name in &w.check {
        let Some(check) = Check::parse(name) else {
            return fail(format!("check `{name}` is not known"));
        };
        checks.push(check);
    }
    let mask = w.mask.as_deref().map(Mask::parse).transpose().map_err(RuleError::new)?;
    let kind = kind(&w, file)?;
    Ok(Rule {
        id: w.id,
        family,
        about: w.about,
        link: w.link,
        kind,
        max,
        checks,
        mask,
        finds: w.finds.into(),
        spares: w.spares.into(),
        covered_by: w.covered_by.into(),
    })
}

/// Which kind of rule the fields make.
fn kind(w: &Written, file: &syntax::File) -> Result<Kind, RuleError> {
    let fail = |why: &str| Err(RuleError::new(why.to_owned()));
    lengths(&w.literals)?;
    match w.found_by.as_deref() {
        Some("userinfo") => return Ok(Kind::Userinfo),
        Some("card") => return Ok(Kind::Card),
        Some(_) => return fail("`found_by` may be `userinfo` or `card`"),
        None => {}
    }
    if !w.keys.is_empty() {
        return key(w, file).map(Kind::Key);
    }
    let Some(pattern) = &w.pattern else {
        return fail("`pattern` is missing (or `keys`, for a secret known by its key)");
    };
    if w.scan {
        return Ok(Kind::Scan(Scan {
            forward: automaton(pattern, w.fold, Way::Search)?,
            backward: automaton(pattern, w.fold, Way::Back)?,
        }));
    }
    if w.literals.is_empty() {
        return fail(
            "`literals` is missing: what every match begins with (or `scan = true` for a pattern without one)",
        );
    }
    let body = table(pattern, w.fold, Way::Forward)?;
    let keep = w.keep.as_deref().map(|k| table(k, w.fold, Way::Forward)).transpose()?;
    let first = keep.as_ref().unwrap_or(&body);
    if !prefix::begins_with(first, &w.literals, w.fold) {
        let what = if keep.is_some() { "keep" } else { "pattern" };
        return Err(RuleError::new(format!(
            "`{what}` can match without beginning with one of its `literals`; put what comes first into `before` or \
             `keep`, or say `scan = true`"
        )));
    }
    if let Some(until) = &w.until {
        return Ok(Kind::Block(Block {
            literals: w.literals.clone(),
            header: Automaton::of(&body),
            until: until.clone(),
        }));
    }
    let edge = |written: &Option<String>| match written.as_deref() {
        None | Some("word") => Ok(true),
        Some("any") => Ok(false),
        Some(_) => Err(RuleError::new("`start` and `end` may be `word` or `any`")),
    };
    Ok(Kind::Shape(Shape {
        literals: w.literals.clone(),
        fold: w.fold,
        keep: keep.as_ref().map(Automaton::of),
        pattern: Automaton::of(&body),
        before: w.before.as_deref().map(|b| automaton(b, w.fold, Way::Back)).transpose()?,
        behind: w.behind.as_deref().map(|b| automaton(b, w.fold, Way::Forward)).transpose()?,
        start_word: edge(&w.start)?,
        end_word: edge(&w.end)?,
    }))
}

/// Whether the prefilter can look for all of these.
fn lengths(literals: &[String]) -> Result<(), RuleError> {
    match literals.iter().find(|literal| !LITERAL_BYTES.contains(&literal.len())) {
        Some(literal) => {
            let why = format!("literal `{literal}` has {} bytes; 3 to 64 are possible", literal.len());
            Err(RuleError::new(why))
        }
        None => Ok(()),
    }
}

fn key(w: &Written, file: &syntax::File) -> Result<Key, RuleError> {
    let value = w.value.as_deref().unwrap_or("any");
    let Some(value) = ValuePolicy::from_name(value) else {
        let known = ValuePolicy::ALL.map(ValuePolicy::name).join(", ");
        return Err(RuleError::new(format!("value `{value}` is none of {known}")));
    };
    let (keys, glued) = (cases(&w.keys), cases(&w.glued));
    // Keys of one word each are found by themselves.
    let literals = if w.literals.is_empty() { [&keys[..], &glued].concat() } else { cases(&w.literals) };
    lengths(&literals)?;
    if let Some(key) = w.keys.iter().chain(&w.glued).find(|key| key.to_lowercase() != **key) {
        return Err(RuleError::new(format!("key `{key}`: write it in lower case, words apart by one blank")));
    }
    for key in keys.iter().chain(&glued) {
        // A literal must lie within one word: the words may be joined in many ways.
        // It may take along the sign behind a key too short for one.
        let within = |word: &str, l: &str| {
            let signed = l.ends_with(|c: char| !c.is_alphanumeric());
            word.contains(l) || signed && word.ends_with(&l[..l.len() - 1])
        };
        if !key.split(' ').any(|word| literals.iter().any(|l| within(word, l))) {
            return Err(RuleError::new(format!(
                "key `{key}` contains none of the rule's `literals`, so it would never be found"
            )));
        }
    }
    if let Some(key) = w.sure.iter().find(|key| !w.keys.contains(key)) {
        return Err(RuleError::new(format!("`{key}` is sure, but none of the `keys`")));
    }
    Ok(Key {
        literals,
        keys,
        glued,
        modifiers: file.modifiers.clone(),
        not_after: w.not_after.clone(),
        not_before: if w.named { file.not_before.clone() } else { Vec::new() },
        value,
        sure: w.sure.clone(),
    })
}

/// The words, and those with letters beyond ASCII in other cases, too: in capitals, and with one first. Cases of ASCII are
/// the engine's affair, which knows no others.
fn cases(words: &[String]) -> Vec<String> {
    let mut all = words.to_vec();
    for word in words.iter().filter(|word| !word.is_ascii()) {
        let first: String = word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
        for other in [word.to_uppercase(), first].map(|word| word.to_ascii_lowercase()) {
            if !all.contains(&other) {
                all.push(other);
            }
        }
    }
    all
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Anchored at its start.
    Forward,
    /// Anchored at its end, run backwards.
    Back,
    /// Unanchored: the end of the leftmost match.
    Search,
}

fn automaton(pattern: &str, fold: bool, way: Way) -> Result<Automaton, RuleError> {
    table(pattern, fold, way).map(|table| Automaton::of(&table))
}

fn table(pattern: &str, fold: bool, way: Way) -> Result<Table, RuleError> {
    built(pattern, regex_syntax::Config::new().ignore_whitespace(true).case_insensitive(fold), way)
}

/// The automaton of a regex in its plain form, anchored at both ends of a value.
fn value_automaton(regex: &str) -> Result<Automaton, RuleError> {
    built(regex, regex_syntax::Config::new(), Way::Forward).map(|table| Automaton::of(&table))
}

fn built(pattern: &str, syntax: regex_syntax::Config, way: Way) -> Result<Table, RuleError> {
    if !pattern.is_ascii() {
        return Err(RuleError::new("a pattern is ASCII; write other bytes as \\xNN"));
    }
    let config = dense::Config::new()
        .start_kind(if way == Way::Search { StartKind::Unanchored } else { StartKind::Anchored })
        .match_kind(if way == Way::Search { MatchKind::LeftmostFirst } else { MatchKind::All })
        .starts_for_each_pattern(false)
        .minimize(true)
        .accelerate(false)
        .dfa_size_limit(Some(BUILT_BYTES_MAX))
        .determinize_size_limit(Some(16 * BUILT_BYTES_MAX));
    let dfa = dense::Builder::new()
        .configure(config)
        .syntax(syntax.unicode(false).utf8(false))
        .thompson(thompson::Config::new().utf8(false).reverse(way == Way::Back).shrink(false))
        .build(pattern)
        .map_err(|e| RuleError::new(refusal(&e)))?;
    table::of(&dfa, way == Way::Search).map_err(|bytes| RuleError::new(too_large(bytes)))
}

fn refusal(e: &dense::BuildError) -> String {
    use std::error::Error;
    if e.is_size_limit_exceeded() {
        return too_large(TABLE_BYTES_MAX);
    }
    // The innermost cause says it best; of several lines the last, since the others show the pattern.
    let mut cause: &dyn Error = e;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let why = cause.to_string();
    why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn too_large(bytes: usize) -> String {
    format!(
        "its automaton has {bytes} bytes or more, {TABLE_BYTES_MAX} are allowed: write `{{n,}}` for wide counted repeats, \
         put the bound into `max`, and begin with the literal"
    )
}
