//! How likely a value must be a secret to be masked, as Google's DLP has it.

/// How much must speak for what is weighed: keys' values that no shape tells, prose, bare numbers. Shapes, and a
/// password behind its own key, are masked whichever is chosen.
///
/// ```
/// use logveil::{Likelihood, Redactor};
///
/// # fn main() -> Result<(), logveil::RuleError> {
/// let redactor = Redactor::builder().min_likelihood(Likelihood::VeryLikely).build()?;
/// assert_eq!(&redactor.redact(b"token: expired")[..], b"token: expired");
/// assert_eq!(Likelihood::parse("possible"), Some(Likelihood::Possible));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Likelihood {
    /// Masks what the rules find unless 3 bits more speak against it, and 1 bit less is enough for what they miss.
    Possible,
    /// The judge's own thresholds, which `tools/judge/REPORT.md` shows.
    #[default]
    Likely,
    /// Lets go what 3 bits less speak against, and adds only what 3 bits more speak for.
    VeryLikely,
}

impl Likelihood {
    /// All of them, the one that masks most first.
    pub const ALL: [Likelihood; 3] = [Likelihood::Possible, Likelihood::Likely, Likelihood::VeryLikely];

    /// Its name, as in an option.
    pub fn name(self) -> &'static str {
        match self {
            Likelihood::Possible => "possible",
            Likelihood::Likely => "likely",
            Likelihood::VeryLikely => "very-likely",
        }
    }

    /// The likelihood of this name.
    pub fn parse(name: &str) -> Option<Likelihood> {
        Likelihood::ALL.into_iter().find(|l| l.name() == name)
    }

    /// By how many hundredths of a bit the threshold moves below which what the rules find stays.
    pub(crate) fn lets_go(self) -> i32 {
        [-300, 0, 300][self as usize]
    }

    /// By how many that moves from which on what they miss is masked.
    pub(crate) fn takes(self) -> i32 {
        [-100, 0, 300][self as usize]
    }
}
