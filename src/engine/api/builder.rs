//! A choice of rules and masks -> a redactor.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use crate::engine::detect::allowlist::Allowed;
use crate::engine::detect::ruleset::RuleSet;
use crate::engine::known::rule::{KNOWN, rule as known};
use crate::engine::mask::policy::Masks;
use crate::engine::notation::form::Forms;
use crate::engine::prefilter::Variant;
use crate::engine::redactor::Redactor;
#[cfg(any(debug_assertions, feature = "switches"))]
use crate::engine::shortcuts::Shortcut;
use crate::engine::shortcuts::Shortcuts;
use crate::rules::allow::Allow;
use crate::rules::error::RuleError;
use crate::rules::hash_key::HashKey;
use crate::rules::judge::likelihood::Likelihood;
use crate::rules::mask::Mask;
use crate::rules::pack;
use crate::rules::rule::{Family, Rule, RuleId};

/// The rules compiled by the build.
static BUILTIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/builtin.pack"));
/// The notations that are data, whatever the rules.
static NOTATIONS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/notations.pack"));

/// Chooses rules and masks. Names of rules and families that do not exist are errors, never passed
/// over.
///
/// ```
/// use logveil::{Mask, Redactor};
///
/// # fn main() -> Result<(), logveil::RuleError> {
/// let redactor = Redactor::builder()
///     .except(["place"])
///     .mask(Mask::Stars)
///     .mask_for("card", Mask::Keep { first: 6, last: 4 })
///     .build()?;
/// assert_eq!(&redactor.redact(b"card 4111 1111 1111 1111")[..], b"card 411111******1111");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Builder {
    without_builtin: bool,
    packs: Vec<(String, Bytes)>,
    own: Vec<Rule>,
    only: Vec<String>,
    except: Vec<String>,
    with: Vec<String>,
    masks_for: Vec<(String, Mask)>,
    masks: Masks,
    gate: Option<String>,
    allow: Vec<Allow>,
    least: Likelihood,
    least_for: Vec<(String, Likelihood)>,
    shortcuts: Shortcuts,
}

impl Redactor {
    /// The built-in rules with their default masks.
    pub fn builtin() -> Redactor {
        static BUILTIN: OnceLock<Redactor> = OnceLock::new();
        BUILTIN
            .get_or_init(|| {
                Builder::default().build().expect("the built-in pack is checked by the build and its tests")
            })
            .clone()
    }

    /// A choice of rules and masks.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Leaves out the built-in rules.
    pub fn without_builtin(mut self) -> Self {
        self.without_builtin = true;
        self
    }

    /// Adds compiled rules; `name` is for errors.
    pub fn pack(mut self, name: &str, bytes: impl Into<Bytes>) -> Self {
        self.packs.push((name.to_owned(), bytes.into()));
        self
    }

    /// Adds rules from text; `name` is for errors.
    ///
    /// # Errors
    /// The first rule that is refused, with line and reason.
    #[cfg(feature = "compile")]
    pub fn rules_toml(mut self, name: &str, text: &str) -> Result<Self, RuleError> {
        self.own.extend(crate::rules::compile::file(name, text)?);
        Ok(self)
    }

    /// Only these rules or families.
    pub fn only<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.only.extend(names.into_iter().map(Into::into));
        self
    }

    /// Not these rules or families.
    pub fn except<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.except.extend(names.into_iter().map(Into::into));
        self
    }

    /// Also these families, which are off by default (`person`).
    pub fn with<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.with.extend(names.into_iter().map(Into::into));
        self
    }

    /// The mask of every rule that has none of its own.
    pub fn mask(mut self, mask: Mask) -> Self {
        self.masks.default = mask;
        self
    }

    /// The mask of one rule or family.
    pub fn mask_for(mut self, name: &str, mask: Mask) -> Self {
        self.masks_for.push((name.to_owned(), mask));
        self
    }

    /// The key of hash masks.
    pub fn hash_key(mut self, key: HashKey) -> Self {
        self.masks.key = Some(key);
        self
    }

    /// Spares sample words such as `changeme` where a password would be masked.
    pub fn keep_samples(mut self, yes: bool) -> Self {
        self.masks.keep_samples = yes;
        self
    }

    /// Masks a bare JSON number as 0 instead of a string.
    pub fn number_zero(mut self, yes: bool) -> Self {
        self.masks.number_zero = yes;
        self
    }

    /// How likely a value must be a secret to be masked, where that is weighed.
    pub fn min_likelihood(mut self, least: Likelihood) -> Self {
        self.least = least;
        self
    }

    /// The same for one rule or family.
    pub fn min_likelihood_for(mut self, name: &str, least: Likelihood) -> Self {
        self.least_for.push((name.to_owned(), least));
        self
    }

    /// Adds an entry to the allow-list: values that stay although a rule finds them, and are counted.
    ///
    /// A value stays as a whole or not at all: what another rule finds inside it is masked, and so is
    /// a value of which only a part is allowed. Key blocks, what could not be judged, and values over
    /// 64 KiB never stay.
    pub fn allow(mut self, entry: Allow) -> Self {
        self.allow.push(entry);
        self
    }

    /// Adds the `[[allow]]` of a text to the allow-list; `name` is for errors.
    ///
    /// # Errors
    /// The first entry that is refused, with line and reason.
    #[cfg(feature = "compile")]
    pub fn allow_toml(mut self, name: &str, text: &str) -> Result<Self, RuleError> {
        self.allow.extend(crate::rules::compile::allow::allow_file(name, text, false)?);
        Ok(self)
    }

    /// Forces a variant of the prefilter (`portable`, `avx2`, ...); all find the same. Without it the
    /// environment's `LOGVEIL_GATE` does, else the best the processor has is taken.
    pub fn gate(mut self, name: &str) -> Self {
        self.gate = Some(name.to_owned());
        self
    }

    /// Tells `observer` of every finding: its rule, none where none judged it, its bytes and those that a hash
    /// is of, just before the one call that sends its mask.
    #[cfg(feature = "cli")]
    pub(crate) fn observer(mut self, observer: impl Fn(Option<RuleId>, &[u8], &[u8]) + Send + Sync + 'static) -> Self {
        self.masks.observer = Some(crate::engine::mask::policy::Observer(Arc::new(observer)));
        self
    }

    /// Answers without a way that is faster and must answer the same: for tests and benches.
    #[cfg(any(debug_assertions, feature = "switches"))]
    #[doc(hidden)]
    pub fn without_shortcut(mut self, shortcut: Shortcut) -> Self {
        self.shortcuts.switch_off(shortcut);
        self
    }

    /// Puts it all together. Rules from text are tried on their own examples.
    ///
    /// # Errors
    /// A pack that is damaged, a name that does not exist, a rule whose examples do not hold, a
    /// hash mask without a key, a prefilter this processor does not have.
    pub fn build(mut self) -> Result<Redactor, RuleError> {
        let (mut rules, mut plan) = (Vec::new(), None);
        if !self.without_builtin {
            let (builtin, bytes) = pack::decode_linked(&Bytes::from_static(BUILTIN))?;
            rules = builtin;
            plan = Some(bytes);
        }
        rules.insert(KNOWN.index(), known());
        let builtin = rules.len();
        for (name, bytes) in &self.packs {
            let (more, _) = pack::decode(bytes).map_err(|e| e.in_file(name))?;
            if more.iter().flat_map(Rule::automata).any(|a| !a.check()) {
                return Err(RuleError::new("the pack holds an automaton this version cannot load; compile it again")
                    .in_file(name));
            }
            rules.extend(more);
        }
        let first_own = rules.len();
        rules.append(&mut self.own);
        if rules.len() > usize::from(u16::MAX) / 2 {
            return Err(RuleError::new("more than 32 767 rules"));
        }
        twice(&rules)?;
        if rules.len() != first_own || !self.packs.is_empty() {
            plan = None; // the plan in the pack is for its own words
        }
        #[cfg(any(debug_assertions, feature = "switches"))]
        rules.iter_mut().for_each(|rule| rule.accelerate(self.shortcuts.take(Shortcut::AcceleratedRuns)));
        let on = self.choose(&rules)?;
        self.place_masks(&rules)?;
        let variant = self.variant()?;
        let allowed = Allowed::new(&self.allow, &rules)?;
        let forms = Forms::new(pack::decode_forms(&Bytes::from_static(NOTATIONS)));
        let likelihoods = self.likelihoods(&rules)?;
        let set = RuleSet {
            likelihoods,
            least: self.least,
            allowed,
            forms,
            builtin,
            ..RuleSet::new(rules, on, self.masks, plan.as_deref(), variant, self.shortcuts)
        };
        let redactor = Redactor { set: Arc::new(set), known: None };
        #[cfg(feature = "compile")]
        crate::engine::api::explain::examples_hold(&redactor, first_own)?;
        Ok(redactor)
    }

    fn variant(&self) -> Result<Variant, RuleError> {
        let forced = self.gate.clone().or_else(|| std::env::var("LOGVEIL_GATE").ok().filter(|name| !name.is_empty()));
        match &forced {
            None => Ok(Variant::detect()),
            Some(name) => Variant::from_name(name).ok_or_else(|| {
                let has = Variant::available().into_iter().map(Variant::name).collect::<Vec<_>>().join(", ");
                RuleError::new(format!("gate `{name}` does not exist or is not for this processor, which has {has}"))
            }),
        }
    }

    fn choose(&self, rules: &[Rule]) -> Result<Vec<bool>, RuleError> {
        let known: BTreeSet<&str> = rules.iter().map(|r| r.id.as_str()).chain(Family::ALL.map(Family::name)).collect();
        if let Some(name) = self.only.iter().chain(&self.except).chain(&self.with).find(|n| !known.contains(n.as_str()))
        {
            return Err(unknown(name));
        }
        let named = |list: &[String], r: &Rule| list.iter().any(|n| *n == r.id || *n == r.family.name());
        Ok(rules
            .iter()
            .map(|r| {
                // Whoever gives values wants them masked, whatever else is chosen.
                let base = if self.only.is_empty() || r.family == Family::Known {
                    r.family.on_by_default() || named(&self.with, r)
                } else {
                    named(&self.only, r) || named(&self.with, r)
                };
                base && !named(&self.except, r)
            })
            .collect())
    }

    /// By rule, those that are chosen for it, or else for its family.
    fn likelihoods(&self, rules: &[Rule]) -> Result<FxHashMap<RuleId, Likelihood>, RuleError> {
        let mut chosen = FxHashMap::default();
        for families in [true, false] {
            for (name, least) in &self.least_for {
                let family = Family::from_name(name);
                let is = |r: &Rule| if families { Some(r.family) == family } else { family.is_none() && r.id == *name };
                let of = rules.iter().enumerate().filter(|(_, r)| is(r));
                chosen.extend(of.map(|(i, _)| (RuleId(i as u16), *least)));
                if family.is_none() && !rules.iter().any(|r| r.id == *name) {
                    return Err(unknown(name));
                }
            }
        }
        Ok(chosen)
    }

    fn place_masks(&mut self, rules: &[Rule]) -> Result<(), RuleError> {
        for (name, mask) in std::mem::take(&mut self.masks_for) {
            match Family::from_name(&name) {
                Some(family) => _ = self.masks.by_family.insert(family, mask),
                None if rules.iter().any(|r| r.id == name) => _ = self.masks.by_rule.insert(name, mask),
                None => return Err(unknown(&name)),
            }
        }
        let hash = rules.iter().any(|r| *self.masks.of(r) == Mask::Hash);
        if hash && self.masks.key.is_none() {
            return Err(RuleError::new("the hash mask needs a key, from a file or the environment"));
        }
        Ok(())
    }
}

fn unknown(name: &str) -> RuleError {
    RuleError::new(format!("`{name}` is neither a rule nor a family; `logveil rules list` shows both"))
}

fn twice(rules: &[Rule]) -> Result<(), RuleError> {
    let mut seen = BTreeSet::new();
    match rules.iter().find(|r| !seen.insert(r.id.as_str())) {
        Some(rule) => Err(RuleError::new("there are two rules of this id").in_rule(&rule.id)),
        None => Ok(()),
    }
}
