//! Is it real? What a match must hold besides its pattern, one check a file.

pub mod base64;
pub mod card;
pub mod crc32;
pub mod entropy;
pub mod filler;
pub mod groupings;
pub mod jwt;
pub mod mod97;
pub mod names;
pub mod placeholder;
pub mod prose;
pub mod public;
pub mod random;
mod reference;
pub mod sentence;
mod shown;
pub mod stand_in;

/// A check that a rule names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Check {
    /// At least this many thousandths of a Shannon bit per byte: whole numbers, so that what only masks links no tables to
    /// read and write fractions.
    Entropy(u16),
    /// The first part is base64 of a JSON object.
    Jwt,
    /// The last six characters are the base-62 CRC-32 of those before, as GitHub and npm do it.
    Crc32Base62,
    /// Holds a digit.
    Digit,
    /// Holds a letter and a digit.
    Mixed,
    /// ISO 7064 mod 97, as IBAN does it.
    Mod97,
    /// Looks random: no word, no identifier, no path.
    Random,
    /// Is no sample word such as `test` or `changeme`.
    NotSample,
    /// Has what words of prose have not: a digit among letters, or a sign.
    Marked,
    /// Is no word that goes on with what is said of a password: `expired`, `policy`.
    NotSaid,
    /// Does not begin with a port, as what socat is given does: `openssl-listen:4444,reuseaddr`.
    NotPort,
    /// Is not the next pair of a list: `expires_in=3600`.
    NotPair,
    /// Stands behind no key that says who acted ([`names::is_who_acted`]); told where the record is at hand.
    NotActor,
}

impl Check {
    /// The check written so in a rule file, `entropy:3.5` for one.
    pub fn parse(text: &str) -> Option<Check> {
        if let Some(bits) = text.strip_prefix("entropy:") {
            return thousandths(bits).filter(|bits| *bits <= 8000).map(Check::Entropy);
        }
        Some(match text {
            "jwt" => Check::Jwt,
            "crc32-base62" => Check::Crc32Base62,
            "digit" => Check::Digit,
            "mixed" => Check::Mixed,
            "mod97" => Check::Mod97,
            "random" => Check::Random,
            "not-sample" => Check::NotSample,
            "marked" => Check::Marked,
            "not-said" => Check::NotSaid,
            "not-port" => Check::NotPort,
            "not-pair" => Check::NotPair,
            "not-actor" => Check::NotActor,
            _ => return None,
        })
    }

    /// As written in a rule file.
    pub fn name(self) -> String {
        match self {
            Check::Entropy(bits) => {
                let written = format!("entropy:{}.{:03}", bits / 1000, bits % 1000);
                written.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            Check::Jwt => "jwt".into(),
            Check::Crc32Base62 => "crc32-base62".into(),
            Check::Digit => "digit".into(),
            Check::Mixed => "mixed".into(),
            Check::Mod97 => "mod97".into(),
            Check::Random => "random".into(),
            Check::NotSample => "not-sample".into(),
            Check::Marked => "marked".into(),
            Check::NotSaid => "not-said".into(),
            Check::NotPort => "not-port".into(),
            Check::NotPair => "not-pair".into(),
            Check::NotActor => "not-actor".into(),
        }
    }

    /// Whether the match passes. `secret` is all of it, `variable` the part behind its literal.
    pub fn holds(self, secret: &[u8], variable: &[u8]) -> bool {
        match self {
            Check::Entropy(bits) => entropy::is_at_least(variable, f32::from(bits) / 1000.0),
            Check::Jwt => jwt::has_header(secret),
            Check::Crc32Base62 => crc32::holds(variable),
            Check::Digit => variable.iter().any(u8::is_ascii_digit),
            Check::Mixed => variable.iter().any(u8::is_ascii_digit) && variable.iter().any(u8::is_ascii_alphabetic),
            Check::Mod97 => mod97::holds(secret),
            Check::Random => random::looks_random(secret),
            Check::NotSample => !prose::is_sample(secret),
            Check::Marked => prose::is_marked(secret),
            Check::NotSaid => !prose::is_said(secret),
            Check::NotPort => !is_port(secret),
            Check::NotPair => !is_pair(secret),
            Check::NotActor => true,
        }
    }
}

/// A number with at most three places behind its point, `3.5`, in thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    if part.len() > 3 || ![whole, part].iter().all(|digits| digits.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let whole: u16 = whole.parse().ok()?;
    whole.checked_mul(1000)?.checked_add(format!("{part:0<3}").parse().ok()?)
}

/// Whether a name in small letters comes first, its sign and a value: what ends base64 has nothing behind it.
fn is_pair(text: &[u8]) -> bool {
    let name = text.iter().take_while(|b| b.is_ascii_lowercase() || **b == b'_').count();
    name > 0 && text.get(name) == Some(&b'=') && text.get(name + 1).is_some_and(|b| *b != b'=')
}

/// Whether a port comes first, and options of a connection behind it.
fn is_port(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    (1..=5).contains(&digits) && matches!(text.get(digits), Some(b',' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::Check;

    #[test]
    fn bits_are_written_as_they_are_read() {
        for (written, bits, again) in [
            ("entropy:3.5", 3500, "entropy:3.5"),
            ("entropy:4.0", 4000, "entropy:4"),
            ("entropy:4", 4000, "entropy:4"),
            ("entropy:3.85", 3850, "entropy:3.85"),
            ("entropy:0.005", 5, "entropy:0.005"),
            ("entropy:8", 8000, "entropy:8"),
        ] {
            let check = Check::parse(written).unwrap();
            assert_eq!((check, check.name().as_str()), (Check::Entropy(bits), again));
        }
        for written in
            ["entropy:", "entropy:8.001", "entropy:.5", "entropy:3.1415", "entropy:-1", "entropy:+1", "entropy:70"]
        {
            assert_eq!(Check::parse(written), None, "{written}");
        }
    }
}
