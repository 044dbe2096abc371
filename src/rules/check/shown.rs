//! Values of which a redactor shows the ends: `ab***YZ`, `hf_AbCd****************`, `MTIzND********.******.*****-***`.

/// The fewest stars between the ends.
const STARS_MIN: usize = 3;
/// The most bytes before so few, and the most behind any.
const END_BYTES_MAX: usize = 4;
/// So many stars no value has, whatever stands before them.
const STARS_EVIDENT: usize = 8;

/// Whether the value has been hidden by somebody but for its ends. What begins with stars is another matter: behind a prompt's
/// echo the value itself may stand, `********hunter2`.
#[inline]
pub fn is_partly_shown(v: &[u8]) -> bool {
    // Most values are told by one byte.
    v.get(v.len() / 2) == Some(&b'*') && has_ends(v)
}

fn has_ends(v: &[u8]) -> bool {
    let shown = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':' | b'+' | b'/' | b'=');
    let head = v.iter().take_while(shown).count();
    let stars = v[head..].iter().take_while(|b| **b == b'*').count();
    let tail = v.iter().rev().take_while(shown).count();
    let joined = |b: &u8| matches!(b, b'*' | b'.' | b'-' | b'_' | b':');
    head > 0
        && stars >= STARS_MIN
        && (head <= END_BYTES_MAX || stars >= STARS_EVIDENT)
        && tail <= END_BYTES_MAX
        && v[head..v.len() - tail].iter().all(joined)
}

#[cfg(test)]
mod tests {
    use super::is_partly_shown;

    #[test]
    fn ends_may_be_shown() {
        for text in [
            "ab***YZ",
            "QWJj**********ZGU=",
            "hf_AbCdEfGhIjKlMn********************",
            "MTIzNDU2Nzg5.Ab-1C_.**************************",
            "MTIzND******************.******.************************-*************",
        ] {
            assert!(is_partly_shown(text.as_bytes()), "{text}");
        }
        for text in [
            "********hunter2",
            "hunter2***",
            "hunter2****9",
            "ab***hunter2",
            "a*b*c***d!e",
            "ab**YZ",
            "********1234",
            "ab***hunter2***HA",
            "hunter2********hunter3",
            "**",
            "",
        ] {
            assert!(!is_partly_shown(text.as_bytes()), "{text}");
        }
    }
}
