//! Values that are no secret: masks, stand-ins, references, nothing.

use super::reference::{is_output, is_reference};
use super::shown::is_partly_shown;
use super::stand_in::{MASKS, MASKS_BY_FIRST, STAND_INS, ends_so, is_called_secret, is_stand_in, strip_word};
use crate::rules::words::{ByFirst, words};

/// The longest value looked at; longer ones are no placeholder.
const PLACEHOLDER_BYTES_MAX: usize = 128;

/// Whether the *whole* value is empty or a word for nothing, a reference to a variable, a template,
/// a mask, or a stand-in such as `<password>` or `YOUR_API_KEY`. A mask with more value bytes
/// behind it is none of them.
pub fn is_placeholder(value: &[u8]) -> bool {
    let v = value.trim_ascii();
    let Some(&first) = v.first() else { return true };
    if is_partly_shown(v) {
        return true;
    }
    if !begins::ANY[usize::from(first)] || v.len() > PLACEHOLDER_BYTES_MAX {
        return ends_so(v) || is_output(v);
    }
    match first {
        b'0'..=b'9' => is_nothing(v),
        b'A'..=b'Z' | b'a'..=b'z' => is_nothing(v) || is_mask(v) || is_stand_in(v),
        _ => is_nothing(v) || is_mask(v) || is_reference(v) || is_stand_in(v),
    }
}

/// Whether a value may be a placeholder or a mask, by its first byte, its end or its middle: a cheap look.
pub fn may_be(value: &[u8]) -> bool {
    value.first().is_none_or(|b| begins::ANY[usize::from(*b)]) || ends_so(value) || is_partly_shown(value)
}

/// What the forms below begin with: most values begin with a letter or a digit that none has.
mod begins {
    /// Of masks.
    pub(super) const MASK: [bool; 256] = add(&["x", "y"], add(super::MASKS, SIGNS));
    /// Of all.
    pub(super) const ANY: [bool; 256] = add(super::STAND_INS, add(super::NOTHING, add(&["0", "1"], MASK)));

    const SIGNS: [bool; 256] = {
        let mut signs = [false; 256];
        let mut b = 0;
        while b < 256 {
            signs[b] = !(b as u8).is_ascii_alphanumeric();
            b += 1;
        }
        signs
    };

    const fn add(words: &[&str], mut to: [bool; 256]) -> [bool; 256] {
        let mut n = 0;
        while n < words.len() {
            let first = words[n].as_bytes()[0];
            to[first.to_ascii_lowercase() as usize] = true;
            to[first.to_ascii_uppercase() as usize] = true;
            n += 1;
        }
        to
    }
}

const NOTHING: &[&str] = words!("nothing");
static NOTHING_BY_FIRST: ByFirst<{ NOTHING.len() }> = ByFirst::new(NOTHING);

fn is_nothing(v: &[u8]) -> bool {
    // `(none)` and `<none>`, too.
    let is = |v: &[u8]| NOTHING_BY_FIRST.of(v).iter().any(|w| v.eq_ignore_ascii_case(w.as_bytes()));
    let word = strip_brackets(v);
    is(v)
        || word.len() < v.len() && is(word)
        || matches!(v, b"NULL::text" | b"PRIVATE") // PostgreSQL's, and what yt-dlp puts for an argument
        || matches!(v, b"0" | b"1" | b"00000000-0000-0000-0000-000000000000")
        || (v.len() <= 3 && v.iter().all(|b| b.is_ascii_punctuation() && *b == v[0]))
}

/// What stands for a value in brackets only.
const IN_BRACKETS: &[&str] = words!("marks-in-brackets");

/// The longest mask in brackets, in bytes.
const MASK_BYTES_MAX: usize = 162;
/// How many bytes [`mask_len`] looks at: stars, and what stands in brackets behind them.
pub const MASK_SEEN_BYTES: usize = 2 * MASK_BYTES_MAX;

/// Length of the mask in brackets that the text begins with, 0 if it begins with none: `[REDACTED:rule]`, `<masked>`,
/// `(sensitive value)`, `*****(redacted)`. More of a value behind it belongs to the value.
pub fn mask_len(text: &[u8]) -> usize {
    match text.first() {
        Some(b'[' | b'<' | b'(') => bracketed_len(text),
        Some(b'*') => {
            let stars = text.iter().take(MASK_BYTES_MAX).take_while(|b| **b == b'*').count();
            let mask = if stars >= STARS_MIN { bracketed_len(&text[stars..]) } else { 0 };
            if mask > 0 { stars + mask } else { 0 }
        }
        _ => 0,
    }
}

/// The fewest stars that are a mask.
const STARS_MIN: usize = 3;

fn bracketed_len(text: &[u8]) -> usize {
    let close = match text.first() {
        Some(b'[') => b']',
        Some(b'<') => b'>',
        Some(b'(') => b')',
        _ => return 0,
    };
    let inner = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b' ');
    let len = text[1..].iter().take(MASK_BYTES_MAX - 2).take_while(|b| inner(b)).count();
    let inside = &text[1..=len];
    let mask = MASKS.iter().any(|word| strip_word(inside, word).is_some() || has_word(inside, word))
        || close != b'>' && is_in_brackets(inside);
    if mask && text.get(len + 1) == Some(&close) { len + 2 } else { 0 }
}

/// `PRIVATE DATA HIDDEN`: whether the last of several words is this one; one with a digit may be a value.
fn has_word(inside: &[u8], word: &str) -> bool {
    if inside.iter().any(u8::is_ascii_digit) {
        return false;
    }
    let head = inside.len().checked_sub(word.len() + 1).map(|n| inside.split_at(n));
    head.is_some_and(|(_, last)| last[0] == b' ' && last[1..].eq_ignore_ascii_case(word.as_bytes()))
}

fn is_in_brackets(inside: &[u8]) -> bool {
    IN_BRACKETS.iter().filter_map(|word| strip_word(inside, word)).any(|tail| tail.is_empty() || is_reason(tail))
}

/// ` for privacy`: why, or by whom, a value is not shown.
fn is_reason(tail: &[u8]) -> bool {
    let mut words = tail.split(|b| *b == b' ').skip(1);
    let begins = words.next().is_some_and(|w| [&b"for"[..], b"by", b"due"].iter().any(|b| w.eq_ignore_ascii_case(b)));
    begins && words.clone().count() > 0 && words.all(|w| !w.is_empty() && w.iter().all(u8::is_ascii_alphabetic))
}

/// Whether the whole value is what a redactor leaves behind, this one or another.
pub fn is_mask(v: &[u8]) -> bool {
    v.first().is_none_or(|b| begins::MASK[usize::from(*b)]) && is_mask_body(v)
}

/// The same of a value that is no placeholder: what [`is_placeholder`] does not ask of each.
pub fn is_other_mask(v: &[u8]) -> bool {
    (v.len() > PLACEHOLDER_BYTES_MAX || v.trim_ascii().len() < v.len()) && is_mask(v)
}

/// The fewest bytes of what may end as base64 does.
const BASE64_BYTES_MIN: usize = 8;

fn is_mask_body(v: &[u8]) -> bool {
    // As base64 ends.
    let v = if v.len() > BASE64_BYTES_MIN { v.strip_suffix(b"=").unwrap_or(v) } else { v };
    if is_run(v) || is_run_in_groups(v) || is_starred_word(v) {
        return true;
    }
    let inner = strip_brackets(v);
    if inner.len() < v.len() && is_in_brackets(inner)
        || is_mask_constant(v)
        || is_starred_constant(v)
        || is_ruled_mask(v)
    {
        return true;
    }
    // `[REDACTED:rule-id]`, `REDACTED-rule-id`, `<redacted>`, `[FILTERED]`, `***redacted***`, `****(redacted)`
    let bare = inner.trim_ascii_start();
    let bare = strip_brackets(trim_rules(trim_stars(bare)));
    let bracketed = inner.len() < v.len();
    let is = |tail: &[u8]| tail.is_empty() || label_tail(tail, bracketed) && (bracketed || tail[0] == b'-');
    MASKS_BY_FIRST.of(bare).iter().filter_map(|w| strip_word(bare, w)).any(is)
        || bracketed && MASKS.iter().any(|w| has_word(bare, w))
}

/// `redacted` of `--- redacted ---`.
fn trim_rules(v: &[u8]) -> &[u8] {
    let inner = v.strip_prefix(b"--- ").and_then(|v| v.strip_suffix(b" ---"));
    inner.unwrap_or(v)
}

/// `+FILTERED+`, `--REDACTED-REDACTED--`: such words alone between signs of one kind.
fn is_ruled_mask(v: &[u8]) -> bool {
    let [first, inner @ .., last] = v else { return false };
    let word = |part: &[u8]| MASKS.iter().any(|w| part.eq_ignore_ascii_case(w.as_bytes()));
    let mut words = inner.split(|b| b == first || matches!(b, b'-' | b'_' | b' ')).filter(|part| !part.is_empty());
    let ruled = first == last && first.is_ascii_punctuation();
    ruled && words.clone().next().is_some() && words.all(word)
}

/// The fewest of a sign that are a mask, of characters of several bytes, and of letters in both cases.
const SIGNS_MIN: usize = 3;
const BULLETS_MIN: usize = 2;
const CROSSES_MIN: usize = 6;

/// `********`, `!!!!!`, `xxxx`, `XxXxXxX`, `\u{b7}\u{b7}\u{b7}`: one sign over and over.
fn is_run(v: &[u8]) -> bool {
    let Some(&first) = v.first() else { return false };
    // A character of several bytes, as bullets are.
    let width = if first.is_ascii() { 1 } else { v[1..].iter().take_while(|b| (0x80..0xC0).contains(*b)).count() + 1 };
    let sign = first.is_ascii_punctuation() || matches!(first, b'x' | b'X' | b'y') || width > 1;
    let least = if width > 1 { BULLETS_MIN } else { SIGNS_MIN };
    sign && v.len() >= least * width && v.chunks(width).all(|sign| *sign == v[..width])
        || v.len() >= CROSSES_MIN && v.iter().all(|b| matches!(b, b'x' | b'X'))
}

/// `****-****-****`, `xxxxxxxx-xxxx-xxxx`: the same in groups.
fn is_run_in_groups(v: &[u8]) -> bool {
    let mut groups = v.split(|b| matches!(b, b'-' | b'.' | b' '));
    matches!(v.first(), Some(b'*' | b'x' | b'X')) && groups.all(|group| group.first() == v.first() && is_run(group))
}

/// `HIDDEN_DUE_TO_SECURITY_REASONS`: such a word, and why, in capitals.
fn is_mask_constant(v: &[u8]) -> bool {
    let begins = |w: &&str| strip_word(v, w).is_some_and(|tail| tail.starts_with(b"_"));
    v.iter().all(|b| b.is_ascii_uppercase() || *b == b'_') && MASKS_BY_FIRST.of(v).iter().any(begins)
}

/// `***stripped***`, `***REMOVED SENSITIVE VALUE***`: a word that tells what was done, or several in capitals.
fn is_starred_word(v: &[u8]) -> bool {
    let inner = v.strip_prefix(b"***").and_then(|v| v.strip_suffix(b"***")).unwrap_or_default();
    !inner.is_empty()
        && (inner.iter().all(u8::is_ascii_alphabetic) || inner.iter().all(|b| b.is_ascii_uppercase() || *b == b' '))
}

/// `*PASSWORD_REPLACED*`, `*root_token*`: a name in capitals between stars, or what a secret is called.
fn is_starred_constant(v: &[u8]) -> bool {
    let inner = trim_stars(v);
    let stars = v.starts_with(b"*") && v.ends_with(b"*");
    let constant = || inner.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    stars && inner.len() >= STARRED_BYTES_MIN && (constant() || is_called_secret(inner))
}

/// The fewest letters of a name between stars.
const STARRED_BYTES_MIN: usize = 4;

/// What may follow the word inside a label: `:rule-id`, `:rule-id:key:tag`, `-rule-id`; in brackets also what is said of
/// the value, `_token last4=(4641)`.
fn label_tail(tail: &[u8], bracketed: bool) -> bool {
    let signs: &[u8] = if bracketed { b":- _=()" } else { b":- _" };
    let part = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || signs.contains(b);
    matches!(tail[0], b':' | b'-' | b' ' | b'_') && tail.iter().all(part)
}

fn trim_stars(mut v: &[u8]) -> &[u8] {
    while let [b'*', rest @ ..] = v {
        v = rest;
    }
    while let [rest @ .., b'*'] = v {
        v = rest;
    }
    v
}

fn strip_brackets(v: &[u8]) -> &[u8] {
    match v {
        [b'[', inner @ .., b']'] | [b'<', inner @ .., b'>'] | [b'(', inner @ .., b')'] | [b'{', inner @ .., b'}'] => {
            inner
        }
        [b'%', b'5', b'B' | b'b', inner @ .., b'%', b'5', b'D' | b'd'] => inner,
        _ => v,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        is_mask, is_mask_body, is_nothing, is_other_mask, is_partly_shown, is_placeholder, is_reference, is_stand_in,
    };

    #[test]
    fn placeholders_stay() {
        for text in [
            "",
            " ",
            "null",
            "None",
            "(none)",
            "TRUE",
            "********",
            "xxxx",
            "<redacted>",
            "[FILTERED]",
            "REDACTED",
            "[REDACTED:github-pat]",
            "[REDACTED:password:k1:0011223344556677]",
            "REDACTED-url-password",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
            "${VAR}",
            "${VAR:?a password is required}",
            "$VAR",
            "$password",
            "$$password",
            "{{ template }}",
            "${{ steps.x }}",
            "<%= x %>",
            "%(pw)s",
            "YOUR_API_KEY",
            "your-token-here",
            "<password>",
            "{password}",
            "***redacted***",
            "*PASSWORD_REPLACED*",
            "***REMOVED SENSITIVE VALUE***",
            "*********(redacted)",
            "(sensitive value)",
            "[PRIVATE DATA HIDDEN]",
            "SECRET_HERE",
            "API_KEY_HERE",
            "put-your-token-here",
            "<SECRET_001>",
            "<hidden_token last4=(4641)>",
            "[secure]",
            "[CLIPPED FOR GITHUB]",
            "%5BFILTERED%5D",
            "%s",
            "%1$s",
            "%%1842",
            r"\$PASSWORD",
            " + password + ",
            "      . $this->_config[",
            "$Token.Content",
            "$Tokens[$Index",
            "@p0",
            "*password*",
            "*root_token*",
            "[key]",
            "root:xxxx",
            "ab***YZ",
            "1a2***",
            "****-****-****-****",
            "****-*****-*****",
            "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
            "@keychain:$AC_PASSWORD",
        ] {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn values_do_not() {
        for text in [
            "hunter2",
            "[REDACTED:x]realsecret",
            "********tail",
            "*Hunter2*",
            "*PASS",
            "*hunter*",
            "[hunter]",
            "password",
            "root:xxxx2",
            "****-****-hunter",
            "xxx-yyy",
            "a b:xxxx",
            "@keychain:hunter2",
            "$ecret1",
            "changeme",
            "admin",
            "redacted1!",
            "${VAR:-hunter2}",
            "$2b$12$abcdefghij",
            "<password>x",
            "xxxxy",
            "REDACTED:Hunter2",
            "secure",
            "****(hunter2)",
            "(secure)x",
            "[secure for hunter2]",
            "%s3cret",
            "***my hunter***",
            "%%hunter2",
            "$(echo \"hunter2\")",
            "$ecret.x1",
            "+ hunter2",
            r"\$ecret1",
        ] {
            assert!(!is_placeholder(text.as_bytes()), "{text}");
        }
        assert!(!is_mask(b"hunter2"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

        /// What the look at the first byte turns away is none of the forms.
        #[test]
        fn the_first_byte_turns_nothing_away(
            text in "[ -~]{0,6}|.{1,8}|(NULL|nil|True|N/A|REDACTED|Secret Removed|elided|your_|Your-|MY_SECRET_|insert_your_|x|X|y|0|1)[a-z_:-]{0,6}|[xXy*]{1,5}"
        ) {
            let v = text.as_bytes().trim_ascii();
            let shown = is_partly_shown(v);
            let any = v.is_empty() || is_nothing(v) || is_mask_body(v) || is_reference(v) || is_stand_in(v) || shown;
            prop_assert_eq!(is_placeholder(text.as_bytes()), any, "{}", text);
            prop_assert!(v.is_empty() || is_mask(v) == is_mask_body(v));
            let mask = is_mask(text.as_bytes());
            prop_assert_eq!(is_placeholder(text.as_bytes()) || mask, any || is_other_mask(text.as_bytes()), "{}", text);
        }
    }
}
