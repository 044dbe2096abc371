//! Examples as rules carry them: templates, so that no real-looking secret is ever committed.
//!
//! `<<CLASS N>>` stands for N characters of a class, `<<>>` for nothing (it splits a prefix that a
//! hosting site's push protection might know). The characters are drawn from a fixed seed.

const ALNUM: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

fn alphabet(class: &str) -> Option<String> {
    let lower = &ALNUM[..26];
    let upper = &ALNUM[26..52];
    let digit = &ALNUM[52..];
    Some(match class {
        "alnum" => ALNUM.to_owned(),
        "lower" => lower.to_owned(),
        "upper" => upper.to_owned(),
        "digit" => digit.to_owned(),
        "hex" => "0123456789abcdef".to_owned(),
        "HEX" => "0123456789ABCDEF".to_owned(),
        "lowalnum" => format!("{lower}{digit}"),
        "upalnum" => format!("{upper}{digit}"),
        "b64" => format!("{ALNUM}+/"),
        "base32" => format!("{upper}234567"),
        "b64url" => format!("{ALNUM}_-"),
        "angle" => "<".to_owned(),
        _ => return None,
    })
}

/// The example with its templates filled in; the same text always gives the same line.
///
/// # Errors
/// Names the template that is none.
pub fn expand(example: &str) -> Result<String, String> {
    let mut out = String::with_capacity(example.len() + 64);
    let mut rest = example;
    let mut seed =
        example.bytes().fold(0xCBF2_9CE4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
    while let Some((before, after)) = rest.split_once("<<") {
        out.push_str(before);
        let (template, tail) = after.split_once(">>").ok_or("`<<` without `>>`")?;
        if !template.is_empty() {
            fill(template, &mut seed, &mut out)?;
        }
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn fill(template: &str, seed: &mut u64, out: &mut String) -> Result<(), String> {
    let parsed = template.split_once(' ').and_then(|(class, n)| Some((alphabet(class)?, n.parse::<usize>().ok()?)));
    let Some((letters, n)) = parsed.filter(|(_, n)| *n <= 4096) else {
        return Err(format!("`<<{template}>>` is no template; write <<alnum 36>>"));
    };
    for _ in 0..n {
        // SplitMix64
        *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = *seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let pick = ((z ^ (z >> 31)) % letters.len() as u64) as usize;
        out.push(char::from(letters.as_bytes()[pick]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn templates() {
        let line = expand("a gh<<>>p_<<alnum 36>> b").unwrap();
        assert!(line.starts_with("a ghp_") && line.ends_with(" b") && line.len() == 6 + 36 + 2);
        assert_eq!(line, expand("a gh<<>>p_<<alnum 36>> b").unwrap());
        assert!(expand("<<alnum>>").is_err());
        assert!(expand("<<runes 3>>").is_err());
        assert!(expand("<<").is_err());
    }
}
