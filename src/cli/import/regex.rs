//! A regex as others write it -> its syntax tree, cut into the branches that hold a secret.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Literal, Look, Repetition};

/// The most branches a regex is cut into.
const BRANCHES_MAX: usize = 64;

/// A part of a branch: what it matches, and the group it is of.
#[derive(Clone)]
pub struct Piece {
    pub hir: Hir,
    pub group: Option<u32>,
}

/// One way through a regex: what comes before the secret, the secret, what comes behind it.
#[derive(Clone)]
pub struct Branch {
    pub before: Vec<Hir>,
    pub secret: Vec<Hir>,
    pub behind: Vec<Hir>,
    /// A group says which part the secret is.
    pub grouped: bool,
}

/// The tree of a regex written for RE2: ASCII classes, bytes.
///
/// # Errors
/// Why it is none, look-around and back-references among it.
pub fn parse(regex: &str) -> Result<Hir, String> {
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).nest_limit(100).build();
    parser.parse(&from_re2(regex)).map_err(|e| match e {
        regex_syntax::Error::Parse(e) => e.kind().to_string(),
        regex_syntax::Error::Translate(e) => e.kind().to_string(),
        _ => "it cannot be read".into(),
    })
}

/// RE2 takes `{` that begins no count for itself, and `[`, `&&`, `--`, `~~` in a class too.
pub fn from_re2(regex: &str) -> String {
    let text: Vec<char> = regex.chars().collect();
    let mut out = String::with_capacity(regex.len() + 8);
    let (mut i, mut class_from) = (0, None);
    while i < text.len() {
        let c = text[i];
        let next = text.get(i + 1).copied();
        match (c, class_from) {
            ('\\', _) => {
                out.push(c);
                out.extend(next);
                i += 1;
            }
            ('[', None) => {
                out.push(c);
                for sign in ['^', ']'] {
                    if text.get(i + 1) == Some(&sign) {
                        out.push(sign);
                        i += 1;
                    }
                }
                class_from = Some(i);
            }
            ('[', Some(_)) if next == Some(':') => {
                let rest: String = text[i..].iter().collect();
                let name = rest.find(":]").map_or(1, |n| n + 2);
                out.push_str(&rest[..name]);
                i += name - 1;
            }
            ('[', Some(_)) => out.push_str("\\["),
            (']', Some(_)) => {
                out.push(c);
                class_from = None;
            }
            ('&' | '-' | '~', Some(from)) if i > from + 1 && text[i - 1] == c => {
                out.push('\\');
                out.push(c);
            }
            ('{', None) if !begins_count(&text[i + 1..]) => out.push_str("\\{"),
            _ => out.push(c),
        }
        i += 1;
    }
    out
}

/// `3}`, `3,}` or `3,5}`.
fn begins_count(rest: &[char]) -> bool {
    let digits = |t: &[char]| t.iter().take_while(|c| c.is_ascii_digit()).count();
    let first = digits(rest);
    let rest = &rest[first..];
    let rest = rest.strip_prefix(&[',']).map_or(rest, |t| &t[digits(t)..]);
    first > 0 && rest.first() == Some(&'}')
}

/// The branches of a regex. `group` is the one that holds the secret; without it, it is the first
/// one that takes part, and all of the match where there is none.
pub fn branches(hir: &Hir, group: Option<u32>) -> Vec<Branch> {
    ways(hir, group).unwrap_or_else(|| vec![vec![Piece { hir: bare(hir), group: None }]]).into_iter().map(cut).collect()
}

/// One branch that is an alternation as a whole, or begins its secret with one, as several.
pub fn split(branch: &Branch) -> Option<Vec<Branch>> {
    let at = branch.secret.iter().position(|h| matches!(h.kind(), HirKind::Alternation(_)))?;
    let HirKind::Alternation(ways) = branch.secret[at].kind() else { return None };
    let with = |way: &Hir| {
        let mut one = branch.clone();
        one.secret.splice(at..=at, flat(way));
        one
    };
    Some(ways.iter().map(with).collect())
}

fn ways(hir: &Hir, wanted: Option<u32>) -> Option<Vec<Vec<Piece>>> {
    let tagged = |sub: &Hir, group| flat(&bare(sub)).into_iter().map(|hir| Piece { hir, group }).collect::<Vec<_>>();
    let ways = match hir.kind() {
        HirKind::Capture(c) if wanted.is_none_or(|w| w == c.index) => vec![tagged(&c.sub, Some(c.index))],
        HirKind::Capture(c) => ways(&c.sub, wanted)?,
        HirKind::Concat(subs) => {
            let mut all = vec![Vec::new()];
            for sub in subs {
                let more = ways(sub, wanted)?;
                if all.len() * more.len() > BRANCHES_MAX {
                    return None;
                }
                all =
                    all.iter().flat_map(|a: &Vec<Piece>| more.iter().map(move |m| [&a[..], &m[..]].concat())).collect();
            }
            all
        }
        HirKind::Alternation(subs) if has_group(hir, wanted) => {
            let all: Option<Vec<_>> = subs.iter().map(|sub| ways(sub, wanted)).collect();
            all?.concat()
        }
        _ => vec![tagged(hir, None)],
    };
    (ways.len() <= BRANCHES_MAX).then_some(ways)
}

fn has_group(hir: &Hir, wanted: Option<u32>) -> bool {
    match hir.kind() {
        HirKind::Capture(c) => wanted.is_none_or(|w| w == c.index) || has_group(&c.sub, wanted),
        HirKind::Concat(subs) | HirKind::Alternation(subs) => subs.iter().any(|s| has_group(s, wanted)),
        _ => false,
    }
}

fn cut(way: Vec<Piece>) -> Branch {
    let group = way.iter().filter_map(|p| p.group).min();
    let Some(first) = way.iter().position(|p| group.is_some() && p.group == group) else {
        let secret = way.into_iter().map(|p| p.hir).collect();
        return Branch { before: Vec::new(), secret, behind: Vec::new(), grouped: false };
    };
    let last = way.iter().rposition(|p| p.group == group).unwrap_or(first);
    let of = |part: &[Piece]| part.iter().map(|p| p.hir.clone()).collect();
    Branch { before: of(&way[..first]), secret: of(&way[first..=last]), behind: of(&way[last + 1..]), grouped: true }
}

/// A sequence's parts; anything else alone.
pub fn flat(hir: &Hir) -> Vec<Hir> {
    match hir.kind() {
        HirKind::Concat(subs) => subs.clone(),
        HirKind::Empty => Vec::new(),
        _ => vec![hir.clone()],
    }
}

/// Without groups; the ends of the text become those of a line, which is what a record is.
fn bare(hir: &Hir) -> Hir {
    map(hir, &|hir| match hir.kind() {
        HirKind::Look(Look::Start) => Some(Hir::look(Look::StartLF)),
        HirKind::Look(Look::End) => Some(Hir::look(Look::EndLF)),
        HirKind::Capture(c) => Some(bare(&c.sub)),
        _ => None,
    })
}

/// The tree with the nodes replaced for which `f` has another.
pub fn map(hir: &Hir, f: &dyn Fn(&Hir) -> Option<Hir>) -> Hir {
    if let Some(other) = f(hir) {
        return other;
    }
    match hir.kind() {
        HirKind::Concat(subs) => Hir::concat(subs.iter().map(|s| map(s, f)).collect()),
        HirKind::Alternation(subs) => Hir::alternation(subs.iter().map(|s| map(s, f)).collect()),
        HirKind::Repetition(r) => Hir::repetition(Repetition { sub: Box::new(map(&r.sub, f)), ..r.clone() }),
        HirKind::Capture(c) => map(&c.sub, f),
        _ => hir.clone(),
    }
}

/// A class as bytes, if it is ASCII: putting trees together makes characters of single bytes.
pub fn bytes_of(class: &Class) -> Option<ClassBytes> {
    match class {
        Class::Bytes(class) => Some(class.clone()),
        Class::Unicode(class) => class.to_byte_class(),
    }
}

/// Whether upper and lower case are the same to it, and it has letters at all.
pub fn ignores_case(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(Literal(bytes)) => !bytes.iter().any(u8::is_ascii_alphabetic),
        HirKind::Class(class) => bytes_of(class).is_some_and(|class| {
            let mut folded = class.clone();
            folded.case_fold_simple();
            folded == class
        }),
        HirKind::Concat(subs) | HirKind::Alternation(subs) => subs.iter().all(ignores_case),
        HirKind::Repetition(r) => ignores_case(&r.sub),
        HirKind::Capture(c) => ignores_case(&c.sub),
        HirKind::Empty | HirKind::Look(_) => true,
    }
}

/// In lower case, for a rule that ignores it.
pub fn lower(hir: &Hir) -> Hir {
    map(hir, &|hir| match hir.kind() {
        HirKind::Literal(Literal(bytes)) => Some(Hir::literal(bytes.to_ascii_lowercase())),
        HirKind::Class(class) => {
            let upper = ClassBytes::new([ClassBytesRange::new(b'A', b'Z')]);
            let mut folded = bytes_of(class)?;
            folded.case_fold_simple();
            folded.difference(&upper);
            Some(Hir::class(Class::Bytes(folded)))
        }
        _ => None,
    })
}

/// With counts above `most` open, and asking for at most `most`: what an automaton of counted
/// repeats has no room for.
pub fn widened(hir: &Hir, most: u32) -> Hir {
    map(hir, &|hir| match hir.kind() {
        HirKind::Repetition(r) if r.max.is_some_and(|max| max > most) || r.min > most => {
            let sub = Box::new(widened(&r.sub, most));
            Some(Hir::repetition(Repetition { min: r.min.min(most), max: None, sub, ..r.clone() }))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{branches, from_re2, parse};

    #[test]
    fn what_re2_takes_for_itself() {
        for (re2, ours) in [
            (r"^\${[A-Z]+}$", r"^\$\{[A-Z]+}$"),
            (r"a{3}b{2,}c{1,9}", r"a{3}b{2,}c{1,9}"),
            ("a{,3}", r"a\{,3}"),
            ("[^]]+[[x][]y]", r"[^]]+[\[x][]y]"),
            ("[[:alnum:]&&--z]", r"[[:alnum:]&\&-\-z]"),
            (r"\[{[\]{]", r"\[\{[\]{]"),
        ] {
            assert_eq!(from_re2(re2), ours);
            assert!(parse(re2).is_ok(), "{re2}");
        }
        assert!(parse("(?=x)").is_err());
    }

    #[test]
    fn the_secret_is_the_first_group_that_takes_part() {
        let parts = |regex: &str, group| {
            let text = |hirs: &[super::Hir]| super::super::print::pattern(hirs).unwrap();
            let all = branches(&parse(regex).unwrap(), group).into_iter();
            all.map(|b| [text(&b.before), text(&b.secret), text(&b.behind)].join("~")).collect::<Vec<_>>()
        };
        assert_eq!(parts("abc", None), ["~abc~"]);
        assert_eq!(parts("a(bc)d", None), ["a~bc~d"]);
        assert_eq!(parts("a(b(c))d", Some(2)), ["a b~c~d"]);
        assert_eq!(parts("k(?:x(a)|y(b)):", None), ["k x~a~:", "k y~b~:"]);
        assert_eq!(parts("(?:a(b)){3}", None).len(), 1);
    }
}
