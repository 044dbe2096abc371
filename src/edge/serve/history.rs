//! What happened lately, in memory that does not grow: a sample a second for some minutes, one a
//! minute for some hours. Counts and names only.

use std::collections::{BTreeMap, VecDeque};

/// Seconds that are kept one by one.
pub const SECONDS: usize = 300;
/// Minutes that are kept.
pub const MINUTES: usize = 360;
/// Of so many rules or listeners a sample tells the share; the others' is one.
const SHARES_MAX: usize = 16;

/// All counters at one moment.
#[derive(Default, Clone)]
pub struct Totals {
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Records received.
    pub records: u64,
    /// Secrets masked, by rule.
    pub rules: BTreeMap<String, u64>,
    /// The same by listener.
    pub listeners: BTreeMap<String, u64>,
}

/// What was counted in a stretch of time.
#[derive(Default, Clone)]
pub struct Sample {
    /// When it ended, in seconds from the first look.
    pub end: f64,
    /// How long it was, in seconds.
    pub length: f64,
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Records received.
    pub records: u64,
    /// Secrets masked, by rule.
    pub rules: Shares,
    /// The same by listener.
    pub listeners: Shares,
}

/// A count and who had how much of it: names by number, the greatest first.
#[derive(Default, Clone)]
pub struct Shares {
    top: Vec<(usize, u64)>,
    others: u64,
}

impl Shares {
    fn new(mut all: Vec<(usize, u64)>) -> Shares {
        all.retain(|(_, n)| *n > 0);
        all.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
        let others = all.iter().skip(SHARES_MAX).map(|(_, n)| n).sum();
        all.truncate(SHARES_MAX);
        Shares { top: all, others }
    }

    fn add(&mut self, more: &Shares) {
        let mut all: BTreeMap<usize, u64> = self.top.iter().copied().collect();
        more.top.iter().for_each(|(name, n)| *all.entry(*name).or_default() += n);
        let others = self.others + more.others;
        *self = Shares::new(all.into_iter().collect());
        self.others += others;
    }

    /// Of one name.
    pub fn of(&self, name: usize) -> u64 {
        self.top.iter().find(|(n, _)| *n == name).map_or(0, |(_, n)| *n)
    }

    /// Of all together.
    pub fn sum(&self) -> u64 {
        self.others + self.top.iter().map(|(_, n)| n).sum::<u64>()
    }
}

/// Samples, and the names that they speak of.
#[derive(Default)]
pub struct History {
    names: Vec<String>,
    seconds: VecDeque<Sample>,
    minutes: VecDeque<Sample>,
    minute: Sample,
    last: Option<(f64, Totals)>,
}

impl History {
    /// Takes a look at the counters, `now` seconds from the first.
    pub fn look(&mut self, now: f64, totals: Totals) {
        let (then, last) = match self.last.replace((now, totals.clone())) {
            Some(last) => last,
            None if totals.records == 0 => return,
            // What came before the first look, as on a machine that does other things first.
            None => (now - 1.0, Totals::default()),
        };
        let sample = Sample {
            end: now,
            length: now - then,
            received: totals.received.saturating_sub(last.received),
            sent: totals.sent.saturating_sub(last.sent),
            records: totals.records.saturating_sub(last.records),
            rules: self.shares(&totals.rules, &last.rules),
            listeners: self.shares(&totals.listeners, &last.listeners),
        };
        let minute = &mut self.minute;
        minute.end = sample.end;
        minute.length += sample.length;
        minute.received += sample.received;
        minute.sent += sample.sent;
        minute.records += sample.records;
        minute.rules.add(&sample.rules);
        minute.listeners.add(&sample.listeners);
        keep(&mut self.seconds, sample, SECONDS);
        if self.minute.length >= 59.5 {
            keep(&mut self.minutes, std::mem::take(&mut self.minute), MINUTES);
        }
    }

    fn shares(&mut self, now: &BTreeMap<String, u64>, before: &BTreeMap<String, u64>) -> Shares {
        let grown = |(name, n): (&String, &u64)| {
            let more = n.saturating_sub(before.get(name).copied().unwrap_or(0));
            (more > 0).then(|| (name.clone(), more))
        };
        let grown: Vec<_> = now.iter().filter_map(grown).collect();
        Shares::new(grown.into_iter().map(|(name, n)| (self.number(name), n)).collect())
    }

    /// Names are those of counters, of which there are so many as of these.
    fn number(&mut self, name: String) -> usize {
        self.names.iter().position(|n| *n == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        })
    }

    /// A name by its number.
    pub fn name(&self, number: usize) -> &str {
        self.names.get(number).map_or("", String::as_str)
    }

    /// The samples, oldest first: by second, or by minute with the one that is not over.
    pub fn samples(&self, minutes: bool) -> Vec<&Sample> {
        match minutes {
            false => self.seconds.iter().collect(),
            true => self.minutes.iter().chain(Some(&self.minute).filter(|m| m.length > 0.0)).collect(),
        }
    }

    /// The latest samples by second.
    pub fn latest(&self, many: usize) -> impl Iterator<Item = &Sample> {
        self.seconds.iter().rev().take(many)
    }
}

fn keep(samples: &mut VecDeque<Sample>, sample: Sample, most: usize) {
    if samples.len() == most {
        samples.pop_front();
    }
    samples.push_back(sample);
}

/// Those with the greatest shares over the samples, `most` of them, with their sums; and the others'.
pub fn greatest(samples: &[&Sample], of: fn(&Sample) -> &Shares, most: usize) -> (Vec<(usize, u64)>, u64) {
    let mut sums: BTreeMap<usize, u64> = BTreeMap::new();
    for sample in samples {
        of(sample).top.iter().for_each(|(name, n)| *sums.entry(*name).or_default() += n);
    }
    let all: u64 = samples.iter().map(|s| of(s).sum()).sum();
    let mut top: Vec<_> = sums.into_iter().collect();
    top.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
    top.truncate(most);
    let shown: u64 = top.iter().map(|(_, n)| n).sum();
    (top, all - shown)
}

#[cfg(test)]
mod tests {
    use super::{History, MINUTES, SECONDS, SHARES_MAX, Sample, Totals, greatest};

    #[test]
    fn what_came_before_the_first_look_is_seen() {
        let mut history = History::default();
        let totals = Totals { received: 7, records: 1, ..Totals::default() };
        history.look(0.0, totals.clone());
        history.look(1.0, totals);
        let samples: Vec<_> = history.samples(false).iter().map(|s| (s.length, s.received)).collect();
        assert_eq!(samples, [(1.0, 7), (1.0, 0)]);
    }

    #[test]
    fn it_forgets_and_every_count_is_somewhere() {
        let mut history = History::default();
        let mut totals = Totals::default();
        let (rules, seconds) = (100, 60 * (MINUTES + 10));
        for now in 0..=seconds {
            history.look(now as f64, totals.clone());
            totals.received += 1000;
            for rule in 0..rules {
                *totals.rules.entry(format!("rule-{rule}")).or_default() += rule;
            }
        }
        let (fine, coarse) = (history.samples(false), history.samples(true));
        assert_eq!((fine.len(), coarse.len()), (SECONDS, MINUTES));
        let every_second: u64 = (0..rules).sum();
        assert!(fine.iter().all(|s| s.rules.sum() == every_second && s.rules.top.len() == SHARES_MAX));
        assert!(coarse.iter().all(|s| s.rules.sum() == 60 * every_second && s.received == 60_000 && s.length == 60.0));
        let (top, others) = greatest(&fine, |s: &Sample| &s.rules, 3);
        let names: Vec<&str> = top.iter().map(|(n, _)| history.name(*n)).collect();
        assert_eq!(names, ["rule-99", "rule-98", "rule-97"]);
        assert_eq!(top.iter().map(|(_, n)| n).sum::<u64>() + others, every_second * SECONDS as u64);
        assert_eq!(history.latest(10).count(), 10);
    }
}
