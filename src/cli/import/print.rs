//! A syntax tree as a verbose ASCII pattern of a rule.

use std::fmt::Write;

use regex_syntax::hir::{Hir, HirKind, Literal, Look};

use super::regex::bytes_of;

/// The pattern of a sequence.
///
/// # Errors
/// What a rule's pattern cannot say.
pub fn pattern(parts: &[Hir]) -> Result<String, String> {
    let mut out = String::new();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            out.push(' ');
        }
        one(part, true, &mut out)?;
    }
    Ok(out)
}

/// `inside` says that it stands in a sequence, where an alternation needs a group.
fn one(hir: &Hir, inside: bool, out: &mut String) -> Result<(), String> {
    match hir.kind() {
        HirKind::Empty => out.push_str("(?:)"),
        HirKind::Literal(Literal(bytes)) => bytes.iter().for_each(|b| byte(*b, out)),
        HirKind::Class(class) => {
            let class = bytes_of(class).ok_or("it has a class of Unicode letters; rules know ASCII")?;
            if class.ranges().is_empty() {
                return Err("it has a class that nothing is in".into());
            }
            out.push('[');
            for range in class.ranges() {
                byte(range.start(), out);
                if range.end() > range.start() {
                    if range.end() > range.start() + 1 {
                        out.push('-');
                    }
                    byte(range.end(), out);
                }
            }
            out.push(']');
        }
        HirKind::Look(look) => out.push_str(match look {
            Look::Start | Look::StartLF => "(?m:^)",
            Look::End | Look::EndLF => "(?m:$)",
            Look::WordAscii => r"\b",
            Look::WordAsciiNegate => r"\B",
            _ => return Err("it asks for an edge that rules do not know".into()),
        }),
        HirKind::Repetition(r) => {
            let atom = match r.sub.kind() {
                HirKind::Literal(Literal(bytes)) => bytes.len() == 1,
                HirKind::Class(_) => true,
                _ => false,
            };
            if !atom {
                out.push_str("(?: ");
            }
            one(&r.sub, false, out)?;
            if !atom {
                out.push_str(" )");
            }
            let _ = match (r.min, r.max) {
                (0, Some(1)) => write!(out, "?"),
                (0, None) => write!(out, "*"),
                (1, None) => write!(out, "+"),
                (n, Some(m)) if n == m => write!(out, "{{{n}}}"),
                (n, None) => write!(out, "{{{n},}}"),
                (n, Some(m)) => write!(out, "{{{n},{m}}}"),
            };
        }
        HirKind::Concat(subs) => out.push_str(&pattern(subs)?),
        HirKind::Alternation(subs) => {
            out.push_str(if inside { "(?: " } else { "" });
            for (n, sub) in subs.iter().enumerate() {
                out.push_str(if n > 0 { " | " } else { "" });
                one(sub, true, out)?;
            }
            out.push_str(if inside { " )" } else { "" });
        }
        HirKind::Capture(c) => one(&c.sub, inside, out)?,
    }
    Ok(())
}

/// One byte, the same inside a class and out of it; nothing that TOML or the verbose form would take
/// for itself.
fn byte(b: u8, out: &mut String) {
    let _ = match b {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => write!(out, "{}", b as char),
        b'_' | b'"' | b'/' | b':' | b';' | b',' | b'=' | b'@' | b'!' | b'%' | b'<' | b'>' | b'`' => {
            write!(out, "{}", b as char)
        }
        b'\'' | b' ' | 0x7F.. => write!(out, "\\x{b:02X}"),
        b if b.is_ascii_graphic() => write!(out, "\\{}", b as char),
        b => write!(out, "\\x{b:02X}"),
    };
}

#[cfg(test)]
mod tests {
    use super::super::regex::{flat, parse};
    use super::pattern;

    /// The pattern means what the regex means.
    #[test]
    fn a_pattern_is_the_regex_again() {
        for (regex, written) in [
            (r"ab c[\w.-]{2,5}", r"ab\x20c [\-\.0-9A-Z_a-z]{2,5}"),
            ("(?:sk|rkx)_#'", r"(?: sk | rkx ) _\#\x27"),
            (r"x(?:yz)+?\b$", r"x (?: yz )+ \b (?m:$)"),
            ("a|bc", "(?: a | bc )"),
        ] {
            let hir = parse(regex).unwrap();
            let got = pattern(&flat(&hir)).unwrap();
            assert_eq!(got, written);
            let again = parse(&format!("(?x){got}")).unwrap();
            assert_eq!(pattern(&flat(&again)).unwrap(), written);
        }
    }
}
