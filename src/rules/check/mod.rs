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
    /// At least this many Shannon bits per byte.
    Entropy(f32),
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
            return bits.parse().ok().filter(|b| (0.0..=8.0).contains(b)).map(Check::Entropy);
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
            Check::Entropy(bits) => format!("entropy:{bits}"),
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
            Check::Entropy(bits) => entropy::is_at_least(variable, bits),
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
