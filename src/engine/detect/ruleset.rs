//! The rules that are on, and the tables that lead from a candidate of the prefilter to them.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::engine::detect::allowlist::Allowed;
use crate::engine::keys::Keys;
use crate::engine::mask::emit::Masking;
use crate::engine::mask::policy::{Masks, Prerendered};
use crate::engine::notation::form::Forms;
use crate::engine::prefilter::{Prefilter, Variant};
use crate::engine::shortcuts::Shortcuts;
use crate::rules::judge::likelihood::Likelihood;
use crate::rules::plan::{Literal, Plan};
use crate::rules::rule::{Kind, Rule, RuleId, is_escape, prefilter_literals};

/// A rule with an automaton at one of its literals.
#[derive(Debug, Clone)]
pub(crate) struct ShapeAt {
    pub(crate) rule: RuleId,
    /// Bytes the literal has.
    pub(crate) bytes: usize,
    /// Whether the rule has longer ones.
    pub(crate) longer: bool,
}

/// What a word of the prefilter leads to.
#[derive(Debug, Default, Clone)]
pub(crate) struct Target {
    /// Some key contains the word.
    pub(crate) key: bool,
    /// Keys and shapes alone lead from it.
    pub(crate) simple: bool,
    /// The word begins an escaped letter, which a key may contain.
    pub(crate) escape: bool,
    /// Rules with an automaton at the word.
    pub(crate) shapes: Vec<ShapeAt>,
    /// Blocks whose header begins with the word.
    pub(crate) blocks: Vec<RuleId>,
}

impl Target {
    /// Whether keys alone lead from the word.
    pub(crate) fn key_alone(&self) -> bool {
        self.key && self.simple && self.shapes.is_empty()
    }
}

/// Immutable; shared by every redactor cloned from one.
pub(crate) struct RuleSet {
    pub(crate) rules: Vec<Rule>,
    pub(crate) on: Vec<bool>,
    pub(crate) masks: Masks,
    /// Its masks that are ready.
    pub(crate) prerendered: Prerendered,
    /// Every mask is a label.
    pub(crate) labels_only: bool,
    pub(crate) prefilter: Prefilter,
    pub(crate) shortcuts: Shortcuts,
    /// By index of the prefilter's words.
    pub(crate) targets: Vec<Target>,
    pub(crate) keys: Keys,
    /// How many of the rules, the first ones, are built in: what a user's own rule finds is not weighed.
    pub(crate) builtin: usize,
    /// Notations that are data.
    pub(crate) forms: Forms,
    pub(crate) card: Option<RuleId>,
    pub(crate) userinfo: Option<RuleId>,
    pub(crate) scans: Vec<RuleId>,
    /// How likely a secret must be that a rule's values are masked, where it is not the default.
    pub(crate) likelihoods: FxHashMap<RuleId, Likelihood>,
    pub(crate) least: Likelihood,
    /// What the user allows to stay.
    pub(crate) allowed: Option<Allowed>,
}

impl RuleSet {
    /// How likely a secret must be that what the rule finds is masked.
    pub(crate) fn likelihood(&self, rule: RuleId) -> Likelihood {
        if self.likelihoods.is_empty() { self.least } else { *self.likelihoods.get(&rule).unwrap_or(&self.least) }
    }

    /// Tables for those of `rules` that `on` names. `plan` belongs to all of them; without one,
    /// or when some are off, a new one is chosen.
    pub(crate) fn new(
        rules: Vec<Rule>,
        on: Vec<bool>,
        masks: Masks,
        plan: Option<&[u8]>,
        variant: Variant,
        shortcuts: Shortcuts,
    ) -> RuleSet {
        let words = prefilter_literals(&rules);
        let plan = plan
            .and_then(|bytes| Plan::decode(bytes, &words))
            .unwrap_or_else(|| Plan::choose_for(&words, variant.looks_up()));
        let is_on = |id: RuleId| on[id.index()];
        let only = |pick: fn(&Kind) -> bool| {
            let on = &on;
            rules.iter().enumerate().filter(move |(i, r)| on[*i] && pick(&r.kind)).map(|(i, _)| RuleId(i as u16))
        };
        let card = only(|k| matches!(k, Kind::Card)).next();
        let userinfo = only(|k| matches!(k, Kind::Userinfo)).next();
        let scans = only(|k| matches!(k, Kind::Scan(_))).collect();
        let targets = targets(&words, &rules, &on);
        let keys = Keys::new(&rules, is_on, shortcuts);
        let labels_only = masks.labels_only(&rules);
        RuleSet {
            prerendered: Prerendered::new(&masks, &rules),
            labels_only,
            shortcuts,
            prefilter: Prefilter::new(words, &plan, variant),
            targets,
            keys,
            builtin: 0,
            likelihoods: FxHashMap::default(),
            least: Likelihood::default(),
            forms: Forms::new(Vec::new()),
            card,
            userinfo,
            scans,
            rules,
            on,
            masks,
            allowed: None,
        }
    }

    /// What masks are written with.
    pub(crate) fn masking(&self) -> Masking<'_> {
        Masking {
            masks: &self.masks,
            prerendered: &self.prerendered,
            rules: &self.rules,
            shortcuts: self.shortcuts,
            known: None,
        }
    }

    /// The rule of that id.
    pub(crate) fn rule(&self, id: RuleId) -> &Rule {
        &self.rules[id.index()]
    }
}

fn targets(words: &[Literal], rules: &[Rule], on: &[bool]) -> Vec<Target> {
    let mut targets = vec![Target::default(); words.len()];
    let places: FxHashMap<(&[u8], bool), usize> =
        words.iter().enumerate().map(|(at, word)| ((&*word.bytes, word.fold), at)).collect();
    for (i, rule) in rules.iter().enumerate().filter(|(i, _)| on[*i]) {
        let (literals, fold) = rule.literals();
        for literal in literals {
            let bytes = if fold { Cow::Owned(literal.to_ascii_lowercase()) } else { Cow::Borrowed(literal) };
            let Some(&at) = places.get(&(bytes.as_bytes(), fold)) else {
                continue;
            };
            let id = RuleId(i as u16);
            match rule.kind {
                Kind::Key(_) => targets[at].key = true,
                Kind::Block(_) => targets[at].blocks.push(id),
                _ => {
                    let bytes = bytes.len();
                    let longer = literals.iter().any(|other| other.len() > bytes);
                    targets[at].shapes.push(ShapeAt { rule: id, bytes, longer });
                }
            }
        }
    }
    let keys = targets.iter().any(|t| t.key);
    for (target, word) in targets.iter_mut().zip(words) {
        target.escape = keys && is_escape(&word.bytes);
    }
    for t in &mut targets {
        t.simple = !t.escape && t.blocks.is_empty();
    }
    targets
}
