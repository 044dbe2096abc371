//! ISO 7064 MOD 97-10, the check digits of an IBAN (ISO 13616).

/// Whether an IBAN, blanks allowed, has the right check digits.
pub fn holds(iban: &[u8]) -> bool {
    let chars: Vec<u8> = iban.iter().copied().filter(|b| *b != b' ').collect();
    if !(15..=34).contains(&chars.len()) {
        return false;
    }
    let mut rest = 0u32;
    for &c in chars[4..].iter().chain(&chars[..4]) {
        rest = match c {
            b'0'..=b'9' => (rest * 10 + u32::from(c - b'0')) % 97,
            b'A'..=b'Z' => (rest * 100 + u32::from(c - b'A') + 10) % 97,
            b'a'..=b'z' => (rest * 100 + u32::from(c - b'a') + 10) % 97,
            _ => return false,
        };
    }
    rest == 1
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn the_standards_example_holds() {
        assert!(holds(b"GB82 WEST 1234 5698 7654 32"));
        assert!(!holds(b"GB82 WEST 1234 5698 7654 33"));
        assert!(!holds(b"GB82"));
    }
}
