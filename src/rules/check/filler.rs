//! Tokens that nobody misses: all crosses, or somebody's counting.

/// How long a run of one sign no real token has.
const RUN_MIN: usize = 8;

/// Whether the part of a token behind its literal is an evident mask: all of the signs that masks are made of, or a run of
/// one of them; or somebody's counting, `123123`. `sk_live_AAAAAAAA...` is as good as real: nobody misses it.
pub fn is_filler(variable: &[u8]) -> bool {
    let mask = |b: &u8| matches!(b, b'x' | b'X' | b'y' | b'Y' | b'0' | b'*' | b'.' | b'-' | b'_' | b'#' | b'?' | b' ');
    let counted = || variable.iter().all(|b| matches!(b, b'1'..=b'3'));
    variable.iter().all(mask) || counted() || has_run(variable)
}

fn has_run(variable: &[u8]) -> bool {
    // A run covers the last byte of some stretch of its length.
    let stretches = variable.as_chunks::<RUN_MIN>().0.iter().enumerate();
    let mut last = stretches.map(|(n, stretch)| (n * RUN_MIN + RUN_MIN - 1, stretch[RUN_MIN - 1]));
    last.any(|(at, sign)| matches!(sign, b'x' | b'X' | b'*' | b'.') && run_len(variable, at) >= RUN_MIN)
}

/// How many bytes around `at` are the same, as far as it matters.
#[cold]
fn run_len(variable: &[u8], at: usize) -> usize {
    let same = |b: &&u8| **b == variable[at];
    let before = variable[..at].iter().rev().take(RUN_MIN).take_while(same).count();
    before + variable[at..].iter().take(RUN_MIN).take_while(same).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_filler;

    #[test]
    fn fillers() {
        assert!(is_filler(b"xxxxxxxxxxxxxxxxxxxx"));
        assert!(is_filler(b"00000000-0000-0000-0000"));
        assert!(is_filler(b"12312312312312312312"));
        assert!(!is_filler(b"BBBBBBBBBBBBBBBBBBBB"));
        assert!(!is_filler(b"0a1b2c3d4e5f"));
    }

    /// By definition, byte by byte.
    fn naive_filler(variable: &[u8]) -> bool {
        let mask = variable.iter().all(|b| b"xXyY0*.-_#? ".contains(b));
        let runs = variable.chunk_by(|a, b| a == b).filter(|run| b"xX*.".contains(&run[0]));
        mask || variable.iter().all(|b| b"123".contains(b)) || runs.map(<[u8]>::len).max().unwrap_or(0) >= 8
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

        #[test]
        fn fillers_are_those_by_definition(
            text in prop::collection::vec((prop::sample::select(b"xX*.ayAY19\x01\xC1".to_vec()), 1..12usize), 0..12),
            any in prop::collection::vec(any::<u8>(), 0..4),
        ) {
            let runs = text.iter().flat_map(|(b, n)| std::iter::repeat_n(*b, *n));
            let text: Vec<u8> = runs.chain(any).collect();
            prop_assert_eq!(is_filler(&text), naive_filler(&text));
        }
    }
}
