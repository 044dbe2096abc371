//! What every binding makes a redactor of: the settings of `logveil.toml` that concern the engine, under the same names.
//!
//! A binding fills [`Options`] from whatever its language has for arguments, or reads them with [`Options::from_toml`].
//!
//! ```
//! let options = logveil_options::Options::from_toml("mask = ['stars', 'card=keep:6,4']\nexcept = ['place']").unwrap();
//! assert_eq!(options.build().unwrap().redact_str("password=hunter2"), "password=*******");
//! ```

use std::collections::BTreeMap;
use std::fmt;

use logveil::{Builder, HashKey, Likelihood, Mask, Redactor, RuleError, Values, Verdict};

/// Which rules, which masks, which values.
#[derive(Clone, Default)]
#[cfg_attr(feature = "toml", derive(serde::Deserialize))]
#[cfg_attr(feature = "toml", serde(rename_all = "kebab-case", deny_unknown_fields, default))]
pub struct Options {
    /// Only these rules or families.
    pub only: Vec<String>,
    /// Not these.
    pub except: Vec<String>,
    /// Also these, which are off by default.
    pub with: Vec<String>,
    /// Masks as the command's `--mask` writes them: `stars`, `card=keep:6,4`.
    pub mask: Vec<String>,
    /// The key of hash masks, at least 16 bytes.
    pub hash_key: Option<String>,
    /// How likely a value must be a secret: `likely`, `token=possible`.
    pub min_likelihood: Vec<String>,
    /// Spares sample words such as `changeme`.
    pub keep_samples: bool,
    /// Masks a bare JSON number as 0.
    pub number_zero: bool,
    /// Rules of one's own: texts of rule files.
    #[cfg(feature = "toml")]
    pub rules: Vec<String>,
    /// Entries of the allow-list.
    #[cfg(feature = "toml")]
    pub allow: Vec<toml::Table>,
    /// The same, as texts of allow files.
    #[cfg(feature = "toml")]
    pub allow_files: Vec<String>,
    /// Values that are known, by a name for messages.
    pub known: BTreeMap<String, String>,
}

/// Why there is no redactor. It names settings, rules and names of values; never a value, nor bytes of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(String);

impl Refused {
    /// A refusal in other words.
    pub fn new(why: impl Into<String>) -> Refused {
        Refused(why.into())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl From<RuleError> for Refused {
    fn from(e: RuleError) -> Refused {
        Refused(e.to_string())
    }
}

impl Options {
    /// Takes them as names and values, a name as often as it has values; a known value is `NAME=VALUE`.
    ///
    /// # Errors
    /// A name that is none, by its name alone.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Options, Refused> {
        let mut options = Options::default();
        for (name, value) in pairs {
            match name {
                "only" => options.only.push(value.to_owned()),
                "except" => options.except.push(value.to_owned()),
                "with" => options.with.push(value.to_owned()),
                "mask" => options.mask.push(value.to_owned()),
                "hash-key" => options.hash_key = Some(value.to_owned()),
                "min-likelihood" => options.min_likelihood.push(value.to_owned()),
                "keep-samples" => options.keep_samples = value == "true",
                "number-zero" => options.number_zero = value == "true",
                "known" => {
                    let (name, value) = value.split_once('=').unwrap_or(("", value));
                    options.known.insert(name.to_owned(), value.to_owned());
                }
                _ => return Err(Refused(format!("there is no option `{name}`"))),
            }
        }
        Ok(options)
    }

    /// Reads them from TOML.
    ///
    /// # Errors
    /// The line and what is wrong with it, without the line itself: it may hold a known value.
    #[cfg(feature = "toml")]
    pub fn from_toml(text: &str) -> Result<Options, Refused> {
        toml::from_str(text).map_err(|e| {
            let line = e.span().map(|span| 1 + text.as_bytes()[..span.start].iter().filter(|b| **b == b'\n').count());
            Refused(match line {
                Some(line) => format!("line {line}: {}", e.message()),
                None => e.message().to_owned(),
            })
        })
    }

    /// The redactor.
    ///
    /// # Errors
    /// A name that is no rule, a mask that is none, a rule or an entry of the allow-list that is refused, a known value
    /// that would eat the log.
    pub fn build(self) -> Result<Redactor, Refused> {
        let mut builder = Redactor::builder().only(self.only).except(self.except).with(self.with);
        builder = builder.keep_samples(self.keep_samples).number_zero(self.number_zero);
        for written in &self.mask {
            builder = mask(builder, written)?;
        }
        if let Some(key) = &self.hash_key {
            builder = builder.hash_key(HashKey::new(key.as_bytes()).map_err(Refused)?);
        }
        for written in &self.min_likelihood {
            builder = likelihood(builder, written)?;
        }
        #[cfg(feature = "toml")]
        {
            for text in &self.rules {
                builder = builder.rules_toml("rules", text)?;
            }
            for text in self.allow_files.into_iter().chain(tables(self.allow)?) {
                builder = builder.allow_toml("allow", &text)?;
            }
        }
        let redactor = builder.build()?;
        if self.known.is_empty() {
            return Ok(redactor);
        }
        Ok(redactor.with_values(values(self.known)?))
    }
}

/// `stars`, or `card=keep:6,4`.
fn mask(builder: Builder, written: &str) -> Result<Builder, Refused> {
    let (name, mask) = match written.split_once('=').filter(|(name, _)| !name.contains(':')) {
        Some((name, mask)) => (Some(name), mask),
        None => (None, written),
    };
    let mask = Mask::parse(mask).map_err(Refused)?;
    Ok(match name {
        Some(name) => builder.mask_for(name, mask),
        None => builder.mask(mask),
    })
}

/// `likely`, or `token=likely`.
fn likelihood(builder: Builder, written: &str) -> Result<Builder, Refused> {
    let (name, least) = written.rsplit_once('=').map_or((None, written), |(name, least)| (Some(name), least));
    let least = Likelihood::parse(least).ok_or_else(|| {
        let all = Likelihood::ALL.map(Likelihood::name).join(", ");
        Refused(format!("min-likelihood `{least}`: one of {all}, alone or behind NAME="))
    })?;
    Ok(match name {
        Some(name) => builder.min_likelihood_for(name, least),
        None => builder.min_likelihood(least),
    })
}

/// Tables that stand in the options, as the text of an allow file.
#[cfg(feature = "toml")]
fn tables(allow: Vec<toml::Table>) -> Result<Option<String>, Refused> {
    if allow.is_empty() {
        return Ok(None);
    }
    let file = toml::Table::from_iter([("allow".to_owned(), allow.into())]);
    toml::to_string(&file).map(Some).map_err(|_| Refused::new("allow: cannot be written down"))
}

/// All of them, or the name of the first that is none: a value that is passed over in silence would leave.
fn values(known: BTreeMap<String, String>) -> Result<Values, Refused> {
    let mut values = Values::builder();
    for (name, value) in known {
        let verdict = values.add(value);
        if !matches!(verdict, Verdict::Taken | Verdict::Doubled) {
            return Err(Refused(format!("known value `{name}` is refused: {}", verdict.reason())));
        }
    }
    Ok(values.build())
}

#[cfg(all(test, feature = "toml"))]
mod tests {
    use super::Options;

    fn refused(toml: &str) -> String {
        Options::from_toml(toml).and_then(Options::build).unwrap_err().to_string()
    }

    #[test]
    fn every_option_reaches_the_redactor() {
        let text = "only = ['key', 'known']\nmask = ['label', 'key=hash']\nhash-key = 'only for tests, 32 bytes'\n\
                    min-likelihood = ['token=likely']\nkeep-samples = true\nnumber-zero = true\n\
                    known = { DB = 'tr0ub4dor&3' }\n[[allow]]\nname = 'canary'\nvalues = ['hunter2']";
        let redactor = Options::from_toml(text).unwrap().build().unwrap();
        assert_eq!(redactor.redact_str("password=hunter2"), "password=hunter2");
        assert!(redactor.redact_str("password=hunter23").starts_with("password=[REDACTED:password:"));
        assert!(redactor.redact_str("q=tr0ub4dor%263").starts_with("q=[REDACTED:known-value"));
        assert_eq!(redactor.redact_str("password=changeme"), "password=changeme");
    }

    #[test]
    fn pairs_are_the_same_options() {
        let pairs = [("mask", "stars"), ("mask", "card=keep:6,4"), ("known", "DB=tr0ub=4dor&3"), ("except", "place")];
        let redactor = Options::from_pairs(pairs).unwrap().build().unwrap();
        assert_eq!(redactor.redact_str("password=hunter2 q=tr0ub%3D4dor%263"), "password=******* q=****************");
        assert!(Options::from_pairs([("masks", "q8Zr1Lw0")]).is_err_and(|e| !e.to_string().contains("q8Z")));
    }

    #[test]
    fn what_is_wrong_is_said_without_a_value() {
        assert!(refused("only = ['nobody']").contains("`nobody`"));
        assert!(refused("mask = ['sters']").contains("`sters` is no mask"));
        assert!(refused("mask = ['hash']").contains("key"));
        assert!(refused("min-likelihood = ['maybe']").contains("one of possible"));
        assert!(refused("\n\nrules_ = []").starts_with("line 3: unknown field"));
        assert!(refused("rules = ['family = \"x\"']").starts_with("rules"));
        let said = refused("known = { SHORT = 'q8Z' }");
        assert!(said.contains("`SHORT`") && said.contains("too short") && !said.contains("q8Z"), "{said}");
        let said = refused("known = { A = 'q8Zr1Lw0', A = 'mXv93TbN' }");
        assert!(!said.contains("q8Z") && !said.contains("mXv"), "{said}");
    }
}
