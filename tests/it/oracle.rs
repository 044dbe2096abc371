//! A naive, slow answer for token rules, written from the rules' format alone: every rule at every
//! position with a plain regex engine. The fast path must agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use logveil::{Allow, Redactor, RuleId};
use proptest::prelude::*;
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::kit::{example, shown};
use crate::texts::cases;

#[derive(Deserialize)]
struct File {
    family: String,
    max: Option<usize>,
    #[serde(default)]
    rule: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    id: String,
    #[serde(default)]
    literals: Vec<String>,
    #[serde(default)]
    fold: bool,
    pattern: Option<String>,
    keep: Option<String>,
    before: Option<String>,
    behind: Option<String>,
    start: Option<String>,
    end: Option<String>,
    max: Option<usize>,
    #[serde(default)]
    check: Vec<String>,
    #[serde(default)]
    finds: Vec<String>,
    #[serde(default)]
    spares: Vec<String>,
}

struct Naive {
    written: Written,
    max: usize,
    pattern: Regex,
    keep: Option<Regex>,
    before: Option<Regex>,
    behind: Option<Regex>,
}

fn naive_rules() -> &'static Vec<Naive> {
    static ALL: OnceLock<Vec<Naive>> = OnceLock::new();
    ALL.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns");
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        let others = ["notations.toml", "words.toml"];
        files.retain(|p| p.extension().is_some_and(|e| e == "toml") && !others.iter().any(|other| p.ends_with(other)));
        files.sort();
        let parsed = files.iter().map(|p| toml::from_str::<File>(&fs::read_to_string(p).unwrap()).unwrap());
        parsed.filter(|f| f.family == "token").flat_map(|f| f.rule.into_iter().map(move |w| naive(w, f.max))).collect()
    })
}

fn naive(w: Written, file_max: Option<usize>) -> Naive {
    let whole = |p: &String| {
        let mut b = RegexBuilder::new(&format!("\\A(?:{p}\n)\\z"));
        b.unicode(false).ignore_whitespace(true).case_insensitive(w.fold).build().unwrap()
    };
    Naive {
        max: w.max.or(file_max).unwrap(),
        pattern: whole(w.pattern.as_ref().expect("a token has a pattern")),
        keep: w.keep.as_ref().map(whole),
        before: w.before.as_ref().map(whole),
        behind: w.behind.as_ref().map(whole),
        written: w,
    }
}

/// End of the longest match that begins at `from`.
fn longest(re: &Regex, line: &[u8], from: usize, limit: usize) -> Option<usize> {
    (from..=limit).rev().find(|end| re.is_match(&line[from..*end]))
}

/// Whether a word may begin at `at`: no word byte before it, or one that an escape ends with.
fn word_begins(line: &[u8], at: usize) -> bool {
    static ESCAPE: OnceLock<Regex> = OnceLock::new();
    let escape = ESCAPE.get_or_init(|| {
        let text = r"(?: \\[nrtfvb] | \\u[0-9a-fA-F]{4} | \\x[0-9a-fA-F]{2} | %(?:25)?[0-9a-fA-F]{2}
            | (?: \x1b | \\u001[bB] | \\x1b | \\033 | \\e | \#033 ) \[ [0-9;]* [mK] ) \z";
        RegexBuilder::new(text).unicode(false).ignore_whitespace(true).build().unwrap()
    });
    match line[..at].last() {
        Some(b) if b.is_ascii_alphanumeric() || *b == b'_' => escape.is_match(&line[..at]),
        _ => true,
    }
}

/// Where a value that is longer than `max` ends.
fn value_end(line: &[u8], from: usize) -> usize {
    let ends = |p: &usize| match line[*p] {
        b'\\' => line.get(p + 1).is_some_and(|b| b"nrtu\"'\\`".contains(b)),
        0xC2 => line.get(p + 1) == Some(&0xA0),
        b => b" \t\r\n,;&)]}<>\"'`\0\x1b".contains(&b),
    };
    (from..line.len()).find(ends).unwrap_or(line.len())
}

fn literal_at(rule: &Written, text: &[u8]) -> Option<usize> {
    let same = |l: &&String| match text.get(..l.len()) {
        Some(t) if rule.fold => t.eq_ignore_ascii_case(l.as_bytes()),
        Some(t) => t == l.as_bytes(),
        None => false,
    };
    rule.literals.iter().filter(same).map(String::len).max()
}

/// Bits per byte, as Shannon has it.
fn entropy(bytes: &[u8]) -> f64 {
    let count = |b: u8| bytes.iter().filter(|x| **x == b).count() as f64 / bytes.len() as f64;
    (0..=255).map(count).filter(|p| *p > 0.0).map(|p| -p * p.log2()).sum()
}

/// Whether the match is real, `None` where this oracle cannot tell.
fn checked(rule: &Naive, secret: &[u8], variable: &[u8]) -> Option<bool> {
    let run = |c: u8| variable.split(|b| *b != c).map(<[u8]>::len).max().unwrap_or(0);
    let all = |of: &[u8]| variable.iter().all(|b| of.contains(b));
    if all(b"xXyY0*.-_#? ") || all(b"123") || b"xX*.".iter().any(|c| run(*c) >= 8) {
        return Some(false);
    }
    let marks = |b: &u8| b"*$<>{}".contains(b);
    let lower = secret.to_ascii_lowercase();
    if secret.iter().any(marks) || [&b"redact"[..], b"your", b"mask"].iter().any(|w| lower.starts_with(w)) {
        return None;
    }
    let (digit, letter) = (u8::is_ascii_digit, u8::is_ascii_alphabetic);
    let mut sure = Some(true);
    for check in &rule.written.check {
        let holds = match check.split_once(':').unwrap_or((check, "")) {
            ("digit", _) => variable.iter().any(digit),
            ("mixed", _) => variable.iter().any(digit) && variable.iter().any(letter),
            ("entropy", bits) => {
                let (is, asked) = (entropy(variable), bits.parse::<f64>().unwrap());
                if (is - asked).abs() < 1e-4 {
                    sure = None;
                }
                is >= asked
            }
            _ => {
                sure = None;
                true
            }
        };
        if !holds && sure.is_some() {
            return Some(false);
        }
    }
    sure
}

/// What the rule finds at a position, and whether that is sure.
fn at(rule: &Naive, line: &[u8], at: usize) -> Option<((usize, usize, String), bool)> {
    let w = &rule.written;
    let literal = literal_at(w, &line[at..])?;
    let limit = line.len().min(at + rule.max);
    let low = at.saturating_sub(rule.max);
    let start = match &rule.before {
        Some(before) => (low..=at).find(|s| before.is_match(&line[*s..at]))?,
        None => at,
    };
    if w.start.as_deref() != Some("any") && !word_begins(line, start) {
        return None;
    }
    let body = match &rule.keep {
        Some(keep) => longest(keep, line, at, limit)?,
        None => at,
    };
    let mut end = longest(&rule.pattern, line, body, limit)?;
    if end == limit && limit < line.len() {
        end = value_end(line, end);
    }
    if w.end.as_deref() != Some("any") && line.get(end).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    if let Some(behind) = &rule.behind {
        longest(behind, line, end, line.len().min(end + rule.max))?;
    }
    let mut span = if rule.keep.is_some() { body..end } else { start..end };
    match &line[span.clone()] {
        [a @ (b'"' | b'\''), .., b] if a == b && rule.keep.is_some() => span = span.start + 1..span.end - 1,
        _ => {}
    }
    let secret = &line[span.clone()];
    let whole = rule.before.is_some() || rule.keep.is_some();
    let variable = if whole { secret } else { &secret[literal.min(secret.len())..] };
    let sure = checked(rule, secret, variable);
    (sure != Some(false)).then(|| ((span.start, span.end, w.id.clone()), sure == Some(true)))
}

fn tokens_alone() -> &'static Redactor {
    static ALONE: OnceLock<Redactor> = OnceLock::new();
    // `token` is also the name of a key rule, which belongs to the family that is left out.
    ALONE.get_or_init(|| Redactor::builder().only(["token"]).except(["key"]).build().unwrap())
}

/// The same with an allow-list; the regex is this oracle's too.
fn tokens_allowed() -> &'static Redactor {
    static ALLOWED: OnceLock<Redactor> = OnceLock::new();
    ALLOWED.get_or_init(|| {
        let entry = Allow::new("some").regex(SOME).unwrap().rules(["token"]);
        Redactor::builder().only(["token"]).except(["key"]).allow(entry).build().unwrap()
    })
}

/// Lets go about every third token.
const SOME: &str = ".*[A-M0-4]";

/// What is found and not allowed, by the engine as by the oracle; and the same of what is allowed.
fn compare(line: &[u8]) -> Result<(), String> {
    static RE: OnceLock<Regex> = OnceLock::new();
    let re = RE.get_or_init(|| RegexBuilder::new(&format!(r"\A(?:{SOME})\z")).unicode(false).build().unwrap());
    let r = tokens_alone();
    let id = |rule: RuleId| r.rule(rule).id.clone();
    let all: BTreeSet<_> = r.explain(line).all.iter().map(|f| (f.start, f.end, id(f.rule))).collect();
    agrees(line, &all)?;
    let seen = tokens_allowed().explain(line);
    let found: BTreeSet<_> = seen.all.iter().map(|f| (f.start, f.end, id(f.rule))).collect();
    let spared: BTreeSet<_> = seen.spared.iter().map(|s| (s.start, s.end, id(s.rule))).collect();
    let (goes, stays): (BTreeSet<_>, BTreeSet<_>) = all.into_iter().partition(|(s, e, _)| re.is_match(&line[*s..*e]));
    // Of what was let go, nobody looks for more of it.
    let again = |(start, end, _): &&(usize, usize, String)| {
        spared.iter().any(|(from, to, _)| line[*from..*to].starts_with(&line[*start..*end]))
    };
    match spared.is_subset(&goes) && goes.difference(&spared).all(|one| again(&one)) && stays == found {
        true => Ok(()),
        false => Err(format!(
            "allowed are {spared:?}, should be {goes:?}; found are {found:?}, should be {stays:?}, in {}",
            shown(line)
        )),
    }
}

/// Where the line says again what a rule found by what stands before it, outside of all that was found.
fn again(line: &[u8], found: &BTreeSet<(usize, usize, String)>) -> Vec<(usize, usize, String)> {
    let kept = |id: &String| naive_rules().iter().any(|rule| rule.written.id == *id && rule.keep.is_some());
    let mut again = Vec::new();
    for (start, end, id) in found.iter().filter(|(_, _, id)| kept(id)) {
        let value = &line[*start..*end];
        let value = &value[..value.iter().rposition(|b| !b":,;.".contains(b)).map_or(0, |last| last + 1)];
        let drawn = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
        if !(8..=512).contains(&value.len()) || !drawn {
            continue;
        }
        for at in (0..=line.len() - value.len()).filter(|at| line[*at..].starts_with(value)) {
            let to = at + value.len();
            let goes_on =
                value[value.len() - 1].is_ascii_alphanumeric() && line.get(to).is_some_and(u8::is_ascii_alphanumeric);
            if word_begins(line, at) && !goes_on {
                again.push((at, to, id.clone()));
            }
        }
    }
    again
}

/// Whether some of it was found.
fn is_covered(span: &(usize, usize, String), found: &BTreeSet<(usize, usize, String)>) -> bool {
    found.iter().any(|(start, end, _)| *start < span.1 && span.0 < *end)
}

fn agrees(line: &[u8], engine: &BTreeSet<(usize, usize, String)>) -> Result<(), String> {
    let mut all = BTreeSet::new();
    for rule in naive_rules() {
        for position in 0..line.len() {
            if let Some((found, sure)) = at(rule, line, position) {
                if sure && !engine.contains(&found) {
                    return Err(format!("the engine misses {found:?} in {}", shown(line)));
                }
                all.insert(found);
            }
        }
    }
    for found in again(line, engine) {
        if !is_covered(&found, engine) {
            return Err(format!("the engine misses {found:?}, which is there again, in {}", shown(line)));
        }
        all.insert(found);
    }
    // Where two stand side by side, the second look sees a label as the other's edge.
    let beside =
        |found: &&(usize, usize, String)| !engine.iter().any(|(start, end, _)| *start == found.1 || *end == found.0);
    match engine.difference(&all).find(beside) {
        Some(extra) => Err(format!("the engine finds {extra:?}, the oracle does not, in {}", shown(line))),
        None => Ok(()),
    }
}

#[test]
fn the_engine_agrees_on_every_example() {
    let mut failures = Vec::new();
    for rule in naive_rules() {
        for text in rule.written.finds.iter().chain(&rule.written.spares) {
            for line in example(text).split('\n') {
                failures.extend(compare(line.strip_suffix('\r').unwrap_or(line).as_bytes()).err());
            }
        }
    }
    crate::kit::report("examples", &failures);
}

/// One change to a line.
#[derive(Debug, Clone)]
enum Edit {
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, &'static [u8]),
    Double(prop::sample::Index, prop::sample::Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let signs: &[&[u8]] = &[
        b" ",
        b"x",
        b"_",
        b"-",
        b".",
        b"\"",
        b"\\n",
        b"%22",
        b"\\u0022",
        b"\x1b[0m",
        b"\xff",
        b"=",
        b"0",
        b"\\",
        b"/",
        b"****",
        b"\\\\n",
        b"a%2522",
        b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    let index = any::<prop::sample::Index>;
    prop_oneof![
        index().prop_map(Edit::Cut),
        (index(), prop::sample::select(signs)).prop_map(|(i, s)| Edit::Insert(i, s)),
        (index(), index()).prop_map(|(a, b)| Edit::Double(a, b)),
    ]
}

fn apply(line: &mut Vec<u8>, edit: &Edit) {
    let size = line.len() + 1;
    match edit {
        Edit::Cut(i) if !line.is_empty() => drop(line.remove(i.index(line.len()))),
        Edit::Cut(_) => {}
        Edit::Insert(i, text) => drop(line.splice(i.index(size)..i.index(size), text.iter().copied())),
        Edit::Double(a, b) => {
            let (a, b) = (a.index(size).min(b.index(size)), a.index(size).max(b.index(size)));
            let copy = line[a..b.min(a + 300)].to_vec();
            line.splice(b..b, copy);
        }
    }
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn the_engine_agrees_on_lines_made_of_examples(
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..3),
        edits in prop::collection::vec(edit(), 0..5),
    ) {
        let rules = naive_rules();
        let mut line = Vec::new();
        for (rule, text) in picks {
            let w = &rules[rule.index(rules.len())].written;
            let texts: Vec<_> = w.finds.iter().chain(&w.spares).collect();
            line.extend(example(texts[text.index(texts.len())]).into_bytes());
            line.push(b' ');
        }
        edits.iter().for_each(|e| apply(&mut line, e));
        line.retain(|b| !matches!(b, b'\n' | b'\r'));
        line.truncate(3000);
        prop_assert_eq!(compare(&line), Ok(()));
    }
}
