//! The world: a clock, an agenda of what is to happen, chance, the library's books and the world's own facts.

use std::collections::BTreeMap;
use std::rc::Rc;

use eavip_core::decision::Refused;
use eavip_core::policy::Policy;
use eavip_core::time::{Span, Timestamp};

use super::alerts::Alerting;
use super::books::{Books, Entry, Kept, Seen, What};
use super::chance::Chance;
use super::facts::Facts;
use super::platform::{self, DAY};
use super::releases::Delivery;

type Happening = Box<dyn FnOnce(&mut World)>;

pub struct World {
    pub policy: Rc<Policy>,
    pub chance: Chance,
    pub now: Timestamp,
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    promised: u64,
    pub books: Books,
    pub log: Vec<String>,
    pub facts: Facts,
    pub alerting: Alerting,
    pub delivery: Delivery,
    /// The pages of the year's reviews as people read them, by month.
    pub pages: BTreeMap<String, String>,
}

impl World {
    /// A year from a seed, with what follows of it until everything that began in it has ended.
    pub fn run(seed: u64) -> Self {
        let now = platform::start();
        let mut world = Self {
            policy: Rc::new(platform::policy()),
            chance: Chance::new(seed),
            now,
            agenda: BTreeMap::new(),
            promised: 0,
            books: Books::default(),
            log: Vec::new(),
            facts: Facts::default(),
            alerting: Alerting::new(now),
            delivery: Delivery::new(),
            pages: BTreeMap::new(),
        };
        super::upkeep::plan(&mut world);
        super::recovery::plan(&mut world);
        super::troubles::plan(&mut world);
        super::releases::plan(&mut world);
        super::reviews::plan(&mut world);
        while let Some(((at, _), happening)) = world.agenda.pop_first() {
            world.now = at;
            happening(&mut world);
        }
        world
    }

    /// Lets something happen at a moment.
    pub fn at(&mut self, moment: Timestamp, happening: impl FnOnce(&mut Self) + 'static) {
        assert!(moment >= self.now, "{moment} is over at {}", self.now);
        self.promised += 1;
        self.agenda.insert((moment, self.promised), Box::new(happening));
    }

    /// Lets something happen after a while.
    pub fn after(&mut self, while_: Span, happening: impl FnOnce(&mut Self) + 'static) {
        self.at(self.now + while_, happening);
    }

    /// Lets something happen each day of the year at a time of day.
    pub fn daily(&mut self, time: Span, happening: impl Fn(&mut Self, u64) + Clone + 'static) {
        for day in 0..platform::DAYS {
            let happening = happening.clone();
            self.at(platform::start() + DAY.times(day) + time, move |world| happening(world, day));
        }
    }

    fn keep(&mut self, of: &str, what: What) {
        let entry = Entry { of: of.to_owned(), at: self.now, what };
        self.log.push(serde_json::to_string(&entry).unwrap());
        self.books.keep(entry);
    }

    /// Writes down what isn't an event of an aggregate.
    pub fn see(&mut self, of: &str, seen: Seen) {
        self.keep(of, What::Seen(seen));
    }

    /// Writes down an event that was decided elsewhere, such as by an evaluation.
    pub fn record<A: Kept>(&mut self, of: &str, event: A::Event) {
        self.keep(of, A::wrap(event));
    }

    /// Asks something of an aggregate, and writes down what follows.
    pub fn ask<A: Kept>(&mut self, of: &str, command: A::Command) -> Result<Vec<A::Event>, Refused> {
        let policy = Rc::clone(&self.policy);
        let state = A::shelf(&self.books).get(of);
        let events = A::decide(state, command, A::policy(&policy, of), self.now)?;
        for event in &events {
            self.record::<A>(of, event.clone());
        }
        Ok(events)
    }

    /// As [`World::ask`], of what must not be refused.
    pub fn must<A: Kept>(&mut self, of: &str, command: A::Command) -> Vec<A::Event> {
        let now = self.now;
        self.ask::<A>(of, command).unwrap_or_else(|refused| panic!("`{of}` at {now}: {refused:#?}"))
    }

    /// As [`World::ask`], of what must be refused, by a rule.
    pub fn never<A: Kept>(&mut self, of: &str, command: A::Command, rule: &'static str) {
        let now = self.now;
        match self.ask::<A>(of, command) {
            Ok(_) => panic!("`{of}` at {now}: {rule} let it through"),
            Err(refused) => {
                assert!(refused.findings.iter().any(|one| one.rule == rule), "{rule}: {refused:#?}");
                *self.facts.refusals.entry(rule).or_default() += 1;
            }
        }
    }
}
