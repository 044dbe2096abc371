//! Which mask stands for which rule, and what counts as masked already.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::rules::check::{placeholder, prose};
use crate::rules::hash_key::HashKey;
use crate::rules::mask::{Mask, Notation};
use crate::rules::rule::{Family, Rule, RuleId};

/// The choice of masks: per rule, else per family, else the rule's own, else the default.
#[derive(Debug, Clone)]
pub(crate) struct Masks {
    pub(crate) default: Mask,
    pub(crate) by_family: HashMap<Family, Mask>,
    pub(crate) by_rule: HashMap<String, Mask>,
    pub(crate) key: Option<HashKey>,
    /// A bare JSON number becomes 0 instead of a string.
    pub(crate) number_zero: bool,
    /// Sample words such as `changeme` stay.
    pub(crate) keep_samples: bool,
    /// Told of every finding before its mask leaves.
    pub(crate) observer: Option<Observer>,
}

/// The masks that are the same for every secret of their rule, written out one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Prerendered {
    all: Vec<u8>,
    /// By rule, where its text ends; nothing is written for a rule whose masks differ.
    ends: Vec<u32>,
}

impl Prerendered {
    /// Those of the rules, in their order.
    pub(crate) fn new(masks: &Masks, rules: &[Rule]) -> Prerendered {
        let mut texts = Prerendered { all: Vec::new(), ends: Vec::with_capacity(rules.len()) };
        for rule in rules {
            if matches!(masks.of(rule), Mask::Label | Mask::Text(_)) {
                masks.render(rule, b"", Notation::Text, &mut texts.all);
            }
            texts.ends.push(texts.all.len() as u32);
        }
        texts
    }

    /// The rule's mask wherever it needs no quotes and may have brackets, if it has one text.
    pub(crate) fn of(&self, rule: RuleId) -> Option<&[u8]> {
        let start = rule.index().checked_sub(1).map_or(0, |before| self.ends[before]);
        let text = &self.all[start as usize..self.ends[rule.index()] as usize];
        (!text.is_empty()).then_some(text)
    }
}

/// What is told a finding's rule and bytes just before the one call that sends its mask.
#[derive(Clone)]
pub(crate) struct Observer(pub(crate) Arc<Observe>);

/// What is called with a finding's rule, none where none judged it, its bytes, and those that a hash of it is of.
pub(crate) type Observe = dyn Fn(Option<RuleId>, &[u8], &[u8]) + Send + Sync;

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

impl Default for Masks {
    fn default() -> Self {
        Masks {
            default: Mask::Label,
            by_family: HashMap::new(),
            by_rule: HashMap::new(),
            key: None,
            number_zero: false,
            keep_samples: false,
            observer: None,
        }
    }
}

impl Masks {
    /// The mask of a rule.
    pub(crate) fn of<'a>(&'a self, rule: &'a Rule) -> &'a Mask {
        self.by_rule
            .get(&rule.id)
            .or_else(|| self.by_family.get(&rule.family))
            .or(rule.mask.as_ref())
            .unwrap_or(&self.default)
    }

    /// Whether all of the rules get labels, which no rule takes for a part of a secret.
    pub(crate) fn labels_only(&self, rules: &[Rule]) -> bool {
        !self.number_zero && rules.iter().all(|rule| *self.of(rule) == Mask::Label)
    }

    /// Appends the mask for `secret`, found by `rule`, written as `notation`.
    pub(crate) fn render(&self, rule: &Rule, secret: &[u8], notation: Notation, out: &mut Vec<u8>) {
        if self.number_zero && matches!(notation, Notation::Number(_)) {
            out.push(b'0');
            return;
        }
        self.of(rule).render(&rule.id, rule.family, secret, notation, self.key.as_ref(), out);
    }

    /// Whether the whole value needs no mask: it is one already, or stands for nothing.
    #[inline]
    pub(crate) fn spares(&self, value: &[u8]) -> bool {
        // Most values begin and end with what neither a placeholder nor what such masks leave does.
        let marks = matches!(self.default, Mask::Label | Mask::Stars | Mask::Hash | Mask::Remove);
        let common = marks && self.by_family.is_empty() && self.by_rule.is_empty() && !self.keep_samples;
        (placeholder::may_be(value) || !common) && self.spares_any(value)
    }

    fn spares_any(&self, value: &[u8]) -> bool {
        placeholder::is_placeholder(value) || self.left_besides(value) || (self.keep_samples && prose::is_sample(value))
    }

    /// Whether a value that is no placeholder is what a mask leaves.
    fn left_besides(&self, value: &[u8]) -> bool {
        self.default.left_besides(value)
            || !self.by_family.is_empty() && self.by_family.values().any(|m| m.left_besides(value))
            || !self.by_rule.is_empty() && self.by_rule.values().any(|m| m.left_besides(value))
    }
}

#[cfg(test)]
mod tests {
    use super::{Mask, Masks};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        /// What the look at the first byte lets go is spared the long way, under any mask.
        #[test]
        fn the_first_byte_lets_nothing_go(
            value in "[ -~]{0,8}|[A-Za-z0-9](one|ull|/a|ext|est|x{0,9}|[*]{0,9})|(redacted|Masked|your_)[a-z_:-]{0,4}|\\[REDACTED(:[a-z]{2}(:[0-9a-f]{12})?)?\\]",
            mask in prop::sample::select(vec!["label", "stars", "hash", "remove", "text:test", "keep:2,2"]),
            keep_samples in any::<bool>(),
        ) {
            let masks = Masks { default: Mask::parse(mask).unwrap(), keep_samples, ..Masks::default() };
            prop_assert_eq!(masks.spares(value.as_bytes()), masks.spares_any(value.as_bytes()), "{}", value);
        }
    }
}
