//! What the spool knows of its entries without reading them: class, size, when acknowledged.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::{Class, ENTRY_OVERHEAD, Number};

/// One entry, without its body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meta {
    pub(super) class: Class,
    pub(super) body_bytes: u32,
    /// When it was acknowledged; `None` while pending.
    pub(super) acked_ms: Option<u64>,
}

impl Meta {
    fn cost(&self) -> u64 {
        u64::from(self.body_bytes) + ENTRY_OVERHEAD
    }
}

/// All entries in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: BTreeMap<Number, Meta>,
    bytes: u64,
}

impl Index {
    pub(super) fn insert(&mut self, number: Number, meta: Meta) {
        self.remove(number);
        self.bytes += meta.cost();
        self.entries.insert(number, meta);
    }

    pub(super) fn remove(&mut self, number: Number) {
        if let Some(meta) = self.entries.remove(&number) {
            self.bytes -= meta.cost();
        }
    }

    /// Bytes counted against the bound.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn contains(&self, number: Number) -> bool {
        self.entries.contains_key(&number)
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = Number> + '_ {
        self.entries.keys().copied()
    }

    pub(super) fn last(&self) -> Option<Number> {
        self.entries.keys().next_back().copied()
    }

    /// Entries above `number`.
    pub(super) fn after(&self, number: Number) -> impl Iterator<Item = (Number, Meta)> + '_ {
        self.entries.range((Bound::Excluded(number), Bound::Unbounded)).map(|(n, m)| (*n, *m))
    }

    /// Sets or clears the acknowledgement of everything in `(after, upto]`.
    pub(super) fn set_acked(&mut self, after: Number, upto: Number, acked_ms: Option<u64>) {
        for (_, meta) in self.entries.range_mut((Bound::Excluded(after), Bound::Included(upto))) {
            meta.acked_ms = acked_ms;
        }
    }

    /// Acknowledged entries that were acknowledged at or before `until_ms`.
    pub(super) fn expired(&self, until_ms: u64) -> Vec<Number> {
        self.entries
            .iter()
            .take_while(|(_, meta)| meta.acked_ms.is_some())
            .filter(|(_, meta)| meta.acked_ms.is_some_and(|at| at <= until_ms))
            .map(|(number, _)| *number)
            .collect()
    }

    /// Who must go so that `room` bytes fit into `max`: acknowledged first, then by class, each oldest first.
    /// Returned in two groups: acknowledged ones, and pending ones whose going is a drop.
    pub(super) fn victims(&self, room: u64, max: u64) -> (Vec<Number>, Vec<Number>) {
        let mut excess = (self.bytes + room).saturating_sub(max);
        let mut acked = Vec::new();
        let mut dropped = Vec::new();
        let mut take = |number: &Number, meta: &Meta, group: &mut Vec<Number>| {
            let needed = excess > 0;
            if needed {
                excess = excess.saturating_sub(meta.cost());
                group.push(*number);
            }
            needed
        };
        for (number, meta) in self.entries.iter().take_while(|(_, m)| m.acked_ms.is_some()) {
            if !take(number, meta, &mut acked) {
                return (acked, dropped);
            }
        }
        for class in [Class::Metrics, Class::Event, Class::Evidence] {
            for (number, meta) in
                self.entries.iter().filter(|(_, m)| m.acked_ms.is_none() && m.class == class)
            {
                if !take(number, meta, &mut dropped) {
                    return (acked, dropped);
                }
            }
        }
        (acked, dropped)
    }
}
