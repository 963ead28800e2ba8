//! Which numbers will never arrive: ranges, merged and bounded, each told to the server by exactly one report.

use super::Number;

/// Ranges kept at most; beyond it the closest neighbours become one range whose `count` stays exact.
pub const DROP_RANGES_MAX: usize = 64;

/// Numbers `from..=to` of an epoch, of which `count` were dropped or lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropRange {
    /// Epoch of the numbers.
    pub epoch: u64,
    /// First sequence.
    pub from: u64,
    /// Last sequence.
    pub to: u64,
    /// How many of them; fewer than the range is long when ranges had to be merged.
    pub count: u64,
}

impl DropRange {
    /// Whether `number` lies in the range.
    pub fn covers(&self, number: Number) -> bool {
        self.epoch == number.epoch && (self.from..=self.to).contains(&number.seq)
    }

    fn is_dense(&self) -> bool {
        self.count == self.to - self.from + 1
    }

    fn with(self, next: Self) -> Self {
        Self { to: self.to.max(next.to), count: self.count + next.count, ..self }
    }
}

/// A range and the report that tells of it, if one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) range: DropRange,
    pub(super) told_by: Option<Number>,
}

/// All facts that no acknowledged report has told, sorted by epoch and sequence.
#[derive(Debug, Clone, Default)]
pub(super) struct Drops {
    facts: Vec<Fact>,
}

impl Drops {
    pub(super) fn from_facts(facts: Vec<Fact>) -> Self {
        let mut drops = Self { facts };
        drops.settle();
        drops
    }

    pub(super) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    pub(super) fn untold(&self) -> Vec<DropRange> {
        self.facts.iter().filter(|f| f.told_by.is_none()).map(|f| f.range).collect()
    }

    pub(super) fn covers(&self, number: Number) -> bool {
        self.facts.iter().any(|f| f.range.covers(number))
    }

    /// Adds dropped numbers, which must not be covered yet.
    pub(super) fn add(&mut self, ranges: impl IntoIterator<Item = DropRange>) {
        self.facts.extend(ranges.into_iter().map(|range| Fact { range, told_by: None }));
        self.settle();
    }

    /// Notes that report `by` tells of these ranges. A range that has grown since it was read is split; one that cannot
    /// be split stays untold, and is told again.
    pub(super) fn carry(&mut self, ranges: &[DropRange], by: Number) {
        for told in ranges {
            let Some(at) = self.facts.iter().position(|f| {
                f.told_by.is_none()
                    && f.range.epoch == told.epoch
                    && f.range.from <= told.from
                    && told.to <= f.range.to
                    && (f.range == *told || f.range.is_dense() && told.is_dense())
            }) else {
                continue;
            };
            let whole = self.facts.remove(at).range;
            self.facts.push(Fact { range: *told, told_by: Some(by) });
            for (from, to) in
                [(whole.from, told.from.saturating_sub(1)), (told.to.saturating_add(1), whole.to)]
            {
                if from <= to {
                    let range = DropRange { epoch: whole.epoch, from, to, count: to - from + 1 };
                    self.facts.push(Fact { range, told_by: None });
                }
            }
        }
        self.settle();
    }

    /// Reports up to `acked` have arrived: what they told is done with.
    pub(super) fn forget_told(&mut self, acked: Number) {
        self.facts.retain(|f| f.told_by.is_none_or(|by| by > acked));
    }

    /// Reports that were to tell are gone themselves: their facts must be told again.
    pub(super) fn untell(&mut self, gone: impl Fn(Number) -> bool) {
        for fact in &mut self.facts {
            fact.told_by = fact.told_by.filter(|by| !gone(*by));
        }
        self.settle();
    }

    /// Sorts, joins neighbours, keeps within the bound.
    fn settle(&mut self) {
        self.facts.sort_unstable_by_key(|f| (f.range.epoch, f.range.from));
        self.join(|a, b| a.told_by == b.told_by && a.range.to + 1 == b.range.from);
        while self.facts.len() > DROP_RANGES_MAX {
            let closest = self
                .facts
                .windows(2)
                .filter_map(|pair| match pair {
                    [a, b] if a.range.epoch == b.range.epoch => Some(b.range.from.saturating_sub(a.range.to)),
                    _ => None,
                })
                .min();
            let Some(closest) = closest else { break };
            self.join(|a, b| b.range.from.saturating_sub(a.range.to) <= closest);
        }
    }

    fn join(&mut self, may: impl Fn(&Fact, &Fact) -> bool) {
        let mut joined: Vec<Fact> = Vec::with_capacity(self.facts.len());
        for fact in self.facts.drain(..) {
            match joined.last_mut() {
                Some(last) if last.range.epoch == fact.range.epoch && may(last, &fact) => {
                    last.range = last.range.with(fact.range);
                    last.told_by = last.told_by.filter(|by| fact.told_by == Some(*by));
                }
                _ => joined.push(fact),
            }
        }
        self.facts = joined;
    }
}

/// Gathers ascending numbers into ranges.
pub(super) fn ranges(numbers: impl IntoIterator<Item = Number>) -> Vec<DropRange> {
    let mut out: Vec<DropRange> = Vec::new();
    for Number { epoch, seq } in numbers {
        match out.last_mut() {
            Some(last) if last.epoch == epoch && last.to + 1 == seq => {
                last.to = seq;
                last.count += 1;
            }
            _ => out.push(DropRange { epoch, from: seq, to: seq, count: 1 }),
        }
    }
    out
}
