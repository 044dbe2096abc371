//! Made-up text that a syntax tree matches: the same for the same tree and seed.

use regex_syntax::hir::{ClassBytes, Hir, HirKind, Literal};

use super::regex::bytes_of;

/// The most times that something without a bound is repeated beyond what is asked.
const MORE_MAX: u32 = 4;

/// Draws text.
pub struct Sample {
    seed: u64,
    pub text: Vec<u8>,
}

impl Sample {
    /// With nothing drawn yet.
    pub fn new(seed: u64) -> Sample {
        Sample { seed, text: Vec::new() }
    }

    /// Adds text that the tree matches.
    pub fn add(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(Literal(bytes)) => self.text.extend_from_slice(bytes),
            HirKind::Class(class) => {
                let letters = bytes_of(class).map(|class| letters(&class)).unwrap_or_default();
                if !letters.is_empty() {
                    let letter = letters[self.draw(letters.len())];
                    self.text.push(letter);
                }
            }
            HirKind::Repetition(r) => {
                let most = r.max.unwrap_or(u32::MAX).min(r.min.saturating_add(MORE_MAX));
                let n = r.min + self.draw((most - r.min + 1) as usize) as u32;
                (0..n).for_each(|_| self.add(&r.sub));
            }
            HirKind::Capture(c) => self.add(&c.sub),
            HirKind::Concat(subs) => subs.iter().for_each(|sub| self.add(sub)),
            HirKind::Alternation(subs) => {
                let one = self.draw(subs.len());
                self.add(&subs[one]);
            }
        }
    }

    /// A number below `n`.
    fn draw(&mut self, n: usize) -> usize {
        // SplitMix64
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}

/// What of a class is drawn: letters and digits if it has any, else what can be seen, else all.
fn letters(class: &ClassBytes) -> Vec<u8> {
    let all: Vec<u8> = class.ranges().iter().flat_map(|r| r.start()..=r.end()).collect();
    let of = |keep: fn(&u8) -> bool| all.iter().copied().filter(keep).collect::<Vec<u8>>();
    [of(u8::is_ascii_alphanumeric), of(u8::is_ascii_graphic), of(|b| *b == b' ')]
        .into_iter()
        .find(|some| !some.is_empty())
        .unwrap_or_else(|| all.clone())
}

#[cfg(test)]
mod tests {
    use super::Sample;

    #[test]
    fn what_is_drawn_matches_and_is_the_same_again() {
        for regex in ["a[0-9]{3}(?:x|yy)?", r"gh[pousr]_[0-9a-zA-Z]{36}\b", r"\s+[^\x00-\x7e]", "(?i)key.{2,}"] {
            let hir = super::super::regex::parse(regex).unwrap();
            for seed in 0..20 {
                let draw = || {
                    let mut sample = Sample::new(seed);
                    sample.add(&hir);
                    sample.text
                };
                let whole = regex_automata::dfa::dense::Builder::new()
                    .syntax(regex_automata::util::syntax::Config::new().unicode(false).utf8(false))
                    .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
                    .build(&format!("^(?:{regex})$"))
                    .unwrap();
                let text = draw();
                let input = regex_automata::Input::new(&text[..]).anchored(regex_automata::Anchored::Yes);
                let end = regex_automata::dfa::Automaton::try_search_fwd(&whole, &input).unwrap();
                assert!(end.is_some(), "{regex}: {:?}", String::from_utf8_lossy(&text));
                assert_eq!(draw(), text);
            }
        }
    }
}
