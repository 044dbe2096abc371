//! A branch of a regex -> the parts of a rule: what the prefilter looks for, what comes before it, what
//! stays, what goes.

use std::collections::BTreeSet;

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Literal, Repetition};

use super::regex::{Branch, bytes_of, flat, ignores_case, lower};
use crate::rules::rule::RULE_BYTES_MAX;

/// The fewest and the most bytes of a literal.
const LITERAL_BYTES: std::ops::RangeInclusive<usize> = 3..=24;
/// The most literals of a rule.
const LITERALS_MAX: usize = 64;
/// As many literals or fewer are written out in every casing the regex takes.
const CASINGS_MAX: usize = 8;
/// The most that may stay between a literal and the secret, in bytes.
const KEEP_BYTES_MAX: usize = 1024;
/// The `max` of a rule whose regex has no bound.
const OPEN_BYTES: u32 = 4096;

/// What becomes of a branch.
#[derive(Clone)]
pub struct Parts {
    pub literals: Vec<String>,
    pub fold: bool,
    pub before: Vec<Hir>,
    pub keep: Vec<Hir>,
    pub pattern: Vec<Hir>,
    pub start_word: bool,
    pub end_word: bool,
    pub max: u32,
    /// What is not as the regex says.
    pub notes: Vec<&'static str>,
}

impl Parts {
    /// Everything it matches, in order.
    pub fn all(&self) -> impl Iterator<Item = &Hir> {
        self.before.iter().chain(&self.keep).chain(&self.pattern)
    }

    /// The length of its shortest match, in bytes.
    pub fn shortest(&self) -> usize {
        shortest(&self.before) + shortest(&self.keep) + shortest(&self.pattern)
    }

    /// The same with `f` done to every part.
    pub fn map(&self, f: impl Fn(&Hir) -> Hir) -> Parts {
        // Together, so that letters side by side are one literal.
        let each = |parts: &[Hir]| flat(&Hir::concat(parts.iter().map(&f).collect()));
        Parts { before: each(&self.before), keep: each(&self.keep), pattern: each(&self.pattern), ..self.clone() }
    }
}

/// The parts of a rule that finds what the branch does.
///
/// # Errors
/// Why no rule does.
pub fn of(branch: &Branch) -> Result<Parts, String> {
    let mut branch = branch.clone();
    let mut notes = Vec::new();
    if !branch.grouped && key_apart(&mut branch) {
        notes.push("the key and its separator stay, since no group says what the secret is");
    }
    let edge = if branch.before.is_empty() { &mut branch.secret } else { &mut branch.before };
    let mut start_word = take_looks(edge, true);
    let mut end_word = take_looks(&mut branch.secret, false);
    if longest(&branch.before).is_some_and(|n| n <= 1) {
        if shortest(&branch.before) > 0 || !branch.before.is_empty() {
            start_word = true;
            notes.push("what must stand before it became the beginning of a word");
        }
        branch.before.clear();
    }
    end_word |= behind(&mut branch, &mut notes);
    let mut parts = anchored(branch, notes)?;
    // What stays may stand anywhere, unless the regex says otherwise.
    parts.start_word = start_word && (parts.keep.is_empty() || !parts.before.is_empty() || parts.start_word);
    parts.end_word = end_word;
    parts.max = max(&parts);
    if parts.fold && !parts.all().all(ignores_case) {
        parts.notes.push("letter case is ignored in all of it, which the regex does in parts");
    }
    if parts.fold {
        parts = parts.map(lower);
    }
    Ok(parts)
}

/// The least a value has that is told from its key, in bytes.
const VALUE_BYTES_MIN: usize = 8;

/// `client_secret\s*[:=]\s*["']?[\w-]{32,}`: the key stays, so that the notation does. Whether there
/// is one.
fn key_apart(branch: &mut Branch) -> bool {
    let parts = &branch.secret;
    let is_key = |at: &usize| (0..=*at).any(|from| Anchor::of(&parts[from..=*at]).is_some());
    let Some(at) = (0..parts.len()).filter(|at| separates(&parts[*at])).find(is_key) else { return false };
    let signs = parts[at + 1..].iter().take_while(|p| is_signs(p)).count();
    let value = at + 1 + signs;
    if shortest(&parts[value..]) < VALUE_BYTES_MIN {
        return false;
    }
    branch.before = branch.secret.drain(..value).collect();
    true
}

/// Whether a part is `=` or `:`, or a key with `=` behind it.
fn separates(part: &Hir) -> bool {
    match part.kind() {
        HirKind::Literal(Literal(bytes)) => bytes.ends_with(b"=") || **bytes == *b":",
        HirKind::Class(class) => {
            let holds =
                |b: u8| bytes_of(class).is_some_and(|c| c.ranges().iter().any(|r| r.start() <= b && b <= r.end()));
            !has_letters(class) && (holds(b'=') || holds(b':'))
        }
        _ => false,
    }
}

/// Whether a part is blanks, marks and other signs that need not be there.
fn is_signs(part: &Hir) -> bool {
    match part.kind() {
        HirKind::Repetition(r) => r.min == 0 && matches!(r.sub.kind(), HirKind::Class(class) if !has_letters(class)),
        HirKind::Class(class) => !has_letters(class),
        _ => false,
    }
}

/// What must follow the secret. Whether that is a word's end.
fn behind(branch: &mut Branch, notes: &mut Vec<&'static str>) -> bool {
    let behind = std::mem::take(&mut branch.behind);
    if longest(&behind).is_some_and(|n| n <= 2) {
        if !behind.is_empty() {
            notes.push("what must follow it became the end of a word");
        }
        return !behind.is_empty();
    }
    match shortest(&behind) {
        0 => notes.push("what may follow it is not asked for"),
        _ => {
            notes.push("what must follow it is masked with it");
            branch.secret.extend(behind);
        }
    }
    false
}

/// Chooses the literals and cuts there.
fn anchored(branch: Branch, mut notes: Vec<&'static str>) -> Result<Parts, String> {
    let Branch { before, secret, .. } = branch;
    let parts = |anchor: Anchor, before: &[Hir], keep: &[Hir], pattern: &[Hir], notes| {
        // What need not stand there is not asked for.
        let asked = if shortest(before) == 0 { &[] } else { before };
        Parts {
            literals: anchor.literals,
            fold: anchor.fold,
            before: asked.to_vec(),
            keep: keep.to_vec(),
            pattern: pattern.to_vec(),
            start_word: before.is_empty(),
            end_word: false,
            max: 0,
            notes,
        }
    };
    if !before.is_empty() {
        let near = |at: &usize| is_near(&before[*at..]);
        let best = (0..before.len()).filter(near).filter_map(|at| Some((at, Anchor::of(&before[at..])?)));
        if let Some((at, anchor)) = best.max_by_key(|(at, a)| (a.shortest(), *at)) {
            let keep = apart(&before[at..], &secret);
            return Ok(parts(anchor, &before[..at], &keep, &secret, notes));
        }
    }
    let best = (0..secret.len()).filter_map(|at| Some((at, Anchor::of(&secret[at..])?)));
    let best = best.max_by_key(|(at, a)| (*at == 0, a.shortest(), std::cmp::Reverse(*at)));
    let Some((at, anchor)) = best else {
        return Err("no literal of 3 bytes is in every match, so that nothing leads to it".into());
    };
    if !before.is_empty() {
        notes.push("what must stand before it is not asked for, since it has no literal");
    }
    let head = if at == 0 { &[] } else { &secret[..at] };
    let mut made = parts(anchor, head, &[], &secret[at..], notes);
    // What belongs to the secret is masked, needed or not.
    made.before = head.to_vec();
    Ok(made)
}

/// Whether the longest match of what stays cannot run over the secret: it has a bound, or only signs
/// are repeated without one.
fn is_near(keep: &[Hir]) -> bool {
    let signs = |part: &Hir| match part.kind() {
        HirKind::Repetition(r) => matches!(r.sub.kind(), HirKind::Class(class) if !has_letters(class)),
        _ => false,
    };
    let lengths = keep.iter().filter(|p| !signs(p)).map(|p| p.properties().maximum_len()).sum::<Option<usize>>();
    lengths.is_some_and(|n| n <= KEEP_BYTES_MAX)
}

fn has_letters(class: &Class) -> bool {
    let letter = |r: &ClassBytesRange| (r.start()..=r.end()).any(|b| b.is_ascii_alphanumeric());
    bytes_of(class).is_none_or(|class| class.ranges().iter().any(letter))
}

/// What stays, without the sign at its end that the secret begins with: the longest match takes it.
fn apart(keep: &[Hir], secret: &[Hir]) -> Vec<Hir> {
    let mut keep = keep.to_vec();
    let first = match secret.first().map(Hir::kind) {
        Some(HirKind::Literal(Literal(bytes))) if !bytes[0].is_ascii_alphanumeric() => {
            ClassBytes::new([ClassBytesRange::new(bytes[0], bytes[0])])
        }
        Some(HirKind::Class(class)) if !has_letters(class) => match bytes_of(class) {
            Some(signs) => signs,
            None => return keep,
        },
        _ => return keep,
    };
    if let Some(HirKind::Repetition(r)) = keep.last().map(Hir::kind)
        && let HirKind::Class(class) = r.sub.kind()
        && let Some(mut rest) = bytes_of(class)
    {
        rest.difference(&first);
        let sub = Box::new(Hir::class(Class::Bytes(rest)));
        let shorter = Hir::repetition(Repetition { sub, ..r.clone() });
        keep.pop();
        keep.push(shorter);
    }
    keep
}

/// Literals that every match of some parts begins with.
struct Anchor {
    literals: Vec<String>,
    fold: bool,
}

impl Anchor {
    fn of(parts: &[Hir]) -> Option<Anchor> {
        let whole = Hir::concat(parts.to_vec());
        let folded = lower(&whole);
        let any_case = ignores_case(&whole) && folded != whole;
        let exact = if any_case { None } else { literals(&whole) };
        if let Some(exact) = exact {
            let lower: BTreeSet<String> = exact.iter().map(|l| l.to_ascii_lowercase()).collect();
            if exact.len() <= CASINGS_MAX || 2 * lower.len() > exact.len() {
                return Some(Anchor { literals: exact, fold: false });
            }
        }
        literals(&folded).map(|literals| Anchor { literals, fold: true })
    }

    /// The shortest literal's length.
    fn shortest(&self) -> usize {
        self.literals.iter().map(String::len).min().unwrap_or(0)
    }
}

/// Literals long enough, with classes of as few letters written out as will do.
fn literals(hir: &Hir) -> Option<Vec<String>> {
    [2, 10, 26, LITERALS_MAX].into_iter().find_map(|letters| {
        let mut extractor = Extractor::new();
        extractor.limit_class(letters).limit_repeat(4).limit_total(LITERALS_MAX);
        let seq = extractor.limit_literal_len(*LITERAL_BYTES.end()).extract(hir);
        // A sign that no line has ends a literal.
        let graphic = |b: &&u8| b.is_ascii() && !b.is_ascii_control();
        let cut = |l: &[u8]| String::from_utf8(l.iter().take_while(graphic).copied().collect());
        let found: Option<BTreeSet<String>> = seq
            .literals()?
            .iter()
            .map(|l| cut(l.as_bytes()).ok().filter(|l| LITERAL_BYTES.contains(&l.len())))
            .collect();
        let all: Vec<String> = found.filter(|all| !all.is_empty())?.into_iter().collect();
        // One that begins with another adds nothing.
        let needed = |l: &&String| !all.iter().any(|o| o.len() < l.len() && l.starts_with(o.as_str()));
        Some(all.iter().filter(needed).cloned().collect())
    })
}

/// Takes the edges off one end of a sequence. Whether there was one.
fn take_looks(parts: &mut Vec<Hir>, front: bool) -> bool {
    let mut any = false;
    loop {
        let at = if front { 0 } else { parts.len().wrapping_sub(1) };
        if !parts.get(at).is_some_and(|p| matches!(p.kind(), HirKind::Look(_))) {
            return any;
        }
        parts.remove(at);
        any = true;
    }
}

fn shortest(parts: &[Hir]) -> usize {
    parts.iter().map(|p| p.properties().minimum_len().unwrap_or(0)).sum()
}

fn longest(parts: &[Hir]) -> Option<usize> {
    parts.iter().map(|p| p.properties().maximum_len()).sum()
}

/// The most bytes a match may span, from its literal on and before it.
fn max(parts: &Parts) -> u32 {
    let least = (shortest(&parts.keep) + shortest(&parts.pattern)) as u32;
    let both = longest(&parts.keep).zip(longest(&parts.pattern)).map(|(a, b)| a + b);
    let most = both.zip(longest(&parts.before)).map(|(a, b)| a.max(b));
    // One more than it can be: what reaches `max` is taken for the front of something longer.
    let most = most.and_then(|n| u32::try_from(n + 1).ok()).filter(|n| *n <= RULE_BYTES_MAX);
    most.unwrap_or(OPEN_BYTES.max(2 * least)).clamp(16, RULE_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::super::print::pattern;
    use super::super::regex::{branches, parse};
    use super::of;

    fn made(regex: &str) -> Result<String, String> {
        let parts = of(&branches(&parse(regex).unwrap(), None)[0])?;
        let text = |p: &[super::Hir]| pattern(p).unwrap();
        let edges = format!("{}{}", u8::from(parts.start_word), u8::from(parts.end_word));
        let all = [parts.literals.join(" "), text(&parts.before), text(&parts.keep), text(&parts.pattern), edges];
        Ok(format!("{}{}", if parts.fold { "i " } else { "" }, all.join(" ~ ")))
    }

    #[test]
    fn a_token_begins_with_its_literal() {
        assert_eq!(made(r"\b(zq_[a-f]{9})(?:['\s]|$)").unwrap(), "zq_ ~  ~  ~ zq_ [a-f]{9} ~ 11");
        assert_eq!(made("(?:zqu|zqs)_[0-9]{36}").unwrap(), r"zqs_ zqu_ ~  ~  ~ (?: zqu | zqs ) _ [0-9]{36} ~ 00");
        assert_eq!(made("(?i)ZQJ_[a-z]{6}").unwrap(), "i zqj_ ~  ~  ~ zqj_ [a-z]{6} ~ 00");
        assert_eq!(made("ZQJX(?i)[a-z]{6}").unwrap(), "ZQJX ~  ~  ~ ZQJX [A-Za-z]{6} ~ 00");
    }

    #[test]
    fn what_comes_before_the_key_word_or_the_literal_is_cut_off() {
        let generic = r#"(?i)[\w.-]{0,50}?(?:zqkey)(?:[ \t]{0,20})(?:=|:)["]{0,5}([a-f0-9]{8})(?:["]|$)"#;
        assert_eq!(made(generic).unwrap(), r#"i zqkey ~  ~ zqkey [\x09\x20]{0,20} [:=] "{0,5} ~ [0-9a-f]{8} ~ 01"#);
        assert_eq!(made("([a-z]{6}_zqmk)").unwrap(), "_zqmk ~ [a-z]{6} ~  ~ _zqmk ~ 00");
        assert!(made("([a-z]{3}[0-9]Q~[a-z]{9})").unwrap().starts_with("0Q~ 1Q~ 2Q~"));
        assert_eq!(made(r"zqhost\s*=x(a{9})").unwrap(), r"zqhost ~  ~ zqhost [\x09-\x0D\x20]* =x ~ a{9} ~ 00");
        // The longest match of what stays would take what may be the secret's.
        assert!(made("zqhost[a-z]*x(a{9})").unwrap().starts_with("aaaa ~"));
        // The mark is the secret's, so that it is not taken before it.
        let marked = made(r#"zqpass=[ "]{0,5}("[a-z]{8}")"#).unwrap();
        assert_eq!(marked, r#"zqpass= ~  ~ zqpass= \x20{0,5} ~ " [a-z]{8} " ~ 00"#);
    }

    #[test]
    fn without_a_group_the_key_stays() {
        let key = made(r#"zq_secret\s*[:=]\s*["']?[a-z]{32,}"#).unwrap();
        let keep = r#"zq_secret [\x09-\x0D\x20]* [:=] [\x09-\x0D\x20]* ["\x27]?"#;
        assert_eq!(key, format!("zq_secret ~  ~ {keep} ~ [a-z]{{32,}} ~ 00"));
        assert_eq!(made("_zqs=[0-9a-z]{32}").unwrap(), "_zqs= ~  ~ _zqs= ~ [0-9a-z]{32} ~ 00");
        // A group says that it is part of the secret; a short tail is no value.
        assert_eq!(made("(_zqs=[0-9a-z]{32})").unwrap(), "_zqs= ~  ~  ~ _zqs= [0-9a-z]{32} ~ 00");
        assert_eq!(made("zqt:[0-9]{4}").unwrap(), "zqt: ~  ~  ~ zqt: [0-9]{4} ~ 00");
    }

    #[test]
    fn without_a_literal_there_is_no_rule() {
        assert!(made(r"\b[0-9a-f]{40}\b").unwrap_err().starts_with("no literal"));
        assert!(made(r"[0-9]{15}\|[a-z]{27}").is_err());
    }
}
